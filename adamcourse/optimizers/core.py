"""The optimizers that lead to Adam, one after the other, and Adam."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from adamcourse.optimizers.optimizer import AT_LEAST_0, FRACTION, Optimizer, as_dtype, floats, zeros

# --- the gradient alone ------------------------------------------------------------------------------------------


class GradientDescentState(NamedTuple):
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

    elementwise = True

    def start(self, x):
        """Return the state before the first step: nothing."""
        return GradientDescentState()

    def step(self, x, g, state):
        return x - self.lr * g, state


# --- memory of direction -----------------------------------------------------------------------------------------


class MomentumState(NamedTuple):
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

    elementwise, ranges = True, {"beta": FRACTION}

    def start(self, x):
        """Return the state before the first step: no velocity."""
        return MomentumState(z=zeros(x))

    def step(self, x, g, state):
        z = self.beta * state.z + g
        direction = g + self.beta * z if self.nesterov else z
        return x - self.lr * direction, MomentumState(z)


# --- memory of size ----------------------------------------------------------------------------------------------


class AdagradState(NamedTuple):
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

    elementwise, ranges = True, {"initial_accumulator": AT_LEAST_0}

    def start(self, x):
        """Return the state before the first step: the initial accumulator in every coordinate."""
        return AdagradState(s=as_dtype(floats(x).dtype, zeros(x) + self.initial_accumulator))

    def step(self, x, g, state):
        s = state.s + g**2
        return x - self.lr * g / (np.sqrt(s) + self.eps), AdagradState(s)


class RMSpropState(NamedTuple):
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

    elementwise, ranges = True, {"rho": FRACTION}

    def start(self, x):
        """Return the state before the first step: a mean of 0."""
        return RMSpropState(v=zeros(x))

    def step(self, x, g, state):
        v = self.rho * state.v + (1 - self.rho) * g**2
        return x - self.lr * g / (np.sqrt(v) + self.eps), RMSpropState(v)


# --- both: Adam --------------------------------------------------------------------------------------------------


class AdamState(NamedTuple):
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
    >>> adam.update(x, np.array([100.0, 0.001]), adam.start(x))[0].round(4)  # a first step is α, for any g far above ε
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

    elementwise, ranges = True, {"beta1": FRACTION, "beta2": FRACTION}

    def start(self, x):
        """Return the state before the first step: both moments 0."""
        return AdamState(m=zeros(x), v=zeros(x), t=0)

    def step(self, x, g, state):
        t = state.t + 1
        m = self.beta1 * state.m + (1 - self.beta1) * g
        v = self.beta2 * state.v + (1 - self.beta2) * g**2
        m_hat, v_hat = self.corrected(m, self.beta1, t), self.corrected(v, self.beta2, t)
        return x - self.lr * m_hat / (np.sqrt(v_hat) + self.eps), AdamState(m, v, t)

    def corrected(self, moment, beta, t):
        """Return moment / (1 - β^t), which undoes the pull of the start at 0; without the correction, the moment."""
        return moment / (1 - beta**t) if self.bias_correction else moment
