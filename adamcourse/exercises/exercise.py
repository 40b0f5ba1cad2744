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
        raise Unfit("not attempted", f"Not attempted yet: {exercise.name} returns nothing so far.")
    for name, before, after in zip(inspect.signature(exercise.reference).parameters, copies, arguments, strict=True):
        if not np.array_equal(before, after, equal_nan=True):
            raise Unfit(
                "mutated inputs",
                f"Not yet: your function changes its argument {name} in place. The caller still needs it: "
                f"write {name} = {name} + ... in the place of {name} += ..., which makes a new array.",
            )
    return _fitting(returned, exercise, copies[0].shape)


def _fitting(returned, exercise, shape):
    """Return the results as float arrays, copied so that a later step cannot change them, or raise Unfit."""
    wanted = " , ".join(exercise.outputs).replace(" ,", ",")
    parts = (returned,) if len(exercise.outputs) == 1 else returned
    if not isinstance(parts, (tuple, list)) or len(parts) != len(exercise.outputs):
        raise Unfit("wrong shape", f"Not yet: the function must return {wanted}, in this order.")
    for name, part in zip(exercise.outputs, parts, strict=True):
        if np.shape(part) != shape or np.asarray(part).dtype.kind not in "fiu":
            found = f"of shape {np.shape(part)}" if np.asarray(part).dtype.kind in "fiu" else type(part).__name__
            raise Unfit("wrong shape", f"Not yet: {name} must be an array of shape {shape}, yours is {found}.")
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
    for number, (stream, expected_stream) in enumerate(zip(answer, right, strict=True), 1):
        for t, (step, expected_step) in enumerate(zip(stream, expected_stream, strict=True), 1):
            # the state first: a wrong state is the cause of a wrong x
            for i in [*range(1, len(step)), 0]:
                got, expected = np.atleast_1d(step[i]), np.atleast_1d(expected_step[i])
                close = np.isclose(got, expected, rtol=_tolerance(got), atol=0, equal_nan=True)
                if not close.all():
                    where = tuple(int(j) for j in np.argwhere(~close)[0])
                    place = where[0] if len(where) == 1 else where
                    return (
                        f"Not yet: {exercise.outputs[i]} first differs at step {t} of test {number}, "
                        f"coordinate {place}: expected {_apart(expected[where], got[where])}."
                    )
    raise AssertionError("no difference")  # judge has found one


def _apart(expected, got):
    """Return two numbers in words, with as many digits as it takes to tell them apart."""
    for digits in (4, 6, 9, 12, 17):
        a, b = f"{expected:.{digits}g}", f"{got:.{digits}g}"
        if a != b:
            break
    return f"{a}, got {b}"


def _crash(error, t):
    """Return what happened in the learner's own lines, without those of the course."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    if isinstance(error, TypeError) and not frames:
        return f"Not yet: the function cannot be called with the arguments of the exercise: {error}."
    lines = [f"  line {frame.lineno}: {frame.line}" for frame in frames if "site-packages" not in frame.filename]
    said = f"{type(error).__name__}: {error}"
    return "\n".join([f"Not yet: your function stops at step {t} with an error.", *lines, f"  {said}"])
