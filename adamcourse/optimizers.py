"""Optimizers: each turns the history of gradients into a step, and none knows what it is optimising.

Every optimizer is a frozen set of hyper-parameters with two methods. `start(x)` gives the state before the first step;
`update(x, gradient, state)` gives the next x and the next state and changes none of its inputs. x and the gradient are
arrays of one shape: a point, a grid of points, or a whole network flattened into a vector.

    state = optimizer.start(x)
    for _ in range(100):
        x, state = optimizer.update(x, loss.gradient(x), state)

Hyper-parameters broadcast against x, so `Adam(lr=np.geomspace(1e-3, 1, 50))` on x of shape (2, 50) runs 50 descents.
`update` checks its arguments and hands over to `step`, which is the algorithm alone, in the symbols of its paper:
g is the gradient, t counts steps from 1, m and v are running averages of g and g².
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

_RANGES = {
    "lr": ("0 or more", lambda value: value >= 0),
    "beta": ("from 0 up to but not including 1", lambda value: (value >= 0) & (value < 1)),
    "beta1": ("from 0 up to but not including 1", lambda value: (value >= 0) & (value < 1)),
    "beta2": ("from 0 up to but not including 1", lambda value: (value >= 0) & (value < 1)),
    "rho": ("from 0 up to but not including 1", lambda value: (value >= 0) & (value < 1)),
    "eps": ("0 or more", lambda value: value >= 0),
    "initial_accumulator": ("0 or more", lambda value: value >= 0),
    "weight_decay": ("0 or more", lambda value: value >= 0),
    "threshold": ("4 or more", lambda value: value >= 4),
    "tolerance": ("0 or more", lambda value: value >= 0),
    "dampening": ("from 0 to 1", lambda value: (value >= 0) & (value <= 1)),
    "psi": ("0 or more", lambda value: value >= 0),
    "eps_root": ("0 or more", lambda value: value >= 0),
}


def _hyperparameter(name, value):
    """Return value as a float, or as an array that cannot be changed, or raise ValueError."""
    allowed, holds = _RANGES.get(name, ("finite", lambda value: True))
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} = {value!r}: {name} must be a number, {allowed}") from None
    if not np.all(np.isfinite(array) & holds(array)):
        raise ValueError(f"{name} = {value!r}: {name} must be {allowed}")
    array.flags.writeable = False
    return array if array.ndim else float(array)  # a plain float lets float32 stay float32


@dataclass(frozen=True)
class Optimizer(ABC):
    """What all optimizers share: hyper-parameters that are checked, and an `update` that checks its arguments."""

    coordinatewise = True  # a step of one coordinate does not depend on the others, so a vector may come in pieces

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is not bool:
                object.__setattr__(self, field.name, _hyperparameter(field.name, value))
            elif not isinstance(value, (bool, np.bool_)):
                raise ValueError(f"{field.name} = {value!r}: {field.name} must be True or False")

    @property
    def shape(self):
        """The shape that the hyper-parameters have together: () for plain numbers."""
        return np.broadcast_shapes(*(np.shape(getattr(self, field.name)) for field in fields(self)))

    @abstractmethod
    def start(self, x):
        """Return the state before the first step."""

    @abstractmethod
    def step(self, x, g, state):
        """Return the next x and the next state: the algorithm alone, its arguments not checked."""

    def update(self, x, gradient, state):
        """Return the next x and the next state.

        Arguments
        ---------
        x : array of any shape, left as it is; float32 stays float32.
        gradient : ∇f(x), the same shape, left as it is.
        state : what `start` or the last `update` returned, left as it is.

        Raises ValueError when the gradient, the state or the hyper-parameters do not fit the shape of x.
        """
        x = _floats(x)
        g = np.asarray(gradient, dtype=x.dtype)
        if g.shape != x.shape:
            raise ValueError(f"gradient has shape {g.shape}, x has shape {x.shape}: they must be the same")
        for part in state:
            if not _is_number(part) and part.shape != x.shape:
                raise ValueError(f"state belongs to an x of shape {part.shape}, this one has {x.shape}: use start(x)")
        following, state = self.step(x, g, state)
        if following.shape != x.shape:
            raise ValueError(f"hyper-parameters of shape {self.shape} do not fit x of shape {x.shape}")
        if following.dtype != x.dtype:  # arrays of hyper-parameters are float64 and must not widen x
            following, state = _as(x.dtype, following), type(state)(*(_as(x.dtype, part) for part in state))
        return following, state


def _floats(x):
    x = np.asarray(x)
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def _as(dtype, part):
    """Return an array in the dtype asked for, and a number, such as the step counter, as it is."""
    return part if _is_number(part) else part.astype(dtype, copy=False)


def _is_number(part):
    return isinstance(part, (int, float))


def _zeros(x):
    return np.zeros_like(_floats(x))


# --- the gradient alone ------------------------------------------------------------------------------------------


class NoState(NamedTuple):
    """The state of an optimizer that remembers nothing."""


@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """Walk against the gradient; on a minibatch's gradient this is stochastic gradient descent (SGD).

    x ← x - α g

    Arguments
    ---------
    lr : the learning rate α, >= 0. There is no good default: it depends on the loss.

    Raises ValueError when lr is negative or not a number.
    Source: Cauchy 1847; with noisy gradients Robbins and Monro 1951.

    >>> sgd = GradientDescent(lr=0.1)
    >>> sgd.update(np.array([1.0, -2.0]), np.array([2.0, 0.02]), sgd.start(np.zeros(2)))[0]
    array([ 0.8  , -2.002])
    """

    lr: float | np.ndarray

    def start(self, x):
        """Return the state before the first step: nothing."""
        return NoState()

    def step(self, x, g, state):
        return x - self.lr * g, state


# --- memory of direction -----------------------------------------------------------------------------------------


class Velocity(NamedTuple):
    """The state of momentum: the velocity z, a decaying sum of gradients."""

    z: np.ndarray


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Walk along a decaying sum of past gradients (heavy ball), or look ahead along it (Nesterov).

    z ← β z + g
    x ← x - α z            heavy ball
    x ← x - α (g + β z)    Nesterov

    Convention: there is no factor 1 - β, so along a constant gradient the step grows to α g / (1 - β), ten times that
    of gradient descent at β = 0.9. The rate stands outside the velocity. PyTorch and Optax use this form. Nesterov's
    method takes its gradient ahead of its iterate; here x is that point ahead, so that the gradient is the one at x.

    Arguments
    ---------
    lr : the learning rate α, >= 0.
    beta : how much of the velocity is kept, 0 <= β < 1, default 0.9.
    nesterov : look ahead before stepping, default False.

    Raises ValueError when an argument is outside its range.
    Source: Polyak 1964; Nesterov 1983, in the form of Bengio, Boulanger-Lewandowski and Pascanu 2013.

    >>> heavy, x = Momentum(lr=0.1), np.array([1.0])
    >>> state = heavy.start(x)
    >>> for _ in range(3):
    ...     before, (x, state) = x, heavy.update(x, np.array([1.0]), state)
    ...     print((x - before).round(4))  # the same gradient, ever longer steps
    [-0.1]
    [-0.19]
    [-0.271]
    """

    lr: float | np.ndarray
    beta: float | np.ndarray = 0.9
    nesterov: bool = False

    def start(self, x):
        """Return the state before the first step: no velocity."""
        return Velocity(z=_zeros(x))

    def step(self, x, g, state):
        z = self.beta * state.z + g
        direction = g + self.beta * z if self.nesterov else z
        return x - self.lr * direction, Velocity(z)


