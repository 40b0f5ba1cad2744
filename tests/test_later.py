"""ScheduleFree, Prodigy and Sophia: closed forms, what each is where it meets another one, and drawn curvatures."""

import numpy as np
import pytest

from adamcourse.networks import Dense, DrawnCurvature, Network, ReLU, transformer, windows
from adamcourse.networks.curvature import drawn
from adamcourse.optimizers import Adam, Groups, Prodigy, Scheduled, ScheduleFree, Sophia, Warmup
from adamcourse.optimizers.optimizer import parts
from adamcourse.training import Training
from tests.test_matrices import walked, whole_and_resumed

ONES = lambda x, t: np.ones_like(x)  # noqa: E731
KINDS = {"ScheduleFree": ScheduleFree, "Prodigy": Prodigy, "Sophia": lambda **k: Sophia(ONES, **k)}
each = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


def states(optimizer, gradients, x):
    """Return the state after each step."""
    state, found = optimizer.start(x), []
    for g in gradients:
        x, state = optimizer.update(x, g, state)
        found.append(state)
    return found


# --- ScheduleFree ----------------------------------------------------------------------------------------------------


def test_along_a_constant_slope_the_average_is_half_as_far_as_z():
    """Adam's step is α each time, so z = -α t, its mean -α (t + 1) / 2, and x lies between by β1."""
    free, t = ScheduleFree(0.1, beta1=0.75, eps=0), np.arange(1, 30)[:, None]
    after = states(free, np.full((29, 2), [3.0, 1e-4]), np.zeros(2))
    np.testing.assert_allclose([state.z for state in after], -0.1 * t * np.ones(2), rtol=1e-12)
    np.testing.assert_allclose([state.average for state in after], -0.05 * (t + 1) * np.ones(2), rtol=1e-12)
    path = walked(free, np.full((29, 2), [3.0, 1e-4]))[1:]
    np.testing.assert_allclose(path, -0.025 * t - 0.75 * 0.05 * (t + 1) + np.zeros(2), rtol=1e-12)


def test_the_average_weighs_by_the_square_of_the_largest_rate_so_far():
    rates = np.array([1.0, 3.0, 2.0, 4.0])
    after = states(Scheduled(ScheduleFree(0.1, eps=0), lambda t: rates[t]), np.ones((4, 1)), np.zeros(1))
    z, weights = -0.1 * np.cumsum(rates), np.array([1, 9, 9, 16])
    expected = [weights[: t + 1] @ z[: t + 1] / weights[: t + 1].sum() for t in range(4)]
    np.testing.assert_allclose([state.inner.average[0] for state in after], expected, rtol=1e-12)


