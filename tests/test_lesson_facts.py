"""What the lessons state, against closed forms."""

import numpy as np
import pytest

from adamcourse.descent import descend
from adamcourse.explorers.adam_switches import SURFACE, adam_without
from adamcourse.optimizers import Adam, GradientDescent
from adamcourse.surfaces import bowl, quadratic, ravine

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


def test_three_surfaces_have_three_winners_by_clear_margins():
    from adamcourse.explorers.race import RACERS, STEPS, SURFACES, best_rate, run, winner

    rates = {(s.name, r.__name__): best_rate(s, r) for s in SURFACES for r in RACERS}
    paths = run(rates)
    assert [winner(paths, surface) for surface in SURFACES] == [
        ("gradient descent", 1),
        ("Adam", 53),
        ("momentum", 79),
    ]
    for surface in SURFACES:
        arrivals = sorted(paths[surface.name, racer.__name__].arrival(0.01) or STEPS for racer in RACERS)
        assert arrivals[1] > 1.2 * arrivals[0]
    assert paths["Rosenbrock", "GradientDescent"].arrival(0.01) is None


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
    """Without momentum it is far slower at every rate; without scaling or correction as fast, at another rate."""
    rates = np.geomspace(1e-3, 10, 81)
    best, at = {}, {}
    for switches in ((1, 1, 1), (0, 1, 1), (1, 0, 1), (1, 1, 0)):
        arrival = descend(SURFACE, adam_without(*switches, rates), SURFACE.start, 300).arrival(1e-3)
        arrival = np.where(arrival < 0, 999, arrival)
        best[switches], at[switches] = arrival.min(), rates[arrival.argmin()]
    whole = best[1, 1, 1]
    assert best[0, 1, 1] > 1.5 * whole
    assert best[1, 0, 1] < 1.1 * whole
    assert best[1, 1, 0] < 1.1 * whole
    assert 3 < at[1, 1, 1] / at[1, 1, 0] < 4
    assert 14 < at[1, 1, 1] / at[1, 0, 1] < 18
