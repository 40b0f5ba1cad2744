"""What the lessons state, against closed forms."""

import importlib
import re
from dataclasses import dataclass

import numpy as np
import pytest

from adamcourse.datasets import load_lines, load_runs
from adamcourse.descent import descend
from adamcourse.exercises import EXERCISES
from adamcourse.explorers import batch_and_rate
from adamcourse.explorers.adam_switches import adam_without
from adamcourse.explorers.bias_multiplier import multiplier
from adamcourse.explorers.forgetting import drift
from adamcourse.explorers.momentum_phases import manner
from adamcourse.network import RareClasses
from adamcourse.optimizers import Adagrad, Adam, AdamW, GradientDescent, Lion, Momentum, RMSprop
from adamcourse.regression import LeastSquares, LogisticRegression
from adamcourse.schedules import Scheduled, cosine, inverse_time
from adamcourse.streams import Flattening, Noisy, Replay
from adamcourse.surfaces import bowl, lessard, quadratic, ravine, rosenbrock, rotated_ravine

knobs, digits, overfitting, rare_classes = (
    importlib.import_module(f"adamcourse.explorers.{name}")
    for name in ("knob_map", "learning_digits", "overfitting", "rare_classes")
)
standardised = importlib.import_module("adamcourse.explorers.batch_and_rate").standardised

race = importlib.import_module("adamcourse.explorers.race")  # the package offers the function of this name

# --- lesson 01 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("curvature", [0.5, 2, 40])
def test_gradient_descent_converges_if_and_only_if_rate_times_curvature_is_below_two(curvature):
    rates = np.array([1e-3, 0.5, 1.0, 1.999, 2.001, 3.0]) / curvature
    path = descend(quadratic((curvature,)), GradientDescent(rates), (1.0,), 400)
    expected = np.abs(1 - rates * curvature) ** np.arange(401)[:, None]
    alive = ~np.isnan(path.x[:, 0])
    np.testing.assert_allclose(np.abs(path.x[:, 0])[alive], expected[alive], rtol=1e-9, atol=1e-300)
    assert (np.abs(path.x[-1, 0]) < 1).tolist() == [True, True, True, True, False, False]


def test_half_is_the_best_rate_on_the_bowl_and_one_its_border():
    assert descend(bowl, GradientDescent(0.5), (-0.8, 0.9), 1).loss[-1] == 0
    losses = descend(bowl, GradientDescent(np.array([0.999, 1.0, 1.001])), (-0.8, 0.9), 100).loss[-1]
    assert losses[0] < 1.45 < losses[2]
    assert losses[1] == pytest.approx(1.45)


@pytest.mark.parametrize("kappa", [3, 10, 100, 1000])
def test_best_rate_and_factor_of_a_ravine(kappa):
    path = descend(ravine(kappa), GradientDescent(2 / (1 + kappa)), (1.0, 1.0), 50)
    factor = (kappa - 1) / (kappa + 1)
    np.testing.assert_allclose(np.abs(path.x[1:] / path.x[:-1]), factor, rtol=1e-9)
    for other in (0.99, 1.005):  # any other rate is slower in one of the two coordinates
        worse = descend(ravine(kappa), GradientDescent(other * 2 / (1 + kappa)), (1.0, 1.0), 1)
        assert np.abs(worse.x[1]).max() > factor


def test_three_curvatures_of_the_literature():
    """λ = 0.01, 0.1, 1: α* = 1.9802, factor 0.980198, 691 steps to a millionth (Polyak 1964; Goh 2017)."""
    rate = 2 / (0.01 + 1)
    path = descend(quadratic((0.01, 0.1, 1.0)), GradientDescent(rate), (1.0, 1.0, 1.0), 691)
    distance = np.abs(path.x).max(axis=1)
    assert rate == pytest.approx(1.9802, abs=5e-5)
    assert distance[1] == pytest.approx(0.980198, abs=5e-7)
    assert distance[690] > 1e-6 > distance[691]


# --- lesson 00: the race -------------------------------------------------------------------------------------------


RATES = {(s.name, r.__name__): race.best_rate(s, r) for s in race.SURFACES for r in race.RACERS}


def test_three_surfaces_have_three_winners_by_clear_margins():
    paths = race.run(RATES)
    ranked = {surface.name: race.ranking(paths, surface) for surface in race.SURFACES}
    assert [arrived[0] for arrived, _ in ranked.values()] == [(1, "gradient descent"), (53, "Adam"), (79, "momentum")]
    assert all(arrived[1][0] > 1.2 * arrived[0][0] for arrived, _ in ranked.values())
    assert [lost for _, lost in ranked.values()] == [[], [], ["gradient descent", "RMSprop"]]


def test_at_ten_times_the_best_rates_gradient_descent_leaves_all_three_and_adam_arrives_on_two():
    paths = race.run(RATES, factor=10)
    assert all(paths[surface.name, "GradientDescent"].diverged for surface in race.SURFACES)
    arrived = [paths[surface.name, "Adam"].arrival(race.TARGET) for surface in race.SURFACES]
    assert [step is not None for step in arrived] == [True, True, False]


def test_best_rates_differ_by_more_than_a_hundred_times():
    assert RATES["bowl", "GradientDescent"] > 100 * RATES["bowl", "Momentum"]


# --- lesson 02 -----------------------------------------------------------------------------------------------------


