"""Finite differences against functions whose derivatives everybody knows."""

import numpy as np
import pytest

from adamcourse.gradients import numerical_gradient, numerical_hessian, relative_error, sharpness
from adamcourse.losses import quadratic, rosenbrock


def test_gradient_of_known_functions():
    x = np.array([0.3, -1.2, 2.0])
    np.testing.assert_allclose(numerical_gradient(lambda x: np.sin(x).sum(axis=0), x), np.cos(x), rtol=1e-9)
    np.testing.assert_allclose(numerical_gradient(lambda x: np.exp(x).prod(axis=0), x), np.exp(x.sum()), rtol=1e-8)


def test_many_points_at_once():
    points = np.random.default_rng(0).normal(size=(2, 4, 3))
    expected = np.stack([points[1], points[0]])
    np.testing.assert_allclose(numerical_gradient(lambda p: p[0] * p[1], points), expected, atol=1e-9)


def test_large_coordinates_keep_their_accuracy():
    np.testing.assert_allclose(numerical_gradient(lambda x: x[0] ** 2, np.array([1e6])), [2e6], rtol=1e-9)


@pytest.mark.parametrize("h", [0, -1e-5, np.nan])
def test_a_width_that_is_not_positive(h):
    with pytest.raises(ValueError, match="h = .*above 0"):
        numerical_gradient(np.sum, np.ones(2), h)
    with pytest.raises(ValueError, match="h = .*above 0"):
        numerical_hessian(np.copy, np.ones(2), h)


def test_second_derivatives_of_known_functions():
    """Rosenbrock: 1200 x² - 400 y + 2, -400 x, 200."""
    x, y = 0.7, -0.4
    H = numerical_hessian(rosenbrock.gradient, np.array([x, y]))
    np.testing.assert_allclose(H, [[1200 * x**2 - 400 * y + 2, -400 * x], [-400 * x, 200]], rtol=1e-7)
    np.testing.assert_allclose(numerical_hessian(lambda x: 3 * x**2, np.array([1e6])), [[6e6]], rtol=1e-9)


def test_second_derivatives_are_symmetric_even_where_rounding_is_not():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(5, 5))
    H = numerical_hessian(lambda x: (A @ A.T @ x) * (1 + 1e-9 * x), rng.normal(size=5))
    assert (H == H.T).all()
    np.testing.assert_allclose(H, A @ A.T, atol=1e-7)


def test_sharpness_is_the_largest_curvature_whatever_the_axes_and_after_division_that_of_the_new_ones():
    H = numerical_hessian(quadratic((1, 100), angle=0.3).gradient, np.array([0.2, 0.1]))
    assert sharpness(H) == pytest.approx(100, rel=1e-6)
    P = np.array([2.0, 5.0])
    assert sharpness(H, P) == pytest.approx(np.linalg.eigvals(np.diag(1 / P) @ H).max(), rel=1e-9)
    assert sharpness(H, 4.0) == pytest.approx(25, rel=1e-6)
    assert sharpness(-H) == pytest.approx(-1, rel=1e-6)


@pytest.mark.parametrize("preconditioner", [0.0, np.array([1.0, -1.0]), np.array([1.0, np.nan])])
def test_a_division_by_nothing_is_refused(preconditioner):
    with pytest.raises(ValueError, match="preconditioner = .*above 0"):
        sharpness(np.eye(2), preconditioner)


def test_relative_error():
    assert relative_error([1.0, 0.0], [1.0, 1e-3]) == pytest.approx(1e-3)
    assert relative_error([0.0], [0.0]) == 0
    assert relative_error([1.0], [-1.0]) == 2
    assert np.isnan(relative_error([np.nan, 1.0], [1.0, 1.0]))
    assert np.isnan(relative_error([1.0, 1.0], [np.nan, 1.0]))
