"""Least squares and logistic regression: gradients by differences, many models at once, minibatches, bad input."""

import numpy as np
import pytest

from adamcourse.descent import descend
from adamcourse.gradients import numerical_gradient, relative_error
from adamcourse.optimizers import GradientDescent
from adamcourse.regression import LeastSquares, LogisticRegression

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 3))
LOSSES = (LeastSquares(X, RNG.normal(size=12)), LogisticRegression(X, RNG.integers(0, 2, 12)))
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
    value, gradient = loss.on(w, chosen)
    assert value == pytest.approx(alone.value(w))
    np.testing.assert_allclose(gradient, alone.gradient(w))


@every_loss
def test_the_mean_of_all_minibatches_of_an_epoch_is_the_whole(loss):
    w, dealt = RNG.normal(size=3), type(loss)(loss.X, loss.y, batch=4)
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
    dealt = type(loss)(loss.X, loss.y, batch=5, seed=3)
    first, again = (descend(dealt, GradientDescent(0.1), np.zeros(3), 20).x for _ in range(2))
    assert (first == again).all()
    other = descend(type(loss)(loss.X, loss.y, batch=5, seed=4), GradientDescent(0.1), np.zeros(3), 20).x
    assert (first != other).any()


def test_least_squares_descends_to_the_solution_of_the_normal_equations():
    loss = LOSSES[0]
    best = np.linalg.solve(X.T @ X, X.T @ loss.y)
    np.testing.assert_allclose(descend(loss, GradientDescent(0.5), np.zeros(3), 500).x[-1], best, atol=1e-12)


def test_logistic_regression_at_extreme_scores_and_its_accuracy():
    loss = LogisticRegression(np.array([[1.0], [-1.0]]), np.array([1, 0]))
    assert loss.value(np.array([1e4])) == 0
    assert loss.value(np.array([-1e4])) == 1e4
    np.testing.assert_allclose(loss.gradient(np.array([-1e4])), [-1])
    np.testing.assert_allclose(loss.accuracy(np.array([[1.0, -1.0, 0.0]]), loss.X, loss.y), [1, 0, 0.5])


def test_whole_numbers_in_x_do_not_round_y():
    loss = LeastSquares(np.array([[1], [1]]), np.array([0.5, 1.5]))
    assert loss.value(np.array([1.0])) == 0.125


def test_float32_stays_float32():
    loss = LeastSquares(X.astype(np.float32), LOSSES[0].y)
    value, gradient = loss.value_and_gradient(np.zeros(3, np.float32))
    assert (value.dtype, gradient.dtype) == (np.float32, np.float32)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((X, np.zeros(11)), r"X \(12, 3\) and y \(11,\): give shapes"),
        ((X[:0], np.zeros(0)), "n at least 1"),
        ((X * np.nan, np.zeros(12)), "must be finite"),
        ((X, np.full(12, np.inf)), "must be finite"),
        ((X, np.zeros(12), 0), "batch = 0: a minibatch of 12 examples holds 1 to 12"),
        ((X, np.zeros(12), 13), "batch = 13"),
    ],
)
def test_bad_input_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        LeastSquares(*arguments)


def test_labels_other_than_0_and_1_are_refused():
    with pytest.raises(ValueError, match="y must hold only 0 and 1"):
        LogisticRegression(X, np.arange(12))
