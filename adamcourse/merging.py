"""Three versions of a lesson into one: the course's from before, the learner's own, and the course's new one.

Cells are known by their ids, not by their place or their text. What a learner has written always stays.
"""

import hashlib
import re
from copy import deepcopy

import nbformat

NOTE = "**The course has a new text for the cell above, which you have changed. Yours stayed. The new one:**"
SOUND_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # as format 4.5 of notebooks wants it


def merged(base, mine, theirs):
    """Return the merged notebook and the ids of the cells that both sides have changed.

    Arguments
    ---------
    base : the notebook that the learner was given.
    mine : what the learner has made of it.
    theirs : the course's new version.

    What is not the learner's becomes as in theirs: a cell that the learner has not changed has the new text or is gone,
    and a new one is there. What is the learner's stays: a changed cell, an added one, that one is deleted. Where both
    have changed a cell, the learner's stays, and below it a cell of text shows the new one, in the place of an older
    such cell that nobody has touched. The order is that of theirs, unless the learner has moved cells; what one side
    has added stands after the cell it was added to.
    """
    mine = _identified(mine, base)
    old, own, new = map(_by_id, (base, mine, theirs))
    result = {name: kept for name in own if (kept := _kept(own[name], old.get(name), new.get(name))) is not None}
    result |= {name: cell for name, cell in new.items() if name not in own and name not in old}
    both = [name for name in own if _both_changed(own[name], old.get(name), new.get(name))]
    order, taken = _order(old, own, new, result), {*old, *own, *new}
    for name in both:
        notes = [other for other in own if other.startswith(_note_id(name))]
        if not any(own[other].source == _noted(new[name]) for other in notes):
            stale = [other for other in notes if name in old and own[other].source == _noted(old[name])]
            note = stale[0] if stale else _free(_note_id(name), taken)
            if not stale:
                order.insert(order.index(name) + 1, note)
            result[note] = nbformat.v4.new_markdown_cell(_noted(new[name]), id=note)
            taken.add(note)
    cells, metadata = [result[name] for name in order], {**theirs.metadata, **mine.metadata}
    minor = max(mine.nbformat_minor, theirs.nbformat_minor)
    return nbformat.from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}), both


def alike(a, b):
    """Do two notebooks have the same cells, outputs and the counts of their executions aside?"""
    return [_text(cell) for cell in a.cells] == [_text(cell) for cell in b.cells]


def _text(cell):
    return cell.get("id"), cell.cell_type, cell.source, cell.get("attachments", {})


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
    """Return a copy of a notebook in which each cell has a sound id of its own, whatever wrote it.

    Some programs drop the ids. A cell whose text is one of the base's then gets that id.
    """
    mine, texts = deepcopy(mine), {(cell.cell_type, cell.source): cell.id for cell in reversed(base.cells)}
    taken = set()
    for cell in mine.cells:
        name = cell.get("id", "")
        if not SOUND_ID.fullmatch(name) or name in taken:
            name = texts.get((cell.cell_type, cell.source), "")
        if not name or name in taken:
            name = _free("own-" + hashlib.sha256(cell.source.encode()).hexdigest()[:8], {*taken, *texts.values()})
        cell["id"] = name
        taken.add(name)
    mine.nbformat_minor = max(mine.nbformat_minor, 5)
    return mine


def _free(name, taken):
    """Return a name for a cell that is not taken yet."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _note_id(name):
    """Return what the id of a note on a cell begins with; an id has at most 64 letters."""
    return f"{name[:54]}-new"


def _noted(cell):
    """Return the text that shows the new version of a cell, between fences longer than any in it."""
    fence = "```"
    while fence in cell.source:
        fence += "`"
    return f"{NOTE}\n\n{fence}{'python' if cell.cell_type == 'code' else ''}\n{cell.source}\n{fence}"
