"""Least squares and logistic regression: gradients by differences, many models at once, minibatches, bad input."""

import numpy as np
import pytest

from adamcourse.descent import descend
from adamcourse.gradients import numerical_gradient, relative_error
from adamcourse.losses import LeastSquaresLoss, LogisticLoss, unique_features
from adamcourse.optimizers import Adagrad, Adam, GradientDescent, Momentum, RMSprop

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 3))
LOSSES = (LeastSquaresLoss(X, RNG.normal(size=12)), LogisticLoss(X, RNG.integers(0, 2, 12)))
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)


@every_loss
def test_the_gradient_is_the_one_of_finite_differences(loss):
    w = RNG.normal(size=3)
    assert relative_error(loss.gradient(w), numerical_gradient(loss.value, w)) < 1e-7


def test_the_quadratic_form_is_the_mean_of_squares():
    w = RNG.normal(size=(3, 5))
    squares = [0.5 * np.mean((X @ w[:, i] - LOSSES[0].y) ** 2) for i in range(5)]
    np.testing.assert_allclose(LOSSES[0].value(w), squares, rtol=1e-12)


@every_loss
def test_a_minibatch_is_the_loss_of_its_rows_alone(loss):
    w, chosen = RNG.normal(size=3), np.array([7, 0, 3])
    alone = type(loss)(loss.X[chosen], loss.y[chosen])
    value, gradient = loss.value_and_gradient_on(w, chosen)
    assert value == pytest.approx(alone.value(w))
    np.testing.assert_allclose(gradient, alone.gradient(w))


@every_loss
def test_the_mean_of_all_minibatches_of_an_epoch_is_the_whole(loss):
    w, dealt = RNG.normal(size=3), type(loss)(loss.X, loss.y, batch_size=4)
    parts = [dealt.value_and_gradient(w) for _ in range(3)]
    assert np.mean([value for value, _ in parts]) == pytest.approx(loss.value(w))
    np.testing.assert_allclose(np.mean([gradient for _, gradient in parts], axis=0), loss.gradient(w))


@every_loss
def test_many_models_at_once_are_the_single_ones(loss):
    w = RNG.normal(size=(3, 2, 5))
    assert loss.value(w).shape == (2, 5)
    for i in np.ndindex(2, 5):
        assert loss.value(w)[i] == pytest.approx(loss.value(w[:, *i]))
        np.testing.assert_allclose(loss.gradient(w)[:, *i], loss.gradient(w[:, *i]), rtol=1e-12)


@every_loss
def test_every_descent_sees_the_same_minibatches(loss):
    dealt = type(loss)(loss.X, loss.y, batch_size=5, seed=3)
    first, again = (descend(dealt, GradientDescent(0.1), np.zeros(3), 20).x for _ in range(2))
    assert (first == again).all()
    other = descend(type(loss)(loss.X, loss.y, batch_size=5, seed=4), GradientDescent(0.1), np.zeros(3), 20).x
    assert (first != other).any()


@pytest.mark.parametrize("height", [1e2, 1e4, 1e6])
def test_no_loss_is_below_0_where_all_fits(height):
    X = np.stack([np.ones(12), np.linspace(0, 1, 12)], axis=1)
    w = np.array([height, 0.3])
    assert 0 <= LeastSquaresLoss(X, X @ w).value(w) <= 1e-15 * height**2


def test_least_squares_descends_to_the_solution_of_the_normal_equations():
    loss = LOSSES[0]
    best = np.linalg.solve(X.T @ X, X.T @ loss.y)
    np.testing.assert_allclose(descend(loss, GradientDescent(0.5), np.zeros(3), 500).x[-1], best, atol=1e-12)


def test_logistic_regression_at_extreme_scores_and_its_accuracy():
    loss = LogisticLoss(np.array([[1.0], [-1.0]]), np.array([1, 0]))
    assert loss.value(np.array([1e4])) == 0
    assert loss.value(np.array([-1e4])) == 1e4
    np.testing.assert_allclose(loss.gradient(np.array([-1e4])), [-1])
    np.testing.assert_allclose(loss.accuracy(np.array([[1.0, -1.0, 0.0]]), loss.X, loss.y), [1, 0, 0.5])


def test_whole_numbers_in_x_do_not_round_y():
    loss = LeastSquaresLoss(np.array([[1], [1]]), np.array([0.5, 1.5]))
    assert loss.value(np.array([1.0])) == 0.125


def test_float32_stays_float32():
    loss = LeastSquaresLoss(X.astype(np.float32), LOSSES[0].y)
    value, gradient = loss.value_and_gradient(np.zeros(3, np.float32))
    assert (value.dtype, gradient.dtype) == (np.float32, np.float32)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((X, np.zeros(11)), r"X \(12, 3\) and y \(11,\): give shapes"),
        ((X[:0], np.zeros(0)), "n at least 1"),
        ((X * np.nan, np.zeros(12)), "must be finite"),
        ((X, np.full(12, np.inf)), "must be finite"),
        ((X, np.zeros(12), 0), "batch_size = 0: give a whole number, 1 to 12"),
        ((X, np.zeros(12), 13), "batch_size = 13"),
        ((X, np.zeros(12), 2.5), "batch_size = 2.5"),
    ],
)
def test_bad_input_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        LeastSquaresLoss(*arguments)