# --- memory of size ----------------------------------------------------------------------------------------------


class SquareSum(NamedTuple):
    """The state of Adagrad: the sum s of all squared gradients."""

    s: np.ndarray


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Divide each coordinate's step by the root of all its squared gradients so far.

    s ← s + g²
    x ← x - α g / (√s + ε)

    Convention: ε stands outside the root, as in PyTorch; Keras and Optax put it inside and start s at 0.1.

    Arguments
    ---------
    lr : the learning rate α, >= 0, default 0.01; the length of the first step when s begins at 0.
    eps : ε, >= 0, default 1e-10; keeps 0 / 0 away.
    initial_accumulator : s before the first step, >= 0, default 0.

    Raises ValueError when an argument is outside its range.
    Source: Duchi, Hazan and Singer 2011, the diagonal form.

    >>> ada, x = Adagrad(lr=0.1), np.array([0.0, 0.0])
    >>> ada.update(x, np.array([100.0, 0.001]), ada.start(x))[0].round(6)  # the first step knows only the sign
    array([-0.1, -0.1])
    """

    lr: float | np.ndarray = 1e-2
    eps: float | np.ndarray = 1e-10
    initial_accumulator: float | np.ndarray = 0.0

    def start(self, x):
        """Return the state before the first step: the initial accumulator in every coordinate."""
        return SquareSum(s=_as(_floats(x).dtype, _zeros(x) + self.initial_accumulator))

    def step(self, x, g, state):
        s = state.s + g**2
        return x - self.lr * g / (np.sqrt(s) + self.eps), SquareSum(s)


class MeanSquare(NamedTuple):
    """The state of RMSprop: the running mean v of squared gradients."""

    v: np.ndarray


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """Divide each coordinate's step by the root of a running mean of its squared gradients.

    v ← ρ v + (1 - ρ) g²
    x ← x - α g / (√v + ε)

    Convention: ε stands outside the root, as in PyTorch; Keras and Optax put it inside. v starts at 0 and is not
    corrected for it, so the first step is α / √(1 - ρ) long, 3.2 α at ρ = 0.9.

    Arguments
    ---------
    lr : the learning rate α, >= 0, default 0.001.
    rho : how much of the mean is kept, 0 <= ρ < 1, default 0.9.
    eps : ε, >= 0, default 1e-8; keeps 0 / 0 away.

    Raises ValueError when an argument is outside its range.
    Source: Tieleman and Hinton 2012, lecture 6e, which gives neither α nor ε.

    >>> rms, x = RMSprop(lr=0.1), np.array([0.0, 0.0])
    >>> rms.update(x, np.array([100.0, 0.001]), rms.start(x))[0].round(4)
    array([-0.3162, -0.3162])
    """

    lr: float | np.ndarray = 1e-3
    rho: float | np.ndarray = 0.9
    eps: float | np.ndarray = 1e-8

    def start(self, x):
        """Return the state before the first step: a mean of 0."""
        return MeanSquare(v=_zeros(x))

    def step(self, x, g, state):
        v = self.rho * state.v + (1 - self.rho) * g**2
        return x - self.lr * g / (np.sqrt(v) + self.eps), MeanSquare(v)


# --- both: Adam --------------------------------------------------------------------------------------------------


class Moments(NamedTuple):
    """The state of Adam: first moment m, second moment v, and the number t of steps taken."""

    m: np.ndarray
    v: np.ndarray
    t: int


@dataclass(frozen=True)
class Adam(Optimizer):
    """Walk along a running mean of gradients, each coordinate divided by the root of its mean square.

    m ← β1 m + (1 - β1) g
    v ← β2 v + (1 - β2) g²
    m̂ = m / (1 - β1^t),  v̂ = v / (1 - β2^t)
    x ← x - α m̂ / (√v̂ + ε)

    Convention: Algorithm 1 of the paper, with ε added to the corrected root, as in PyTorch and Optax. Keras uses the
    paper's second form, α √(1 - β2^t) / (1 - β1^t) · m / (√v + ε̂), which is the same for ε̂ = ε √(1 - β2^t).

    Arguments
    ---------
    lr : the learning rate α, >= 0, default 0.001; usually the longest step of a coordinate.
    beta1 : how much of the first moment is kept, 0 <= β1 < 1, default 0.9.
    beta2 : how much of the second moment is kept, 0 <= β2 < 1, default 0.999.
    eps : ε, >= 0, default 1e-8; keeps 0 / 0 away.
    bias_correction : use m̂ and v̂, default True; False uses m and v in their place.

    Raises ValueError when an argument is outside its range.
    Source: Kingma and Ba 2015, Algorithm 1.

    >>> adam, x = Adam(lr=0.1), np.array([0.0, 0.0])
    >>> adam.update(x, np.array([100.0, 0.001]), adam.start(x))[0].round(4)  # the first step is α, whatever g is
    array([-0.1, -0.1])
    >>> raw = Adam(lr=0.1, bias_correction=False)
    >>> raw.update(x, np.array([100.0, 0.001]), raw.start(x))[0].round(4)  # and 3.16 α without the correction
    array([-0.3162, -0.3161])
    """

    lr: float | np.ndarray = 1e-3
    beta1: float | np.ndarray = 0.9
    beta2: float | np.ndarray = 0.999
    eps: float | np.ndarray = 1e-8
    bias_correction: bool = True

    def start(self, x):
        """Return the state before the first step: both moments 0."""
        return Moments(m=_zeros(x), v=_zeros(x), t=0)

    def step(self, x, g, state):
        t = state.t + 1
        m = self.beta1 * state.m + (1 - self.beta1) * g
        v = self.beta2 * state.v + (1 - self.beta2) * g**2
        m_hat, v_hat = self.corrected(m, self.beta1, t), self.corrected(v, self.beta2, t)
        return x - self.lr * m_hat / (np.sqrt(v_hat) + self.eps), Moments(m, v, t)

    def corrected(self, moment, beta, t):
        """Return moment / (1 - β^t), which undoes the pull of the start at 0; without the correction, the moment."""
        return moment / (1 - beta**t) if self.bias_correction else moment


# --- Adam's relatives: each is Adam and the line that differs ----------------------------------------------------


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with weight decay that is kept apart from the gradient.

    x ← x - α λ x, then Adam's step

    Convention: the decay is multiplied by the learning rate, as in PyTorch, Keras and Optax; the paper multiplies λ by
    the schedule alone, so its λ is our α λ.

    Arguments
    ---------
    lr, beta1, beta2, eps, bias_correction : as for Adam.
    weight_decay : λ, >= 0, default 0.01.

    Raises ValueError when an argument is outside its range.
    Source: Loshchilov and Hutter 2019, Algorithm 2.

    >>> adamw, x = AdamW(lr=0.1, weight_decay=0.5), np.array([1.0])
    >>> adamw.update(x, np.array([0.0]), adamw.start(x))[0]  # no gradient: x shrinks by 1 - α λ
    array([0.95])
    """

    weight_decay: float | np.ndarray = 1e-2

    def step(self, x, g, state):
        return super().step(x - self.lr * self.weight_decay * x, g, state)


