"""What a learner has done: a line of JSON for each thing, in the file progress.jsonl beside the lessons.

    {"when": "2026-11-30", "kind": "exercise", "name": "adam_step", "right": true}

Lines are only ever added, each in one piece, so that two kernels can write at once, and a line that was interrupted
harms no other. The file is the learner's: it is read by nobody else, can be read with any editor, and deleted.
"""

import json
import os
import threading
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import NamedTuple

from IPython import get_ipython

from adamcourse.places import LESSON

FILE = "progress.jsonl"
KINDS = ("exercise", "question", "challenge", "noting")
SWITCH = "ADAMCOURSE_PROGRESS"  # a variable of the environment that turns noting off, where it is "off"
_followers = {}  # functions that are told when something was noted, by name
_telling = threading.RLock()  # several threads note, and who is told last must have seen all


class Entry(NamedTuple):
    """One thing that was done: the day, exercise, question or challenge, which one, and whether it was right."""

    when: date
    kind: str
    name: str
    right: bool


class Journal(NamedTuple):
    """What a file says: its entries in order, and a sentence about what could not be read, or ""."""

    entries: tuple
    complaint: str


def place():
    """Return the folder whose lessons are done in this kernel, or None where nothing is noted.

    That is the kernel's own folder, if lessons lie in it and the environment does not turn noting off.
    """
    if get_ipython() is None or os.environ.get(SWITCH) == "off":
        return None
    with suppress(OSError):  # the folder may be gone
        here = Path.cwd()
        return here if any(here.glob(LESSON)) else None


def note(kind, name, right=True):
    """Note what was done; return "" or, where that fails, a sentence that says why. Never raises OSError.

    What is right already is not noted again, but for questions: when these were answered last says when to ask again.
    """
    folder = place()
    if folder is None:
        return ""
    entries = read(folder).entries
    if not is_on(entries) or (kind in ("exercise", "challenge") and (kind, name) in done(entries)):
        return ""
    return _add(folder, Entry(date.today(), kind, name, bool(right)))


def turn(on):
    """Begin to note what is done in this folder, or end it; return "" or a sentence that says why that fails."""
    folder = place()
    return "" if folder is None else _add(folder, Entry(date.today(), "noting", "on" if on else "off", True))


def follow(name, told):
    """Have `told`, a function without arguments, called after whatever this kernel notes from now on.

    It takes the place of an earlier one of that name.
    """
    _followers[name] = told


def is_on(entries):
    """Is noting on, as far as the entries say?"""
    return next((entry.name for entry in reversed(entries) if entry.kind == "noting"), "on") == "on"


def done(entries):
    """Return what was right or won at least once, as a set of pairs (kind, name)."""
    return {(entry.kind, entry.name) for entry in entries if entry.right}


def read(folder):
    """Return the Journal of a folder; lines that are damaged are left out."""
    try:
        text = (folder / FILE).read_text(encoding="utf-8-sig", errors="replace")  # an editor may have left its mark
    except FileNotFoundError:
        return Journal((), "")
    except OSError as error:
        return Journal((), f"{FILE} cannot be read: {error.strerror}.")
    lines = [line for line in text.split("\n") if line.strip()]
    entries = tuple(entry for entry in map(_entry, lines) if entry is not None)
    lost = len(lines) - len(entries)
    said = f"{lost} line{'s' * (lost > 1)} of {FILE} cannot be read and {'are' if lost > 1 else 'is'} left out."
    return Journal(entries, said if lost else "")


def _add(folder, entry):
    line = json.dumps(entry._asdict(), default=str, ensure_ascii=False)
    try:
        with (folder / FILE).open("ab") as file:
            # each line begins with its own break, the first one, too: another kernel may write it at the same moment,
            # or the last one may have been interrupted
            file.write(f"\n{line}".encode(errors="replace"))
    except OSError as error:
        return f"Your progress cannot be noted in {FILE}: {error.strerror}. The lesson goes on without."
    with _telling:
        for told in list(_followers.values()):
            told()
    return ""


def _entry(line):
    """Return the Entry of a line, or None if it is damaged."""
    try:
        found = json.loads(line)
        entry = Entry(date.fromisoformat(found["when"]), found["kind"], found["name"], found["right"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    sound = entry.kind in KINDS and isinstance(entry.name, str) and isinstance(entry.right, bool)
    return entry if sound else None
