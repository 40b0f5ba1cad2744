"""Different optimizers for different parts of one flat vector, chosen by the names that a network gives them."""

import math
from collections import namedtuple
from fnmatch import fnmatchcase
from functools import lru_cache

import numpy as np

from adamcourse.checks import has_functions
from adamcourse.optimizers.optimizer import floats


class Groups:
    """Give each named part of a vector to the optimizer of the first pattern that its name matches.

    An optimizer sees only the parts of its group, joined to one vector: their norm, if it clips, and no other. One that
    needs matrices, such as Muon, gets each part by itself, in its shape.

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
        self._parts, first = [], 0  # for each that an optimizer gets: its pattern, its places, its shape
        for name, shape in shapes.items():
            pattern = next((pattern for pattern in optimizers if fnmatchcase(name, pattern)), None)
            if pattern is None:
                raise ValueError(f"{name} matches none of {', '.join(optimizers)}: add a pattern for it, such as '*'")
            self.names[pattern].append(name)
            self._add(pattern, np.arange(first, first + math.prod(shape)), shape)
            first += math.prod(shape)
        for pattern, optimizer in self.optimizers.items():
            if not self.names[pattern]:
                raise ValueError(f"{pattern!r} is the first pattern of none of {', '.join(shapes)}: leave it out")
            if optimizer is not None:
                has_functions(f"optimizers[{pattern!r}]", optimizer, "start", "update")
        self.size = first

    def _add(self, pattern, places, shape):
        """Note the places of a part: a matrix by itself where its optimizer needs one, else joined to its group."""
        optimizer = self.optimizers[pattern]
        if optimizer is None:
            return
        if takes_matrices(optimizer):
            self._parts.append((pattern, places, shape))
            return
        joined = next((k for k, (other, _, kept) in enumerate(self._parts) if other == pattern and not kept), None)
        if joined is None:
            self._parts.append((pattern, places, ()))
        else:
            self._parts[joined] = (pattern, np.append(self._parts[joined][1], places), ())

    @property
    def lr(self):
        """The learning rates by pattern."""
        return {pattern: getattr(optimizer, "lr", None) for pattern, optimizer in self.optimizers.items() if optimizer}

    def __repr__(self):
        return f"Groups({', '.join(f'{pattern}: {optimizer!r}' for pattern, optimizer in self.optimizers.items())})"

    def start(self, x):
        """Return the state before the first step: that of each group."""
        x = self._vector("x", x)
        return _kind(len(self._parts))(
            *(self.optimizers[pattern].start(_shaped(x[places], shape)) for pattern, places, shape in self._parts)
        )

    def update(self, x, gradient, state):
        """Return the next x and the next state."""
        x, gradient, states = self._vector("x", x), self._vector("gradient", gradient), []
        following = x.copy()
        for (pattern, places, shape), inner in zip(self._parts, state, strict=True):
            given = _shaped(x[places], shape), _shaped(gradient[places], shape)
            part, inner = self.optimizers[pattern].update(*given, inner)
            following[places] = part.ravel()
            states.append(inner)
        return following, _kind(len(states))(*states)

    def _vector(self, name, value):
        value = floats(value)
        if value.shape != (self.size,):
            raise ValueError(f"{name} has shape {value.shape}: the groups are parts of a vector of {self.size} numbers")
        return value


def takes_matrices(optimizer):
    """Does an optimizer, or one in its wrappers, need to know which numbers form a matrix?"""
    return getattr(optimizer, "matrices", False) or (
        hasattr(optimizer, "optimizer") and takes_matrices(optimizer.optimizer)
    )


def _shaped(part, shape):
    return part.reshape(shape) if shape else part


@lru_cache
def _kind(groups):
    """Return the class of states of so many groups."""
    return namedtuple("GroupsState", [f"group{k + 1}" for k in range(groups)])
