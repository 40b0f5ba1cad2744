"""What a learner has done: noted, shown as a map, asked again; and what happens where it cannot be noted."""

import errno
import json
import subprocess
import sys
import threading
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from adamcourse import exercises, journal, progress
from adamcourse.exercises import check, grade, quizzes, standing
from adamcourse.exercises.questions import all_questions, questions, questions_of
from adamcourse.explorers.explorer import Readout
from adamcourse.explorers.race import race
from adamcourse.folder import course_files
from adamcourse.places import LESSONS

TODAY = date(2026, 11, 30)
ADAM = "06_assemble_adam.ipynb"


class Today(date):
    """A calendar that a test turns."""

    now = TODAY

    @classmethod
    def today(cls):
        return cls.now


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A learner's folder with every lesson, in which a kernel runs."""
    for file in course_files():
        (tmp_path / file.name).symlink_to(file)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(journal.SWITCH)
    monkeypatch.setattr(journal, "get_ipython", object)
    for module in (journal, progress):
        monkeypatch.setattr(module, "date", Today)
    monkeypatch.setattr(Today, "now", TODAY)
    monkeypatch.setattr(exercises, "_told", set())
    monkeypatch.setattr(journal, "_followers", {})
    return tmp_path


def lines(folder):
    return [json.loads(line) for line in (folder / journal.FILE).read_text(encoding="utf-8").split("\n") if line]


def gradient_step(x, gradient, lr):
    return x - lr * gradient


wrong = {"gradient_step": lambda x, gradient, lr: x + lr * gradient}
wrong["gradient_step"].__name__ = "gradient_step"


def asked(lesson, monkeypatch):
    """Show a quiz; return its widgets: for each question the buttons and the reply, and the line at the end."""
    boxes = []
    monkeypatch.setattr(quizzes.widgets, "VBox", lambda children: boxes.append(children) or Mime())
    monkeypatch.setattr(quizzes, "display", lambda bundle, raw: None)
    quizzes.quiz(lesson)
    *items, (*_, end) = boxes
    return [(radio, answer) for _, radio, answer in items], end


class Mime:
    def _repr_mimebundle_(self):
        return {}


def right_of(item):
    return next(i for i, choice in enumerate(item["choices"]) if choice.get("right"))


# --- what is noted ---------------------------------------------------------------------------------------------------


def test_each_try_at_an_exercise_is_noted_until_it_is_right(here, answers_run_here, capsys):
    check(lambda x: x)
    check("gradient_step")

    def gradient_descent(x):
        """Not attempted."""

    for answer in (wrong["gradient_step"], gradient_step, gradient_step, wrong["gradient_step"]):
        check(answer)
    noted = {"when": "2026-11-30", "kind": "exercise", "name": "gradient_step"}
    assert lines(here) == [noted | {"right": False}, noted | {"right": True}]


def test_the_first_choice_counts_and_the_line_at_the_end_follows(here, monkeypatch):
    items = questions("06")
    shown, end = asked("06", monkeypatch)
    assert end.value == "Done in this lesson: 0 of 1 exercise, 0 of 5 questions answered, 0 of 1 challenge."
    (radio, answer), right = shown[0], right_of(items[0])
    radio.value = (right + 1) % 3
    radio.value = right
    assert answer.value.startswith("Right.")
    noted = {"when": "2026-11-30", "kind": "question", "name": items[0]["question"], "right": False}
    assert lines(here) == [noted]
    assert end.value == "Done in this lesson: 0 of 1 exercise, 1 of 5 questions answered, 0 of 1 challenge."


def test_the_line_at_the_end_follows_whatever_is_noted_later(here, monkeypatch, answers_run_here, capsys):
    _, end = asked("01", monkeypatch)
    check(gradient_step)
    assert end.value == "Done in this lesson: 1 of 1 exercise, 0 of 5 questions answered, 0 of 1 challenge."
    journal.note("challenge", "rate_and_condition")
    assert end.value == "Done in this lesson: 1 of 1 exercise, 0 of 5 questions answered, 1 of 1 challenge."
    progress.off()
    assert end.value == ""


