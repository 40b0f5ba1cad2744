"""Lesson 13: a step of Lion, and the curvature at which Adam becomes unstable."""

import numpy as np

from adamcourse.exercises.exercise import Call, Exercise, Mistake, Stream


def lion_step(x, gradient, m, lr, beta1, beta2):
    """Return the next x and m of Lion, without weight decay: beta1 is for the step, beta2 for the memory."""
    x = x - lr * np.sign(beta1 * m + (1 - beta1) * gradient)
    m = beta2 * m + (1 - beta2) * gradient
    return x, m


def _swapped(x, gradient, m, lr, beta1, beta2):
    return lion_step(x, gradient, m, lr, beta2, beta1)


def _memory_first(x, gradient, m, lr, beta1, beta2):
    m = beta2 * m + (1 - beta2) * gradient
    return x - lr * np.sign(beta1 * m + (1 - beta1) * gradient), m


def with_direction(direction):
    """Return a step of Lion that walks along another direction."""

    def step(x, gradient, m, lr, beta1, beta2):
        return x - lr * direction(m, gradient, beta1), beta2 * m + (1 - beta2) * gradient

    return step


def sharpness_limit(lr, beta1):
    """Return the largest sharpness, curvature after division by √v, that is stable: (2 + 2 β1) / ((1 - β1) α)."""
    return (2 + 2 * beta1) / ((1 - beta1) * lr)


EXERCISES = (
    Exercise(
        reference=lion_step,
        outputs=("x", "m"),
        cases=(
            Stream(
                x=(1.0, -2.0, 0.5, 0.0),
                gradients=(
                    (0.1, 10.0, 1e-8, 0.0),
                    (-0.12, -5.0, -3e-8, 0.0),
                    (0.02, 6.0, 4e-8, 0.3),
                    (-0.3, -0.1, 0.0, -2.0),
                    (0.25, 0.0, -1e-8, 0.0),
                ),
                hyper={"lr": 0.05, "beta1": 0.6, "beta2": 0.8},
            ),
            Stream(
                x=((0.5, -1.0), (3.0, 0.1)),
                gradients=tuple(
                    ((2.0**t * (-1) ** t, -(3.0**-t)), ({1: -0.13, 3: -0.19}.get(t, (-0.5) ** t), 1e-7 * (t - 1)))
                    for t in range(6)
                ),
                hyper={"lr": 0.2, "beta1": 0.7, "beta2": 0.9},
            ),
        ),
        mistakes=(
            Mistake(
                "beta1 and beta2 are swapped",
                _swapped,
                "The step uses beta1, so that the newest gradient counts more in it; the memory is kept with beta2.",
            ),
            Mistake(
                "the memory is updated before the step",
                _memory_first,
                "The step uses the old m, or the new gradient counts twice. First x, then m.",
            ),
            Mistake(
                "the sign is missing",
                with_direction(lambda m, g, b: b * m + (1 - b) * g),
                "Lion walks by the sign alone: np.sign(…).",
            ),
            Mistake(
                "only the sign of the gradient is used",
                with_direction(lambda m, g, b: np.sign(g)),
                "That is sign descent. Mix in the memory, beta1 * m + (1 - beta1) * gradient, and then take the sign.",
            ),
            Mistake(
                "only the sign of the memory is used",
                with_direction(lambda m, g, b: np.sign(m)),
                "The newest gradient belongs into the step: beta1 * m + (1 - beta1) * gradient.",
            ),
            Mistake(
                "the signs are mixed, and not the sign of the mixture taken",
                with_direction(lambda m, g, b: b * np.sign(m) + (1 - b) * np.sign(g)),
                "First the mixture, then one sign of it.",
            ),
            Mistake(
                "memory and gradient are added with equal weights",
                with_direction(lambda m, g, b: m + g),
                "Their weights in the step are beta1 and 1 - beta1.",
            ),
            Mistake(
                "there is one memory only",
                lambda x, g, m, lr, b1, b2: (x - lr * np.sign(b2 * m + (1 - b2) * g), b2 * m + (1 - b2) * g),
                "The step mixes with beta1, apart from the memory.",
            ),
            Mistake(
                "you walk uphill",
                with_direction(lambda m, g, b: -np.sign(b * m + (1 - b) * g)),
                "Subtract the step.",
            ),
            Mistake(
                "the mixture is the memory",
                lambda x, g, m, lr, b1, b2: (x - lr * np.sign(b1 * m + (1 - b1) * g), b1 * m + (1 - b1) * g),
                "The memory is kept with beta2, apart from the mixture of the step.",
            ),
        ),
        hints=(
            "Two lines: first the step with the old memory, then the new memory.",
            "The step is lr times the sign of beta1 * m + (1 - beta1) * gradient.",
            "x = x - lr * np.sign(beta1 * m + (1 - beta1) * gradient), then m = beta2 * m + (1 - beta2) * gradient.",
        ),
        praise="Half of Adam's memory, and every coordinate that has had a gradient moves by just the rate.",
    ),
    Exercise(
        reference=sharpness_limit,
        outputs=("limit",),
        cases=(Call({"lr": 0.05, "beta1": 0.9}), Call({"lr": 0.2, "beta1": 0.5})),
        mistakes=(
            Mistake(
                "this is the limit of gradient descent",
                lambda lr, beta1: 2 / lr,
                "With momentum the limit is higher: start from 2 + 2 beta.",
            ),
            Mistake(
                "the 2 beta is missing",
                lambda lr, beta1: 2 / ((1 - beta1) * lr),
                "Momentum is stable up to 2 + 2 beta, which is nearly twice as far.",
            ),
            Mistake(
                "the factor 1 - beta1 is missing",
                lambda lr, beta1: (2 + 2 * beta1) / lr,
                "Adam's m is an average: as a heavy ball it has the rate (1 - beta1) * lr.",
            ),
            Mistake(
                "it is multiplied by 1 - beta1",
                lambda lr, beta1: (2 + 2 * beta1) * (1 - beta1) / lr,
                "A smaller rate allows a larger curvature: divide.",
            ),
            Mistake(
                "the rate is multiplied",
                lambda lr, beta1: (2 + 2 * beta1) / (1 - beta1) * lr,
                "The larger the rate, the lower the limit: divide by it.",
            ),
            Mistake(
                "38 is fixed",
                lambda lr, beta1: 38 / lr,
                "38 belongs to beta1 = 0.9.",
            ),
        ),
        hints=(
            "Lesson 03: a heavy ball is stable while its rate times the curvature is below 2 + 2 beta.",
            "Adam's m is an average, so its rate as a heavy ball is (1 - beta1) * lr.",
            "return (2 + 2 * beta1) / ((1 - beta1) * lr)",
        ),
        praise="When your training loss has spikes, this is where to look.",
    ),
)
