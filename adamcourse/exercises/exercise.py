"""What an exercise is, and how an answer is run and judged.

An exercise is data: a function's signature, cases to run it on, a reference, and known mistakes as runnable wrong
answers. A case is a single call, or a stream of gradients for a step function. The cases are chosen so that every known
mistake differs from the reference: two shapes, four or more steps, a change of sign, a coordinate near 1e-8, one that
is zero, a large one, and hyperparameters that are not the defaults.
"""

import inspect
import sys
import textwrap
import time
import traceback
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

PATIENCE = 5.0  # seconds that an answer may take


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people give: a name, the answer itself, and one or two sentences that explain it."""

    name: str
    answer: Callable
    why: str


@dataclass(frozen=True)
class Call:
    """One call of a function: its arguments by name, in order; tuples become arrays, functions stay as they are."""

    arguments: dict


@dataclass(frozen=True)
class Stream:
    """One run of a step function: a start, gradients, one for each step, and hyperparameters by name."""

    x: tuple
    gradients: tuple
    hyper: dict


@dataclass(frozen=True)
class Exercise:
    """A function to write: its arguments are those of a Call, or (x, gradient, *state, [t], *hyper) for a Stream.

    Arguments
    ---------
    reference : the right answer; its name is the exercise's, its source the solution.
    cases : a tuple of Call or of Stream.
    mistakes : a tuple of Mistake.
    hints : three, each saying more than the one before.
    praise : what the right answer now lets you do.
    outputs : names of what f returns, in order. In a Stream the first is x, and the others are its state: arrays that
        begin as zeros and are handed from step to step. Default ("x",).
    counted : whether f takes the step number t, from 1, after the state; default False.
    """

    reference: Callable
    cases: tuple
    mistakes: tuple
    hints: tuple
    praise: str
    outputs: tuple = ("x",)
    counted: bool = False

    @property
    def name(self):
        return self.reference.__name__

    @property
    def source(self):
        return textwrap.dedent(inspect.getsource(self.reference)).rstrip()

    @property
    def parameters(self):
        return tuple(inspect.signature(self.reference).parameters)

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


class InvalidAnswer(Exception):
    """An answer that cannot be compared with the reference; it carries the verdict."""

    def __init__(self, kind, text):
        self.verdict = Verdict(kind, text)


class Overtime(BaseException):
    """An answer has taken longer than it may; no `except Exception` of the learner's holds it up."""


def judge(f, exercise):
    """Return the Verdict on an answer."""
    right = run(exercise.reference, exercise)
    try:
        with time_limit(PATIENCE):
            answer = run(f, exercise, right)
    except InvalidAnswer as unfit:
        return unfit.verdict
    except Overtime:
        return Verdict(
            "timed out",
            f"Not yet: your function was still running after {PATIENCE:g} seconds, so it was stopped. Is there a loop "
            "in it that never ends?",
        )
    if _same(answer, right):
        return Verdict("right", f"Right. {exercise.praise}")
    for mistake in exercise.mistakes:
        if _same(answer, run(mistake.answer, exercise)):
            return Verdict("known mistake", f"Not yet: {mistake.name}. {mistake.why}")
    return Verdict("different", _first_difference(answer, right, exercise))


@contextmanager
def time_limit(seconds):
    """Raise Overtime in Python code that takes longer than so many seconds.

    The interpreter looks at the clock before each line. So it works on every system, in a browser and in any thread,
    needs no signal, and leaves the kernel as it was. A single call into C that takes long is not stopped.
    """
    deadline, before = time.monotonic() + seconds, sys.gettrace()

    def look(frame, event, argument):
        if time.monotonic() > deadline:
            raise Overtime
        return look

    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)


