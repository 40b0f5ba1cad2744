"""What `check` says of an answer: the library's changes alone and in pairs, and answers that people have written."""

import functools
import itertools
import random
from dataclasses import replace

import numpy as np
import pytest

from adamcourse.exercises import EXERCISES
from adamcourse.exercises.cases import moved
from adamcourse.exercises.changes import changes
from adamcourse.exercises.comparing import alike, close
from adamcourse.exercises.diagnosis import argument_kinds, diagnosed, mistakes_of, results_of
from adamcourse.exercises.exercise import full
from adamcourse.exercises.rules import OFTEN, SELDOM, SOMETIMES

every_exercise = pytest.mark.parametrize("exercise", list(map(full, EXERCISES.values())), ids=EXERCISES)


@functools.cache
def singles(exercise):
    """Return all changes of an exercise's reference that can be run, each with its results."""
    every = (*mistakes_of(exercise), *changes(exercise.reference, exercise.outputs, *argument_kinds(exercise)))
    return [(change, ours) for change in every if (ours := results_of(exercise, change)) is not None]


@functools.cache
def elsewhere(exercise):
    """Return the exercise on numbers that `check` does not use."""
    return [replace(exercise, cases=tuple(moved(case, k) for case in exercise.cases)) for k in (5, 6, 7)]


def is_the_same_elsewhere(exercise, one, other):
    """Do two sets of changes give the same results on other numbers, too?"""
    for other_numbers in elsewhere(exercise):
        ours, theirs = results_of(other_numbers, *one), results_of(other_numbers, *other)
        if (ours is None) != (theirs is None):
            return False
        if ours is not None and not (alike(ours, theirs, other_numbers) or both_vanish(ours, theirs)):
            return False
    return True


def both_vanish(ours, theirs):
    """Are two runs 0 but for rounding? Of terms near 1, it leaves other digits in each."""
    return max(np.abs(part).max() for part in itertools.chain(*ours, *theirs)) < 1e-12


@every_exercise
def test_no_change_passes_for_right(exercise):
    """One that gives the right results in the cases gives them everywhere."""
    right = results_of(exercise)
    passed = [change for change, ours in singles(exercise) if alike(ours, right, exercise)]
    assert [change.said for change in passed if not is_the_same_elsewhere(exercise, [change], [])] == []


def told(exercise, made):
    """Return what is said of these changes, and whether one of the things said is the same on other numbers."""
    found = diagnosed(results_of(exercise, *made), exercise)
    true = any(
        [change.said for change in made] == [change.said for change in said]
        or is_the_same_elsewhere(exercise, made, said)
        for said in found
    )
    return found, true


def shares(exercise, several):
    """Return of several sets of changes the share that is named, and those that are named as something else."""
    told_of = [(made, *told(exercise, made)) for made in several]
    named = [made for made, found, _ in told_of if found]
    false = [
        ([change.said for change in made], [[change.said for change in said] for said in found])
        for made, found, true in told_of
        if found and not true
    ]
    return len(named) / len(several), false


def tells(ours, right, exercise):
    """Is an answer wrong, and does it hold a number?"""
    return not alike(ours, right, exercise) and not all(np.isnan(part).all() for part in itertools.chain(*ours))


@every_exercise
def test_a_change_is_named_as_what_it_is(exercise):
    """Where two are offered, one of them is it."""
    right = results_of(exercise)
    wrong = [[change] for change, ours in singles(exercise) if tells(ours, right, exercise)]
    often = [made for made in wrong if made[0].rank <= OFTEN]
    others = [made for made in wrong if made[0].rank in (SOMETIMES, SELDOM)]
    named, false = shares(exercise, often + random.Random(3).sample(others, min(len(others), 40)))
    assert named == 1
    assert false == []


@every_exercise
def test_two_changes_are_named_as_what_they_are(exercise):
    """At least one of them is common. What is rounded tells too little to see what else was done."""
    rng, right = random.Random(3), results_of(exercise)
    common = [change for change, _ in singles(exercise) if change.rank <= SOMETIMES]
    pairs = []
    while len(pairs) < 12:
        pair = rng.sample(common, 2)
        ours = results_of(exercise, *pair) if min(pair[0].rank, pair[1].rank) <= OFTEN else None
        if ours is not None and tells(ours, right, exercise):
            pairs.append(pair)
    named, false = shares(exercise, pairs)
    assert named >= 0.9
    assert false == []


def test_numbers_are_as_close_as_numpy_says():
    values = [0.0, -0.0, 0.1, 1.0, 1 + 1e-10, 1 + 1e-8, -1.0, 1e300, -1e300, 5e-324, np.inf, -np.inf, np.nan]
    for one, other in itertools.product(values, repeat=2):
        ours, theirs = np.array([one, 0.1]), np.array([other, 0.1])  # 0.1 is no number of float32
        with np.errstate(all="ignore"):
            numpy_says = np.isclose(ours, theirs, rtol=1e-9, atol=0, equal_nan=True)
        assert (close(ours, theirs) == numpy_says).all(), (one, other)