def heights():
    """The least squares of lesson 02: loss, its minimum, and the gradients of single children at a point."""
    X, y = standardised()
    loss = LeastSquares(X, y)
    best = np.linalg.solve(X.T @ X, X.T @ y)
    return loss, best, lambda w: (X @ w - y)[:, None] * X


def test_a_minibatch_has_a_share_of_the_variance():
    """σ² / B for independent draws, and (n - B) / (n - 1) of that without repetition."""
    _, _, single = heights()
    gradients = single(np.array([-3.0, -1.5]))
    exact, rng = gradients.mean(axis=0), np.random.default_rng(1)
    variance = ((gradients - exact) ** 2).sum(axis=1).mean()
    assert variance == pytest.approx(42.886, abs=1e-3)
    for size in (4, 64):
        drawn = gradients[rng.integers(0, 928, (4000, size))].mean(axis=1)
        dealt = np.array([gradients[rng.permutation(928)[:size]].mean(axis=0) for _ in range(4000)])
        assert ((drawn - exact) ** 2).sum(axis=1).mean() == pytest.approx(variance / size, rel=0.06)
        correction = (928 - size) / 927
        assert ((dealt - exact) ** 2).sum(axis=1).mean() == pytest.approx(correction * variance / size, rel=0.06)


def test_children_drawn_independently_keep_a_walk_on_the_floor_and_a_shuffle_a_little_below():
    X, y = standardised()
    _, best, single = heights()
    floor = 0.5 * 0.1 * (single(best) ** 2).sum(axis=1).mean() / 8 / (2 - 0.1)
    assert floor == pytest.approx(0.032, abs=5e-4)
    rng, hessian = np.random.default_rng(0), X.T @ X / 928
    orders = rng.permuted(np.tile(np.arange(928), (200, 10)).reshape(2000, 928), axis=1).reshape(200, -1)
    for rows, ratio in ((rng.integers(0, 928, orders.shape), 1.0), (orders, 0.87)):
        w, excess = np.tile(best, (200, 1)), []
        for chosen in np.split(rows, 1160, axis=1):
            w = w - 0.1 * np.einsum("wbi,wb->wi", X[chosen], np.einsum("wbi,wi->wb", X[chosen], w) - y[chosen]) / 8
            excess.append(0.5 * np.einsum("wi,ij,wj->w", w - best, hessian, w - best))
        assert np.mean(excess[100:]) == pytest.approx(ratio * floor, rel=0.03)


@pytest.mark.parametrize(("rate", "curvature", "sigma"), [(0.5, 1.0, 1.0), (0.1, 4.0, 0.5), (0.02, 10.0, 2.0)])
def test_the_noise_floor_of_gradient_descent(rate, curvature, sigma):
    noisy = Noisy(quadratic((curvature,)), sigma, seed=2)
    x = descend(noisy, GradientDescent(rate), np.zeros((1, 1000)), 600).x[200:]
    assert (x**2).mean() == pytest.approx(rate * sigma**2 / (curvature * (2 - rate * curvature)), rel=0.03)


def test_a_rate_that_falls_removes_the_floor():
    falling = Scheduled(GradientDescent(0.5), inverse_time(10))
    x = descend(Noisy(quadratic((1.0,)), 1.0), falling, np.ones((1, 500)), 6000).x[:, 0]
    squares = [(x[t] ** 2).mean() for t in (60, 600, 6000)]
    assert squares[0] / squares[1] == pytest.approx(10, rel=0.25)
    assert squares[1] / squares[2] == pytest.approx(10, rel=0.25)


def test_the_best_rate_moves_with_the_minibatch_and_the_result_does_not():
    """On the heights, one pass: four times the minibatch, about four times the rate, the same end."""
    explorer = batch_and_rate()
    rates, ends = [], []
    for size in (8, 32, 128):
        found = {}
        for k in np.arange(-1.6, 0.0, 0.05):
            explorer.set(batch=size, rate=10**k)
            late = re.search(r"the loss is (\S+) above", explorer.seen.text)
            found[10**k] = float(late[1]) if late else np.inf
        rates.append(min(found, key=found.get))
        ends.append(min(found.values()))
    np.testing.assert_allclose(rates, (0.045, 0.16, 0.5), rtol=0.15)
    np.testing.assert_allclose(np.divide(rates[1:], rates[:-1]), 4, rtol=0.25)
    np.testing.assert_allclose(ends, np.mean(ends), rtol=0.1)


# --- lesson 03 -----------------------------------------------------------------------------------------------------


def matrix(product, beta):
    """What one step of heavy ball does to (z, x), for λ = 1 and α = product."""
    return np.array([[beta, 1.0], [-product * beta, 1.0 - product]])


def test_one_step_of_momentum_is_the_matrix():
    path = descend(quadratic((1.0,)), Momentum(0.3, 0.7), (1.2,), 5)
    pair = np.array([0.0, 1.2])
    for k in range(1, 6):
        pair = matrix(0.3, 0.7) @ pair
        np.testing.assert_allclose([path.state("z")[k, 0], path.x[k, 0]], pair, rtol=1e-12)


