"""What people do to a reference: the rules applied to it, as changes that can be made alone and two at a time.

A rule puts something else in the place of one part. Changes of the arguments, of the results and of all alike parts at
once come beside it. A mistake that an exercise explains is the same thing, written by hand.
"""

import ast
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from adamcourse.exercises.rules import (
    ALONE,
    KNOWN,
    OF_ARRAYS,
    OF_NUMBERS,
    OF_SIGNED,
    OFTEN,
    RARELY,
    RULES,
    SELDOM,
    SOMETIMES,
    STEPS,
    VALUES,
    WHOLE,
)
from adamcourse.exercises.trees import (
    ANY_PART,
    Part,
    body,
    filled,
    match,
    nodes_of,
    parameters,
    parsed,
    run_with,
    source,
    stored,
)

TWINS = {r"\bbeta[12]\b": "beta", r"\b[mv]_hat\b": "hat", r"\b[mv]\b": "moment", r"\b(smallest|largest)\b": "curvature"}


@dataclass(frozen=True, eq=False)
class Change:
    """One thing that was done: in words, why it is wrong, how often it is seen, and how it is made.

    It is made in the parts of the reference, in the arguments or in the results; or a whole answer stands for it.
    """

    said: str
    rank: int = KNOWN
    parts: tuple = ()
    why: str = ""
    arguments: Callable | None = None
    results: Callable | None = None
    answer: Callable | None = None


def edited(reference, said, edits, why):
    """Return the Change that puts other expressions in the place of some of the reference's, given as source."""
    parts = [
        Part(path, old, new)
        for old, new in edits.items()
        for path, node, *_ in nodes_of(reference)
        if source(node) == source(parsed(old))
    ]
    missing = [old for old in edits if all(part.pattern != old for part in parts)]
    if missing:
        raise ValueError(f"{reference.__name__} holds no {missing[0]}")
    return Change(said, KNOWN, tuple(parts), why)


def changed(reference, *made):
    """Return the reference as a function in which these changes are made; it raises ValueError if they do not fit."""
    whole = [change.answer for change in made if change.answer]
    parts = [part for change in made for part in change.parts]
    if len(whole) > 1 or (whole and parts):
        raise ValueError("a whole answer has no parts")
    inner = whole[0] if whole else run_with(reference, parts)

    def run(*original):
        given = original
        for change in made:
            given = change.arguments(given) if change.arguments else given
        results = inner(*given)
        for change in made:
            results = change.results(results, original) if change.results else results
        return results

    return run


@cache
def changes(reference, outputs, arrays, signed):
    """Return the single changes of a reference, the commonest first, a tuple.

    Arguments
    ---------
    reference : the function.
    outputs : the names of what it returns, a tuple.
    arrays, signed : which of its arguments are arrays, and which are numbers that can be negative, frozensets.
    """
    names = parameters(reference)
    local = frozenset().union(*map(stored, body(reference))) - set(names)
    kinds = arrays | local if arrays else arrays, signed
    single = [
        change
        for path, *node in nodes_of(reference)
        for change in _of_node(path, *node, _place(path, body(reference)[path[0]], outputs, names), kinds)
    ]
    whole = [
        change for path, place in _wholes(reference, outputs, names) for change in _of_whole(path, place, names[0])
    ]
    found = [*single, *_alike(single), *whole, *_of_arguments(names), *_of_results(names, outputs)]
    return tuple(sorted(found, key=lambda change: change.rank))


def _of_node(path, node, known, new, place, kinds):
    """Yield what is done to one node."""
    for rank, rules in RULES.items():
        for pattern, instead, said in rules:
            bound = match(parsed(pattern), node, {})
            if bound is not None:
                yield Change(_said(_words(said, bound), place), rank, (Part(path, pattern, instead),))
    if isinstance(node, ast.Name) and node.id in known:
        for instead, rank, said in _of_name(node.id, known, new, path, *kinds):
            words = said if "handed on" in said else _said(said, place)
            yield Change(words, rank, (Part(path, node.id, instead),))
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        for other in sorted({0, 0.5, 1, 2, 3, node.value + 1, node.value - 1} - {node.value}):
            rank = SOMETIMES if other in (0.5, 1, 2) else SELDOM
            said = f"{other} stands in the place of {node.value}"
            yield Change(_said(said, place), rank, (Part(path, str(node.value), str(other)),))


def _words(said, bound):
    """Return a rule's words, with each formula in braces written out."""

    def written(found):
        return source(filled(parsed(found[1]), bound)).replace(" ** ", "**")

    return re.sub(r"\{(.+?)\}", written, said)


