"""Lesson 02: the gradient of a minibatch, and how far noise keeps a trajectory from the minimum."""

from adamcourse.exercises.cases import Call
from adamcourse.exercises.exercise import Exercise, Mistake


def minibatch_gradient(X, y, w, chosen):
    """Return the gradient at w of half the mean squared error over the chosen rows."""
    X, y = X[chosen], y[chosen]
    return X.T @ (X @ w - y) / len(chosen)


def noise_floor(lr, curvature, sigma):
    """Return the mean square distance from the minimum at which noise keeps x."""
    return lr * sigma**2 / (curvature * (2 - lr * curvature))


HEIGHTS = {
    "X": ((1.0, -1.5), (1.0, 0.2), (1.0, 0.9), (1.0, 2.0), (1.0, -0.4), (1.0, 0.0)),
    "y": (-2.0, 0.6, 0.3, 3.0, 1.2, -0.7),
    "w": (0.5, 1.0),
    "chosen": (0, 1, 2),
}

MEAN = "X.T @ (X @ w - y) / len(chosen)"
FLOOR = "lr * sigma**2 / (curvature * (2 - lr * curvature))"

EXERCISES = (
    Exercise(
        reference=minibatch_gradient,
        cases=(Call(HEIGHTS), Call(HEIGHTS | {"w": (-1.7, 2.25), "chosen": (2, 5, 2, 0, 1)})),
        outputs=("gradient",),
        mistakes=(
            Mistake(
                "all rows are used",
                {"X[chosen], y[chosen]": "X, y", "len(chosen)": "len(y)"},
                "A minibatch holds only the chosen rows: begin with X[chosen] and y[chosen].",
            ),
            Mistake(
                "all rows are used, and their sum is divided by the number of chosen ones",
                {"X[chosen], y[chosen]": "X, y"},
                "A minibatch holds only the chosen rows: begin with X[chosen] and y[chosen].",
            ),
            Mistake(
                "the first rows are used, not the chosen ones",
                {"X[chosen], y[chosen]": "X[: len(chosen)], y[: len(chosen)]"},
                "`chosen` holds the numbers of the rows: X[chosen] picks them.",
            ),
            Mistake(
                "the sum is taken and not the mean",
                {MEAN: "X.T @ (X @ w - y)"},
                "Divide by the number of chosen rows. A sum grows with the batch, and the learning rate would have to "
                "shrink with it.",
            ),
            Mistake(
                "the sum is divided by the number of all rows",
                {"len(chosen)": "len(_old_y)"},
                "The mean is over the minibatch: divide by len(chosen). As it stands the gradient is too small.",
            ),
            Mistake(
                "the gradient is twice as long",
                {MEAN: f"2 * {MEAN}"},
                "That is the gradient of the mean square. The loss here is half of it, so the 2 goes away.",
            ),
            Mistake(
                "the gradient is half as long",
                {MEAN: f"{MEAN} / 2"},
                "The derivative of ½ r² is r: the half is used up.",
            ),
            Mistake(
                "this is the loss",
                {MEAN: "0.5 * ((X @ w - y) ** 2).mean()"},
                "Asked is its gradient: one number for each weight.",
            ),
            Mistake(
                "the row numbers are counted from 1",
                {"X[chosen], y[chosen]": "X[chosen - 1], y[chosen - 1]"},
                "`chosen` holds them as NumPy counts, from 0: X[chosen].",
            ),
            Mistake(
                "only the signs of the residuals are used",
                {"(X @ w - y)": "np.sign(X @ w - y)"},
                "That is the gradient of the mean absolute error. Here the residuals count in full.",
            ),
            Mistake(
                "the gradient points downhill",
                {"X @ w - y": "y - X @ w"},
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
            Call({"lr": 0.37, "curvature": 0.83, "sigma": 1.7}),
        ),
        outputs=("floor",),
        mistakes=(
            Mistake(
                "this holds for small rates only",
                {FLOOR: "lr * sigma**2 / (2 * curvature)"},
                "Keep the whole denominator, 1 - (1 - lr * curvature)**2.",
            ),
            Mistake(
                "this is the root of it",
                {FLOOR: f"np.sqrt({FLOOR})"},
                "Asked is the mean square distance; you return its root.",
            ),
            Mistake(
                "sigma is not squared",
                {"sigma**2": "sigma"},
                "Noise that is twice as strong has four times the mean square.",
            ),
            Mistake(
                "the rate of the noise is not squared",
                {FLOOR: "lr * sigma**2 / (1 - (1 - lr * curvature) ** 2)"},
                "The noise of one step is lr * sigma, and its mean square lr**2 * sigma**2.",
            ),
            Mistake(
                "the rate of the noise is missing",
                {FLOOR: "sigma**2 / (1 - (1 - lr * curvature) ** 2)"},
                "The noise of one step is lr * sigma, and its mean square lr**2 * sigma**2.",
            ),
            Mistake(
                "the curvature in front is missing",
                {"curvature * (2 - lr * curvature)": "2 - lr * curvature"},
                "1 - (1 - lr * curvature)**2 is lr * curvature * (2 - lr * curvature): one lr goes away, the curvature "
                "stays.",
            ),
            Mistake(
                "the factor of a step is not squared",
                {FLOOR: "lr * sigma**2 / curvature"},
                "A step multiplies the distance by 1 - lr * curvature, and the mean square by the square of that.",
            ),
            Mistake(
                "this is the mean loss",
                {FLOOR: f"0.5 * curvature * ({FLOOR})"},
                "Asked is the mean of x², without the factor ½ λ.",
            ),
            Mistake(
                "1 + (1 - lr * curvature)² stands for the difference",
                {FLOOR: "lr**2 * sigma**2 / (1 + (1 - lr * curvature) ** 2)"},
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
