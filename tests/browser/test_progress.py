"""From the printed address to the map of the course: what a learner does in JupyterLab is noted and shown."""

import json
import re

import pytest
from playwright.sync_api import expect

from adamcourse.exercises.questions import questions
from adamcourse.journal import FILE
from tests.browser import lab

QUIZ = """
from adamcourse.exercises import check, quiz

def halfway(x, gradient):
    return x - gradient / 2

check(halfway)
quiz("00")
"""
EXPLORER = """
from adamcourse.explorers.race import race

explorer = race()
explorer
"""
WON = "explorer.set(factor=10**0.4)"  # tests/test_explorers.py finds that this wins
MAP = """
from adamcourse import progress

progress
"""


@pytest.fixture(scope="module")
def worked(open_notebook, jupyterlab):
    """A page on which an exercise, a question and a challenge were done, and then the map was shown."""
    (jupyterlab.folder / FILE).unlink(missing_ok=True)
    with open_notebook("test-progress", EXPLORER, QUIZ, WON, MAP) as page:
        expect(page.locator(".explorer-verdict")).to_contain_text("Done.")
        page.locator("input[type=radio]").first.check()
        page.locator(".jp-CodeCell").last.locator(".cm-line").last.click()
        page.keyboard.press("Shift+Enter")
        yield page


def test_the_address_that_is_printed_opens_the_lesson(chromium, jupyterlab):
    (address,) = re.findall(r"http\S+", jupyterlab.log.read_text())
    page = lab.empty_page(chromium, address)
    expect(page.get_by_role("heading", name="00 Start here")).to_be_visible(timeout=60_000)
    page.close()


def test_what_is_done_is_noted_in_one_file(worked, jupyterlab):
    expect(worked.locator("table")).to_contain_text("1 of 4")
    lines = (jupyterlab.folder / FILE).read_text(encoding="utf-8").strip().splitlines()
    found = {(entry["kind"], entry["name"]) for entry in map(json.loads, lines)}
    assert found == {("exercise", "halfway"), ("challenge", "race"), ("question", questions("00")[0]["question"])}


def test_no_kernel_warns_in_the_learner_s_terminal(worked, jupyterlab):
    assert "IPKernelApp" not in jupyterlab.log.read_text()


def test_the_line_below_the_quiz_and_the_map_say_the_same(worked):
    said = "Done in this lesson: 1 of 1 exercise, 1 of 4 questions answered, 1 of 1 challenge."
    expect(worked.locator(".jp-OutputArea", has_text="Right. ").last).to_contain_text(said)
    row = worked.get_by_role("row", name=re.compile("00 Start here"))
    expect(row).to_contain_text("1 of 11 of 41 of 1next")


def test_the_map_s_links_open_the_lessons(worked):
    worked.get_by_role("link", name="01 Descend a slope").click()
    expect(worked.locator(".jp-NotebookPanel:not(.lm-mod-hidden) h1", has_text="01 Descend a slope")).to_be_visible()


def test_a_challenge_that_cannot_be_noted_is_won_and_says_so(open_notebook, jupyterlab):
    file = jupyterlab.folder / FILE
    file.unlink(missing_ok=True)
    file.mkdir()
    with open_notebook("test-unnoted", EXPLORER, WON) as page:
        expect(page.locator(".explorer-verdict")).to_contain_text("Done.")
        expect(page.locator(".explorer-verdict")).to_contain_text("Your progress cannot be noted in progress.jsonl")
    file.rmdir()
