"""Lesson 04: Adagrad's step, and the rate that each coordinate has."""

import numpy as np

from adamcourse.exercises.cases import Call, along, midway
from adamcourse.exercises.exercise import Exercise, Mistake


def adagrad_step(x, gradient, s, lr, eps):
    """Return the next x and the next sum s of squared gradients."""
    s = s + gradient**2
    return x - lr * gradient / (np.sqrt(s) + eps), s


def effective_rates(gradients, lr):
    """Return the rate lr / √s of each coordinate; gradients has shape (steps, n)."""
    return lr / np.sqrt((gradients**2).sum(axis=0))


def quotient_mistakes(memory):
    """Return what goes wrong in the step lr * gradient / (√memory + eps), Adagrad's as RMSprop's."""
    step, root = f"lr * gradient / (np.sqrt({memory}) + eps)", f"np.sqrt({memory}) + eps"
    brackets = f"Division comes before addition: put the denominator in brackets, (np.sqrt({memory}) + eps)."
    return (
        Mistake(
            "eps is missing",
            {root: f"np.sqrt({memory})"},
            "Where the gradient has been 0 so far, 0 / 0 is no number. Add eps to the root.",
        ),
        Mistake("eps is added to the quotient", {step: f"lr * (gradient / np.sqrt({memory}) + eps)"}, brackets),
        Mistake("eps is added to x", {f"x - {step}": f"x - lr * gradient / np.sqrt({memory}) + eps"}, brackets),
        Mistake("you walk uphill", {f"x - {step}": f"x + {step}"}, "Subtract the step."),
        Mistake(
            "you multiply by the root",
            {step: f"lr * gradient * (np.sqrt({memory}) + eps)"},
            "Divide: a coordinate with many large gradients shall take shorter steps.",
        ),
    )


RETURNED = "x - lr * gradient / (np.sqrt(s) + eps), s"
WILD = (  # a start and gradients
    (1.0, -2.0, 0.5, 0.0),
    ((0.1, 10.0, 1e-8, 0.0), (-0.2, 20.0, -3e-8, 0.0), (0.3, -40.0, 2e-8, 0.0), (0.4, 0.0, 0.0, 1.0)),
)
SQUARE = (  # the same, in two rows
    ((0.5, -1.0), (3.0, 0.0)),
    (((4.0, -1.0), (0.0, 0.5)), ((3.0, 2.0), (1e-7, -0.5)), ((1.0, 1e3), (1.0, 1.0))),
)
HYPER = {"lr": 0.3, "eps": 3e-8}
SUM = "(gradients**2).sum(axis=0)"
GRADIENTS = ((0.5, -2.0, 0.0), (0.1, 0.0, 0.0), (-0.2, 3.0, 1e-3), (0.4, 1.0, 0.0))

