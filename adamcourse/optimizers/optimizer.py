"""What all optimizers share: hyperparameters that are checked, and an update that checks its arguments."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from numbers import Number

import numpy as np

from adamcourse.checks import shown

# what a hyperparameter may be: in words, and as a test; a class names its own in `ranges`
AT_LEAST_0 = ("0 or more", lambda value: value >= 0)
AT_LEAST_1 = ("1 or more", lambda value: value >= 1)
ABOVE_0 = ("above 0", lambda value: value > 0)
FRACTION = ("from 0 up to but not including 1", lambda value: (value >= 0) & (value < 1))
FINITE = ("finite", lambda value: True)


@dataclass(frozen=True)
class Optimizer(ABC):
    """What all optimizers share: hyperparameters that are checked, and an `update` that checks its arguments.

    A field of a class is a hyperparameter: a number, or an array of numbers, unless its type says otherwise. `ranges`
    says what the fields of this class may be; those of its parents hold, too.
    """

    elementwise = False  # True if the step of a coordinate depends on no other one, so that a vector may come in pieces
    ranges = {"lr": AT_LEAST_0, "eps": AT_LEAST_0, "weight_decay": AT_LEAST_0}

    def __post_init__(self):
        ranges = {}
        for kind in reversed(type(self).__mro__):
            ranges |= vars(kind).get("ranges", {})
        for field in fields(self):
            value = _checked(field.name, getattr(self, field.name), field.type, ranges.get(field.name, FINITE))
            object.__setattr__(self, field.name, value)
        self.shape  # noqa: B018  what does not fit is said at once

    @property
    def shape(self):
        """The shape that the hyperparameters have together: () for plain numbers."""
        shapes = {field.name: np.shape(getattr(self, field.name)) for field in fields(self)}
        try:
            return np.broadcast_shapes(*shapes.values())
        except ValueError:
            arrays = ", ".join(f"{name} {shape}" for name, shape in shapes.items() if shape)
            raise ValueError(f"hyperparameters of shapes that do not fit each other: {arrays}") from None

    @abstractmethod
    def start(self, x):
        """Return the state before the first step: a NamedTuple of arrays of the shape of x, and of numbers."""

    @abstractmethod
    def step(self, x, g, state):
        """Return the next x and the next state: the algorithm alone, its arguments not checked."""

    def update(self, x, gradient, state):
        """Return the next x and the next state.

        Arguments
        ---------
        x : array of any shape, left as it is; float32 stays float32.
        gradient : ∇f(x), the same shape, left as it is.
        state : what `start` or the last `update` returned, left as it is.

        Raises ValueError when the gradient, the state or the hyperparameters do not fit the shape of x.
        """
        x = floats(x)
        if not isinstance(gradient, np.ndarray) and np.asarray(gradient).dtype == object:  # None would become NaN
            frozen = "leave a part without a gradient out, as Groups does with None for its optimizer"
            raise ValueError(f"gradient = {shown(gradient)}: give numbers; {frozen}")
        g = np.asarray(gradient, dtype=x.dtype)
        if g.shape != x.shape:
            raise ValueError(f"gradient has shape {g.shape}, x has shape {x.shape}: they must be the same")
        wanted = self.shapes_of_state(x)
        for name, part in parts(state).items():
            if not is_number(part) and np.shape(part) != wanted.get(name, x.shape):
                raise ValueError(
                    f"state belongs to an x of shape {np.shape(part)}, this one has {x.shape}: use start(x)"
                )
        if type(state) is not self._kind_of_state(x):
            kinds = type(state).__name__, type(self).__name__, self._kind_of_state(x).__name__
            raise ValueError("state is a {}: {} goes on from its own {}, use start(x)".format(*kinds))
        before, (following, state) = state, self.step(x, g, state)
        if following.shape != x.shape:
            raise ValueError(f"hyperparameters of shape {self.shape} do not fit x of shape {x.shape}")
        eps = getattr(self, "eps", 1.0)
        if eps == 0 if isinstance(eps, float) else not eps.all():  # a coordinate that never had a gradient has 0/0
            following = _waits(g, x, following)
            state = type(state)(*(_waits(g, old, new) for old, new in zip(before, state, strict=True)))
        if following.dtype != x.dtype:  # arrays of hyperparameters are float64 and must not widen x
            following, state = as_dtype(x.dtype, following), mapped(lambda part: as_dtype(x.dtype, part), state)
        return following, state

    def shapes_of_state(self, x):
        """Return by name the shapes of those parts of the state that have another one than x."""
        return {}

    def _kind_of_state(self, x):
        """Return the type of this optimizer's states, which is the same for all of its class."""
        kind = type(self)
        if kind not in _KINDS:
            _KINDS[kind] = type(self.start(x))
        return _KINDS[kind]


