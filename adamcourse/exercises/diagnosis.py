"""Which changes of the reference give an answer: all are tried alone, and then two at a time.

A name is given only to an answer that has that change's numbers in every case.
"""

import itertools
from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np

from adamcourse.exercises.answers import InvalidAnswer, arrays, quietly, results
from adamcourse.exercises.changes import Change, changed, changes, edited
from adamcourse.exercises.comparing import alike, alike_in, is_single
from adamcourse.exercises.rules import ALONE

FEW = 4  # cases in which the changes are compared first
PAIRS = 20_000  # so many pairs of changes are tried, which takes up to a second


@quietly()
def diagnosed(answer, exercise):
    """Return what gives this answer in all cases: tuples of changes made at once, at most two that are alike."""
    if all(np.isnan(part).all() for returned in answer for part in returned):
        return ()  # too many mistakes end so
    key, chosen = _key(exercise)
    here = [answer[i] for i in chosen]
    singles = [change for change, ours in _single_changes(exercise) if alike(here, ours, key)]
    named = [change for change in singles if _gives(answer, exercise, change)]
    if not named:
        return _pair(answer, here, key, exercise)
    first = named[0]
    if first.why:
        return ((first,),)
    others = [change for change in named if change.rank == first.rank]
    others = [change for change in others if first.said not in change.said and change.said not in first.said]
    return ((first,), *((other,) for other in others[:1]))


@quietly()
def diagnosed_by_outputs(answer, exercise):
    """Return for each wrong output the change that gives it, if there is one, the outputs taken one by one: a dict."""
    key, chosen = _key(exercise)
    here, right, found = [answer[i] for i in chosen], results_of(exercise), {}
    for i, name in enumerate(exercise.outputs):
        if not alike(answer, right, exercise, [i]):
            for change, ours in _single_changes(exercise):
                if not change.results and alike(here, ours, key, [i]) and _gives(answer, exercise, change, outputs=[i]):
                    found[name] = change
                    break
    return found


@cache
def mistakes_of(exercise):
    """Return the mistakes that the exercise explains, as changes."""
    return tuple(
        edited(exercise.reference, mistake.name, mistake.answer, mistake.why)
        if isinstance(mistake.answer, dict)
        else Change(mistake.name, answer=mistake.answer, why=mistake.why)
        for mistake in exercise.mistakes
    )


def argument_kinds(exercise):
    """Return which arguments are arrays in the cases, and which are numbers that can be negative."""
    given = [item for case in exercise.cases for item in case.arguments.items() if not callable(item[1])]
    arrays = frozenset(name for name, value in given if np.ndim(value) > 0)
    return arrays, frozenset(name for name, value in given if name not in arrays and value < 0)


@cache
def _every_change(exercise):
    return *mistakes_of(exercise), *changes(exercise.reference, exercise.outputs, *argument_kinds(exercise))


@cache
def _single_changes(exercise):
    """Return the changes of the reference that can be run, each with what it returns in the few cases of _key."""
    found = [(change, results_of(_key(exercise)[0], change)) for change in _every_change(exercise)]
    return tuple((change, ours) for change, ours in found if ours is not None)


@cache
def _key(exercise):
    """Return the exercise with few of its cases, in which nearly every change shows, and which ones these are."""
    right, chosen = results_of(exercise), [len(exercise.cases) - 1]
    shows = [_where_it_shows(exercise, change, right) for change in _every_change(exercise)]
    for _ in range(FEW - 1):
        shows = [places for places in shows if places and not places & set(chosen)]
        if shows:
            chosen.append(Counter(itertools.chain(*shows)).most_common(1)[0][0])
    return replace(exercise, cases=tuple(exercise.cases[i] for i in chosen)), chosen


def _where_it_shows(exercise, change, right):
    """Return in which cases a change gives other results, a set."""
    last = replace(exercise, cases=exercise.cases[-1:])
    ours = results_of(last, change)
    if ours is None or not alike(ours, right[-1:], last):
        return {len(right) - 1}
    ours = results_of(exercise, change) or right
    return {i for i, case in enumerate(exercise.cases) if not alike_in(case, ours[i], right[i], exercise)}


def results_of(exercise, *made):
    """Return what the reference with these changes returns, or None if it cannot be run."""
    try:
        return results(changed(exercise.reference, *made), exercise)
    except (InvalidAnswer, ValueError):
        return None


