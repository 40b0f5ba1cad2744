"""SWATS: the projection, the switch and its guard, what it is before and after, one vector, and its contracts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adamcourse.descent import descend
from adamcourse.losses import Replay, ravine
from adamcourse.optimizers import SWATS, Adam, Momentum, Projected, Scheduled, projected_rate
from adamcourse.training import start_in_blocks, update_in_blocks

BOWL = ravine(1.0)  # ½ |x|²
vectors = hnp.arrays(np.float64, 4, elements=st.floats(-10, 10))


@settings(deadline=None)
@given(p=vectors, g=vectors)
def test_the_projection_of_the_gradient_step_onto_p_is_p(p, g):
    """Projection of u onto p: p (pᵀu) / (pᵀp)."""
    if abs(p @ g) < 1e-3:  # nearly at right angles the rate is huge, and rounding is, too
        return
    gamma = projected_rate(p, g)
    np.testing.assert_allclose(p * (p @ (-gamma * g)) / (p @ p), p, rtol=1e-9, atol=1e-12)


def test_a_step_of_gradient_descent_shows_its_rate_and_a_step_uphill_a_negative_one():
    g = np.array([3.0, -4.0])
    assert projected_rate(-0.3 * g, g) == pytest.approx(0.3, rel=1e-15)
    assert projected_rate(0.3 * g, g) == pytest.approx(-0.3, rel=1e-15)
    assert projected_rate(np.array([4.0, 3.0]), g) is None


def test_the_products_of_long_float32_vectors_are_taken_in_float64():
    """A large coordinate swallows small ones in float32: 1e8 + 1 is 1e8 there."""
    g = np.ones(100, np.float32)
    g[0] = 1e4
    assert projected_rate(-g, 2 * g) == 0.5
    p = np.array([1e4, 1.0, -1e4], np.float32)
    assert projected_rate(p, np.array([1e4, 1.0, 1e4], np.float32)) == -(2e8 + 1)


def switch_of(path):
    """Return the step in which the rate was found, and the rate."""
    rates = path.state("rate")
    return int((rates > 0).argmax()), rates[-1]


def test_it_is_adam_up_to_the_switch_and_momentum_from_rest_after_it():
    gradients = np.random.default_rng(0).normal(1, 2, (120, 3))
    path = descend(Replay(gradients), SWATS(lr=0.01, eps=1e-8, tolerance=0.05, relative=True), np.zeros(3), 120)
    k, rate = switch_of(path)
    assert 2 < k < 100
    np.testing.assert_allclose(path.x[: k + 1], descend(Replay(gradients), Adam(0.01), np.zeros(3), k).x, rtol=1e-12)
    after = descend(Replay(gradients[k:]), Momentum((1 - 0.9) * rate), path.x[k], 120 - k)
    np.testing.assert_allclose(path.x[k:], after.x, rtol=1e-12, atol=1e-15)
    assert [state.t for state in path.states] == list(range(121))


def test_the_rate_is_the_mean_of_those_projected_with_weights_of_beta2():
    """Λ = Σ β2^(t-k) γ_k / Σ β2^(t-k), with the γ_k of Adam's own path."""
    beta2, gradients = 0.9, np.random.default_rng(0).normal(1, 2, (120, 3))
    swats = SWATS(0.01, beta2=beta2, eps=1e-8, tolerance=0.05, relative=True)
    path = descend(Replay(gradients), swats, np.zeros(3), 120)
    k, rate = switch_of(path)
    steps = np.diff(descend(Replay(gradients), Adam(0.01, beta2=beta2), np.zeros(3), k).x, axis=0)
    gammas = [(p**2).sum() / -(p * g).sum() for p, g in zip(steps, path.gradient, strict=False)]
    weights = beta2 ** np.arange(k - 1.0, -1, -1)
    assert rate == pytest.approx(np.average(gammas, weights=weights), rel=1e-9)
    assert abs(rate - gammas[-1]) < 0.05 * rate
    means = [np.average(gammas[:j], weights=weights[-j:]) for j in range(2, k)]
    assert all(abs(mean - gamma) >= 0.05 * mean for mean, gamma in zip(means, gammas[1:], strict=False))


