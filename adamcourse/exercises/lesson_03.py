"""Lesson 03: heavy ball, Nesterov's look ahead, and the best rate and momentum of a ravine."""

import numpy as np

from adamcourse.exercises.cases import Call, along, midway
from adamcourse.exercises.exercise import Exercise, Mistake


def momentum_step(x, gradient, z, lr, beta):
    """Return the next x and velocity z: heavy ball, without the factor 1 - beta."""
    z = beta * z + gradient
    return x - lr * z, z


def nesterov_step(x, previous, gradient_at, lr, beta):
    """Return the next x: look ahead along the last step, and descend from there."""
    ahead = x + beta * (x - previous)
    return ahead - lr * gradient_at(ahead)


def best_momentum(smallest, largest):
    """Return the best lr and beta for curvatures between the smallest and the largest."""
    a, b = np.sqrt(smallest), np.sqrt(largest)
    return (2 / (a + b)) ** 2, ((b - a) / (b + a)) ** 2


STREAMS = (
    *along(
        momentum_step,
        x=(1.0, -2.0, 0.5),
        gradients=((0.1, 10.0, 1e-8), (-0.2, 20.0, 0.0), (0.3, -40.0, 2e-8), (0.4, 5.0, -1e-8)),
        hyper={"lr": 0.3, "beta": 0.8},
    ),
    *along(
        momentum_step,
        x=((0.5, 0.0), (2.0, -1.0)),
        gradients=(((4.0, -1.0), (0.0, 0.5)), ((3.0, 2.0), (1.0, -0.5)), ((1.0, 0.0), (1.0, 1.0))),
        hyper={"lr": 0.07, "beta": 0.35},
    ),
    midway(momentum_step, lr=0.13, beta=0.83),
)
CUBE = {"x": (1.0, -2.0, 0.5), "previous": (1.5, -1.0, 0.5), "gradient_at": lambda x: x**3, "lr": 0.1, "beta": 0.7}

Z, MOVED = "beta * z + gradient", "x - lr * z"
DESCENT = "ahead - lr * gradient_at(ahead)"
RATE, BETA = "(2 / (a + b)) ** 2", "((b - a) / (b + a)) ** 2"

