"""Answers that people have written from an exercise's statement alone, without a look at what `check` knows."""

import json
from pathlib import Path

import numpy as np
import pytest

from adamcourse.exercises import EXERCISES
from adamcourse.exercises.judging import judge

ANSWERS = json.loads((Path(__file__).parent / "golden" / "answers.json").read_text(encoding="utf-8"))


def verdicts(name, sources):
    """Return what is said of each answer, with what it was meant to be."""
    said = []
    for meant, source in sources:
        scope = {"np": np}
        exec(source, scope)
        said.append((meant, judge(scope[name], EXERCISES[name])))
    return said


def test_every_exercise_has_answers_and_three_in_four_wrong_ones_are_named():
    assert set(ANSWERS) == set(EXERCISES)
    assert all(len(answers["wrong"]) >= 15 and len(answers["right"]) >= 12 for answers in ANSWERS.values())
    named, wrong = (sum(part) for part in zip(*((a["named"], len(a["wrong"])) for a in ANSWERS.values()), strict=True))
    assert named / wrong > 0.75


@pytest.mark.usefixtures("answers_run_here")
@pytest.mark.parametrize("name", ANSWERS)
def test_right_answers_in_other_styles_are_right(name):
    refused = [(meant, verdict.text) for meant, verdict in verdicts(name, ANSWERS[name]["right"]) if not verdict.right]
    assert refused == []


@pytest.mark.usefixtures("answers_run_here")
@pytest.mark.parametrize("name", ANSWERS)
def test_wrong_answers_are_refused_and_most_are_named(name):
    said = verdicts(name, ANSWERS[name]["wrong"])
    assert [meant for meant, verdict in said if verdict.right] == []
    assert sum(verdict.kind == "known mistake" for _, verdict in said) >= ANSWERS[name]["named"]  # raise it if it grows
