"""Keras 3's optimizers with its defaults; each ε is 1e-7, and Adam's weight decay stays out of the gradient.

Read in `keras/src/optimizers/`: `sgd.py`, `adam.py` and so on, each in `update_step`.
"""

from dataclasses import dataclass, replace

import numpy as np

from adamcourse import optimizers
from adamcourse.dialects import shared
from adamcourse.dialects.shared import EpsHat
from adamcourse.optimizers import AdagradState, AdaMaxState
from adamcourse.optimizers.optimizer import ema

NAMES = {
    "learning_rate": "lr",
    "momentum": "beta",
    "beta_1": "beta1",
    "beta_2": "beta2",
    "epsilon": "eps",
    "initial_accumulator_value": "initial_accumulator",
    "rms_rate": "rms",
    "epsilon_1": "Adafactor.eps",
    "clip_threshold": "clip",
}


@dataclass(frozen=True)
class SGD(optimizers.Momentum):
    """The rate stands inside the velocity, so an old step keeps the rate of its own time.

    z ← β z + α g
    x ← x - z, or x - (α g + β z) for Nesterov

    Keras stores -z. As long as α is constant, every step is the one of the course.

    Arguments
    ---------
    lr, beta, nesterov : as for Momentum, but with the defaults 0.01, 0 and False; beta is called momentum.

    >>> sgd, x = SGD(lr=1, beta=0.9), np.zeros(1)
    >>> x, state = sgd.update(x, np.ones(1), sgd.start(x))
    >>> SGD(lr=0, beta=0.9).update(x, np.ones(1), state)[0]  # the rate is 0 now, and x moves on: -1 - 0.9
    array([-1.9])
    """

    lr: float | np.ndarray = 1e-2
    beta: float | np.ndarray = 0.0

    def step(self, x, g, state):
        return optimizers.Momentum(1.0, self.beta, self.nesterov).step(x, self.lr * g, state)


@dataclass(frozen=True)
class Adagrad(optimizers.Adagrad):
    """The ε stands inside the root, √(s + ε).

    s ← s + g²
    x ← x - α g / √(s + ε)

    Arguments
    ---------
    lr, eps, initial_accumulator : as for the course's Adagrad, but with the defaults 0.001, 1e-7 and 0.1.

    >>> ada, x = Adagrad(lr=0.1), np.zeros(2)
    >>> ada.update(x, np.array([100.0, 0.001]), ada.start(x))[0].round(4)  # 0.1 outweighs small gradients for long
    array([-0.1   , -0.0003])
    """

    lr: float | np.ndarray = 1e-3
    eps: float | np.ndarray = 1e-7
    initial_accumulator: float | np.ndarray = 0.1

    def step(self, x, g, state):
        s = state.s + g**2
        return x - self.lr * g / np.sqrt(s + self.eps), AdagradState(s)


@dataclass(frozen=True)
class RMSprop(shared.RMSpropRateInVelocity):
    """The ε stands inside the root, √(v + ε), and with momentum the rate stands inside the velocity.

    Arguments
    ---------
    lr, rho, eps, beta, centered : with the defaults 0.001, 0.9, 1e-7, 0 and False; beta is called momentum.

    >>> rms, x = RMSprop(), np.zeros(2)
    >>> rms.update(x, np.array([1.0, 1e-4]), rms.start(x))[0].round(4)  # below √ε = 3e-4 it is plain descent, α / √ε
    array([-0.0032, -0.0003])
    """

    eps: float | np.ndarray = 1e-7

    def root(self, v):
        """Return √(v + ε)."""
        return np.sqrt(v + self.eps)


@dataclass(frozen=True)
class Adadelta(shared.Adadelta):
    """The paper's form and ρ, but the default rate is 0.001, where the paper has none, which is 1.

    Arguments
    ---------
    lr, rho, eps : with the defaults 0.001, 0.95 and 1e-7.
    """

    lr: float | np.ndarray = 1e-3
    eps: float | np.ndarray = 1e-7


@dataclass(frozen=True)
class Adam(EpsHat, optimizers.AdamW):
    """The paper's second form: ε is added to √v, which is not corrected yet; weight decay stays out of the gradient.

    x ← x - α λ x, then x ← x - α √(1 - β2^t) / (1 - β1^t) · m / (√v + ε)

    Arguments
    ---------
    lr, beta1, beta2, eps, weight_decay : as for AdamW, but with ε = 1e-7 and λ = 0.

    >>> x = np.zeros(1)
    >>> for adam in (optimizers.Adam(), Adam(eps=1e-8)):  # one ε in two places, and a gradient of 1e-7
    ...     print(adam.update(x, np.full(1, 1e-7), adam.start(x))[0].round(5))
    [-0.00091]
    [-0.00024]
    """

    eps: float | np.ndarray = 1e-7
    weight_decay: float | np.ndarray = 0.0


