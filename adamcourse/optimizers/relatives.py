"""Adam's relatives: each is Adam and the line that differs; and two that keep only the sign, or the direction."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from adamcourse.optimizers.core import Adam, AdamState
from adamcourse.optimizers.optimizer import FRACTION, Optimizer, ema, zeros


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


def averaged(adam, g, state):
    """Return m, v and t of Adam after the gradient g: what its relatives have in common with it."""
    return ema(state.m, g, adam.beta1), ema(state.v, g**2, adam.beta2), state.t + 1


class AMSGradState(NamedTuple):
    """The state of AMSGrad: Adam's, and the largest v so far."""

    m: np.ndarray
    v: np.ndarray
    v_max: np.ndarray
    t: int


@dataclass(frozen=True)
class AMSGrad(Adam):
    """Adam that divides by the largest v so far, by default uncorrected: no step size ever grows again.

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
        return AMSGradState(m=zeros(x), v=zeros(x), v_max=zeros(x), t=0)

    def step(self, x, g, state):
        m, v, t = averaged(self, g, state)
        v_max = np.maximum(state.v_max, v)
        m_hat, v_hat = self.corrected(m, self.beta1, t), self.corrected(v_max, self.beta2, t)
        return x - self.lr * m_hat / (np.sqrt(v_hat) + self.eps), AMSGradState(m, v, v_max, t)


class AdaMaxState(NamedTuple):
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

    elementwise, ranges = True, {"beta1": FRACTION, "beta2": FRACTION}

    def start(self, x):
        """Return the state before the first step: moment and maximum 0."""
        return AdaMaxState(m=zeros(x), u=zeros(x), t=0)

    def step(self, x, g, state):
        t = state.t + 1
        m = ema(state.m, g, self.beta1)
        u = np.maximum(self.beta2 * state.u, np.abs(g) + self.eps)
        m_hat = m / (1 - self.beta1**t)
        return x - self.lr * m_hat / u, AdaMaxState(m, u, t)


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
        m, v, t = averaged(self, g, state)
        ahead, now = self.corrected(m, self.beta1, t + 1), self.corrected((1 - self.beta1) * g, self.beta1, t)
        m_hat, v_hat = self.beta1 * ahead + now, self.corrected(v, self.beta2, t)
        return x - self.lr * m_hat / (np.sqrt(v_hat) + self.eps), AdamState(m, v, t)


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

    ranges = {"threshold": ("4 or more", lambda value: value >= 4)}

    def step(self, x, g, state):
        m, v, t = averaged(self, g, state)
        m_hat, v_hat = self.corrected(m, self.beta1, t), self.corrected(v, self.beta2, t)
        r = self.rectification(t)
        adaptive = r * m_hat / (np.sqrt(v_hat) + self.eps)
        return x - self.lr * np.where(r > 0, adaptive, m_hat), AdamState(m, v, t)

    def rectification(self, t):
        """Return r_t, or 0 as long as ρ_t is not above the threshold."""
        rho_inf = 2 / (1 - self.beta2) - 1
        rho = rho_inf - 2 * t * self.beta2**t / (1 - self.beta2**t)
        trusted = rho > self.threshold
        # any number above 4 will do where the root is not used
        rho, rho_inf = np.where(trusted, rho, 5.0), np.where(trusted, rho_inf, 5.0)
        r = np.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
        return np.where(trusted, r, 0.0)


class LionState(NamedTuple):
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
    lr : the learning rate α, >= 0, default 0.0001; every coordinate that has had a gradient moves
        by just α, so it is smaller than Adam's.
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

    elementwise, ranges = True, {"beta1": FRACTION, "beta2": FRACTION}

    def start(self, x):
        """Return the state before the first step: a mean of 0."""
        return LionState(m=zeros(x))

    def step(self, x, g, state):
        direction = np.sign(ema(state.m, g, self.beta1))
        m = ema(state.m, g, self.beta2)
        return x - self.lr * (direction + self.weight_decay * x), LionState(m)


class NormalisedMomentumState(NamedTuple):
    """The state of NormalisedMomentum: a running mean m of gradients."""

    m: np.ndarray


@dataclass(frozen=True)
class NormalisedMomentum(Optimizer):
    """Walk a step of length α in the direction of a mean of gradients, all coordinates together.

    m ← β m + (1 - β) g
    x ← x - α m / ‖m‖

    Here the norm sees all coordinates, so a long vector is no list of separate descents. Where m = 0, x stays.

    Arguments
    ---------
    lr : the length of a step α, >= 0.
    beta : how much of the memory is kept, 0 <= β < 1, default 0.9.

    Raises ValueError when an argument is outside its range.
    Source: Cutkosky and Mehta 2020, Algorithm 1.

    >>> walker, x = NormalisedMomentum(lr=0.5), np.array([0.0, 0.0])
    >>> walker.update(x, np.array([300.0, -400.0]), walker.start(x))[0]  # a step of length ½, by whatever gradient
    array([-0.3,  0.4])
    """

    lr: float
    beta: float = 0.9

    ranges = {"beta": FRACTION}

    def start(self, x):
        """Return the state before the first step: a mean of 0."""
        return NormalisedMomentumState(m=zeros(x))

    def step(self, x, g, state):
        m = ema(state.m, g, self.beta)
        length = np.sqrt(np.sum(m**2))
        return x - self.lr * m / np.where(length > 0, length, 1), NormalisedMomentumState(m)
