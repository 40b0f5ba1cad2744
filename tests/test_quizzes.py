"""Quizzes: one right answer each, a reason for every choice, widgets and folded HTML that say the same."""

import json
from html import unescape

import numpy as np
import pytest

from adamcourse.datasets import data_file
from adamcourse.descent import descend
from adamcourse.exercises import quizzes
from adamcourse.optimizers import Adam, GradientDescent
from adamcourse.surfaces import quadratic, rosenbrock

QUIZZES = json.loads(data_file("quizzes.json").read_text(encoding="utf-8"))
ITEMS = [(lesson, item) for lesson, items in QUIZZES.items() for item in items]


def right(lesson, number):
    """The text of the right choice."""
    return next(choice["text"] for choice in QUIZZES[lesson][number - 1]["choices"] if choice.get("right"))


@pytest.mark.parametrize(("lesson", "item"), ITEMS, ids=lambda part: part if isinstance(part, str) else "")
def test_one_choice_is_right_and_each_has_a_reason(lesson, item):
    assert sum(choice.get("right", False) for choice in item["choices"]) == 1
    assert len(item["choices"]) >= 3
    texts = [choice["text"] for choice in item["choices"]]
    assert len(set(texts)) == len(texts)
    assert all(len(choice["feedback"]) > 20 for choice in item["choices"])
    assert item["question"].endswith(("?", "."))


def test_the_right_answer_is_not_always_in_the_same_place():
    places = [next(i for i, c in enumerate(item["choices"]) if c.get("right")) for _, item in ITEMS]
    assert max(np.bincount(places, minlength=3)) <= 0.6 * len(places)


def test_answers_that_can_be_computed():
    steep = quadratic((8.0,))
    assert right("01", 1) == "α between 0 and 0.25"
    for rate, converges in ((0.249, True), (0.251, False)):
        path = descend(steep, GradientDescent(rate), (1.0,), 2000)
        assert (path.diverged_at is None and path.loss[-1] < path.loss[0]) == converges
    assert right("01", 2) == "A half"
    path = descend(quadratic((1.0, 3.0)), GradientDescent(0.5), (1.0, 1.0), 10)
    np.testing.assert_allclose(np.abs(path.x[1:] / path.x[:-1]), 0.5)

    adam = Adam(lr=0.1)
    assert right("06 predict", 1) == "0.1"
    assert abs(adam.update(np.zeros(1), np.array([1e6]), adam.start(np.zeros(1)))[0][0]) == pytest.approx(0.1)
    assert right("06", 1) == "9"
    state = adam.start(np.zeros(1))
    for _ in range(5):
        _, state = adam.update(np.zeros(1), np.array([3.0]), state)
    assert adam.corrected(state.v, adam.beta2, state.t)[0] == pytest.approx(9)
    assert right("06", 2) == "Two million"
    assert sum(part.size for part in adam.start(np.zeros(1000))[:2]) == 2000
    assert right("06", 3).startswith("It walks the same path")
    exact = Adam(lr=0.1, eps=0)
    plain = descend(rosenbrock, exact, rosenbrock.start, 50).x
    np.testing.assert_allclose(descend(Thousandfold(), exact, rosenbrock.start, 50).x, plain, rtol=1e-9)


class Thousandfold:
    def value_and_gradient(self, x):
        value, gradient = rosenbrock.value_and_gradient(x)
        return 1000 * value, 1000 * gradient


@pytest.mark.parametrize("lesson", QUIZZES)
def test_widgets_and_folded_html_say_the_same(lesson, monkeypatch):
    shown = []
    monkeypatch.setattr(quizzes, "display", lambda bundle, raw: shown.append(bundle))
    quizzes.quiz(lesson)
    for number, item in enumerate(QUIZZES[lesson], 1):
        question, radio, answer = quizzes._asked(number, item).children
        assert item["question"] in unescape(question.value)
        for i, choice in enumerate(item["choices"]):
            radio.value = i
            assert choice["feedback"] in unescape(answer.value)
            assert answer.value.startswith("Right." if choice.get("right") else "Not this one.")
            assert answer.value in shown[0]["text/html"]
    assert shown[0]["text/html"].count("<details>") == sum(len(item["choices"]) for item in QUIZZES[lesson])


def test_an_unknown_lesson_is_named():
    with pytest.raises(ValueError, match="lesson = '99': there are quizzes for 00, 00 predict"):
        quizzes.quiz("99")