def test_the_line_counts_all_that_several_threads_note(here, monkeypatch):
    """The first to note is slow to tell; the second must not be overtaken by the line that did not see it."""
    _, end = asked("06", monkeypatch)
    said, slow = quizzes._said, threading.Event()

    def waits(lesson):
        found = said(lesson)
        if not slow.is_set():
            slow.set()
            time.sleep(0.2)
        return found

    monkeypatch.setattr(quizzes, "_said", waits)
    first = threading.Thread(target=journal.note, args=("challenge", "adam_switches"))
    first.start()
    assert slow.wait(10)
    journal.note("exercise", exercises.LESSONS[6].EXERCISES[0].name)
    first.join()
    assert end.value == "Done in this lesson: 1 of 1 exercise, 0 of 5 questions answered, 1 of 1 challenge."


def test_a_challenge_is_noted_while_a_picture_is_drawn(here):
    explorer, begun, noted = race(), threading.Event(), threading.Event()

    def draw(**values):
        begun.set()
        noted.wait(10)
        return Readout(f"noted: {noted.is_set()}")

    draw.__module__ = race.__module__
    explorer.draw = draw
    drawing = threading.Thread(target=explorer.shown, kwargs=dict.fromkeys(explorer.controls, 0))
    drawing.start()
    assert begun.wait(10)
    explorer._answer(explorer.picture, {"kind": "won"}, [])
    noted.set()
    drawing.join()
    assert [shown.readout.text for shown in explorer._kept.values()][-1] == "noted: True"


def test_only_the_quiz_at_the_end_has_the_line(here, monkeypatch):
    assert asked("06 predict", monkeypatch)[1].value == ""


def test_a_challenge_is_noted_once_when_the_browser_says_that_it_is_won(here):
    explorer = race()
    for _ in range(2):
        explorer._answer(explorer.picture, {"kind": "won"}, [])
    assert lines(here) == [{"when": "2026-11-30", "kind": "challenge", "name": "race", "right": True}]
    explorer.draw = lambda **values: None  # a learner's own
    explorer._answer(explorer.picture, {"kind": "won"}, [])
    assert len(lines(here)) == 1


def test_a_grader_notes_nothing(here, answers_run_here):
    grade(gradient_step)
    assert not (here / journal.FILE).exists()


@pytest.mark.parametrize("where", ["no kernel", "no lessons", "switch"])
def test_elsewhere_nothing_is_noted(where, here, answers_run_here, monkeypatch, tmp_path_factory):
    if where == "no kernel":
        monkeypatch.setattr(journal, "get_ipython", lambda: None)
    elif where == "no lessons":
        monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    else:
        monkeypatch.setenv(journal.SWITCH, "off")
    check(gradient_step)
    assert not (here / journal.FILE).exists() and not Path(journal.FILE).exists()
    assert progress._repr_mimebundle_() == {"text/plain": progress.NOT_HERE}
    assert standing.line("06") == ""


def test_the_switch_of_the_learner(here, answers_run_here, capsys):
    progress.off()
    check(gradient_step)
    assert progress.OFF in capsys.readouterr().out and progress.OFF in progress.text(here)
    assert [line["kind"] for line in lines(here)] == ["noting"]
    assert standing.line("01") == ""
    progress.on()
    check(gradient_step)
    assert [line["kind"] for line in lines(here)] == ["noting", "noting", "exercise"]
    assert progress.OFF not in progress.text(here)


# --- the map ---------------------------------------------------------------------------------------------------------


def test_the_map_has_each_lesson_with_its_title_and_all_that_there_is_to_do(here):
    found = progress.rows(here, ())
    assert [row.name for row in found] == [file.name for file in sorted(LESSONS.glob("*.ipynb"))]
    for row in found:
        assert row.title[:2] == row.name[:2] and row.title[3:].lower().replace(" ", "_").startswith(row.name[3:9])
        text = (here / row.name).read_text(encoding="utf-8")
        assert row.standing.exercises.all == text.count('"exercise"\n')  # the tag of the cell with the blank
        assert row.standing.questions.all == len(questions_of(row.name[:2])) == 4 + (row.name[:2] != "00")
        assert row.standing.challenges.all == 1


