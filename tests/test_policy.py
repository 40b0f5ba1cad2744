"""The pole, the policy and the game: against Gymnasium, against sums over all ways, against closed forms."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from adamcourse.datasets import load_policy
from adamcourse.descent import descend
from adamcourse.exercises import EXERCISES
from adamcourse.gradients import numerical_gradient
from adamcourse.losses import Game, Replay, softmax
from adamcourse.networks import CartPole, Corridor, Dense, Network, PolicyLoss, ReLU
from adamcourse.optimizers import Adam, GradientDescent, Optimistic, Projected
from tests.scripts import script_of_data

GOLDEN = json.loads((Path(__file__).parent / "golden" / "cart_pole.json").read_text(encoding="utf-8"))
RECORDED = load_policy()


def median(steps):
    return np.median(np.array(steps), axis=-1)


# --- the pole ---------------------------------------------------------------------------------------------------------


def test_the_pole_moves_as_in_gymnasium():
    """Twenty steps of its CartPole-v1 from random states, recorded with version 1.4.0."""
    states, actions, following = (np.array([step[key] for step in GOLDEN]) for key in ("state", "action", "next"))
    np.testing.assert_allclose(CartPole().step(states, actions)[0], following, rtol=1e-12)


def test_a_pole_nearly_upright_falls_at_the_rate_of_the_linear_equation():
    """θ'' = g θ / (l (4/3 - m / (m + M))) without a push: the smaller the angle, the nearer."""
    states = np.array([[0.0, 0.0, 1e-6, 0.0]])
    with_push, against = (CartPole().step(states, np.array([a]))[0] for a in (0, 1))
    turning = (with_push + against)[0, 3] / 2 / 0.02  # what both pushes have in common
    assert turning == pytest.approx(9.8 * 1e-6 / (0.5 * (4 / 3 - 0.1 / 1.1)), rel=1e-6)


def test_a_motor_that_is_wired_the_other_way_round_pushes_the_other_way():
    states = np.random.default_rng(0).uniform(-0.1, 0.1, (5, 4))
    left, right = np.zeros(5, int), np.ones(5, int)
    np.testing.assert_array_equal(CartPole(force=-10).step(states, left)[0], CartPole().step(states, right)[0])


def test_a_run_is_over_beyond_the_limits_and_pays_nothing_from_then_on():
    limits = np.array([[2.39, 0, 0, 0], [2.41, 0, 0, 0], [0, 0, np.radians(11.9), 0], [0, 0, -np.radians(12.1), 0]])
    assert CartPole().step(limits, np.zeros(4, int))[2].tolist() == [False, True, False, True]
    played = PolicyLoss(Network([Dense(2)], (4,)), CartPole()).play(np.zeros(10))
    assert ((played.rewards > 0) == played.going).all() and (np.diff(played.going.astype(int), axis=0) <= 0).all()
    assert len(played.rewards) == played.rewards.sum(axis=0).max()  # it ends when the last pole has fallen


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: CartPole(force=0), "force = 0: a push is a finite number other than 0"),
        (lambda: CartPole(length=0), "length = 0: a pole is longer than 0"),
        (lambda: Corridor(1), "places = 1: give a whole number, 2 or more"),
        (lambda: PolicyLoss(Network([Dense(3)], (4,)), CartPole()), r"gives \(3,\): this problem has 4 features and 2"),
        (lambda: PolicyLoss(Network([Dense(2)], (4,)), CartPole(), runs=1), "runs = 1: give a whole number, 2 or more"),
        (lambda: PolicyLoss(Network([Dense(2)], (4,)), CartPole(), steps=0), "steps = 0: give a whole number"),
        (lambda: PolicyLoss(Network([Dense(2)], (4,)), CartPole(), reward=0), "reward = 0: give a finite number other"),
    ],
)
def test_what_cannot_be_is_named(make, said):
    with pytest.raises(ValueError, match=said):
        make()


# --- the gradient of an expected return -------------------------------------------------------------------------------


def expected_return(network, problem, w, steps):
    """Sum over all ways: chance times return."""
    total = 0.0
    for way in itertools.product(range(problem.actions), repeat=steps):
        state, chance, paid = problem.begin(None, 1), 1.0, 0.0
        for action in way:
            chance *= softmax(network.forward(w, state))[0, action]
            state, reward, _ = problem.step(state, np.array([action]))
            paid += reward[0]
        total += chance * paid
    return total


@pytest.mark.parametrize("runs", [2, 8])
def test_the_estimate_is_right_on_average(runs):
    """With a baseline that holds the run itself it would be too short, by a half or an eighth."""
    network, w = Network([Dense(2)], (3,)), np.random.default_rng(2).normal(size=8)
    loss = PolicyLoss(network, Corridor(), runs=runs, steps=4, reward=3.0)
    estimates = [loss.value_and_gradient(w) for _ in range(16_000 // runs)]
    exact = [-3 * numerical_gradient(lambda w: expected_return(network, Corridor(), w, 4), w)]
    for index, truth in ((0, -3 * expected_return(network, Corridor(), w, 4)), (1, exact[0])):
        found = np.array([estimate[index] for estimate in estimates])
        off = (found.mean(axis=0) - truth) / (found.std(axis=0) / np.sqrt(len(found)))
        assert np.abs(off).max() < 4  # standard errors


def test_one_estimate_by_hand():
    """Two runs of two steps: R to go, minus the other run's, times the gradient of log p, averaged over the runs."""
    network = Network([Dense(2)], (2,))
    loss, w = PolicyLoss(network, Corridor(2), runs=2, steps=2), np.linspace(-0.5, 0.7, 6)
    played = loss.play(w)
    loss.rewind()
    gradient, chances = np.zeros(6), lambda w, state: np.log(softmax(network.forward(w, state[None]))[0])
    for t, run in itertools.product(range(2), range(2)):
        better = played.rewards[t:, run].sum() - played.rewards[t:, 1 - run].sum()
        state, action = played.states[t, run], played.actions[t, run]
        gradient -= better * numerical_gradient(lambda w, s=state, a=action: chances(w, s)[a], w) / 2
    np.testing.assert_allclose(loss.value_and_gradient(w)[1], gradient, atol=1e-8)