def test_where_each_z_replaces_the_average_it_is_adam_without_a_first_moment():
    class Newest(ScheduleFree):
        def weight(self, state):
            return 0.0, 0.0, 1.0

    gradients = np.random.default_rng(0).normal(size=(30, 3))
    expected = walked(Adam(0.1, beta1=0), gradients)
    np.testing.assert_allclose(walked(Newest(0.1), gradients), expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(walked(ScheduleFree(0.1, beta1=0), gradients), expected, rtol=1e-12, atol=1e-14)
    for state in states(Newest(0.1), gradients, np.zeros(3)):
        np.testing.assert_array_equal(state.average, state.z)


def test_before_the_first_rate_nothing_moves():
    after = states(Scheduled(ScheduleFree(0.1), lambda t: 0.0), np.ones((3, 2)), np.ones(2))
    assert (after[-1].inner.average == 1).all()


# --- Prodigy ---------------------------------------------------------------------------------------------------------


def test_the_distance_is_the_ratio_of_the_weighted_sums():
    rng = np.random.default_rng(0)
    gradients, x = np.abs(rng.normal(size=(40, 3))), rng.normal(size=3)
    prodigy = Prodigy(d=0.1, beta2=0.9)
    path, after = walked(prodigy, gradients, x), states(prodigy, gradients, x)
    d = np.array([0.1] + [state.d for state in after])
    for n in (1, 7, 40):
        weights = 0.9 ** (0.5 * (n - 1 - np.arange(n))) * d[:n] ** 2
        slopes = np.sum(gradients[:n] * (x - path[:n]), axis=1)
        ratio = weights @ slopes / np.abs(weights @ gradients[:n]).sum()
        assert d[n] == pytest.approx(max(d[n - 1], ratio), rel=1e-9)
    assert d[-1] > 0.15


def test_a_step_is_as_long_as_the_distance_that_was_known_before_it():
    """Without memory m / √v is a sign, and the new d is how far x has come along the slope, or the old one."""
    prodigy = Prodigy(beta1=0, beta2=0, eps=0, d=0.1)
    path = walked(prodigy, np.full((8, 1), -2.0))
    d = np.array([0.1] + [state.d for state in states(prodigy, np.full((8, 1), -2.0), np.zeros(1))])
    np.testing.assert_allclose(np.diff(path[:, 0]), d[:-1], rtol=1e-12)
    np.testing.assert_allclose(d[1:], np.maximum(0.1, path[:-1, 0]), rtol=1e-12)
    assert d[-1] > 1


def test_it_sees_no_scale_of_the_gradients_and_no_distance_too_large():
    goal = np.array([3.0, -2.0])
    for far in (1.0, 100.0):
        x, path, states_at = np.zeros(2), {}, {}
        for scale in (1.0, 1e6):
            prodigy, x = Prodigy(eps=0), np.zeros(2)
            state, path[scale] = prodigy.start(x), []
            for _ in range(400):
                x, state = prodigy.update(x, scale * np.sign(x - far * goal), state)
                path[scale].append(x)
            states_at[scale] = state
        np.testing.assert_allclose(path[1.0], path[1e6], rtol=1e-9)
        assert 0.02 * far < states_at[1.0].d <= far * 5  # ‖goal‖₁ = 5


# --- Sophia and drawn curvatures -----------------------------------------------------------------------------------


def test_with_true_curvatures_and_no_memory_it_takes_newtons_steps_and_none_longer_than_the_rate():
    h, x = np.array([1.0, 10.0, 0.01]), np.array([0.5, 2.0, 5.0])
    sophia = Sophia(lambda x, t: h, lr=1.0, beta1=0, beta2=0, gamma=1, every=1)
    (after,) = np.diff(walked(sophia, [h * x], x), axis=0)
    np.testing.assert_allclose(after, [-0.5, -1, -1])
    assert sophia.clipped(states(sophia, [h * x], x)[0]) == pytest.approx(2 / 3)


def test_where_nothing_curves_it_is_sign_descent():
    gradients = np.random.default_rng(0).normal(size=(20, 4))
    flat = Sophia(lambda x, t: np.zeros_like(x), lr=0.1, beta1=0)
    np.testing.assert_allclose(np.diff(walked(flat, gradients), axis=0), -0.1 * np.sign(gradients), rtol=1e-12)


def test_curvatures_are_asked_for_every_few_steps_and_averaged():
    asked = []

    def curvature(x, t):
        asked.append(t)
        return np.full_like(x, t + 1.0)

    after = states(Sophia(curvature, every=3, beta2=0.5), np.ones((7, 2)), np.zeros(2))
    assert asked == [0, 3, 6]
    assert after[-1].h[0] == pytest.approx(1 / 8 + 4 / 4 + 7 / 2)


def test_drawn_labels_average_to_the_diagonal_of_the_gauss_newton_matrix():
    """Once as Jᵀ (diag(p) - p pᵀ) J with J by finite differences, once as the mean over all labels."""
    rng = np.random.default_rng(0)
    network, inputs = Network([Dense(3), ReLU(), Dense(3)], (2,)), rng.normal(size=(4, 2))
    w = network.start(1, dtype=np.float64)
    h = 1e-6
    steps = h * np.eye(len(w))
    ahead, behind = ([network.forward(w + e, inputs).copy() for e in way] for way in (steps, -steps))
    J = (np.array(ahead) - np.array(behind)) / (2 * h)  # (w, n, c)
    scores = network.forward(w, inputs).copy()
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    middle = [np.diag(row) - np.outer(row, row) for row in p]
    expected = np.mean([np.einsum("wc,cd,wd->w", J[:, i], middle[i], J[:, i]) for i in range(4)], axis=0)
    each_label = np.zeros_like(w)
    for i in range(4):
        for label in range(3):
            gradient = network.loss_on(inputs[i : i + 1], np.array([label])).value_and_gradient(w)[1]
            each_label += p[i, label] * gradient**2 / 4
    np.testing.assert_allclose(each_label, expected, atol=1e-8)
    curvature = DrawnCurvature(network, inputs, batch_size=4)
    draws = np.array([curvature(w, t) for t in range(6000)])
    error = draws.std(axis=0) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - expected) <= 4.5 * error + 1e-9).all()
    np.testing.assert_array_equal(curvature(w, 5), draws[5])  # the same each time it is asked for


