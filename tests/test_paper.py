"""The miniatures of the paper's figures, the autoencoder behind one of them, and what a search buys."""

import itertools
import math
import re

import nbformat
import numpy as np
import pytest

from adamcourse.datasets import digits_subset, load_paper, load_torch_loop
from adamcourse.explorers import what_a_search_buys as explorer
from adamcourse.gradients import numerical_gradient
from adamcourse.networks import mlp
from adamcourse.optimizers import AdamW, Clipped, Cosine, Scheduled
from adamcourse.training import best_of
from notebooks.teaching import refresh
from tests.scripts import script_of_data

PAPER = load_paper()
SCRIPT = script_of_data("make_paper")
RECORDED = {"convolutional network": "convolutional", "two hidden layers, dropout": "multilayer, dropout"}
MEMORIES = (0.99, 0.999, 0.9999)
TASKS = [task for task in PAPER if task != "correction"]


# --- the autoencoder --------------------------------------------------------------------------------------------------


def small_autoencoder():
    """An autoencoder of eight images of 12 pixels, weights, images and noise, all float64."""
    rng = np.random.default_rng(0)
    loss = SCRIPT.Autoencoder(rng.random((8, 12)), hidden=5, latent=3, batch_size=8)
    return loss, loss.start().astype(float), loss.images, rng.normal(size=(8, 3))


def test_the_gradient_of_the_autoencoder_is_that_of_finite_differences():
    loss, w, x, noise = small_autoencoder()
    numerical = numerical_gradient(lambda w: loss.at(w, x, noise)[0], w)
    np.testing.assert_allclose(loss.at(w, x, noise)[1], numerical, atol=1e-8)


def test_an_autoencoder_that_knows_nothing_pays_one_bit_a_pixel():
    """All weights 0: each pixel is a half, and what stands for an image is noise of mean 0 and spread 1, at no cost."""
    loss, w, x, noise = small_autoencoder()
    assert loss.at(0 * w, x, noise)[0] == pytest.approx(12 * math.log(2))


def test_what_a_latent_number_costs_is_the_divergence_from_the_standard_normal():
    """Against a sum over a fine grid of q log(q / p), for a mean of 0.7 and a spread of exp(-0.3)."""
    loss, w, x, noise = small_autoencoder()
    w, mu, s = 0 * w, 0.7, -0.6
    first = 13 * 5 + 5 * 3  # behind the weights into the hidden units, and those of the means: their biases
    w[first : first + 3], w[first + 3 + 15 : first + 6 + 15] = mu, s
    z = np.linspace(-12, 12, 200_001)
    q = np.exp(-((z - mu) ** 2) / (2 * math.exp(s))) / math.sqrt(2 * math.pi * math.exp(s))
    p = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    divergence = (q * np.log(np.maximum(q, 1e-300) / np.maximum(p, 1e-300))).sum() * (z[1] - z[0])
    assert loss.at(w, x, noise)[0] == pytest.approx(12 * math.log(2) + 3 * divergence, rel=1e-6)


# --- the recorded runs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
def test_no_best_rate_is_the_first_or_the_last(task):
    for found in PAPER[task].values():
        assert found["best"][0] in found["rates"][1:-1]
        assert np.isfinite(found["lowest"]).all() and found["lowest"][-1] == min(found["losses"])
        assert len(found["losses"]) == len(found["rates"]) * len(found["settings"])


