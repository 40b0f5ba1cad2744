"""Finite differences against functions whose derivatives everybody knows."""

import numpy as np
import pytest

from adamcourse.gradients import numerical_gradient, relative_error


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


def test_relative_error():
    assert relative_error([1.0, 0.0], [1.0, 1e-3]) == pytest.approx(1e-3)
    assert relative_error([0.0], [0.0]) == 0
    assert relative_error([1.0], [-1.0]) == 2
