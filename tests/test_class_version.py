"""The class version: no solutions, one point for each exercise, and nbgrader itself that gives or refuses it."""

import csv
import html
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from adamcourse.exercises import EXERCISES, grade
from adamcourse.exercises.changes import changed
from adamcourse.exercises.diagnosis import mistakes_of
from adamcourse.server import JUPYTER_FOLDERS
from notebooks.teaching import class_version, refresh

LESSONS = {file.stem: nbformat.read(file, as_version=4) for file in refresh.lessons()}
GUIDE = Path(class_version.__file__).with_name("grading.md").read_text(encoding="utf-8")
ONE_LESSON = "01_descend_a_slope"  # one is enough for what nbgrader does alike with all
GRADED = [ONE_LESSON, "06_assemble_adam", "12_read_your_framework"]
every_lesson = pytest.mark.parametrize("name", LESSONS)
graded_lesson = pytest.mark.parametrize("name", GRADED)  # each takes nbgrader seconds; every check has tests of its own
both_versions = pytest.mark.parametrize("hints", [True, False], ids=["hints", "no-hints"])


def marked(notebook, kind):
    """The cells that nbgrader takes for a solution, or for a grade."""
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get(kind)]


# --- grade ---------------------------------------------------------------------------------------------------------


def gradient_step(x, gradient, lr):
    print("a word on stderr", file=sys.stderr)
    return x - lr * gradient


def test_a_right_answer_is_told_so_and_nothing_else(capsys):
    assert grade(gradient_step).right
    printed = capsys.readouterr()
    assert printed.out.startswith("Right. ")
    assert printed.err == ""  # for nbgrader a word on stderr is a failure


def test_an_answer_that_is_not_right_raises_with_the_text_of_the_verdict(capsys):
    exercise = EXERCISES["gradient_step"]
    for mistake in mistakes_of(exercise)[:3]:
        with pytest.raises(AssertionError) as raised:
            grade(named("gradient_step", changed(exercise.reference, mistake)))
        assert mistake.why in str(raised.value).replace("\n", " ")
    with pytest.raises(AssertionError, match="There is no exercise step"):
        grade("step")
    assert capsys.readouterr().out == ""


def named(name, answer):
    def f(*arguments):
        return answer(*arguments)

    f.__name__ = name
    return f


# --- what is written -----------------------------------------------------------------------------------------------


@both_versions
@every_lesson
def test_each_exercise_is_a_blank_with_one_point(name, hints):
    lesson = class_version.class_version(LESSONS[name], hints)
    blanks, points = marked(lesson, "solution"), marked(lesson, "grade")
    assert [cell.id for cell in blanks] == [
        c.id for c in LESSONS[name].cells if "exercise" in c.metadata.get("tags", [])
    ]
    assert len(points) == len(blanks) >= 1
    for blank, point in zip(blanks, points, strict=True):
        function = re.match(r"def (\w+)", blank.source)[1]
        assert blank.source == source_of(name, blank.id)
        assert blank.metadata.nbgrader == metadata(blank.id, solution=True)
        assert point.source.endswith(f"import grade\n\ngrade({function})")
        assert point.metadata.nbgrader == metadata(f"{blank.id}-point", grade=True, locked=True, points=1)
        assert point.metadata.tags == ["raises-exception"]


def metadata(grade_id, **kind):
    plain = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": False,
        "solution": False,
        "locked": False,
        "task": False,
    }
    return plain | kind


def source_of(name, cell_id):
    return next(cell.source for cell in LESSONS[name].cells if cell.id == cell_id)


@both_versions
@every_lesson
def test_nothing_leads_to_a_solution(name, hints):
    lesson = class_version.class_version(LESSONS[name], hints)
    text = "\n".join(cell.source for cell in lesson.cells)
    assert not re.search(r"`solution|\bsolution\(|exercises import .*\bsolution\b", text)
    assert bool(re.search(r"`hint|\bhint\(|exercises import .*\bhint\b", text)) == hints
    assert all(cell.source.strip() for cell in lesson.cells)


@both_versions
@every_lesson
def test_all_else_is_the_lesson(name, hints):
    """Cells differ from the lesson's only where they speak of hints and solutions, and by the points."""
    lesson = class_version.class_version(LESSONS[name], hints)
    nbformat.validate(lesson)
    assert all(not cell.get("outputs") and not cell.get("execution_count") for cell in lesson.cells)
    new = {cell.id: cell.source for cell in lesson.cells}
    for cell in LESSONS[name].cells:
        if not re.search(r"\b(hint|solution)\b", cell.source):
            assert new[cell.id] == cell.source
    assert len(new) == len(lesson.cells)


