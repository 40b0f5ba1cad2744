"""The learner's own copies of the lessons: made, updated, set back. What the learner has written is never lost.

    00_start_here.ipynb, ...     the lessons, the learner's to change
    progress.jsonl               what is done (see journal)
    earlier/                     what a lesson was before an update or a reset, under a dated name
    .adamcourse/                 the course's versions of the lessons that the learner was given

Each file is written whole under another name and then put in its place, so that whatever interrupts it, the old one or
the new one is there. An update that is interrupted goes on when it is called again.
"""

import itertools
import os
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import nbformat

from adamcourse.merging import alike, merged
from adamcourse.places import LESSON, LESSONS

BASE, EARLIER = ".adamcourse", "earlier"
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError, nbformat.ValidationError)
IN_A_CLONE, INSTALLED = "my-lessons", "adamcourse"  # what the folder is called


class FolderError(Exception):
    """The folder cannot be used; the message says why, and what to do."""


def course_files():
    """Return the course's lessons in order, and its glossary."""
    return [*sorted(LESSONS.glob(LESSON)), LESSONS / "glossary.md"]


def chosen(given=None):
    """Return the learner's folder: the one given, else the one we are in, else the default one."""
    if given is not None:
        return Path(given).resolve()
    here = Path.cwd()
    for place in (here, *here.parents):
        if (place / BASE).is_dir():
            return place
    clone = LESSONS.parent
    return clone / IN_A_CLONE if (clone / "start.py").is_file() else here / INSTALLED


def fill(folder):
    """Make the folder, and copy each lesson into it that is not there; lessons without `.adamcourse` are taken over.

    Return whether it is new. Raises FolderError when it holds something else or cannot be written to.
    """
    with _told(folder):
        if folder.exists() and not folder.is_dir():
            raise FolderError(f"{folder} is a file. Name another folder: adamcourse my-folder")
        if folder.exists() and folder.samefile(LESSONS):
            raise FolderError(f"{folder} holds the course's own lessons. Name another folder: adamcourse my-folder")
        held = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
        if held and BASE not in held and not held & {file.name for file in course_files()}:
            raise FolderError(f"{folder} holds something else. Name a new or empty folder: adamcourse my-folder")
        (folder / BASE).mkdir(parents=True, exist_ok=True)
        list(_rename(folder))
        _take_over(folder)
        for file in course_files():
            if not (folder / file.name).exists():
                _write(folder / BASE / file.name, file.read_bytes())
                _write(folder / file.name, file.read_bytes())
        return not held


def _take_over(folder):
    """Where it is not known what the learner was given, or no longer, take the course's version for it.

    Then what differs from it counts as the learner's and stays.
    """
    for file in course_files():
        mine, base = folder / file.name, folder / BASE / file.name
        ids = _ids(mine)
        if ids and not _ids(base) and len(ids & _ids(file)) > len(ids) / 2:
            _write(base, file.read_bytes())


def check(folder):
    """Raise FolderError when a folder is not one that `fill` has made."""
    if not (folder / BASE).is_dir():
        raise FolderError(f"{folder} has no lessons of yours. The command adamcourse makes them there.")


def outdated(folder):
    """Return the names of the files that are missing, or of which the learner was given another version."""
    with _told(folder):
        return [file.name for file in course_files() if _is_outdated(folder, file)]


def _is_outdated(folder, file):
    mine, base = folder / file.name, folder / BASE / file.name
    return not (mine.exists() and base.exists()) or _differ(base, file)


def update(folder):
    """Bring the course's new versions into the folder; yield a line about each that is changed.

    Raises FolderError when the folder cannot be written to.
    """
    check(folder)
    with _told(folder):
        yield from _rename(folder)
        _take_over(folder)
        for name in outdated(folder):
            yield f"{name}: {_update(folder, name)}"


def reset(folder, number):
    """Put a fresh copy of a lesson, such as "06", into the folder; return its name and the file that keeps the old one.

    Raises FolderError when there is no such lesson, or the folder cannot be written to.
    """
    check(folder)
    wanted = number.zfill(2) if number.isdigit() else None
    file = next((file for file in sorted(LESSONS.glob(LESSON)) if file.name[:2] == wanted), None)
    if file is None:
        numbers = [file.name[:2] for file in sorted(LESSONS.glob(LESSON))]
        raise FolderError(f"there is no lesson {number!r}: give a number from {numbers[0]} to {numbers[-1]}")
    with _told(folder):
        mine = folder / file.name
        kept = _keep(mine) if mine.exists() and _differ(mine, file) else None
        _write(folder / file.name, file.read_bytes())
        _write(folder / BASE / file.name, file.read_bytes())
    return file.name, kept


def left_off(folder):
    """Return the name of the lesson that was changed last, or of the first one if none was."""
    names = [file.name for file in sorted(LESSONS.glob(LESSON))]
    with _told(folder):
        touched = [name for name in names if _is_touched(folder, name)]
        return max(touched, key=lambda name: (folder / name).stat().st_mtime, default=names[0])


