"""Every surface against finite differences, its minima against its own values, and quadratics against algebra."""

import numpy as np
import pytest

from adamcourse.gradients import numerical_gradient, relative_error
from adamcourse.losses import surfaces

ALL = {
    surface.name: surface
    for surface in (
        surfaces.bowl,
        surfaces.ravine(100),
        surfaces.rotated_ravine(100),
        surfaces.rosenbrock,
        surfaces.beale,
        surfaces.himmelblau,
        surfaces.saddle,
        surfaces.plateau,
        surfaces.lessard,
    )
}
every_surface = pytest.mark.parametrize("surface", ALL.values(), ids=ALL)


def points_in(surface, *shape):
    rng = np.random.default_rng(1)
    return np.stack([rng.uniform(low, high, shape) for low, high in surface.domain])


@every_surface
def test_gradient_agrees_with_finite_differences(surface):
    x = points_in(surface, 40)
    # 1e-7: the error of a central difference is h² f‴, and Beale's f‴ reaches about 1e5 in its domain
    assert relative_error(surface.gradient(x), numerical_gradient(surface.value, x, 1e-6)) < 1e-7


@every_surface
def test_minima_are_minima(surface):
    for minimum in np.array(surface.minima):
        assert surface.contains(minimum)
        np.testing.assert_allclose(surface.gradient(minimum), 0, atol=1e-12 if surface.name != "Himmelblau" else 1e-9)
        around = minimum[:, None] + 1e-3 * np.random.default_rng(2).normal(size=(len(minimum), 50))
        assert (surface.value(around) > surface.value(minimum)).all()
        assert surface.distance(minimum) == 0


@every_surface
def test_one_point_and_many_points_give_the_same_bits(surface):
    x = points_in(surface, 5, 3)
    values, gradients = surface.value_and_gradient(x)
    assert values.shape == (5, 3)
    assert gradients.shape == x.shape
    for i in np.ndindex(5, 3):
        value, gradient = surface.value_and_gradient(x[(slice(None), *i)])
        assert value == values[i]
        assert (gradient == gradients[(slice(None), *i)]).all()


@every_surface
def test_float32_stays_float32_and_the_point_stays_as_it_is(surface):
    x = points_in(surface, 4).astype(np.float32)
    before = x.copy()
    value, gradient = surface.value_and_gradient(x)
    assert value.dtype == gradient.dtype == np.float32
    assert (x == before).all()


@every_surface
def test_start_lies_inside_and_is_not_a_minimum(surface):
    assert surface.contains(surface.start)
    assert surface.distance(surface.start) > 0.1
    assert not surface.contains(np.array(surface.domain)[:, 1] + 1)
    assert surface.source


def test_curvatures_of_a_quadratic_are_the_eigenvalues_of_its_hessian():
    for angle in (0, 0.3, np.pi / 4):
        surface = surfaces.quadratic((0.5, 20.0), angle)
        hessian = surface.gradient(np.eye(2))
        np.testing.assert_allclose(np.linalg.eigvalsh(hessian), [0.5, 20.0], rtol=1e-12)


def test_whole_numbers_are_as_good_as_floats():
    for surface in (surfaces.ravine(2.5), surfaces.rotated_ravine(100)):
        for point in ([1, 1], [1, 0]):
            exact = np.array(point, float)
            assert surface.value(np.array(point)) == surface.value(exact)
            np.testing.assert_array_equal(surface.gradient(np.array(point)), surface.gradient(exact))


def test_the_bowl_is_the_formula_on_the_page():
    assert surfaces.bowl.value(np.array([3.0, 4.0])) == 25
    assert surfaces.bowl.domain == ((-1, 1), (-1, 1))


def test_distance_is_to_the_nearest_minimum():
    np.testing.assert_allclose(surfaces.himmelblau.distance(np.array([[3.0, 3.0], [2.0, 1.0]])), [0, 1])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: surfaces.ravine(0.5), "condition = 0.5"),
        (lambda: surfaces.ravine(np.inf), "condition = inf"),
        (lambda: surfaces.quadratic((1, -1)), "curvatures = .*above 0"),
        (lambda: surfaces.quadratic(()), r"curvatures = \(\): .*above 0"),
        (lambda: surfaces.quadratic((1, 2), angle=np.nan), "angle = nan"),
        (lambda: surfaces.quadratic((1, 2, 3), angle=1), "angle = 1: only two"),
    ],
)
def test_nonsense_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
