"""PyTorch 2's optimizers with its defaults; of these all but AdamW and the last two add weight decay to the gradient.

Adam, NAdam and RAdam decouple it when `decoupled_weight_decay=True`, which is not covered here. Muon and Adafactor
always do.

Read in `torch/optim/`: `sgd.py`, `adagrad.py` and so on, each in a function that begins with `_single_tensor`.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from adamcourse import optimizers
from adamcourse.dialects import shared
from adamcourse.dialects.shared import L2, EpsHat

NAMES = {
    "momentum": "beta",
    "alpha": "RMSprop.rho",  # of this one alone
    "betas": "beta1 beta2",
    "initial_accumulator_value": "initial_accumulator",
    "momentum_decay": "psi",
    "d": "clip",
    "adjust_lr_fn": "rms",
}
VALUES = {"adjust_lr_fn": {"original": 0.0, "match_rms_adamw": 0.2}}


class DampenedState(NamedTuple):
    """The state of SGD: the velocity z, and the number t of steps taken."""

    z: np.ndarray
    t: int


@dataclass(frozen=True)
class Dampened(optimizers.Momentum):
    """Momentum whose gradients, all but the first, are scaled down before they enter the velocity.

    z ← g at the first step, z ← β z + (1 - dampening) g at all others
    x ← x - α z

    Arguments
    ---------
    lr, beta, nesterov : as for Momentum.
    dampening : from 0 to 1, default 0; it must be 0 with nesterov.

    Raises ValueError when an argument is outside its range, or dampening is not 0 with nesterov.
    Source: torch/optim/sgd.py.

    >>> sgd, x = Dampened(lr=1, beta=0.9, dampening=0.9), np.zeros(1)
    >>> state = sgd.start(x)
    >>> for _ in range(2):
    ...     x, state = sgd.update(x, np.ones(1), state)
    ...     print(state.z)  # 1 at first, though 1 - 0.9 of it would be an average; then 0.9 + 0.1
    [1.]
    [1.]
    """

    dampening: float | np.ndarray = 0.0

    ranges = {"dampening": ("from 0 to 1", lambda value: (value >= 0) & (value <= 1))}

    def __post_init__(self):
        super().__post_init__()
        if self.nesterov and (np.any(self.dampening) or not np.all(self.beta)):
            raise ValueError(f"dampening = {self.dampening}: with nesterov dampening must be 0, and beta above 0")

    def start(self, x):
        """Return the state before the first step: no velocity."""
        return DampenedState(super().start(x).z, t=0)

    def step(self, x, g, state):
        x, velocity = super().step(x, (1 - self.dampening) * g if state.t else g, state)
        return x, DampenedState(velocity.z, state.t + 1)


@dataclass(frozen=True)
class SGD(L2, Dampened):
    """The rate stands outside the velocity, as in the course; `dampening` spares the first gradient.

    Arguments
    ---------
    lr, beta, nesterov, dampening : as for Dampened, but lr has the default 0.001, and beta, called momentum, 0.
    weight_decay : λ of an L2 penalty, >= 0, default 0.
    """

    lr: float | np.ndarray = 1e-3
    beta: float | np.ndarray = 0.0


@dataclass(frozen=True)
class Adagrad(L2, optimizers.Adagrad):
    """The course's form: ε is added to √s."""


@dataclass(frozen=True)
class RMSprop(L2, shared.RMSpropWithMomentum):
    """The course's form: ε is added to √v, and with momentum the rate stands outside the velocity.

    Arguments
    ---------
    lr, rho, eps, beta, centered : with the defaults 0.01, 0.99 and 1e-8; ρ is called alpha, and beta momentum.
    weight_decay : λ of an L2 penalty, >= 0, default 0.
    """

    lr: float | np.ndarray = 1e-2
    rho: float | np.ndarray = 0.99


@dataclass(frozen=True)
class Adadelta(L2, shared.Adadelta):
    """The paper's form, with another ρ; the rate, 1 here, multiplies the step after w has seen it.

    Arguments
    ---------
    lr, rho, eps : with the defaults 1, 0.9 and 1e-6.
    weight_decay : λ of an L2 penalty, >= 0, default 0.
    """

    rho: float | np.ndarray = 0.9


@dataclass(frozen=True)
class Adam(L2, optimizers.Adam):
    """The paper's form, Algorithm 1: ε is added to √v̂; weight decay goes into the gradient.

    >>> adam, x = Adam(weight_decay=0.1), np.ones(1)
    >>> adam.update(x, np.zeros(1), adam.start(x))[0].round(4)  # scaled like a gradient: a whole step, not α λ
    array([0.999])
    """


@dataclass(frozen=True)
class AdamW(optimizers.AdamW):
    """The course's form: x shrinks by 1 - α λ, then Algorithm 1, with ε added to √v̂."""


@dataclass(frozen=True)
class AMSGrad(L2, optimizers.AMSGrad):
    """The maximum is taken of the uncorrected v, and m and the maximum are corrected afterwards.

    In a program this is `Adam(amsgrad=True)`.
    """

    bias_correction: bool = True


@dataclass(frozen=True)
class Adamax(L2, optimizers.AdaMax):
    """The course's form: ε is added to |g| inside the maximum."""


@dataclass(frozen=True)
class NAdam(L2, shared.NadamWithSchedule):
    """The paper's schedule: the weight of m grows from about β1 / 2 to β1, over some 30,000 steps at ψ = 0.004."""


@dataclass(frozen=True)
class RAdam(L2, EpsHat, optimizers.RAdam):
    """The second moment is trusted where ρ_t is above 5, not 4, and ε is added to √v, which is not corrected yet."""

    threshold: float | np.ndarray = 5.0


@dataclass(frozen=True)
class Muon(optimizers.Muon):
    """The course's form, with the first s by default; computed in bfloat16, and on a W of shape (outputs, inputs).

    Here all is computed in x's own precision, so a step differs by up to some hundredths of its length.
    """

    lr: float = 1e-3
    weight_decay: float = 0.1
    rms: float = 0.0


@dataclass(frozen=True)
class Adafactor(shared.AdafactorByShare):
    """The paper's relative rate, at most 1/√t; nothing is added to g², but V has a least value; x shrinks by 1 - α λ.

    Arguments
    ---------
    lr : the largest share of W that a step changes, default 0.01.
    clip : called d, default 1.
    weight_decay : λ, >= 0, default 0.
    """

    fixed = {"relative", "eps"}

    def step(self, x, g, state):
        following, after = super().step(x, g, state)
        return following - self.lr * self.weight_decay * x, after

    def means(self, g, state, beta2):
        """Return the running means with nothing added to g²."""
        return super(Adafactor, replace(self, eps=0.0)).means(g, state, beta2)

    def root(self, rows, columns):
        """Return √V, with bounds for the mean of the rows and for V."""
        smallest = np.finfo(rows.dtype).eps
        V = np.outer(rows, columns) / max(rows.mean(), smallest) if columns.size else rows
        return np.sqrt(np.maximum(V, smallest**2))
