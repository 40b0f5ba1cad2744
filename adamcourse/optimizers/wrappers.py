"""An optimizer in a wrapper: a learning rate that changes, parameters that stay within bounds, gradients that are cut.

A wrapper is an optimizer, so wrappers nest in any order: `Scheduled(Projected(Adam(), -1, 1), Cosine(100))` is the same
as `Projected(Scheduled(Adam(), Cosine(100)), -1, 1)`. One with a state of its own keeps that of the optimizer inside
under the name `inner`.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from adamcourse.optimizers.optimizer import ema, floats


@dataclass(frozen=True)
class Wrapper:
    """What wrappers share: `start` and `update` like an optimizer, `lr` and `shape` of the one inside.

    A wrapper may clip by a norm or do something else in which coordinates see each other, so a long vector reaches it
    whole. One that treats each coordinate by itself says so with `elementwise = property(as_inside)`.

    Arguments
    ---------
    optimizer : any optimizer, also one in a wrapper.
    """

    optimizer: object

    elementwise = False

    @property
    def lr(self):
        """The learning rate of the optimizer inside."""
        return self.optimizer.lr

    @property
    def shape(self):
        """The shape of the hyperparameters."""
        return getattr(self.optimizer, "shape", ())

    def start(self, x):
        """Return the state before the first step."""
        return self.optimizer.start(x)


def as_inside(wrapper):
    """Return whether the step of a coordinate depends on no other one: that is up to the optimizer inside."""
    return getattr(wrapper.optimizer, "elementwise", False)


def scale_rate(optimizer, factor):
    """Return an optimizer like this one, its learning rate, or that of the one inside, multiplied by a factor."""
    if hasattr(optimizer, "optimizers"):  # groups
        now = copy(optimizer)
        now.optimizers = {key: inner and scale_rate(inner, factor) for key, inner in optimizer.optimizers.items()}
        return now
    now = copy(optimizer)  # `replace` would check every argument again, which takes as long as a step
    inside = getattr(optimizer, "optimizer", None)
    if inside is not None:
        object.__setattr__(now, "optimizer", scale_rate(inside, factor))
        return now
    names = ("lr", "share") if "share" in getattr(now, "__dict__", ()) else ("lr",)  # of the rate that SWATS finds
    for name in names:
        object.__setattr__(now, name, getattr(now, name) * factor)
    return now


class ScheduledState(NamedTuple):
    """The state of a scheduled optimizer: the state of the optimizer inside, and the number t of steps taken."""

    inner: tuple
    t: int


@dataclass(frozen=True)
class Scheduled(Wrapper):
    """An optimizer whose learning rate is multiplied by a factor that depends on the step.

    Arguments
    ---------
    optimizer : any optimizer with a learning rate `lr`, also one in a wrapper; of two schedules the factors multiply.
    schedule : function of the number of steps taken so far, 0 at the first step, that returns a number, 0 or more.

    Raises ValueError when the optimizer has no `lr`, and in `update` when a factor is below 0.

    >>> import numpy as np
    >>> from adamcourse.optimizers import GradientDescent, InverseTime
    >>> slower, x = Scheduled(GradientDescent(lr=0.1), InverseTime(1)), np.zeros(1)
    >>> state = slower.start(x)
    >>> for _ in range(3):
    ...     x, state = slower.update(x, np.array([-1.0]), state)
    ...     print(x.round(4))  # steps of 0.1, 0.05, 0.0333
    [0.1]
    [0.15]
    [0.1833]
    """

    schedule: Callable

    elementwise = property(as_inside)

    def __post_init__(self):
        if not hasattr(self.optimizer, "lr"):
            raise ValueError(f"optimizer = {self.optimizer!r}: it has no learning rate lr that a factor could change")

    def start(self, x):
        """Return the state before the first step."""
        return ScheduledState(self.optimizer.start(x), 0)

    def update(self, x, gradient, state):
        """Return the next x and the next state."""
        factor = self.schedule(state.t)
        if not factor >= 0:
            raise ValueError(f"factor = {factor} at step {state.t}: it must be 0 or more")
        x, inner = scale_rate(self.optimizer, factor).update(x, gradient, state.inner)
        return x, ScheduledState(inner, state.t + 1)


@dataclass(frozen=True)
class Projected(Wrapper):
    """An optimizer whose x is brought back into [low, high], coordinate by coordinate, after each step.

    Arguments
    ---------
    optimizer : any optimizer, also one that is Scheduled.
    low, high : the bounds, numbers, low <= high.

    Raises ValueError when low is above high.
    Source: Zinkevich 2003; Reddi, Kale and Kumar 2018 measure with weights √v, which changes nothing in a box.

    >>> import numpy as np
    >>> from adamcourse.optimizers import GradientDescent
    >>> bounded, x = Projected(GradientDescent(lr=1.0), -1.0, 1.0), np.array([0.5, 0.5])
    >>> bounded.update(x, np.array([4.0, 0.1]), bounded.start(x))[0]
    array([-1. ,  0.4])
    """

    low: float
    high: float

    elementwise = property(as_inside)

    def __post_init__(self):
        if not self.low <= self.high:
            raise ValueError(f"low = {self.low}, high = {self.high}: low must not be above high")

    def update(self, x, gradient, state):
        """Return the next x and the next state."""
        x, state = self.optimizer.update(x, gradient, state)
        return x.clip(float(self.low), float(self.high)), state  # a float of Python's lets float32 stay float32


class ClippedState(NamedTuple):
    """The state of a clipped optimizer: that of the one inside, the number t of steps, and in how many it acted."""

    inner: tuple
    t: int
    acted: int


@dataclass(frozen=True)
class Clipped(Wrapper):
    """An optimizer that gets a gradient of a bounded length: a longer one is made shorter, and keeps its direction.

    g ← g min(1, c / ‖g‖)

    The norm sees all coordinates at once, so a long vector comes whole. A gradient that is not finite stays so.

    Arguments
    ---------
    optimizer : any optimizer, also one in a wrapper.
    norm : c, the largest length that is handed on, > 0.

    Raises ValueError when norm is not above 0.
    Convention: PyTorch divides by ‖g‖ + 1e-6, which is the same but for tiny norms.
    Source: Pascanu, Mikolov and Bengio 2013, Algorithm 1.

    >>> import numpy as np
    >>> from adamcourse.optimizers import GradientDescent
    >>> careful, x = Clipped(GradientDescent(lr=1.0), norm=1.0), np.zeros(2)
    >>> x, state = careful.update(x, np.array([-300.0, 400.0]), careful.start(x))
    >>> x, careful.share(state)
    (array([ 0.6, -0.8]), 1.0)
    """

    norm: float

    def __post_init__(self):
        if not self.norm > 0:
            raise ValueError(f"norm = {self.norm}: give a number above 0")

    def start(self, x):
        """Return the state before the first step."""
        return ClippedState(self.optimizer.start(x), 0, 0)

    def update(self, x, gradient, state):
        """Return the next x and the next state."""
        length = float(np.linalg.norm(gradient))
        acts = length > self.norm
        gradient = gradient * (float(self.norm) / length) if acts else gradient
        x, inner = self.optimizer.update(x, gradient, state.inner)
        return x, ClippedState(inner, state.t + 1, state.acted + acts)

    def share(self, state):
        """Return the share of the steps so far in which the gradient was too long."""
        return state.acted / state.t if state.t else 0.0


class AveragedState(NamedTuple):
    """The state of an averaged optimizer: that of the one inside, and the running mean of x."""

    inner: tuple
    average: np.ndarray


@dataclass(frozen=True)
class Averaged(Wrapper):
    """An optimizer that also keeps a running mean of where it has been, which wanders less than x itself.

    average ← β average + (1 - β) x, begun at the start

    The walk is not changed. Evaluate at `state.average`; a `Training` joins it to `training.average`.

    Arguments
    ---------
    optimizer : any optimizer, also one in a wrapper.
    beta : β, 0 <= β < 1: the mean is over the last 1 / (1 - β) steps or so; default 0.99.

    Raises ValueError when beta is outside its range.
    Source: Polyak and Juditsky 1992, with equal weights; Kingma and Ba 2015, section 7.2, with these, and corrected for
    a start at 0.

    >>> from adamcourse.optimizers import GradientDescent
    >>> walk, x = Averaged(GradientDescent(lr=1.0), beta=0.5), np.array([0.0])
    >>> walk.update(x, np.array([-4.0]), walk.start(x))
    (array([4.]), AveragedState(inner=GradientDescentState(), average=array([2.])))
    """

    beta: float = 0.99

    elementwise = property(as_inside)

    def __post_init__(self):
        if not 0 <= self.beta < 1:
            raise ValueError(f"beta = {self.beta}: beta must be from 0 up to but not including 1")

    def start(self, x):
        """Return the state before the first step: a mean that is x."""
        return AveragedState(self.optimizer.start(x), np.array(floats(x)))

    def update(self, x, gradient, state):
        """Return the next x and the next state."""
        x, inner = self.optimizer.update(x, gradient, state.inner)
        return x, AveragedState(inner, ema(state.average, x, float(self.beta)))


class OptimisticState(NamedTuple):
    """The state of an optimistic optimizer: that of the one inside, and its last step."""

    inner: tuple
    step: np.ndarray


@dataclass(frozen=True)
class Optimistic(Wrapper):
    """An optimizer that goes on as it has just turned: it takes its step twice, and the one before it back.

    x ← x + 2 d_t - d_{t-1},  d_t the step of the optimizer inside, d_0 = 0

    Where the opponent in a game answers each step, the last change of the step says where the next one will lead.

    Arguments
    ---------
    optimizer : any optimizer, also one in a wrapper.

    Source: Popov 1980; Daskalakis, Ilyas, Syrgkanis and Zeng 2018 (with Adam inside: Optimistic Adam).

    >>> from adamcourse.optimizers import GradientDescent
    >>> player, x = Optimistic(GradientDescent(lr=1.0)), np.array([0.0])
    >>> x, state = player.update(x, np.array([-1.0]), player.start(x))
    >>> x, player.update(x, np.array([-1.0]), state)[0]  # where the gradient does not change, an ordinary step
    (array([2.]), array([3.]))
    """

    elementwise = property(as_inside)

    def start(self, x):
        """Return the state before the first step."""
        return OptimisticState(self.optimizer.start(x), np.zeros_like(floats(x)))

    def update(self, x, gradient, state):
        """Return the next x and the next state."""
        ahead, inner = self.optimizer.update(x, gradient, state.inner)
        step = ahead - x
        return x + 2 * step - state.step, OptimisticState(inner, step)
