"""Quizzes: one right answer each, a reason for every choice, widgets and folded HTML that say the same."""

import json
import re
from html import unescape

import numpy as np
import pytest

from adamcourse.datasets import data_file, load_trainings
from adamcourse.descent import descend
from adamcourse.dialects import keras, pytorch
from adamcourse.exercises import quizzes
from adamcourse.gradients import numerical_gradient
from adamcourse.losses import Game, Noisy, ReddiCounterexample, Replay, SparseFeature, quadratic, rosenbrock
from adamcourse.networks import Dropout, article_cnn, windows
from adamcourse.optimizers import (
    Adagrad,
    Adam,
    AdamW,
    GradientDescent,
    InverseRoot,
    Lion,
    Momentum,
    NormalisedMomentum,
    Projected,
    RMSprop,
    Scheduled,
)
from adamcourse.training import memory_bytes

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


def test_neither_place_nor_length_gives_the_right_answer_away():
    places = [next(i for i, c in enumerate(item["choices"]) if c.get("right")) for _, item in ITEMS]
    assert (np.abs(np.bincount(places) / len(places) - 1 / 3) < 0.06).all()
    for first in range(len(places) - 10):  # in any ten in a row, which are two or three lessons
        assert min(np.bincount(places[first : first + 10], minlength=3)) >= 1
    for extreme in (max, min):  # by chance a third
        alone = 0
        for _, item in ITEMS:
            lengths = {c["text"]: len(c["text"]) for c in item["choices"]}
            most = [text for text, n in lengths.items() if n == extreme(lengths.values())]
            alone += len(most) == 1 and any(c["text"] == most[0] and c.get("right") for c in item["choices"])
        assert 0.15 < alone / len(ITEMS) < 0.4


def test_answers_that_can_be_computed():
    steep = quadratic((8.0,))
    assert right("01", 1) == "α between 0 and 0.25"
    for rate, converges in ((0.249, True), (0.251, False)):
        path = descend(steep, GradientDescent(rate), (1.0,), 2000)
        assert (not path.diverged and path.loss[-1] < path.loss[0]) == converges
    assert right("01", 2) == "A half"
    path = descend(quadratic((1.0, 3.0)), GradientDescent(0.5), (1.0, 1.0), 10)
    np.testing.assert_allclose(np.abs(path.x[1:] / path.x[:-1]), 0.5)

    assert right("00", 2) == "(8, 1)"
    gradient = numerical_gradient(lambda x: 3 * x[0] ** 2 + x[0] * x[1], np.array([1.0, 2.0]))
    np.testing.assert_allclose(gradient, [8, 1], atol=1e-6)

    adam = Adam(lr=0.1)
    assert right("06 predict", 1) == "0.1 and about 0.009"
    first = [abs(adam.update(np.zeros(1), np.array([g]), adam.start(np.zeros(1)))[0][0]) for g in (1e6, 1e-9)]
    assert first == pytest.approx([0.1, 0.009], rel=0.02)
    assert right("06", 1) == "9"
    state = adam.start(np.zeros(1))
    for _ in range(5):
        _, state = adam.update(np.zeros(1), np.array([3.0]), state)
    assert adam.corrected(state.v, adam.beta2, state.t)[0] == pytest.approx(9)
    assert right("06", 2) == "Two million"
    assert sum(part.size for part in adam.start(np.zeros(1000))[:2]) == 2000
    assert right("06", 4) == "It goes up by 0.033, a third of α"
    x = descend(Replay([[2.0], [-2.0]]), Adam(0.1, beta1=0.5, beta2=0.75), (0.0,), 2).x[:, 0]
    assert x[2] - x[1] == pytest.approx(0.033, abs=5e-4)
    assert right("06", 3).startswith("It walks the same path")
    exact = Adam(lr=0.1, eps=0)
    plain = descend(rosenbrock, exact, rosenbrock.start, 50).x
    np.testing.assert_allclose(descend(Thousandfold(), exact, rosenbrock.start, 50).x, plain, rtol=1e-9)


