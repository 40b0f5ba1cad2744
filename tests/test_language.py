"""The recorded trainings of lesson 14: made as they say they were, and what the lesson concludes from them."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from adamcourse.datasets import load_language_trainings, load_text, load_two_workers
from adamcourse.explorers.learning_to_write import PAIRS
from adamcourse.gradients import numerical_hessian
from adamcourse.networks import transformer, windows
from adamcourse.optimizers import Adam, Cosine, Momentum, Scheduled, Warmup
from adamcourse.training import Training
from tests.scripts import script_of_data

RECORDED = load_language_trainings()
NOVEL = load_text()


@pytest.mark.parametrize(("kind", "make"), [("Adam", lambda rate: Adam(rate, beta2=0.95)), ("Momentum", Momentum)])
@pytest.mark.parametrize("init", ["gpt", "small_head"])
def test_the_recorded_runs_begin_as_a_training_begins(kind, make, init):
    """Another processor rounds otherwise, and a training magnifies it: within 100 steps to the third digit."""
    found = RECORDED["starts"][init][kind]
    optimizer = Scheduled(Scheduled(make(found["best"]), Warmup(30)), Cosine(600))
    network = transformer(len(NOVEL.characters))
    rows = windows(NOVEL.train, 32)
    training = Training(network, optimizer, rows, [part[:1] for part in rows], 32, 0, network.start(0, init))
    losses = training.run_until(steps=100).minibatch_losses
    means = np.reshape(losses, (5, 20)).mean(axis=1)
    np.testing.assert_allclose(means, found["curves"][0][:5], atol=0.02)


def test_the_script_that_recorded_them_still_runs(monkeypatch):
    """A search of few and short runs, and its record."""
    script = script_of_data("make_language")
    job = {"steps": 30, "batch": 2, "text": "sonnets", "by token": 1, "clip": 1.0, "init": "glorot"}
    with ThreadPoolExecutor(1) as pool:
        found = script.search(pool, "Adam", seeds=(0, 1), first=-3.0, many=3, **job)
    means = np.mean(found["losses"], axis=1)
    best = found["rates"].index(found["best"])
    assert means[best] == means.min() and 0 < best < len(means) - 1
    assert np.shape(found["losses"]) == (len(found["rates"]), 2)
    assert 0 < found["clipped"][0] <= 1
    characters = len(load_text("sonnets").characters)
    assert all(len(run["loss"]) == len(run["counts"]) == characters for run in found["by token"])
    counts, losses = (np.array([run[key] for run in found["by token"]]) for key in ("counts", "loss"))
    np.testing.assert_allclose((counts * losses).sum(axis=1) / counts.sum(axis=1), found["losses"][best], atol=2e-3)


def test_a_run_that_diverges_counts_as_a_guess():
    script = script_of_data("make_language")
    run = script.run(
        {"kind": "Momentum", "rate": 1e6, "seed": 0, "steps": 30, "batch": 2, "text": "sonnets", "writes": 1}
    )
    assert run["loss"] == pytest.approx(np.log(56)) and run["curve"] is None


def test_words_are_counted_and_the_rest_is_one_token():
    script = script_of_data("make_language")
    words = script.as_words(load_text("sonnets"), 50)
    assert words.characters[:4] == ("…", ",", "'", "and") and len(words.characters) == 51
    assert 0.3 < np.mean(words.train == 0) < 0.6


def test_two_workers_under_torchrun_are_one_process_here():
    """PyTorch averaged the gradients of two half minibatches, and each worker kept half of the state."""
    run = load_two_workers()
    network = transformer(len(NOVEL.characters))
    loss = network.loss_on(*windows(NOVEL.train, 32), batch_size=32)
    adam, w = Adam(run["rate"]), network.start(init="gpt", dtype=np.float64)
    state, losses = adam.start(w), []
    for _ in run["losses"]:
        value, gradient = loss.value_and_gradient(w)
        losses.append(value)
        w, state = adam.update(w, gradient, state)
    np.testing.assert_allclose(losses, run["losses"], rtol=1e-10)
    counters = len(network.shapes)  # PyTorch has one for each tensor
    assert sum(run["numbers of state"]) == 2 * network.size + counters
    assert max(run["numbers of state"]) < 0.6 * sum(run["numbers of state"])


# --- what the lesson says -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seen", "expected"), [(0, 3.070), (1, 2.413), (2, 1.969)])
def test_yardsticks_by_counting(seen, expected):
    text, held = NOVEL.decode(NOVEL.train), NOVEL.decode(NOVEL.validation)
    longer = Counter(text[i : i + seen + 1] for i in range(len(text) - seen))
    shorter = Counter(text[i : i + seen] for i in range(len(text) - seen))
    p = [
        (longer[held[i : i + seen + 1]] + 0.02) / (shorter[held[i : i + seen]] + 0.02 * 65)
        for i in range(len(held) - seen)
    ]
    assert -np.log(p).mean() == pytest.approx(expected, abs=6e-4)


def test_the_line_of_the_explorer_is_that_of_the_counts_of_pairs():
    assert pytest.approx(2.413, abs=0.005) == PAIRS


@pytest.mark.parametrize("part", ["starts", "finer", "longer", "sonnets"])
def test_the_order_depends_on_the_start_and_on_nothing_else_that_was_tried(part):
    for init, optimizers in RECORDED[part].items():
        ends = {name: min(np.mean(found["losses"], axis=1)) for name, found in optimizers.items()}
        first_two = set(sorted(ends, key=ends.get)[:2])
        assert first_two == ({"Momentum", "NormalisedMomentum"} if init == "small_head" else {"Adam", "Signs"})
        assert max(ends, key=ends.get) == "Adam" if init == "small_head" else min(ends, key=ends.get) == "Adam"


def test_the_power_iteration_of_the_lesson_finds_the_largest_eigenvalue_of_a_block():
    network = transformer(7, context=5, features=8, heads=2, blocks=1)
    loss = network.loss_on(*windows(np.arange(40) ** 2 % 7, 5))
    w = network.start(1, dtype=np.float64)
    rng, name = np.random.default_rng(0), "SelfAttention1.V"
    d = np.zeros_like(w)
    network.views(d)[name][...] = rng.normal(size=(8, 8))
    for _ in range(200):
        d /= np.linalg.norm(d)
        up, down = (loss.value_and_gradient(w + s * d)[1] for s in (1e-4, -1e-4))
        block = network.views((up - down) / 2e-4)[name]
        size = np.vdot(network.views(d)[name], block)
        network.views(d)[name][...] = block

    def gradient_of_block(flat):
        other = w.copy()
        network.views(other)[name][...] = flat.reshape(8, 8)
        return network.views(loss.value_and_gradient(other)[1])[name].ravel().copy()

    hessian = numerical_hessian(gradient_of_block, network.views(w)[name].ravel().copy())
    assert abs(size) == pytest.approx(np.abs(np.linalg.eigvalsh(hessian)).max(), rel=1e-4)