def test_what_is_done_is_on_the_map_in_words(here):
    exercise = exercises.LESSONS[6].EXERCISES[0].name
    for item in questions_of("06"):
        journal.note("question", item["question"], False)
    journal.note("exercise", exercise, False)
    assert (
        "> 06 Assemble Adam                      0 of 1 exercise, 5 of 5 questions answered, 0 of 1"
        in progress.text(here)
    )
    journal.note("exercise", exercise, True)
    journal.note("challenge", "adam_switches")
    text, html = progress.text(here), progress.html(here)
    assert (
        "  06 Assemble Adam                      1 of 1 exercise, 5 of 5 questions answered, 1 of 1 challenge" in text
    )
    assert "> 07 Correct the bias" in text and text.endswith("Next: 07 Correct the bias.")
    assert '<a href="06_assemble_adam.ipynb">06 Assemble Adam</a></th><td>1 of 1</td><td>5 of 5</td>' in html
    assert html.count("<b>next</b>") == html.count("<b>done</b>") == 1


def test_after_the_last_lesson_the_map_leads_back_to_what_is_left(here):
    for row in progress.rows(here, ())[1:]:
        for item in questions_of(row.name[:2]):
            journal.note("question", item["question"])
        for exercise in exercises.LESSONS[int(row.name[:2])].EXERCISES:
            journal.note("exercise", exercise.name)
    for name in standing.EXPLORER.findall("".join(file.read_text() for file in sorted(here.glob("*.ipynb")))):
        journal.note("challenge", name)
    assert progress.text(here).endswith("Next: 00 Start here.")
    for item in questions_of("00"):
        journal.note("question", item["question"])
    journal.note("exercise", "halfway")
    assert progress.text(here).endswith("Everything is done.")


def test_a_lesson_whose_first_cell_is_another_is_called_by_its_file(here):
    for name, content in ((ADAM, "{"), ("01_descend_a_slope.ipynb", '{"cells": [{"source": ["mine"]}]}')):
        (here / name).unlink()
        (here / name).write_text(content)
    (here / "99_mine.ipynb").write_text("{}")
    titles = [row.title for row in progress.rows(here, ())]
    assert "06_assemble_adam" in titles and "01_descend_a_slope" in titles and "99_mine" not in titles


# --- review ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def reviewed(here, monkeypatch):
    """The questions that each review asks."""
    shown = []
    monkeypatch.setattr(progress, "show", lambda items: shown.append([item["question"] for item in items]))
    return shown


def answer(item, right=True, days_ago=0):
    Today.now = TODAY - timedelta(days_ago)
    journal.note("question", item["question"], right)
    Today.now = TODAY


def test_a_question_comes_back_after_1_6_15_38_and_94_days_and_after_a_wrong_answer_after_1(reviewed, capsys):
    """The intervals of SM-2 as its author prints them: I(1) = 1, I(2) = 6, then times 2.5, rounded up from a half."""
    item = questions("06")[0]
    for days in (1, 6, 15, 38, 94):
        journal.note("question", item["question"], True)
        Today.now += timedelta(days - 1)
        progress.review()
        assert reviewed == [] and f"due on {Today.now + timedelta(1)}" in capsys.readouterr().out
        Today.now += timedelta(1)
        progress.review()
        assert reviewed.pop() == [item["question"]]
    journal.note("question", item["question"], False)
    Today.now += timedelta(1)
    progress.review()
    assert reviewed == [[item["question"]]]


def test_an_answer_that_comes_too_early_does_not_make_the_interval_longer(reviewed, capsys):
    """As when the cell of a quiz is run again and again on one day; a wrong answer counts whenever it is given."""
    item = questions("06")[0]
    for right in (True, True, True, False, True, True):
        answer(item, right)
        assert progress._dates(journal.read(Path()).entries) == {item["question"]: TODAY + timedelta(1)}


def test_no_interval_is_longer_than_a_year_and_a_clock_in_the_future_hides_nothing(reviewed, capsys):
    for streak in range(100):
        assert progress.interval(streak) <= 365
    (Path() / journal.FILE).write_text(
        json.dumps({"when": "9999-12-31", "kind": "question", "name": questions("06")[0]["question"], "right": True})
    )
    progress.review()
    assert "due on 2026-12-01" in capsys.readouterr().out


