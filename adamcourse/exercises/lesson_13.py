"""Lesson 13: a step of Lion, and the curvature at which Adam becomes unstable."""

import numpy as np

from adamcourse.exercises.cases import Call, along, midway
from adamcourse.exercises.exercise import Exercise, Mistake


def lion_step(x, gradient, m, lr, beta1, beta2):
    """Return the next x and m of Lion, without weight decay: beta1 is for the step, beta2 for the memory."""
    x = x - lr * np.sign(beta1 * m + (1 - beta1) * gradient)
    m = beta2 * m + (1 - beta2) * gradient
    return x, m


def sharpness_limit(lr, beta1):
    """Return the largest sharpness, curvature after division by √v, that is stable: (2 + 2 β1) / ((1 - β1) α)."""
    return (2 + 2 * beta1) / ((1 - beta1) * lr)


BORDER = {  # memory and gradient pull apart; the sign turns where the gradient is 1.5 times as large, at beta1 = 0.6
    "x": (
        (-1.57, 0.27, -0.78, 0.62, 0.75, -2.61, -2.92, 2.02),
        (-1.44, -1.59, 2.97, -0.18, 2.02, -0.14, 0.83, -2.1),
        (0.81, 2.21, 0.14, 1.45, 1.03, -2.62, 1.55, 0.55),
    ),
    "gradient": (
        (0.284, -2.499, 0.765, -3.68, 3.23, -0.54, 2.09, 1.386),
        (-2.665, 0.2365, -1.391, 6.96, -2.05, 1.066, -0.1696, 1.44),
        (-0.231, 0.945, -0.0513, 0.2046, -0.9, 1.19, -0.253, 1.125),
    ),
    "m": (
        (-0.2, 1.7, -0.5, 2.3, -1.9, 0.3, -1.1, -0.7),
        (1.3, -0.11, 0.61, -2.9, 0.83, -0.41, 0.053, -1.6),
        (0.7, -2.1, 0.09, -0.31, 1.2, -1.4, 0.23, -0.9),
    ),
}
MIXED, MEMORY = "beta1 * m + (1 - beta1) * gradient", "beta2 * m + (1 - beta2) * gradient"
LIMIT = "(2 + 2 * beta1) / ((1 - beta1) * lr)"

EXERCISES = (
    Exercise(
        reference=lion_step,
        outputs=("x", "m"),
        cases=(
            *along(
                lion_step,
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
            *along(
                lion_step,
                x=((0.5, -1.0), (3.0, 0.1)),
                gradients=tuple(
                    ((2.0**t * (-1) ** t, -(3.0**-t)), ({1: -0.13, 3: -0.19}.get(t, (-0.5) ** t), 1e-7 * (t - 1)))
                    for t in range(6)
                ),
                hyper={"lr": 0.2, "beta1": 0.7, "beta2": 0.9},
            ),
            midway(lion_step, lr=0.03, beta1=0.85, beta2=0.97),
            Call(BORDER | {"lr": 0.07, "beta1": 0.6, "beta2": 0.8}),
        ),
        mistakes=(
            Mistake(
                "beta1 and beta2 are swapped",
                {"beta1": "beta2", "beta2": "beta1"},
                "The step uses beta1, so that the newest gradient counts more in it; the memory is kept with beta2.",
            ),
            Mistake(
                "the memory is updated before the step",
                {MIXED: f"beta1 * ({MEMORY}) + (1 - beta1) * gradient"},
                "The step uses the old m, or the new gradient counts twice. First x, then m.",
            ),
            Mistake(
                "the sign is missing",
                {f"np.sign({MIXED})": f"({MIXED})"},
                "Lion walks by the sign alone: np.sign(…).",
            ),
            Mistake(
                "only the sign of the gradient is used",
                {MIXED: "gradient"},
                "That is sign descent. Mix in the memory, beta1 * m + (1 - beta1) * gradient, and then take the sign.",
            ),
            Mistake(
                "only the sign of the memory is used",
                {MIXED: "m"},
                "The newest gradient belongs into the step: beta1 * m + (1 - beta1) * gradient.",
            ),
            Mistake(
                "the signs are mixed, and not the sign of the mixture taken",
                {f"np.sign({MIXED})": "(beta1 * np.sign(m) + (1 - beta1) * np.sign(gradient))"},
                "First the mixture, then one sign of it.",
            ),
            Mistake(
                "the bracket of the sign closes too early",
                {f"np.sign({MIXED})": "(np.sign(beta1 * m) + (1 - beta1) * gradient)"},
                "The sign is that of the whole mixture.",
            ),
            Mistake(
                "the mixture is the old memory, and is mixed again",
                {MEMORY: f"beta2 * ({MIXED}) + (1 - beta2) * gradient"},
                "The new memory comes from the old one and the gradient alone: beta2 * m + (1 - beta2) * gradient.",
            ),
            Mistake(
                "the memory collects signs",
                {MEMORY: f"beta2 * m + (1 - beta2) * np.sign({MIXED})"},
                "The memory averages the gradients themselves. The sign is for the step only.",
            ),
            Mistake(
                "memory and gradient are added with equal weights",
                {MIXED: "m + gradient"},
                "Their weights in the step are beta1 and 1 - beta1.",
            ),
            Mistake(
                "there is one memory only",
                {MIXED: MEMORY},
                "The step mixes with beta1, apart from the memory.",
            ),
            Mistake(
                "you walk uphill",
                {f"x - lr * np.sign({MIXED})": f"x + lr * np.sign({MIXED})"},
                "Subtract the step.",
            ),
            Mistake(
                "the mixture is the memory",
                {MEMORY: MIXED},
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
        cases=(Call({"lr": 0.05, "beta1": 0.9}), Call({"lr": 0.2, "beta1": 0.5}), Call({"lr": 0.013, "beta1": 0.83})),
        mistakes=(
            Mistake(
                "this is the limit of gradient descent",
                {LIMIT: "2 / lr"},
                "With momentum the limit is higher: start from 2 + 2 beta.",
            ),
            Mistake(
                "the 2 beta is missing",
                {"2 + 2 * beta1": "2"},
                "Momentum is stable up to 2 + 2 beta, which is nearly twice as far.",
            ),
            Mistake(
                "the factor 1 - beta1 is missing",
                {"(1 - beta1) * lr": "lr"},
                "Adam's m is an average: as a heavy ball it has the rate (1 - beta1) * lr.",
            ),
            Mistake(
                "it is multiplied by 1 - beta1",
                {LIMIT: "(2 + 2 * beta1) * (1 - beta1) / lr"},
                "A smaller rate allows a larger curvature: divide.",
            ),
            Mistake(
                "the rate is multiplied",
                {LIMIT: "(2 + 2 * beta1) / (1 - beta1) * lr"},
                "The larger the rate, the lower the limit: divide by it.",
            ),
            Mistake(
                "38 is fixed",
                {LIMIT: "38 / lr"},
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
