"""Optax 0.2's optimizers with its defaults; none has a default for the learning rate.

Optax writes its names small: `adam`, `rmsprop`. Read in `optax/_src/alias.py` and `optax/_src/transform.py`.
"""

from dataclasses import dataclass, field

import numpy as np

from adamcourse import optimizers
from adamcourse.dialects import keras, shared
from adamcourse.optimizers import AdamState, AMSGradState
from adamcourse.optimizers.optimizer import AT_LEAST_0
from adamcourse.optimizers.relatives import averaged

NAMES = {
    "learning_rate": "lr",
    "momentum": "beta",
    "decay": "rho",
    "b1": "beta1",
    "b2": "beta2",
    "initial_accumulator_value": "initial_accumulator",
}


@dataclass(frozen=True)
class SGD(optimizers.Momentum):
    """The course's form: the rate stands outside the velocity.

    Arguments
    ---------
    lr, beta, nesterov : as for Momentum, but beta, called momentum, has the default 0.
    """

    beta: float | np.ndarray = 0.0


@dataclass(frozen=True)
class Adagrad(keras.Adagrad):
    """The ε stands inside the root, √(s + ε), as in Keras."""

    lr: float | np.ndarray = field()


@dataclass(frozen=True)
class RMSprop(shared.RMSpropRateInVelocity):
    """The ε stands inside the root, √(v + ε), unless `eps_in_sqrt` is False; the rate stands inside the velocity.

    Arguments
    ---------
    lr, rho, eps, beta, centered : with the defaults 0.9, 1e-8, 0 and False for the last four; ρ is called decay, and
        beta momentum.
    eps_in_sqrt : ε inside the root, default True.
    """

    lr: float | np.ndarray = field()
    eps_in_sqrt: bool = True

    def root(self, v):
        """Return √(v + ε), or √v + ε."""
        return np.sqrt(v + self.eps) if self.eps_in_sqrt else super().root(v)


@dataclass(frozen=True)
class Adam(optimizers.Adam):
    """The paper's form, ε added to √v̂; a second ε, `eps_root`, stands inside the root and is 0.

    x ← x - α m̂ / (√(v̂ + eps_root) + ε)

    Arguments
    ---------
    lr, beta1, beta2, eps : as for Adam; lr has no default.
    eps_root : >= 0, default 0; above 0 the step can be differentiated where v̂ = 0.

    >>> adam, x = Adam(lr=0.1, eps_root=1e-8), np.zeros(1)
    >>> adam.update(x, np.full(1, 1e-4), adam.start(x))[0].round(4)  # √(1e-8 + 1e-8) instead of 1e-4
    array([-0.0707])
    """

    lr: float | np.ndarray = field()
    eps_root: float | np.ndarray = 0.0

    ranges = {"eps_root": AT_LEAST_0}

    def step(self, x, g, state):
        m, v, t = averaged(self, g, state)
        m_hat, v_hat = self.corrected(m, self.beta1, t), self.corrected(v, self.beta2, t)
        return x - self.lr * m_hat / (np.sqrt(v_hat + self.eps_root) + self.eps), AdamState(m, v, t)


@dataclass(frozen=True)
class AdamW(optimizers.AdamW, Adam):
    """The course's form: α λ x is subtracted from x beside Adam's step.

    Arguments
    ---------
    lr, beta1, beta2, eps, eps_root : as for Adam.
    weight_decay : λ, >= 0, default 1e-4.
    """

    lr: float | np.ndarray = field()
    weight_decay: float | np.ndarray = 1e-4


@dataclass(frozen=True)
class AMSGrad(optimizers.AMSGrad):
    """The maximum is taken of the corrected v̂, in which a large gradient among the first steps counts in full.

    v_max ← max(v_max, v̂)
    x ← x - α m̂ / (√v_max + ε)

    Arguments
    ---------
    lr, beta1, beta2, eps : as for Adam; lr has no default.

    >>> g, states = np.array([[10.0], [0.1]]), []
    >>> for ams in (AMSGrad(lr=0.1), optimizers.AMSGrad(lr=0.1)):
    ...     x, state = np.zeros(1), ams.start(np.zeros(1))
    ...     for gradient in g:
    ...         x, state = ams.update(x, gradient, state)
    ...     print(state.v_max.round(4))  # 10² with the correction, and (1 - β2) 10² without
    [100.]
    [0.1]
    """

    lr: float | np.ndarray = field()
    bias_correction: bool = True

    def step(self, x, g, state):
        m, v, t = averaged(self, g, state)
        v_max = np.maximum(state.v_max, self.corrected(v, self.beta2, t))
        m_hat = self.corrected(m, self.beta1, t)
        return x - self.lr * m_hat / (np.sqrt(v_max) + self.eps), AMSGradState(m, v, v_max, t)


@dataclass(frozen=True)
class Adamax(optimizers.AdaMax):
    """The course's form: ε is added to |g| inside the maximum."""

    lr: float | np.ndarray = field()


@dataclass(frozen=True)
class Nadam(optimizers.Nadam):
    """The course's form: β1 is constant, where the paper lets it grow."""

    lr: float | np.ndarray = field()


@dataclass(frozen=True)
class RAdam(optimizers.RAdam):
    """The second moment is trusted from ρ_t = 5 on, not above 4; ε is added to √v̂."""

    lr: float | np.ndarray = field()
    threshold: float | np.ndarray = 5.0


@dataclass(frozen=True)
class Lion(optimizers.Lion):
    """The paper's form; weight decay is on, with λ = 0.001."""

    lr: float | np.ndarray = field()
    weight_decay: float | np.ndarray = 1e-3


@dataclass(frozen=True)
class Yogi(shared.Yogi):
    """The paper's form; both moments begin at 1e-6."""

    lr: float | np.ndarray = field()
