"""The learner's folder: copies, updates, resets; full disks, kills at every write, files that somebody has damaged."""

import errno
import os
import shutil
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

from adamcourse import folder as room
from adamcourse.folder import FolderError

ROOT = Path(__file__).parent.parent
NAMES = [file.name for file in room.course_files()]
ADAM = "06_assemble_adam.ipynb"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of three lessons and the glossary, which a test may change; it becomes the installed one."""
    made = tmp_path / "course"
    made.mkdir()
    for name in (*NAMES[:2], ADAM, "glossary.md"):
        shutil.copy(room.course() / name, made)
    monkeypatch.setattr(room, "course", lambda: made)
    return made


@pytest.fixture
def mine(course, tmp_path):
    """The learner's folder."""
    room.fill(tmp_path / "mine")
    return tmp_path / "mine"


def edit(file, changes):
    """Change the text of cells, given by id; None deletes one."""
    notebook = nbformat.read(file, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if changes.get(cell.id, "") is not None]
    for cell in notebook.cells:
        cell.source = changes.get(cell.id, cell.source)
    nbformat.write(notebook, file)


def sources(file):
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    return {cell.id: cell.source for cell in notebook.cells}


def contents(place):
    return {file.relative_to(place): file.read_bytes() for file in place.rglob("*") if file.is_file()}


ANSWER = {"exercise-blank": "def adam_step():\n    return 'mine'", "seven-1": "alpha = 0.2"}
NEWS = {f"seven-{n}-text": f"Said better: {n}." for n in range(2, 8)} | {"question": "Q", "quiz": "quiz('06')  # new"}
NEWS |= {"recap": "R", "seven-1": "alpha = 0.3"}  # the last one is changed on both sides


def test_the_first_call_copies_every_lesson_and_the_glossary(tmp_path):
    room.fill(tmp_path / "mine")
    for file in room.course_files():
        assert (tmp_path / "mine" / file.name).read_bytes() == file.read_bytes()
    assert room.left_off(tmp_path / "mine") == NAMES[0]


def test_a_later_call_brings_back_what_is_missing_and_touches_nothing_else(mine):
    (mine / NAMES[0]).unlink()
    edit(mine / ADAM, ANSWER)
    before = contents(mine)
    room.fill(mine)
    assert {name: content for name, content in contents(mine).items() if name != Path(NAMES[0])} == before
    assert (mine / NAMES[0]).read_bytes() == (room.course() / NAMES[0]).read_bytes()


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_place_that_holds_something_else_is_refused(kind, course, tmp_path):
    place = tmp_path / "mine"
    if kind == "folder":
        place.mkdir()
        (place / "thesis.txt").write_text("years of work")
    else:
        place.write_text("years of work")
    with pytest.raises(FolderError, match=r"mine (holds something else|is a file). Name (a new|another)"):
        room.fill(place)
    assert [content for content in contents(tmp_path).values() if content == b"years of work"] == [b"years of work"]


def test_an_update_brings_the_new_text_and_keeps_the_answer(course, mine):
    """Ten cells of lesson 06 are new; the learner has done the exercise, and changed a cell that is among them."""
    edit(mine / ADAM, ANSWER)
    os.utime(mine / ADAM, (10**9, 10**9))
    as_it_was = (mine / ADAM).read_bytes()
    edit(course / ADAM, NEWS)
    (line,) = room.update(mine)
    assert line.startswith(f"{ADAM}: updated, and what you wrote is in it; 1 cell was changed on both sides")
    found = sources(mine / ADAM)
    assert found | NEWS | ANSWER == found
    assert "alpha = 0.3" in found["seven-1-new"]
    (kept,) = (mine / "earlier").iterdir()
    assert kept.read_bytes() == as_it_was and kept.name in line
    assert room.left_off(mine) == ADAM and (mine / ADAM).stat().st_mtime == 10**9
    assert list(room.update(mine)) == [] and room.outdated(mine) == []