def run(f, exercise, right=None):
    """Return what f returns in each case, a list of lists of tuples of arrays, or raise InvalidAnswer.

    Arguments
    ---------
    f : an answer.
    exercise : the Exercise it answers.
    right : what the reference returns; with it the shapes are compared. Default None.
    """
    with np.errstate(all="ignore"):  # a wrong answer may divide by zero; the comparison shows it
        return [_run_case(f, exercise, case, i == 0, right and right[i]) for i, case in enumerate(exercise.cases)]


def _run_case(f, exercise, case, first, right):
    results = []
    for t in range(1, steps_of(case) + 1):
        arguments = _arguments(exercise, case, t, results[-1] if results else None)
        results.append(_call(f, exercise, arguments, t, first and t == 1, right and right[t - 1]))
    return results


def steps_of(case):
    """Return how often f is called in a case."""
    return len(case.gradients) if isinstance(case, Stream) else 1


def _arguments(exercise, case, t, before):
    """Return the arguments of call t, a list: before is what the last call returned."""
    if isinstance(case, Call):
        return [
            value if callable(value) or np.ndim(value) == 0 else np.array(value) for value in case.arguments.values()
        ]
    start = np.array(case.x)
    x, *state = before or (start, *(np.zeros_like(start) for _ in exercise.outputs[1:]))
    return [x, np.array(case.gradients[t - 1]), *state, *([t] if exercise.counted else []), *case.hyper.values()]


def _call(f, exercise, arguments, t, first, right):
    """Call f once, and return its results as arrays, of the shapes of the right ones if these are given, or raise."""
    copies = [np.copy(argument) for argument in arguments]
    try:
        returned = f(*arguments)
    except Exception as error:
        raise InvalidAnswer("crash", _crash(error, t, _functions(exercise, arguments))) from None
    if (returned is None or returned is ...) and not first:
        raise InvalidAnswer(
            "wrong shape", "Not yet: your function returns nothing in some cases. Does each way end with a return?"
        )
    if returned is None or returned is ...:
        raise InvalidAnswer(
            "not attempted",
            f"Not attempted yet: {exercise.name} returns nothing so far. Does it end with return {exercise.returned}?",
        )
    for name, before, after in zip(exercise.parameters, copies, arguments, strict=True):
        if not callable(after) and not np.array_equal(before, after, equal_nan=True):
            raise InvalidAnswer(
                "mutated inputs",
                f"Not yet: your function changes its argument {name}, which the caller still needs. Do not use "
                f"+=, -=, *= or {name}[...] = on it; write new = {name} + ... and go on with that.",
            )
    return _fitting(returned, exercise, right)


def _fitting(returned, exercise, right):
    """Return the results as float arrays, copied so that a later step cannot change them, or raise InvalidAnswer."""
    parts = (returned,) if len(exercise.outputs) == 1 and not isinstance(returned, tuple) else returned
    if not isinstance(parts, (tuple, list)) or len(parts) != len(exercise.outputs):
        count = f"{len(parts)} things" if isinstance(parts, (tuple, list)) else f"one {type(parts).__name__}"
        order = f"{exercise.returned}, in this order" if len(exercise.outputs) > 1 else f"{exercise.returned} alone"
        raise InvalidAnswer("wrong shape", f"Not yet: return {order}; yours returns {count}.")
    for i, (name, part) in enumerate(zip(exercise.outputs, parts, strict=True)):
        kind = np.asarray(part).dtype if isinstance(part, (np.ndarray, np.number, float, int)) else None
        if kind is None:
            what = "a number" if right and not right[i].shape else "an array"
            raise InvalidAnswer(
                "wrong shape", f"Not yet: {name} must be {what}, yours is of type {type(part).__name__}."
            )
        if kind.kind not in "fiu":
            raise InvalidAnswer("wrong shape", f"Not yet: {name} must hold real numbers, yours holds {kind}.")
        if right and np.shape(part) != (shape := right[i].shape):
            what = f"have shape {shape}" if shape else "be a single number"
            raise InvalidAnswer("wrong shape", f"Not yet: {name} must {what}, yours has shape {np.shape(part)}.")
    return tuple(np.array(part) for part in parts)


