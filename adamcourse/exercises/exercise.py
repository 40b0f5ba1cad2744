"""What an exercise is: a reference, calls to run it on, and mistakes that need an explanation."""

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from adamcourse.exercises.cases import moved
from adamcourse.exercises.trees import parameters


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that needs an explanation.

    Arguments
    ---------
    name : what is wrong, in words that go on after "Not yet:".
    answer : the wrong answer, a function; or what is written in it in the place of expressions of the reference, a dict
        of source.
    why : one or two sentences that explain it.
    """

    name: str
    answer: Callable | dict
    why: str


@dataclass(frozen=True, eq=False)
class Exercise:
    """A function to write.

    Arguments
    ---------
    reference : the right answer; its name is the exercise's, its source the solution.
    cases : a tuple of Call.
    mistakes : a tuple of Mistake.
    hints : three, each saying more than the one before.
    praise : what the right answer now lets you do.
    outputs : names of what f returns, in order. Default ("x",).
    """

    reference: Callable
    cases: tuple
    mistakes: tuple
    hints: tuple
    praise: str
    outputs: tuple = ("x",)

    @property
    def name(self):
        return self.reference.__name__

    @property
    def source(self):
        return textwrap.dedent(inspect.getsource(self.reference)).rstrip()

    @property
    def parameters(self):
        return parameters(self.reference)

    @property
    def returned(self):
        return ", ".join(self.outputs)


@cache
def full(exercise):
    """Return the exercise with each of its cases on other numbers, too, before those that it has."""
    others = [moved(case, k) for k in range(2) for case in exercise.cases]
    return replace(exercise, cases=(*others, *exercise.cases))