@pytest.mark.parametrize("beta", [0.0, 0.3, 0.9])
def test_the_phase_diagram(beta):
    """Ripples with √β between (1 - √β)² and (1 + √β)²; diverges from 2 + 2β on; slower than √β elsewhere."""

    def radius(product):
        return np.abs(np.linalg.eigvals(matrix(product, beta))).max()

    inner, outer, border = (1 - np.sqrt(beta)) ** 2, (1 + np.sqrt(beta)) ** 2, 2 + 2 * beta
    for share in (0.1, 0.5, 0.9):
        assert radius(inner + share * (outer - inner)) == pytest.approx(np.sqrt(beta))
        assert radius(share * inner) > np.sqrt(beta)
        assert np.sqrt(beta) < radius(outer + share * (border - outer)) < 1
    assert radius(border) == pytest.approx(1)
    assert radius(1.01 * border) > 1
    assert [manner(product, 1, 0.9) for product in (0.001, 1, 3.797, 3.81)] == [
        "creeps",
        "ripples",
        "ripples",
        "diverges",
    ]
    assert (manner(2.1, 1, 0.1), manner(1, 1, 0.0)) == ("jumps", "arrives at once")


def test_momentum_turns_the_condition_number_into_its_root():
    valley, start = quadratic((0.01, 0.1, 1.0)), (1.0, 1.0, 1.0)
    alpha, beta = (2 / 1.1) ** 2, (0.9 / 1.1) ** 2
    assert (alpha, beta) == (pytest.approx(3.305785, abs=1e-6), pytest.approx(0.669421, abs=1e-6))
    far = {}
    for optimizer in (GradientDescent(2 / 1.01), Momentum(alpha, beta)):
        far[type(optimizer)] = np.abs(descend(valley, optimizer, start, 1000).x).max(axis=1)
    assert [int(np.argmax(distance < 1e-6)) for distance in far.values()] == [691, 95]
    late = far[Momentum]
    assert (late[300] / late[200] * 200 / 300) ** 0.01 == pytest.approx(0.9 / 1.1, rel=1e-3)  # it goes like k ρ^k


def test_nesterov_on_the_ravine_and_where_heavy_ball_runs_in_a_circle():
    late = np.abs(descend(ravine(100), Momentum(0.01, 9 / 11, nesterov=True), (1.0, 1.0), 400).x).max(axis=1)
    assert (late[400] / late[300] * 300 / 400) ** 0.01 == pytest.approx(0.9, rel=1e-3)
    path = descend(lessard, Momentum(1 / 9, 4 / 9), (3.3,), 300)
    np.testing.assert_allclose(sorted(path.x[-3:, 0]), [-1.8024, 0.6465, 2.1159], atol=1e-4)  # Lessard and others
    assert descend(lessard, Momentum(1 / 25, 2 / 3, nesterov=True), (3.3,), 300).loss[-1] < 1e-20


@pytest.mark.parametrize("a", [1.0, 0.1])
def test_momentum_does_not_lower_the_noise_floor(a):
    """The stationary covariance P solves P = R P Rᵀ + noise, and its last entry is the formula of the lesson."""
    beta, alpha = 0.9, 0.1 * a
    R, kick = matrix(alpha, beta), np.array([1.0, -alpha])
    P = np.linalg.solve(np.eye(4) - np.kron(R, R), np.kron(kick, kick)).reshape(2, 2)
    formula = a / (2 - a * (1 - beta) / (1 + beta))
    assert P[1, 1] == pytest.approx(formula)
    x = descend(Noisy(quadratic((1.0,)), 1.0), Momentum(alpha, beta), np.ones((1, 400)), 1500).x[500:]
    assert (x**2).mean() == pytest.approx(formula, rel=0.03)


# --- lesson 04 -----------------------------------------------------------------------------------------------------


def test_adagrad_does_not_see_the_scale_of_a_coordinate():
    paths = [descend(ravine(kappa), Adagrad(0.3, eps=0), (-1.2, 0.5), 40).x for kappa in (1, 100, 1e4)]
    for path in paths[1:]:
        np.testing.assert_allclose(path, paths[0], rtol=1e-9)
    np.testing.assert_allclose(np.abs(paths[0][1] - paths[0][0]), 0.3)


def test_adagrad_on_a_constant_slope():
    lengths = -np.diff(descend(Replay([[5.0]]), Adagrad(0.1, eps=0), (0.0,), 10_000).x[:, 0])
    t = np.arange(1, 10_001)
    np.testing.assert_allclose(lengths, 0.1 / np.sqrt(t), rtol=1e-9)
    assert lengths.sum() == pytest.approx(2 * 0.1 * np.sqrt(10_000) + 0.1 * -1.4603545, rel=1e-4)  # ζ(1/2)


def test_adagrad_wins_on_rare_words():
    """On the lines, each optimizer at its best rate on validation lines: with each of three shuffles."""
    _, train, test = load_lines()
    validation, unseen = LogisticRegression(train.X[2758:], train.y[2758:]), LogisticRegression(*test)
    rates = np.geomspace(0.01, 30, 31).astype(np.float32)

    def loss(optimizer, seed):
        batches = LogisticRegression(train.X[:2758], train.y[:2758], batch=20, seed=seed)
        w = np.zeros((train.X.shape[1], len(rates)), np.float32)
        state = optimizer.start(w)
        for _ in range(138):
            w, state = optimizer.update(w, batches.value_and_gradient(w)[1], state)
        best = validation.value(w).argmin()
        assert 0 < best < len(rates) - 1  # not at the edge of the search
        return unseen.value(w[:, best])

    for seed in range(3):
        assert loss(Adagrad(rates), seed) < 0.9 * min(loss(GradientDescent(rates), seed), loss(Momentum(rates), seed))