def test_labels_are_drawn_with_the_probabilities_of_the_scores():
    p = np.array([0.5, 0.1, 0.4])
    labels = drawn(np.log(p) + np.zeros((2, 30_000, 3)), np.random.default_rng(0))
    assert labels.shape == (2, 30_000)
    np.testing.assert_allclose(np.bincount(labels.ravel(), minlength=3) / labels.size, p, atol=0.01)


# --- what all of them promise --------------------------------------------------------------------------------------


@each
def test_float32_stays_nothing_is_changed_and_zeros_move_nothing(make):
    rng = np.random.default_rng(0)
    x, gradients = rng.normal(size=5).astype(np.float32), rng.normal(size=(9, 5)).astype(np.float32)
    optimizer, before = make(), x.copy()
    state = optimizer.start(x)
    kept = {name: np.array(part) for name, part in parts(state).items()}
    y, after = optimizer.update(x, gradients[0], state)
    assert y.dtype == np.float32 and (x == before).all()
    assert all(part.dtype == np.float32 for part in parts(after).values() if np.ndim(part))
    for name, part in parts(state).items():
        np.testing.assert_array_equal(part, kept[name])
    assert np.isfinite(walked(optimizer, gradients, x)).all()
    still, _ = optimizer.update(x, np.zeros_like(x), optimizer.start(x))
    np.testing.assert_allclose(still, x, rtol=1e-7)  # x is made anew of z and the average


@each
def test_a_language_model_is_trained_saved_and_resumed(make, tmp_path):
    rows = windows(np.arange(400) ** 2 % 7, 5)
    network = transformer(7, context=5, features=8, heads=2, blocks=1)

    def training():
        return Training(network, Scheduled(make(), Warmup(5)), rows, rows, batch_size=8)

    whole, again = whole_and_resumed(training, tmp_path, at=12)
    np.testing.assert_array_equal(again.w, whole.w)


def test_drawn_curvatures_go_on_after_a_pause(tmp_path):
    rows = windows(np.arange(400) ** 2 % 7, 5)
    network = transformer(7, context=5, features=8, heads=2, blocks=1)

    def training():
        return Training(
            network, Sophia(DrawnCurvature(network, rows[0], 8), lr=0.01, every=4), rows, rows, batch_size=8
        )

    whole, again = whole_and_resumed(training, tmp_path, at=11)
    np.testing.assert_array_equal(again.w, whole.w)
    assert whole.history.minibatch_losses[-1] < whole.history.minibatch_losses[0]


def test_a_training_gives_the_average_of_schedule_free_also_in_groups():
    rows = windows(np.arange(400) ** 2 % 7, 5)
    network = transformer(7, context=5, features=8, heads=2, blocks=1)
    free = Training(network, ScheduleFree(0.01), rows, rows, batch_size=8)
    free.run_until(steps=20)
    assert free.average.shape == free.w.shape and not np.array_equal(free.average, free.w)
    grouped = Training(network, Groups(network.shapes, {"*": ScheduleFree(0.01)}), rows, rows, batch_size=8)
    grouped.run_until(steps=20)
    np.testing.assert_allclose(grouped.average, free.average, rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sophia(3.0), "curvature = 3.0: curvature must be a function"),
        (lambda: Sophia(ONES, every=0), "every = 0: every must be 1 or more"),
        (lambda: Sophia(ONES, eps=0), "eps = 0: eps must be above 0"),
        (lambda: Sophia(ONES, gamma=-1), "gamma = -1: gamma must be 0 or more"),
        (lambda: Prodigy(d=0), "d = 0: d must be above 0"),
        (lambda: ScheduleFree(beta1=1), "beta1 = 1: beta1 must be from 0 up to"),
        (lambda: walked(Sophia(lambda x, t: 1.0), [np.ones(2)]), r"curvature gave shape \(\), x has shape \(2,\)"),
        (lambda: DrawnCurvature(Network([Dense(2)], (1,)), np.ones((4, 1)), 5), "batch_size = 5"),
    ],
)
def test_what_is_out_of_range_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