@dataclass(frozen=True)
class AdamW(Adam):
    """The paper's second form of Adam, ε added to √v; x shrinks by 1 - α λ."""

    weight_decay: float | np.ndarray = 4e-3


@dataclass(frozen=True)
class AMSGrad(EpsHat, optimizers.AMSGrad):
    """The maximum is taken of the uncorrected v, ε is added to its root, and the correction goes into the rate.

    In a program this is `Adam(amsgrad=True)`.
    """

    eps: float | np.ndarray = 1e-7
    bias_correction: bool = True


@dataclass(frozen=True)
class Adamax(optimizers.AdaMax):
    """The ε is added to the maximum: u = max(β2 u, |g|), and the step is divided by u + ε.

    Arguments
    ---------
    lr, beta1, beta2, eps : as for AdaMax, but lr has the default 0.001, and ε 1e-7.
    """

    lr: float | np.ndarray = 1e-3
    eps: float | np.ndarray = 1e-7

    def step(self, x, g, state):
        t = state.t + 1
        m = ema(state.m, g, self.beta1)
        u = np.maximum(self.beta2 * state.u, np.abs(g))
        m_hat = m / (1 - self.beta1**t)
        return x - self.lr * m_hat / (u + self.eps), AdaMaxState(m, u, t)


@dataclass(frozen=True)
class Nadam(shared.NadamWithSchedule):
    """The paper's schedule with ψ = 1, so μ is near β1 after 100 steps; unlike Keras's Adam, ε is added to √v̂.

    Arguments
    ---------
    lr, beta1, beta2, eps : as for the course's Nadam, but lr has the default 0.001, and ε 1e-7.
    psi : ψ, default 1; Keras has no argument for it.
    """

    lr: float | np.ndarray = 1e-3
    eps: float | np.ndarray = 1e-7
    psi: float | np.ndarray = 1.0


@dataclass(frozen=True)
class Lion(optimizers.Lion):
    """The paper's form; the default rate is 0.001.

    Arguments
    ---------
    lr, beta1, beta2, weight_decay : as for the course's Lion, but lr has the default 0.001.
    """

    lr: float | np.ndarray = 1e-3


@dataclass(frozen=True)
class Muon(optimizers.Muon):
    """The course's form, with 1e-7 added to the length of the sum of gradients before the iteration.

    Arguments
    ---------
    lr, beta, weight_decay, rms, nesterov : with the defaults 0.001, 0.95, 0.004, 0.2, True; beta is called momentum,
        rms rms_rate.
    """

    lr: float = 1e-3
    weight_decay: float = 4e-3

    def moved(self, x, u, eps=0.0):
        """Return x after its decay and a step along u; the sum is 1 / (1 - β) as long as the mean."""
        return super().moved(x, u, eps=1e-7 * (1 - self.beta))


@dataclass(frozen=True)
class Adafactor(shared.AdafactorByShare):
    """The paper's relative rate, at most 1/√t; V is stored whole beside its factors; x shrinks by 1 - α λ before.

    So it saves no memory. Its `relative_step` changes nothing.

    Arguments
    ---------
    lr, clip, eps : with the defaults 0.001, 1, 1e-30.
    weight_decay : λ, >= 0, default 0.
    """

    lr: float = 1e-3

    fixed = {"relative"}

    def step(self, x, g, state):
        return super().step(x - self.lr * self.weight_decay * x, g, state)


@dataclass(frozen=True)
class ScheduleFreeAdamW(optimizers.ScheduleFree):
    """A plain mean with c = 1/t for every α, and a decay of x itself, so that the average decays with it."""

    def step(self, x, g, state):
        decay = self.lr * self.weight_decay * x
        average = state.average - decay / np.where(np.greater(self.beta1, 0), self.beta1, 1)  # there computed from x
        bare = replace(self, weight_decay=0.0)
        return super(ScheduleFreeAdamW, bare).step(x - decay, g, state._replace(average=average))

    def weight(self, state):
        """Return the sum of the weights, which is t, no largest rate, and the share 1/t."""
        return state.weights + 1, 0.0, 1 / (state.t + 1)
