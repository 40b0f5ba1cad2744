"""Fewer bits for each number: rounding to 16, master copies, a scaled loss, and 8 bits for the state.

The numbers stay float32 arrays that hold only what the smaller type can hold, so every optimizer works with them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from adamcourse.checks import valid_seed, whole_number
from adamcourse.optimizers.optimizer import floats, is_number, mapped
from adamcourse.optimizers.wrappers import Wrapper, as_inside

LOWER = np.uint32(0xFFFF)  # the bits of a float32 that bfloat16 does not have


def bfloat16(x):
    """Return x rounded to the nearest bfloat16, as float32: 8 bits of mantissa in place of 24, and the same range.

    Of two that are equally near, the even one is taken.

    Arguments
    ---------
    x : array of floats.

    Source: IEEE 754-2019, section 4.3.1; Kalamkar and others 2019 on training with it.

    >>> bfloat16(np.array([1.0, 1.001, 1.006])).tolist()  # the next number after 1 is 1.0078125
    [1.0, 1.0, 1.0078125]
    """
    x = np.array(x, np.float32)
    bits = x.view(np.uint32)
    rounded = bits + LOWER // 2 + (bits >> 16 & 1)
    return np.where(np.isfinite(x), (rounded & ~LOWER).view(np.float32), x)


def float16(x):
    """Return x rounded to the nearest float16, as float32: 11 bits of mantissa, nothing above 65,504 or below 6e-8.

    Arguments
    ---------
    x : array of floats.

    >>> float16(np.array([1.0, 1.0004, 1e-8, 70_000.0])).tolist()
    [1.0, 1.0, 0.0, inf]
    """
    with np.errstate(over="ignore"):
        return np.asarray(x, np.float32).astype(np.float16).astype(np.float32)


def bfloat16_at_random(x, rng):
    """Return x rounded to one of the two nearest bfloat16, as float32, so that the mean of many is x.

    The nearer one is the more probable: a number a tenth of the way up is rounded up once in ten times.

    Arguments
    ---------
    x : array of floats.
    rng : a numpy.random.Generator.

    Source: Gupta and others 2015, section 3.

    >>> rounded = bfloat16_at_random(np.full(100_000, 1.001), np.random.default_rng(0))
    >>> np.unique(rounded).tolist(), float(rounded.mean(dtype=np.float64).round(4))
    ([1.0, 1.0078125], 1.001)
    """
    x = np.array(x, np.float32)
    rounded = x.view(np.uint32) + rng.integers(0, 1 << 16, x.shape, np.uint32)
    return np.where(np.isfinite(x), (rounded & ~LOWER).view(np.float32), x)


def _check_rounding(rounding):
    """Raise ValueError when a rounding is no function."""
    if not callable(rounding):
        raise ValueError(f"rounding = {rounding!r}: give a function, such as bfloat16")


class StoredState(NamedTuple):
    """The state of an optimizer with stored weights: that of the one inside, and the number t of steps."""

    inner: tuple
    t: int


@dataclass(frozen=True)
class Stored(Wrapper):
    """An optimizer whose x is rounded after each step, since it is stored with fewer bits. Nothing else is kept.

    Arguments
    ---------
    optimizer : any optimizer.
    rounding : a function such as bfloat16 (default), or bfloat16_at_random.
    seed : of a rounding at random, default 0.

    Raises ValueError when rounding is no function.
    Source: Zamirai and others 2020.

    >>> from adamcourse.optimizers import GradientDescent
    >>> walk, x = Stored(GradientDescent(lr=0.001)), np.array([1.0], np.float32)
    >>> walk.update(x, np.array([-1.0]), walk.start(x))[0]  # a step that is lost
    array([1.], dtype=float32)
    """

    rounding: Callable = bfloat16
    seed: int = 0

    def __post_init__(self):
        _check_rounding(self.rounding)
        valid_seed(self.seed)

    def start(self, x):
        """Return the state before the first step."""
        return StoredState(self.optimizer.start(x), 0)

    def update(self, x, gradient, state):
        """Return the next x and the next state."""
        x, inner = self.optimizer.update(x, gradient, state.inner)
        return self._rounded(x, state.t), StoredState(inner, state.t + 1)

    def _rounded(self, x, t):
        drawn = [np.random.default_rng([self.seed, t])] if self.rounding is bfloat16_at_random else []
        return self.rounding(x, *drawn).astype(x.dtype)


class MasterWeightsState(NamedTuple):
    """The state with master weights: that of the optimizer inside, and x before it was rounded."""

    inner: tuple
    master: np.ndarray


@dataclass(frozen=True)
class MasterWeights(Wrapper):
    """An optimizer that steps on a float32 copy of x, and hands out x rounded: so small steps add up.

    Arguments
    ---------
    optimizer : any optimizer.
    rounding : a function such as bfloat16 (default).

    Raises ValueError when rounding is no function.
    Source: Micikevicius and others 2018, section 3.1.

    >>> from adamcourse.optimizers import GradientDescent
    >>> walk, x = MasterWeights(GradientDescent(lr=0.001)), np.array([1.0], np.float32)
    >>> state = walk.start(x)
    >>> for _ in range(5):
    ...     x, state = walk.update(x, np.array([-1.0], np.float32), state)
    >>> x, state.master.round(4)
    (array([1.0078125], dtype=float32), array([1.005], dtype=float32))
    """

    rounding: Callable = bfloat16

    elementwise = property(as_inside)

    def __post_init__(self):
        _check_rounding(self.rounding)

    def start(self, x):
        """Return the state before the first step: the copy is x."""
        return MasterWeightsState(self.optimizer.start(x), np.array(x))

    def update(self, x, gradient, state):
        """Return the next x, rounded, and the next state."""
        master, inner = self.optimizer.update(state.master, gradient, state.inner)
        return self.rounding(master).astype(master.dtype), MasterWeightsState(inner, master)


class LossScaledState(NamedTuple):
    """The state with a scaled loss: that of the optimizer inside, the scale, steps since it changed, steps skipped."""

    inner: tuple
    scale: float
    good: int
    skipped: int


@dataclass(frozen=True)
class LossScaled(Wrapper):
    """An optimizer whose gradients come in float16, of a loss multiplied by a scale so that small ones are not lost.

    g16 = float16(scale g);  all finite: step along g16 / scale;  else no step, and the scale is halved
    after many steps without overflow it is doubled

    Arguments
    ---------
    optimizer : any optimizer.
    scale : the first scale, > 0, default 65,536.
    every : steps without overflow until the scale is doubled, 1 or more, default 2,000.

    Raises ValueError when scale is not above 0, or every is no whole number above 0.
    Convention: the defaults and the order of PyTorch's GradScaler.
    Source: Micikevicius and others 2018, section 3.2.

    >>> from adamcourse.optimizers import GradientDescent
    >>> walk, x = LossScaled(GradientDescent(lr=1.0), scale=1024.0), np.array([0.0], np.float32)
    >>> x, state = walk.update(x, np.array([-1e-8], np.float32), walk.start(x))  # float16 alone would make it 0
    >>> x, state = walk.update(x, np.array([100.0], np.float32), state)  # 102,400 is too large: no step
    >>> x.round(10), state.scale, state.skipped
    (array([1.e-08], dtype=float32), 512.0, 1)
    """

    scale: float = 65536.0
    every: int = 2000

    def __post_init__(self):
        if not self.scale > 0:
            raise ValueError(f"scale = {self.scale}: give a number above 0")
        whole_number("every", self.every, 1)

    def start(self, x):
        """Return the state before the first step."""
        return LossScaledState(self.optimizer.start(x), float(self.scale), 0, 0)

    def update(self, x, gradient, state):
        """Return the next x and the next state."""
        x, (inner, scale, good, skipped) = floats(x), state
        scaled = float16(np.asarray(gradient) * scale)
        if not np.isfinite(scaled).all():
            return x, LossScaledState(inner, scale / 2, 0, skipped + 1)
        x, inner = self.optimizer.update(x, (scaled / np.float32(scale)).astype(x.dtype), inner)
        grows = good + 1 == self.every
        return x, LossScaledState(inner, scale * (2 if grows else 1), 0 if grows else good + 1, skipped)


# --- 8 bits --------------------------------------------------------------------------------------------------------


class Packed(NamedTuple):
    """An array in 8 bits for each number: the places in a code, and the largest size in each block, float32."""

    codes: np.ndarray
    largest: np.ndarray


@lru_cache
def code(kind):
    """Return the 256 numbers from -1 to 1 that 8 bits can stand for, ascending.

    Arguments
    ---------
    kind : "linear", equally far apart; or "logarithmic", 0 and on both sides steps of equal ratio down to 1e-7.

    Raises ValueError when kind is another word.
    Source: Dettmers and others 2022, whose code is a finer mixture of the two.

    >>> code("linear")[-3:-1].round(3), code("logarithmic")[-3:-1].round(3)  # the last place is not used
    (array([0.992, 1.   ], dtype=float32), array([0.881, 1.   ], dtype=float32))
    """
    if kind not in ("linear", "logarithmic"):
        raise ValueError(f"kind = {kind!r}: give 'linear' or 'logarithmic'")
    up = np.arange(1, 128) / 127 if kind == "linear" else 10.0 ** (-7 * (1 - np.arange(1, 128) / 127))
    numbers = np.concatenate([-up[::-1], [0], up])
    return np.append(numbers, 1.0).astype(np.float32)  # 255 are used


def packed(array, kind, block):
    """Return an array of floats as Packed, block by block, each number as the nearest of the code."""
    flat = np.asarray(array, np.float32).ravel()
    largest = np.maximum.reduceat(np.abs(flat), np.arange(0, len(flat), block))
    scaled = flat / np.repeat(np.where(largest > 0, largest, 1), block)[: len(flat)]
    numbers = code(kind)
    above = np.searchsorted(numbers, scaled).clip(1, 254)
    nearest = above - (scaled - numbers[above - 1] < numbers[above] - scaled)
    return Packed(nearest.astype(np.uint8).reshape(np.shape(array)), largest)


def unpacked(part, kind, block):
    """Return the array of floats that is Packed."""
    sizes = np.repeat(part.largest, block)[: part.codes.size]
    return code(kind)[part.codes] * sizes.reshape(part.codes.shape)


@dataclass(frozen=True)
class EightBit(Wrapper):
    """An optimizer whose state is kept in 8 bits for each number, and a float32 for each block of numbers.

    Arguments
    ---------
    optimizer : any optimizer whose state holds arrays like x.
    kind : of the code, "logarithmic" (default) or "linear".
    block : numbers that share a scale, 1 or more, default 256.

    Raises ValueError when kind is another word, or block no whole number above 0.
    Source: Dettmers, Lewis, Shleifer and Zettlemoyer 2022.

    >>> from adamcourse.optimizers import Adam
    >>> small, x = EightBit(Adam()), np.zeros(1024, np.float32)
    >>> [part.nbytes for part in small.start(x).m]  # in place of 4,096
    [1024, 16]
    """

    kind: str = "logarithmic"
    block: int = 256

    def __post_init__(self):
        code(self.kind)
        whole_number("block", self.block, 1)

    def start(self, x):
        """Return the state before the first step, packed."""
        return self._packed(self.optimizer.start(x))

    def update(self, x, gradient, state):
        """Return the next x and the next state, packed."""
        whole = type(state)(*(self._unpacked(part, np.asarray(x).dtype) for part in state))
        x, state = self.optimizer.update(x, gradient, whole)
        return x, self._packed(state)

    def _packed(self, state):
        return mapped(lambda part: part if is_number(part) else packed(part, self.kind, self.block), state)

    def _unpacked(self, part, dtype):
        if isinstance(part, Packed):
            return unpacked(part, self.kind, self.block).astype(dtype)
        return type(part)(*(self._unpacked(inner, dtype) for inner in part)) if hasattr(part, "_asdict") else part
