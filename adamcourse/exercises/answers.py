"""What an answer returns in each case, as arrays, or the verdict that it cannot be compared."""

import difflib
import textwrap
import warnings
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from adamcourse.exercises.running import Overtime
from adamcourse.places import learners_frames


@dataclass(frozen=True)
class Verdict:
    """What `check` says of an answer: its kind, in a word or two, and the whole text."""

    kind: str
    text: str

    @property
    def right(self):
        return self.kind == "right"

    def __str__(self):
        return textwrap.fill(self.text, 96) if "\n" not in self.text else self.text

    def _ipython_display_(self):
        """Show nothing at the end of a cell: `check` has printed the text."""


class InvalidAnswer(Exception):
    """An answer that cannot be compared with the reference; it carries the verdict."""

    def __init__(self, kind, text):
        self.verdict = Verdict(kind, text)


def results(f, exercise):
    """Return what f returns in each case, a list of tuples of arrays, or raise InvalidAnswer."""
    with quietly():
        found = [_call(f, exercise, case.given()) for case in exercise.cases]
    if all(parts is None for parts in found):
        new = "and the new " if exercise.returned in exercise.parameters else ""  # return x gives the old one back
        end = f"Does it end with return {new}{exercise.returned}?"
        raise InvalidAnswer("not attempted", f"Not attempted yet: {exercise.name} returns nothing so far. {end}")
    if any(parts is None for parts in found):
        said = "Not yet: your function returns nothing in some cases. Does each way end with a return?"
        raise InvalidAnswer("wrong shape", said)
    return found


@contextmanager
def quietly():
    """Warn of nothing: a wrong answer may divide by zero, or take the mean of nothing; the comparison shows it."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _call(f, exercise, arguments):
    """Call f once, and return its results as arrays, or None if there are none, or raise InvalidAnswer."""
    copies = [np.copy(argument) for argument in arguments]
    try:
        returned = f(*arguments)
    except Overtime:
        raise
    except BaseException as error:
        raise InvalidAnswer("crash", _crash(error, exercise, arguments)) from None
    if returned is None or returned is ...:
        return None
    for name, before, after in zip(exercise.parameters, copies, arguments, strict=True):
        if not callable(after) and not np.array_equal(before, after, equal_nan=True):
            raise InvalidAnswer(
                "mutated inputs",
                f"Not yet: your function changes its argument {name}, which the caller still needs. Do not use "
                f"+=, -=, *= or {name}[...] = on it; write new = {name} + ... and go on with that.",
            )
    return arrays(returned, exercise)


def arrays(returned, exercise):
    """Return the results as real arrays, copied so that a later call cannot change them, or raise InvalidAnswer."""
    count = len(exercise.outputs)
    if count == 1:
        if isinstance(returned, tuple) and len(returned) == 1:
            raise InvalidAnswer("wrong shape", "Not yet: the comma at the end of your return makes a tuple of it.")
        parts = (returned,) if not isinstance(returned, tuple) or _array(returned) is not None else returned
    else:
        parts = returned if isinstance(returned, (tuple, list)) or np.ndim(returned) > 0 else (returned,)
    if len(parts) != count:
        order = f"{exercise.returned}, in this order" if count > 1 else f"{exercise.returned} alone"
        what = f"{len(parts)} things" if isinstance(returned, (tuple, list)) else f"one {type(returned).__name__}"
        raise InvalidAnswer("wrong shape", f"Not yet: return {order}; yours returns {what}.")
    arrays = tuple(map(_array, parts))
    for name, part, array in zip(exercise.outputs, parts, arrays, strict=True):
        if array is None:
            kind = getattr(part, "dtype", None) or type(part).__name__
            raise InvalidAnswer("wrong shape", f"Not yet: {name} must hold real numbers, yours holds {kind}.")
    return arrays


def _array(part):
    """Return a copy as an array, or None if that is not one of real numbers."""
    try:
        array = np.array(part)
    except Exception:
        return None
    return array if array.dtype.kind in "fiu" else None


def _crash(error, exercise, arguments):
    """Return what happened in the learner's own lines, without those of the course."""
    frames = learners_frames(error)
    said = _words_of(error)
    if isinstance(error, TypeError) and not frames:
        return (
            f"Not yet: the function cannot be called with the arguments of the exercise, which are "
            f"({', '.join(exercise.parameters)}): {said}."
        )
    lines = [f"  line {frame.lineno}: {textwrap.shorten(frame.line or '', 90, placeholder=' ...')}" for frame in frames]
    advice = _advice(error, said, exercise, arguments)
    said = f"  {type(error).__name__}: {said}{f'. ({advice})' if advice else ''}"
    return "\n".join(["Not yet: your function stops with an error.", *lines[-3:], said])


def _words_of(error):
    try:
        return textwrap.shorten(str(error)[:1000], 300, placeholder=" ...")
    except Exception:
        return "its message cannot be shown"


def _advice(error, said, exercise, arguments):
    """Return what is to be done about an error that is often seen, or ""."""
    functions = [name for name, value in zip(exercise.parameters, arguments, strict=True) if callable(value)]
    if "bitwise_xor" in said or "for ^" in said:
        return "A power is written ** in Python."
    if isinstance(error, TypeError) and "'function'" in said and functions:
        return f"{functions[0]} is a function: call it, as in {functions[0]}(x)."
    if isinstance(error, NameError) and error.name:
        near = difflib.get_close_matches(error.name, exercise.parameters, 1)
        return f"Is {near[0]} meant?" if near else ""
    return ""