class MaximumMoments(NamedTuple):
    """The state of AMSGrad: Adam's, and the largest v so far."""

    m: np.ndarray
    v: np.ndarray
    v_max: np.ndarray
    t: int


@dataclass(frozen=True)
class AMSGrad(Adam):
    """Adam that divides by the largest second moment so far: without correction, no step size ever grows again.

    m and v as in Adam
    v_max ← max(v_max, v)
    x ← x - α m / (√v_max + ε)

    Convention: without bias correction, as in the paper, which has no ε, lets α shrink and projects x. With
    bias_correction=True, m and v_max are divided by 1 - β1^t and 1 - β2^t, as in PyTorch. Optax takes the maximum of
    the corrected v̂ instead.

    Arguments
    ---------
    lr, beta1, beta2, eps : as for Adam.
    bias_correction : default False.

    Raises ValueError when an argument is outside its range.
    Source: Reddi, Kale and Kumar 2018, Algorithm 2.

    >>> ams, x = AMSGrad(lr=0.1), np.array([0.0])
    >>> state = ams.start(x)
    >>> for g in (10.0, 0.1, 0.1):
    ...     x, state = ams.update(x, np.array([g]), state)
    >>> float(state.v.round(4)[0]), float(state.v_max.round(4)[0])  # v forgets the large gradient, v_max does not
    (0.0998, 0.1)
    """

    bias_correction: bool = False

    def start(self, x):
        """Return the state before the first step: all moments 0."""
        return MaximumMoments(m=_zeros(x), v=_zeros(x), v_max=_zeros(x), t=0)

    def step(self, x, g, state):
        t = state.t + 1
        m = self.beta1 * state.m + (1 - self.beta1) * g
        v = self.beta2 * state.v + (1 - self.beta2) * g**2
        v_max = np.maximum(state.v_max, v)
        m_hat, v_hat = self.corrected(m, self.beta1, t), self.corrected(v_max, self.beta2, t)
        return x - self.lr * m_hat / (np.sqrt(v_hat) + self.eps), MaximumMoments(m, v, v_max, t)


