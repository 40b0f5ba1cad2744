"""Lesson 04: Adagrad's step, and the rate that each coordinate has."""

import numpy as np

from adamcourse.exercises.exercise import Call, Exercise, Mistake, Stream


def adagrad_step(x, gradient, s, lr, eps):
    """Return the next x and the next sum s of squared gradients."""
    s = s + gradient**2
    return x - lr * gradient / (np.sqrt(s) + eps), s


def effective_rates(gradients, lr):
    """Return the rate lr / √s of each coordinate; gradients has shape (steps, n)."""
    return lr / np.sqrt((gradients**2).sum(axis=0))


def adagrad_with(add=lambda s, g: s + g**2, move=lambda g, s, lr, eps: lr * g / (np.sqrt(s) + eps), keep=None):
    """Return an Adagrad step in which one of its parts is replaced: the sum, the step, or what is handed on."""

    def step(x, gradient, s, lr, eps):
        following = add(s, gradient)
        return x - move(gradient, following, lr, eps), keep(s, following) if keep else following

    return step


def quotient_mistakes(step_with, step, memory):
    """Return what goes wrong in the step lr * gradient / (√memory + eps), Adagrad's as RMSprop's."""
    brackets = f"Division comes before addition: put the denominator in brackets, (np.sqrt({memory}) + eps)."
    return (
        Mistake(
            "eps is missing",
            step_with(move=lambda g, s, lr, eps: lr * g / np.sqrt(s)),
            "Where the gradient has been 0 so far, 0 / 0 is no number. Add eps to the root.",
        ),
        Mistake(
            "eps is added to the quotient",
            step_with(move=lambda g, s, lr, eps: lr * (g / np.sqrt(s) + eps)),
            brackets,
        ),
        Mistake("eps is added to x", step_with(move=lambda g, s, lr, eps: lr * g / np.sqrt(s) - eps), brackets),
        Mistake(
            "the learning rate is missing",
            step_with(move=lambda g, s, lr, eps: g / (np.sqrt(s) + eps)),
            "Multiply the quotient by lr.",
        ),
        Mistake(
            "you walk uphill",
            step_with(move=lambda g, s, lr, eps: -lr * g / (np.sqrt(s) + eps)),
            "Subtract the step.",
        ),
        Mistake(
            "the results are in another order",
            lambda *arguments: step(*arguments)[::-1],
            f"Return x, {memory}: the next x comes first.",
        ),
    )


WILD = (  # a start and gradients
    (1.0, -2.0, 0.5, 0.0),
    ((0.1, 10.0, 1e-8, 0.0), (-0.2, 20.0, -3e-8, 0.0), (0.3, -40.0, 2e-8, 0.0), (0.4, 0.0, 0.0, 1.0)),
)
SQUARE = (  # the same, in two rows
    ((0.5, -1.0), (3.0, 0.0)),
    (((4.0, -1.0), (0.0, 0.5)), ((3.0, 2.0), (1e-7, -0.5)), ((1.0, 1e3), (1.0, 1.0))),
)
HYPER = {"lr": 0.3, "eps": 3e-8}
GRADIENTS = ((0.5, -2.0, 0.0), (0.1, 0.0, 0.0), (-0.2, 3.0, 1e-3), (0.4, 1.0, 0.0))