def test_it_never_switches_in_the_first_step_although_the_two_numbers_are_the_same_there():
    path = descend(BOWL, SWATS(lr=0.1, tolerance=1e9), (0.5, 1.0), 3)
    assert path.state("rate").astype(bool).tolist() == [False, False, True, True]
    assert switch_of(descend(BOWL, SWATS(lr=0.1), (0.5, 1.0), 50))[1] == 0  # and at the paper's tolerance not at all


def test_a_relative_tolerance_does_not_see_the_scale_of_the_rates():
    """A loss 1000 times flatter has rates 1000 times as large: relative finds the same step, absolute does not."""
    gradients = np.abs(np.random.default_rng(0).normal(1, 0.1, (200, 3)))
    at = {}
    for relative in (True, False):
        swats = SWATS(lr=0.1, eps=0, tolerance=1e-4, relative=relative)
        paths = [descend(Replay(g), swats, np.zeros(3), 200) for g in (gradients, gradients / 1000)]
        at[relative] = [switch_of(path) for path in paths]
    (k, rate), (k_flat, rate_flat) = at[True]
    assert (k, rate_flat) == (k_flat, pytest.approx(1000 * rate, rel=1e-9))
    assert at[False][0][0] != at[False][1][0]


def test_a_walk_uphill_is_no_reason_to_switch():
    """After gradients of 1, weak ones of -1e-3 leave Adam walking on: against them γ_t, and then Λ, is negative."""
    path = descend(Replay([[1.0]] * 5 + [[-1e-3]] * 5), SWATS(lr=0.1, tolerance=1e6), (0.0,), 10)
    assert path.state("rate")[-1] > 0
    uphill = descend(Replay([[1.0]] + [[-1e-3]] * 9), SWATS(lr=0.1, beta2=0.1, tolerance=1e6), (0.0,), 3)
    assert (uphill.state("gamma")[2:] < 0).all()
    assert (uphill.state("rate") == 0).all()


def test_where_the_gradient_has_no_part_along_the_step_the_mean_is_kept():
    swats, x = SWATS(lr=0.1, tolerance=0), np.zeros(2)
    x, state = swats.update(x, np.ones(2), swats.start(x))
    _, following = swats.update(x, np.zeros(2), state)
    assert (following.gamma, following.t) == (state.gamma, 2)


@pytest.mark.parametrize(
    "wrap", [lambda o: o, lambda o: Scheduled(o, lambda t: 1.0), lambda o: Projected(o, -9.0, 9.0)]
)
def test_a_long_vector_stays_whole(wrap, monkeypatch):
    monkeypatch.setattr("adamcourse.training.blocks.BLOCK", 1000)
    optimizer, rng = wrap(SWATS(0.01, tolerance=0.9, relative=True)), np.random.default_rng(0)
    x = rng.normal(size=3141)
    whole, state, states = x.copy(), optimizer.start(x), start_in_blocks(optimizer, x)
    for _ in range(20):
        gradient = 2 * whole
        whole, state = optimizer.update(whole, gradient, state)
        update_in_blocks(optimizer, x, gradient, states)
    np.testing.assert_array_equal(x, whole)
    assert getattr(state, "inner", state).rate > 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_are_kept_before_and_after_the_switch(dtype):
    swats, x = SWATS(lr=0.1, tolerance=0.5, relative=True), np.array([1, 2], dtype)
    state = swats.start(x)
    for _ in range(5):
        copies = [np.array(part) for part in (x, *state)]
        following, new = swats.update(x, x, state)
        for part, copy in zip((x, *state), copies, strict=True):
            np.testing.assert_array_equal(part, copy)
        x, state = following, new
        assert (x.dtype, state.m.dtype, state.v.dtype) == (dtype,) * 3
        assert [type(part) for part in state[2:]] == [int, float, float]
    assert state.rate > 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SWATS(lr=np.ones(3)), r"lr has shape \(3,\): SWATS switches once, so give a plain number"),
        (lambda: SWATS(tolerance=-1), "tolerance = -1: tolerance must be 0 or more"),
        (lambda: SWATS(relative=0.1), "relative = 0.1: relative must be True or False"),
        (lambda: SWATS().start(np.ones((2, 3))), r"x has shape \(2, 3\): the products of SWATS run over one vector"),
    ],
)
def test_nonsense_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()