def test_a_wrong_answer_begins_anew(reviewed):
    """Wrong, and right a day later: due again after one day more, not after six."""
    item = questions("06")[0]
    for days_ago, right in ((3, True), (2, False), (1, True)):
        answer(item, right, days_ago)
    assert progress._dates(journal.read(Path()).entries) == {item["question"]: TODAY}


def test_five_are_asked_and_those_first_that_have_been_due_for_longest(reviewed):
    items = questions("06") + questions("07")[:3]
    for days_ago, item in enumerate(items, 1):
        answer(item, days_ago=days_ago)
    progress.review()
    progress.review(2)
    latest_first = [item["question"] for item in items]
    assert reviewed == [latest_first[:-6:-1], latest_first[:-3:-1]]


def test_what_was_answered_today_or_never_is_not_asked(reviewed, capsys):
    progress.review()
    assert "answer the quiz of a lesson first" in capsys.readouterr().out
    answer(questions("06")[0])
    progress.review()
    assert "Nothing is due today. The next question is due on 2026-12-01." in capsys.readouterr().out
    assert reviewed == []
    with pytest.raises(ValueError, match="most = 0: give a whole number, 1 or more"):
        progress.review(0)


def test_a_question_that_the_course_has_dropped_is_not_asked(reviewed, capsys):
    answer({"question": "Who was it?"}, days_ago=9)
    progress.review()
    assert reviewed == []


def test_an_answer_in_a_review_is_noted_like_any_other(here, monkeypatch):
    item = questions("06")[0]
    answer(item, days_ago=2)
    boxes = []
    monkeypatch.setattr(quizzes.widgets, "VBox", lambda children: boxes.append(children) or Mime())
    monkeypatch.setattr(quizzes, "display", lambda bundle, raw: None)
    progress.review()
    boxes[0][1].value = right_of(item)
    assert [line["right"] for line in lines(here)] == [True, True]


def test_no_two_questions_have_the_same_text():
    texts = [item["question"] for items in all_questions().values() for item in items]
    assert len(set(texts)) == len(texts)


# --- faults ----------------------------------------------------------------------------------------------------------


DAMAGED = ["{", "[]", "null", '{"when": "today"}', '{"when": "2026-11-30", "kind": "x", "name": "y", "right": true}']
DAMAGED += ["[" * 100_000, '{"when": "2026-11-30", "kind": "exercise", "name": "halfway", "right": "no"}', "\udcff"]
DAMAGED += ['{"when": "2026-11-30", "kind": "exercise", "name": 3, "right": true}', "\x00", '{"when": 3}']


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_line_is_left_out_and_harms_no_other(damage, here):
    journal.note("exercise", "gradient_step")
    with (here / journal.FILE).open("ab") as file:
        file.write(f"\n{damage}".encode(errors="surrogateescape"))
    journal.note("challenge", "race")
    found = journal.read(here)
    assert journal.done(found.entries) == {("exercise", "gradient_step"), ("challenge", "race")}
    assert found.complaint == "1 line of progress.jsonl cannot be read and is left out."
    assert found.complaint in progress.text(here) and found.complaint in progress.html(here)


def test_a_line_that_was_cut_off_anywhere_harms_no_other(here):
    journal.note("exercise", "gradient_step")
    whole = (here / journal.FILE).read_bytes()
    for length in range(len(whole)):
        (here / journal.FILE).write_bytes(whole[:length])
        journal.note("challenge", "race")
        assert ("challenge", "race") in journal.done(journal.read(here).entries)


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), PermissionError(errno.EACCES, "No")]
)
def test_where_nothing_can_be_written_the_lesson_goes_on_and_says_so_once(
    error, here, answers_run_here, monkeypatch, capsys
):
    def fails(file, mode="r", **options):
        if mode == "ab":
            raise error
        return real(file, mode, **options)

    real = Path.open
    monkeypatch.setattr(Path, "open", fails)
    for _ in range(2):
        assert check(gradient_step).right
    said = f"Your progress cannot be noted in progress.jsonl: {error.strerror}. The lesson goes on without."
    assert capsys.readouterr().out.count(said) == 1
    shown, _ = asked("06", monkeypatch)
    shown[0][0].value = 0
    assert shown[0][1].value.endswith(said)


