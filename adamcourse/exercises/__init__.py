"""Exercises that check themselves: `check(f)`, `hint(f)`, `solution(f)` and, in a class, `grade(f)`.

Each finds the exercise by f's name.

exercise     what an exercise is, and how an answer is run and judged
lesson_NN    the exercises of each lesson, as data
quizzes      the questions of data/quizzes.json, on the page
"""

from contextlib import redirect_stderr
from importlib import import_module
from io import StringIO

from adamcourse.exercises.exercise import Verdict, judge
from adamcourse.exercises.quizzes import quiz

LESSONS = [import_module(f"{__name__}.lesson_{number:02}") for number in range(14)]
EXERCISES = {exercise.name: exercise for lesson in LESSONS for exercise in lesson.EXERCISES}
_hints_given = {}


def check(f):
    """Judge an answer, say the verdict, and return it; `.right` is a bool and `.kind` a word. Never raises."""
    verdict = _verdict(f)
    print(verdict)
    return verdict


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
    return judge(f, _find(f)) if _find(f) else _unknown(f)


def _find(f):
    """Return the exercise of a function or of its name, or None."""
    return EXERCISES.get(f if isinstance(f, str) else getattr(f, "__name__", ""))


def _unknown(f):
    name = f if isinstance(f, str) else getattr(f, "__name__", None)
    said = f"There is no exercise {name}." if name else "Give the function itself, without brackets: check(adam_step)."
    return Verdict("not attempted", f"{said} The exercises are: {', '.join(sorted(EXERCISES))}.")
