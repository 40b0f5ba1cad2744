"""Exercises that check themselves: `check(f)`, `hint(f)`, `solution(f)` and, in a class, `grade(f)`.

Each finds the exercise by f's name.

rules        what people do to a formula: a pattern, and what they write in its place
trees        a reference as a syntax tree: parts of it are replaced, and it is run
changes      the rules applied to a reference: its changes, each of which can be made
cases        the calls on which an answer is run
running      an answer is run where it can do no harm, and not for ever
exercise     what an exercise is
answers      what an answer returns in each case, or why that cannot be compared
comparing    are two answers the same, up to rounding?
diagnosis    which changes give an answer, alone or two at a time
judging      the verdict on an answer
lesson_NN    the exercises of each lesson, as data
questions    the questions of the quizzes, from data/quizzes.json
standing     what of a lesson is done
quizzes      questions on the page
"""

from contextlib import redirect_stderr
from difflib import get_close_matches
from importlib import import_module
from io import StringIO

from adamcourse import journal
from adamcourse.exercises.answers import Verdict
from adamcourse.exercises.judging import judge
from adamcourse.exercises.quizzes import quiz

LESSONS = [import_module(f"{__name__}.lesson_{number:02}") for number in range(19)]
EXERCISES = {exercise.name: exercise for lesson in LESSONS for exercise in lesson.EXERCISES}
_hints_given = {}
_told = set()


def check(f):
    """Judge an answer, say the verdict, and return it; `.right` is a bool and `.kind` a word. Never raises."""
    verdict = _verdict(f)
    print(verdict)
    exercise = _find(f)
    if exercise and verdict.kind != "not attempted":
        _tell_once(journal.note("exercise", exercise.name, verdict.right))
    return verdict


def _tell_once(complaint):
    """Print why progress cannot be noted, the first time."""
    if complaint and complaint not in _told:
        print(complaint)
        _told.add(complaint)


def grade(f):
    """Judge an answer as `check` does, but raise AssertionError with the verdict's text when it is not right."""
    with redirect_stderr(StringIO()):  # nbgrader gives no point for a cell that warns
        verdict = _verdict(f)
    if not verdict.right:
        raise AssertionError(str(verdict))
    print(verdict)
    return verdict


def hint(f):
    """Print the next of the three hints to an exercise, and from then on the last one."""
    exercise = _find(f)
    if exercise is None:
        print(_unknown(f))
        return
    given = _hints_given[exercise.name] = min(_hints_given.get(exercise.name, 0) + 1, len(exercise.hints))
    print(f"Hint {given} of {len(exercise.hints)}. {exercise.hints[given - 1]}")


def solution(f):
    """Print the answer to an exercise: the source of the function that `check` compares with."""
    exercise = _find(f)
    print(exercise.source if exercise else _unknown(f))


def _verdict(f):
    exercise = _find(f)
    if exercise and callable(f):
        return judge(f, exercise)
    return Verdict(
        "not attempted", f"Give the function itself, without quotation marks: check({f})." if exercise else _unknown(f)
    )


def _find(f):
    """Return the exercise of a function or of its name, or None."""
    name = f if isinstance(f, str) else getattr(f, "__name__", "")
    return EXERCISES.get(name) if isinstance(name, str) else None


def _unknown(f):
    """Say why there is no exercise for what was given."""
    name = f if isinstance(f, str) else getattr(f, "__name__", None)
    if not isinstance(name, str):
        said = "Give the function itself, without brackets: check(adam_step)."
    elif name == "<lambda>":
        said = (
            "A lambda has no name by which its exercise could be found: write it with def, under the exercise's name."
        )
    else:
        near = get_close_matches(name, EXERCISES, 1)
        said = f"There is no exercise {name}.{f' Is {near[0]} meant?' if near else ''}"
    return f"{said} The exercises are: {', '.join(sorted(EXERCISES))}."