def _is_touched(folder, name):
    mine, base = folder / name, folder / BASE / name
    return mine.is_file() and base.is_file() and _differ(mine, base)


def _differ(a, b):
    return a.read_bytes() != b.read_bytes()


def _update(folder, name):
    """Bring the new version of one file; return what was done.

    What the learner was given is written last, except for a new file: whatever interrupts this, it is done again.
    """
    mine, base, new = folder / name, folder / BASE / name, LESSONS / name
    if not base.exists():
        kept = _keep(mine)  # what bears the name of a new lesson is the learner's
        _write(base, new.read_bytes())
        _write(mine, new.read_bytes())
        return f"new{f'; your file of this name is now {_name(kept)}' if kept else ''}"
    if not mine.exists() or not _differ(mine, base):
        done = "updated"
    elif name.endswith(".md"):
        done = f"updated; yours is now {_name(_keep(mine))}"
    else:
        return _merge(mine, base, new)
    _write(mine, new.read_bytes())
    _write(base, new.read_bytes())
    return done


def _merge(mine, base, new):
    """Merge the learner's copy of a lesson with the course's new version; return what was done."""
    try:
        versions = [_read(file) for file in (base, mine, new)]
        result, both = merged(*versions)
        nbformat.validate(result)
        content = (nbformat.writes(result).rstrip("\n") + "\n").encode()
    except UNREADABLE:
        return f"cannot be read as a notebook, and stays as it is. A fresh one: adamcourse reset {mine.name[:2]}"
    cells = "1 cell was" if len(both) == 1 else f"{len(both)} cells were"
    done = f"updated, and what you wrote is in it{f'; {cells} changed on both sides: both are there' if both else ''}"
    if not alike(result, versions[1]):
        done += f". As it was: {_name(_keep(mine))}"
        seen = mine.stat()
        _write(mine, content)
        os.utime(mine, ns=(seen.st_atime_ns, seen.st_mtime_ns))  # where the learner left off stays known
    _write(base, new.read_bytes())
    return done


def _rename(folder):
    """Give lessons their new names where the course has renamed them, and yield a line about each.

    Most cells of such a lesson have the same ids. A file that has the new name already is the learner's, and stays.
    """
    names = {file.name for file in LESSONS.glob(LESSON)}
    given = {file.name for file in (folder / BASE).glob(LESSON)}
    for old in sorted(given - names):
        new = _successor(folder / BASE / old, sorted(names - given))
        if new is not None and (folder / old).exists() and (folder / new).exists():
            yield f"{old}: the course calls it {new} now, and you have a file of that name: yours keeps its old name"
        elif new is not None:
            if (folder / old).exists():
                (folder / old).replace(folder / new)
            (folder / BASE / old).replace(folder / BASE / new)
            given.add(new)
            yield f"{old}: is {new} now, as in the course"


def _successor(old, names):
    """Return the name of the lesson that has more than half of the ids of an old one, or None."""
    ids = _ids(old)
    shares = {name: len(ids & _ids(LESSONS / name)) for name in names}
    best = max(shares, key=shares.get, default=None)
    return best if best is not None and shares[best] > len(ids) / 2 else None


def _ids(file):
    """Return the ids of the cells in a file, none where it is no notebook or is not there."""
    try:
        return {cell.id for cell in _read(file).cells}
    except (*UNREADABLE, OSError):
        return set()


def _read(file):
    """Return a notebook as it is: `nbformat.read` gives cells whose ids some program has dropped ones by chance."""
    return nbformat.v4.reads(file.read_text(encoding="utf-8"))


def _keep(file):
    """Copy a file that is there into the folder of earlier ones, under a dated name; return the copy or None."""
    if not file.exists():
        return None
    folder = file.parent / EARLIER
    folder.mkdir(exist_ok=True)
    names = (f"{date.today()}{f'-{n}' if n else ''}_{file.name}" for n in itertools.count())
    kept = next(folder / name for name in names if not (folder / name).exists())
    _write(kept, file.read_bytes())
    return kept


def _name(kept):
    return f"{kept.parent.name}/{kept.name}"


def _write(file, content):
    """Write a file whole: another one beside it takes its place once it is complete."""
    file = Path(os.path.realpath(file))  # a link stays a link
    half = file.with_name(f".{file.name}.{os.getpid()}.half")
    try:
        with half.open("wb") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        half.chmod(file.stat().st_mode if file.exists() else 0o644)
        half.replace(file)
    finally:
        with suppress(OSError):
            half.unlink(missing_ok=True)


@contextmanager
def _told(folder):
    """Let an error of the file system become a FolderError that says what to do."""
    try:
        yield
    except OSError as error:
        raise FolderError(
            f"cannot read or write {error.filename or folder}: {error.strerror}. "
            "Nothing of yours is lost; mend this, and run it again."
        ) from error
