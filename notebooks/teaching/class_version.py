"""Write a class version of the lessons: without solutions, and each exercise with a point that nbgrader gives.

    python notebooks/teaching/class_version.py                     every lesson, into the folder class
    python notebooks/teaching/class_version.py --without-hints     and nobody is told about hints
    python notebooks/teaching/class_version.py my_course 01 06     these lessons, into a folder of yours

The folder is a course as nbgrader knows it, each lesson an assignment with one notebook; grading.md says how to go on.
Nothing here needs nbgrader, and the lessons themselves stay as they are.
"""

import argparse
import copy
import re
import sys
from pathlib import Path

import nbformat

from notebooks.teaching import refresh

FOLDER = refresh.LESSONS.parent / "class"
POINTS = 1  # for each exercise
CONFIG = f"""\
# What the class version of adamcourse needs of nbgrader.
c = get_config()  # noqa: F821
c.ClearSolutions.enabled = False  # the blanks are blank already, and nbgrader would clear the whole cell
c.OverwriteCells.add_missing_cells = True  # a deleted cell with a point comes back before it is graded
c.Execute.timeout = {refresh.TIMEOUT}  # seconds a cell may take
"""
POINT = """\
# This cell gives the point. Leave it as it is.
from adamcourse.exercises import grade

grade({name})"""


def class_version(notebook, hints=True):
    """Return the class version of a lesson, a new notebook without outputs.

    Raises ValueError when an exercise is not followed by a cell that checks it.
    """
    withheld = ("solution",) if hints else ("solution", "hint")
    cells = [_without(copy.deepcopy(cell), withheld) for cell in notebook.cells]
    cells = list(_with_points([cell for cell in cells if cell.source.strip()]))
    return nbformat.from_dict({**notebook, "cells": cells})


def _with_points(cells):
    """Yield the cells; a blank is marked as the learner's to fill, and after its check comes a cell with its point."""
    blank = None
    for cell in cells:
        if "exercise" in cell.metadata.get("tags", []):
            _demand_no(blank)
            blank = cell
            _mark(cell, cell.id, solution=True)
        yield cell
        checked = blank and re.search(r"^check\((\w+)\)", cell.source, flags=re.M)
        if checked:
            yield _point(blank.id, checked[1])
            blank = None
    _demand_no(blank)


def _demand_no(blank):
    if blank:
        raise ValueError(f"cell {blank.id}: an exercise needs a cell with check(...) after it, and before the next one")


def _point(blank_id, name):
    """Return the cell that gives the point; its tag lets Run All go on where the answer is not right yet."""
    cell = nbformat.v4.new_code_cell(POINT.format(name=name), id=f"{blank_id}-point")
    cell.metadata.tags = ["raises-exception"]
    _mark(cell, cell.id, grade=True, locked=True, points=POINTS)
    return cell


def _mark(cell, grade_id, **kind):
    """Give a cell the metadata of nbgrader."""
    plain = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": False,
        "solution": False,
        "locked": False,
        "task": False,
    }
    cell.metadata.nbgrader = nbformat.from_dict(plain | kind)


def _without(cell, withheld):
    """Return a cell without outputs and without what is withheld, changed in place; it may become empty."""
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
        cell.source = _code_without(cell.source, withheld)
    else:
        cell.source = _prose_without(cell.source, withheld)
    return cell


def _code_without(source, withheld):
    """Return code without the calls of what is withheld, commented out or not, and without its import."""
    for word in withheld:
        source = re.sub(rf"^#? ?{word}\(.*\n?", "", source, flags=re.M)
        source = re.sub(rf"^(from adamcourse\.exercises import .*), {word}\b", r"\1", source, flags=re.M)
    return source.rstrip("\n")


def _prose_without(source, withheld):
    """Return text without the sentences about solutions, and without the paragraphs about hints that are withheld."""
    paragraphs = source.split("\n\n")
    if "hint" in withheld:
        paragraphs = [paragraph for paragraph in paragraphs if "`hint" not in paragraph]
    return "\n\n".join(map(_without_the_solution, paragraphs))


def _without_the_solution(paragraph):
    if "`solution" not in paragraph:
        return paragraph
    sentences = re.split(r"(?<=[.?!])\s+", paragraph)
    return " ".join(sentence for sentence in sentences if "`solution" not in sentence)


def write(folder, files, hints=True):
    """Write the class version of some lessons into a folder, and nbgrader's configuration if there is none."""
    for file in files:
        target = folder / "source" / file.stem / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        lesson = nbformat.read(file, as_version=4)
        target.write_text(refresh.text_of(class_version(lesson, hints)), encoding="utf-8")
        print(f"{target}: written")
    config = folder / "nbgrader_config.py"
    if not config.exists():
        config.write_text(CONFIG, encoding="utf-8")
    elif config.read_text(encoding="utf-8") != CONFIG:
        print(f"{config} is yours and stays as it is. It needs these lines:\n{CONFIG}")


def main(arguments=None):
    parser = argparse.ArgumentParser(
        usage="%(prog)s [-h] [--without-hints] [FOLDER] [NUMBER ...]",
        description="Write a class version of the lessons: without solutions, and with points that nbgrader gives.",
    )
    parser.add_argument("--without-hints", action="store_true", help="leave the hints out as well")
    parser.add_argument(
        "words", nargs="*", metavar="FOLDER, NUMBER", help="without them, the folder class and all lessons"
    )
    options = parser.parse_args(arguments)
    numbers = [word for word in options.words if re.fullmatch(r"\d\d", word)]
    folders = [word for word in options.words if word not in numbers]
    known = [file.name[:2] for file in refresh.lessons()]
    if unknown := [number for number in numbers if number not in known]:
        parser.error(f"NUMBER = {' '.join(unknown)}: the lessons are {' '.join(known)}")
    if len(folders) > 1:
        parser.error(f"FOLDER = {' '.join(folders)}: give one folder; the number of a lesson has two digits")
    folder = Path(folders[0]) if folders else FOLDER
    try:
        write(folder, refresh.lessons(numbers), hints=not options.without_hints)
    except OSError as error:
        parser.error(f"FOLDER = {folder}: {error.strerror}; name a folder that you can write to")


if __name__ == "__main__":
    sys.exit(main())