class MaximumNorm(NamedTuple):
    """The state of AdaMax: first moment m, decaying maximum u of |g|, and the number t of steps taken."""

    m: np.ndarray
    u: np.ndarray
    t: int


@dataclass(frozen=True)
class AdaMax(Optimizer):
    """Adam with a decaying maximum of |g| in the place of the root of the mean square.

    m ← β1 m + (1 - β1) g
    u ← max(β2 u, |g| + ε)
    x ← x - α m̂ / u

    Convention: the paper has no ε and divides 0 by 0 where a gradient is 0 from the start; ε is added to |g|, as in
    PyTorch and Optax. u needs no bias correction.

    Arguments
    ---------
    lr : the learning rate α, >= 0, default 0.002; at the defaults no coordinate moves further than 1.01 α.
    beta1 : how much of the first moment is kept, 0 <= β1 < 1, default 0.9.
    beta2 : how much of the maximum is kept, 0 <= β2 < 1, default 0.999.
    eps : ε, >= 0, default 1e-8.

    Raises ValueError when an argument is outside its range.
    Source: Kingma and Ba 2015, section 7.1, Algorithm 2.

    >>> adamax, x = AdaMax(lr=0.1), np.array([0.0, 0.0])
    >>> adamax.update(x, np.array([100.0, 0.001]), adamax.start(x))[0].round(4)
    array([-0.1, -0.1])
    """

    lr: float | np.ndarray = 2e-3
    beta1: float | np.ndarray = 0.9
    beta2: float | np.ndarray = 0.999
    eps: float | np.ndarray = 1e-8

    def start(self, x):
        """Return the state before the first step: moment and maximum 0."""
        return MaximumNorm(m=_zeros(x), u=_zeros(x), t=0)

    def step(self, x, g, state):
        t = state.t + 1
        m = self.beta1 * state.m + (1 - self.beta1) * g
        u = np.maximum(self.beta2 * state.u, np.abs(g) + self.eps)
        m_hat = m / (1 - self.beta1**t)
        return x - self.lr * m_hat / u, MaximumNorm(m, u, t)


