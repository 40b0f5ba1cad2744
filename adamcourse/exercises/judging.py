"""The verdict on an answer: right, or what is wrong with it and where it shows first."""

import inspect
from dataclasses import replace
from functools import partial

import numpy as np

from adamcourse.exercises.answers import InvalidAnswer, Verdict, results
from adamcourse.exercises.cases import Call
from adamcourse.exercises.comparing import alike, close
from adamcourse.exercises.diagnosis import diagnosed, diagnosed_by_outputs, results_of
from adamcourse.exercises.exercise import full
from adamcourse.exercises.running import Ended, Overtime, run_safely

PATIENCE = 5.0  # seconds that an answer may take
NOTHING = {"eps": 0.0, "weight_decay": 0.0, "beta": 0.0, "beta1": 0.0, "beta2": 0.0, "rho": 0.0, "t": 10**6}


def judge(f, exercise):
    """Return the Verdict on an answer."""
    own, exercise = exercise, full(exercise)
    answer = _misordered(f, exercise) or _outcome(f, exercise)
    if isinstance(answer, Verdict):
        return answer
    right = results_of(exercise)
    if alike(answer, right, exercise):
        return Verdict("right", f"Right. {exercise.praise}")
    n = len(own.cases)
    where = _first_difference(answer[-n:], right[-n:], own) or _first_difference(answer, right, exercise)
    found = diagnosed(answer, exercise)
    if found:
        return Verdict("known mistake", f"{_in_words(found)} {where}")
    by_outputs = diagnosed_by_outputs(answer, exercise)
    if by_outputs:
        return Verdict("known mistake", f"{_by_outputs_in_words(by_outputs)} {where}")
    if _shapes(answer) != _shapes(right):
        return Verdict("wrong shape", f"Not yet: {where}")
    place = _where_right(f, answer, right, exercise)
    return Verdict("located" if place else "different", " ".join(["Not yet.", *place, where]))


def _shapes(run):
    return [[part.shape for part in parts] for parts in run]


def _misordered(f, exercise):
    """Return the verdict on a function with the right arguments in another order, or None."""
    try:
        names = tuple(inspect.signature(f).parameters)
    except (TypeError, ValueError):
        return None
    if names == exercise.parameters or sorted(names) != sorted(exercise.parameters):
        return None
    return Verdict(
        "known mistake",
        f"Not yet: the arguments stand in another order. The exercise calls {exercise.name}"
        f"({', '.join(exercise.parameters)}), and yours is {exercise.name}({', '.join(names)}).",
    )


def _outcome(f, exercise):
    """Return what f returns in each case, or the verdict that this cannot be compared."""
    try:
        return run_safely(partial(_results_or_verdict, f, exercise), PATIENCE)
    except Overtime:
        return Verdict(
            "timed out",
            f"Not yet: your function was still running after {PATIENCE:g} seconds, so it was stopped. Is there a loop "
            "in it that never ends?",
        )
    except Ended:
        return Verdict("crash", "Not yet: your function has ended Python itself, so it could not return anything.")


def _results_or_verdict(f, exercise):
    try:
        return results(f, exercise)
    except InvalidAnswer as unfit:
        return unfit.verdict


def _in_words(found):
    """Return what was found as the beginning of a verdict."""
    if len(found) > 1:
        return f"Not yet: either {found[0][0].said}, or {found[1][0].said}."
    why = "".join(f" {change.why}" for change in found[0] if change.why)
    if len(found[0]) > 1:
        return f"Not yet. Two things at once give your numbers: {found[0][0].said}; and {found[0][1].said}.{why}"
    return f"Not yet: {found[0][0].said}.{why}"


def _by_outputs_in_words(found):
    """Return what was found of single outputs as the beginning of a verdict, at most two reasons."""
    names = {}
    for name, change in found.items():
        names.setdefault(change.said, []).append(name)
    said = [
        f"your {' and '.join(of)} {'come' if len(of) > 1 else 'comes'} out so if {reason}"
        for reason, of in names.items()
    ]
    return f"Not yet: {'; and '.join(said[:2])}."


def _where_right(f, answer, right, exercise):
    """Return sentences that say which outputs are right, and with which argument as good as away all are."""
    good = [i for i in range(len(exercise.outputs)) if alike(answer, right, exercise, [i])]
    said = [f"Your {' and '.join(exercise.outputs[i] for i in good)} {'are' if len(good) > 1 else 'is'} right."] * bool(
        good
    )
    for name, value in NOTHING.items():
        if name in exercise.parameters:
            without = replace(exercise, cases=tuple(Call(case.arguments | {name: value}) for case in exercise.cases))
            ours, theirs = _outcome(f, without), results_of(without)
            if theirs and not isinstance(ours, Verdict) and alike(ours, theirs, without):
                return [*said, f"With {name} = {value:,g} your function is right: look at where {name} stands."]
    return said


def _first_difference(answer, right, exercise):
    """Say where an answer first differs from the right one, and on which numbers, if it does."""
    for case, ours, theirs in zip(exercise.cases, answer, right, strict=True):
        for i in [*range(1, len(ours)), 0]:  # the state first: a wrong state is the cause of a wrong x
            name = exercise.outputs[i]
            if ours[i].shape != theirs[i].shape:
                what = f"have shape {theirs[i].shape}" if theirs[i].shape else "be a single number"
                return f"{name} must {what}, yours has shape {ours[i].shape}."
            same = close(ours[i], theirs[i], case.arguments.get(name))
            if not same.all():
                where = tuple(int(j) for j in np.argwhere(~same)[0])
                alone = _by_itself(case, where, theirs, exercise)
                place = f" at {list(where)}" if where and not alone else ""
                apart = _apart(theirs[i][where], ours[i][where])
                return f"{_given(case, where, alone)}, {name}{place} should be {apart}."
    return ""


def _by_itself(case, where, right, exercise):
    """Is each coordinate computed by itself? Then all arrays have one shape, and this one alone gives the same."""
    arrays = {name: np.array(value) for name, value in case.arguments.items() if np.ndim(value) > 0}
    if any(map(callable, case.arguments.values())) or len({np.shape(part) for part in (*arrays.values(), *right)}) > 1:
        return False
    one = Call(case.arguments | {name: array[where][None] for name, array in arrays.items()})
    alone = results_of(replace(exercise, cases=(one,)))
    return bool(alone) and all(np.allclose(part, whole[where]) for part, whole in zip(alone[0], right, strict=True))


def _given(case, where, alone):
    """Return the arguments of a call in words: of arrays, the coordinate in question where it is alone enough."""
    return "For " + ", ".join(
        f"{name} = {value if np.ndim(value) == 0 else np.array(value)[where]:.4g}"
        if np.ndim(value) == 0 or alone
        else f"{name} = {np.array2string(np.array(value), precision=4, separator=', ', threshold=12)}"
        for name, value in case.arguments.items()
        if not callable(value)
    )


def _apart(expected, got):
    """Return two numbers in words, with as many digits as it takes to tell them apart."""
    for digits in (4, 6, 9, 12, 17):
        a, b = f"{expected + 0.0:.{digits}g}", f"{got + 0.0:.{digits}g}"  # -0 is 0
        if a != b:
            break
    return f"{a}; yours is {b}"