def test_the_lesson_itself_is_not_changed():
    before = nbformat.writes(LESSONS["00_start_here"])
    class_version.class_version(LESSONS["00_start_here"], hints=False)
    assert nbformat.writes(LESSONS["00_start_here"]) == before


@pytest.mark.parametrize(
    ("source", "with_hints", "without"),
    [
        ("from adamcourse.exercises import check, hint, solution", "check, hint", "check"),
        ("# hint(f)\n# solution(f)", "# hint(f)", ""),
        ("hint(f)\nsolution(f)\ncheck(f)", "hint(f)\ncheck(f)", "check(f)"),
        ("solution = 3\nprint(solution)", "solution = 3\nprint(solution)", "solution = 3\nprint(solution)"),
    ],
)
def test_code_without_solutions_and_hints(source, with_hints, without):
    shortened = [class_version._code_without(source, words) for words in (("solution",), ("solution", "hint"))]
    assert [text.removeprefix("from adamcourse.exercises import ") for text in shortened] == [with_hints, without]


def test_text_without_solutions_and_hints():
    text = "The solution of `x.y`.\n\nUse `hint`.\nAgain? `solution` is\nlast. Good luck.\n\nDone."
    assert class_version._prose_without(text, ("solution",)) == (
        "The solution of `x.y`.\n\nUse `hint`. Again? Good luck.\n\nDone."
    )
    assert class_version._prose_without(text, ("solution", "hint")) == "The solution of `x.y`.\n\nDone."


def test_an_exercise_without_a_check_is_named():
    lesson = nbformat.v4.new_notebook()
    blank = nbformat.v4.new_code_cell("def f(x): ...", id="first", metadata={"tags": ["exercise"]})
    check = nbformat.v4.new_code_cell("check(f)", id="check")
    lesson.cells = [blank, nbformat.from_dict({**blank, "id": "second"}), check]
    with pytest.raises(ValueError, match=r"cell first: an exercise needs a cell with check"):
        class_version.class_version(lesson)
    lesson.cells = [check, blank]
    with pytest.raises(ValueError, match=r"cell first: an exercise needs a cell with check"):
        class_version.class_version(lesson)


# --- the command ---------------------------------------------------------------------------------------------------


def written(folder):
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def test_the_folder_and_the_lessons_can_be_chosen(tmp_path, monkeypatch):
    monkeypatch.setattr(class_version, "FOLDER", tmp_path / "class")
    class_version.main(["--without-hints", "01"])
    lesson = "source/01_descend_a_slope/01_descend_a_slope.ipynb"
    assert written(tmp_path / "class") == ["nbgrader_config.py", lesson]
    assert "hint(" not in (tmp_path / "class" / lesson).read_text(encoding="utf-8")
    class_version.main([str(tmp_path / "mine")])
    assert len(written(tmp_path / "mine")) == len(LESSONS) + 1


def test_the_default_folder_is_not_committed():
    assert refresh.LESSONS.parent / "class" == class_version.FOLDER
    assert "/class/" in (refresh.LESSONS.parent / ".gitignore").read_text().splitlines()


def test_it_can_be_written_again_and_a_teachers_configuration_is_kept(tmp_path, capsys):
    for _ in range(2):
        class_version.main([str(tmp_path), "00"])
    assert "yours" not in capsys.readouterr().out
    config = tmp_path / "nbgrader_config.py"
    config.write_text("c = get_config()")
    class_version.main([str(tmp_path), "00"])
    assert config.read_text() == "c = get_config()"
    assert class_version.CONFIG in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["19"], "NUMBER = 19: the lessons are 00 01 "),
        (["a", "b"], "FOLDER = a b: give one folder"),
        (["{file}"], "name a folder that you can write to"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(arguments, said, tmp_path, capsys):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit) as stopped:
        class_version.main([argument.format(file=tmp_path / "file") for argument in arguments])
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


# --- nbgrader itself -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course whose learners have all handed in, graded with the commands of the guide for all lessons at once."""
    folder, home = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("home")
    class_version.main([str(folder), *(name[:2] for name in GRADED)])
    for command in re.findall(r"^nbgrader (.+?)(?:  +#.*)?$", GUIDE, flags=re.M):
        if command.startswith("autograde"):
            hand_in(folder)
        run_nbgrader(command.replace("01_descend_a_slope", "*").split(), folder, home)
    return folder


