"""Losses that are not the same at every step: noise, a rare word, a slope that flattens, a seldom but large gradient.

Noise is drawn from a generator of the loss's own, a number for each coordinate of each run; `rewind()` begins anew, so
that every optimizer that runs in the same shape meets the same steps.
"""

from dataclasses import dataclass

import numpy as np

from adamcourse.checks import has_functions, valid_seed, whole_number


@dataclass
class Noisy:
    """A loss whose gradient carries noise, independent at each step and in each coordinate.

    g = ∇f(x) + σ n,  n standard normal

    Arguments
    ---------
    loss : anything with `value_and_gradient(x)`, such as a surface; the value stays exact.
    sigma : the standard deviation σ of the noise, >= 0.
    seed : of the noise, default 0.

    Raises ValueError when sigma is negative or not finite.
    Source: the model of Robbins and Monro 1951.

    >>> from adamcourse.losses import bowl
    >>> noisy = Noisy(bowl, sigma=0.5)
    >>> noisy.value_and_gradient(np.zeros(2))  # the gradient here is 0, and what is left is the noise
    (np.float64(0.0), array([ 0.06286511, -0.06605243]))
    """

    loss: object
    sigma: float
    seed: int = 0

    @property
    def broadcasts(self):
        """Whether x may be many points: as the loss has it."""
        return getattr(self.loss, "broadcasts", False)

    def __post_init__(self):
        _check_sigma(self.sigma), valid_seed(self.seed), has_functions("loss", self.loss, "value_and_gradient")
        self.rewind()

    def rewind(self):
        """Begin anew: the noise, and the loss if it changes from step to step."""
        self._rng = np.random.default_rng(self.seed)
        if hasattr(self.loss, "rewind"):
            self.loss.rewind()

    def value_and_gradient(self, x):
        """Return f(x), and ∇f(x) with the next piece of noise."""
        value, gradient = self.loss.value_and_gradient(x)
        return value, gradient + self.sigma * self._rng.normal(size=np.shape(x))


@dataclass
class SparseFeature:
    """Two weights: one belongs to a word in every batch, the other to a word in every hundredth. Both should be 1.

    f(x) = ½ (x_1 - 1)² + ½ (x_2 - 1)² where the second word occurs, and ½ (x_1 - 1)² elsewhere

    A gradient carries noise where its word occurs, and is exactly 0 elsewhere.

    Arguments
    ---------
    every : the second word occurs once in so many batches, a whole number, 1 or more, default 100.
    sigma : the standard deviation of the noise, default 0.5.
    seed : of the noise, default 0.

    Raises ValueError when every is not a whole number, 1 or more, or sigma is negative or not finite.

    >>> words = SparseFeature(every=3, sigma=0)
    >>> [words.value_and_gradient(np.zeros(2))[1].tolist() for _ in range(3)]
    [[-1.0, 0.0], [-1.0, 0.0], [-1.0, -1.0]]
    """

    every: int = 100
    sigma: float = 0.5
    seed: int = 0

    def __post_init__(self):
        whole_number("every", self.every, 1)
        _check_sigma(self.sigma), valid_seed(self.seed)
        self.rewind()

    def rewind(self):
        """Begin anew with the first batch."""
        self._rng, self._t = np.random.default_rng(self.seed), 0

    def value_and_gradient(self, x):
        """Return f(x) and its gradient in the next batch, x of shape (2, ...)."""
        self._t += 1
        occurs = np.array([1.0, self._t % self.every == 0]).reshape(2, *(1,) * (np.ndim(x) - 1))
        noise = self.sigma * self._rng.normal(size=np.shape(x))
        return (0.5 * occurs * (x - 1) ** 2).sum(axis=0), np.where(occurs, x - 1 + noise, 0.0)


@dataclass
class CurvatureShift:
    """A parabola that becomes flatter at one step, and has its minimum in another place from then on.

    f(x) = ½ λ (x - x*)²,  λ = curvature and x* = 0 at first, λ = 1 and x* = 3 after the change

    Arguments
    ---------
    curvature : λ before the change, > 0, default 100.
    change : the step at which it happens, default 500.
    sigma : the standard deviation of the noise in x*, default 0.1.
    seed : of the noise, default 0.

    Raises ValueError when curvature is not above 0, change is not a whole number, 0 or more, or sigma is negative.

    >>> valley = CurvatureShift(change=1, sigma=0)
    >>> [valley.value_and_gradient(np.ones(1))[1].tolist() for _ in range(2)]  # steep, to the left; flat, to the right
    [[100.0], [-2.0]]
    """

    curvature: float = 100.0
    change: int = 500
    sigma: float = 0.1
    seed: int = 0

    def __post_init__(self):
        if not 0 < self.curvature < np.inf:
            raise ValueError(f"curvature = {self.curvature}: a curvature is above 0")
        whole_number("change", self.change, 0)
        _check_sigma(self.sigma), valid_seed(self.seed)
        self.rewind()

    def rewind(self):
        """Begin anew before the change."""
        self._rng, self._t = np.random.default_rng(self.seed), 0

    def value_and_gradient(self, x):
        """Return f(x) and its gradient at the next step, x of shape (1, ...); the value is free of noise."""
        curvature, minimum = (self.curvature, 0.0) if self._t < self.change else (1.0, 3.0)
        self._t += 1
        noise = self.sigma * self._rng.normal(size=np.shape(x))
        return 0.5 * curvature * ((x - minimum) ** 2).sum(axis=0), curvature * (x - minimum + noise)

    def steps_to_recover(self, path, near=0.3, settle=50):
        """Return, for each rate, how many steps after the change its runs are near the new minimum to stay; or inf.

        Arguments
        ---------
        path : the Trajectory of a descent from 0, x of shape (1, rates, runs).
        near : how large the mean distance of the runs from the minimum may be, before the change and in the end,
            default 0.3. A rate that leaves the first minimum by more counts as never.
        settle : so many of the first steps do not count, default 50: in them an optimizer finds the scale of gradients,
            and a first step of Adagrad, as long as its rate, would exclude it.

        Raises ValueError when the path ends before the change.
        """
        if path.steps < self.change:
            raise ValueError(f"path has {path.steps} steps: the change comes after {self.change}, so take more")
        x = path.x[:, 0]  # (steps + 1, rates, runs)
        before = np.abs(x[min(settle, self.change) : self.change + 1]).mean(axis=-1).max(axis=0)
        far = np.abs(x[self.change :] - 3).mean(axis=-1) >= near  # a lost run is NaN, and NaN is not near
        far |= np.isnan(x[self.change :]).any(axis=-1)
        last = len(far) - 1 - far[::-1].argmax(axis=0)  # the last step at which it is far
        return np.where((before < near) & (last < len(far) - 1), last + 1, np.inf)