def _gives(answer, exercise, *made, outputs=None):
    """Does the reference with these changes give this answer in all cases, in these outputs? Default all."""
    try:
        f = changed(exercise.reference, *made)
        return all(
            alike_in(case, ours, arrays(f(*case.given()), exercise), exercise, outputs)
            for case, ours in zip(exercise.cases, answer, strict=True)
        )
    except Exception:  # a change may make anything of a reference
        return False


def _pair(answer, here, key, exercise):
    """Return two changes that together give this answer, the commonest: ((one, other),), or (). here is it in key."""
    at = next((i for i, parts in enumerate(here) if all(np.isfinite(part).all() for part in parts)), 0)
    singles, case, near = _single_changes(exercise), key.cases[at], _near(here[at])
    for pair in _with_other_results(near, [(change, ours[at]) for change, ours in singles], case.given()):
        if _gives(answer, exercise, *pair):
            return (pair,)
    for pair in itertools.islice(_likely(_groups(here, exercise), here, key), PAIRS):
        if near(_made(exercise, pair), *case.given()) and _gives(answer, exercise, *pair):
            return (pair,)
    return ()


def _made(exercise, pair):
    return lambda *given: changed(exercise.reference, *pair)(*given)


def _with_other_results(near, singles, given):
    """Yield the pairs that end in another order of the results, or in something else made of the step."""
    for ending, _ in singles:
        if ending.results:
            for change, ours in singles:
                if change.rank < ALONE and not change.results and near(ending.results, ours, given):
                    yield change, ending


def _groups(answer, exercise):
    """Return single changes by their rank, and by which outputs they leave right, and which they make the answer's."""
    groups = {}
    for (change, ours), as_right in zip(_single_changes(exercise), _leave_right(exercise), strict=True):
        if change.rank < ALONE and not change.results and not all(as_right):
            as_answer = _each(ours, answer, _key(exercise)[0])
            groups.setdefault((change.rank, as_right, as_answer), []).append(change)
    return groups


@cache
def _leave_right(exercise):
    """Return for each of the single changes which outputs it leaves right."""
    key, _ = _key(exercise)
    right = results(key.reference, key)
    return tuple(_each(ours, right, key) for _, ours in _single_changes(exercise))


def _each(ours, theirs, exercise):
    """Say for each output whether two runs are equal in it."""
    return tuple(alike(ours, theirs, exercise, [i]) for i in range(len(exercise.outputs)))


def _likely(groups, answer, key):
    """Yield the pairs of changes that may explain an answer, the commonest first."""
    known = _each(answer, results(key.reference, key), key)
    fitting = [
        (one, other)
        for one, other in itertools.combinations_with_replacement(sorted(groups), 2)
        if _may_explain(one[1:], other[1:], known)
    ]
    for one, other in sorted(fitting, key=lambda pair: pair[0][0] + pair[1][0]):
        if one == other:
            yield from itertools.combinations(groups[one], 2)
        else:
            yield from itertools.product(groups[one], groups[other])


def _may_explain(one, other, known):
    """Can two changes together give the answer? An output that one of them leaves right is as the other makes it."""
    for a_right, a_answer, b_right, b_answer, right in zip(*one, *other, known, strict=True):
        if not (right if a_right and b_right else b_answer if a_right else a_answer if b_right else True):
            return False
    return True


def _near(answer):
    """Return a quick look: does f, called with arguments, return about this answer? A comparison has to follow."""
    tolerances = [(1e-3 if is_single(part) else 2e-9) * np.abs(part) for part in answer]
    bounds = [(part - tolerance, part + tolerance) for part, tolerance in zip(answer, tolerances, strict=True)]

    def outside(part, low, high):
        first = part.item(0) if hasattr(part, "item") else part
        if first < low.item(0) or first > high.item(0):  # nearly always: the others need not be looked at
            return True
        return np.shape(part) != low.shape or ((part < low) | (part > high)).any()

    def near(f, *arguments):
        try:
            ours = f(*arguments)
            parts = zip(ours if isinstance(ours, tuple) else (ours,), bounds, strict=True)
            return not any(outside(part, *both) for part, both in parts)
        except Exception:  # a change may make anything of a reference
            return False

    return near
