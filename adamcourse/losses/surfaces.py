"""Loss surfaces: value, gradient, minima, domain, a good start, and where each comes from.

Coordinates are on the first axis: a point has shape (2,), a 50 x 50 grid of points has shape (2, 50, 50), and every
function here works on both, and gives the same bits. So powers above the second are products: with AVX-512, NumPy has
one power for arrays and another for numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from adamcourse.optimizers.optimizer import floats


@dataclass(frozen=True)
class Surface:
    """A loss of a point x, mostly in the plane, with everything a lesson needs to know about it.

    Arguments
    ---------
    name : what the lessons call it.
    formula : f in LaTeX, without dollar signs.
    value : function of x, shape (n, ...), that returns f(x), shape (...).
    gradient : function of x, shape (n, ...), that returns ∇f(x), shape (n, ...).
    minima : the known minima, a tuple of points with n coordinates each.
    domain : the region worth drawing, a pair (low, high) for each coordinate; a descent must start inside.
    start : a point inside the domain from which a descent is instructive.
    source : where the surface comes from, with year.

    >>> bowl.value(np.array([1.0, 2.0])), bowl.gradient(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    """

    name: str
    formula: str
    value: Callable
    gradient: Callable
    minima: tuple
    domain: tuple
    start: tuple
    source: str

    broadcasts = True  # x may be many points, shape (n, ...)

    def __post_init__(self):
        object.__setattr__(self, "_formulas", (self.value, self.gradient))
        object.__setattr__(self, "value", lambda x: self._formulas[0](self._point(x)))
        object.__setattr__(self, "gradient", lambda x: self._formulas[1](self._point(x)))

    def _point(self, x):
        """Return x as an array of floats with a number for each coordinate, or raise ValueError."""
        x = floats(x)
        if x.ndim < 1 or len(x) != len(self.domain):
            raise ValueError(f"x has shape {x.shape}: the {self.name} takes ({len(self.domain)}, ...)")
        return x

    def value_and_gradient(self, x):
        """Return f(x) and ∇f(x), the pair that `descent.descend` asks of every loss; x is an array of floats."""
        value, gradient = self._formulas
        return value(x), gradient(x)

    def contains(self, x):
        """Return whether x, shape (n, ...), has n coordinates and all of it lies inside the domain."""
        x = np.asarray(x)
        return len(x) == len(self.domain) and all(
            np.all((low <= x_i) & (x_i <= high)) for x_i, (low, high) in zip(x, self.domain, strict=True)
        )

    def distance(self, x):
        """Return the distance from x, shape (n, ...), to the nearest known minimum, shape (...)."""
        x = np.asarray(x)
        to_each = [x - np.reshape(minimum, (-1,) + (1,) * (x.ndim - 1)) for minimum in self.minima]
        return np.min(np.linalg.norm(to_each, axis=1), axis=0)


def _square(half_width, dimensions=2):
    return ((-half_width, half_width),) * dimensions


# --- quadratics: the surfaces on which everything can be derived -------------------------------------------------

bowl = Surface(
    name="bowl",
    formula="x^2 + y^2",
    value=lambda x: (x * x).sum(axis=0),
    gradient=lambda x: 2 * x,
    minima=((0.0, 0.0),),
    domain=_square(1.0),
    start=(-0.8, 0.9),
    source="the running example of this course",
)


def quadratic(curvatures, angle=0.0):
    """Return the Surface ½ Σ λ_i x_i², a valley with curvature λ_i along coordinate i, turned by an angle in the plane.

    Arguments
    ---------
    curvatures : the eigenvalues λ_i of the Hessian, one or more numbers > 0.
    angle : how far the axes of the valley are turned, in radians, default 0; only for two coordinates.

    Raises ValueError when a curvature is not a positive number, or when other than two coordinates are to be turned.
    Source: the model problem of Polyak 1964 and of Goh 2017.

    >>> quadratic((1, 100)).gradient(np.array([1.0, 1.0]))
    array([  1., 100.])
    """
    lam = np.asarray(curvatures, dtype=np.float64)
    if lam.ndim != 1 or not lam.size or not np.all((lam > 0) & (lam < np.inf)):
        raise ValueError(f"curvatures = {curvatures}: give a list of numbers above 0")
    if not np.isfinite(angle):
        raise ValueError(f"angle = {angle}: give a finite number of radians")
    if angle and len(lam) != 2:
        raise ValueError(f"angle = {angle}: only two coordinates can be turned, here are {len(lam)}")
    c, s = np.cos(angle), np.sin(angle)
    Q = np.array([[c, -s], [s, c]]) if angle else np.eye(len(lam))  # its columns are the axes of the valley
    H = Q * lam @ Q.T

    def gradient(x):
        x = np.asarray(x)
        x = x.astype(np.result_type(x, np.float32), copy=False)  # whole numbers become floats
        columns = H.astype(x.dtype).reshape(*H.shape, *(1,) * (x.ndim - 1))  # (n, n, 1, ...)
        return sum(columns[:, j] * x[j] for j in range(len(lam)))  # H x, the same bits for one point and for many

    return Surface(
        name="quadratic",
        formula=r"\tfrac12 \sum_i \lambda_i x_i^2",
        value=lambda x: 0.5 * (x * gradient(x)).sum(axis=0),
        gradient=gradient,
        minima=((0.0,) * len(lam),),
        domain=_square(1.5, len(lam)),
        start=tuple(Q.sum(axis=1)),  # one unit along each axis of the valley
        source="Polyak 1964; Goh 2017",
    )


def ravine(condition=100.0, angle=0.0):
    """Return the Surface ½ (x² + κ y²), a valley whose walls are κ times as curved as its floor.

    Arguments
    ---------
    condition : the condition number κ, >= 1, default 100.
    angle : how far the valley is turned, in radians, default 0.

    Raises ValueError when the condition number is below 1 or not finite.
    Source: the model problem of Polyak 1964 and of Goh 2017.

    >>> ravine(10).gradient(np.array([1.0, 1.0]))
    array([ 1., 10.])
    """
    if not 1 <= condition < np.inf:
        raise ValueError(f"condition = {condition}: a condition number is 1 or more")
    return replace(
        quadratic((1.0, condition), angle),
        name="turned ravine" if angle else "ravine",
        formula=r"\tfrac12 (u^2 + \kappa v^2)" if angle else r"\tfrac12 (x^2 + \kappa y^2)",
    )


def rotated_ravine(condition=100.0, angle=np.pi / 4):
    """Return the ravine turned by 45°, so that no coordinate runs along the valley.

    Arguments
    ---------
    condition : the condition number κ, >= 1, default 100.
    angle : how far the valley is turned, in radians, default π/4.

    Raises ValueError when the condition number is below 1 or not finite.
    Source: the model problem of Polyak 1964, turned.

    >>> rotated_ravine(100).gradient(np.array([1.0, 1.0])).round(12)  # (1, 1) now lies on the valley's floor
    array([1., 1.])
    """
    return ravine(condition, angle)


# --- classics: curved, crooked, and with more than one minimum ---------------------------------------------------


def _rosenbrock(x):
    x, y = x
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def _rosenbrock_gradient(x):
    x, y = x
    across = 200 * (y - x**2)
    return np.array([2 * (x - 1) - 2 * x * across, across])


rosenbrock = Surface(
    name="Rosenbrock",
    formula="(1 - x)^2 + 100 (y - x^2)^2",
    value=_rosenbrock,
    gradient=_rosenbrock_gradient,
    minima=((1.0, 1.0),),
    domain=((-2.0, 2.0), (-1.0, 3.0)),
    start=(-1.2, 1.0),
    source="Rosenbrock 1960",
)


def _beale_terms(x):
    x, y = x
    y_to = 1, y, y * y, y * y * y
    return [(c - x * (1 - y_to[k]), 1 - y_to[k], k * x * y_to[k - 1]) for c, k in ((1.5, 1), (2.25, 2), (2.625, 3))]


def _beale(x):
    return sum(r**2 for r, _, _ in _beale_terms(x))


def _beale_gradient(x):
    terms = _beale_terms(x)
    return np.array([sum(-2 * r * a for r, a, _ in terms), sum(2 * r * b for r, _, b in terms)])


beale = Surface(
    name="Beale",
    formula=r"\sum_{k=1}^{3} (c_k - x (1 - y^k))^2,\ c = 1.5, 2.25, 2.625",
    value=_beale,
    gradient=_beale_gradient,
    minima=((3.0, 0.5),),
    domain=_square(4.5),
    start=(1.0, 1.5),
    source="Beale 1958",
)


def _himmelblau(x):
    x, y = x
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def _himmelblau_gradient(x):
    x, y = x
    a, b = x**2 + y - 11, x + y**2 - 7
    return np.array([4 * x * a + 2 * b, 2 * a + 4 * y * b])


himmelblau = Surface(
    name="Himmelblau",
    formula="(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
    value=_himmelblau,
    gradient=_himmelblau_gradient,
    minima=(
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.283185991286170),
        (3.584428340330492, -1.848126526964404),
    ),
    domain=_square(5.0),
    start=(-0.5, -1.0),
    source="Himmelblau 1972",
)


# --- difficulties: one trap each ---------------------------------------------------------------------------------


def _saddle(x):
    x, y = x
    return x**2 / 2 - y**2 / 2 + (y * y) ** 2 / 4


def _saddle_gradient(x):
    x, y = x
    return np.array([x, y * y * y - y])


saddle = Surface(
    name="saddle",
    formula=r"\tfrac12 x^2 - \tfrac12 y^2 + \tfrac14 y^4",
    value=_saddle,
    gradient=_saddle_gradient,
    minima=((0.0, -1.0), (0.0, 1.0)),
    domain=_square(1.5),
    start=(1.2, 1e-3),  # almost on the ridge that leads to the saddle point (0, 0)
    source="Strogatz 1994, section 6.5 (the double well)",
)


def _plateau(x):
    return 1 - np.exp(-(x * x).sum(axis=0) / 2)


def _plateau_gradient(x):
    return x * np.exp(-(x * x).sum(axis=0) / 2)


plateau = Surface(
    name="plateau",
    formula=r"1 - \exp(-\tfrac12 (x^2 + y^2))",
    value=_plateau,
    gradient=_plateau_gradient,
    minima=((0.0, 0.0),),
    domain=_square(4.0),
    start=(2.5, 2.5),  # |∇f| is 0.007 here and 0.6 near the middle
    source="a Gaussian well",
)


def _lessard(x):
    (x,) = x
    return np.where(x < 1, 12.5 * x**2, np.where(x < 2, x**2 / 2 + 24 * x - 12, 12.5 * x**2 - 24 * x + 36))


def _lessard_gradient(x):
    return np.where(x < 1, 25 * x, np.where(x < 2, x + 24, 25 * x - 24))


lessard = Surface(
    name="Lessard's spring",
    formula=r"f'(x) = 25x\ (x<1),\ x + 24\ (1 \le x < 2),\ 25x - 24\ (x \ge 2)",
    value=_lessard,
    gradient=_lessard_gradient,
    minima=((0.0,),),
    domain=_square(4.0, 1),
    start=(3.3,),  # from here heavy-ball momentum tuned for quadratics runs in a cycle
    source="Lessard, Recht and Packard 2016, section 4.6",
)
