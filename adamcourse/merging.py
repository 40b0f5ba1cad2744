"""Three versions of a lesson into one: the course's from before, the learner's own, and the course's new one.

Cells are known by their ids, not by their place or their text. What a learner has written always stays.
"""

import hashlib
from copy import deepcopy

import nbformat

NOTE = "**The course has a new text for the cell above, which you have changed. Yours stayed. The new one:**"


def merged(base, mine, theirs):
    """Return the merged notebook and the ids of the cells that both sides have changed.

    Arguments
    ---------
    base : the notebook that the learner was given.
    mine : what the learner has made of it.
    theirs : the course's new version.

    What is not the learner's becomes as in theirs: a cell that the learner has not changed has the new text or is gone,
    and a new one is there. What is the learner's stays: a changed cell, an added one, that one is deleted. Where both
    have changed a cell, the learner's stays, and below it a cell of text shows the new one. The order is that of
    theirs, unless the learner has moved cells; what one side has added stands after the cell it was added to.
    """
    mine = _identified(mine, base)
    old, own, new = map(_by_id, (base, mine, theirs))
    result, notes = {}, {}
    for name, cell in own.items():
        kept = _kept(cell, old.get(name), new.get(name))
        if kept is not None:
            result[name] = kept
        if _both_changed(cell, old.get(name), new.get(name)) and not _is_noted(new[name], own.values()):
            notes[name] = _note(name, new[name], own)
    result |= {name: cell for name, cell in new.items() if name not in own and name not in old}
    cells = []
    for name in _order(old, own, new, result):
        cells += [result[name], *([notes[name]] if name in notes else [])]
    metadata = {**theirs.metadata, **mine.metadata}
    minor = max(mine.nbformat_minor, theirs.nbformat_minor)
    return nbformat.from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}), [*notes]


def alike(a, b):
    """Do two notebooks have the same cells, outputs and the counts of their executions aside?"""
    return [_text(cell) for cell in a.cells] == [_text(cell) for cell in b.cells]


def _text(cell):
    return cell.get("id"), cell.cell_type, cell.source


def _same(a, b):
    return a is not None and b is not None and _text(a) == _text(b)


def _kept(mine, old, new):
    """Return what becomes of a cell that the learner has, or None if it goes."""
    if new is None:
        return None if _same(mine, old) else mine
    if mine == old or (_same(mine, old) and not _same(old, new)):
        return new
    return mine


def _both_changed(mine, old, new):
    return new is not None and not any((_same(mine, new), _same(mine, old), _same(old, new)))


def _order(old, own, new, kept):
    """Return the ids of the cells that are kept, in their order."""
    new, own = [name for name in new if name in kept], [name for name in own if name in kept]
    mine_before, mine_now = [name for name in old if name in own], [name for name in own if name in old]
    return _woven(new, own) if mine_before == mine_now else _woven(own, new)


def _woven(main, other):
    """Return the list main with what only other has, each after the one that stands before it there."""
    result, at = list(main), 0
    for name in other:
        if name in result:
            at = result.index(name) + 1
        else:
            result.insert(at, name)
            at += 1
    return result


def _by_id(notebook):
    return {cell.id: cell for cell in notebook.cells}


def _identified(mine, base):
    """Return a copy of a notebook in which each cell has an id of its own, whatever wrote it.

    Some programs drop the ids. A cell whose text is one of the base's then gets that id.
    """
    mine, texts = deepcopy(mine), {(cell.cell_type, cell.source): cell.id for cell in reversed(base.cells)}
    taken = set()
    for cell in mine.cells:
        name = cell.get("id") or texts.get((cell.cell_type, cell.source), "")
        if not name or name in taken:
            name = _free("own-" + hashlib.sha256(cell.source.encode()).hexdigest()[:8], {*taken, *texts.values()})
        cell["id"] = name
        taken.add(name)
    mine.nbformat_minor = max(mine.nbformat_minor, 5)
    return mine


def _free(name, taken):
    """Return a name for a cell that is not taken yet, at most 64 letters long as notebooks want it."""
    number, free = 1, name[:60]
    while free in taken:
        number += 1
        free = f"{name[:58]}-{number}"
    return free


def _note(name, cell, taken):
    return nbformat.v4.new_markdown_cell(_noted(cell), id=_free(f"{name[:55]}-new", taken))


def _is_noted(cell, cells):
    return any(other.source == _noted(cell) for other in cells)


def _noted(cell):
    """Return the text that shows the new version of a cell, between fences longer than any in it."""
    fence = "```"
    while fence in cell.source:
        fence += "`"
    return f"{NOTE}\n\n{fence}{'python' if cell.cell_type == 'code' else ''}\n{cell.source}\n{fence}"
