"""Several minibatches joined to one, where a large one does not fit into memory."""

import numpy as np

from adamcourse.checks import whole_number


class Accumulated:
    """A loss whose every value is the mean over several minibatches, each example counted once.

    f = Σ n_i f_i / Σ n_i,  ∇f = Σ n_i ∇f_i / Σ n_i

    The mean of the minibatches' means would give the examples of a small one more weight. To an optimizer it is one
    minibatch: its step counter, its schedule and its clipping see one step.

    Arguments
    ---------
    loss : a loss that draws minibatches and says in `counted` how many labels the last one had, such as CrossEntropy.
    many : how many make a step, 1 or more.

    Raises ValueError when loss has no value_and_gradient, or many is no whole number above 0.

    >>> from adamcourse.networks import Dense, Network
    >>> network, X, y = Network([Dense(2)], (3,)), np.eye(3), np.array([0, 1, 1])
    >>> w = network.start(dtype=np.float64)
    >>> whole = network.loss_on(X, y).value_and_gradient(w)[1]
    >>> parts = Accumulated(network.loss_on(X, y, batch_size=2), 2).value_and_gradient(w)[1]  # of two and of one
    >>> bool(np.allclose(whole, parts, rtol=1e-15))
    True
    """

    def __init__(self, loss, many):
        if not hasattr(loss, "value_and_gradient"):
            raise ValueError(f"loss = {loss!r}: it has no value_and_gradient")
        self.loss, self.many = loss, whole_number("many", many, 1)

    def rewind(self):
        """Begin the minibatches anew."""
        self.loss.rewind()

    def value_and_gradient(self, w):
        """Return f and ∇f over the next minibatches at w."""
        value, gradient, self.counted = 0.0, np.zeros_like(w), 0
        for _ in range(self.many):
            part, slope = self.loss.value_and_gradient(w)
            value += self.loss.counted * float(part)
            gradient += self.loss.counted * slope
            self.counted += self.loss.counted
        return value / self.counted, gradient / self.counted
