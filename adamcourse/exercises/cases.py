"""The calls on which step functions are run: along their own way from zeros, and in the midst of a training."""

import inspect
import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np

MIDWAY = {  # seven coordinates in a shape that nobody expects, none of them a round number
    "x": ((0.83, -1.37, 2.19), (-0.41, 0.067, -3.31)),
    "gradient": ((0.47, -2.3, 0.019), (-0.71, 5.9, 0.13)),
    "m": ((0.29, 0.61, -0.043), (-0.37, 1.7, -0.59)),
    "z": ((1.3, -0.77, 0.21), (-2.9, 0.33, 0.59)),
    "s": ((3.7, 0.29, 11.3), (0.053, 1.9, 0.67)),
    "v": ((0.31, 2.3, 0.0017), (0.19, 7.1, 0.083)),
    "v_max": ((0.43, 1.1, 0.0029), (0.61, 1.3, 0.97)),
}


@dataclass(frozen=True)
class Call:
    """One call of a function: its arguments by name, in order; tuples become arrays, functions stay as they are.

    The arguments named in `fixed` stay when it is moved, since other numbers would not fit, such as weights whose sum
    is 1.
    """

    arguments: dict
    fixed: tuple = ()

    def given(self):
        """Return the arguments, new arrays each time.

        Where there are none, numbers with a point are NumPy's, whose division by 0 is infinite and no error. Beside
        arrays they are Python's, which leave float32 as it is.
        """
        return [value.copy() if isinstance(value, np.ndarray) else value for value in self._values]

    @cached_property
    def _values(self):
        values = self.arguments.values()
        if not any(map(_is_array, values)):
            return [np.float64(value) if isinstance(value, float) else value for value in values]
        return [np.array(value) if _is_array(value) else value for value in values]


def _is_array(value):
    return not callable(value) and np.ndim(value) > 0


def moved(case, k):
    """Return a call like this one on other numbers: each by a fifth or less, whole ones not at all; k = 0, 1, …"""
    places = itertools.count(1)

    def move(value):
        if isinstance(value, (tuple, np.ndarray)):
            return tuple(move(part) for part in value)
        if callable(value) or not np.isfinite(value) or value == round(value):
            return value
        factor = 0.8 + 0.45 * ((next(places) + 17 * k) * 0.618 % 1.0)  # spread evenly, in no order
        return float(1 - (1 - value) * factor if 0.3 < value < 1 else value * factor)  # what is below 1 stays so

    arguments = {name: value if name in case.fixed else move(value) for name, value in case.arguments.items()}
    return Call(arguments, case.fixed)


def along(step, x, gradients, hyper):
    """Return the calls of a step function along its own way, a tuple of Call: from x, by gradients, one for each step.

    The arguments of step are x, gradient, its state (which begins as zeros), t if it has one, and hyper.
    """
    names, calls = list(inspect.signature(step).parameters), []
    state = names[2 : len(names) - len(hyper)]
    counted = state[-1:] == ["t"]
    values = [np.array(x), *(np.zeros_like(x) for _ in state[: len(state) - counted])]
    for t, gradient in enumerate(gradients, 1):
        given = [values[0], np.array(gradient), *values[1:], *([t] if counted else []), *hyper.values()]
        calls.append(Call(dict(zip(names, given, strict=True))))
        values = step(*given) if len(values) > 1 else [step(*given)]
    return tuple(calls)


def midway(step, **scalars):
    """Return the call of a step function in the midst of a training, with these hyperparameters (and t)."""
    names = inspect.signature(step).parameters
    return Call({name: scalars[name] if name in scalars else MIDWAY[name] for name in names})
