"""An optimizer in a wrapper: a learning rate that changes from step to step, and parameters that stay within bounds.

A wrapper is an optimizer, so wrappers nest in any order: `Scheduled(Projected(Adam(), -1, 1), Cosine(100))` is the same
as `Projected(Scheduled(Adam(), Cosine(100)), -1, 1)`. One with a state of its own keeps that of the optimizer inside
under the name `inner`.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import NamedTuple


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
    now = copy(optimizer)  # `replace` would check every argument again, which takes as long as a step
    inside = getattr(optimizer, "optimizer", None)
    if inside is not None:
        object.__setattr__(now, "optimizer", scale_rate(inside, factor))
        return now
    for name in {"lr", "share"} & vars(now).keys():  # share: of the rate that SWATS finds
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
