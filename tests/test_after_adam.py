"""The recorded trainings of lesson 16: made as they say they were; its toy, and what it concludes."""

import numpy as np
import pytest

from adamcourse.datasets import load_after_adam, load_text
from adamcourse.networks import Dense, DrawnCurvature, Network, transformer
from adamcourse.optimizers import Adam, Cosine, Prodigy, Scheduled, ScheduleFree, Warmup
from adamcourse.training import Training
from tests.scripts import script_of_data
from tests.test_class_version import source_of

FOUND = load_after_adam()
NOVEL = load_text()
PLACES = ("race", "glorot", "small_head", "longer", "sonnets")


def means(part):
    """Return the mean loss of each optimizer of a part at its best rate."""
    return {kind: np.mean(search["losses"], axis=1).min() for kind, search in FOUND[part].items()}


@pytest.mark.parametrize("kind", ["Muon", "SOAP", "ScheduleFree", "Sophia"])
def test_the_recorded_runs_begin_as_a_training_begins(kind):
    """Another processor rounds otherwise, and a training magnifies it: within 50 steps to the third digit."""
    script = script_of_data("make_after_adam")
    best = FOUND["race"][kind]
    network, (_, train, validation) = transformer(len(NOVEL.characters)), script.examples("novel", 0)
    made = script.KINDS[kind][0](best["best"], **best["with"])
    made = Scheduled(made(network, train[0]) if callable(made) else made, Warmup(30))
    made = made if kind == "ScheduleFree" else Scheduled(made, Cosine(600))
    training = Training(network, made, train, validation, 32, 0, network.start(0, "gpt"))
    training.run_until(steps=50)
    assert network.evaluate(getattr(training, "average", training.w), *validation).loss == pytest.approx(
        best["path"][0][0], abs=0.03
    )


def test_every_best_rate_has_a_worse_one_on_both_sides():
    for part in PLACES:
        for search in FOUND[part].values():
            losses = np.mean(search["losses"], axis=1)
            assert 0 < losses.argmin() < len(losses) - 1
            assert search["best"] == search["rates"][losses.argmin()]


# --- the toy of one matrix -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def toy():
    """What the lesson's cells define: Recall, kinds, walk and best."""
    names = {}
    for cell in ("recall", "axes", "kinds", "walk"):
        exec(source_of("16_look_beyond_adam", cell), names)
    return names


def turned(seed):
    rng = np.random.default_rng(seed)
    return [np.linalg.qr(rng.normal(size=(32, 32)))[0] for _ in range(2)]


CONDITIONS = ((None, 30), (None, 60), (4, 60))  # pairs drawn at each step, and steps


@pytest.fixture(scope="module")
def along(toy):
    """The ends along the axes, by condition: momentum, Adam, Muon."""
    pairs = toy["axes"]["along the axes"]
    return {how: [toy["best"](name, pairs, *how) for name in toy["kinds"]] for how in CONDITIONS}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_of_the_three_only_adam_depends_on_the_axes_and_on_turned_ones_momentum_is_best(toy, along, seed):
    for how in CONDITIONS:
        momentum, adam, muon = (toy["best"](name, turned(seed), *how) for name in toy["kinds"])
        assert momentum == pytest.approx(along[how][0], rel=1e-6)
        assert 0.4 < muon / along[how][2] < 2.5  # a choice among rates whose ends lie near each other
        assert momentum < adam < 2 * muon
        if how == (4, 60):
            assert momentum < muon / 2
        else:
            assert along[how][1] < 1e-20 < 1e-12 < adam


# --- what the lesson says of each ------------------------------------------------------------------------------------


def noisy(optimizer, steps, far=10.0):
    rng, x = np.random.default_rng(3), np.zeros(1000)
    state = optimizer.start(x)
    for _ in range(steps):
        x, state = optimizer.update(x, x - far + 5 * rng.normal(size=1000), state)
    return x, state


@pytest.mark.parametrize("rate", [0.1, 0.3, 1.0])
def test_the_average_comes_nearer_with_the_root_of_the_steps_and_adam_stays(rate):
    averages, stays = [], []
    for steps in (2000, 8000, 32_000):
        averages.append(np.sqrt(np.mean((noisy(ScheduleFree(rate), steps)[1].average - 10) ** 2)))
        stays.append(np.sqrt(np.mean((noisy(Adam(rate), steps)[0] - 10) ** 2)))
    assert np.divide(averages[:2], averages[1:]) == pytest.approx(2, rel=0.2)
    assert np.divide(stays[:2], stays[1:]) == pytest.approx(1, rel=0.2)