def _of_name(name, known, new, path, arrays, signed):
    """Yield what is written in the place of a name: as source, how often, and in words."""
    handed_on = path[-1][0] == "elts"
    if name in new:
        yield f"_old_{name}", OFTEN, f"the old {name} is {'handed on' if handed_on else 'used, not the new one,'}"
    for other in sorted(known - {name}):
        near = {name, other} <= arrays or _stem(name) == _stem(other)
        yield (
            other,
            SOMETIMES if near else RARELY,
            f"{other} {'is handed on' if handed_on else 'stands'} in the place of {name}",
        )
    if path[-1] in (("func", None), ("value", None)) and len(path) > 2:
        return  # it is called, or indexed: no number can stand there
    for value in VALUES.get(name, ()):
        yield value, SELDOM, f"{name} is fixed at {value}"
    for around, said in (OF_ARRAYS if name in arrays else OF_NUMBERS | (OF_SIGNED if name in signed else {})).items():
        yield around.format(name), SELDOM, said.format(name)


def _stem(name):
    return name.partition("_")[0].rstrip("12")


def _said(said, place):
    return f"{said} in {place}" if place else said.rstrip(",")


def _place(path, statement, outputs, names):
    """Say where a node is: in which variable, or in which of several outputs; what is handed in, too, is new now."""
    element = path[2][1] if path[2:] and path[2][0] == "elts" else None
    if isinstance(statement, ast.Return):
        return outputs[element] if len(outputs) > 1 and element is not None else ""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    name = source(target.elts[element] if isinstance(target, ast.Tuple) and element is not None else target)
    return f"the new {name}" if name in outputs and name in names else name


def _alike(single):
    """Yield changes that are the same in several places, such as that of m and that of v, as one."""
    here, everywhere = {}, {}
    for change in single:
        (part,) = change.parts
        said, _, place = change.said.rpartition(" in ")
        key = said or place, part.pattern if part.pattern[0] in ANY_PART else "", part.new
        here.setdefault((*key, part.path[0]), []).append(change)
        for pattern, word in TWINS.items():
            key = tuple(re.sub(pattern, word, text) for text in key)
        everywhere.setdefault(key, []).append(change)
    for alike in here.values():
        if len(alike) > 1:
            yield _together(alike, f"{alike[0].said}, in more than one place")
    for alike in everywhere.values():
        places = list(dict.fromkeys(change.said.rpartition(" in ")[2] for change in alike))
        if len({change.parts[0].path[0] for change in alike}) > 1 and len(places) > 1:
            yield _together(alike, f"{alike[0].said}, and likewise in {', '.join(places[1:])}")


def _together(alike, said):
    return Change(said, alike[0].rank, tuple(part for change in alike for part in change.parts))


def _of_whole(path, place, first):
    """Yield what is made of a whole result, or of the value of a variable."""
    for around, said in WHOLE.items():
        instead, words = around.format("A", "", first), said.format("", place or "the result", first)
        rank = ALONE if "rounded" in said else SOMETIMES  # what is rounded tells too little
        yield Change(words, rank, (Part(path, "A", instead),))


def _wholes(reference, outputs, names):
    """Yield for each variable and each output where its whole value stands, and its name."""
    for i, statement in enumerate(body(reference)):
        path = (i, ("value", None))
        if isinstance(statement, ast.AugAssign):
            continue  # its value is no whole
        if isinstance(statement.value, ast.Tuple):
            paths = [(*path, ("elts", k)) for k in range(len(statement.value.elts))]
        else:
            paths = [path]
        for path in paths:
            yield path, _place(path, statement, outputs, names)


def _of_arguments(names):
    """Yield what is done to the arguments: one is fixed, two are exchanged."""
    for i, name in enumerate(names):
        for value in VALUES.get(name, ()):
            said = f"{name} is fixed at {value}, and its argument ignored"
            yield Change(
                said, OFTEN, arguments=lambda given, i=i, value=value: (*given[:i], float(value), *given[i + 1 :])
            )
    if {"beta1", "beta2"} <= set(names):
        i, j = names.index("beta1"), names.index("beta2")
        fixed = {i: 0.9, j: 0.999}
        yield Change(
            "beta1 and beta2 are fixed at 0.9 and 0.999",
            OFTEN,
            arguments=lambda given: [fixed.get(k, value) for k, value in enumerate(given)],
        )
    for i, j in itertools.combinations(range(len(names)), 2):
        order = [{i: j, j: i}.get(k, k) for k in range(len(names))]
        yield Change(
            f"{names[i]} and {names[j]} are exchanged",
            SOMETIMES,
            arguments=lambda given, order=order: [given[k] for k in order],
        )


def _of_results(names, outputs):
    """Yield what is done to the results: another order, or something else made of the step from x to the new x."""
    for order in itertools.permutations(range(len(outputs))):
        if list(order) != sorted(order):
            said = f"the results come in the order {', '.join(outputs[i] for i in order)}"
            yield Change(said, OFTEN, results=lambda results, given, order=order: tuple(results[i] for i in order))
    if outputs[0] == names[0]:
        for formula, said in STEPS.items():
            made = eval(f"lambda new, old: {formula.format('new', 'old')}", {"np": np})
            yield Change(
                said.format("", outputs[0]),
                OFTEN,
                results=lambda results, given, made=made: _first(results, made, given[0]),
            )


def _first(results, made, x):
    """Return results whose first one, or the only one, is made of itself and x."""
    return (made(results[0], x), *results[1:]) if isinstance(results, tuple) else made(results, x)
