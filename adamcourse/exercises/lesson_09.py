"""Lesson 09: the gradient of the cross-entropy, the way back through a dense layer, the weights of a convolution."""

import numpy as np

from adamcourse.exercises.exercise import Call, Exercise, Mistake


def softmax_gradient(scores, label):
    """Return the gradient of -log p[label] with respect to the scores, p = softmax(scores)."""
    e = np.exp(scores - scores.max())
    p = e / e.sum()
    p[label] -= 1
    return p


def probabilities(scores):
    e = np.exp(scores - scores.max())
    return e / e.sum()


def one_hot(scores, label):
    return np.where(np.arange(len(scores)) == label, 1.0, 0.0)


def _without_the_largest(scores, label):
    e = np.exp(scores)
    return e / e.sum() - one_hot(scores, label)


def _only_the_label(scores, label):
    return (probabilities(scores) - 1) * one_hot(scores, label)


def dense_backward(x, W, dy):
    """Return dW, db and dx of y = x W + b; x has shape (n, features), dy = ∂f/∂y has shape (n, units)."""
    dW = x.T @ dy
    db = dy.sum(axis=0)
    dx = dy @ W.T
    return dW, db, dx


def conv_parameters(channels, filters):
    """Return how many parameters a convolution with windows of 3 x 3 has, the biases counted."""
    return (3 * 3 * channels + 1) * filters


X = ((1.0, -2.0, 0.5), (0.0, 3.0, -1.0), (2.0, 2.0, 4.0), (-1.5, 0.25, 1.0))
W = ((0.5, -1.0), (2.0, 0.25), (-3.0, 1.5))
DY = ((0.1, -0.3), (-0.2, 0.4), (0.5, 0.05), (0.7, -0.6))

