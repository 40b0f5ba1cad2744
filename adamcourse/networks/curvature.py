"""Curvatures of a network's loss, one for each parameter."""

from dataclasses import dataclass

import numpy as np

from adamcourse.checks import valid_seed, whole_number
from adamcourse.losses.classification import cross_entropy, softmax
from adamcourse.networks.network import Network


@dataclass(frozen=True, eq=False)
class DrawnCurvature:
    """An estimate of the curvature of the mean cross-entropy in each parameter, from labels that the network draws.

    draw each label y from p = softmax(scores),  ĝ = the gradient of the mean loss with them,  curvature = n ĝ²

    On average over the draws this is the diagonal of the Gauss-Newton matrix, Jᵀ (diag(p) - p pᵀ) J averaged over the n
    labels. With the true labels in the place of drawn ones it would be n g², in which the mean gradient counts, too:
    Adam's v, without its root.

    Arguments
    ---------
    network : a Network.
    inputs : its examples; their labels are not needed.
    batch_size : examples for one estimate, 1 to all of them.
    seed : of the choice of examples and of the draws, default 0; the t-th call is the same each time.

    Raises ValueError when inputs do not fit the network, or batch_size is outside its range.
    Source: Liu, Li, Hall, Liang and Ma 2024, Algorithm 2 (Gauss-Newton-Bartlett).

    >>> from adamcourse.networks import Dense
    >>> curvature = DrawnCurvature(Network([Dense(2)], (1,)), np.ones((4, 1)), batch_size=4)
    >>> w = np.zeros(4)  # p = 1/2, so the curvature of each bias is p (1 - p)
    >>> np.mean([curvature(w, t) for t in range(4000)], axis=0).round(2)[2:]
    array([0.25, 0.25])
    """

    network: Network
    inputs: np.ndarray
    batch_size: int
    seed: int = 0

    def __post_init__(self):
        object.__setattr__(self, "inputs", self.network._shaped(self.inputs))
        whole_number("batch_size", self.batch_size, 1, len(self.inputs)), valid_seed(self.seed)

    def __repr__(self):
        return f"DrawnCurvature({len(self.inputs)} examples, batch_size={self.batch_size}, seed={self.seed})"

    def __call__(self, w, t=0):
        """Return the estimate number t at the flat vector w, shape (size,)."""
        rng = np.random.default_rng((self.seed, t))
        chosen = rng.choice(len(self.inputs), self.batch_size, replace=False)
        scores = self.network.forward(w, self.inputs[chosen])
        labels = drawn(scores, rng)
        gradient = np.empty_like(w)
        self.network.backward(w, cross_entropy(scores, labels)[1], gradient)
        return gradient**2 / labels.size  # n (sum / n)²


def drawn(scores, rng):
    """Return a label for each row of scores, drawn with the probabilities softmax(scores)."""
    sums = np.cumsum(softmax(scores.astype(np.float64)), axis=-1)
    sums /= sums[..., -1:]
    return (rng.random(scores.shape[:-1])[..., None] >= sums).sum(axis=-1)
