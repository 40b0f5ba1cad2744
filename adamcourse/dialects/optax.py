"""Optax 0.2's optimizers with its defaults; of these only Prodigy and ScheduleFreeAdamW have a default learning rate.

Optax writes its names small: `adam`, `rmsprop`. Read in `optax/_src/alias.py` and `optax/_src/transform.py`.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from adamcourse import optimizers
from adamcourse.dialects import keras, shared
from adamcourse.optimizers import AdamState, AMSGradState, SophiaState
from adamcourse.optimizers.optimizer import AT_LEAST_0, AT_LEAST_1, ema, parts, zeros
from adamcourse.optimizers.relatives import averaged

NAMES = {
    "learning_rate": "lr",
    "momentum": "beta",
    "beta": "Muon.beta",
    "decay": "rho",
    "b1": "beta1",
    "b2": "beta2",
    "initial_accumulator_value": "initial_accumulator",
    "consistent_rms": "rms",
    "clipping_threshold": "clip",
    "multiply_by_parameter_scale": "relative",
    "min_dim_size_to_factor": "smallest",
    "betas": "Prodigy.beta1 beta2",
    "estim_lr0": "d",
    "update_interval": "every",
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


# --- later optimizers, most of them in optax.contrib -----------------------------------------------------------------


class MuonState(NamedTuple):
    """The state of Muon: a running mean m of gradients, and the number t of steps."""

    m: np.ndarray
    t: int


@dataclass(frozen=True)
class Muon(optimizers.Muon):
    """The first s by default; m and g are corrected before they are joined, and ε is added to the length.

    u = β m / (1 - β^(t+1)) + (1 - β) g / (1 - β^t)

    Arguments
    ---------
    lr, beta, weight_decay, nesterov : as for the course's Muon; lr has no default.
    rms : called consistent_rms, default 0, which is None there.
    eps : default 1e-8.
    """

    lr: float = field()
    rms: float = 0.0
    eps: float = 1e-8

    def start(self, x):
        """Return the state before the first step: a mean of 0."""
        return MuonState(m=super().start(x).m, t=0)

    def step(self, x, g, state):
        t, beta = state.t + 1, self.beta
        m = ema(state.m, g, beta)
        u = ema(m / (1 - beta ** (t + 1)), g / (1 - beta**t), beta) if self.nesterov else m / (1 - beta**t)
        return self.moved(x, u, self.eps), MuonState(m, t)


@dataclass(frozen=True)
class Adafactor(optimizers.Adafactor):
    """A matrix with a side below 128 is not factored; the rate is relative; β2 is computed in float32.

    Arguments
    ---------
    lr, clip, eps : as for the course's Adafactor; lr has no default, where None in Optax is a factor of 1.
    relative : called multiply_by_parameter_scale, default True.
    smallest : called min_dim_size_to_factor, 1 or more, default 128.
    """

    lr: float = field()
    relative: bool = True
    smallest: int = 128

    ranges = {"smallest": AT_LEAST_1}

    def start(self, x):
        """Return the state before the first step."""
        x = zeros(x)
        return super().start(x) if self._factored(x) else super().start(x.ravel())

    def step(self, x, g, state):
        if self._factored(x):
            return super().step(x, g, state)
        following, after = super().step(x.ravel(), g.ravel(), state)
        return following.reshape(x.shape), after

    def means(self, g, state, beta2):
        """Return the running means, with β2 as float32 has it."""
        return super().means(g, state, float(np.float32(1) - np.float32(state.t + 1) ** np.float32(-0.8)))

    def shapes_of_state(self, x):
        """Return by name the shapes of the parts of the state, which depend on `smallest`."""
        return {name: np.shape(part) for name, part in parts(self.start(x)).items()}

    def _factored(self, x):
        return x.ndim == 2 and min(x.shape) >= self.smallest


@dataclass(frozen=True)
class ScheduleFreeAdamW(optimizers.ScheduleFree):
    """The course's form; the average is not stored, but computed from x and z."""


@dataclass(frozen=True)
class Prodigy(optimizers.Prodigy):
    """Both moments are corrected, in the rate, by which λ is multiplied, too; ε is multiplied by the new d.

    Arguments
    ---------
    lr, beta1, beta2, eps, d : as for the course's Prodigy; d is called estim_lr0.
    weight_decay : λ, >= 0, default 0.
    """

    weight_decay: float = 0.0

    def step(self, x, g, state):
        after = super().step(x, g, state)[1]
        direction = after.m / (np.sqrt(after.v) + after.d * self.eps) + self.weight_decay * x
        return x - self.rate(state) * direction, after

    def rate(self, state):
        """Return the rate of the next step, with both corrections."""
        t = state.t + 1
        return super().rate(state) * (1 - self.beta2**t) ** 0.5 / (1 - self.beta1**t)


@dataclass(frozen=True)
class Sophia(optimizers.Sophia):
    """The m is corrected, and h is renewed after the step, so that the first has none; the decay is not clipped.

    Optax asks for the loss itself and probes its curvature with random signs (Hutchinson); here `curvature` is given.

    Arguments
    ---------
    curvature, lr, beta1, beta2, gamma, eps, every, weight_decay : as for the course's Sophia; lr has no default, γ is
        0.01, ε 1e-8, λ 1e-4.
    """

    lr: float | np.ndarray = field()
    gamma: float | np.ndarray = 0.01
    eps: float | np.ndarray = 1e-8
    weight_decay: float | np.ndarray = 1e-4

    def step(self, x, g, state):
        m, t = ema(state.m, g, self.beta1), state.t + 1
        direction = np.clip(m / (1 - self.beta1**t) / np.maximum(self.gamma * state.h, self.eps), -1, 1)
        h = state.h if state.t % self.every else ema(state.h, self._curvature(x, state.t), self.beta2)
        return x - self.lr * (direction + self.weight_decay * x), SophiaState(m, h, t)