def test_prodigy_finds_a_distance_of_the_right_size():
    for far in (10.0, 1000.0):
        assert 0.3 * far < noisy(Prodigy(), 2000, far)[1].d < far


def test_true_labels_measure_the_mean_gradient_and_drawn_ones_do_not():
    """p = (0.9, 0.1) and always right: p (1 - p) = 0.09 with drawn labels; with true ones n 0.1²."""
    network, w = Network([Dense(2)], (1,)), np.array([0, 0, np.log(9), 0])
    for n in (10, 100):
        curvature = DrawnCurvature(network, np.zeros((n, 1)), n)
        assert np.mean([curvature(w, t)[2] for t in range(4000)]) == pytest.approx(0.09, rel=0.06)
        g = network.loss_on(np.zeros((n, 1)), np.zeros(n, int)).value_and_gradient(w)[1][2]
        assert n * g**2 == pytest.approx(n * 0.01, rel=1e-9)


def test_the_fixed_point_of_muons_polynomial_repels():
    a, b, c = 3.4445, -4.7750, 2.0315
    s = np.sqrt((-b - np.sqrt(b**2 - 4 * c * (a - 1))) / (2 * c))
    assert a * s + b * s**3 + c * s**5 == pytest.approx(s) and s == pytest.approx(0.868, abs=5e-4)
    assert abs(a + 3 * b * s**2 + 5 * c * s**4) > 1


# --- what the lesson says of the race ------------------------------------------------------------------------------


def test_the_three_that_know_matrices_are_first_everywhere_and_which_of_them_changes():
    firsts = set()
    for part in (*PLACES, "cooldown"):
        order = sorted(means(part), key=means(part).get)
        assert set(order[:3]) == {"Muon", "Shampoo", "SOAP"}
        firsts.add(order[0])
    assert firsts == {"Muon", "SOAP"}
    again = {kind: np.mean(runs["losses"]) for kind, runs in FOUND["again"].items()}
    assert set(sorted(again, key=again.get)[:3]) == {"Muon", "Shampoo", "SOAP"}


def test_all_seeds_of_four_lie_below_adams_mean_and_of_four_above():
    for kind, search in FOUND["race"].items():
        losses = search["losses"][search["rates"].index(search["best"])] + FOUND["again"][kind]["losses"]
        if kind in ("SOAP", "Muon", "Shampoo", "ScheduleFree"):
            assert max(losses) < means("race")["Adam"]
        elif kind != "Adam":
            assert min(losses) > means("race")["Adam"]
        assert np.ptp(losses[:3]) <= (0.14 if kind in ("Lion", "Sophia") else 0.04)


def test_steps_and_seconds_to_what_adam_has_at_its_end():
    steps = {}
    for kind, search in FOUND["race"].items():
        there = np.flatnonzero(np.mean(search["path"], axis=0) <= means("race")["Adam"] + 1e-9)
        steps[kind] = 50 * (there[0] + 1) if len(there) else np.inf
    assert (steps["SOAP"], steps["Muon"], steps["Adam"], steps["Lion"]) == (300, 350, 600, np.inf)
    for kind in ("SOAP", "Muon"):
        assert 0.6 < steps[kind] * FOUND["seconds"][kind] / 600 < 0.75


def test_a_better_schedule_is_worth_a_third_of_muons_lead_and_most_of_schedule_frees():
    best = {
        schedule: min(np.mean(w["losses"], axis=1).min() for w in FOUND["adam"] if w["schedule"] == schedule)
        for schedule in ("cosine", "cooldown")
    }
    gain, race = best["cosine"] - best["cooldown"], means("race")
    assert 0.3 < gain / (race["Adam"] - race["Muon"]) < 0.4
    assert race["ScheduleFree"] < best["cooldown"] < race["ScheduleFree"] + 0.015
    assert all(loss < race[kind] for kind, loss in means("cooldown").items())


def test_small_minibatches_shrink_muons_lead_and_do_not_end_it():
    ends = {k: {int(n): np.mean(s["losses"], axis=1).min() for n, s in v.items()} for k, v in FOUND["batches"].items()}
    lead = {n: ends["Adam"][n] - ends["Muon"][n] for n in (2, 8, 32, 128)}
    assert min(lead[2], lead[8]) > 0.07 and max(lead[2], lead[8]) < 0.1 < 0.17 < min(lead[32], lead[128])


def test_decay_changes_little_here():
    for kind, by_amount in FOUND["decay"].items():
        plain, some = np.mean(by_amount["0.0"]), np.mean(by_amount["0.1"])
        assert abs(plain - some) < 0.015, kind
