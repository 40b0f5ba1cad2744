"""What all optimizers share: hyper-parameters that are checked, and an update that checks its arguments."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields

import numpy as np

_RANGES = {
    "lr": ("0 or more", lambda value: value >= 0),
    "beta": ("from 0 up to but not including 1", lambda value: (value >= 0) & (value < 1)),
    "beta1": ("from 0 up to but not including 1", lambda value: (value >= 0) & (value < 1)),
    "beta2": ("from 0 up to but not including 1", lambda value: (value >= 0) & (value < 1)),
    "rho": ("from 0 up to but not including 1", lambda value: (value >= 0) & (value < 1)),
    "eps": ("0 or more", lambda value: value >= 0),
    "initial_accumulator": ("0 or more", lambda value: value >= 0),
    "weight_decay": ("0 or more", lambda value: value >= 0),
    "threshold": ("4 or more", lambda value: value >= 4),
    "tolerance": ("0 or more", lambda value: value >= 0),
    "dampening": ("from 0 to 1", lambda value: (value >= 0) & (value <= 1)),
    "psi": ("0 or more", lambda value: value >= 0),
    "eps_root": ("0 or more", lambda value: value >= 0),
}


def _hyperparameter(name, value):
    """Return value as a float, or as an array that cannot be changed, or raise ValueError."""
    allowed, holds = _RANGES.get(name, ("finite", lambda value: True))
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} = {value!r}: {name} must be a number, {allowed}") from None
    if not np.all(np.isfinite(array) & holds(array)):
        raise ValueError(f"{name} = {value!r}: {name} must be {allowed}")
    array.flags.writeable = False
    return array if array.ndim else float(array)  # a plain float lets float32 stay float32


@dataclass(frozen=True)
class Optimizer(ABC):
    """What all optimizers share: hyper-parameters that are checked, and an `update` that checks its arguments."""

    elementwise = True  # the step of a coordinate depends on no other one, so a long vector may come in pieces

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is not bool:
                object.__setattr__(self, field.name, _hyperparameter(field.name, value))
            elif not isinstance(value, (bool, np.bool_)):
                raise ValueError(f"{field.name} = {value!r}: {field.name} must be True or False")

    @property
    def shape(self):
        """The shape that the hyper-parameters have together: () for plain numbers."""
        return np.broadcast_shapes(*(np.shape(getattr(self, field.name)) for field in fields(self)))

    @abstractmethod
    def start(self, x):
        """Return the state before the first step."""

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

        Raises ValueError when the gradient, the state or the hyper-parameters do not fit the shape of x.
        """
        x = floats(x)
        g = np.asarray(gradient, dtype=x.dtype)
        if g.shape != x.shape:
            raise ValueError(f"gradient has shape {g.shape}, x has shape {x.shape}: they must be the same")
        for part in state:
            if not is_number(part) and part.shape != x.shape:
                raise ValueError(f"state belongs to an x of shape {part.shape}, this one has {x.shape}: use start(x)")
        following, state = self.step(x, g, state)
        if following.shape != x.shape:
            raise ValueError(f"hyper-parameters of shape {self.shape} do not fit x of shape {x.shape}")
        if following.dtype != x.dtype:  # arrays of hyper-parameters are float64 and must not widen x
            following, state = as_dtype(x.dtype, following), type(state)(*(as_dtype(x.dtype, part) for part in state))
        return following, state


def floats(x):
    """Return x as an array of floats, of its own precision if it has one; float16 is too coarse for squares."""
    x = np.asarray(x)
    if x.dtype == np.float16:
        raise ValueError("x is float16, in which 1e-8 is 0 and the square of 1e-4, too: give float32 or float64")
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def as_dtype(dtype, part):
    """Return an array in the dtype asked for, and a number, such as the step counter, as it is."""
    return part if is_number(part) else part.astype(dtype, copy=False)


def is_number(part):
    """Is this part of a state a number for all coordinates, such as the step counter?"""
    return isinstance(part, (int, float))


def zeros(x):
    """Return zeros of the shape and the precision of x."""
    return np.zeros_like(floats(x))
