"""Walk an optimizer down a loss and keep the whole path: positions, losses, gradients and states."""

from copy import deepcopy
from functools import cached_property

import numpy as np

from adamcourse.checks import has_functions, whole_number
from adamcourse.optimizers.optimizer import all_finite


class Trajectory:
    """What a descent went through: one entry for the start, then one for each step.

    A descent has diverged once a coordinate is beyond the bound, or the loss or what the optimizer remembers is not
    finite. One descent is cut before that; of many descents, the entries from that step on are NaN.

    Arguments
    ---------
    entries : a list of (x, loss, gradient, state), x of shape (n, ...) and the loss of shape (...).
    bound : how far from 0 a coordinate may be.

    >>> from adamcourse.optimizers import GradientDescent
    >>> from adamcourse.losses import bowl
    >>> descend(bowl, GradientDescent(lr=0.25), start=(1.0, 0.0), steps=3).loss
    array([1.      , 0.25    , 0.0625  , 0.015625])
    """

    def __init__(self, entries, bound):
        self._entries = entries
        within = np.array([np.abs(x).max(axis=0) for x, _, _, _ in entries]) <= bound
        within &= np.isfinite([loss for _, loss, _, _ in entries])
        if not np.all(all_finite(entries[-1][3])):  # a memory that has overflowed stays so, and x with it
            within &= np.array([np.broadcast_to(all_finite(state), within.shape[1:]) for _, _, _, state in entries])
        self._lost = ~np.logical_and.accumulate(within, axis=0)  # once lost, always lost
        if self._lost.ndim == 1 and self._lost.any():
            self._entries = entries[: max(self.diverged_at, 1)]

    @cached_property
    def x(self):
        """Positions, shape (steps + 1, n, ...)."""
        return self._column(0)

    @cached_property
    def loss(self):
        """The loss at each position, shape (steps + 1, ...)."""
        return self._column(1)

    @cached_property
    def gradient(self):
        """The gradient drawn at each position, shape (steps + 1, n, ...)."""
        return self._column(2)

    @cached_property
    def states(self):
        """The optimizer's state at each position, a list."""
        return [state for _, _, _, state in self._entries]

    def state(self, name):
        """Return one quantity of the state, such as "m", at every position, shape (steps + 1, ...)."""
        return self._blanked(np.array([getattr(state, name) for state in self.states]))

    @property
    def steps(self):
        """How many steps there are in the path."""
        return len(self._entries) - 1

    @property
    def diverged(self):
        """Whether the descent diverged; for many descents an array, shape (...)."""
        return self._lost[-1]

    @property
    def diverged_at(self):
        """The first step that was lost, infinite for never: a number for one descent, an array for many."""
        return _first(self._lost.argmax(axis=0), self.diverged)

    def steps_to_target(self, target):
        """Return the first step from which on the loss stays below target, to the end of the path.

        Infinite for never: a number for one descent, an array for many. A loss that dips below the target and comes
        back has not reached it. A longer path may show more of this: at a constant rate Adam leaps out again.

        >>> from adamcourse.optimizers import GradientDescent
        >>> from adamcourse.losses import bowl
        >>> descend(bowl, GradientDescent(np.array([0.25, 0.001])), (1.0, 0.0), 30).steps_to_target(1e-3)
        array([ 5., inf])
        """
        below = (self.loss < target)[::-1]
        stays = np.logical_and.accumulate(below, axis=0)
        return _first(len(below) - stays.sum(axis=0), stays[0] & ~self.diverged)

    def _column(self, i):
        return self._blanked(np.array([entry[i] for entry in self._entries]))

    def _blanked(self, column):
        """Put NaN where one of many descents is lost."""
        if self._lost.ndim > 1 and self._lost.any() and column.ndim > 1:
            lost = self._lost if column.ndim == self._lost.ndim else self._lost[:, None]
            column[np.broadcast_to(lost, column.shape)] = np.nan
        return column


def _first(step, there):
    """Return the step where it is there, and infinity elsewhere; of a single one as a number."""
    first = np.where(there, step, np.inf)
    return first if first.ndim else int(step) if there else np.inf


