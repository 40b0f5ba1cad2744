"""The learner's folder: copies, updates, resets; full disks, kills at every write, files that somebody has damaged."""

import errno
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

from adamcourse import folder as room
from adamcourse.folder import FolderError

ROOT = Path(__file__).parent.parent
NAMES = [file.name for file in room.course_files()]
ADAM = "06_assemble_adam.ipynb"
COURSE = room.LESSONS


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of three lessons and the glossary, which a test may change; it becomes the installed one."""
    made = tmp_path / "course"
    made.mkdir()
    for name in (*NAMES[:2], ADAM, "glossary.md"):
        shutil.copy(room.LESSONS / name, made)
    monkeypatch.setattr(room, "LESSONS", made)
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
    assert (mine / NAMES[0]).read_bytes() == (room.LESSONS / NAMES[0]).read_bytes()


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


def test_opening_renames_a_lesson_as_well_and_finds_where_the_learner_left_off(course, mine):
    """The course is opened before it is updated, as a rule: that is what announces new versions."""
    edit(mine / ADAM, ANSWER)
    (course / ADAM).rename(course / "08_assemble_adam.ipynb")
    room.fill(mine)
    assert room.left_off(mine) == "08_assemble_adam.ipynb" and not (mine / ADAM).exists()
    assert sources(mine / "08_assemble_adam.ipynb") | ANSWER == sources(mine / "08_assemble_adam.ipynb")


def test_a_chain_of_new_names_mixes_nothing_up(course, mine):
    """Lesson 00 becomes 01, what was 01 becomes 02, and nothing is known but the cells."""
    names, texts = NAMES[:2], {}
    for name in names:
        edit(mine / name, {"question": f"my notes in {name}"})
        texts[name] = "02" + name[2:] if name[:2] == "01" else "01" + name[2:]
    for name in reversed(names):
        (course / name).rename(course / texts[name])
    lines = list(room.update(mine))
    assert lines == [f"{name}: is {new} now, as in the course" for name, new in texts.items()]
    for name, new in texts.items():
        assert sources(mine / new)["question"] == f"my notes in {name}"


def test_of_two_lessons_that_become_one_the_nearer_one_goes_on_and_the_other_stays(course, mine):
    """Both have answers; a lesson that the course has dropped is the learner's to keep."""
    for name in (NAMES[1], ADAM):
        edit(mine / name, {"question": f"my notes in {name}"})
    both, rest = (nbformat.read(course / name, as_version=4) for name in (ADAM, NAMES[1]))
    both.cells += [cell for cell in rest.cells if cell.id not in {c.id for c in both.cells}]
    nbformat.write(both, course / "06_both.ipynb")
    (course / ADAM).unlink()
    (course / NAMES[1]).unlink()
    assert not [line for line in room.update(mine) if "the course calls it" in line]
    kept = "".join(sources(file)["question"] for file in mine.glob("*.ipynb") if "question" in sources(file))
    assert all(f"my notes in {name}" in kept for name in (NAMES[1], ADAM))
    new = set(sources(course / "06_both.ipynb"))
    assert set(sources(mine / "06_both.ipynb")) >= new


def test_a_file_of_the_learner_s_keeps_the_new_name_of_a_renamed_lesson(course, mine):
    edit(mine / ADAM, ANSWER)
    (mine / "08_assemble_adam.ipynb").write_text("my own")
    (course / ADAM).rename(course / "08_assemble_adam.ipynb")
    lines = list(room.update(mine))
    assert lines[0].endswith("and you have a file of that name: yours keeps its old name")
    assert sources(mine / ADAM)["exercise-blank"] == ANSWER["exercise-blank"]
    assert "my own" in [file.read_text(encoding="utf-8") for file in mine.rglob("*_assemble_adam.ipynb")]


def test_an_unrelated_new_lesson_is_no_new_name(course, mine):
    """All lessons share ids such as `title` and `quiz`."""
    (course / NAMES[1]).unlink()
    shutil.copy(COURSE / "16_look_beyond_adam.ipynb", course)
    assert list(room.update(mine)) == ["16_look_beyond_adam.ipynb: new"]
    assert (mine / NAMES[1]).exists()