def test_answers_of_lessons_02_and_03_that_can_be_computed():
    def factor(text):
        return float(text.split()[0].replace(",", ""))

    assert 1 / np.sqrt(factor(right("02", 1))) == 0.5
    floors = [rate / (2 - rate) for rate in (0.02, 0.01)]
    assert right("02", 2) == "It is about halved"
    assert floors[1] / floors[0] == pytest.approx(0.5, rel=0.01)
    assert sum(2.0**-k for k in range(60)) == pytest.approx(2)
    assert "only 2" in right("02", 4)

    z = 0.0
    for _ in range(5000):
        z = 0.99 * z + 1
    assert factor(right("03", 1)) == pytest.approx(z)
    for product in (0.5, 0.7):  # both ripple at β = 0.9
        root = np.abs(np.linalg.eigvals([[0.9, 1.0], [-product * 0.9, 1.0 - product]])).max()
        assert root == pytest.approx(np.sqrt(0.9))
    assert right("03", 2).startswith("Not at all")
    counts = [np.log(1e-6) / np.log((k - 1) / (k + 1)) for k in (10_000, 100)]
    assert [factor(part) for part in right("03", 3).split(" and ")] == pytest.approx(counts, rel=0.01)
    ours = descend(rosenbrock, Momentum(0.01 * factor(right("03", 4)), 0.9), rosenbrock.start, 30).x
    x, m = np.array(rosenbrock.start), np.zeros(2)
    for _ in range(30):
        m = 0.9 * m + 0.1 * rosenbrock.gradient(x)
        x = x - 0.01 * 0.5 * m
    np.testing.assert_allclose(ours[-1], x)


def test_answers_of_lessons_04_and_05_that_can_be_computed():
    path = descend(Replay([[3.0], [4.0]]), Adagrad(1.0), (0.0,), 2)
    assert right("04", 1) == "1/5"
    assert 1 / np.sqrt(path.state("s")[2, 0]) == pytest.approx(1 / 5)
    rare = descend(SparseFeature(100, sigma=0), Adagrad(0.0), (0.0, 0.0), 10_000).state("s")[-1]
    assert "ten times" in right("04", 3)
    assert np.sqrt(rare[0] / rare[1]) == pytest.approx(10)
    way = -descend(Replay([[1.0]]), Adagrad(0.1), (0.0,), 10_000).x[:, 0]
    assert right("04", 4) == "10,000"
    assert way[10_000] / way[2_500] == pytest.approx(2, rel=0.01)

    assert right("05", 1) == "9"
    assert descend(Replay([[3.0]]), RMSprop(0.1, 0.99), (0.0,), 3000).state("v")[-1, 0] == pytest.approx(9)
    lengths = np.abs(np.diff(descend(Replay([[10.0]] * 200 + [[1.0]]), RMSprop(1.0), (0.0,), 201).x[:, 0]))
    assert right("05", 2) == "About a tenth"
    assert lengths[200] / lengths[199] == pytest.approx(0.1, rel=0.06)
    assert np.sqrt(1e-7) == pytest.approx(float(right("05", 4).split()[1]), rel=0.1)


def test_answers_of_lessons_07_and_08_that_can_be_computed():
    assert right("07", 1) == "90"
    assert np.argmax(0.95 ** np.arange(200) < 0.01) == 90
    assert right("07", 2) == "10 α"
    m, v, _ = Adam(beta2=0.99).update(np.zeros(1), np.ones(1), Adam().start(np.zeros(1)))[1]
    assert (m / (1 - 0.9) / np.sqrt(v))[0] == pytest.approx(10)
    floors = []
    for sigma in (1.0, 0.1):  # a minibatch a hundred times as large
        noisy = Noisy(quadratic((1.0,)), sigma)
        floors.append((descend(noisy, Adam(0.002), np.zeros((1, 100)), 6000).x[3000:] ** 2).mean())
    assert "tenth" in right("08", 4)
    assert floors[1] / floors[0] == pytest.approx(0.1, rel=0.2)