@dataclass(frozen=True)
class Nadam(Adam):
    """Adam that looks ahead along its first moment, as Nesterov's momentum does.

    m and v as in Adam
    m̂ = β1 m / (1 - β1^(t+1)) + (1 - β1) g / (1 - β1^t)
    x ← x - α m̂ / (√v̂ + ε)

    Convention: β1 is constant, as in Optax; PyTorch and Keras let it grow with t on two different schedules.

    Arguments
    ---------
    lr, beta1, beta2, eps, bias_correction : as for Adam, but lr has the default 0.002.

    Raises ValueError when an argument is outside its range.
    Source: Dozat 2016, with a constant β1.

    >>> nadam, x = Nadam(lr=0.1), np.array([0.0])
    >>> nadam.update(x, np.array([1.0]), nadam.start(x))[0].round(4)  # β1 (1 - β1) / (1 - β1²) + 1 = 1.47 times α
    array([-0.1474])
    """

    lr: float | np.ndarray = 2e-3

    def step(self, x, g, state):
        t = state.t + 1
        m = self.beta1 * state.m + (1 - self.beta1) * g
        v = self.beta2 * state.v + (1 - self.beta2) * g**2
        ahead, now = self.corrected(m, self.beta1, t + 1), self.corrected((1 - self.beta1) * g, self.beta1, t)
        m_hat, v_hat = self.beta1 * ahead + now, self.corrected(v, self.beta2, t)
        return x - self.lr * m_hat / (np.sqrt(v_hat) + self.eps), Moments(m, v, t)