def test_the_same_seed_gives_the_same_luck_and_another_one_another():
    network = Network([Dense(8), ReLU(), Dense(2)], (4,))
    first, second, other = (PolicyLoss(network, CartPole(), seed=seed) for seed in (0, 0, 1))
    paths = [descend(loss, Adam(0.05), network.start(0, dtype=np.float64), 3).loss for loss in (first, second, other)]
    assert paths[0].tolist() == paths[1].tolist() != paths[2].tolist()


def test_the_exercises_of_the_lesson_are_what_the_loss_does():
    played = PolicyLoss(Network([Dense(2)], (4,)), CartPole()).play(np.zeros(10))
    to_go = np.stack([EXERCISES["returns_to_go"].reference(run) for run in played.rewards.T], axis=1)
    np.testing.assert_array_equal(to_go[0], played.rewards.sum(axis=0))
    better = EXERCISES["better_than_others"].reference(to_go[0])
    assert better.sum() == pytest.approx(0) and better[0] == to_go[0, 0] - to_go[0, 1:].mean()


# --- what the lesson says of its records ------------------------------------------------------------------------------


def test_the_recorded_searches_begin_as_the_script_says():
    """One seed at Adam's best rate, trained anew; a processor that adds in another order may differ by a few steps."""
    script, search = script_of_data("make_policy"), RECORDED["search"]["Adam"]
    row = search["steps"][search["rates"].index(search["best"])]
    assert script.one(("Adam", {"lr": search["best"]}, 0, {})) == pytest.approx(row[0], abs=6)