@pytest.mark.parametrize("task", ["digits", "lines, dropout", "multilayer, dropout"])
def test_the_recorded_runs_begin_as_runs_do_now(task):
    """Three epochs of the best Adam anew; minibatch noise is the same, so only the processor's rounding differs."""
    found, (make, examples, penalty, _, falling) = PAPER[task]["Adam"], SCRIPT.TASKS[task]
    rate, setting = found["best"]
    network, (train, _) = make(), examples()
    steps = -(-len(train[1]) // SCRIPT.BATCH)
    loss = network.loss_on(*train, batch_size=SCRIPT.BATCH, seed=0)
    optimizer = SCRIPT.optimizer_of("Adam", rate, setting, falling)
    costs, _ = SCRIPT.walk(loss, optimizer, network.start(0), 3 * steps, penalty)
    np.testing.assert_allclose(costs.reshape(3, steps).mean(axis=1), found["curves"][0][:3], rtol=0.02)


def six_seeds(task, name):
    """The cost of the last epoch at the best setting, from the seeds that chose it and three others."""
    return [curve[-1] for curve in PAPER[task][name]["curves"]] + PAPER[task][name]["again"]


MEAN = {(task, name): np.mean(six_seeds(task, name)) for task in TASKS for name in PAPER[task]}


def best_with(task, name, setting):
    """The lowest cost at the end over all rates, with the second setting of this number."""
    found = PAPER[task][name]
    return np.reshape(found["losses"], (len(found["rates"]), -1)).min(axis=0)[setting]


def test_figure_1_left():
    for task in ("digits", "digits, constant"):
        assert 0.95 < MEAN[task, "Nesterov"] / MEAN[task, "Adam"] < 0.98
        assert max(six_seeds(task, "Adam")) < min(six_seeds(task, "Adagrad"))
    falling, constant = "digits, no penalty", "digits, constant, no penalty"
    assert min(PAPER[falling], key=lambda name: MEAN[falling, name]) == "Adam"
    assert min(PAPER[constant], key=lambda name: MEAN[constant, name]) == "Adagrad"
    costs = [best_with("digits", *one) for one in (("Nesterov", 1), ("Adam", 0), ("Nesterov", 2), ("Adam", 2))]
    np.testing.assert_allclose(costs, (0.190, 0.165, 0.159, 0.160), atol=6e-4)


def test_figure_1_right():
    ways = [task for task in TASKS if task.startswith("lines")]
    assert len(ways) == 4
    for task in ways:
        after_two = {name: found["lowest"][1] for name, found in PAPER[task].items()}
        assert after_two["Adam"] < after_two["Adagrad"] < after_two["Nesterov"]
        assert MEAN[task, "Adam"] < 1.005 * min(MEAN[task, name] for name in PAPER[task])
    assert sum(MEAN[task, "Nesterov"] < MEAN[task, "Adagrad"] for task in ways) == 3


def test_figure_2():
    dropout = "multilayer, dropout"
    level = [MEAN[dropout, name] for name in ("Adam", "RMSprop", "Adadelta")]
    assert max(level) < 1.03 * min(level) and max(level) < 0.9 * min(MEAN[dropout, k] for k in ("Adagrad", "Nesterov"))
    rest = [cost for name in ("Nesterov", "Adagrad", "RMSprop") for cost in six_seeds("multilayer", name)]
    for name in ("Adam", "Adadelta"):
        *five, sixth = sorted(six_seeds("multilayer", name))
        assert max(five) < min(rest) < max(rest) < sixth / 1.5


def test_figure_3():
    task, at = "convolutional", {name: np.array(found["lowest"]) for name, found in PAPER["convolutional"].items()}
    for epoch in (1, 2, 3):
        assert at["Adam"][epoch - 1] < at["Adagrad"][epoch - 1] < at["Nesterov"][epoch - 1]
    assert {name: round(costs[21], 2) for name, costs in at.items()} == {
        "Nesterov": 0.35,
        "Adagrad": 0.37,
        "Adam": 0.28,
    }
    assert MEAN[task, "Adam"] == pytest.approx(MEAN[task, "Nesterov"], rel=0.03)
    assert np.less(six_seeds(task, "Nesterov"), six_seeds(task, "Adagrad")).all()


def test_where_adam_is_first_or_beaten_from_every_seed():
    """Seeds are compared in pairs: they share start and minibatches."""

    def before(task, one, other):
        return np.less(six_seeds(task, one), six_seeds(task, other)).all()

    rivals = {task: [name for name in PAPER[task] if name != "Adam"] for task in TASKS}
    assert len(TASKS) == 11
    assert {task for task in TASKS if all(before(task, "Adam", name) for name in rivals[task])} == {
        "lines",
        "lines, constant",
        "lines, dropout",
        "digits, no penalty",
    }
    beaten = [(task, name) for task in TASKS for name in rivals[task] if before(task, name, "Adam")]
    assert beaten == [("digits, constant", "Nesterov")]


def test_with_the_correction_the_best_rate_is_better_and_at_small_rates_it_is_not():
    losses, alphas = PAPER["correction"]["losses"], PAPER["correction"]["alphas"]
    for betas in {key.rsplit(", ", 1)[0] for key in losses}:
        with_it, without = (np.array(losses[f"{betas}, {way}"]) for way in ("corrected", "not"))
        assert (with_it.min(axis=0) < without.min(axis=0)).all()
        assert (without[:4] < with_it[:4]).all()  # up to α = 0.000316
    breaks = {
        beta: [alphas[np.isinf(np.array(losses[f"{beta}, {memory}, not"])[:, 0]).argmax()] for memory in MEMORIES]
        for beta in (0.0, 0.9)
    }
    assert all(rates == sorted(rates, reverse=True) and len(set(rates)) == 3 for rates in breaks.values())


# --- what a search buys -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("many", "tries"), [*((7, k) for k in range(1, 8)), (6, 1), (6, 3), (4, 1)])
def test_half_of_all_draws_are_as_good_as_the_best_of_so_many(many, tries):
    """Against all draws, one by one: half or more are as good, and fewer than half are better."""
    results = [0.3, 0.9, math.inf, 0.1, 0.5, math.inf, 0.7][:many]
    bests = np.array([min(draw) for draw in itertools.combinations(results, tries)])
    assert (bests <= best_of(results, tries)).mean() >= 0.5 > (bests < best_of(results, tries)).mean()


@pytest.mark.parametrize(
    ("results", "tries", "said"),
    [
        ([0.1, 0.2], 3, "tries = 3"),
        ([0.1, 0.2], 0, "tries = 0"),
        ([], 1, "results"),
        ([0.1, math.nan], 1, "results"),
        ([[0.1]], 1, "results"),
        ([[0.1], [0.2, 0.3]], 1, "results"),
        (None, 1, "results"),
        ("abc", 1, "results"),
        (["0.1"], 1, "results"),
        ({"a": 0.1}, 1, "results"),
    ],
)
def test_a_search_that_cannot_be_is_refused(results, tries, said):
    with pytest.raises(ValueError, match=said):
        best_of(results, tries)


def test_more_trainings_never_buy_less():
    for task in explorer.tasks():
        for name, search in explorer.tasks()[task].searches.items():
            bought = [explorer.bought(search, tries) for tries in range(1, explorer.MOST + 1)]
            assert (np.diff(np.minimum(bought, 1e9)) <= 0).all(), (task, name)


SHOWN = ("digits, constant", "lines, dropout, constant", "multilayer, dropout", "convolutional")


def test_what_lesson_18_says_of_a_search():
    """On how many of four tasks Adam is first after so many trainings, and who reaches the cost of its default."""
    firsts = [
        sum(min(PAPER[task], key=lambda name: best_of(PAPER[task][name]["losses"], tries)) == "Adam" for task in SHOWN)
        for tries in range(1, 23)
    ]
    assert firsts[0] == 1 and set(firsts[3:9]) == {3, 4} and set(firsts[10:]) == {1}
    always = [
        min(PAPER["convolutional"], key=lambda n: best_of(PAPER["convolutional"][n]["losses"], k)) for k in (11, 22)
    ]
    assert always == ["Adam", "Adam"]

    def at(task, name, rate, setting):
        found = PAPER[task][name]
        row = found["rates"].index(rate) * len(found["settings"])
        return found["losses"][row + found["settings"].index(setting)]

    default = {task: at(task, "Adam", 0.001, [0.9, 0.999]) for task in SHOWN}
    two_layers = "multilayer, dropout"
    for name in ("Nesterov", "Adagrad"):
        assert min(PAPER[two_layers][name]["losses"]) > default[two_layers]
    assert at(two_layers, "Adadelta", 1.0, 0.9) < default[two_layers]
    assert at(two_layers, "RMSprop", 0.001, 0.9) == pytest.approx(default[two_layers], rel=0.02)
    for task in SHOWN:
        assert at(task, "Adagrad", 0.01, 0.0) > default[task]
    assert at("lines, dropout, constant", "RMSprop", 0.001, 0.9) > default["lines, dropout, constant"]


def test_a_dot_of_the_explorer_lies_at_the_rate_of_its_training():
    for task, name in (("convolutional network", "Adam"), ("two hidden layers, dropout", "Nesterov")):
        search, found = explorer.tasks()[task].searches[name], PAPER[RECORDED[task]][name]
        assert search.rates[search.results.argmin()] == found["best"][0]


def test_on_two_of_six_tasks_adam_is_first_however_many_trainings_there_are():
    always = {
        task
        for task in explorer.tasks()
        if all(explorer.ranking(task, tries)[0][1] == "Adam" for tries in range(1, explorer.MOST + 1))
    }
    assert len(explorer.tasks()) == 6
    assert always == {"convolutional network", "language model"}


# --- the way out ------------------------------------------------------------------------------------------------------


def test_the_loop_of_lesson_18_is_pytorch_s():
    """60 losses; PyTorch divides a long gradient by its length plus 1e-6, which shows in the eighth digit."""
    few, _ = digits_subset(1000, 1000)
    network = mlp(hidden=32)
    loss, w = network.loss_on(*few, batch_size=50, seed=0), network.start(0, dtype=np.float64)
    optimizer = Scheduled(Clipped(AdamW(0.003, weight_decay=0.01), 1.0), Cosine(60))
    state, losses = optimizer.start(w), []
    for _ in range(60):
        value, gradient = loss.value_and_gradient(w)
        losses.append(value)
        w, state = optimizer.update(w, gradient, state)
    np.testing.assert_allclose(losses, load_torch_loop()["losses"], rtol=1e-6)


def test_the_lesson_prints_what_pytorch_has_run():
    """Every line of the lesson's listing stands in the script that made the record, in this order."""
    lesson = nbformat.read(refresh.LESSONS / "18_choose_for_yourself.ipynb", as_version=4)
    (cell,) = [cell.source for cell in lesson.cells if cell.id == "torch-loop"]
    listing = re.search(r"```python\n(.*?)```", cell, flags=re.S)[1]
    script = (refresh.LESSONS / "teaching" / "torch_loop.py").read_text(encoding="utf-8")
    ran = re.search(r"# --- what the lesson prints\n(.*?)\n *# --- and", script, flags=re.S)[1]
    assert [line.strip() for line in listing.split("\n") if line.strip()] == [
        line.strip() for line in ran.split("\n") if line.strip()
    ]
