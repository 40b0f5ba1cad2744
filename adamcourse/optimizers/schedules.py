"""Learning rates that change from step to step: each is called with the number of steps taken, and gives a factor."""

import math
import warnings
from dataclasses import dataclass


@dataclass(frozen=True)
class InverseTime:
    """The factor 1 / (1 + t / half), t = 0 at the first step.

    Its sum over all steps is infinite, so that x can get anywhere and forget old errors; the sum of its squares is
    finite, so that of all new errors is bounded.

    Arguments
    ---------
    half : the step at which half of the rate is left, > 0.

    Raises ValueError when half is not above 0.
    Source: Robbins and Monro 1951.

    >>> [round(InverseTime(10)(t), 3) for t in (0, 10, 90)]
    [1.0, 0.5, 0.1]
    """

    half: float

    def __post_init__(self):
        if not self.half > 0:
            raise ValueError(f"half = {self.half}: give a number of steps above 0")

    def __call__(self, t):
        """Return the factor of the rate after t steps."""
        return 1 / (1 + t / self.half)


@dataclass(frozen=True)
class InverseRoot:
    """The factor 1 / √(t + 1), t = 0 at the first step.

    The sum of t rates grows as √t: fast enough to get anywhere, slowly enough for an average regret that tends to 0.

    Source: Zinkevich 2003.

    >>> [round(InverseRoot()(t), 3) for t in (0, 3, 99)]
    [1.0, 0.5, 0.1]
    """

    def __call__(self, t):
        """Return the factor of the rate after t steps."""
        return 1 / math.sqrt(t + 1)


@dataclass(frozen=True)
class Cosine:
    """The factor ½ (1 + cos(π t / steps)): from 1 down to 0, slowly at both ends, and 0 from then on.

    Arguments
    ---------
    steps : after how many steps 0 is reached, > 0.

    Raises ValueError when steps is not above 0. Warns when it is asked for a step after its last one: the rate stays 0,
    and who wants to train on for longer needs a longer schedule from the beginning.
    Source: Loshchilov and Hutter 2017, without restarts.

    >>> [round(Cosine(100)(t), 3) for t in (0, 50, 75, 99)]
    [1.0, 0.5, 0.146, 0.0]
    """

    steps: float

    def __post_init__(self):
        if not self.steps > 0:
            raise ValueError(f"steps = {self.steps}: give a number of steps above 0")

    def __call__(self, t):
        """Return the factor of the rate after t steps."""
        if t >= self.steps:
            _warn_of_the_end(f"the cosine over {self.steps} steps", t)
        return 0.5 * (1 + math.cos(math.pi * min(t / self.steps, 1)))


@dataclass(frozen=True)
class Cooldown:
    """The factor 1, and over the last part of the steps 1 - √ of how far that part has gone: down to 0.

    Arguments
    ---------
    steps : after how many steps 0 is reached, > 0.
    share : how large the last part is, 0 < share <= 1, default 0.2.

    Raises ValueError when steps or share is outside its range. Warns, as Cosine does, when it is asked for a step after
    its last one. Unlike with a cosine, the first part does not depend on when the end comes.
    Source: Hägele and others 2024, equation 2.

    >>> [round(Cooldown(100)(t), 3) for t in (0, 79, 80, 85, 99)]
    [1.0, 1.0, 1.0, 0.5, 0.025]
    """

    steps: float
    share: float = 0.2

    def __post_init__(self):
        if not self.steps > 0:
            raise ValueError(f"steps = {self.steps}: give a number of steps above 0")
        if not 0 < self.share <= 1:
            raise ValueError(f"share = {self.share}: give a number above 0, at most 1")

    def __call__(self, t):
        """Return the factor of the rate after t steps."""
        if t >= self.steps:
            _warn_of_the_end(f"the cooldown over {self.steps} steps", t)
            return 0.0
        part = self.steps * self.share
        return 1 - math.sqrt(max(0.0, t - (self.steps - part)) / part)


@dataclass(frozen=True)
class Warmup:
    """The factor (t + 1) / steps, and 1 from step t = steps - 1 on: the rate rises in equal parts.

    Arguments
    ---------
    steps : how many steps it takes, >= 1.

    Raises ValueError when steps is below 1.
    Source: Goyal and others 2017, section 2.2.

    >>> [Warmup(4)(t) for t in (0, 1, 3, 4)]
    [0.25, 0.5, 1.0, 1.0]
    """

    steps: float

    def __post_init__(self):
        if not self.steps >= 1:
            raise ValueError(f"steps = {self.steps}: give 1 or more")

    def __call__(self, t):
        """Return the factor of the rate after t steps."""
        return min(1.0, (t + 1) / self.steps)


def _warn_of_the_end(schedule, t):
    warnings.warn(f"{schedule} has ended: the rate is 0, and stays 0", stacklevel=3)
