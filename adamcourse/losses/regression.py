"""Losses over examples: least squares and logistic regression, on all examples or on one minibatch after the other.

X holds one example in a row, shape (n, features). Weights have shape (features, ...): the trailing axes are as many
models as you like, all fitted on the same minibatches.
"""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import NamedTuple

import numpy as np

from adamcourse.checks import valid_batch_size, valid_seed, whole_number
from adamcourse.datasets import minibatches
from adamcourse.optimizers.optimizer import floats


class RegressionLoss(ABC):
    """A mean loss over examples of linear scores X w; `value_and_gradient` takes the next minibatch.

    Arguments
    ---------
    X : shape (n, features), finite numbers, one example in a row.
    y : shape (n,), what each example's score is compared with, finite numbers.
    batch_size : examples in a minibatch, 1 to n; default None takes all of them each time.
    seed : of the minibatches, default 0.

    Raises ValueError when X and y do not fit, are empty or not finite, or batch_size is out of range.
    """

    def __init__(self, X, y, batch_size=None, seed=0):
        self.X = floats(X)
        self.y = np.asarray(y).astype(self.X.dtype)
        if self.X.ndim != 2 or self.y.shape != self.X.shape[:1] or not len(self.X):
            raise ValueError(f"X {self.X.shape} and y {self.y.shape}: give shapes (n, features) and (n,), n at least 1")
        if not (np.isfinite(self.X).all() and np.isfinite(self.y).all()):
            raise ValueError("X and y must be finite numbers")
        self.batch_size, self.seed = valid_batch_size(batch_size, len(self.X)), valid_seed(seed)
        self.rewind()

    def rewind(self):
        """Begin the minibatches anew, so that the next descent sees the same ones."""
        self._batches = self.batch_size and minibatches(len(self.X), self.batch_size, np.random.default_rng(self.seed))

    def value_and_gradient(self, w):
        """Return f and ∇f at w on the next minibatch, or on all examples without minibatches."""
        return self.value_and_gradient_on(w, next(self._batches) if self.batch_size else slice(None))

    def value(self, w):
        """Return f at w, shape (features, ...), on all examples, shape (...)."""
        return self.value_and_gradient_on(w, slice(None))[0]

    def gradient(self, w):
        """Return ∇f at w on all examples, the shape of w."""
        return self.value_and_gradient_on(w, slice(None))[1]

    def value_and_gradient_on(self, w, chosen):
        """Return f and ∇f at w on the chosen examples, given by their indices or a slice."""
        X = self.X[chosen]  # (b, features)
        scores = np.tensordot(X, w, 1)  # (b, ...)
        value, slope = self.per_example(scores, self.y[chosen].reshape(-1, *(1,) * (scores.ndim - 1)))
        return value.mean(axis=0), np.tensordot(X.T, slope, 1) / len(X)

    @abstractmethod
    def per_example(self, scores, y):
        """Return the loss of each score and its derivative with respect to the score."""


class LeastSquaresLoss(RegressionLoss):
    """Half the mean squared difference between scores and y.

    f(w) = mean of ½ (x·w - y)²,  ∇f(w) = mean of (x·w - y) x

    Arguments
    ---------
    X, y, batch_size, seed : as for RegressionLoss.

    Raises ValueError when X and y do not fit, are empty or not finite, or batch_size is out of range.
    Source: Legendre 1805; Gauss 1809.

    >>> loss = LeastSquaresLoss(np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), np.array([1.0, 3.0, 5.0]))
    >>> loss.value(np.array([1.0, 2.0])).round(9), loss.gradient(np.array([1.0, 1.0])).round(3)  # y = 1 + 2 x fits
    (np.float64(0.0), array([-1.   , -1.667]))
    """

    @cached_property
    def _lowest(self):
        """Weights at which f is lowest, f there, and the Hessian, in float64: (features,), (), (features, features)."""
        X, y = self.X.astype(np.float64), self.y.astype(np.float64)
        best = np.linalg.lstsq(X, y)[0]
        return best, 0.5 * np.mean((X @ best - y) ** 2), X.T @ X / len(X)

    def value(self, w):
        """Return f at w on all examples: its lowest value, and the quadratic form of the way from there.

        A grid of weights costs no more for it, and nothing cancels: both are 0 or more.
        """
        (best, lowest, H), w = self._lowest, floats(w)
        way = w - best.reshape(-1, *(1,) * (w.ndim - 1))
        value = lowest + 0.5 * (way * np.tensordot(H, way, 1)).sum(axis=0)
        return value.astype(np.result_type(self.X, w), copy=False)

    def per_example(self, scores, y):
        r = scores - y
        return 0.5 * r**2, r


