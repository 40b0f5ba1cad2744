"""SWATS: Adam that finds a rate for momentum, and switches."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from adamcourse.optimizers.derived import Adam, Moments
from adamcourse.optimizers.optimizer import Optimizer, zeros


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
        return Switching(m=zeros(x), v=zeros(x), t=0, gamma=0.0, rate=0.0)

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