class Replay:
    """Recorded gradients, one for each step, whatever x is; so every optimizer meets exactly these. The loss is 0.

    Arguments
    ---------
    gradients : shape (steps, n, ...), finite numbers; after the last one it begins anew.

    Raises ValueError when gradients are fewer than one, or not finite.

    >>> replay = Replay([[1.0], [-2.0]])
    >>> [replay.value_and_gradient(np.zeros(1))[1].tolist() for _ in range(3)]
    [[1.0], [-2.0], [1.0]]
    """

    def __init__(self, gradients):
        self.gradients = np.array(gradients, dtype=np.float64)
        if self.gradients.ndim < 2 or not len(self.gradients) or not np.isfinite(self.gradients).all():
            raise ValueError(f"gradients of shape {self.gradients.shape}: give finite numbers, shape (steps, n, ...)")
        self.rewind()

    def rewind(self):
        """Begin anew with the first gradient."""
        self._t = 0

    def value_and_gradient(self, x):
        """Return 0 and the next gradient, made as wide as x."""
        gradient = self.gradients[self._t % len(self.gradients)]
        self._t += 1
        gradient = gradient.reshape(*gradient.shape, *(1,) * (np.ndim(x) - gradient.ndim))
        return np.zeros(np.shape(x)[1:]), np.broadcast_to(gradient, np.shape(x))


@dataclass
class ReddiCounterexample:
    """A slope, steep uphill once in a while and slightly downhill else; keep x in [-1, 1] with `Projected`.

    f_t(x) = large · x at every step t with t mod every = 1, t = 1, 2, …, and -small · x at the others

    With a seed the steep steps are drawn, for each run its own, with probability 1 / every. On average f_t rises, so
    the best point is -1.

    Arguments
    ---------
    large : the steep slope, > (every - 1) small.
    small : the other slope, > 0.
    every : one step in so many is steep, a whole number, 2 or more.
    seed : of the draw; default None, no draw.

    Raises ValueError when an argument is outside its range.
    Source: Reddi, Kale and Kumar 2018, Theorem 1 (C, 1, 3) and its synthetic experiment (1010, 10, 101).

    >>> loss = ReddiCounterexample(large=3, small=1, every=3)
    >>> [loss.value_and_gradient(np.array([0.5]))[1].item() for _ in range(4)]
    [3.0, -1.0, -1.0, 3.0]
    """

    large: float
    small: float
    every: int
    seed: int | None = None

    def __post_init__(self):
        whole_number("every", self.every, 2)
        if self.seed is not None:
            valid_seed(self.seed)
        if not 0 < self.small < np.inf:
            raise ValueError(f"small = {self.small}: a slope is above 0")
        if not (self.every - 1) * self.small < self.large < np.inf:
            raise ValueError(
                f"large = {self.large}: it must be above (every - 1) small, {(self.every - 1) * self.small:g}"
            )
        self.rewind()

    def rewind(self):
        """Begin anew with the first step."""
        self._t, self._rng = 0, None if self.seed is None else np.random.default_rng(self.seed)

    def value_and_gradient(self, x):
        """Return f_t(x) and its gradient at the next step, x of shape (1, ...)."""
        self._t += 1
        steep = self._t % self.every == 1 if self._rng is None else self._rng.random(np.shape(x)) < 1 / self.every
        gradient = np.zeros(np.shape(x)) + np.where(steep, self.large, -self.small)
        return gradient[0] * x[0], gradient

    @staticmethod
    def average_regret(path):
        """Return the average regret up to each step: by how much the losses were above those of the best fixed point.

        R_T / T = 1/T (Σ_t f_t(x_t) - min_x Σ_t f_t(x)), where f_t(x) = g_t x on [-1, 1] makes the minimum -|Σ_t g_t|

        Arguments
        ---------
        path : the Trajectory of a descent down such a loss, x of shape (steps + 1, 1, ...).

        Source: Zinkevich 2003.

        >>> from adamcourse.descent import descend
        >>> from adamcourse.optimizers import GradientDescent
        >>> loss = ReddiCounterexample(3, 1, 3)
        >>> loss.average_regret(descend(loss, GradientDescent(0.0), (1.0,), 2))  # 3 + 3, then 2 + 2, then 1 + 1
        array([6.        , 2.        , 0.66666667])
        """
        g, x = path.gradient[:, 0], path.x[:, 0]
        total = np.cumsum(g * x, axis=0) + np.abs(np.cumsum(g, axis=0))
        return total / np.arange(1, len(g) + 1).reshape(-1, *(1,) * (g.ndim - 1))


def _check_sigma(sigma):
    if not 0 <= sigma < np.inf:
        raise ValueError(f"sigma = {sigma}: a standard deviation is 0 or more")