@dataclass(frozen=True)
class RAdam(Adam):
    """Adam that waits until v has seen enough gradients, and trusts it by degrees from then on.

    ρ∞ = 2 / (1 - β2) - 1,  ρ_t = ρ∞ - 2 t β2^t / (1 - β2^t)
    where ρ_t > threshold:  r = √((ρ_t - 4)(ρ_t - 2) ρ∞ / ((ρ∞ - 4)(ρ∞ - 2) ρ_t)),  x ← x - α r m̂ / (√v̂ + ε)
    before that:            x ← x - α m̂

    Convention: the threshold is 4, as in the paper, first passed at t = 5 for β2 = 0.999; PyTorch and Optax wait for
    5, first passed at t = 6. ε, which the paper does not have, is added to the corrected root, as in Optax.

    Arguments
    ---------
    lr, beta1, beta2, eps, bias_correction : as for Adam.
    threshold : ρ_t above which v is trusted, >= 4, default 4.

    Raises ValueError when an argument is outside its range.
    Source: Liu and others 2020, Algorithm 2.

    >>> radam, x = RAdam(lr=0.1), np.array([0.0])
    >>> radam.update(x, np.array([100.0]), radam.start(x))[0]  # no v yet: the first step is α g, long or short
    array([-10.])
    """

    threshold: float | np.ndarray = 4.0

    def step(self, x, g, state):
        t = state.t + 1
        m = self.beta1 * state.m + (1 - self.beta1) * g
        v = self.beta2 * state.v + (1 - self.beta2) * g**2
        m_hat, v_hat = self.corrected(m, self.beta1, t), self.corrected(v, self.beta2, t)
        r = self.rectification(t)
        adaptive = r * m_hat / (np.sqrt(v_hat) + self.eps)
        return x - self.lr * np.where(r > 0, adaptive, m_hat), Moments(m, v, t)

    def rectification(self, t):
        """Return r_t, or 0 as long as ρ_t is not above the threshold."""
        rho_inf = 2 / (1 - self.beta2) - 1
        rho = rho_inf - 2 * t * self.beta2**t / (1 - self.beta2**t)
        trusted = rho > self.threshold
        # any number above 4 will do where the root is not used
        rho, rho_inf = np.where(trusted, rho, 5.0), np.where(trusted, rho_inf, 5.0)
        r = np.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
        return np.where(trusted, r, 0.0)


class Direction(NamedTuple):
    """The state of Lion: a running mean m of gradients."""

    m: np.ndarray


@dataclass(frozen=True)
class Lion(Optimizer):
    """Walk by the sign of a mean of gradients in which the newest counts more than in the memory.

    x ← x - α (sign(β1 m + (1 - β1) g) + λ x)
    m ← β2 m + (1 - β2) g

    Convention: the decay is multiplied by the learning rate, as in the paper's Algorithm 2.

    Arguments
    ---------
    lr : the learning rate α, >= 0, default 0.0001; every coordinate moves by just α, so it is smaller than Adam's.
    beta1 : how much of the memory is in the direction, 0 <= β1 < 1, default 0.9.
    beta2 : how much of the memory is kept, 0 <= β2 < 1, default 0.99.
    weight_decay : λ, >= 0, default 0.

    Raises ValueError when an argument is outside its range.
    Source: Chen and others 2023, Algorithm 2.

    >>> lion, x = Lion(lr=0.1), np.array([0.0, 0.0])
    >>> lion.update(x, np.array([100.0, -0.001]), lion.start(x))[0]
    array([-0.1,  0.1])
    """

    lr: float | np.ndarray = 1e-4
    beta1: float | np.ndarray = 0.9
    beta2: float | np.ndarray = 0.99
    weight_decay: float | np.ndarray = 0.0

    def start(self, x):
        """Return the state before the first step: a mean of 0."""
        return Direction(m=_zeros(x))

    def step(self, x, g, state):
        direction = np.sign(self.beta1 * state.m + (1 - self.beta1) * g)
        m = self.beta2 * state.m + (1 - self.beta2) * g
        return x - self.lr * (direction + self.weight_decay * x), Direction(m)


