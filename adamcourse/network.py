"""Softmax regression over one flat parameter vector: a loss like any other, so the same loop descends it."""

import numpy as np

from adamcourse.datasets import minibatches

CLASSES = 10


def softmax(scores):
    """Return probabilities that are proportional to exp(score) and sum to 1 along the last axis.

    Arguments
    ---------
    scores : shape (..., classes).

    Source: Bridle 1990. The largest score is taken off first, so that exp cannot overflow.

    >>> softmax(np.array([0.0, np.log(3)])).round(2)
    array([0.25, 0.75])
    """
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class SoftmaxRegression:
    """The cross-entropy of linear scores, as a function of one flat parameter vector.

    p = softmax(X W + b),  f(W, b) = mean over examples of -log p[label],  ∂f/∂scores = (p - onehot) / n

    The vector holds W, shape (784, 10), row by row, then b, shape (10,).

    Arguments
    ---------
    images : shape (n, 784), finite numbers.
    labels : shape (n,), whole numbers from 0 to 9.
    batch : examples in a minibatch, 1 to n; default None takes all of them each time.
    seed : of the minibatches, default 0.

    Raises ValueError when images and labels do not fit, are empty, or hold other values than these.
    Source: Bishop 2006, section 4.3.4.

    >>> loss = SoftmaxRegression(np.eye(3), np.array([0, 1, 2]))
    >>> value, gradient = loss.value_and_gradient(loss.start())
    >>> float(value.round(4)), gradient.shape  # before training each of ten classes has probability 1/10: log 10
    (2.3026, (40,))
    """

    def __init__(self, images, labels, batch=None, seed=0):
        self.images, self.labels = _examples(images, labels)
        self.batch, self.seed = batch, seed
        self.rewind()

    def rewind(self):
        """Begin the minibatches anew, so that the next descent sees the same ones."""
        n = len(self.images)
        self._batches = minibatches(n, self.batch or n, np.random.default_rng(self.seed)) if self.batch else None

    def start(self):
        """Return the parameters before training: zeros, one flat vector in the dtype of the images."""
        return np.zeros((self.images.shape[1] + 1) * CLASSES, self.images.dtype)

    def value_and_gradient(self, w):
        """Return f and ∇f on the next minibatch (on all examples without minibatches) at the flat vector w."""
        chosen = next(self._batches) if self.batch else slice(None)
        X, y = self.images[chosen], self.labels[chosen]  # (n, 784), (n,)
        W, b = self.unpack(w)  # (784, 10), (10,)
        p = softmax(X @ W + b)  # (n, 10)
        mine = np.arange(len(y)), y
        value = -np.log(np.maximum(p[mine], np.finfo(p.dtype).tiny)).mean()
        p[mine] -= 1  # from here on p is ∂f/∂scores, times n
        return value, np.concatenate([(X.T @ p).ravel(), p.sum(axis=0)]) / len(y)

    def unpack(self, w):
        """Return views of the flat vector: W, shape (784, 10), and b, shape (10,)."""
        if np.shape(w) != (size := (self.images.shape[1] + 1) * CLASSES,):
            raise ValueError(f"w has shape {np.shape(w)}: the parameters are one vector of {size} numbers")
        return w[:-CLASSES].reshape(-1, CLASSES), w[-CLASSES:]

    def accuracy(self, w, images, labels):
        """Return the share of images, shape (n, 784), whose most probable class at w is their label."""
        W, b = self.unpack(w)
        return float(np.mean((images @ W + b).argmax(axis=1) == labels))


def _examples(images, labels):
    """Return images and labels as arrays, or raise ValueError when they cannot be trained on."""
    X, y = np.asarray(images), np.asarray(labels)
    if X.ndim != 2 or y.shape != X.shape[:1] or not len(X):
        raise ValueError(f"images {X.shape} and labels {y.shape}: give shapes (n, pixels) and (n,), n at least 1")
    if X.dtype.kind != "f" or not np.isfinite(X).all():
        raise ValueError("images must be finite floating-point numbers; divide bytes by 255 first")
    if y.dtype.kind not in "iu" or not ((y >= 0) & (y < CLASSES)).all():
        raise ValueError(f"labels must be whole numbers from 0 to {CLASSES - 1}")
    return X, y