def run_nbgrader(arguments, folder, home):
    """Run nbgrader, which must leave the home folder empty and starts programs of its environment by name."""
    jupyter = home.with_name(home.name + "-jupyter")
    variables = os.environ | {name: str(jupyter / part) for name, part in JUPYTER_FOLDERS.items()}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        env=variables | {"HOME": str(home), "USERPROFILE": str(home), "PATH": path},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert run.returncode == 0, run.stderr
    assert list(home.iterdir()) == []


def hand_in(folder):
    """Hand in every lesson; of all but one only the cells of nbgrader: lessons run to their end in other tests."""
    for file in sorted(folder.glob("release/*/*.ipynb")):
        for learner in (right, wrong, untouched, sly) if file.stem == ONE_LESSON else (right, wrong):
            notebook = nbformat.read(file, as_version=4)
            if file.stem != ONE_LESSON:
                notebook.cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
            learner(notebook)
            target = folder / "submitted" / learner.__name__ / file.parent.name / file.name
            target.parent.mkdir(parents=True)
            nbformat.write(notebook, target)


def right(notebook):
    for cell in marked(notebook, "solution"):
        cell.source = "import numpy as np\n\n\n" + EXERCISES[function_of(cell)].source


def wrong(notebook):
    """Make a known mistake."""
    for cell in marked(notebook, "solution"):
        name = function_of(cell)
        cell.source = (
            "from adamcourse.exercises import EXERCISES\nfrom adamcourse.exercises.changes import changed\n"
            f"from adamcourse.exercises.diagnosis import mistakes_of\n\n\ndef {name}(*arguments):\n"
            f"    exercise = EXERCISES[{name!r}]\n"
            "    return changed(exercise.reference, mistakes_of(exercise)[0])(*arguments)"
        )


def untouched(notebook):
    """Hand in what was handed out."""


def sly(notebook):
    """Delete the cells with the points."""
    notebook.cells = marked(notebook, "solution")


def function_of(blank):
    return re.match(r"def (\w+)", blank.source)[1]


def score(course, learner, lesson):
    """What nbgrader exports: a learner's points, and those that can be had."""
    with (course / "grades.csv").open(newline="") as file:
        (row,) = [r for r in csv.DictReader(file) if (r["student_id"], r["assignment"]) == (learner, lesson)]
    return float(row["score"]), float(row["max_score"])


def feedback(course, learner, lesson):
    """The words of the page that a learner gets."""
    page = (course / "feedback" / learner / lesson / f"{lesson}.html").read_text(encoding="utf-8")
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", page)).split())


def failed(course, learner, lesson):
    """The cells that stopped with an error."""
    notebook = nbformat.read(course / "autograded" / learner / lesson / f"{lesson}.ipynb", as_version=4)
    return [cell.id for cell in notebook.cells for output in cell.get("outputs", []) if output.output_type == "error"]


def names(lesson):
    return [function_of(cell) for cell in marked(class_version.class_version(LESSONS[lesson]), "solution")]


@graded_lesson
def test_what_is_handed_out_is_what_was_written(course, name):
    source, release = (
        nbformat.read(course / folder / name / f"{name}.ipynb", as_version=4) for folder in ("source", "release")
    )
    assert [cell.source for cell in release.cells] == [cell.source for cell in source.cells]
    assert all(cell.metadata.editable is False for cell in marked(release, "grade"))


@graded_lesson
def test_right_answers_get_full_points(course, name):
    assert score(course, "right", name) == (len(names(name)), len(names(name)))
    assert failed(course, "right", name) == []
    assert all(EXERCISES[function].praise in feedback(course, "right", name) for function in names(name))


@graded_lesson
def test_wrong_answers_get_no_points_and_are_told_why(course, name):
    assert score(course, "wrong", name) == (0, len(names(name)))
    for function in names(name):
        mistake = EXERCISES[function].mistakes[0]
        assert f"AssertionError: Not yet: {mistake.name}. {mistake.why}" in feedback(course, "wrong", name)


def test_a_lesson_as_handed_out_gets_no_points(course):
    assert score(course, "untouched", ONE_LESSON) == (0, len(names(ONE_LESSON)))
    points = marked(class_version.class_version(LESSONS[ONE_LESSON]), "grade")
    assert failed(course, "untouched", ONE_LESSON) == [cell.id for cell in points]
    assert "AssertionError: Not attempted yet" in feedback(course, "untouched", ONE_LESSON)


def test_cells_with_points_that_were_deleted_come_back(course):
    assert score(course, "sly", ONE_LESSON) == (0, len(names(ONE_LESSON)))
    assert "was missing from the submission" in feedback(course, "sly", ONE_LESSON)
    assert "AssertionError: Not attempted yet" in feedback(course, "sly", ONE_LESSON)