def test_labels_other_than_0_and_1_are_refused():
    with pytest.raises(ValueError, match="y must hold only 0 and 1"):
        LogisticLoss(X, np.arange(12))


# --- the examples of Wilson and others -----------------------------------------------------------------------------

ADAPTIVE = {  # a rate, steps, and how far from the end the weights may be
    "Adagrad": (Adagrad(0.1), 1500, 1e-6),
    "Adam": (Adam(1e-3, eps=1e-12), 1500, 1e-6),
    "RMSprop": (RMSprop(1e-3, eps=1e-12), 1500, 2e-3),  # at a constant rate α its steps never get shorter than about α
}


def test_private_features_are_private_and_the_lemma_holds():
    """Lemma 3.1 of the paper asks for X sign(Xᵀy) = c y; here c = 4."""
    train, new = unique_features(30, share=2 / 3, seed=3)
    assert (train.y.sum(), new.y.sum()) == (10, 10)
    assert (train.y != new.y).any()
    np.testing.assert_array_equal(train.X @ np.sign(train.X.T @ train.y), 4 * train.y)
    own = train.X[:, 3:]
    assert (own.sum(axis=0) <= 1).all()
    np.testing.assert_array_equal(own.sum(axis=1), np.where(train.y > 0, 1, 5))
    np.testing.assert_array_equal(new.X[:, :3], np.column_stack([new.y, np.ones((30, 2))]))
    assert not new.X[:, 3:].any()


@pytest.mark.parametrize("name", ADAPTIVE)
def test_on_all_examples_adaptive_methods_reach_the_sign_over_4_and_call_every_new_example_positive(name):
    """w = sign(Xᵀy) / 4, and a new example scores y/4 + 1/4 + 1/4 = (y + 2) / 4."""
    optimizer, steps, near = ADAPTIVE[name]
    train, new = unique_features(30, share=2 / 3)
    w = descend(LeastSquaresLoss(*train), optimizer, np.zeros(153), steps).x[-1]
    np.testing.assert_allclose(w, np.sign(train.X.T @ train.y) / 4, atol=near)
    np.testing.assert_allclose(new.X @ w, (new.y + 2) / 4, atol=3 * near)
    assert ((new.X @ w > 0) == (new.y > 0)).mean() == pytest.approx(2 / 3)


@pytest.mark.parametrize("optimizer", [GradientDescent(0.3), Momentum(0.3)], ids=["GradientDescent", "Momentum"])
def test_gradient_descent_reaches_the_solution_of_least_norm_and_is_always_right(optimizer):
    """w = Xᵀ (X Xᵀ)⁻¹ y, and in closed form a new example scores K α with D = 15 n₊ + 3 n₋ + 8 n₊ n₋ + 5."""
    train, new = unique_features(30, share=2 / 3)
    w = descend(LeastSquaresLoss(*train), optimizer, np.zeros(153), 4000).x[-1]
    X, y = train
    np.testing.assert_allclose(w, X.T @ np.linalg.solve(X @ X.T, y), atol=1e-9)
    plus, minus = 20, 10
    D = 15 * plus + 3 * minus + 8 * plus * minus + 5
    a_plus, a_minus = (4 * minus + 5) / D, -(4 * plus + 1) / D
    same, other = 3, 1  # products of a new example with those of its own class, and of the other one
    scores = np.where(
        new.y > 0,
        same * plus * a_plus + other * minus * a_minus,
        other * plus * a_plus + same * minus * a_minus,
    )
    np.testing.assert_allclose(new.X @ w, scores, atol=1e-9)
    assert ((new.X @ w > 0) == (new.y > 0)).all()


@pytest.mark.parametrize("optimizer", [GradientDescent(0.1), Adagrad(0.1), Adam(0.01), RMSprop(0.003)], ids=str)
def test_on_minibatches_of_20_every_method_is_right(optimizer):
    train, new = unique_features(100)
    w = descend(LeastSquaresLoss(*train, batch_size=20), optimizer, np.zeros(503), 600).x[-1]
    assert ((train.X @ w > 0) == (train.y > 0)).all()
    assert ((new.X @ w > 0) == (new.y > 0)).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((2,), "n = 2: give a whole number, 3 or more"),
        ((10.0,), "n = 10.0"),
        ((10, 0.5), "share = 0.5: of 10 examples more than half, and not all"),
        ((10, 0.99), "share = 0.99"),
        ((10, np.nan), "share = nan"),
    ],
)
def test_unfit_numbers_of_examples_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        unique_features(*arguments)
