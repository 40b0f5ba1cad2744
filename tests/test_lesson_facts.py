"""What the lessons state, against closed forms."""

import importlib

import numpy as np
import pytest

from adamcourse.descent import descend
from adamcourse.explorers.adam_switches import adam_without
from adamcourse.optimizers import Adam, GradientDescent
from adamcourse.surfaces import bowl, quadratic, ravine, rotated_ravine

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
