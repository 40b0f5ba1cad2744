"""What dialects are made of: an L2 penalty, ε beside the uncorrected root, and forms that the course's core leaves out.

Optimizers are mixed from classes here: in `class Adam(L2, optimizers.Adam)` a step goes through L2 first, which changes
the gradient and hands it on to Adam.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from adamcourse import optimizers
from adamcourse.optimizers import AdamState, Optimizer
from adamcourse.optimizers.matrices import rms
from adamcourse.optimizers.optimizer import AT_LEAST_0, FRACTION, ema
from adamcourse.optimizers.relatives import averaged


@dataclass(frozen=True)
class L2(Optimizer):
    """Mixed into an optimizer: weight decay as the gradient of an L2 penalty, ½ λ x², before anything else.

    g ← g + λ x, then the optimizer's step

    Arguments
    ---------
    weight_decay : λ, >= 0, default 0.

    Source: `weight_decay` in the optimizers of `dialects.pytorch`, but for AdamW.
    """

    weight_decay: float | np.ndarray = 0.0

    def step(self, x, g, state):
        return super().step(x, g + self.weight_decay * x, state)


class EpsHat(Optimizer):
    """Mixed into Adam or a relative: ε is added to √v, which is not corrected yet.

    x ← x - α √(1 - β2^t) / (1 - β1^t) · m / (√v + ε)

    This is Adam's step with ε / √(1 - β2^t) in the place of ε: at t = 1 and β2 = 0.999 an ε 32 times as large.

    Source: Kingma and Ba 2015, the second form, just before section 2.1.
    """

    def step(self, x, g, state):
        hat = replace(self, eps=self.eps * np.sqrt(self.corrected(1.0, self.beta2, state.t + 1)))
        return super(EpsHat, hat).step(x, g, state)


# --- RMSprop with momentum, centred; Adadelta; Adafactor -------------------------------------------------------------


class CentredRMSpropState(NamedTuple):
    """The state of RMSprop with its options: running means of g² and of g, and the velocity z."""

    v: np.ndarray
    mean: np.ndarray
    z: np.ndarray


@dataclass(frozen=True)
class RMSpropWithMomentum(optimizers.RMSprop):
    """RMSprop with two additions: momentum, and a variance in the place of the mean square.

    v ← ρ v + (1 - ρ) g²
    mean ← ρ mean + (1 - ρ) g,  and v - mean² in the place of v where centered
    z ← β z + g / (√v + ε)
    x ← x - α z

    Arguments
    ---------
    lr, rho, eps : as for the course's RMSprop.
    beta : how much of the velocity is kept, 0 <= β < 1, default 0: no momentum.
    centered : divide by the standard deviation of the gradients, default False.

    Raises ValueError when an argument is outside its range.
    Source: Graves 2013, section 4.2, which is centred and has momentum.

    >>> x = np.zeros(1)
    >>> for rms in (RMSpropWithMomentum(lr=0.1), RMSpropWithMomentum(lr=0.1, centered=True)):
    ...     print(rms.update(x, np.ones(1), rms.start(x))[0].round(4))  # 1 / √0.1, and 1 / √(0.1 - 0.01)
    [-0.3162]
    [-0.3333]
    """

    beta: float | np.ndarray = 0.0
    centered: bool = False

    ranges = {"beta": FRACTION}

    def start(self, x):
        """Return the state before the first step: both means 0, and no velocity."""
        zero = super().start(x).v
        return CentredRMSpropState(v=zero, mean=zero, z=zero)

    def step(self, x, g, state):
        v = ema(state.v, g**2, self.rho)
        mean = ema(state.mean, g, self.rho)
        x, z = self.moved(x, state.z, g / self.root(np.maximum(v - mean**2, 0) if self.centered else v))
        return x, CentredRMSpropState(v, mean, z)

    def root(self, v):
        """Return √v + ε."""
        return np.sqrt(v) + self.eps

    def moved(self, x, z, direction):
        """Return the next x and the next velocity: the rate stands outside the velocity."""
        z = self.beta * z + direction
        return x - self.lr * z, z


class RMSpropRateInVelocity(RMSpropWithMomentum):
    """RMSprop whose rate stands inside the velocity, so that an old step keeps the rate of its own time.

    z ← β z + α g / (√v + ε)
    x ← x - z

    Source: `RMSprop` of Keras 3 and `rmsprop` of Optax.
    """

    def moved(self, x, z, direction):
        """Return the next x and the next velocity."""
        z = self.beta * z + self.lr * direction
        return x - z, z


class AdadeltaState(NamedTuple):
    """The state of Adadelta: running means v of squared gradients and w of squared steps."""

    v: np.ndarray
    w: np.ndarray


@dataclass(frozen=True)
class Adadelta(optimizers.RMSprop):
    """RMSprop whose rate is the root of a running mean of its own squared steps.

    v ← ρ v + (1 - ρ) g²
    d = √(w + ε) / √(v + ε) · g
    w ← ρ w + (1 - ρ) d²
    x ← x - α d

    Convention: the paper has no α, which is α = 1; frameworks multiply after w has been updated.

    Arguments
    ---------
    lr : α, >= 0, default 1.
    rho : ρ, how much of both means is kept, 0 <= ρ < 1, default 0.95.
    eps : ε, >= 0, default 1e-6; a first step is √(ε / (1 - ρ)) long.

    Raises ValueError when an argument is outside its range.
    Source: Zeiler 2012, Algorithm 1.

    >>> ada, x = Adadelta(), np.zeros(2)
    >>> ada.update(x, np.array([100.0, 0.1]), ada.start(x))[0].round(5)  # √(ε / (1 - ρ)) for every large gradient
    array([-0.00447, -0.00447])
    """

    lr: float | np.ndarray = 1.0
    rho: float | np.ndarray = 0.95
    eps: float | np.ndarray = 1e-6

    def start(self, x):
        """Return the state before the first step: both means 0."""
        zero = super().start(x).v
        return AdadeltaState(v=zero, w=zero)

    def step(self, x, g, state):
        v = ema(state.v, g**2, self.rho)
        d = np.sqrt(state.w + self.eps) / np.sqrt(v + self.eps) * g
        w = ema(state.w, d**2, self.rho)
        return x - self.lr * d, AdadeltaState(v, w)


@dataclass(frozen=True)
class AdafactorByShare(optimizers.Adafactor):
    """Adafactor with the rate of its paper: a share of the size of W, at most 1/√t; and a weight decay.

    α_t = min(α, 1/√t) max(0.001, RMS(W))

    Source: Shazeer and Stern 2018, Algorithm 5; `Adafactor` of PyTorch and of Keras.
    """

    relative: bool = True
    weight_decay: float = 0.0

    def rate(self, x, t):
        """Return the rate of step t."""
        return min(self.lr, t**-0.5) * max(1e-3, rms(x))


# --- Nadam with its schedule, Yogi ---------------------------------------------------------------------------------


class ScheduledNadamState(NamedTuple):
    """The state of Nadam: Adam's, and the product of all μ so far, the same in every coordinate."""

    m: np.ndarray
    v: np.ndarray
    product: np.ndarray
    t: int


