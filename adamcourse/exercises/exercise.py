"""What an exercise is, and how an answer is run and judged.

An exercise is data: a function's signature, streams of gradients to run it on, a reference, and known mistakes as
runnable wrong answers. The streams are chosen so that every known mistake differs from the reference: two shapes, four
or more steps, a change of sign, a coordinate near 1e-8, one that is zero, a large one, and hyper-parameters that are
not the defaults.
"""

import inspect
import textwrap
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people give: a name, the answer itself, and one or two sentences that explain it."""

    name: str
    answer: Callable
    why: str


@dataclass(frozen=True)
class Stream:
    """One run of a step function: a start, gradients, one for each step, and hyper-parameters by name."""

    x: tuple
    gradients: tuple
    hyper: dict


@dataclass(frozen=True)
class Exercise:
    """A step function to write: f(x, gradient, *state, [t], *hyper) -> x, *state (or x alone without a state).

    Arguments
    ---------
    reference : the right answer; its name is the exercise's, its source the solution.
    state : names of the arrays that are handed from step to step; they begin as zeros.
    counted : whether f takes the step number t, from 1, after the state.
    streams : a tuple of Stream.
    mistakes : a tuple of Mistake.
    hints : three, each saying more than the one before.
    praise : what the right answer now lets you do.
    """

    reference: Callable
    streams: tuple
    mistakes: tuple
    hints: tuple
    praise: str
    state: tuple = ()
    counted: bool = False

    @property
    def name(self):
        return self.reference.__name__

    @property
    def source(self):
        return textwrap.dedent(inspect.getsource(self.reference)).rstrip()

    @property
    def outputs(self):
        return ("x", *self.state)

    @property
    def has_eps(self):
        return any("eps" in stream.hyper for stream in self.streams)

    @property
    def returned(self):
        return ", ".join(self.outputs)


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


class Unfit(Exception):
    """An answer that cannot be compared with the reference; it carries the verdict."""

    def __init__(self, kind, text):
        self.verdict = Verdict(kind, text)


def judge(f, exercise):
    """Return the Verdict on an answer."""
    try:
        answer = run(f, exercise)
    except Unfit as unfit:
        return unfit.verdict
    right = run(exercise.reference, exercise)
    if _same(answer, right):
        return Verdict("right", f"Right. {exercise.praise}")
    for mistake in exercise.mistakes:
        if _same(answer, run(mistake.answer, exercise)):
            return Verdict("known mistake", f"Not yet: {mistake.name}. {mistake.why}")
    return Verdict("different", _first_difference(answer, right, exercise))


def run(f, exercise):
    """Return what f returns at each step of each stream, a list of lists of tuples of arrays, or raise Unfit."""
    with np.errstate(all="ignore"):  # a wrong answer may divide by zero; the comparison shows it
        return [_run_stream(f, exercise, stream) for stream in exercise.streams]


def _run_stream(f, exercise, stream):
    x = np.array(stream.x)
    values = (x, *(np.zeros_like(x) for _ in exercise.state))
    results = []
    for t, gradient in enumerate(stream.gradients, 1):
        x, *state = values
        arguments = [x, np.array(gradient), *state, *([t] if exercise.counted else []), *stream.hyper.values()]
        values = _call(f, exercise, arguments, t)
        results.append(values)
    return results


def _call(f, exercise, arguments, t):
    """Call f once, and return its results as arrays of the shape of x, or raise Unfit."""
    copies = [np.copy(argument) for argument in arguments]
    try:
        returned = f(*arguments)
    except Exception as error:
        raise Unfit("crash", _crash(error, t)) from None
    if returned is None or returned is ...:
        raise Unfit(
            "not attempted",
            f"Not attempted yet: {exercise.name} returns nothing so far. Does it end with return {exercise.returned}?",
        )
    for name, before, after in zip(inspect.signature(exercise.reference).parameters, copies, arguments, strict=True):
        if not np.array_equal(before, after, equal_nan=True):
            raise Unfit(
                "mutated inputs",
                f"Not yet: your function changes its argument {name}, which the caller still needs. Do not use "
                f"+=, -=, *= or {name}[...] = on it; write new = {name} + ... and go on with that.",
            )
    return _fitting(returned, exercise, copies[0].shape)


def _fitting(returned, exercise, shape):
    """Return the results as float arrays, copied so that a later step cannot change them, or raise Unfit."""
    parts = (returned,) if len(exercise.outputs) == 1 and not isinstance(returned, tuple) else returned
    if not isinstance(parts, (tuple, list)) or len(parts) != len(exercise.outputs):
        count = f"{len(parts)} things" if isinstance(parts, (tuple, list)) else f"one {type(parts).__name__}"
        order = f"{exercise.returned}, in this order" if exercise.state else "x alone"
        raise Unfit("wrong shape", f"Not yet: return {order}; yours returns {count}.")
    for name, part in zip(exercise.outputs, parts, strict=True):
        if not isinstance(part, (np.ndarray, np.number, float, int)):
            raise Unfit("wrong shape", f"Not yet: {name} must be an array, yours is of type {type(part).__name__}.")
        if np.asarray(part).dtype.kind not in "fiu":
            raise Unfit("wrong shape", f"Not yet: {name} must hold real numbers, yours holds {part.dtype}.")
        if np.shape(part) != shape:
            raise Unfit("wrong shape", f"Not yet: {name} must have shape {shape}, yours has shape {np.shape(part)}.")
    return tuple(np.array(part) for part in parts)


def _same(ours, theirs):
    """Are two runs equal up to rounding, in every step, coordinate and quantity?"""
    pairs = zip(_flat(ours), _flat(theirs), strict=True)
    return all(np.allclose(a, b, rtol=_tolerance(a), atol=0, equal_nan=True) for a, b in pairs)


def _flat(results):
    return [part for stream in results for step in stream for part in step]


def _tolerance(array):
    return 1e-3 if array.dtype == np.float32 else 1e-9  # float32 keeps seven digits, and a difference loses some


def _first_difference(answer, right, exercise):
    """Say where an answer first differs from the right one, and on which numbers, so that it can be done by hand."""
    for stream, ours, theirs in zip(exercise.streams, answer, right, strict=True):
        for t, (step, expected_step) in enumerate(zip(ours, theirs, strict=True), 1):
            for i in [*range(1, len(step)), 0]:  # the state first: a wrong state is the cause of a wrong x
                close = np.isclose(step[i], expected_step[i], rtol=_tolerance(step[i]), atol=0, equal_nan=True)
                if not close.all():
                    where = tuple(int(j) for j in np.argwhere(~close)[0])
                    got, expected = step[i][where], expected_step[i][where]
                    given = _given(exercise, stream, theirs, t, where)
                    return (
                        f"Not yet. At step {t}, for {given}, {exercise.outputs[i]} should be "
                        f"{_apart(expected, got)}.{_remark(expected, got, exercise)}"
                    )
    raise AssertionError("no difference")  # judge has found one


def _given(exercise, stream, right, t, where):
    """Return in words what f was called with at step t, at one coordinate."""
    zeros = [np.zeros_like(np.array(stream.x))] * len(exercise.state)
    x, *state = right[t - 2] if t > 1 else (np.array(stream.x), *zeros)
    arrays = [x, np.array(stream.gradients[t - 1]), *state]
    numbers = [array[where] for array in arrays] + ([t] if exercise.counted else []) + list(stream.hyper.values())
    names = inspect.signature(exercise.reference).parameters
    return ", ".join(f"{name} = {number:.4g}" for name, number in zip(names, numbers, strict=True))


def _remark(expected, got, exercise):
    """Return a sentence about a difference that is typical of ε, or nothing."""
    tiny = abs(got - expected) < 1e-6 * max(abs(expected), 1)
    return " So small a difference comes from eps: look at where it stands." if tiny and exercise.has_eps else ""


def _apart(expected, got):
    """Return two numbers in words, with as many digits as it takes to tell them apart."""
    for digits in (4, 6, 9, 12, 17):
        a, b = f"{expected:.{digits}g}", f"{got:.{digits}g}"
        if a != b:
            break
    return f"{a}; yours is {b}"


def _crash(error, t):
    """Return what happened in the learner's own lines, without those of the course."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    if isinstance(error, TypeError) and not frames:
        return f"Not yet: the function cannot be called with the arguments of the exercise: {error}."
    lines = [f"  line {frame.lineno}: {frame.line}" for frame in frames if "site-packages" not in frame.filename]
    said = f"{type(error).__name__}: {error}"
    if "bitwise_xor" in said:
        said += ". (A power is written ** in Python.)"
    return "\n".join([f"Not yet: your function stops at step {t} with an error.", *lines, f"  {said}"])