def test_lessons_without_a_record_of_what_was_given_are_taken_over(course, tmp_path):
    """As when they were copied from a clone or another computer by hand; later versions then come like any others."""
    place = tmp_path / "mine"
    place.mkdir()
    shutil.copy(course / ADAM, place)
    edit(place / ADAM, ANSWER)
    room.fill(place)
    assert sources(place / ADAM)["exercise-blank"] == ANSWER["exercise-blank"]
    edit(course / ADAM, {"question": "Q"})
    list(room.update(place))
    assert sources(place / ADAM)["question"] == "Q"
    assert sources(place / ADAM)["exercise-blank"] == ANSWER["exercise-blank"]


def test_a_damaged_record_costs_the_learner_nothing(course, mine):
    edit(mine / ADAM, ANSWER)
    (mine / ".adamcourse" / ADAM).write_text("")
    assert list(room.update(mine)) == []
    assert sources(mine / ADAM)["exercise-blank"] == ANSWER["exercise-blank"]


def test_the_course_s_own_folder_is_refused(course):
    link = course.with_name("link")
    link.symlink_to(course)
    for name in (course, link):
        with pytest.raises(FolderError, match="holds the course's own lessons"):
            room.fill(name)


def test_an_empty_folder_is_filled_and_a_lesson_that_was_deleted_comes_back_with_an_update(course, tmp_path):
    (tmp_path / "mine").mkdir()
    room.fill(tmp_path / "mine")
    (tmp_path / "mine" / ADAM).unlink()
    edit(course / ADAM, {"question": "Q"})
    assert list(room.update(tmp_path / "mine")) == [f"{ADAM}: updated"]


def test_new_pictures_alone_come_without_a_backup_only_where_nothing_was_run(course, mine):
    edit(mine / ADAM, ANSWER)
    before = (mine / ADAM).read_bytes()
    notebook = nbformat.read(course / ADAM, as_version=4)
    code = next(cell for cell in notebook.cells if cell.id == "exercise-blank")
    code.outputs = [nbformat.v4.new_output("stream", text="new")]
    nbformat.write(notebook, course / ADAM)
    assert list(room.update(mine)) == [f"{ADAM}: updated, and what you wrote is in it"]
    assert (mine / ADAM).read_bytes() == before and not (mine / "earlier").exists()


@pytest.mark.skipif(os.name == "nt", reason="links and modes of other systems")
def test_a_link_stays_a_link_and_a_private_file_private(course, mine, tmp_path):
    (mine / ADAM).chmod(0o600)
    (mine / ADAM).rename(tmp_path / "elsewhere.ipynb")
    (mine / ADAM).symlink_to(tmp_path / "elsewhere.ipynb")
    edit(course / ADAM, {"question": "Q"})
    list(room.update(mine))
    assert (mine / ADAM).is_symlink() and sources(tmp_path / "elsewhere.ipynb")["question"] == "Q"
    assert (tmp_path / "elsewhere.ipynb").stat().st_mode & 0o777 == 0o600


def test_letters_that_no_file_can_hold_stop_no_other_lesson(course, mine):
    text = (mine / ADAM).read_text(encoding="utf-8").replace("# 06 Assemble Adam", "# \\ud83d")
    (mine / ADAM).write_text(text, encoding="utf-8")
    edit(course / ADAM, {"question": "Q"})
    (course / "glossary.md").write_text("new words")
    lines = list(room.update(mine))
    assert "stays as it is" in lines[0] and lines[1] == "glossary.md: updated"
    assert (mine / ADAM).read_text(encoding="utf-8") == text


INVALID = '{"cells": [{"cell_type": "markdown", "id": "x", "source": "s"}], "metadata": {}, "nbformat": 4,'
INVALID += ' "nbformat_minor": 5}'  # a cell without metadata