class Switching(NamedTuple):
    """The state of SWATS: Adam's; the running mean γ of the projected rates; and the rate found, 0 before the switch.

    After the switch m is the velocity of momentum.
    """

    m: np.ndarray
    v: np.ndarray
    t: int
    gamma: float
    rate: float


@dataclass(frozen=True)
class SWATS(Optimizer):
    """Walk as Adam, work out which rate would let gradient descent walk as far, and switch once that rate is steady.

    p = Adam's step
    γ_t = pᵀp / (-pᵀg): the projection of -γ_t g onto p is p
    γ ← β2 γ + (1 - β2) γ_t,  Λ = γ / (1 - β2^t)
    switch when t > 1, Λ > 0 and |Λ - γ_t| < tolerance; from then on
    m ← β1 m + g,  x ← x - (1 - β1) Λ m, with m = 0 at first

    Convention: the paper's tolerance is the absolute 1e-9. With relative=True it is tolerance · Λ. Λ > 0 is our guard:
    γ_t is negative where Adam walks uphill. The products are taken over all coordinates, so x is one vector.

    Arguments
    ---------
    lr, beta1, beta2 : as for Adam; plain numbers.
    eps : ε, >= 0, default 1e-9.
    tolerance : how near Λ and γ_t must be, >= 0, default 1e-9.
    relative : whether the tolerance is a share of Λ, default False.

    Raises ValueError when an argument is outside its range, or x is no vector.
    Source: Keskar and Socher 2017, Algorithm 1.

    >>> swats, x = SWATS(lr=0.1, tolerance=0.5, relative=True), np.array([1.0, 2.0])
    >>> state = swats.start(x)
    >>> for _ in range(3):
    ...     x, state = swats.update(x, x, state)  # the gradient of the bowl ½ |x|²
    ...     print(x.round(3), round(state.rate, 3))  # the rate is found in the second step
    [0.9 1.9] 0.0
    [0.8 1.8] 0.069
    [0.795 1.788] 0.069
    """

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-9
    tolerance: float = 1e-9
    relative: bool = False

    coordinatewise = False

    def start(self, x):
        """Return the state before the first step: Adam's, and no rate."""
        if np.ndim(x) != 1 or self.shape:
            raise ValueError(f"x of shape {np.shape(x)}: SWATS takes one vector, and plain numbers for its arguments")
        return Switching(m=_zeros(x), v=_zeros(x), t=0, gamma=0.0, rate=0.0)

    def step(self, x, g, state):
        return self._momentum(x, g, state) if state.rate else self._adam(x, g, state)

    def _adam(self, x, g, state):
        """Take a step of Adam and look for the rate."""
        adam = Adam(self.lr, self.beta1, self.beta2, self.eps)
        following, (m, v, t) = adam.step(x, g, Moments(state.m, state.v, state.t))
        found = self.projected_rate(following - x, g)
        if found is None:
            return following, Switching(m, v, t, state.gamma, 0.0)
        gamma = self.beta2 * state.gamma + (1 - self.beta2) * found
        rate = gamma / (1 - self.beta2**t)
        near = abs(rate - found) < self.tolerance * (rate if self.relative else 1.0)
        if t > 1 and rate > 0 and near:
            return following, Switching(np.zeros_like(m), v, t, gamma, rate)
        return following, Switching(m, v, t, gamma, 0.0)

    def _momentum(self, x, g, state):
        m = self.beta1 * state.m + g
        return x - (1 - self.beta1) * state.rate * m, state._replace(m=m, t=state.t + 1)

    @staticmethod
    def projected_rate(p, g):
        """Return γ with which the projection of -γ g onto the step p is p, or None where g has no part along p."""
        p, g = p.astype(np.float64), g.astype(np.float64)
        return float(p @ p / -(p @ g)) if p @ g else None


ALL = (GradientDescent, Momentum, Adagrad, RMSprop, Adam, AdamW, AMSGrad, AdaMax, Nadam, RAdam, Lion)