def test_answers_of_lessons_09_and_10_that_can_be_computed():
    assert right("09", 1) == "80 MB"
    network = article_cnn()
    assert memory_bytes(network, Adam())["optimizer state"] / network.size * 1e7 == pytest.approx(80e6, rel=1e-3)
    assert right("09 predict", 1) == "By about 5, and then by nothing that three seeds can show"
    runs = load_trainings()
    for recorded, low, high in ((runs.as_printed, 4.5, 5.5), (runs.searched, -1, 1)):
        adam, sgd = (np.median(recorded[name].accuracy[:, -1]) for name in ("Adam", "GradientDescent"))
        assert low < 100 * (adam - sgd) < high
    gradient = numerical_gradient(lambda s: np.log(np.exp(s).sum()) - s[0], np.zeros(3))
    fractions = [eval(part) for part in right("09", 2).strip("()").split(",")]
    np.testing.assert_allclose(gradient, fractions, atol=1e-9)

    y = Dropout(0.75).forward(np.ones((1, 1000)), None, training=True)
    assert y.max() == float(right("10", 1))
    left = descend(Replay([[0.0]]), AdamW(0.001, weight_decay=0.1), (1.0,), 10_000).x[-1, 0]
    assert right("10", 2) == f"About {100 * left:.0f} %"
    decays = [1 - descend(Replay([[0.0]]), AdamW(lr, weight_decay=0.1), (1.0,), 1).x[-1, 0] for lr in (0.1, 0.2)]
    assert right("10", 3) == "It is halved"
    assert decays[0] / decays[1] == pytest.approx(0.5)


def test_answers_of_lessons_11_to_13_that_can_be_computed():
    within = Projected(Scheduled(Adam(0.1, beta1=0, beta2=1 / 26), InverseRoot()), -1.0, 1.0)
    regret = ReddiCounterexample.average_regret(descend(ReddiCounterexample(5, 1, 3), within, (1.0,), 3000))
    assert right("11", 1) == "2" and regret[2999] == pytest.approx(2, abs=0.05)
    p, g = np.array([-0.1, 0.0]), np.array([2.0, 5.0])
    gamma = float(right("11", 4))
    np.testing.assert_allclose((-gamma * g @ p) / (p @ p) * p, p)

    first = [-descend(Replay([[1e-7]]), kind(1.0), (0.0,), 1).x[-1, 0] for kind in (keras.Adam, pytorch.Adam)]
    assert right("12 predict", 1) == "About 0.9 α in PyTorch and a thirtieth of α in Keras"
    assert first == pytest.approx([1 / 30, 0.9], rel=0.1)
    assert float(right("12", 3)) == pytest.approx(1e-8 * np.sqrt(0.001), rel=0.02)

    assert right("13", 1) == "50 times"
    limit = (2 + 2 * 0.9) / ((1 - 0.9) * 0.001)
    assert float(right("13", 2).replace(",", "")) == pytest.approx(limit)
    sizes = [sum(np.size(part) for part in kind().start(np.zeros(100)) if np.ndim(part)) for kind in (Lion, Adam)]
    assert right("13", 3) == "Half" and sizes[0] / sizes[1] == 0.5


class Thousandfold:
    def value_and_gradient(self, x):
        value, gradient = rosenbrock.value_and_gradient(x)
        return 1000 * value, 1000 * gradient


def test_answers_of_lesson_14_that_can_be_computed():
    assert right("14", 1).startswith(f"{windows(np.arange(33), 32)[1].size},")
    gradients = np.random.default_rng(0).normal(size=(20, 4))
    smaller = gradients * [1, 1, 1e-3, 1e-3]
    same = []
    for name, optimizer in {
        "Adam": Adam(0.1),
        "signs": Lion(0.1, beta1=0.9, beta2=0.9),
        "momentum": Momentum(0.1),
        "normalised momentum": NormalisedMomentum(0.1),
    }.items():
        ends = [descend(Replay(stream), optimizer, np.zeros(4), 20).x[-1] for stream in (gradients, smaller)]
        same += [name] * np.allclose(*ends, rtol=1e-3)
    assert right("14", 3) == " and ".join(same)


def test_answers_of_lesson_17_that_can_be_computed():
    assert [float(part) for part in re.findall(r"\d", right("17", 1))] == [1 + 0 + 2, 0 + 2, 2]
    longest = {}
    for beta2 in (0.9, 0.999):
        path = descend(Replay([[1e-3]] * 9000 + [[1.0]] * 100), Adam(1.0, beta2=beta2, eps=0), (0.0,), 9100)
        longest[beta2] = np.abs(np.diff(path.x[9000:, 0])).max()
    assert right("17", 3) == "About 1 α" and 0.99 < longest[0.9] <= 1
    assert longest[0.999] == pytest.approx(6.57, abs=0.01)
    far = descend(Game(), GradientDescent(0.1), (0.6, 0.8), 200).loss[-1]
    assert right("17", 4) == f"About {far:.1f}" and far == pytest.approx(1.01**100)


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
