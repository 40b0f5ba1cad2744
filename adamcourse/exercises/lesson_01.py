"""Lesson 01: one step of gradient descent."""

import numpy as np

from adamcourse.exercises.exercise import Exercise, Mistake, Stream


def gradient_step(x, gradient, lr):
    """Return the next x: one step down, lr times the gradient."""
    return x - lr * gradient


EXERCISES = (
    Exercise(
        reference=gradient_step,
        cases=(
            Stream((1.0, -2.0, 0.5), ((0.1, 10.0, 1e-8), (-0.2, 20.0, 0.0), (0.3, -40.0, 2e-8)), {"lr": 0.3}),
            Stream(((0.5, 0.0), (2.0, -1.0)), (((4.0, -1.0), (0.0, 0.5)), ((3.0, 2.0), (1.0, -0.5))), {"lr": 0.07}),
        ),
        mistakes=(
            Mistake(
                "you walk uphill",
                lambda x, gradient, lr: x + lr * gradient,
                "The gradient points to where the loss grows fastest, so subtract it.",
            ),
            Mistake(
                "the learning rate is missing",
                lambda x, gradient, lr: x - gradient,
                "Multiply the gradient by lr before you subtract it.",
            ),
            Mistake(
                "the learning rate is a fixed 0.1",
                lambda x, gradient, lr: x - 0.1 * gradient,
                "Use the argument lr: the check calls your function with other rates.",
            ),
            Mistake(
                "only the sign of the gradient is used",
                lambda x, gradient, lr: x - lr * np.sign(gradient),
                "That is sign descent: every coordinate moves by lr, however steep it is. Lesson 04 comes close to it.",
            ),
            Mistake(
                "you divide by the learning rate",
                lambda x, gradient, lr: x - gradient / lr,
                "A larger rate must give a longer step.",
            ),
            Mistake(
                "you shrink x and do not use the gradient",
                lambda x, gradient, lr: x - lr * x,
                "That walks to 0 on every surface. Subtract lr times the gradient.",
            ),
            Mistake(
                "you return the step and not the new x",
                lambda x, gradient, lr: -lr * gradient,
                "Add it to x.",
            ),
            Mistake(
                "you return lr times the gradient and not the new x",
                lambda x, gradient, lr: lr * gradient,
                "Subtract it from x.",
            ),
            Mistake(
                "x is multiplied by the learning rate as well",
                lambda x, gradient, lr: (x - gradient) * lr,
                "Only the gradient is: x - lr * gradient needs no brackets.",
            ),
            Mistake(
                "the gradient is that of the bowl",
                lambda x, gradient, lr: x - lr * 2 * x,
                "Use the argument gradient: your function has to work on every surface.",
            ),
            Mistake(
                "only the direction of the gradient is used",
                lambda x, gradient, lr: x - lr * gradient / np.linalg.norm(gradient),
                "Then every step is lr long, however steep it is, and the trajectory cannot settle.",
            ),
        ),
        hints=(
            "The gradient points uphill, and you want to go down.",
            "The step is the learning rate times the gradient. Do you add it to x, or subtract it?",
            "New x = old x minus lr times gradient.",
        ),
        praise="With this line you can descend every surface of this lesson.",
    ),
)
