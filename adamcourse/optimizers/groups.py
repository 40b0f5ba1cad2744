"""Different optimizers for different parts of one flat vector, chosen by the names that a network gives them."""

import math
from collections import namedtuple
from fnmatch import fnmatchcase
from functools import lru_cache

import numpy as np

from adamcourse.checks import has_functions


class Groups:
    """Give each named part of a vector to the optimizer of the first pattern that its name matches.

    An optimizer sees only the parts of its group, joined to one vector: their norm, if it clips, and no other.

    Arguments
    ---------
    shapes : the shapes of the parts by name, in their order in the vector, such as network.shapes.
    optimizers : optimizers by pattern, a dict; * stands for any letters. None freezes a group: its numbers stay as they
        are, and take no memory. Put "*" last, for what no other pattern has.

    Raises ValueError when a name matches no pattern, a pattern is first for no name, or something is no optimizer.

    >>> from adamcourse.optimizers import GradientDescent
    >>> shapes = {"Dense1.W": (2, 1), "Dense1.b": (1,)}
    >>> groups, x = Groups(shapes, {"*.b": GradientDescent(0.1), "*": None}), np.zeros(3)
    >>> groups.update(x, np.ones(3), groups.start(x))[0]
    array([ 0. ,  0. , -0.1])
    """

    elementwise = False

    def __init__(self, shapes, optimizers):
        self.optimizers, self.names = dict(optimizers), {pattern: [] for pattern in optimizers}
        places, first = {pattern: [] for pattern in optimizers}, 0
        for name, shape in shapes.items():
            pattern = next((pattern for pattern in optimizers if fnmatchcase(name, pattern)), None)
            if pattern is None:
                raise ValueError(f"{name} matches none of {', '.join(optimizers)}: add a pattern for it, such as '*'")
            self.names[pattern].append(name)
            places[pattern].append(np.arange(first, first + math.prod(shape)))
            first += math.prod(shape)
        for pattern, optimizer in self.optimizers.items():
            if not self.names[pattern]:
                raise ValueError(f"{pattern!r} is the first pattern of none of {', '.join(shapes)}: leave it out")
            if optimizer is not None:
                has_functions(f"optimizers[{pattern!r}]", optimizer, "start", "update")
        self.size = first
        self._places = {
            pattern: np.concatenate(parts) for pattern, parts in places.items() if self.optimizers[pattern] is not None
        }

    @property
    def lr(self):
        """The learning rates by pattern."""
        return {pattern: getattr(self.optimizers[pattern], "lr", None) for pattern in self._places}

    def __repr__(self):
        return f"Groups({', '.join(f'{pattern}: {optimizer!r}' for pattern, optimizer in self.optimizers.items())})"

    def start(self, x):
        """Return the state before the first step: that of each group."""
        x = self._vector("x", x)
        return _kind(len(self._places))(
            *(self.optimizers[name].start(x[place]) for name, place in self._places.items())
        )

    def update(self, x, gradient, state):
        """Return the next x and the next state."""
        following, gradient, states = self._vector("x", x).copy(), self._vector("gradient", gradient), []
        for (pattern, place), inner in zip(self._places.items(), state, strict=True):
            following[place], inner = self.optimizers[pattern].update(following[place], gradient[place], inner)
            states.append(inner)
        return following, _kind(len(states))(*states)

    def _vector(self, name, value):
        value = np.asarray(value)
        if value.shape != (self.size,):
            raise ValueError(f"{name} has shape {value.shape}: the groups are parts of a vector of {self.size} numbers")
        return value


@lru_cache
def _kind(groups):
    """Return the class of states of so many groups."""
    return namedtuple("GroupsState", [f"group{k + 1}" for k in range(groups)])