EXERCISES = (
    Exercise(
        reference=adagrad_step,
        cases=(
            *along(adagrad_step, *WILD, HYPER),
            *along(adagrad_step, *SQUARE, HYPER | {"lr": 0.07}),
            midway(adagrad_step, **HYPER | {"eps": 3e-3}),
        ),
        outputs=("x", "s"),
        mistakes=quotient_mistakes("s")
        + (
            Mistake(
                "the gradient is added and not its square",
                {"gradient**2": "gradient"},
                "Gradients of both signs would cancel in s, and its root may not exist. Add gradient**2.",
            ),
            Mistake(
                "the size of the gradient is added and not its square",
                {"gradient**2": "np.abs(gradient)"},
                "The root comes later: add gradient**2.",
            ),
            Mistake(
                "the root is missing",
                {"np.sqrt(s)": "s"},
                "s has the unit of the gradient squared. Divide by its root, so that the unit goes away.",
            ),
            Mistake(
                "the old sum is used for the step",
                {"np.sqrt(s)": "np.sqrt(_old_s)"},
                "First add the new square, then divide. The old sum is 0 at the first step, and the step is huge.",
            ),
            Mistake(
                "the old sum is handed on",
                {RETURNED: RETURNED.replace(", s", ", _old_s")},
                "Return the new s: without it nothing is remembered.",
            ),
            Mistake(
                "the root is handed on",
                {RETURNED: RETURNED.replace(", s", ", np.sqrt(s)")},
                "The root is for this step only. Return s itself.",
            ),
            Mistake(
                "all coordinates share one sum",
                {"gradient**2": "np.sum(gradient**2)"},
                "s has one number for each coordinate: gradient**2, without a sum over coordinates.",
            ),
            Mistake(
                "the sum is a running mean",
                {"s + gradient**2": "0.9 * s + 0.1 * gradient**2"},
                "That is RMSprop, the next lesson. Adagrad adds the squares up and forgets none.",
            ),
            Mistake(
                "eps is inside the root",
                {"np.sqrt(s) + eps": "np.sqrt(s + eps)"},
                "Keras and Optax have it there, and it is stronger there: where s is tiny, 1e-8 inside acts like 1e-4 "
                "outside. Here it is added after the root.",
            ),
            Mistake(
                "eps is added to the sum",
                {"s + gradient**2": "s + gradient**2 + eps"},
                "Then it piles up, step after step. It belongs to the root alone.",
            ),
        ),
        hints=(
            "Two lines: add the square of the gradient to s, then divide the gradient by the root of the new s.",
            "The step is lr times the gradient, divided by the root of the new s plus eps. Mind the brackets.",
            "s = s + gradient**2, then return x - lr * gradient / (np.sqrt(s) + eps), s.",
        ),
        praise="This is Adagrad. Each coordinate now has a rate of its own.",
    ),
    Exercise(
        reference=effective_rates,
        cases=(
            Call({"gradients": GRADIENTS, "lr": 0.3}),
            Call({"gradients": ((3.0, 0.1, 1.0, 2.0), (4.0, -0.1, 1.0, 0.0)), "lr": 2.0}),
        ),
        outputs=("rates",),
        mistakes=(
            Mistake("the root is missing", {f"np.sqrt({SUM})": SUM}, "Divide by the root of the sum."),
            Mistake(
                "this is the mean and not the sum",
                {SUM: "(gradients**2).mean(axis=0)"},
                "Adagrad adds the squares up; it does not divide by their number.",
            ),
            Mistake(
                "the gradients are added and not their squares",
                {f"np.sqrt({SUM})": "np.abs(gradients.sum(axis=0))"},
                "Square first, then add: gradients of both signs must not cancel.",
            ),
            Mistake(
                "the sizes are added and not the squares",
                {f"np.sqrt({SUM})": "np.abs(gradients).sum(axis=0)"},
                "Square first, then add, then take the root.",
            ),
            Mistake(
                "only the last gradient counts",
                {f"np.sqrt({SUM})": "np.abs(gradients[-1])"},
                "All gradients since the start are in the sum.",
            ),
            Mistake(
                "the first gradient is left out",
                {SUM: "(gradients[1:] ** 2).sum(axis=0)"},
                "All gradients since the start are in the sum.",
            ),
            Mistake(
                "the last gradient is left out",
                {SUM: "(gradients[:-1] ** 2).sum(axis=0)"},
                "The rate is that after the last gradient, which is in the sum.",
            ),
            Mistake(
                "all coordinates share one sum",
                {SUM: "(gradients**2).sum() + 0 * gradients[0]"},
                "Each coordinate has its own: add down the columns, axis 0.",
            ),
            Mistake(
                "the last gradient is in it",
                {f"lr / np.sqrt({SUM})": f"lr * gradients[-1] / np.sqrt({SUM})"},
                "That is the last step. Asked is the rate alone.",
            ),
            *(
                Mistake(
                    f"an eps of {eps} is added",
                    {f"np.sqrt({SUM})": f"np.sqrt({SUM}) + {eps}"},
                    "eps is 0 here: a coordinate without a gradient has no rate yet.",
                )
                for eps in ("1e-10", "1e-8", "1e-7")
            ),
        ),
        hints=(
            "Each column of `gradients` belongs to one coordinate. Work down the columns.",
            "s = (gradients**2).sum(axis=0) adds up the squares of each coordinate.",
            "return lr / np.sqrt((gradients**2).sum(axis=0))",
        ),
        praise="The rate falls only where gradients come, and it never rises.",
    ),
)
