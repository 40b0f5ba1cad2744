"""Lesson 05: RMSprop's step, and how long its memory lasts."""

import numpy as np

from adamcourse.exercises.cases import Call, along, midway
from adamcourse.exercises.exercise import Exercise, Mistake
from adamcourse.exercises.lesson_04 import SQUARE, WILD, quotient_mistakes


def rmsprop_step(x, gradient, v, lr, rho, eps):
    """Return the next x and running mean v; eps stands outside the root."""
    v = rho * v + (1 - rho) * gradient**2
    return x - lr * gradient / (np.sqrt(v) + eps), v


def steps_to_forget(rho, share):
    """Return after how many steps an old square counts only this share; not rounded."""
    return np.log(share) / np.log(rho)


NOT_SQUARED = (  # what goes wrong in the mean v, RMSprop's as Adam's
    Mistake(
        "v averages the gradient and not its square",
        {"gradient**2": "gradient"},
        "v can then be negative, and its root is no number. Use gradient**2.",
    ),
    Mistake(
        "v averages the size of the gradient and not its square",
        {"gradient**2": "np.abs(gradient)"},
        "The root is taken later: v is the mean of gradient**2.",
    ),
)
RETURNED = "x - lr * gradient / (np.sqrt(v) + eps), v"
HYPER = {"lr": 0.7, "rho": 0.8, "eps": 3e-8}

EXERCISES = (
    Exercise(
        reference=rmsprop_step,
        cases=(
            *along(rmsprop_step, *WILD, HYPER),
            *along(rmsprop_step, *SQUARE, HYPER | {"lr": 0.07, "rho": 0.35}),
            midway(rmsprop_step, **HYPER | {"eps": 3e-3}),
        ),
        outputs=("x", "v"),
        mistakes=quotient_mistakes("v")
        + (
            Mistake(
                "eps is inside the root",
                {"np.sqrt(v) + eps": "np.sqrt(v + eps)"},
                "Keras and Optax have it there, PyTorch and this course outside. Inside, with eps = 1e-8, a gradient "
                "of 1e-6 makes a hundredth of the step.",
            ),
            Mistake(
                "the brackets around 1 - rho are missing",
                {"(1 - rho) * gradient**2": "1 - rho * gradient**2"},
                "Multiplication comes before subtraction: write (1 - rho) * gradient**2.",
            ),
            Mistake(
                "the squares are added up",
                {"rho * v + (1 - rho) * gradient**2": "v + gradient**2"},
                "That is Adagrad. RMSprop lets the old mean decay: rho * v + (1 - rho) * gradient**2.",
            ),
            Mistake(
                "the new square is added in full",
                {"(1 - rho) * gradient**2": "gradient**2"},
                "A mean has weights that add up to 1: multiply the new square by 1 - rho. As it stands v is "
                "1 / (1 - rho) times too large.",
            ),
            Mistake(
                "rho and 1 - rho are swapped",
                {"rho * v + (1 - rho) * gradient**2": "(1 - rho) * v + rho * gradient**2"},
                "rho is how much of the old mean is kept.",
            ),
            *NOT_SQUARED,
            Mistake(
                "1 - rho is squared with the gradient",
                {"(1 - rho) * gradient**2": "((1 - rho) * gradient) ** 2"},
                "Only the gradient is squared: (1 - rho) * gradient**2.",
            ),
            Mistake(
                "the root is missing",
                {"np.sqrt(v)": "v"},
                "v has the unit of the gradient squared. Divide by its root.",
            ),
            Mistake(
                "the old mean is used for the step",
                {"np.sqrt(v)": "np.sqrt(_old_v)"},
                "First the new v, then the step. The old v is 0 at the first step, and the step is huge.",
            ),
            Mistake(
                "the old mean is handed on",
                {RETURNED: RETURNED.replace(", v", ", _old_v")},
                "Return the new v: without it nothing is remembered.",
            ),
            Mistake(
                "all coordinates share one mean",
                {"gradient**2": "np.sum(gradient**2)"},
                "v has one number for each coordinate: gradient**2, without a sum.",
            ),
        ),
        hints=(
            "It is adagrad_step with one line changed: the sum becomes a running mean.",
            "The old v counts rho, the new square 1 - rho. The step is as in Adagrad, with v in the place of s.",
            "v = rho * v + (1 - rho) * gradient**2, then return x - lr * gradient / (np.sqrt(v) + eps), v.",
        ),
        praise="This is RMSprop as PyTorch has it. Lesson 06 puts it together with momentum.",
    ),
    Exercise(
        reference=steps_to_forget,
        cases=(
            Call({"rho": 0.9, "share": 0.5}),
            Call({"rho": 0.999, "share": 0.01}),
            Call({"rho": 0.95, "share": 0.3}),
        ),
        outputs=("steps",),
        mistakes=(
            Mistake(
                "the quotient is upside down",
                {"np.log(share) / np.log(rho)": "np.log(rho) / np.log(share)"},
                "rho**steps = share: take logarithms, and divide by log(rho).",
            ),
            Mistake(
                "this is the window 1 / (1 - rho)",
                {"np.log(share) / np.log(rho)": "1 / (1 - rho)"},
                "That is over about how many steps the mean goes. Asked is when rho**steps = share.",
            ),
            Mistake(
                "1 - rho is in it",
                {"np.log(share)": "np.log(share / (1 - rho))"},
                "A square counts 1 - rho at first and (1 - rho) * rho**k later. Asked is the share of what it counted "
                "at first, so 1 - rho goes away.",
            ),
            Mistake(
                "the quotient is inside the logarithm",
                {"np.log(share) / np.log(rho)": "np.log(share / rho)"},
                "Take the logarithm of each, and then the quotient.",
            ),
            Mistake(
                "1 - rho stands for rho",
                {"np.log(rho)": "np.log(1 - rho)"},
                "The old mean is multiplied by rho in each step, not by 1 - rho.",
            ),
            Mistake(
                "the window is multiplied by the logarithm",
                {"np.log(rho)": "-(1 - rho)"},
                "That is close when rho is near 1, because log(rho) is nearly rho - 1. Use log(rho) itself.",
            ),
            Mistake(
                "the share is taken off",
                {"np.log(share)": "np.log(1 - share)"},
                "Asked is when the share that is left is `share`, not when that much is gone.",
            ),
            Mistake(
                "the number is rounded up",
                {"np.log(share) / np.log(rho)": "np.ceil(np.log(share) / np.log(rho))"},
                "Do not round: return the solution of rho**steps = share.",
            ),
            Mistake(
                "the number is negative",
                {"np.log(share)": "-np.log(share)"},
                "Both logarithms are negative, so their quotient is positive.",
            ),
            Mistake(
                "this is for the size and not for the square",
                {"np.log(share)": "2 * np.log(share)"},
                "The weight of the squared gradient is asked; no root is taken of it.",
            ),
        ),
        hints=(
            "In each step the weight of an old square is multiplied by rho.",
            "After k steps it is rho**k of what it was. Solve rho**k = share for k.",
            "return np.log(share) / np.log(rho)",
        ),
        praise="At rho = 0.999 half is forgotten after 693 steps, and at 0.9 after 6.6.",
    ),
)
