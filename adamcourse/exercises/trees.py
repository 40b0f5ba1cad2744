"""A reference as a syntax tree: parts of it are replaced, and what comes out is run.

A pattern is an expression in which the capitals A to E stand for any part.
"""

import ast
import copy
import inspect
import textwrap
from dataclasses import dataclass
from functools import cache

import numpy as np

ANY_PART = tuple("ABCDE")


@dataclass(frozen=True)
class Part:
    """What is done to one node of a tree: the path to it, what it has to be, and what takes its place, as source."""

    path: tuple
    pattern: str
    new: str


@cache
def parameters(reference):
    """Return the names of a function's arguments, a tuple."""
    return tuple(inspect.signature(reference).parameters)


@cache
def body(reference):
    """Return the statements of a function, without its docstring."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(reference))).body
    return tuple(s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)))


@cache
def parsed(source):
    """Return an expression as a tree."""
    return ast.parse(source, mode="eval").body


@cache
def source(node):
    """Return a tree as source."""
    return ast.unparse(node)


@cache
def nodes_of(reference):
    """Return all expressions of a function: the path to each, itself, the names that have a value, and new ones."""
    arguments = frozenset(parameters(reference))
    known, found = arguments, []
    new = frozenset()
    for i, statement in enumerate(body(reference)):
        found += [(path, node, known, new) for path, node in _nodes(statement.value, (i, ("value", None)))]
        known |= stored(statement)
        new |= stored(statement) & arguments
    return tuple(found)


def stored(statement):
    """Return the names that a statement gives a value to."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _nodes(node, path):
    """Yield every expression below a node, itself included, with its path."""
    yield path, node
    for name, value in ast.iter_fields(node):
        for k, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            child, on = (child.value, (("value", None),)) if isinstance(child, ast.keyword) else (child, ())
            if isinstance(child, ast.expr):
                yield from _nodes(child, (*path, (name, k), *on))


def run_with(reference, parts):
    """Return a function that runs the statements of the reference with these parts put in."""
    codes, names = list(_unchanged(reference)), parameters(reference)
    for i in {part.path[0] for part in parts}:
        codes[i] = _compiled(reference, i, tuple(part for part in parts if part.path[0] == i))
    *codes, last = codes
    old = _old(reference)

    def run(*given):
        values = {"np": np} | reference.__globals__
        values.update(zip(names, given, strict=True))
        values.update(zip(old, given, strict=True))
        for code in codes:
            exec(code, values)
        return eval(last, values)

    return run


@cache
def _unchanged(reference):
    return tuple(_compiled(reference, i, ()) for i in range(len(body(reference))))


@cache
def _old(reference):
    """Return the names under which a change finds what the arguments were at first."""
    return tuple(f"_old_{name}" for name in parameters(reference))


@cache
def _compiled(reference, i, parts):
    """Return the code of statement i with these parts put in, the inner ones first; of the last one, its value's."""
    statement = body(reference)[i]
    for part in sorted(parts, key=lambda part: -len(part.path)):
        statement = _put(statement, part.path[1:], part)
    if isinstance(statement, ast.Return):
        return compile(ast.Expression(statement.value), "<changed>", "eval")
    return compile(ast.Module([statement], []), "<changed>", "exec")


def _put(node, path, part):
    """Return a copy of a tree with the part put in, or raise ValueError if what it has to replace is not there."""
    if not path:
        bound = match(parsed(part.pattern), node, {})
        if bound is None:
            raise ValueError(f"no {part.pattern}")
        return filled(parsed(part.new), bound)
    (name, k), *rest = path
    try:
        children = getattr(node, name)
        child = _put(children if k is None else children[k], rest, part)
    except (AttributeError, IndexError, TypeError):
        raise ValueError(f"no {part.pattern}") from None
    new = copy.copy(node)
    setattr(new, name, child if k is None else [*children[:k], child, *children[k + 1 :]])
    return new


def match(pattern, node, bound):
    """Return what the capitals of a pattern stand for in a node, a dict, or None if it does not fit."""
    if isinstance(pattern, ast.Name) and pattern.id in ANY_PART:
        fits = pattern.id not in bound or ast.dump(bound[pattern.id]) == ast.dump(node)
        return bound | {pattern.id: node} if fits else None
    if isinstance(pattern, list):
        if not isinstance(node, list) or len(pattern) != len(node):
            return None
        for ours, theirs in zip(pattern, node, strict=True):
            bound = None if bound is None else match(ours, theirs, bound)
        return bound
    if not isinstance(pattern, ast.AST):
        return bound if pattern == node else None
    if type(pattern) is not type(node):
        return None
    for name in pattern._fields:
        if name != "ctx":
            bound = None if bound is None else match(getattr(pattern, name), getattr(node, name), bound)
    return bound


def filled(node, bound):
    """Return a copy of a template in which the capitals are replaced by what they stand for."""
    if isinstance(node, ast.Name):
        return bound.get(node.id, node)
    if isinstance(node, list):
        return [filled(child, bound) for child in node]
    if not isinstance(node, ast.AST) or not node._fields:
        return node
    new = copy.copy(node)
    for name in node._fields:
        setattr(new, name, filled(getattr(node, name), bound))
    return new
