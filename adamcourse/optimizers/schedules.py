"""Learning rates that change from step to step, as factors of the rate that was set."""

import math
import warnings


def inverse_time(half):
    """Return the schedule 1 / (1 + t / half), t = 0 at the first step.

    Its sum over all steps is infinite, so the walk can get anywhere and forget old errors; the sum of its squares is
    finite, so that of all new errors is bounded.

    Arguments
    ---------
    half : the step at which half of the rate is left, > 0.

    Raises ValueError when half is not above 0.
    Source: Robbins and Monro 1951.

    >>> [round(inverse_time(10)(t), 3) for t in (0, 10, 90)]
    [1.0, 0.5, 0.1]
    """
    if not half > 0:
        raise ValueError(f"half = {half}: give a number of steps above 0")
    return lambda t: 1 / (1 + t / half)


def inverse_root(t):
    """Return 1 / √(t + 1), t = 0 at the first step: a schedule itself, since there is nothing to set.

    The sum of t rates grows as √t: fast enough to get anywhere, slowly enough for an average regret that tends to 0.

    Source: Zinkevich 2003.

    >>> [round(inverse_root(t), 3) for t in (0, 3, 99)]
    [1.0, 0.5, 0.1]
    """
    return 1 / math.sqrt(t + 1)


def cosine(steps):
    """Return the schedule ½ (1 + cos(π t / steps)): from 1 down to 0, slowly at both ends, and 0 from then on.

    Arguments
    ---------
    steps : after how many steps 0 is reached, > 0.

    Raises ValueError when steps is not above 0. Warns when it is asked for a step after its last one: the rate stays 0,
    and who wants to train on for longer needs a longer schedule from the beginning.
    Source: Loshchilov and Hutter 2017, without restarts.

    >>> [round(cosine(100)(t), 3) for t in (0, 50, 75, 99)]
    [1.0, 0.5, 0.146, 0.0]
    """
    if not steps > 0:
        raise ValueError(f"steps = {steps}: give a number of steps above 0")

    def factor(t):
        if t >= steps:
            warnings.warn(
                f"the cosine over {steps} steps has ended: at step {t} the rate is 0, and stays 0", stacklevel=2
            )
        return 0.5 * (1 + math.cos(math.pi * min(t / steps, 1)))

    return factor


def warmup(steps):
    """Return the schedule (t + 1) / steps, and 1 from step t = steps - 1 on: the rate rises in equal parts.

    Arguments
    ---------
    steps : how many steps it takes, >= 1.

    Raises ValueError when steps is below 1.
    Source: Goyal and others 2017, section 2.2.

    >>> [warmup(4)(t) for t in (0, 1, 3, 4)]
    [0.25, 0.5, 1.0, 1.0]
    """
    if not steps >= 1:
        raise ValueError(f"steps = {steps}: give 1 or more")
    return lambda t: min(1.0, (t + 1) / steps)