def test_a_lesson_that_was_only_read_becomes_the_new_one_and_a_new_lesson_is_there(course, mine):
    edit(course / NAMES[0], {"question": "Q"})
    shutil.copy(course / ADAM, course / "07_new.ipynb")
    lines = sorted(room.update(mine))
    assert lines == [f"{NAMES[0]}: updated", "07_new.ipynb: new"]
    for name in (NAMES[0], "07_new.ipynb"):
        assert (mine / name).read_bytes() == (course / name).read_bytes()
    assert not (mine / "earlier").exists()


def test_a_lesson_that_was_run_keeps_its_outputs_where_the_text_is_the_same(course, mine):
    notebook = nbformat.read(mine / ADAM, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.id == "seven-1")
    cell.outputs = [nbformat.v4.new_output("stream", text="run by me")]
    nbformat.write(notebook, mine / ADAM)
    edit(course / ADAM, {"question": "Q"})
    list(room.update(mine))
    assert "run by me" in (mine / ADAM).read_text(encoding="utf-8") and sources(mine / ADAM)["question"] == "Q"


def test_a_glossary_that_was_changed_is_kept(course, mine):
    (mine / "glossary.md").write_text("my own words")
    (course / "glossary.md").write_text("new words")
    (line,) = room.update(mine)
    (kept,) = (mine / "earlier").iterdir()
    assert line == f"glossary.md: updated; yours is now earlier/{kept.name}"
    assert kept.read_text() == "my own words" and (mine / "glossary.md").read_text() == "new words"


def test_a_file_of_the_learner_s_with_the_name_of_a_new_lesson_is_kept(course, mine):
    (mine / "07_new.ipynb").write_text("my own")
    shutil.copy(course / ADAM, course / "07_new.ipynb")
    (line,) = room.update(mine)
    (kept,) = (mine / "earlier").iterdir()
    assert line == f"07_new.ipynb: new; your file of this name is now earlier/{kept.name}"
    assert kept.read_text() == "my own"


def test_a_lesson_that_the_course_has_renamed_is_renamed_here_with_the_work_in_it(course, mine):
    edit(mine / ADAM, ANSWER)
    (course / ADAM).rename(course / "08_assemble_adam.ipynb")
    edit(course / "08_assemble_adam.ipynb", {"question": "Q"})
    list(room.update(mine))
    assert not (mine / ADAM).exists()
    found = sources(mine / "08_assemble_adam.ipynb")
    assert found["exercise-blank"] == ANSWER["exercise-blank"] and found["question"] == "Q"
    assert list(room.update(mine)) == []


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"cells": [1]}', '{"nbformat": 4, "metadata": {}}', "\x00\xff"])
def test_a_lesson_that_cannot_be_read_stays_as_it_is(damage, course, mine):
    (mine / ADAM).write_text(damage, encoding="utf-8")
    edit(course / ADAM, NEWS)
    for _ in range(2):  # the second time, too: once it is mended, the new text comes
        (line,) = room.update(mine)
        assert "cannot be read as a notebook, and stays as it is. A fresh one: adamcourse reset 06" in line
        assert (mine / ADAM).read_text(encoding="utf-8") == damage


def test_a_reset_gives_a_fresh_copy_and_keeps_each_old_one(course, mine):
    answers = []
    for answer in ("first", "second"):
        edit(mine / ADAM, {"seven-1": answer})
        answers.append((mine / ADAM).read_bytes())
        name, kept = room.reset(mine, "06")
        assert (name, kept.read_bytes()) == (ADAM, answers[-1])
        assert (mine / ADAM).read_bytes() == (course / ADAM).read_bytes()
    assert sorted(file.read_bytes() for file in (mine / "earlier").iterdir()) == sorted(answers)
    with pytest.raises(FolderError, match="there is no lesson '99': give a number from 00 to 06"):
        room.reset(mine, "99")


# --- faults ----------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """Stands for a kill: nothing catches it."""


