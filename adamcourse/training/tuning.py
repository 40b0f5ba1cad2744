"""A fair comparison: each optimizer at the best of its own learning rates."""

import math
import statistics
import warnings
from typing import NamedTuple

import numpy as np

from adamcourse.checks import has_functions, shown, valid_seed, whole_number
from adamcourse.descent import descend
from adamcourse.optimizers.optimizer import floats
from adamcourse.training.blocks import check_elementwise, start_in_blocks, update_in_blocks


class TunedResult(NamedTuple):
    """How soon an optimizer reaches a target at its best rate: the steps it took from each seed, infinite for never."""

    rate: float
    steps: tuple

    @property
    def median(self):
        """The median over the seeds."""
        return statistics.median(self.steps)

    def __str__(self):
        reached = sum(np.isfinite(self.steps))
        steps = f"{self.median:g} steps ({min(self.steps):g} to {max(self.steps):g})"
        return f"rate {self.rate:.3g}: {steps}, {reached} of {len(self.steps)} seeds reach the target"


def tune_and_compare(problem, optimizers, rates, target, steps, seeds=range(3), measure=None, every=1):
    """Return how soon optimizers, given as functions of a rate by name, reach a target, each at its best rate.

    The best rate is the one from which most seeds reach the target; of equals, the one with the smallest median. It
    is chosen on the same seeds that are reported, which flatters every optimizer a little.

    Arguments
    ---------
    problem : function of a seed that returns a loss and a start, such as `random_start_problem(surface)` or
        `training_problem(network, train)`.
    optimizers : functions of a rate that return an optimizer, by name; one list of rates for all, or rates by name.
    rates : learning rates, ascending, more than two.
    target : it is reached at the first step from which on the loss stays below.
    steps : how many steps it may take.
    seeds : default 0, 1, 2.
    measure : function of x that is compared with the target, default None, the loss itself.
    every : how many steps lie between two looks, default 1.

    Raises ValueError when rates are not three or more in ascending order, seeds are none, steps or every is no whole
    number, or an optimizer is not made by a function, or is the same at each rate.
    Warns when a best rate is the first or the last one of the list: a better one may lie outside.
    Source: Choi and others 2019; Schmidt, Schneider and Hennig 2021, on what an unequal search does to a ranking.

    >>> from adamcourse.optimizers import Adam, GradientDescent
    >>> from adamcourse.losses import ravine
    >>> rates = np.geomspace(1e-3, 1, 31)
    >>> racers = {"gradient descent": GradientDescent, "Adam": Adam}
    >>> found = tune_and_compare(random_start_problem(ravine(100)), racers, rates, target=1e-3, steps=1000)
    >>> for name, result in found.items():
    ...     print(name, result)
    gradient descent rate 0.0158: 96 steps (10 to 131), 3 of 3 seeds reach the target
    Adam rate 0.0501: 75 steps (70 to 93), 3 of 3 seeds reach the target
    """
    whole_number("steps", steps), whole_number("every", every, 1)
    results, seeds = {}, _listed(seeds)
    for name, optimizer in optimizers.items():
        grid = np.asarray(rates[name] if isinstance(rates, dict) else rates, np.float64)
        if grid.ndim != 1 or len(grid) < 3 or not (np.diff(grid) > 0).all():
            raise ValueError(f"rates = {rates}: give three or more in ascending order")
        _check_function_of_rate(name, optimizer, grid)
        table = np.array(
            [_steps_of_all(*problem(seed), optimizer, grid, target, steps, measure, every) for seed in seeds]
        )
        best = np.lexsort((np.median(table, axis=0), np.isinf(table).sum(axis=0)))[0]  # the last key comes first
        if best in (0, len(grid) - 1):
            where = f"at the edge of the rates from {grid[0]:g} to {grid[-1]:g}"
            warnings.warn(f"{name} is best at {grid[best]:g}, {where}: search further out", stacklevel=2)
        results[name] = TunedResult(float(grid[best]), tuple(table[:, best].tolist()))
    return results


def _listed(seeds):
    """Return seeds as a list, or raise ValueError when they are none."""
    listed = list(seeds) if np.iterable(seeds) else []
    if not listed:
        raise ValueError(f"seeds = {seeds!r}: give one or more, such as range(3)")
    return [valid_seed(seed) for seed in listed]