@pytest.mark.parametrize("seed", range(3))
def test_adagrad_stalls_where_the_slope_flattens_and_rmsprop_does_not(seed):
    """Counted here without the package's own counting: mean distance of ten walks, each optimizer at its best rate."""
    rates, valley = np.geomspace(0.001, 300, 111)[:, None], Flattening(seed=seed)
    steps = {}
    for kind in (GradientDescent, Momentum, Adagrad, RMSprop):
        path = descend(valley, kind(rates), np.zeros((1, 111, 10)), 1000)
        stayed = np.abs(path.x[:501, 0]).mean(axis=2).max(axis=0) < 0.3
        away = np.nan_to_num(np.abs(path.x[500:, 0] - 3).mean(axis=2), nan=np.inf)
        counted = [next((k for k in range(501) if (away[k:, i] < 0.3).all()), -1) for i in range(111)]
        counted = np.where(stayed, counted, -1)
        assert (valley.steps_to_follow(path) == counted).all()
        steps[kind] = counted[counted >= 0].min(initial=9999)
    assert steps[Adagrad] == 9999
    assert 60 < steps[RMSprop] < 70
    assert 25 < steps[Momentum] < 35
    assert 140 < steps[GradientDescent] < 155


# --- lesson 05 -----------------------------------------------------------------------------------------------------


def test_hintons_nine_and_one():
    """Displacement in ten minibatches, in units of α: 0 for gradient descent, and these for RMSprop."""
    expected = {0.0: -8.0, 0.5: -4.2736, 0.9: -0.6795, 0.99: -0.06671, 0.999: -0.006667}
    tens = Replay([[0.1]] * 9 + [[-0.9]])
    for rho, moved in expected.items():
        x = descend(tens, RMSprop(1.0, rho), (0.0,), 10 * int(2 / (1 - rho) + 20)).x[:, 0]
        assert x[-1] - x[-11] == pytest.approx(moved, rel=1e-3)
        assert drift(rho) == pytest.approx(x[-1] - x[-11], rel=1e-4)
    x = descend(tens, GradientDescent(1.0), (0.0,), 1000).x[:, 0]
    assert x[-1] - x[-11] == pytest.approx(0, abs=1e-12)


def test_rmsprop_recovers_as_the_formula_says():
    gradients = np.where(np.arange(600) < 200, 100.0, 1.0)[:, None]
    v = descend(Replay(gradients), RMSprop(1.0, 0.9), (0.0,), 600).state("v")[1:, 0]
    k = np.arange(1, 401)
    np.testing.assert_allclose(v[200:], 1 + (v[199] - 1) * 0.9**k, rtol=1e-9)
    assert np.argmax(np.sqrt(v[200:]) < 1.1) + 1 == int(np.ceil(np.log(0.21 / 9999) / np.log(0.9)))


def test_rmsprop_ends_in_a_jump_over_the_minimum():
    for rate in (0.05, 0.005):
        x = descend(bowl, RMSprop(rate), (-0.8, 0.9), 1000).x[-4:, 0]
        np.testing.assert_allclose(np.abs(x), rate / 2, rtol=1e-3)
        assert (np.sign(x[1:]) == -np.sign(x[:-1])).all()
    assert np.abs(descend(bowl, Adagrad(0.5), (-0.8, 0.9), 1000).x[-1]).max() < 1e-12


def test_epsilon_inside_and_outside_the_root():
    outside = np.diff(descend(Replay([[1e-6]]), RMSprop(1.0, 0.9, 1e-8), (0.0,), 400).x[:, 0])[-1]
    assert -outside == pytest.approx(1 / 1.01, rel=1e-6)
    assert 1e-6 / np.sqrt(1e-12 + 1e-8) == pytest.approx(0.0099995, rel=1e-4)


# --- lesson 06 -----------------------------------------------------------------------------------------------------


def test_the_two_steps_by_hand():
    """g = 2, 1 with β1 = 1/2, β2 = 3/4: m̂ = 2, 4/3; v̂ = 4, 16/7; x = 1 - 0.1 - 0.1 · (4/3) / √(16/7)."""
    adam, x = Adam(0.1, 0.5, 0.75), np.array([1.0])
    state = adam.start(x)
    for g, m_hat, v_hat in ((2.0, 2, 4), (1.0, 4 / 3, 16 / 7)):
        x, state = adam.update(x, np.array([g]), state)
        assert adam.corrected(state.m, 0.5, state.t) == pytest.approx(m_hat)
        assert adam.corrected(state.v, 0.75, state.t) == pytest.approx(v_hat)
    assert x[0] == pytest.approx(0.9 - 0.1 * (4 / 3) / np.sqrt(16 / 7), rel=1e-7)