def test_the_best_rate_of_each_search_is_inside_it_and_has_the_lowest_median():
    searches = [*RECORDED["search"].values(), *RECORDED["betas"].values(), RECORDED["scale"]["Adam"]]
    searches += [search for variant in RECORDED["variants"].values() for search in variant.values()]
    for search in searches:
        medians = median(search["steps"])
        assert search["rates"][0] < search["best"] < search["rates"][-1]
        assert medians[search["rates"].index(search["best"])] == medians.min()


def test_rmsprop_and_adam_stand_before_momentum_and_that_before_gradient_descent():
    steps = {name: median(again) for name, again in RECORDED["again"].items()}
    assert abs(steps["Adam"] - steps["RMSprop"]) < 2
    assert 1.8 < steps["Momentum"] / steps["Adam"] < 2.2 and steps["Momentum"] < steps["GradientDescent"]
    assert np.isinf(RECORDED["again"]["Momentum"]).sum() == 4
    for searches in RECORDED["variants"].values():
        best = {name: median(search["steps"]).min() for name, search in searches.items()}
        assert max(best["Adam"], best["RMSprop"]) < best["Momentum"] < best["GradientDescent"]
    linear = {name: median(search["steps"]).min() for name, search in RECORDED["variants"]["linear"].items()}
    assert linear["RMSprop"] / linear["Adam"] == pytest.approx(2 / 3, abs=0.05)
    assert all(abs(ratio - 1) < 0.05 for ratio in RECORDED["seconds"].values())


def test_what_stands_falls_back_at_gradient_descents_best_rate_and_not_with_adam():
    assert all(low < 195 for _, low in RECORDED["longer"]["GradientDescent"])
    assert all(low > 194 for _, low in RECORDED["longer"]["Adam"])


def test_adam_keeps_its_rate_when_rewards_are_a_thousandth_and_gradient_descent_does_not():
    scale = RECORDED["scale"]
    assert np.isinf(median(scale["GradientDescent, same rates"]["steps"])).all()
    first, small = RECORDED["search"]["GradientDescent"], scale["GradientDescent, rates x 1000"]
    assert small["best"] == pytest.approx(1000 * first["best"], rel=1e-3) and median(small["steps"]).min() == 47
    rates = scale["Adam"]["rates"]
    at = [median(search["steps"])[rates.index(0.05623)] for search in (scale["Adam"], RECORDED["search"]["Adam"])]
    assert abs(at[0] - at[1]) <= 1
    eps = {reward: {e: median(steps) for e, steps in found.items()} for reward, found in RECORDED["eps"].items()}
    assert all(eps[reward][e] < 20 for reward in eps for e in ("1e-08", "1e-05", "0.001"))
    assert eps["1.0"]["1.0"] < 20 and np.isinf(eps["0.001"]["1.0"])


def test_after_the_change_a_reset_helps_equal_memories_help_and_a_new_network_most():
    steps = {way: {rate: median(found) for rate, found in ways.items()} for way, ways in RECORDED["rewired"].items()}
    for rate in ("0.01", "0.03"):
        assert 0.2 < steps["reset"][rate] / steps["kept"][rate] < 0.34
        assert steps["new network"][rate] < steps["reset"][rate] < steps["equal, kept"][rate] < steps["kept"][rate]
    assert [median(RECORDED["betas"][pair]["steps"]).min() for pair in ("0.9, 0.999", "0.9, 0.9")] == [14.5, 14.5]


def test_with_equal_memories_no_step_is_longer_than_the_rate():
    """|m| <= √v, since both are averages with the same weights: tried with gradients that grow by a factor of 1e12."""
    gradients = np.random.default_rng(0).normal(size=(300, 40)) * np.geomspace(1e-6, 1e6, 300)[:, None]
    longest = {}
    for beta1, beta2 in ((0.5, 0.5), (0.9, 0.9), (0.999, 0.999), (0.9, 0.999)):
        path = descend(Replay(gradients), Adam(1.0, beta1, beta2, eps=0), np.zeros(40), 300)
        longest[beta1, beta2] = np.abs(np.diff(path.x, axis=0)).max()
    assert longest.pop((0.9, 0.999)) > 2.5
    assert max(longest.values()) <= 1 + 1e-12