EXERCISES = (
    Exercise(
        reference=momentum_step,
        cases=STREAMS,
        outputs=("x", "z"),
        mistakes=(
            Mistake(
                "the velocity is an average",
                {Z: "beta * z + (1 - beta) * gradient"},
                "That is the other convention, with a factor 1 - beta. It is right in itself, and lr means something "
                "else in it. Asked is z = beta * z + gradient.",
            ),
            Mistake(
                "the old velocity is used for the step",
                {MOVED: "x - lr * _old_z"},
                "First the new z, then the step along it.",
            ),
            Mistake(
                "the old velocity is handed on",
                {f"{MOVED}, z": f"{MOVED}, _old_z"},
                "Return the new z: without it the next step has no memory.",
            ),
            Mistake(
                "beta multiplies the gradient, too",
                {Z: "beta * (z + gradient)"},
                "Only the old velocity decays: beta * z + gradient.",
            ),
            Mistake(
                "the velocity does not decay",
                {Z: "z + gradient"},
                "Without beta all gradients since the start count alike, and the ball never comes to rest.",
            ),
            Mistake(
                "the rate stands inside the velocity",
                {Z: "beta * z + lr * gradient", MOVED: "x - z"},
                "With a constant rate this walks the same path, but z is lr times as long. Asked is the rate outside.",
            ),
            Mistake(
                "the rate and the sign stand inside the velocity",
                {Z: "beta * z - lr * gradient", MOVED: "x + z"},
                "That is Keras's form. With a constant rate it walks the same path. Asked is z = beta * z + gradient; "
                "rate and sign belong to the step.",
            ),
            Mistake(
                "the velocity points downhill",
                {Z: "beta * z - gradient", MOVED: "x + lr * z"},
                "The path is right, but z has the other sign. Asked is z = beta * z + gradient.",
            ),
            Mistake(
                "the velocity does not decay, and the gradient is averaged",
                {Z: "z + (1 - beta) * gradient"},
                "The old velocity decays to beta of itself, and the gradient is added in full.",
            ),
            Mistake(
                "this is Nesterov's step",
                {MOVED: "x - lr * (gradient + beta * z)"},
                "Heavy ball walks along z itself.",
            ),
            Mistake(
                "you walk uphill",
                {MOVED: "x + lr * z"},
                "Subtract the step: z is a sum of gradients, and they point uphill.",
            ),
            Mistake(
                "the velocity is forgotten",
                {MOVED: "x - lr * gradient"},
                "The step goes along z, not along the gradient.",
            ),
            Mistake(
                "the rate multiplies the gradient alone",
                {MOVED: "x - (beta * _old_z + lr * gradient)"},
                "The step is lr times the whole of the new z.",
            ),
        ),
        hints=(
            "Two lines: the new velocity, then the step along it.",
            "The old velocity decays to beta of itself; the gradient is added in full. The step is lr times the new z.",
            "z = beta * z + gradient, then return x - lr * z, z.",
        ),
        praise="This is momentum as PyTorch and Optax have it.",
    ),
    Exercise(
        reference=nesterov_step,
        cases=(Call(CUBE), Call(CUBE | {"x": ((0.3,), (1.2,)), "previous": ((0.1,), (0.9,)), "lr": 0.25, "beta": 0.4})),
        mistakes=(
            Mistake(
                "the gradient is taken at x",
                {"gradient_at(ahead)": "gradient_at(x)"},
                "That is heavy ball. Nesterov's idea is to ask for the gradient at the point ahead.",
            ),
            Mistake(
                "the step begins at x",
                {DESCENT: "x - lr * gradient_at(ahead)"},
                "The gradient is the right one, but the step starts from the point ahead, too.",
            ),
            Mistake(
                "you descend first and look ahead afterwards",
                {DESCENT: "x - lr * gradient_at(x) + beta * (x - lr * gradient_at(x) - previous)"},
                "First move on along the last step, then take the gradient there.",
            ),
            Mistake(
                "you look back and not ahead",
                {"x - previous": "previous - x"},
                "The last step was x - previous; go on in that direction.",
            ),
            Mistake(
                "you look ahead by the whole last step",
                {"beta": "1.0"},
                "Only beta times the last step.",
            ),
            Mistake(
                "the last step is added twice",
                {DESCENT: "ahead + beta * (x - previous) - lr * gradient_at(ahead)"},
                "ahead holds it already.",
            ),
            Mistake(
                "you look ahead along the gradient",
                {"ahead": "(x - lr * gradient_at(x))"},
                "Look ahead along the last step, x - previous.",
            ),
            Mistake(
                "this is gradient descent",
                {DESCENT: "x - lr * gradient_at(x)"},
                "First move on: ahead = x + beta * (x - previous).",
            ),
            Mistake(
                "you return the point ahead",
                {DESCENT: "ahead"},
                "From there take a step of gradient descent.",
            ),
            Mistake(
                "you walk uphill",
                {DESCENT: "ahead + lr * gradient_at(ahead)"},
                "Subtract lr times the gradient.",
            ),
        ),
        hints=(
            "Two lines: the point ahead, and a step of gradient descent from there.",
            "The last step was x - previous; ahead is beta times that beyond x. `gradient_at` is a function: call it.",
            "ahead = x + beta * (x - previous), then return ahead - lr * gradient_at(ahead).",
        ),
        praise="With lr = 1/λn and beta = (√κ - 1)/(√κ + 1) it keeps 1 - 1/√κ of the distance on a quadratic.",
    ),
    Exercise(
        reference=best_momentum,
        cases=(
            Call({"smallest": 1.0, "largest": 100.0}),
            Call({"smallest": 0.04, "largest": 2.25}),
            Call({"smallest": 2.9, "largest": 11.3}),
            Call({"smallest": 0.37, "largest": 1.9}),
        ),
        outputs=("lr", "beta"),
        mistakes=(
            Mistake(
                "beta is not squared",
                {BETA: "(b - a) / (b + a)"},
                "That is the root of beta, the share of the distance that is left after each step.",
            ),
            Mistake(
                "lr is that of gradient descent",
                {RATE: "2 / (smallest + largest)"},
                "With momentum the roots of the curvatures count: √(αλ) has to be 1 - √β and 1 + √β.",
            ),
            Mistake(
                "these are Nesterov's",
                {RATE: "1 / largest", BETA: "(b - a) / (b + a)"},
                "Asked are those of heavy ball.",
            ),
            Mistake(
                "lr is that of gradient descent, and beta is not squared",
                {RATE: "2 / (smallest + largest)", BETA: "(b - a) / (b + a)"},
                "With momentum the roots of the curvatures count, and both results are squares.",
            ),
            Mistake(
                "lr is not squared",
                {RATE: "2 / (a + b)"},
                "You have √α. Square it.",
            ),
            Mistake(
                "the roots are missing",
                {"np.sqrt(smallest)": "smallest", "np.sqrt(largest)": "largest"},
                "Take the roots of both curvatures first.",
            ),
            Mistake(
                "the root of the sum is taken, and not the sum of the roots",
                {RATE: "4 / (smallest + largest)"},
                "Take the roots first: 2 / (√smallest + √largest), squared.",
            ),
            Mistake(
                "beta has the curvatures themselves",
                {BETA: "((largest - smallest) / (largest + smallest)) ** 2"},
                "Take the roots of both first.",
            ),
        ),
        hints=(
            "Both curvatures lie at the edges of the region that ripples: √(lr λ) = 1 - √beta for the smallest, and "
            "1 + √beta for the largest.",
            "Add the two equations, and √beta goes away: √lr (√smallest + √largest) = 2. Then subtract them.",
            "With a = √smallest and b = √largest: √lr = 2 / (a + b) and √beta = (b - a) / (b + a). Square both.",
        ),
        praise="You have turned κ into √κ.",
    ),
)