def interrupted(monkeypatch, number, error, functions):
    """Let the call with a number, of all calls of some functions of os that write, fail with an error."""
    calls = iter(range(10**6))

    def failing(call):
        def counted(*arguments, **options):
            if next(calls) == number:
                raise error
            return call(*arguments, **options)

        return counted

    for name in functions:
        monkeypatch.setattr(os, name, failing(getattr(os, name)))
    return calls


WRITES = ("fsync", "replace", "mkdir", "utime")
DENIED = (
    r"cannot read or write .*06_assemble_adam.ipynb: Permission denied. Nothing of yours is lost; mend this, and run"
)
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("error", [Killed(), FULL], ids=["killed", "full disk"])
def test_an_update_that_is_interrupted_anywhere_loses_nothing_and_goes_on(error, course, mine, monkeypatch, tmp_path):
    edit(mine / ADAM, ANSWER)
    edit(course / ADAM, NEWS)
    (course / ADAM).rename(course / "08_assemble_adam.ipynb")
    edit(course / NAMES[0], {"question": "Q"})
    before = tmp_path / "before"
    shutil.copytree(mine, before)
    for number in range(100):
        shutil.rmtree(mine)
        shutil.copytree(before, mine)
        with monkeypatch.context() as patch:
            calls = interrupted(patch, number, error, WRITES)
            with suppress(Killed, FolderError):
                list(room.update(mine))
            made = next(calls)
        lessons = [name for name in (ADAM, "08_assemble_adam.ipynb") if (mine / name).exists()]
        assert all(sources(mine / name)["exercise-blank"] == ANSWER["exercise-blank"] for name in lessons) and lessons
        list(room.update(mine))
        found = sources(mine / "08_assemble_adam.ipynb")
        assert found | NEWS | ANSWER == found and [name for name in found if "-new" in name] == ["seven-1-new"]
        assert room.outdated(mine) == [] and not [file for file in contents(mine) if file.suffix == ".half"]
        if made <= number:
            break
    assert 10 < number < 99  # it was interrupted at each write, and then at none


def test_a_folder_that_cannot_be_written_to_is_named(course, mine, monkeypatch):
    edit(course / ADAM, NEWS)
    before = contents(mine)
    denied = PermissionError(errno.EACCES, "Permission denied", str(mine / ADAM))
    for call in (lambda: list(room.update(mine)), lambda: room.reset(mine, "06")):
        with monkeypatch.context() as patch:
            interrupted(patch, 0, denied, ["fsync"])
            with pytest.raises(FolderError, match=DENIED):
                call()
        assert {name: content for name, content in contents(mine).items() if name.parts[0] != "earlier"} == before


# --- the wheel -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, unpacked into a folder; its file lies beside."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(place)]
    subprocess.run(build, check=True, capture_output=True, cwd=ROOT)
    with zipfile.ZipFile(next(place.glob("*.whl"))) as archive:
        archive.extractall(place / "site")
    return place / "site"


def test_the_wheel_is_small_and_has_what_a_learner_needs(wheel):
    assert next(wheel.parent.glob("*.whl")).stat().st_size < 6e6
    held = {
        str(file.relative_to(wheel / "adamcourse" / "lessons"))
        for file in (wheel / "adamcourse" / "lessons").rglob("*")
    }
    assert held == set(NAMES)
    assert (wheel / "adamcourse" / ".jupyter" / "labconfig" / "page_config.json").is_file()


def test_the_installed_course_makes_a_folder_where_the_learner_is(wheel, tmp_path):
    """The real thing but for JupyterLab, which a browser test opens."""
    script = f"""
import sys
sys.path.insert(0, {str(wheel)!r})
from adamcourse import __main__ as command, server
server.serve = lambda folder, lesson, port, browser: print(folder, lesson, server.settings())
sys.exit(command.main([]))
"""
    run = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert run.stdout.split() == [
        str(tmp_path / "adamcourse"),
        NAMES[0],
        str(wheel / "adamcourse" / ".jupyter"),
    ], run.stderr
    assert sorted(file.name for file in (tmp_path / "adamcourse").glob("*.*") if file.is_file()) == sorted(NAMES)