def test_in_the_corridor_that_turns_leaps_do_no_harm_and_equal_memories_learn_later():
    """Five seeds: after how many steps the mean return is above -5 of -10 to 0."""
    steps = {}
    for betas, seed in itertools.product(((0.9, 0.999), (0.9, 0.9)), range(5)):
        network, adam, w = Network([Dense(2)], (2,)), Adam(0.01, *betas), np.zeros(6)
        state = adam.start(w)
        for reward in (1.0, -1.0):
            loss = PolicyLoss(network, Corridor(2), steps=10, reward=reward, seed=seed)
            values = []
            for _ in range(300 if reward > 0 else 600):
                value, gradient = loss.value_and_gradient(w)
                w, state = adam.update(w, gradient, state)
                values.append(value)
        steps.setdefault(betas, []).append(int((np.array(values) < 5).argmax()))
    assert 200 < steps[0.9, 0.999][0] < 260 and max(steps[0.9, 0.999]) < min(steps[0.9, 0.9])


# --- the game ---------------------------------------------------------------------------------------------------------


def test_gradient_descent_walks_outwards_by_the_same_factor_each_time():
    path = descend(Game(), GradientDescent(0.03), (1.0, 1.0), 500)
    np.testing.assert_allclose(path.loss, np.sqrt(2) * np.sqrt(1 + 0.03**2) ** np.arange(501))


def test_optimistic_gradient_descent_walks_as_its_recursion_says_and_arrives():
    """With z = x + i y its roots are those of λ² - (1 + 2 i α) λ + i α, both inside the unit circle."""
    rate, z = 0.2, [1 + 1j]
    gradient = lambda z: z.imag - 1j * z.real  # (y, -x)
    z.append(z[0] - 2 * rate * gradient(z[0]))
    for _ in range(300):
        z.append(z[-1] - 2 * rate * gradient(z[-1]) + rate * gradient(z[-2]))
    path = descend(Game(), Optimistic(GradientDescent(rate)), (1.0, 1.0), 301)
    np.testing.assert_allclose(path.x, np.stack([np.real(z), np.imag(z)], axis=1), atol=1e-12)
    roots = np.abs(np.roots([1, -(1 + 2j * rate), 1j * rate]))
    assert roots.max() < 1
    assert path.loss[301] / path.loss[201] == pytest.approx(roots.max() ** 100, rel=1e-6)


def test_optimism_changes_nothing_where_the_step_stays_the_same_and_nests():
    there = descend(Replay([[1.0]]), Optimistic(Adam(0.1, eps=0)), (0.0,), 50).x[:, 0]
    np.testing.assert_allclose(np.diff(there)[1:], -0.1)
    bounded = descend(Replay([[1.0]]), Projected(Optimistic(GradientDescent(1.0)), -3.0, 3.0), (0.0,), 9)
    assert bounded.x[-1, 0] == -3


def test_adam_circles_farther_out_the_longer_its_first_memory_is():
    """Ten times as long as the lesson's first column: it stays, or goes on outwards; and the mean place is near 0."""
    beta1, beta2 = np.array([0.9, 0.5, 0.0]), np.array([[0.9], [0.999]])
    path = descend(Game(), Adam(0.01, beta1, beta2), (1.0, 1.0), 50_000)
    far = path.loss[45_000:].max(axis=0)
    assert (np.diff(far, axis=1) < 0).all()
    assert far[0, 0] > 10 and 3.3 < far[1, 0] < 4.2 and far[0, 1] < 0.2 and far[0, 2] < 0.12
    assert np.hypot(*path.x[:5001].mean(axis=0)).max() < 0.3