EXERCISES = (
    Exercise(
        reference=adagrad_step,
        cases=(
            Stream(*WILD, HYPER),
            Stream(*SQUARE, HYPER | {"lr": 0.07}),
        ),
        outputs=("x", "s"),
        mistakes=quotient_mistakes(adagrad_with, adagrad_step, "s")
        + (
            Mistake(
                "the gradient is added and not its square",
                adagrad_with(add=lambda s, g: s + g),
                "Gradients of both signs would cancel in s, and its root may not exist. Add gradient**2.",
            ),
            Mistake(
                "the size of the gradient is added and not its square",
                adagrad_with(add=lambda s, g: s + np.abs(g)),
                "The root comes later: add gradient**2.",
            ),
            Mistake(
                "the root is missing",
                adagrad_with(move=lambda g, s, lr, eps: lr * g / (s + eps)),
                "s has the unit of the gradient squared. Divide by its root, so that the unit goes away.",
            ),
            Mistake(
                "you multiply by the root",
                adagrad_with(move=lambda g, s, lr, eps: lr * g * (np.sqrt(s) + eps)),
                "Divide: a coordinate with many large gradients shall take shorter steps.",
            ),
            Mistake(
                "the old sum is used for the step",
                lambda x, gradient, s, lr, eps: (x - lr * gradient / (np.sqrt(s) + eps), s + gradient**2),
                "First add the new square, then divide. The old sum is 0 at the first step, and the step is huge.",
            ),
            Mistake(
                "the old sum is handed on",
                adagrad_with(keep=lambda old, new: old),
                "Return the new s: without it nothing is remembered.",
            ),
            Mistake(
                "the root is handed on",
                adagrad_with(keep=lambda old, new: np.sqrt(new)),
                "The root is for this step only. Return s itself.",
            ),
            Mistake(
                "all coordinates share one sum",
                adagrad_with(add=lambda s, g: s + np.sum(g**2)),
                "s has one number for each coordinate: gradient**2, without a sum over coordinates.",
            ),
            Mistake(
                "the sum is a running mean",
                adagrad_with(add=lambda s, g: 0.9 * s + 0.1 * g**2),
                "That is RMSprop, the next lesson. Adagrad adds the squares up and forgets none.",
            ),
            Mistake(
                "eps is inside the root",
                adagrad_with(move=lambda g, s, lr, eps: lr * g / np.sqrt(s + eps)),
                "Keras and Optax have it there, and it is stronger there: where s is tiny, 1e-8 inside acts like 1e-4 "
                "outside. Here it is added after the root.",
            ),
            Mistake(
                "eps is fixed at 1e-10",
                lambda x, gradient, s, lr, eps: adagrad_step(x, gradient, s, lr, 1e-10),
                "Use the argument: the check calls your function with another eps.",
            ),
            Mistake(
                "eps is fixed at 1e-8",
                lambda x, gradient, s, lr, eps: adagrad_step(x, gradient, s, lr, 1e-8),
                "Use the argument: the check calls your function with another eps.",
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
            Mistake(
                "the root is missing",
                lambda gradients, lr: lr / (gradients**2).sum(axis=0),
                "Divide by the root of the sum.",
            ),
            Mistake(
                "this is the mean and not the sum",
                lambda gradients, lr: lr / np.sqrt((gradients**2).mean(axis=0)),
                "Adagrad adds the squares up; it does not divide by their number.",
            ),
            Mistake(
                "the gradients are added and not their squares",
                lambda gradients, lr: lr / np.abs(gradients.sum(axis=0)),
                "Square first, then add: gradients of both signs must not cancel.",
            ),
            Mistake(
                "the sizes are added and not the squares",
                lambda gradients, lr: lr / np.abs(gradients).sum(axis=0),
                "Square first, then add, then take the root.",
            ),
            Mistake(
                "only the last gradient counts",
                lambda gradients, lr: lr / np.abs(gradients[-1]),
                "All gradients since the start are in the sum.",
            ),
            Mistake(
                "an eps of 1e-10 is added",
                lambda gradients, lr: lr / (np.sqrt((gradients**2).sum(axis=0)) + 1e-10),
                "eps is 0 here: a coordinate without a gradient has no rate yet.",
            ),
            Mistake(
                "an eps of 1e-8 is added",
                lambda gradients, lr: lr / (np.sqrt((gradients**2).sum(axis=0)) + 1e-8),
                "eps is 0 here: a coordinate without a gradient has no rate yet.",
            ),
            Mistake(
                "the learning rate is missing",
                lambda gradients, lr: 1 / np.sqrt((gradients**2).sum(axis=0)),
                "The rate is lr divided by the root.",
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
