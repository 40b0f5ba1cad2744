"""SWATS: Adam that finds a rate for momentum, and switches."""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from adamcourse.optimizers.core import Adam, AdamState
from adamcourse.optimizers.optimizer import AT_LEAST_0, FRACTION, Optimizer, zeros


class SWATSState(NamedTuple):
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
    """Walk as Adam, look for the rate at which gradient descent would go as far, and switch once that rate is steady.

    p = Adam's step,  x ← x + p
    γ_t = pᵀp / (-pᵀg), so that the projection of -γ_t g onto p is p
    γ ← β2 γ + (1 - β2) γ_t,  Λ = γ / (1 - β2^t)
    if t > 1, Λ > 0 and |Λ - γ_t| < tolerance, switch: from the next step on, and with m = 0 before it,
    m ← β1 m + g,  x ← x - (1 - β1) Λ m

    Convention: the paper's test is |Λ - γ_t| < 1e-9, in absolute numbers; relative=True compares with tolerance · Λ.
    Λ > 0 is a guard of ours: γ_t is negative where Adam walks uphill. ε is added to the corrected root, as in Adam;
    the paper adds it to the uncorrected one. The products run over all coordinates, in float64, so x is one vector.

    Arguments
    ---------
    lr, beta1, beta2 : as for Adam, but plain numbers.
    eps : ε, >= 0, default 1e-9.
    tolerance : how near Λ and γ_t must be, >= 0, default 1e-9.
    relative : whether the tolerance is a share of Λ, default False.
    share : of the rate found, with which momentum walks, >= 0, default 1; a schedule multiplies it, although the rate
        that is found under a schedule already holds the factor of the steps before.

    Raises ValueError when an argument is outside its range or an array, and in `start` when x is no vector.
    Source: Keskar and Socher 2017, Algorithm 1.

    >>> swats, x = SWATS(lr=0.1, tolerance=0.5, relative=True), np.array([1.0, 2.0])
    >>> state = swats.start(x)
    >>> for _ in range(3):
    ...     x, state = swats.update(x, x, state)  # the gradient of ½ |x|²
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
    share: float = 1.0

    ranges = {"beta1": FRACTION, "beta2": FRACTION, "tolerance": AT_LEAST_0, "share": AT_LEAST_0}

    def __post_init__(self):
        super().__post_init__()
        for field in fields(self):
            if np.ndim(getattr(self, field.name)):
                raise ValueError(f"{field.name} has shape {self.shape}: SWATS switches once, so give a plain number")

    def start(self, x):
        """Return the state before the first step: Adam's, and no rate."""
        if np.ndim(x) != 1:
            raise ValueError(f"x has shape {np.shape(x)}: the products of SWATS run over one vector, shape (n,)")
        return SWATSState(m=zeros(x), v=zeros(x), t=0, gamma=0.0, rate=0.0)

    def step(self, x, g, state):
        return self._momentum(x, g, state) if state.rate else self._adam(x, g, state)

    def _adam(self, x, g, state):
        adam = Adam(self.lr, self.beta1, self.beta2, self.eps)
        p, (m, v, t) = adam.update(np.zeros_like(x), g, AdamState(state.m, state.v, state.t))  # seen from 0, p is exact
        gamma_t = projected_rate(p, g)
        if gamma_t is None:
            return x + p, SWATSState(m, v, t, state.gamma, rate=0.0)
        gamma = self.beta2 * state.gamma + (1 - self.beta2) * gamma_t
        rate = gamma / (1 - self.beta2**t)
        if t > 1 and rate > 0 and abs(rate - gamma_t) < self.tolerance * (rate if self.relative else 1.0):
            return x + p, SWATSState(np.zeros_like(m), v, t, gamma, rate)
        return x + p, SWATSState(m, v, t, gamma, rate=0.0)

    def _momentum(self, x, g, state):
        m = self.beta1 * state.m + g
        return x - (1 - self.beta1) * self.share * state.rate * m, state._replace(m=m, t=state.t + 1)


def projected_rate(p, g):
    """Return the rate γ = pᵀp / (-pᵀg), with which the projection of -γ g onto the step p is p itself.

    Arguments
    ---------
    p : a step, shape (n,).
    g : the gradient before it, shape (n,). The products are taken in float64.

    Returns None where pᵀg = 0: then no rate will do. γ < 0 where the step p leads uphill.
    Source: Keskar and Socher 2017, section 3.

    >>> projected_rate(np.array([-0.3, 0.6]), np.array([1.0, -2.0]))  # a step of gradient descent shows its rate
    0.3
    """
    p, g = np.asarray(p, np.float64), np.asarray(g, np.float64)
    return float(p @ p / -(p @ g)) if p @ g else None