@dataclass(frozen=True)
class NadamWithSchedule(optimizers.Nadam):
    """Nadam with the schedule of its paper: the weight μ of the first moment grows from about β1 / 2 to β1.

    m and v as in Adam
    μ_t = β1 (1 - ½ 0.96^(ψ t)),  product_t = μ_1 μ_2 ... μ_t
    m̂ = μ_(t+1) m / (1 - product_(t+1)) + (1 - μ_t) g / (1 - product_t)
    x ← x - α m̂ / (√v̂ + ε)

    Arguments
    ---------
    lr, beta1, beta2, eps, bias_correction : as for the course's Nadam.
    psi : ψ, how fast μ grows, >= 0, default 0.004.

    Raises ValueError when an argument is outside its range.
    Source: Dozat 2016, section 3.

    >>> nadam = NadamWithSchedule()
    >>> [round(float(nadam.mu(t)), 3) for t in (1, 100, 10_000)]
    [0.45, 0.457, 0.812]
    """

    psi: float | np.ndarray = 0.004

    ranges = {"psi": AT_LEAST_0}

    def start(self, x):
        """Return the state before the first step: both moments 0, and an empty product."""
        m, v, t = super().start(x)
        return ScheduledNadamState(m, v, product=m + 1, t=t)

    def step(self, x, g, state):
        m, v, t = averaged(self, g, state)
        mu, mu_next = self.mu(t), self.mu(t + 1)
        product = mu * state.product
        ahead, now = (1 - mu_next * product, 1 - product) if self.bias_correction else (1, 1)
        m_hat = mu_next * m / ahead + (1 - mu) * g / now
        v_hat = self.corrected(v, self.beta2, t)
        return x - self.lr * m_hat / (np.sqrt(v_hat) + self.eps), ScheduledNadamState(m, v, product, t)

    def mu(self, t):
        """Return μ_t."""
        return self.beta1 * (1 - 0.5 * 0.96 ** (self.psi * t))


@dataclass(frozen=True)
class Yogi(optimizers.Adam):
    """Adam whose second moment moves by at most (1 - β2) g², so that it never falls fast.

    m as in Adam
    v ← v - (1 - β2) sign(v - g²) g²
    x ← x - α m̂ / (√v̂ + ε)

    Arguments
    ---------
    lr, beta1, beta2, bias_correction : as for Adam, but lr has the default 0.01.
    eps : ε, >= 0, default 1e-3.
    initial_accumulator : m and v before the first step, >= 0, default 1e-6.

    Raises ValueError when an argument is outside its range.
    Source: Zaheer and others 2018, Algorithm 2.

    >>> yogi, x = Yogi(initial_accumulator=0), np.zeros(1)
    >>> state = yogi.start(x)
    >>> for g in (1.0, 0.1):
    ...     x, state = yogi.update(x, np.array([g]), state)
    ...     print(state.v)  # as in Adam; then 0.00101, as v was below g²
    [0.001]
    [0.00101]
    """

    lr: float | np.ndarray = 1e-2
    eps: float | np.ndarray = 1e-3
    initial_accumulator: float | np.ndarray = 1e-6

    ranges = {"initial_accumulator": AT_LEAST_0}

    def start(self, x):
        """Return the state before the first step: both moments at the initial accumulator."""
        m, v, t = super().start(x)
        return AdamState(m + self.initial_accumulator, v + self.initial_accumulator, t)

    def step(self, x, g, state):
        t = state.t + 1
        m = ema(state.m, g, self.beta1)
        v = state.v - (1 - self.beta2) * np.sign(state.v - g**2) * g**2
        m_hat, v_hat = self.corrected(m, self.beta1, t), self.corrected(v, self.beta2, t)
        return x - self.lr * m_hat / (np.sqrt(v_hat) + self.eps), AdamState(m, v, t)