def test_a_folder_in_the_place_of_the_file(here, answers_run_here, capsys):
    (here / journal.FILE).mkdir()
    assert check(gradient_step).right
    assert "Your progress cannot be noted in progress.jsonl: Is a directory" in capsys.readouterr().out
    assert "progress.jsonl cannot be read: Is a directory." in progress.text(here)
    assert "cannot be read" in standing.line("01")


def test_an_editor_s_mark_and_strange_letters_in_a_name_lose_no_line(here):
    journal.note("question", "a\u2028b\u0085c \ud83d β", True)
    text = (here / journal.FILE).read_text(encoding="utf-8").strip()
    (here / journal.FILE).write_text(f"{text}\n", encoding="utf-8-sig")
    found = journal.read(here)
    assert len(found.entries) == 1 and found.complaint == ""


@pytest.mark.parametrize("damage", ["folder", b"\xff", b"", b'{"cells": [{"source": [1]}]}', b"[" * 100_000])
def test_a_lesson_that_cannot_be_read_is_on_the_map_by_its_name(damage, here, monkeypatch):
    (here / ADAM).unlink()
    (here / ADAM).mkdir() if damage == "folder" else (here / ADAM).write_bytes(damage)
    assert "  06_assemble_adam " in progress.text(here)
    asked("06", monkeypatch)


def test_copies_and_explorers_of_the_learner_s_own_change_no_number(here):
    before = progress.text(here)
    text = (here / ADAM).read_text(encoding="utf-8")
    (here / ADAM).unlink()
    own = "from adamcourse.explorers.explorer import Explorer; from adamcourse.explorers.controls import slider"
    (here / ADAM).write_text(text.replace("import numpy", f"{own}; import numpy"), encoding="utf-8")
    (here / "06_mine.ipynb").write_text("{}")
    assert progress.text(here) == before


def test_a_copy_beside_a_lesson_is_not_taken_for_it(here):
    before = progress.text(here)
    for name in ("00_start_here", "06_assemble_adam"):
        (here / f"{name}-Copy1.ipynb").write_text("{}")
    assert progress.text(here) == before
    assert standing.line("06").startswith("Done in this lesson: 0 of")


def test_a_folder_that_is_gone_notes_nothing(here, monkeypatch):
    def gone():
        raise FileNotFoundError

    monkeypatch.setattr(Path, "cwd", gone)
    assert journal.place() is None and journal.note("challenge", "race") == "" and standing.line("06") == ""


def test_what_cannot_be_noted_is_said_by_on_off_and_review(here, monkeypatch, capsys):
    (here / journal.FILE).mkdir()
    progress.review()
    assert "progress.jsonl cannot be read: Is a directory." in capsys.readouterr().out
    monkeypatch.setattr(journal, "get_ipython", lambda: None)
    for call in (progress.on, progress.off, progress.review):
        call()
        assert progress.NOT_HERE in capsys.readouterr().out


def test_a_title_is_text_and_not_html(here):
    (here / ADAM).unlink()
    (here / ADAM).write_text(json.dumps({"cells": [{"source": "# <b> & more"}]}), encoding="utf-8")
    assert "&lt;b&gt; &amp; more" in progress.html(here)


def test_two_kernels_at_once_lose_nothing(here):
    """The real thing: two processes write as fast as they can."""
    script = """
import sys
from adamcourse import journal
journal.get_ipython = object
for number in range(200):
    journal.note("question", f"{sys.argv[1]} {number}", True)
"""
    writers = [subprocess.Popen([sys.executable, "-c", script, name], cwd=here) for name in ("a", "b")]
    assert [writer.wait() for writer in writers] == [0, 0]
    found = journal.read(here)
    assert found.complaint == ""
    assert {entry.name for entry in found.entries} == {f"{name} {number}" for name in "ab" for number in range(200)}


def test_in_a_kernel_the_module_itself_shows_the_map(here):
    from IPython.core.formatters import DisplayFormatter

    bundle, _ = DisplayFormatter().format(progress)
    assert bundle["text/plain"] == progress.text(here) and bundle["text/html"] == progress.html(here)