class LogisticLoss(RegressionLoss):
    """The mean surprise at labels 0 and 1 when a score is the log of the odds for 1.

    p = 1 / (1 + exp(-x·w)),  f(w) = mean of -log(p where y = 1, 1 - p where y = 0),  ∇f(w) = mean of (p - y) x

    Arguments
    ---------
    X, y, batch_size, seed : as for RegressionLoss; y holds only 0 and 1.

    Raises ValueError when X and y do not fit, are empty or not finite, y holds other numbers than 0 and 1, or
    batch_size is out of range.
    Source: Cox 1958.

    >>> loss = LogisticLoss(np.array([[1.0], [2.0]]), np.array([0, 1]))
    >>> loss.value(np.zeros(1)).round(4), loss.gradient(np.zeros(1))  # log 2, and towards the larger x
    (np.float64(0.6931), array([-0.25]))
    """

    def __init__(self, X, y, batch_size=None, seed=0):
        super().__init__(X, y, batch_size, seed)
        if not np.isin(self.y, (0, 1)).all():
            raise ValueError("y must hold only 0 and 1")

    def per_example(self, scores, y):
        surprise = np.logaddexp(0, scores) - y * scores  # exp cannot overflow here
        return surprise, np.exp(-np.logaddexp(0, -scores)) - y

    def accuracy(self, w, X, y):
        """Return the share of examples whose score at w, shape (features, ...), has the sign of their label, 0 or 1."""
        if np.shape(y) != np.shape(X)[:1] or not np.isin(y, (0, 1)).all():
            raise ValueError(f"y has shape {np.shape(y)}: give a label, 0 or 1, for each of the {len(X)} examples")
        right = (np.tensordot(X, w, 1) > 0) == np.reshape(y, (-1, *(1,) * (np.ndim(w) - 1)))
        return right.mean(axis=0)


class Examples(NamedTuple):
    """Examples, one in a row of X, shape (n, features), and their labels y, shape (n,)."""

    X: np.ndarray
    y: np.ndarray


def unique_features(n, share=0.6, seed=0):
    """Return examples labelled 1 and -1, and as many new ones; each feature but three belongs to one example alone.

    Column 1 is the label y, 1 or -1; columns 2 and 3 are always 1. Each training example has five more columns of its
    own: a 1 in the first of them if y = 1, in all five if y = -1. A new example's own columns would be new, too; no
    training has set a weight for them, so they are left out. The label can always be read from column 1.

    Arguments
    ---------
    n : how many examples of each kind, 3 or more.
    share : of them with y = 1, above 1/2 and below 1, default 0.6; rounded to whole examples.
    seed : of their order, default 0.

    Returns two Examples, X of shape (n, 3 + 5n), y of shape (n,).
    Raises ValueError when n or share is outside its range, or too near to its end for whole examples.
    Source: Wilson, Roelofs, Stern, Srebro and Recht 2017, section 3.3; there labels are drawn independently.

    >>> (X, y), (X_new, y_new) = unique_features(4, share=0.75)
    >>> X.shape, y.tolist(), X.sum(axis=1).tolist(), X_new[0, :5].tolist()
    ((4, 23), [1.0, 1.0, 1.0, -1.0], [4.0, 4.0, 4.0, 6.0], [-1.0, 1.0, 1.0, 0.0, 0.0])
    """
    whole_number("n", n, 3)
    positive = round(share * n) if np.isfinite(share) else 0
    if not n / 2 < positive < n:
        raise ValueError(f"share = {share}: of {n} examples more than half, and not all, must have the label 1")
    rng, labels = np.random.default_rng(valid_seed(seed)), np.where(np.arange(n) < positive, 1.0, -1.0)
    train, new = (Examples(np.zeros((n, 3 + 5 * n)), rng.permutation(labels)) for _ in range(2))
    for X, y in (train, new):
        X[:, 0], X[:, 1:3] = y, 1
    for i, y in enumerate(train.y):
        train.X[i, 3 + 5 * i :][: 1 if y > 0 else 5] = 1
    return train, new