def test_adam_minus_each_ingredient():
    """Momentum counts on the turned ravine and is in the way on the straight one; the correction hardly counts."""
    rates = np.geomspace(1e-3, 10, 81)

    def best(surface, *switches):
        arrival = descend(surface, adam_without(*switches, rates), surface.start, 300).arrival(1e-3)
        return arrival[arrival >= 0].min()

    straight, turned = ravine(100), rotated_ravine(100)
    whole = best(straight, True, True, True), best(turned, True, True, True)
    assert best(straight, False, True, True) < whole[0] / 8
    assert 1.5 * whole[1] < best(turned, False, True, True) < 2 * whole[1]
    assert abs(best(straight, True, True, False) / whole[0] - 1) < 0.1
    assert abs(best(turned, True, True, False) / whole[1] - 1) < 0.1


def test_without_scaling_the_best_rate_moves_with_the_scale_of_the_loss_and_with_it_does_not():
    gradients = np.random.default_rng(5).normal(size=(20, 3))

    def walk(scaling, rate, factor):
        optimizer, x = adam_without(True, scaling, True, rate), np.ones(3)
        state = optimizer.start(x)
        for g in gradients:
            x, state = optimizer.update(x, factor * g, state)
        return x

    np.testing.assert_allclose(walk(True, 0.1, 1000), walk(True, 0.1, 1), rtol=1e-6)
    np.testing.assert_allclose(walk(False, 0.1 / 1000, 1000), walk(False, 0.1, 1), rtol=1e-6)


def test_first_steps_on_the_ravine():
    """83 times as long across as along: the gradient at (-1.2, 1) is (-1.2, 100)."""
    step = np.diff(descend(ravine(100), GradientDescent(0.0198), (-1.2, 1.0), 1).x, axis=0)[0]
    assert abs(step[1] / step[0]) == pytest.approx(100 / 1.2)
    step = np.diff(descend(ravine(100), Adam(0.1), (-1.2, 1.0), 1).x, axis=0)[0]
    np.testing.assert_allclose(np.abs(step), 0.1, rtol=1e-6)


# --- lesson 07 -----------------------------------------------------------------------------------------------------


def test_the_bias_of_both_averages():
    """E[m] = (1 - β1^t) E[g] and E[v] = (1 - β2^t) E[g²], with gradients of mean 2 and variance 1, so E[g²] = 5."""
    noise = 2 + np.random.default_rng(3).normal(size=(200, 1, 4000))
    path = descend(Replay(noise), Adam(0.0, 0.9, 0.99), np.zeros((1, 4000)), 200)
    for t in (1, 5, 50, 200):
        assert path.state("m")[t].mean() == pytest.approx((1 - 0.9**t) * 2, rel=0.02)
        assert path.state("v")[t].mean() == pytest.approx((1 - 0.99**t) * 5, rel=0.03)


def test_the_step_without_the_correction():
    raw = descend(Replay([[3.0]]), Adam(1.0, eps=0, bias_correction=False), (0.0,), 5000)
    r = np.abs(np.diff(raw.x[:, 0]))
    for t, expected in ((1, 3.1623), (12, 6.5685), (100, 3.2408), (1000, 1.2576)):  # recomputed apart from the package
        assert r[t - 1] == pytest.approx(expected, abs=1e-4)
    assert (r.argmax() + 1, np.argmax(r < 1.1) + 1, np.argmax(r < 1.01) + 1) == (12, 1751, 3925)
    np.testing.assert_allclose(multiplier(0.9, 0.999, np.arange(1, 5001)), r, rtol=1e-9)
    corrected = np.diff(descend(Replay([[3.0]]), Adam(1.0, eps=0), (0.0,), 3000).x[:, 0])
    np.testing.assert_allclose(corrected, -1, rtol=1e-9)


@pytest.mark.parametrize(
    ("mistake", "beta2", "lengths"),
    [
        ("only m is corrected", 0.999, {1: 31.623, 10: 10.022, 100: 3.2408}),
        ("the exponent t is missing in the correction", 0.999, {1: 1.0, 3000: 0.3243}),
        ("the exponent t is missing in the correction", 0.95, {1: 1.0, 3000: 2.2361}),
        ("t is one too large in your correction", 0.999, {1: 0.7441}),
    ],
)
def test_wrong_corrections(mistake, beta2, lengths):
    """Each as the runnable mistake of lesson 06's exercise, on a constant gradient."""
    answers = {m.name: m.answer for m in EXERCISES["adam_step"].mistakes}
    x, m, v, g = np.zeros(1), np.zeros(1), np.zeros(1), np.ones(1)
    for t in range(1, max(lengths) + 1):
        following, m, v = answers[mistake](x, g, m, v, t, 1.0, 0.9, beta2, 0.0)
        if t in lengths:
            assert abs(following - x)[0] == pytest.approx(lengths[t], rel=1e-3)
        x = following


def test_the_paper_s_case_of_a_first_gradient_after_a_long_silence():
    for t, expected in ((1, 1.0), (100, 0.9758), (1000, 2.5146), (10_000, 3.1622)):
        gradients = np.zeros((t, 1))
        gradients[-1] = 7.0
        x = descend(Replay(gradients), Adam(1.0, eps=1e-300), (0.0,), t).x[:, 0]
        assert abs(x[-1] - x[-2]) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.999), (0.5, 0.8)])
