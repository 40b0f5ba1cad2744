"""Lesson 02: the gradient of a minibatch, and how far noise keeps a trajectory from the minimum."""

import numpy as np

from adamcourse.exercises.exercise import Call, Exercise, Mistake


def minibatch_gradient(X, y, w, chosen):
    """Return the gradient at w of half the mean squared error over the chosen rows."""
    X, y = X[chosen], y[chosen]
    return X.T @ (X @ w - y) / len(chosen)


def noise_floor(lr, curvature, sigma):
    """Return the mean square distance from the minimum at which noise keeps x."""
    return lr * sigma**2 / (curvature * (2 - lr * curvature))


HEIGHTS = {
    "X": ((1.0, -1.5), (1.0, 0.2), (1.0, 0.9), (1.0, 2.0), (1.0, -0.4), (1.0, 0.0)),
    "y": (-2.0, 0.5, 0.3, 3.0, 1.0, -0.7),
    "w": (0.5, 1.0),
    "chosen": (0, 1, 2),
}

EXERCISES = (
    Exercise(
        reference=minibatch_gradient,
        cases=(Call(HEIGHTS), Call(HEIGHTS | {"w": (-1.0, 0.25), "chosen": (2, 5, 2, 0)})),
        outputs=("gradient",),
        mistakes=(
            Mistake(
                "all rows are used",
                lambda X, y, w, chosen: X.T @ (X @ w - y) / len(y),
                "A minibatch holds only the chosen rows: begin with X[chosen] and y[chosen].",
            ),
            Mistake(
                "all rows are used, and their sum is divided by the number of chosen ones",
                lambda X, y, w, chosen: X.T @ (X @ w - y) / len(chosen),
                "A minibatch holds only the chosen rows: begin with X[chosen] and y[chosen].",
            ),
            Mistake(
                "the first rows are used, not the chosen ones",
                lambda X, y, w, chosen: minibatch_gradient(X, y, w, np.arange(len(chosen))),
                "`chosen` holds the numbers of the rows: X[chosen] picks them.",
            ),
            Mistake(
                "the sum is taken and not the mean",
                lambda X, y, w, chosen: minibatch_gradient(X, y, w, chosen) * len(chosen),
                "Divide by the number of chosen rows. A sum grows with the batch, and the learning rate would have to "
                "shrink with it.",
            ),
            Mistake(
                "the sum is divided by the number of all rows",
                lambda X, y, w, chosen: minibatch_gradient(X, y, w, chosen) * len(chosen) / len(y),
                "The mean is over the minibatch: divide by len(chosen). As it stands the gradient is too small.",
            ),
            Mistake(
                "the gradient is twice as long",
                lambda X, y, w, chosen: 2 * minibatch_gradient(X, y, w, chosen),
                "That is the gradient of the mean square. The loss here is half of it, so the 2 goes away.",
            ),
            Mistake(
                "the gradient is half as long",
                lambda X, y, w, chosen: minibatch_gradient(X, y, w, chosen) / 2,
                "The derivative of ½ r² is r: the half is used up.",
            ),
            Mistake(
                "the gradient points downhill",
                lambda X, y, w, chosen: -minibatch_gradient(X, y, w, chosen),
                "The residual is what is predicted minus what is true: X @ w - y.",
            ),
        ),
        hints=(
            "Three lines: pick the rows, compute the residuals X @ w - y, and average residual times row.",
            "With X = X[chosen] and y = y[chosen] the residuals are r = X @ w - y; the sum of r times row is X.T @ r.",
            "return X.T @ (X @ w - y) / len(chosen), after the two lines that pick the rows.",
        ),
        praise="With gradient_step of lesson 01 this is the whole of stochastic gradient descent.",
    ),
    Exercise(
        reference=noise_floor,
        cases=(
            Call({"lr": 0.5, "curvature": 1.5, "sigma": 2.0}),
            Call({"lr": 0.02, "curvature": 4.0, "sigma": 0.3}),
        ),
        outputs=("floor",),
        mistakes=(
            Mistake(
                "this holds for small rates only",
                lambda lr, curvature, sigma: lr * sigma**2 / (2 * curvature),
                "Keep the whole denominator, 1 - (1 - lr * curvature)**2.",
            ),
            Mistake(
                "this is the root of it",
                lambda lr, curvature, sigma: np.sqrt(noise_floor(lr, curvature, sigma)),
                "Asked is the mean square distance; you return its root.",
            ),
            Mistake(
                "sigma is not squared",
                lambda lr, curvature, sigma: noise_floor(lr, curvature, 1.0) * sigma,
                "Noise that is twice as strong has four times the mean square.",
            ),
            Mistake(
                "the rate of the noise is not squared",
                lambda lr, curvature, sigma: lr * sigma**2 / (1 - (1 - lr * curvature) ** 2),
                "The noise of one step is lr * sigma, and its mean square lr**2 * sigma**2.",
            ),
            Mistake(
                "the rate of the noise is missing",
                lambda lr, curvature, sigma: sigma**2 / (1 - (1 - lr * curvature) ** 2),
                "The noise of one step is lr * sigma, and its mean square lr**2 * sigma**2.",
            ),
            Mistake(
                "the curvature in front is missing",
                lambda lr, curvature, sigma: lr * sigma**2 / (2 - lr * curvature),
                "1 - (1 - lr * curvature)**2 is lr * curvature * (2 - lr * curvature): one lr goes away, the curvature "
                "stays.",
            ),
            Mistake(
                "the factor of a step is not squared",
                lambda lr, curvature, sigma: lr * sigma**2 / curvature,
                "A step multiplies the distance by 1 - lr * curvature, and the mean square by the square of that.",
            ),
            Mistake(
                "this is the mean loss",
                lambda lr, curvature, sigma: 0.5 * curvature * noise_floor(lr, curvature, sigma),
                "Asked is the mean of x², without the factor ½ λ.",
            ),
            Mistake(
                "1 + (1 - lr * curvature)² stands for the difference",
                lambda lr, curvature, sigma: lr**2 * sigma**2 / (1 + (1 - lr * curvature) ** 2),
                "From s = (1 - lr * curvature)² s + lr² sigma² follows s (1 - (1 - lr * curvature)²) = lr² sigma².",
            ),
        ),
        hints=(
            "Square the step, (1 - lr * curvature) * x - lr * sigma * ξ, and take the mean. At the floor the mean "
            "square is the same before and after it.",
            "s = (1 - lr * curvature)**2 * s + lr**2 * sigma**2. Solve for s.",
            "return lr * sigma**2 / (curvature * (2 - lr * curvature))",
        ),
        praise="You can now say, before you train, how near a constant rate can come.",
    ),
)
