"""Lesson 15: a clip by the norm, minibatches joined, a number rounded to bfloat16, and the bytes of a training."""

import numpy as np

from adamcourse.exercises.cases import Call
from adamcourse.exercises.exercise import Exercise, Mistake


def clip_by_norm(gradient, norm):
    """Return the gradient, made as long as norm if it is longer, in its own direction."""
    length = np.sqrt((gradient**2).sum())
    return gradient * np.minimum(1, norm / length)


def joined_gradient(gradients, counts):
    """Return the mean gradient over all examples; row i is the mean over the counts[i] examples of minibatch i."""
    total = (gradients * counts[:, None]).sum(axis=0)
    return total / counts.sum()


def to_bfloat16(x):
    """Return x, no 0 in it, rounded to 8 binary digits: to a multiple of 2^(e - 7), where 2^e <= |x| < 2^(e + 1)."""
    e = np.floor(np.log2(np.abs(x)))
    unit = 2.0 ** (e - 7)
    return np.round(x / unit) * unit


def bytes_a_parameter(weights, gradients, state, workers):
    """Return the bytes a parameter on each of the workers when the state, and the state alone, is cut among them."""
    return weights + gradients + state / workers


EXERCISES = (
    Exercise(
        reference=clip_by_norm,
        outputs=("gradient",),
        cases=(
            Call({"gradient": (3.3, -4.1, 0.7), "norm": 1.7}),
            Call({"gradient": (0.31, -0.43), "norm": 1.3}),
            Call({"gradient": (2.7, 1.9, -0.8), "norm": 0.9}),
            Call({"gradient": ((2.1, 0.3), (-5.7, 1.9)), "norm": 2.9}),
            Call({"gradient": (0.6, -0.7, 0.9, -0.4), "norm": 1.1}),
        ),
        mistakes=(
            Mistake(
                "each coordinate is cut by itself",
                {"gradient * np.minimum(1, norm / length)": "np.clip(gradient, -norm, norm)"},
                "That turns the gradient: large coordinates lose more than small ones. Multiply all by one factor.",
            ),
            Mistake(
                "a short gradient is made longer",
                {"np.minimum(1, norm / length)": "norm / length"},
                "A clip leaves what is short enough as it is: take the smaller of 1 and norm / ‖g‖.",
            ),
            Mistake(
                "long gradients stay and short ones are changed",
                {"np.minimum(1, norm / length)": "np.maximum(1, norm / length)"},
                "Take the smaller of 1 and norm / ‖g‖: the factor is below 1 where the gradient is too long.",
            ),
            Mistake(
                "the norm is a sum of absolute values",
                {"np.sqrt((gradient**2).sum())": "np.abs(gradient).sum()"},
                "The length of a vector is the root of the sum of its squares.",
            ),
            Mistake(
                "the norm is the largest absolute value",
                {"np.sqrt((gradient**2).sum())": "np.abs(gradient).max()"},
                "The length of a vector is the root of the sum of its squares.",
            ),
            Mistake(
                "the root is missing in the norm",
                {"np.sqrt((gradient**2).sum())": "(gradient**2).sum()"},
                "The length of a vector is the root of the sum of its squares.",
            ),
            Mistake(
                "each row is clipped by itself",
                {"(gradient**2).sum()": "(gradient**2).sum(axis=-1, keepdims=True)"},
                "One norm for all numbers: a matrix is clipped as one long vector.",
            ),
        ),
        hints=(
            "How long is the gradient? By which factor must it be multiplied to be as long as norm?",
            "The factor is norm / length, but never more than 1.",
            "gradient * np.minimum(1, norm / np.sqrt((gradient**2).sum()))",
        ),
        praise="One factor for all coordinates: the direction stays.",
    ),
    Exercise(
        reference=joined_gradient,
        outputs=("gradient",),
        cases=(
            Call({"gradients": ((0.7, -1.3), (2.1, 0.4), (-0.9, 1.7)), "counts": (5, 5, 2)}),
            Call({"gradients": ((1.9, 0.3, -0.7), (-1.1, 0.9, 2.3)), "counts": (7, 1)}),
            Call({"gradients": ((0.37,), (1.21,), (-2.3,), (0.83,)), "counts": (3, 8, 1, 4)}),
        ),
        mistakes=(
            Mistake(
                "this is a mean of means",
                {"total / counts.sum()": "gradients.mean(axis=0)"},
                "Examples of a small minibatch would count more than those of a large one. Weigh rows by their counts.",
            ),
            Mistake(
                "it is divided by the number of minibatches",
                {"counts.sum()": "len(counts)"},
                "The rows were multiplied by their counts, so divide by the sum of the counts.",
            ),
            Mistake(
                "this is a sum over minibatches",
                {"total / counts.sum()": "gradients.sum(axis=0)"},
                "Adam would not see the factor; a clip, an L2 penalty and gradient descent would.",
            ),
            Mistake(
                "the smaller a minibatch is, the more it counts",
                {"gradients * counts[:, None]": "gradients / counts[:, None]", "counts.sum()": "(1 / counts).sum()"},
                "The weight of a row is its count, not one over it.",
            ),
            Mistake(
                "each row is divided by its count, which was done before",
                {"gradients * counts[:, None]": "gradients / counts[:, None]"},
                "A row is a mean already. Multiply by its count to get the sum over its examples.",
            ),
        ),
        hints=(
            "A row is a mean. What is the sum over the examples of its minibatch?",
            "Sum over all examples of all minibatches, then divide once by how many there are.",
            "(gradients * counts[:, None]).sum(axis=0) / counts.sum()",
        ),
        praise="So many small minibatches are one large one, to the last rounding.",
    ),
    Exercise(
        reference=to_bfloat16,
        outputs=("x",),
        cases=(
            Call({"x": (1.001, 1.006, -3.37, 0.0123, 257.3, -0.00077)}),
            Call({"x": (0.9981, 1.9999, 4.017, -127.71)}),
            Call({"x": ((1e-12, 7.77e9), (-0.31, 0.71))}),
        ),
        mistakes=(
            Mistake(
                "the digits after the point are counted, whatever the size",
                {"2.0 ** (e - 7)": "2.0 ** (-7)"},
                "It is a floating point: large numbers lie further apart than small ones. The unit grows with 2^e.",
            ),
            Mistake(
                "the unit is half as large: that is 9 digits",
                {"2.0 ** (e - 7)": "2.0 ** (e - 8)"},
                "The digit before the point is one of the eight, so seven are left behind it.",
            ),
            Mistake(
                "the unit is twice as large: that is 7 digits",
                {"2.0 ** (e - 7)": "2.0 ** (e - 6)"},
                "Eight digits: the one before the point, and seven behind it.",
            ),
            Mistake(
                "digits are cut off, not rounded",
                {"np.round(x / unit)": "np.trunc(x / unit)"},
                "Take the nearest multiple: np.round.",
            ),
            Mistake(
                "x is always rounded down",
                {"np.round(x / unit)": "np.floor(x / unit)"},
                "Take the nearest multiple: np.round.",
            ),
            Mistake(
                "the exponent is rounded to the nearest, and not down",
                {"np.floor(np.log2(np.abs(x)))": "np.round(np.log2(np.abs(x)))"},
                "2^e is the largest power of two that is not above |x|: np.floor.",
            ),
            Mistake(
                "the exponent is cut off towards 0, which is wrong below 1",
                {"np.floor(np.log2(np.abs(x)))": "np.trunc(np.log2(np.abs(x)))"},
                "log2 of 0.3 is -1.7, and 2^e must not be above 0.3: e = -2. np.floor goes down.",
            ),
            Mistake(
                "negative numbers have no logarithm here",
                {"np.log2(np.abs(x))": "np.log2(x)"},
                "The exponent is that of |x|: take np.abs first.",
            ),
            Mistake(
                "this is float16, which has 11 binary digits and another range",
                {"np.round(x / unit) * unit": "x.astype(np.float16).astype(np.float64)"},
                "A bfloat16 has 8 digits, and the exponents of a float32.",
            ),
            Mistake(
                "decimal digits behind the point are counted",
                {"np.round(x / unit) * unit": "np.round(x, 8)"},
                "Binary digits, from the first one on: the unit is 2^(e - 7).",
            ),
            Mistake(
                "the powers are those of ten",
                {"np.log2(np.abs(x))": "np.log10(np.abs(x))", "2.0 ** (e - 7)": "10.0 ** (e - 7)"},
                "Floating-point numbers are binary: powers of 2.",
            ),
        ),
        hints=(
            "Which power of two is the largest that is not above |x|? log2 tells.",
            "Between 2^e and 2^(e + 1) the numbers lie 2^(e - 7) apart. Round x to the nearest multiple.",
            "e = np.floor(np.log2(np.abs(x))), unit = 2.0 ** (e - 7), then np.round(x / unit) * unit.",
        ),
        praise="Near 1 the unit is 1/128: a step of 0.001 is lost.",
    ),
    Exercise(
        reference=bytes_a_parameter,
        outputs=("bytes",),
        cases=(
            Call({"weights": 2, "gradients": 2, "state": 12, "workers": 64}),
            Call({"weights": 4, "gradients": 4, "state": 8, "workers": 1}),
            Call({"weights": 2, "gradients": 4, "state": 6, "workers": 5}),
        ),
        mistakes=(
            Mistake(
                "everything is cut among the workers",
                {"weights + gradients + state / workers": "(weights + gradients + state) / workers"},
                "Only the state is: that is stage 1 of ZeRO. Each worker keeps all weights and gradients.",
            ),
            Mistake(
                "these are the bytes of all workers together",
                {"weights + gradients + state / workers": "workers * (weights + gradients) + state"},
                "Asked is what each worker keeps.",
            ),
            Mistake(
                "the gradients are cut, too",
                {"gradients": "gradients / workers"},
                "That is stage 2 of ZeRO. Here only the state is cut.",
            ),
            Mistake(
                "the state is counted for all workers together",
                {"state / workers": "state * workers"},
                "Each worker keeps its part: divide.",
            ),
        ),
        hints=(
            "What does every worker keep whole, and what only in part?",
            "Weights and gradients are whole on each worker; of the state it has 1 / workers.",
            "weights + gradients + state / workers",
        ),
        praise="With 64 workers Adam's 12 bytes of state and master weights become 0.19.",
    ),
)