def _check_function_of_rate(name, optimizer, grid):
    """Raise ValueError unless an optimizer is made by a function of a rate that does not ignore it."""
    if not callable(optimizer):
        raise ValueError(f"{name} is {shown(optimizer)}: give a function of a rate, such as Adam or lambda rate: ...")
    first, last = (has_functions(name, optimizer(float(rate)), "start", "update") for rate in (grid[0], grid[-1]))
    if first is last or first == last:
        raise ValueError(f"{name} is the same at the rates {grid[0]:g} and {grid[-1]:g}: use the rate in it")


def best_of(results, tries):
    """Return what the best of so many different tries is in the middle: half of all draws are as good, or better.

    P(the best of k is among the i best of n) = 1 - C(n - i, k) / C(n, k)

    Arguments
    ---------
    results : what each try gave, shape (n,), less is better; infinite where it failed.
    tries : k, how many of them are drawn by lot, a whole number from 1 to n.

    Raises ValueError when results are none or hold a NaN, or tries is not from 1 to n.
    Source: Dodge and others 2019, *Show your work*, with the median for their mean, as a failure may be infinite, and
    with tries that differ.

    >>> losses = [0.9, 0.1, 0.5, math.inf, 0.3]
    >>> [best_of(losses, tries) for tries in (1, 2, 3, 5)]
    [0.5, 0.3, 0.1, 0.1]
    """
    ranked = _ranked(results)
    n, k = len(ranked), whole_number("tries", tries, 1, len(ranked))
    worse = (math.comb(n - i, k) / math.comb(n, k) for i in range(1, n + 1))  # that none of the i best is drawn
    return float(next(result for result, chance in zip(ranked, worse, strict=True) if chance <= 0.5))


def _ranked(results):
    """Return results as a sorted array, or raise ValueError when they are no numbers, none, or hold a NaN."""
    try:
        given = np.asarray(results)
        numbers = given.ndim == 1 and given.size and given.dtype.kind in "iuf" and not np.isnan(given).any()
    except (TypeError, ValueError):  # of lists that differ in length
        numbers = False
    if not numbers:
        raise ValueError(f"results = {shown(results)}: give one or more numbers, infinity for a failure, and no NaN")
    return np.sort(given.astype(np.float64))


def random_start_problem(surface):
    """Return a problem for `tune_and_compare`: a surface, with a start drawn from the middle half of its domain."""
    middle = np.array([((3 * low + high) / 4, (low + 3 * high) / 4) for low, high in surface.domain])
    return lambda seed: (surface, np.random.default_rng(seed).uniform(*middle.T))


def training_problem(network, train, batch_size=60):
    """Return a problem for `tune_and_compare`: a network on examples, with parameters and minibatches drawn anew."""
    return lambda seed: (network.loss_on(*train, batch_size=batch_size, seed=seed), network.start(seed))


def _steps_of_all(loss, start, optimizer, rates, target, steps, measure, every):
    """Return for each rate the steps to the target, infinite for never."""
    first, broadcasts = optimizer(float(rates[0])), getattr(loss, "broadcasts", False)
    if getattr(first, "elementwise", False) and broadcasts and measure is None and every == 1:  # all in one descent
        check_elementwise(first)  # of one that is not, rates would see each other
        return descend(loss, optimizer(rates), start, steps).steps_to_target(target)
    return [_steps_of_one(loss, start, optimizer(float(rate)), target, steps, measure, every) for rate in rates]


def _steps_of_one(loss, start, optimizer, target, steps, measure, every):
    """Return the first step from which on the measure stays below the target; `descend` would keep every x."""
    if hasattr(loss, "rewind"):
        loss.rewind()
    x, arrived = np.array(floats(start)), np.inf
    states = start_in_blocks(optimizer, x)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for k in range(steps + 1):
            value, gradient = loss.value_and_gradient(x)
            if not np.isfinite(value):
                return np.inf
            if k % every == 0:
                seen = value if measure is None else measure(x)
                arrived = min(arrived, k) if seen < target else np.inf
            if k < steps:
                update_in_blocks(optimizer, x, gradient, states)
    return arrived