def test_no_step_is_longer_than_the_bound_and_growing_gradients_reach_it(beta1, beta2):
    bound = EXERCISES["step_bound"].reference
    rng = np.random.default_rng(0)
    for t in (1, 2, 10, 100, 500):
        growing = (beta2 / beta1) ** np.arange(1.0 - t, 1)[:, None]
        x = descend(Replay(growing), Adam(1.0, beta1, beta2, eps=0), (0.0,), t).x[:, 0]
        assert abs(x[t] - x[t - 1]) == pytest.approx(bound(beta1, beta2, t), rel=1e-9)
        others = growing[..., None] ** rng.uniform(0, 1.5, 300) * rng.normal(1, 0.3, (t, 1, 300))
        walks = descend(Replay(others), Adam(1.0, beta1, beta2, eps=1e-300), np.zeros((1, 300)), t).x[:, 0]
        assert np.abs(walks[t] - walks[t - 1]).max() <= bound(beta1, beta2, t) * (1 + 1e-9)
    assert bound(0.9, 0.999, 100_000) == pytest.approx(7.2703, abs=1e-4)


def test_a_million_times_the_loss_makes_no_difference():
    gradients = np.random.default_rng(1).normal(size=(300, 3))
    one, other = (descend(Replay(f * gradients), Adam(0.1, eps=0), np.zeros(3), 300).x for f in (1, 1e6))
    np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)


def test_the_uncorrected_step_is_the_corrected_one_times_the_multiplier_for_any_gradients():
    gradients = np.random.default_rng(2).normal(size=(50, 1, 20)) * 10.0 ** np.arange(-3, 2, 0.25)
    steps = [
        np.diff(descend(Replay(gradients), Adam(1.0, eps=0, bias_correction=on), np.zeros((1, 20)), 50).x[:, 0], axis=0)
        for on in (True, False)
    ]
    np.testing.assert_allclose(steps[1], steps[0] * multiplier(0.9, 0.999, np.arange(1, 51))[:, None], rtol=1e-9)


# --- lesson 08 -----------------------------------------------------------------------------------------------------


def test_a_large_epsilon_makes_adam_momentum():
    """With α = 0.05 ε the walk differs from corrected, averaged momentum by less than 10 / ε."""
    valley, x, m = quadratic((1.0, 10.0)), np.ones(2), np.zeros(2)
    walk = [x]
    for t in range(1, 101):
        m = 0.9 * m + 0.1 * valley.gradient(x)
        x = x - 0.05 * m / (1 - 0.9**t)
        walk.append(x)
    for eps in (1e2, 1e4, 1e6):
        path = descend(valley, Adam(0.05 * eps, eps=eps), (1.0, 1.0), 100)
        assert 1 / eps < np.abs(path.x - walk).max() < 10 / eps


def test_adam_without_memory_is_sign_descent():
    path = descend(rosenbrock, Adam(0.01, beta1=0, beta2=0, eps=0), (0.7, -0.3), 30)
    np.testing.assert_allclose(np.diff(path.x, axis=0), -0.01 * np.sign(path.gradient[:-1]), rtol=1e-9)


@pytest.mark.parametrize("mu", [0.1, 0.5, 1.0, 3.0])
def test_the_mean_step_under_noise(mu):
    gradients = mu + np.random.default_rng(4).normal(size=(2500, 1, 200))
    x = descend(Replay(gradients), Adam(1.0), np.zeros((1, 200)), 2500).x[:, 0]
    assert (x[1500] - x[2500]).mean() / 1000 == pytest.approx(mu / np.sqrt(mu**2 + 1), abs=0.015)


@pytest.mark.parametrize(("alpha", "curvature", "sigma"), [(0.1, 1.0, 1.0), (0.02, 4.0, 0.5)])
def test_the_noise_floor_of_adam(alpha, curvature, sigma):
    """About α σ / 2 h; the formula leaves out what the last part of a gradient adds to v, so to a tenth."""
    noisy = Noisy(quadratic((curvature,)), sigma, seed=1)
    x = descend(noisy, Adam(alpha), np.zeros((1, 300)), 2500).x[1000:]
    assert (x**2).mean() == pytest.approx(alpha * sigma / (2 * curvature), rel=0.1)


def test_schedules_end_the_noise():
    noisy = Noisy(quadratic((1.0,)), 1.0)
    last = descend(noisy, Scheduled(Adam(0.1), cosine(2000)), np.zeros((1, 200)), 2000).x[-1]
    assert (last**2).mean() < 0.1 * 0.05


def test_a_turn_of_the_ravine():
    steps = {}
    for degrees in (0, 15, 30, 45):
        turned = quadratic((1.0, 100.0), np.radians(degrees))
        for optimizer in (GradientDescent(0.0198), Adam(0.02)):
            steps[degrees, type(optimizer)] = descend(turned, optimizer, turned.start, 3000).arrival(1e-6)
    assert len({steps[degrees, GradientDescent] for degrees in (0, 15, 30, 45)}) == 1
    turned = [steps[degrees, Adam] for degrees in (0, 15, 30, 45)]
    assert turned == sorted(turned)
    assert turned[3] > 10 * turned[0]
    rates, best = np.geomspace(1e-3, 10, 81), []
    for degrees in (0, 45):  # with a search of its own it loses almost nothing
        surface = quadratic((1.0, 100.0), np.radians(degrees))
        arrival = descend(surface, Adam(rates), surface.start, 400).arrival(1e-6)
        best.append(arrival[arrival >= 0].min())
    assert best[1] < 1.1 * best[0]


