"""The cross-entropy of scores, and classes of different frequency as a loss of their own."""

import numpy as np

from adamcourse.checks import whole_numbers_below


def softmax(scores):
    """Return probabilities that are proportional to exp(score) and sum to 1 along the last axis.

    Arguments
    ---------
    scores : shape (..., classes).

    Source: Bridle 1990. The largest score is taken off first, so that exp cannot overflow.

    >>> softmax(np.array([0.0, np.log(3)])).round(2)
    array([0.25, 0.75])
    """
    _, e = _below_the_largest(scores)
    return e / e.sum(axis=-1, keepdims=True)


def _below_the_largest(scores):
    """Return the scores less the largest of their row, and exp of that."""
    below = scores - scores.max(axis=-1, keepdims=True)
    return below, np.exp(below)


def cross_entropy(scores, labels):
    """Return the cross-entropy of each example, and its gradient with respect to the example's scores.

    In a sequence each place is an example.

    p = softmax(scores),  f = -log p[label],  ∂f/∂scores = p - onehot(label)

    Arguments
    ---------
    scores : shape (..., classes), most often (n, classes).
    labels : shape (...), whole numbers, 0 to classes - 1.

    Raises ValueError when scores and labels do not fit each other.
    Source: Bishop 2006, section 4.3.4.

    >>> losses, gradient = cross_entropy(np.array([[0.0, np.log(3)]]), np.array([1]))
    >>> losses.round(4), gradient.round(2)  # -log ¾, and each probability less what it should be
    (array([0.2877]), array([[ 0.25, -0.25]]))
    """
    scores, labels = np.asarray(scores), np.asarray(labels)
    if labels.shape != scores.shape[:-1]:
        raise ValueError(f"labels {labels.shape} for scores {scores.shape}: give a class for each example")
    whole_numbers_below("labels", labels, scores.shape[-1])
    below, e = _below_the_largest(scores)  # (..., classes)
    total, mine = e.sum(axis=-1, keepdims=True), (*np.indices(labels.shape, sparse=True), labels)
    losses = np.log(total[..., 0]) - below[mine]  # -log p[mine], also where p is too small for a float
    gradient = e / total
    gradient[mine] -= 1
    return losses, gradient


class RareClasses:
    """The cross-entropy of each class, a vector, and the gradient of its mean; classes of different frequency.

    p = softmax(w_k),  f_k = -log p_k,  ∂f/∂w_k = π_k (p - onehot(k))

    The example of class k is 1 in place k and 0 elsewhere, so its scores are column k of the weights, and the classes
    do not meet. `value_and_gradient` gives a loss for each class; the mean loss f is Σ_k π_k f_k.

    Arguments
    ---------
    frequencies : π_k, shape (classes,), each > 0, of any sum; kept so that they sum to 1.

    Raises ValueError when there are fewer than two, or one is not above 0.
    Source: the linear model of Kunstner and others 2024, with inputs so simple that each class can be followed.

    >>> loss = RareClasses([3, 1])
    >>> losses, gradient = loss.value_and_gradient(loss.start())  # at first every class is a guess: log 2
    >>> losses.round(4), gradient
    (array([0.6931, 0.6931]), array([[-0.375,  0.125],
           [ 0.375, -0.125]]))
    """

    def __init__(self, frequencies):
        pi = np.array(frequencies, dtype=np.float64)
        if pi.ndim != 1 or len(pi) < 2 or not ((pi > 0) & (pi < np.inf)).all():
            raise ValueError(f"frequencies = {frequencies}: give two or more numbers above 0")
        self.frequencies = pi / pi.sum()

    def start(self):
        """Return the weights before training: zeros, shape (classes, classes), column k for the example of class k."""
        return np.zeros((len(self.frequencies),) * 2)

    def value_and_gradient(self, W):
        """Return the loss of each class, shape (classes,), and the gradient of the mean loss, the shape of W."""
        losses, slopes = cross_entropy(W.T, np.arange(len(W)))  # (classes,), (classes, scores)
        return losses, self.frequencies * slopes.T