@pytest.mark.parametrize(
    "damage", [INVALID, "", "{", "[]", '{"cells": [1]}', '{"nbformat": 4, "metadata": {}}', "\x00\xff"]
)
def test_a_lesson_that_cannot_be_read_stays_as_it_is(damage, course, mine):
    (mine / ADAM).write_text(damage, encoding="utf-8")
    edit(course / ADAM, NEWS)
    for _ in range(2):  # the second time, too: once it is mended, the new text comes
        (line,) = room.update(mine)
        assert "cannot be read as a notebook, and stays as it is. A fresh one: adamcourse reset 06" in line
        assert (mine / ADAM).read_text(encoding="utf-8") == damage


def test_a_reset_gives_a_fresh_copy_and_keeps_each_old_one(course, mine):
    assert room.reset(mine, "06") == (ADAM, None)  # nothing was written in it
    answers = []
    for answer in ("first", "second"):
        edit(mine / ADAM, {"seven-1": answer})
        answers.append((mine / ADAM).read_bytes())
        name, kept = room.reset(mine, "06")
        assert (name, kept.read_bytes()) == (ADAM, answers[-1])
        assert (mine / ADAM).read_bytes() == (course / ADAM).read_bytes()
    assert sorted(file.read_bytes() for file in (mine / "earlier").iterdir()) == sorted(answers)
    for number in ("99", "", "x"):
        with pytest.raises(FolderError, match=f"there is no lesson '{number}': give a number from 00 to 06"):
            room.reset(mine, number)


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


def set_back(folder, before):
    """Make a folder what it was before, of which there is a copy."""
    shutil.rmtree(folder)
    shutil.copytree(before, folder)


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
        set_back(mine, before)
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
        assert (mine / NAMES[0]).read_bytes() == (course / NAMES[0]).read_bytes()
        assert room.outdated(mine) == [] and not [file for file in contents(mine) if file.suffix == ".half"]
        if made <= number:
            break
    assert 10 < number < 99  # it was interrupted at each write, and then at none


def test_a_reset_that_is_interrupted_anywhere_loses_nothing(course, mine, monkeypatch, tmp_path):
    edit(mine / ADAM, ANSWER)
    edit(course / ADAM, {"question": "Q"})
    before = tmp_path / "before"
    shutil.copytree(mine, before)
    for number in range(20):
        set_back(mine, before)
        with monkeypatch.context() as patch, suppress(Killed):
            interrupted(patch, number, Killed(), WRITES)
            room.reset(mine, "06")
        texts = [file.read_text(encoding="utf-8") for file in (mine, mine / "earlier") for file in file.glob("*.ipynb")]
        assert any("return 'mine'" in text for text in texts)
        list(room.update(mine))
        assert sources(mine / ADAM)["question"] == "Q"


def test_a_new_lesson_that_is_interrupted_stays_where_the_learner_works_on_it(course, mine, monkeypatch, tmp_path):
    shutil.copy(COURSE / "16_look_beyond_adam.ipynb", course / "08_new.ipynb")
    before = tmp_path / "before"
    shutil.copytree(mine, before)
    for number in range(6):
        set_back(mine, before)
        with monkeypatch.context() as patch, suppress(Killed):
            interrupted(patch, number, Killed(), WRITES)
            list(room.update(mine))
        if (mine / "08_new.ipynb").exists():
            edit(mine / "08_new.ipynb", {"question": "my notes"})
        list(room.update(mine))
        assert sources(mine / "08_new.ipynb")["question"] in ("my notes", sources(course / "08_new.ipynb")["question"])
        assert not (mine / "earlier").exists()


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
server.serve = lambda folder, lesson, port, browser: print(folder, lesson, server.SETTINGS)
sys.exit(command.main([]))
"""
    run = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, cwd=tmp_path)
    first, *printed = run.stdout.splitlines()
    assert first.startswith("Your own copies of the lessons are in") and " ".join(printed).split() == [
        str(tmp_path / "adamcourse"),
        NAMES[0],
        str(wheel / "adamcourse" / ".jupyter"),
    ], run.stderr
    assert sorted(file.name for file in (tmp_path / "adamcourse").glob("*.*") if file.is_file()) == sorted(NAMES)
