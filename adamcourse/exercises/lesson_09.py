"""Lesson 09: the gradient of the cross-entropy, the way back through a dense layer, the weights of a convolution."""

import numpy as np

from adamcourse.exercises.cases import Call
from adamcourse.exercises.exercise import Exercise, Mistake


def softmax_gradient(scores, label):
    """Return the gradient of -log p[label] with respect to the scores, p = softmax(scores)."""
    e = np.exp(scores - scores.max())
    p = e / e.sum()
    p[label] -= 1
    return p


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
SQUARE = ((0.7, -1.3), (0.4, 2.1)), ((0.31, -0.57), (1.9, 0.83)), ((0.37, -0.29), (1.1, 0.53))
SHIFTED, HOT = "scores - scores.max()", "(np.arange(len(scores)) == label)"
COUNT = "(3 * 3 * channels + 1) * filters"

EXERCISES = (
    Exercise(
        reference=softmax_gradient,
        outputs=("gradient",),
        cases=(
            Call({"scores": (1.0, 3.0, -0.5), "label": 1}),
            Call({"scores": (0.3, -0.2, 0.9, 2.0, -4.0), "label": 4}),
            Call({"scores": (1000.0, 999.0), "label": 0}),
            Call({"scores": (1000.0, 0.0), "label": 1}),
            Call({"scores": (-1700.0, -1699.0, -1699.0), "label": 2}),
            Call({"scores": (0.7, 0.7, -1.3), "label": 0}),
            Call({"scores": (1.37, -0.83, 0.29, 2.1), "label": 2}),
        ),
        mistakes=(
            Mistake(
                "the sign is turned round",
                {"p": "-p"},
                "The label's score should grow, so its entry in the gradient is negative: p - 1.",
            ),
            Mistake(
                "the sign is turned round, and exp overflows",
                {SHIFTED: "scores", "p": "-p"},
                "The label's entry is p - 1. And take the largest score off before exp.",
            ),
            Mistake(
                "these are the probabilities alone",
                {"1": "0"},
                "That is the part of the normalisation. -scores[label] adds -1 at the label.",
            ),
            Mistake(
                "the label's entry is -1, and not 1 less than it was",
                {"p": f"np.where({HOT}, -1.0, p)"},
                "p[label] = -1 forgets the probability. Write p[label] -= 1.",
            ),
            Mistake(
                "this is the loss",
                {"p": "-np.log(p[label] + 1)"},
                "Asked is its gradient: one number for each score.",
            ),
            Mistake(
                "this is the label's entry alone",
                {"p": "p[label]"},
                "The gradient has one number for each score.",
            ),
            Mistake(
                "this is the gradient of -p[label], without the logarithm",
                {"p": f"(p + {HOT})[label] * p"},
                "The derivative of the logarithm divides by p[label].",
            ),
            Mistake(
                "sigmoids stand in the place of softmax",
                {"e / e.sum()": "1 / (1 + np.exp(-scores))"},
                "softmax divides by the sum over all scores, so that the probabilities add up to 1.",
            ),
            Mistake(
                "the largest score is taken off in the numerator alone",
                {"e / e.sum()": "e / np.exp(scores).sum()"},
                "Take it off in both, or the probabilities no longer add up to 1.",
            ),
            Mistake(
                "the label is counted from 1",
                {"p": f"p + {HOT} - (np.arange(len(scores)) == label - 1)"},
                "It is counted as NumPy counts, from 0.",
            ),
            Mistake(
                "1 is taken from every entry",
                {"1": "0", "p": "p - 1"},
                "Only the label's entry loses 1.",
            ),
            Mistake(
                "only the label's entry is left",
                {"p": f"p * {HOT}"},
                "A larger score of another class makes the label less probable, so the other entries are p and not 0.",
            ),
            Mistake(
                "exp overflows at large scores",
                {SHIFTED: "scores"},
                "exp(1000) is infinite. Take the largest score off first: the probabilities stay the same.",
            ),
            Mistake(
                "the scores are divided by their sum without exp",
                {"np.exp(scores - scores.max())": "scores"},
                "Scores may be negative. softmax is exp(scores), divided by the sum of these.",
            ),
            Mistake(
                "this is the gradient with respect to the probability",
                {"p": f"-1 * {HOT} / (p[label] + 1)"},
                "-1 / p[label] is the slope of -log p. Now go on through softmax: most of it cancels.",
            ),
            Mistake(
                "it is divided by the number of classes",
                {"p": "p / len(scores)"},
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
            Call({"x": SQUARE[0], "W": SQUARE[1], "dy": SQUARE[2]}),  # here a transposed product shows by its numbers
        ),
        mistakes=(
            Mistake(
                "db is a mean",
                {"dy.sum(axis=0)": "dy.mean(axis=0)"},
                "b is added to every row, so what comes back from all rows adds up: a sum.",
            ),
            Mistake(
                "dW and db are means",
                {"x.T @ dy": "x.T @ dy / len(x)", "dy.sum(axis=0)": "dy.mean(axis=0)"},
                "If f is a mean, dy holds the 1 / n already. Here everything adds up.",
            ),
            Mistake(
                "the sign is turned round",
                {"dW, db, dx": "-dW, -db, -dx"},
                "A gradient points uphill; the minus comes later, in the optimizer.",
            ),
            Mistake(
                "dx is the step of x and not its gradient",
                {"dy @ W.T": "x - dy @ W.T"},
                "Return the gradient dy Wᵀ itself. Nobody moves x, it is handed on to the layer before.",
            ),
            Mistake(
                "only the first example counts in dW",
                {"x.T @ dy": "np.outer(x[0], dy[0])"},
                "W works on every row, so what comes back from all rows adds up: x.T @ dy.",
            ),
            Mistake(
                "dx has the mask of ReLU",
                {"dy @ W.T": "dy @ W.T * (x > 0)"},
                "This layer has no ReLU. Its mask belongs to the layer before.",
            ),
            Mistake(
                "everything is averaged over the examples",
                {"dW, db, dx": "dW / len(x), db / len(x), dx / len(x)"},
                "If f is a mean, dy holds the 1 / n already. Here everything adds up.",
            ),
            Mistake(
                "dx is multiplied by x",
                {"dy @ W.T": "x * (dy @ W.T)"},
                "y is linear in x, so its slope is W alone, whatever x is.",
            ),
            Mistake(
                "only the first example counts in db",
                {"dy.sum(axis=0)": "dy[0]"},
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
        cases=(
            Call({"channels": 1, "filters": 32}),
            Call({"channels": 5, "filters": 7}),
            Call({"channels": 11, "filters": 13}),
        ),
        mistakes=(
            Mistake(
                "the biases are missing",
                {COUNT: "3 * 3 * channels * filters"},
                "Each filter has one bias.",
            ),
            Mistake(
                "the channels are missing",
                {"channels": "1"},
                "A window reaches through all channels: it has 3 x 3 x channels weights.",
            ),
            Mistake(
                "each filter has a bias for each channel",
                {COUNT: "(3 * 3 + 1) * channels * filters"},
                "A filter adds up all channels and then one bias.",
            ),
            Mistake(
                "there is one bias in all",
                {COUNT: "3 * 3 * channels * filters + 1"},
                "Each filter has a bias of its own.",
            ),
            Mistake(
                "the filters have three channels each",
                {"channels": "3"},
                "Use the argument: a window reaches through as many channels as there are.",
            ),
            Mistake(
                "the window is 5 x 5",
                {"3 * 3": "5 * 5"},
                "Here the windows are 3 x 3.",
            ),
            Mistake(
                "this is a depthwise separable convolution",
                {COUNT: "3 * 3 * channels + channels * filters + filters"},
                "In a convolution each filter has weights of its own for each channel.",
            ),
            Mistake(
                "3 ^ 2 is 1 in Python",
                {"3 * 3": "1"},
                "A power is written **: 3**2.",
            ),
            Mistake(
                "the window has three weights only",
                {"3 * 3": "3"},
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