_KINDS = {}  # of states, by class of optimizers


def _waits(g, old, new):
    """Return what is new, but what is old where a coordinate without a gradient has come to 0/0."""
    if np.shape(new) != g.shape:
        return new
    idle = (g == 0) & np.isnan(new)
    return np.where(idle, old, new) if idle.any() else new


def _checked(name, value, kind, allowed):
    """Return a field's value, a function, True or False, a whole number, or floats that stay; or raise ValueError."""
    words, holds = allowed
    kind = kind if isinstance(kind, str) else getattr(kind, "__name__", "float")  # a postponed annotation is a string
    if kind == "bool":
        if not isinstance(value, (bool, np.bool_)):
            raise ValueError(f"{name} = {value!r}: {name} must be True or False")
        return value
    if kind == "Callable":
        if not callable(value):
            raise ValueError(f"{name} = {value!r}: {name} must be a function")
        return value
    if kind == "int" and not isinstance(value, (int, np.integer)):
        raise ValueError(f"{name} = {value!r}: {name} must be a whole number")
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} = {value!r}: {name} must be a number, {words}") from None
    if not np.all(np.isfinite(array) & holds(array)):
        raise ValueError(f"{name} = {value!r}: {name} must be {words}")
    array.flags.writeable = False
    return value if kind == "int" else array if array.ndim else float(array)  # with a float, float32 stays float32


def parts(state, prefix=""):
    """Return the parts of a state by name; those of a state inside it have names such as inner.m."""
    if not hasattr(state, "_asdict"):
        raise ValueError(f"state is a {type(state).__name__}: give a NamedTuple, whose parts have names")
    found = {}
    for name, part in state._asdict().items():
        found |= parts(part, f"{prefix}{name}.") if hasattr(part, "_asdict") else {prefix + name: part}
    return found


def all_finite(state):
    """Return whether all numbers of a state are finite, for each of many descents; of one without parts, True."""
    arrays = [part for part in parts(state).values() if np.ndim(part)] if hasattr(state, "_asdict") else []
    finite = [np.isfinite(part).all(axis=0) for part in arrays]
    if len({found.shape for found in finite}) > 1:  # parts of other shapes than x belong to one descent
        return all(found.all() for found in finite)
    return np.logical_and.reduce(finite) if arrays else True


def mapped(function, state):
    """Return a state of the same kind, each of its parts replaced by the function of it."""
    values = (mapped(function, part) if hasattr(part, "_asdict") else function(part) for part in state)
    return type(state)(*values)


def ema(mean, new, beta):
    """Return a running mean (exponential moving average) with the next value in it: β mean + (1 - β) new."""
    return beta * mean + (1 - beta) * new


def floats(x):
    """Return x as an array of floats, of its own precision if it has one; float16 is too coarse for squares."""
    x = np.asarray(x)
    if x.dtype == np.float16:
        raise ValueError("x is float16, in which 1e-8 is 0 and the square of 1e-4, too: give float32 or float64")
    if x.dtype.kind not in "fiub":
        raise ValueError(f"{shown(x)}: give an array of numbers")
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def as_dtype(dtype, part):
    """Return an array in the dtype asked for, and a number, such as the step counter, as it is."""
    return part if is_number(part) else part.astype(dtype, copy=False)


def is_number(part):
    """Is this part of a state a number for all coordinates, such as the step counter?"""
    return isinstance(part, (Number, np.number))


def zeros(x):
    """Return zeros of the shape and the precision of x."""
    return np.zeros_like(floats(x))