def _same(ours, theirs):
    """Are two runs equal up to rounding, in every step, coordinate and quantity?"""
    pairs = zip(_flat(ours), _flat(theirs), strict=True)
    return all(a.shape == b.shape and _close(a, b).all() for a, b in pairs)


def _close(ours, theirs):
    tolerance = 1e-3 if ours.dtype == np.float32 else 1e-9  # float32 keeps seven digits, and a difference loses some
    return np.isclose(ours, theirs, rtol=tolerance, atol=0, equal_nan=True)


def _flat(results):
    return [part for case in results for step in case for part in step]


def _first_difference(answer, right, exercise):
    """Say where an answer first differs from the right one, and on which numbers, so that it can be done by hand."""
    for case, ours, theirs in zip(exercise.cases, answer, right, strict=True):
        for t, (step, expected_step) in enumerate(zip(ours, theirs, strict=True), 1):
            for i in [*range(1, len(step)), 0]:  # the state first: a wrong state is the cause of a wrong x
                close = _close(step[i], expected_step[i])
                if not close.all():
                    where = tuple(int(j) for j in np.argwhere(~close)[0])
                    return _difference(exercise, case, theirs, t, i, where, expected_step[i][where], step[i][where])
    raise AssertionError("no difference")  # judge has found one


def _difference(exercise, case, right, t, i, where, expected, got):
    """Say what output i should be at one place, and what it is."""
    arguments = _arguments(exercise, case, t, right[t - 2] if t > 1 else None)
    step = isinstance(case, Stream)
    given = [
        f"{name} = {value[where] if step and np.ndim(value) else value:.4g}"
        if np.ndim(value) == 0 or step
        else f"{name} = {np.array2string(value, precision=4, separator=', ', threshold=12)}"
        for name, value in zip(exercise.parameters, arguments, strict=True)
        if not callable(value)
    ]
    at = f" at {list(where)}" if where and not step else ""
    when = f"At step {t}, for" if step else "For"
    return (
        f"Not yet. {when} {', '.join(given)}, {exercise.outputs[i]}{at} should be "
        f"{_apart(expected, got)}.{_remark(expected, got, exercise) if i == 0 else ''}"
    )


def _remark(expected, got, exercise):
    """Return a sentence about a difference that is typical of ε, or nothing."""
    tiny = abs(got - expected) < 1e-6 * max(abs(expected), 1)
    return (
        " So small a difference comes from eps: look at where it stands."
        if tiny and "eps" in exercise.parameters and isinstance(exercise.cases[0], Stream)
        else ""
    )


def _apart(expected, got):
    """Return two numbers in words, with as many digits as it takes to tell them apart."""
    for digits in (4, 6, 9, 12, 17):
        a, b = f"{expected:.{digits}g}", f"{got:.{digits}g}"
        if a != b:
            break
    return f"{a}; yours is {b}"


def _functions(exercise, arguments):
    """Return the names of those arguments that are functions."""
    return [name for name, value in zip(exercise.parameters, arguments, strict=True) if callable(value)]


def _crash(error, t, functions=()):
    """Return what happened in the learner's own lines, without those of the course."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    if isinstance(error, TypeError) and not frames:
        return f"Not yet: the function cannot be called with the arguments of the exercise: {error}."
    lines = [f"  line {frame.lineno}: {frame.line}" for frame in frames if "site-packages" not in frame.filename]
    said = f"{type(error).__name__}: {error}"
    if "bitwise_xor" in said:
        said += ". (A power is written ** in Python.)"
    if isinstance(error, TypeError) and "'function'" in said:
        said += f". ({functions[0]} is a function: call it, as in {functions[0]}(x).)" if functions else ""
    return "\n".join([f"Not yet: your function stops at step {t} with an error.", *lines[-3:], f"  {said}"])