EXERCISES = (
    Exercise(
        reference=softmax_gradient,
        outputs=("gradient",),
        cases=(
            Call({"scores": (1.0, 3.0, -0.5), "label": 1}),
            Call({"scores": (0.3, -0.2, 0.9, 2.0, -4.0), "label": 4}),
            Call({"scores": (1000.0, 999.0), "label": 0}),
        ),
        mistakes=(
            Mistake(
                "the sign is turned round",
                lambda scores, label: -softmax_gradient(scores, label),
                "The label's score should grow, so its entry in the gradient is negative: p - 1.",
            ),
            Mistake(
                "the sign is turned round, and exp overflows",
                lambda scores, label: -_without_the_largest(scores, label),
                "The label's entry is p - 1. And take the largest score off before exp.",
            ),
            Mistake(
                "these are the probabilities alone",
                lambda scores, label: probabilities(scores),
                "That is the part of the normalisation. -scores[label] adds -1 at the label.",
            ),
            Mistake(
                "1 is taken from every entry",
                lambda scores, label: probabilities(scores) - 1,
                "Only the label's entry loses 1.",
            ),
            Mistake(
                "only the label's entry is left",
                _only_the_label,
                "A larger score of another class makes the label less probable, so the other entries are p and not 0.",
            ),
            Mistake(
                "exp overflows at large scores",
                _without_the_largest,
                "exp(1000) is infinite. Take the largest score off first: the probabilities stay the same.",
            ),
            Mistake(
                "the scores are divided by their sum without exp",
                lambda scores, label: scores / scores.sum() - one_hot(scores, label),
                "Scores may be negative. softmax is exp(scores), divided by the sum of these.",
            ),
            Mistake(
                "this is the gradient with respect to the probability",
                lambda scores, label: -one_hot(scores, label) / probabilities(scores)[label],
                "-1 / p[label] is the slope of -log p. Now go on through softmax: most of it cancels.",
            ),
            Mistake(
                "it is divided by the number of classes",
                lambda scores, label: softmax_gradient(scores, label) / len(scores),
                "The loss of one example is no mean over classes: do not divide.",
            ),
        ),
        hints=(
            "-log p[label] = log Σ exp(scores) - scores[label]. Take the derivative of each of the two parts.",
            "The first part gives p, the second -1 at the label and 0 elsewhere.",
            "e = np.exp(scores - scores.max()), p = e / e.sum(), then p[label] -= 1, and return p.",
        ),
        praise="This is where every classifier's way back begins: p minus the truth.",
    ),
    Exercise(
        reference=dense_backward,
        outputs=("dW", "db", "dx"),
        cases=(
            Call({"x": X, "W": W, "dy": DY}),
            Call({"x": X[:2], "W": tuple(row[:1] for row in W), "dy": tuple(row[:1] for row in DY[:2])}),
        ),
        mistakes=(
            Mistake(
                "db is a mean",
                lambda x, W, dy: (x.T @ dy, dy.mean(axis=0), dy @ W.T),
                "b is added to every row, so what comes back from all rows adds up: a sum.",
            ),
            Mistake(
                "dW and db are means",
                lambda x, W, dy: (x.T @ dy / len(x), dy.mean(axis=0), dy @ W.T),
                "If f is a mean, dy holds the 1 / n already. Here everything adds up.",
            ),
            Mistake(
                "the sign is turned round",
                lambda x, W, dy: tuple(-part for part in dense_backward(x, W, dy)),
                "A gradient points uphill; the minus comes later, in the optimizer.",
            ),
            Mistake(
                "dx is the step of x and not its gradient",
                lambda x, W, dy: (x.T @ dy, dy.sum(axis=0), x - dy @ W.T),
                "Return the gradient dy Wᵀ itself. Nobody moves x, it is handed on to the layer before.",
            ),
            Mistake(
                "dx is multiplied by x",
                lambda x, W, dy: (x.T @ dy, dy.sum(axis=0), x * (dy @ W.T)),
                "y is linear in x, so its slope is W alone, whatever x is.",
            ),
            Mistake(
                "only the first example counts in db",
                lambda x, W, dy: (x.T @ dy, dy[0], dy @ W.T),
                "b is added to every row: sum dy over all of them, axis 0.",
            ),
        ),
        hints=(
            "Each gradient has the shape of what it belongs to: dW that of W, db that of b, dx that of x.",
            "x has shape (n, features) and dy (n, units). Which product of these has shape (features, units)?",
            "dW = x.T @ dy, db = dy.sum(axis=0), dx = dy @ W.T.",
        ),
        praise="With this and ReLU's mask you can send a gradient back through any number of dense layers.",
    ),
    Exercise(
        reference=conv_parameters,
        outputs=("count",),
        cases=(Call({"channels": 1, "filters": 32}), Call({"channels": 5, "filters": 7})),
        mistakes=(
            Mistake(
                "the biases are missing",
                lambda channels, filters: 3 * 3 * channels * filters,
                "Each filter has one bias.",
            ),
            Mistake(
                "the channels are missing",
                lambda channels, filters: (3 * 3 + 1) * filters,
                "A window reaches through all channels: it has 3 x 3 x channels weights.",
            ),
            Mistake(
                "each filter has a bias for each channel",
                lambda channels, filters: (3 * 3 + 1) * channels * filters,
                "A filter adds up all channels and then one bias.",
            ),
            Mistake(
                "there is one bias in all",
                lambda channels, filters: 3 * 3 * channels * filters + 1,
                "Each filter has a bias of its own.",
            ),
            Mistake(
                "the window has three weights only",
                lambda channels, filters: (3 * channels + 1) * filters,
                "It is a square of 3 x 3 pixels.",
            ),
        ),
        hints=(
            "How many numbers does one filter have? The size of the image plays no part.",
            "3 x 3 weights for each channel, and one bias.",
            "(3 * 3 * channels + 1) * filters",
        ),
        praise="For 1 channel and 32 filters that is 320, which you have seen in the table of the article's network.",
    ),
)
