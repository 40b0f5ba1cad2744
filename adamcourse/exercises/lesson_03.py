"""Lesson 03: heavy ball, Nesterov's look ahead, and the best rate and momentum of a ravine."""

import numpy as np

from adamcourse.exercises.exercise import Call, Exercise, Mistake, Stream


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
    Stream(
        x=(1.0, -2.0, 0.5),
        gradients=((0.1, 10.0, 1e-8), (-0.2, 20.0, 0.0), (0.3, -40.0, 2e-8), (0.4, 5.0, -1e-8)),
        hyper={"lr": 0.3, "beta": 0.8},
    ),
    Stream(
        x=((0.5, 0.0), (2.0, -1.0)),
        gradients=(((4.0, -1.0), (0.0, 0.5)), ((3.0, 2.0), (1.0, -0.5)), ((1.0, 0.0), (1.0, 1.0))),
        hyper={"lr": 0.07, "beta": 0.35},
    ),
)
CUBE = {"x": (1.0, -2.0, 0.5), "previous": (1.5, -1.0, 0.5), "gradient_at": lambda x: x**3, "lr": 0.1, "beta": 0.7}

EXERCISES = (
    Exercise(
        reference=momentum_step,
        cases=STREAMS,
        outputs=("x", "z"),
        mistakes=(
            Mistake(
                "the velocity is an average",
                lambda x, gradient, z, lr, beta: (
                    x - lr * (beta * z + (1 - beta) * gradient),
                    beta * z + (1 - beta) * gradient,
                ),
                "That is the other convention, with a factor 1 - beta. It is right in itself, and lr means something "
                "else in it. Asked is z = beta * z + gradient.",
            ),
            Mistake(
                "the old velocity is used for the step",
                lambda x, gradient, z, lr, beta: (x - lr * z, beta * z + gradient),
                "First the new z, then the step along it.",
            ),
            Mistake(
                "the old velocity is handed on",
                lambda x, gradient, z, lr, beta: (x - lr * (beta * z + gradient), z),
                "Return the new z: without it the next step has no memory.",
            ),
            Mistake(
                "beta multiplies the gradient, too",
                lambda x, gradient, z, lr, beta: (x - lr * beta * (z + gradient), beta * (z + gradient)),
                "Only the old velocity decays: beta * z + gradient.",
            ),
            Mistake(
                "the velocity does not decay",
                lambda x, gradient, z, lr, beta: (x - lr * (z + gradient), z + gradient),
                "Without beta all gradients since the start count alike, and the ball never comes to rest.",
            ),
            Mistake(
                "the rate stands inside the velocity",
                lambda x, gradient, z, lr, beta: (x - (beta * z + lr * gradient), beta * z + lr * gradient),
                "With a constant rate this walks the same path, but z is lr times as long. Asked is the rate outside.",
            ),
            Mistake(
                "the rate and the sign stand inside the velocity",
                lambda x, gradient, z, lr, beta: (x + (beta * z - lr * gradient), beta * z - lr * gradient),
                "That is Keras's form. With a constant rate it walks the same path. Asked is z = beta * z + gradient; "
                "rate and sign belong to the step.",
            ),
            Mistake(
                "the velocity points downhill",
                lambda x, gradient, z, lr, beta: (x + lr * (beta * z - gradient), beta * z - gradient),
                "The path is right, but z has the other sign. Asked is z = beta * z + gradient.",
            ),
            Mistake(
                "the velocity does not decay, and the gradient is averaged",
                lambda x, gradient, z, lr, beta: (x - lr * (z + (1 - beta) * gradient), z + (1 - beta) * gradient),
                "The old velocity decays to beta of itself, and the gradient is added in full.",
            ),
            Mistake(
                "this is Nesterov's step",
                lambda x, gradient, z, lr, beta: (
                    x - lr * (gradient + beta * (beta * z + gradient)),
                    beta * z + gradient,
                ),
                "Heavy ball walks along z itself.",
            ),
            Mistake(
                "you walk uphill",
                lambda x, gradient, z, lr, beta: (x + lr * (beta * z + gradient), beta * z + gradient),
                "Subtract the step: z is a sum of gradients, and they point uphill.",
            ),
            Mistake(
                "the velocity is forgotten",
                lambda x, gradient, z, lr, beta: (x - lr * gradient, beta * z + gradient),
                "The step goes along z, not along the gradient.",
            ),
            Mistake(
                "the results are in another order",
                lambda x, gradient, z, lr, beta: momentum_step(x, gradient, z, lr, beta)[::-1],
                "Return x, z: the next x comes first.",
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
                lambda x, previous, gradient_at, lr, beta: x + beta * (x - previous) - lr * gradient_at(x),
                "That is heavy ball. Nesterov's idea is to ask for the gradient at the point ahead.",
            ),
            Mistake(
                "the step begins at x",
                lambda x, previous, gradient_at, lr, beta: x - lr * gradient_at(x + beta * (x - previous)),
                "The gradient is the right one, but the step starts from the point ahead, too.",
            ),
            Mistake(
                "you descend first and look ahead afterwards",
                lambda x, previous, gradient_at, lr, beta: (
                    x - lr * gradient_at(x) + beta * (x - lr * gradient_at(x) - previous)
                ),
                "First move on along the last step, then take the gradient there.",
            ),
            Mistake(
                "you look back and not ahead",
                lambda x, previous, gradient_at, lr, beta: nesterov_step(x, 2 * x - previous, gradient_at, lr, beta),
                "The last step was x - previous; go on in that direction.",
            ),
            Mistake(
                "you look ahead by the whole last step",
                lambda x, previous, gradient_at, lr, beta: nesterov_step(x, previous, gradient_at, lr, 1.0),
                "Only beta times the last step.",
            ),
            Mistake(
                "this is gradient descent",
                lambda x, previous, gradient_at, lr, beta: x - lr * gradient_at(x),
                "First move on: ahead = x + beta * (x - previous).",
            ),
            Mistake(
                "you return the point ahead",
                lambda x, previous, gradient_at, lr, beta: x + beta * (x - previous),
                "From there take a step of gradient descent.",
            ),
            Mistake(
                "you walk uphill",
                lambda x, previous, gradient_at, lr, beta: nesterov_step(x, previous, gradient_at, -lr, beta),
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
        ),
        outputs=("lr", "beta"),
        mistakes=(
            Mistake(
                "beta is not squared",
                lambda smallest, largest: (
                    best_momentum(smallest, largest)[0],
                    best_momentum(smallest, largest)[1] ** 0.5,
                ),
                "That is the root of beta, the share of the distance that is left after each step.",
            ),
            Mistake(
                "lr is that of gradient descent",
                lambda smallest, largest: (2 / (smallest + largest), best_momentum(smallest, largest)[1]),
                "With momentum the roots of the curvatures count: √(αλ) has to be 1 - √β and 1 + √β.",
            ),
            Mistake(
                "these are Nesterov's",
                lambda smallest, largest: (1 / largest, best_momentum(smallest, largest)[1] ** 0.5),
                "Asked are those of heavy ball.",
            ),
            Mistake(
                "lr is that of gradient descent, and beta is not squared",
                lambda smallest, largest: (2 / (smallest + largest), best_momentum(smallest, largest)[1] ** 0.5),
                "With momentum the roots of the curvatures count, and both results are squares.",
            ),
            Mistake(
                "lr is not squared",
                lambda smallest, largest: (
                    best_momentum(smallest, largest)[0] ** 0.5,
                    best_momentum(smallest, largest)[1],
                ),
                "You have √α. Square it.",
            ),
            Mistake(
                "the roots are missing",
                lambda smallest, largest: best_momentum(smallest**2, largest**2),
                "Take the roots of both curvatures first.",
            ),
            Mistake(
                "both come in the other order",
                lambda smallest, largest: best_momentum(smallest, largest)[::-1],
                "Return lr, beta.",
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