def test_the_maps_of_the_knobs():
    """At α = 0.001 no knob helps; at 0.06 another β2 does, a hundredfold; below 0.01 no place meets the challenge."""
    rates = np.linspace(0.05, 0.07, 9)[:, None]
    others = descend(rosenbrock, Adam(rates, beta2=np.linspace(0.8, 0.95, 31)), rosenbrock.start, 300).loss[-1]
    usual = descend(rosenbrock, Adam(rates[:, 0]), rosenbrock.start, 300).loss[-1]
    assert np.median(others.min(axis=1) / usual) < 1e-2
    failure = descend(rosenbrock, knobs.adam(10**0.45, "β2", 0.0), rosenbrock.start, 300)
    assert failure.diverged or failure.loss[-1] > 1
    shares = np.linspace(0, 1, 41)
    losses = descend(rosenbrock, knobs.adam(0.06, "β2", shares), rosenbrock.start, 310).loss
    assert losses[300].argmin() != losses[310].argmin()  # the luckiest β2 moves
    for knob in knobs.KNOBS:
        losses = knobs.heat_map(knob)
        assert losses[0].min() > 1  # α = 0.001, whatever the knob
        assert losses.min() < 1e-3  # and at the right one far below
        assert (losses[knobs.RATES < 0.01] > knobs.TARGET).all()  # what the explorer says


# --- lesson 09 -----------------------------------------------------------------------------------------------------


def test_all_optimizers_but_momentum_meet_the_challenge_of_the_small_network():
    def soon(name, rate):
        evaluations = digits.trained(name, rate).evaluations
        return evaluations[digits.SOON // digits.LOOK].accuracy if len(evaluations) > 4 else 0.0

    rates = {"gradient descent": 10**-0.5, "Adagrad": 10**-1.5, "RMSprop": 10**-2.25, "Adam": 10**-2.25}
    assert rates.keys() | {"momentum"} == digits.LEARNERS.keys()
    assert all(soon(name, rate) >= digits.TARGET for name, rate in rates.items())
    best = max(soon("momentum", 10.0**k) for k in np.arange(-4, 0.51, 0.05))  # all places of the slider
    assert digits.TARGET - 0.03 < best < digits.TARGET


def test_the_recorded_runs_say_what_lesson_09_says():
    runs = load_runs()
    ends = {name: run.accuracy[:, -1] for name, run in runs.as_printed.items()}
    assert ends["Adagrad"].max() < ends["GradientDescent"].min() < ends["GradientDescent"].max() < ends["Adam"].min()
    searched = {name: run.accuracy[:, -1] for name, run in runs.searched.items()}
    assert all(end.min() >= 0.97 and end.max() <= 0.982 for end in searched.values())
    others = [end for name, end in searched.items() if name != "GradientDescent"]
    assert min(end.max() for end in others) >= max(end.min() for end in others)  # the ranges of these four overlap
    assert searched["GradientDescent"].max() < searched["Momentum"].min()
    first = {name: run.accuracy[:, 0] for name, run in runs.searched.items()}
    assert all(first[name].min() > first["GradientDescent"].max() for name in ("Momentum", "Adagrad", "Adam"))


def test_how_much_of_a_wrong_rate_each_optimizer_forgives():
    factors = {}
    for name, search in load_runs().search.items():
        best = max(right for _, right in search)
        good = [rate for rate, right in search if right > best - 0.02]
        factors[name] = max(good) / min(good)
    assert factors["Adam"] > 30 and factors["RMSprop"] > 30
    assert factors["GradientDescent"] < 3.5 and factors["Momentum"] < 3.5


# --- lesson 10 -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AdamL2(AdamW):
    def step(self, x, g, state):
        return Adam.step(self, x, g + self.weight_decay * x, state)


@pytest.mark.parametrize("size", [0.1, 1.0, 10.0])
def test_decay_under_noise(size):
    """exp(-α λ T) with the decay apart, exp(-α λ T / s) with it in the gradient."""
    noise = Replay(size * np.random.default_rng(3).normal(size=(3000, 1, 500)))
    for kind, rate in ((AdamW, 1.0), (AdamL2, 1 / size)):
        left = descend(noise, kind(1e-3, weight_decay=1e-2), np.ones((1, 500)), 3000).x[-1].mean()
        assert left == pytest.approx(
            np.exp(-3000 * 1e-5 * rate), abs=0.006
        )  # noise of 500 weights, and v's first steps


@pytest.mark.parametrize("minimum", [5.0, 20.0, -100.0])
def test_where_a_penalty_and_a_decay_let_a_weight_rest(minimum):
    ends = [
        descend(Shifted(quadratic((1.0,)), minimum), kind(0.01, weight_decay=0.1), np.zeros(1), 20_000).x[-1, 0]
        for kind in (AdamL2, AdamW)
    ]
    assert ends[0] == pytest.approx(minimum / 1.1, rel=1e-6)
    assert ends[1] == pytest.approx(np.sign(minimum) * min(abs(minimum), 10), rel=1e-3)  # its rate never falls


class Shifted:
    """A loss moved to another place."""

    def __init__(self, loss, by):
        self.loss, self.by = loss, by

    def value_and_gradient(self, x):
        return self.loss.value_and_gradient(x - self.by)


def test_decay_alone_meets_the_challenge_and_dropout_alone_does_not():
    ends = {rate: overfitting.trained(rate, 1e-3).validation_loss[-1] for rate in np.arange(10) / 10}
    assert min(ends.values()) > overfitting.TARGET
    assert len(set(ends.values())) == len(ends)  # dropout takes part
    assert overfitting.trained(0.0, 10**-0.5).validation_loss[-1] < overfitting.TARGET


# --- lesson 11 -----------------------------------------------------------------------------------------------------


def test_one_round_of_the_theorem_by_hand():
    """v is the same after each round of three, which gives it in closed form."""
    beta2 = 0.1
    v = (1 - beta2) * (9 * beta2**2 + beta2 + 1) / (1 - beta2**3)  # before the steep step
    steps = []
    for g in (3.0, -1.0, -1.0):
        v = beta2 * v + (1 - beta2) * g**2
        steps.append(-g / np.sqrt(v))
    np.testing.assert_allclose(steps, [-1.05, 0.76, 0.97], atol=0.006)
    assert sum(steps) > 0.6
    rounds = Replay([[3.0], [-1.0], [-1.0]])
    path = descend(rounds, Adam(1.0, beta1=0, beta2=beta2, eps=0), np.zeros(1), 60)
    np.testing.assert_allclose(np.diff(path.x[-4:, 0]), steps, rtol=1e-12)


@pytest.mark.parametrize(("beta2", "about"), [(0.99, 1650), (0.999, 14_000)])
def test_adam_leaps_at_a_constant_rate_once_the_stable_rate_is_passed(beta2, about):
    """(2 + 2 β1) / (1 - β1) = 38 at β1 = 0.9: the limit of momentum on a curvature of 1 (lesson 03)."""
    adam = Adam(0.01, beta2=beta2, eps=0)
    path = descend(quadratic((1.0,)), adam, (1.0,), 16_000)
    x, t = np.abs(path.x[1:, 0]), np.arange(1, 16_001)
    ratio = 0.01 / np.sqrt(path.state("v")[1:, 0] / (1 - beta2**t))
    crossed = int((ratio > 38).argmax())
    assert x[:crossed].min() < 1e-33
    assert abs(crossed - x[: crossed + 200].argmin()) < 20
    assert crossed + (x[crossed:] > 1e-3).argmax() == pytest.approx(about, rel=0.02)


def test_a_falling_rate_makes_the_leaps_smaller():
    constant = Adam(0.01, beta2=0.99, eps=0)
    falls = {}
    for adam in (constant, Scheduled(constant, inverse_time(200))):
        x = np.abs(descend(quadratic((1.0,)), adam, (1.0,), 20_000).x[:, 0])
        falls[adam] = x[2000:4000].max() / x[18_000:].max()
    assert falls[constant] < 2 and falls[adam] > 10


# --- lesson 12 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lost", "factor"),
    [
        ({"t": 0}, lambda t: np.sqrt(0.001 / (1 - 0.999**t)) / 0.1 * (1 - 0.9**t)),
        ({"v": np.zeros(2)}, None),
    ],
)
def test_a_step_after_a_resume_that_lost_something(lost, factor):
    adam, x = Adam(0.05), np.array(rosenbrock.start)
    state = adam.start(x)
    for _ in range(400):
        x, state = adam.update(x, rosenbrock.gradient(x), state)
    g = rosenbrock.gradient(x)
    usual, wrong, empty = (adam.update(x, g, kept)[0] - x for kept in (state, state._replace(**lost), adam.start(x)))
    np.testing.assert_allclose(np.abs(empty), 0.05, rtol=1e-6)  # all lost: a first step, ±α
    if factor:  # with m and v nearly unchanged by one gradient, only the corrections differ
        np.testing.assert_allclose(wrong / usual, factor(401), rtol=0.03)
    else:
        assert np.abs(wrong / usual).min() > 100


