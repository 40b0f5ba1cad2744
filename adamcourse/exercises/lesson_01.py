"""Lesson 01: one step of gradient descent."""

from adamcourse.exercises.cases import along, midway
from adamcourse.exercises.exercise import Exercise, Mistake


def gradient_step(x, gradient, lr):
    """Return the next x: one step down, lr times the gradient."""
    return x - lr * gradient


STEP = "x - lr * gradient"

EXERCISES = (
    Exercise(
        reference=gradient_step,
        cases=(
            *along(
                gradient_step, (1.0, -2.0, 0.5), ((0.1, 10.0, 1e-8), (-0.2, 20.0, 0.0), (0.3, -40.0, 2e-8)), {"lr": 0.3}
            ),
            *along(
                gradient_step,
                ((0.5, 0.0), (2.0, -1.0)),
                (((4.0, -1.0), (0.0, 0.5)), ((3.0, 2.0), (1.0, -0.5))),
                {"lr": 0.07},
            ),
            midway(gradient_step, lr=0.13),
        ),
        mistakes=(
            Mistake(
                "you walk uphill",
                {STEP: "x + lr * gradient"},
                "The gradient points to where the loss grows fastest, so subtract it.",
            ),
            Mistake(
                "the learning rate is missing",
                {"lr * gradient": "gradient"},
                "Multiply the gradient by lr before you subtract it.",
            ),
            Mistake(
                "only the sign of the gradient is used",
                {"gradient": "np.sign(gradient)"},
                "That is sign descent: every coordinate moves by lr, however steep it is. Lesson 04 comes close to it.",
            ),
            Mistake(
                "you divide by the learning rate",
                {"lr * gradient": "gradient / lr"},
                "A larger rate must give a longer step.",
            ),
            Mistake(
                "you shrink x and do not use the gradient",
                {"gradient": "x"},
                "That walks to 0 on every surface. Subtract lr times the gradient.",
            ),
            Mistake(
                "you return the step and not the new x",
                {STEP: "-lr * gradient"},
                "Add it to x.",
            ),
            Mistake(
                "you return lr times the gradient and not the new x",
                {STEP: "lr * gradient"},
                "Subtract it from x.",
            ),
            Mistake(
                "x is multiplied by the learning rate as well",
                {STEP: "(x - gradient) * lr"},
                "Only the gradient is: x - lr * gradient needs no brackets.",
            ),
            Mistake(
                "the gradient is that of the bowl",
                {"gradient": "(2 * x)"},
                "Use the argument gradient: your function has to work on every surface.",
            ),
            Mistake(
                "only the direction of the gradient is used",
                {"gradient": "(gradient / np.linalg.norm(gradient))"},
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