def descend(loss, optimizer, start, steps, limit=1e6):
    """Take steps of an optimizer down a loss, and return the Trajectory.

    Arguments
    ---------
    loss : anything with `value_and_gradient(x)`, such as a surface. A loss that draws minibatches and has `rewind()`
        is rewound first, so that every descent sees the same ones.
    optimizer : anything with `start(x)` and `update(x, gradient, state)`. One of your own may overwrite what it is
        given: the path keeps copies.
    start : where to begin, shape (n, ...), coordinates on the first axis. With hyperparameters of shape (a, b) a
        point of shape (n,) becomes n x a x b: as many descents as there are hyperparameters, never one descent with
        a value for each coordinate. That is what `update` does with hyperparameters of the shape of x.
    steps : how many steps to take, a whole number, 0 or more.
    limit : a descent has diverged when a coordinate is further out than limit times max(1, |start|); default 1e6.

    Raises ValueError when loss or optimizer is none, start is not finite or lies outside the loss's domain, steps is
    not a whole number, hyperparameters are arrays in an optimizer whose coordinates see each other, or the loss gives a
    value or a gradient of another shape than x asks for.

    >>> from adamcourse.optimizers import Adam
    >>> from adamcourse.losses import rosenbrock
    >>> many = descend(rosenbrock, Adam(lr=np.geomspace(1e-3, 1, 4)), rosenbrock.start, steps=200)
    >>> many.loss[-1].round(3)  # four learning rates in one descent
    array([4.45 , 4.028, 0.998, 0.014])
    """
    has_functions("loss", loss, "value_and_gradient"), has_functions("optimizer", optimizer, "start", "update")
    whole_number("steps", steps)
    x, ours = _starting_point(loss, optimizer, start), _is_ours(optimizer)
    if hasattr(loss, "rewind"):
        loss.rewind()
    state, entries = optimizer.start(x), []
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # a descent that diverges is a result
        for k in range(steps + 1):
            value, gradient = loss.value_and_gradient(x)
            value, gradient = value + 0, np.array(gradient)  # copies: a loss may use their memory again
            if not k:
                _check_shapes(x, value, gradient)
            entries.append((x, value, gradient, state))
            if k < steps:
                given = (x, gradient, state) if ours else (x.copy(), gradient.copy(), deepcopy(state))
                x, state = optimizer.update(*given)
    return Trajectory(entries, limit * max(1.0, np.abs(entries[0][0]).max()))


def _is_ours(optimizer):
    """Is an optimizer, and the one in a wrapper, of this package? Those leave what they are given as it is."""
    inside = [getattr(optimizer, "optimizer", None), *getattr(optimizer, "optimizers", {}).values()]
    ours = type(optimizer).__module__.startswith(f"{__package__}.")
    return ours and all(_is_ours(each) for each in inside if each is not None)


def _check_shapes(x, value, gradient):
    """Raise ValueError when a loss gives anything but a number for each point, and its gradient."""
    for name, found, wanted in (("value", np.shape(value), x.shape[1:]), ("gradient", gradient.shape, x.shape)):
        if found != wanted:
            raise ValueError(f"the loss gives a {name} of shape {found}; for x of shape {x.shape} it is {wanted}")


def _starting_point(loss, optimizer, start):
    """Return start as an array of floats, one copy for each set of hyperparameters, or raise ValueError."""
    x = np.array(start)
    if x.dtype.kind in "iu":
        x = x.astype(np.float64)
    if x.ndim == 0 or x.dtype.kind != "f" or not np.isfinite(x).all():
        raise ValueError(f"start = {start}: give finite coordinates, such as (0.5, -1.0)")
    if hasattr(loss, "contains") and not loss.contains(x):
        domain = " x ".join(f"[{low:g}, {high:g}]" for low, high in loss.domain)
        raise ValueError(f"start = {start} is outside the domain of the {loss.name}, {domain}")
    shape = getattr(optimizer, "shape", ())
    if shape and not getattr(optimizer, "elementwise", False):
        raise ValueError(
            f"{optimizer} has hyperparameters of shape {shape}, but its coordinates see each other, and descents at "
            "once would, too: take one value for each. One of your own whose do not says elementwise = True"
        )
    if x.ndim == 1 and shape:
        x = np.broadcast_to(x.reshape(-1, *(1,) * len(shape)), (len(x), *shape)).copy()
    return x