# --- lesson 13 -----------------------------------------------------------------------------------------------------


def test_under_gradient_descent_every_class_has_a_clock_of_its_own():
    """With small steps the loss of a class depends on π t alone; by signs the frequency drops out."""
    classes = RareClasses(1 / np.arange(1, 101))
    pi = classes.frequencies
    slow = descend(classes, GradientDescent(0.5), classes.start(), 400).loss
    for k in (1, 3, 9):
        np.testing.assert_allclose(slow[400 - 400 % (k + 1), k], slow[(400 - 400 % (k + 1)) // (k + 1), 0], rtol=0.02)
    signs = descend(classes, Lion(0.05, beta1=0, beta2=0), classes.start(), 100).loss
    np.testing.assert_allclose(signs, signs[:, :1] * np.ones(100), rtol=1e-9)
    assert pi[0] / pi[99] == pytest.approx(100)


def test_all_three_ways_meet_the_challenge_of_rare_classes_and_gradient_descent_late():
    classes = RareClasses(1.0 / np.arange(1, rare_classes.CLASSES + 1))
    ends = {
        (name, rate): descend(classes, way(rate), classes.start(), rare_classes.STEPS).loss[-1].max()
        for name, way in rare_classes.WAYS.items()
        for rate in (0.3, 10.0, 100.0)
    }
    assert ends["signs", 0.3] < rare_classes.TARGET and ends["Adam", 0.3] < rare_classes.TARGET
    assert ends["gradient descent", 10.0] > 1 > rare_classes.TARGET > ends["gradient descent", 100.0]
