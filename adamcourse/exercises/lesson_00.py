"""Lesson 00: a toy, to try how exercises work."""

from adamcourse.exercises.cases import along, midway
from adamcourse.exercises.exercise import Exercise, Mistake


def halfway(x, gradient):
    """Return the point halfway between x and x - gradient."""
    return x - gradient / 2


EXERCISES = (
    Exercise(
        reference=halfway,
        cases=(
            *along(halfway, x=(1.0, -2.0), gradients=((0.5, 0.0), (-3.0, 8.0)), hyper={}),
            *along(halfway, x=((1.0, 0.0, 2.0),), gradients=(((4.0, -1.0, 1e-8),),), hyper={}),
            midway(halfway),
        ),
        mistakes=(
            Mistake(
                "you went the whole way",
                {"gradient / 2": "gradient"},
                "x - gradient is the far end; halfway takes half of the gradient.",
            ),
            Mistake(
                "you went in the direction of the gradient",
                {"x - gradient / 2": "x + gradient / 2"},
                "The gradient points uphill. To go down, subtract it.",
            ),
            Mistake(
                "you return half of the gradient",
                {"x - gradient / 2": "gradient / 2"},
                "That is how far to go. Subtract it from x.",
            ),
            Mistake(
                "you halved the far end",
                {"x - gradient / 2": "(x - gradient) / 2"},
                "That is halfway between 0 and x - gradient. Take the mean of x and x - gradient.",
            ),
        ),
        hints=(
            "Halfway between two points is their mean.",
            "The mean of x and x - gradient is (x + x - gradient) / 2.",
            "Simplified: x minus half of the gradient.",
        ),
        praise="Your answer passed on two shapes of arrays. Each exercise is checked on more than one input like this.",
    ),
)
