"""Later optimizers that see single numbers, as Adam does: ScheduleFree, Prodigy, Sophia.

ScheduleFree needs no schedule, Prodigy looks for the rate itself, Sophia asks for curvatures besides gradients.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from adamcourse.optimizers.optimizer import ABOVE_0, AT_LEAST_0, AT_LEAST_1, FRACTION, Optimizer, ema, floats, zeros


class ScheduleFreeState(NamedTuple):
    """The state of ScheduleFree: z, which walks; the average; v; the sum of the weights, the largest rate, and t."""

    z: np.ndarray
    average: np.ndarray
    v: np.ndarray
    weights: float
    largest: float
    t: int


@dataclass(frozen=True)
class ScheduleFree(Optimizer):
    """Walk with z, average where it has been, and take the gradient between the two; no schedule falls.

    v ← β2 v + (1 - β2) g²,  z ← z - α (g / (√v̂ + ε) + λ x)
    average ← (1 - c) average + c z,  c = w / (sum of all w so far),  w = (the largest α so far)²
    x ← (1 - β1) z + β1 average

    Convention: x, which you train, is where the gradient is taken, y in the paper. Evaluate at `state.average`, which
    is x in the paper; a `Training` joins it to `training.average`. With a constant α, c = 1/t, a plain mean. There is
    no first moment: β1 takes its place.

    Arguments
    ---------
    lr : the learning rate α, >= 0, default 0.0025. A warm-up is welcome.
    beta1 : how near to the average x is, 0 <= β1 < 1, default 0.9.
    beta2 : as for Adam, default 0.999.
    eps : ε, >= 0, default 1e-8.
    weight_decay : λ, >= 0, default 0.

    Raises ValueError when an argument is outside its range.
    Source: Defazio and others 2024, Algorithm 1.

    >>> free, x = ScheduleFree(lr=1.0, beta1=0.5), np.zeros(1)
    >>> state = free.start(x)
    >>> for _ in range(2):  # z goes to 1 and 2, the average to 1 and 1.5
    ...     x, state = free.update(x, np.array([-5.0]), state)
    >>> x.round(6), state.average.round(6)
    (array([1.75]), array([1.5]))
    """

    lr: float | np.ndarray = 2.5e-3
    beta1: float | np.ndarray = 0.9
    beta2: float | np.ndarray = 0.999
    eps: float | np.ndarray = 1e-8
    weight_decay: float | np.ndarray = 0.0

    elementwise, ranges = True, {"beta1": FRACTION, "beta2": FRACTION}

    def start(self, x):
        """Return the state before the first step: z and the average are x."""
        x = np.array(floats(x))
        return ScheduleFreeState(z=x, average=x, v=zeros(x), weights=0.0, largest=0.0, t=0)

    def step(self, x, g, state):
        t = state.t + 1
        v = ema(state.v, g**2, self.beta2)
        z = state.z - self.lr * (g / (np.sqrt(v / (1 - self.beta2**t)) + self.eps) + self.weight_decay * x)
        weights, largest, c = self.weight(state)
        average = (1 - c) * state.average + c * z
        return (1 - self.beta1) * z + self.beta1 * average, ScheduleFreeState(z, average, v, weights, largest, t)

    def weight(self, state):
        """Return the sum of the weights, the largest rate, and the share c of the newest z in the average."""
        largest = max(state.largest, float(np.max(self.lr)))  # of many rates, one: c is the same for all
        weights = state.weights + largest**2
        return weights, largest, largest**2 / weights if weights else 0.0


class ProdigyState(NamedTuple):
    """The state of Prodigy: m, v and s, the start, the distance d found so far, its numerator r, and t."""

    m: np.ndarray
    v: np.ndarray
    s: np.ndarray
    start: np.ndarray
    d: float
    r: float
    t: int


@dataclass(frozen=True)
class Prodigy(Optimizer):
    """Adam whose rate is α d, with d an estimate from below of how far the start is from the goal.

    m ← β1 m + (1 - β1) d g,  v ← β2 v + (1 - β2) d² g²
    r ← √β2 r + (1 - √β2) α d² gᵀ(x₀ - x),  s ← √β2 s + (1 - √β2) α d² g
    x ← x - α d m / (√v + d ε),  then d ← max(d, r / ‖s‖₁)

    All coordinates share one d.

    Convention: no bias correction, as in the paper; programs offer it.

    Arguments
    ---------
    lr : α, a factor that a schedule changes, >= 0, default 1.
    beta1, beta2, eps : as for Adam; defaults 0.9, 0.999, 1e-8.
    d : the first d, > 0, default 1e-6; much too small is right.

    Raises ValueError when an argument is outside its range.
    Source: Mishchenko and Defazio 2024, Algorithm 4.

    >>> prodigy, x = Prodigy(), np.zeros(1)
    >>> state = prodigy.start(x)
    >>> for _ in range(300):  # f = |x - 3|, from 3 away
    ...     x, state = prodigy.update(x, np.sign(x - 3), state)
    >>> bool(0.1 < state.d < 3), bool(abs(x[0] - 3) < 0.5)
    (True, True)
    """

    lr: float = 1.0
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    d: float = 1e-6

    ranges = {"beta1": FRACTION, "beta2": FRACTION, "d": ABOVE_0}

    def start(self, x):
        """Return the state before the first step: moments of 0, and where x is."""
        zero = zeros(x)
        return ProdigyState(m=zero, v=zero, s=zero, start=np.array(floats(x)), d=self.d, r=0.0, t=0)

    def step(self, x, g, state):
        rate, keep = self.rate(state), self.beta2**0.5
        m = ema(state.m, state.d * g, self.beta1)
        v = ema(state.v, (state.d * g) ** 2, self.beta2)
        r = ema(state.r, rate * state.d * float(np.vdot(g, state.start - x)), keep)
        s = ema(state.s, rate * state.d * g, keep)
        length = float(np.sum(np.abs(s)))
        d = max(state.d, r / length) if length else state.d
        return x - rate * m / (np.sqrt(v) + state.d * self.eps), ProdigyState(m, v, s, state.start, d, r, state.t + 1)

    def rate(self, state):
        """Return the rate of the next step, α d."""
        return self.lr * state.d


class SophiaState(NamedTuple):
    """The state of Sophia: running means m of gradients and h of curvatures, and t."""

    m: np.ndarray
    h: np.ndarray
    t: int


@dataclass(frozen=True)
class Sophia(Optimizer):
    """Divide a mean of gradients by a mean of curvatures, and let no coordinate move by more than α.

    h ← β2 h + (1 - β2) curvature(x), every few steps,  m ← β1 m + (1 - β1) g
    x ← x - α λ x, then x ← x - α clip(m / max(γ h, ε), 1)

    It breaks the rule that an optimizer sees gradients alone, at one place: `curvature`.

    Convention: γ stands inside the clip, as in the paper's later versions. No bias correction: h begins too small,
    so that at first more coordinates take steps of α.

    Arguments
    ---------
    curvature : function of x and of the number of steps so far that gives an estimate of each coordinate's curvature,
        the shape of x, such as networks.DrawnCurvature.
    lr : the learning rate α, >= 0, default 0.001.
    beta1, beta2 : 0 <= β < 1, defaults 0.965, 0.99.
    gamma : γ, >= 0, default 0.05; the larger, the fewer coordinates are clipped.
    eps : ε, > 0, default 1e-12.
    every : steps between two curvatures, 1 or more, default 10.
    weight_decay : λ, >= 0, default 0.

    Raises ValueError when an argument is outside its range, or a curvature has another shape than x.
    Source: Liu, Li, Hall, Liang and Ma 2024, Algorithm 3.

    >>> sophia, x = Sophia(lambda x, t: np.array([2.0, 200.0]), lr=0.1, beta1=0, beta2=0, gamma=1), np.zeros(2)
    >>> sophia.update(x, np.array([-1.0, -1.0]), sophia.start(x))[0]  # Newton's steps, 1/2 and 1/200, times α
    array([0.05  , 0.0005])
    """

    curvature: Callable
    lr: float | np.ndarray = 1e-3
    beta1: float | np.ndarray = 0.965
    beta2: float | np.ndarray = 0.99
    gamma: float | np.ndarray = 0.05
    eps: float | np.ndarray = 1e-12
    every: int = 10
    weight_decay: float | np.ndarray = 0.0

    ranges = {
        "beta1": FRACTION,
        "beta2": FRACTION,
        "gamma": AT_LEAST_0,
        "eps": ABOVE_0,
        "every": AT_LEAST_1,
    }

    def start(self, x):
        """Return the state before the first step: both means 0."""
        return SophiaState(m=zeros(x), h=zeros(x), t=0)

    def step(self, x, g, state):
        h = state.h if state.t % self.every else ema(state.h, self._curvature(x, state.t), self.beta2)
        m = ema(state.m, g, self.beta1)
        direction = np.clip(m / np.maximum(self.gamma * h, self.eps), -1, 1)
        return x - self.lr * self.weight_decay * x - self.lr * direction, SophiaState(m, h, state.t + 1)

    def clipped(self, state):
        """Return the share of coordinates whose last step had the full length α."""
        return float(np.mean(np.abs(state.m) >= np.maximum(self.gamma * state.h, self.eps)))

    def _curvature(self, x, t):
        found = np.asarray(self.curvature(x, t), x.dtype)
        if found.shape != x.shape:
            raise ValueError(f"curvature gave shape {found.shape}, x has shape {x.shape}: they must be the same")
        return found
