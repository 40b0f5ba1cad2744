"""The recorded trainings of lesson 16: made as they say they were; its toy, and what it concludes."""

import numpy as np
import pytest

from adamcourse.datasets import load_after_adam, load_language_trainings, load_text
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
    return {kind: np.mean(np.atleast_2d(search["losses"]), axis=1).min() for kind, search in FOUND[part].items()}


@pytest.mark.parametrize("kind", ["Muon", "SOAP", "ScheduleFree", "Sophia"])
def test_the_recorded_runs_begin_as_a_training_begins(kind):
    """Another processor rounds otherwise, and a training magnifies it: within 100 steps to the third digit."""
    script = script_of_data("make_after_adam")
    best = FOUND["race"][kind]
    network, (_, train, validation) = transformer(len(NOVEL.characters)), script.examples("novel", 0)
    made = script.KINDS[kind][0](best["best"], **best["with"])
    made = Scheduled(made(network, train[0]) if callable(made) else made, Warmup(30))
    made = made if kind == "ScheduleFree" else Scheduled(made, Cosine(600))
    training = Training(network, made, train, validation, 32, 0, network.start(0, "gpt"))
    found = []
    for steps in (50, 100):
        training.run_until(steps=steps)
        found.append(network.evaluate(getattr(training, "average", training.w), *validation).loss)
    np.testing.assert_allclose(found, best["path"][0][:2], atol=0.015)


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
        assert momentum < adam < 4 * muon  # about level after 30 steps
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


def test_soap_and_muon_are_first_everywhere_shampoo_is_third_and_which_is_first_changes():
    firsts = set()
    for part in (*PLACES, "again", "cooldown"):
        order = sorted(means(part), key=means(part).get)
        assert set(order[:2]) == {"Muon", "SOAP"} and order[2] == "Shampoo", part
        firsts.add(order[0])
    assert firsts == {"Muon", "SOAP"}


def test_all_seeds_of_four_lie_below_adams_mean_and_of_four_above():
    for kind, search in FOUND["race"].items():
        chosen = search["losses"][search["rates"].index(search["best"])]
        losses = chosen + FOUND["again"][kind]["losses"]
        if kind in ("SOAP", "Muon", "Shampoo", "ScheduleFree"):
            assert max(losses) < means("race")["Adam"]
        elif kind != "Adam":
            assert min(losses) > means("race")["Adam"]
        assert np.ptp(chosen) <= 0.04


def test_steps_and_time_to_where_adam_ends():
    """By the lesson's own rule: losses at 50, 100, ... 600 steps, and between them straight lines."""
    targets = means("race")["Adam"], means("cooldown")["Adam"]
    for kind, steps, most in (("SOAP", (309, 356), (0.7, 0.78)), ("Muon", (296, 346), (0.7, 0.78))):
        path = np.mean(FOUND["race"][kind]["path"], axis=0)
        found = [np.interp(-target, -np.minimum.accumulate(path), range(50, 601, 50)) for target in targets]
        assert found == pytest.approx(steps, abs=1)
        assert (np.array(found) * FOUND["seconds"][kind] / 600 < most).all()


def test_a_better_schedule_is_worth_a_third_of_muons_lead_and_more_than_schedule_frees():
    race, cooldown = means("race"), means("cooldown")
    gain = race["Adam"] - cooldown["Adam"]
    assert 0.3 < gain / (race["Adam"] - race["Muon"]) < 0.35
    assert gain > race["Adam"] - race["ScheduleFree"]
    assert all(race[kind] - cooldown[kind] < 0.012 for kind in ("SOAP", "Muon"))
    assert race["Adam"] - race["Muon"] == pytest.approx(0.15, abs=0.005)
    assert cooldown["Adam"] - cooldown["Muon"] == pytest.approx(0.11, abs=0.005)


def test_all_but_shampoo_chose_the_shortest_memory():
    chosen = {kind: search["with"] for kind, search in FOUND["race"].items()}
    assert chosen["Adam"]["beta1"] == 0.8 and chosen["Sophia"]["beta1"] == 0.8
    assert chosen["Muon"]["beta"] == 0.9 and chosen["SOAP"]["beta1"] == 0.9 and "beta" not in chosen["Shampoo"]
    assert chosen["Lion"] == {"beta1": 0.9, "beta2": 0.9} and chosen["Prodigy"] == {"beta2": 0.95}
    assert chosen["ScheduleFree"] == {"beta1": 0.9, "beta2": 0.95}


def test_muon_leads_by_as_much_with_small_minibatches_when_they_have_read_as_much():
    adams = load_language_trainings()["batches"]
    lead = {
        way: {
            int(n): np.mean(adams[way]["Adam"][n]["losses"], axis=1).min() - np.mean(muon["losses"], axis=1).min()
            for n, muon in muons.items()
        }
        for way, muons in FOUND["batches"].items()
    }
    steps, characters = lead["equal steps"], lead["equal characters"]
    assert {2, 8, 128} == characters.keys() and all(0.155 < value < 0.195 for value in characters.values())
    assert all(0.07 < steps[n] < 0.095 for n in (2, 8)) and all(0.17 < steps[n] < 0.195 for n in (32, 128))
