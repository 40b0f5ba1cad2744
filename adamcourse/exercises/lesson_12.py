"""Lesson 12: momentum as Keras has it, the ε of Adam's second form, and a step from a checkpoint."""

import numpy as np

from adamcourse.exercises.cases import Call, along, midway
from adamcourse.exercises.exercise import Exercise, Mistake


def keras_momentum_step(x, gradient, v, lr, beta):
    """Return the next x and v: momentum with the rate inside the velocity."""
    v = beta * v - lr * gradient
    x = x + v
    return x, v


def eps_hat(eps, beta2, t):
    """Return the ε̂ with which α √(1 - β2^t) / (1 - β1^t) · m / (√v + ε̂) is Algorithm 1."""
    return eps * np.sqrt(1 - beta2**t)


def resumed_step(x, gradient, saved, lr, beta1, beta2, eps):
    """Return the next x of Adam and the next saved: m, then v, each as long as x, then t, the steps taken."""
    m, v, t = saved[: len(x)], saved[len(x) : -1], saved[-1] + 1
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    x = x - lr * m_hat / (np.sqrt(v_hat) + eps)
    return x, np.concatenate([m, v, [t]])


V = "beta * v - lr * gradient"
READ = "(saved[:len(x)], saved[len(x):-1], saved[-1] + 1)"
SAVED = "np.concatenate([m, v, [t]])"
HYPER = {"lr": 0.07, "beta1": 0.83, "beta2": 0.985, "eps": 3e-8}

EXERCISES = (
    Exercise(
        reference=keras_momentum_step,
        outputs=("x", "v"),
        cases=(
            *along(
                keras_momentum_step,
                x=(1.0, -2.0, 0.0),
                gradients=((0.1, 10.0, 0.0), (-0.2, 20.0, 1.0), (0.3, -40.0, 0.0), (0.4, 0.0, -2.0)),
                hyper={"lr": 0.05, "beta": 0.7},
            ),
            *along(
                keras_momentum_step,
                x=((0.5, -1.0), (3.0, 0.1)),
                gradients=tuple(((2.0**t, -(3.0**t)), ((-1.0) ** t, 1e-7)) for t in range(5)),
                hyper={"lr": 0.2, "beta": 0.6},
            ),
            midway(keras_momentum_step, lr=0.07, beta=0.83),
        ),
        mistakes=(
            Mistake(
                "the rate stands outside the velocity",
                {V: "beta * v + gradient", "x + v": "x - lr * v"},
                "That is PyTorch's form: the same x as long as the rate is constant, but another v. Asked is "
                "v = beta * v - lr * gradient.",
            ),
            Mistake(
                "v is subtracted",
                {"x + v": "x - v"},
                "v points downhill already, for it has the minus in it: add it.",
            ),
            Mistake(
                "v has the sign of the gradient",
                {V: "beta * v + lr * gradient", "x + v": "x - v"},
                "In Keras the minus is inside v: v = beta * v - lr * gradient, and x + v.",
            ),
            Mistake(
                "the gradient is averaged in",
                {"lr * gradient": "lr * (1 - beta) * gradient"},
                "There is no factor 1 - beta: the gradient counts in full.",
            ),
            Mistake(
                "x moves by the old velocity",
                {"x + v": "x + _old_v"},
                "First the new v, then x + v.",
            ),
            Mistake(
                "the rate multiplies the velocity once more",
                {"x + v": "x + lr * v"},
                "The rate is in v already.",
            ),
            Mistake(
                "this looks ahead",
                {"x + v": "x + beta * v - lr * gradient"},
                "That is Keras's SGD with nesterov=True.",
            ),
        ),
        hints=(
            "Two lines: the new v, then the new x.",
            "The gradient enters v with a minus and with the rate.",
            "v = beta * v - lr * gradient, x = x + v, and return x, v.",
        ),
        praise="In this form a change of the rate reaches the old steps only slowly.",
    ),
    Exercise(
        reference=eps_hat,
        outputs=("eps_hat",),
        cases=(Call({"eps": 1e-8, "beta2": 0.999, "t": 1}), Call({"eps": 3e-6, "beta2": 0.9, "t": 7})),
        mistakes=(
            Mistake(
                "the root is missing",
                {"np.sqrt(1 - beta2**t)": "(1 - beta2**t)"},
                "ε stands beside √v, so it takes the root of the correction.",
            ),
            Mistake(
                "it is divided",
                {"eps * np.sqrt(1 - beta2**t)": "eps / np.sqrt(1 - beta2**t)"},
                "√v is smaller than √v̂ by the factor √(1 - β2^t), and ε̂ is smaller than ε by the same.",
            ),
            Mistake(
                "the exponent is missing",
                {"beta2**t": "beta2"},
                "The correction depends on the step: beta2**t.",
            ),
            Mistake(
                "eps is left as it is",
                {"eps * np.sqrt(1 - beta2**t)": "eps"},
                "Then ε acts up to 31.6 times as strongly in the second form, at the defaults.",
            ),
        ),
        hints=(
            "√v̂ = √v / √(1 - β2^t). Put that into Algorithm 1 and multiply above and below by the root.",
            "√v̂ + ε = (√v + ε √(1 - β2^t)) / √(1 - β2^t).",
            "return eps * np.sqrt(1 - beta2**t)",
        ),
        praise="This is the ε with which both forms are one at step t.",
    ),
    Exercise(
        reference=resumed_step,
        outputs=("x", "saved"),
        cases=(
            Call(
                {
                    "x": (1.0, -2.0, 0.5),
                    "gradient": (0.3, -20.0, 1e-8),
                    "saved": (0.1, -3.0, 2e-8, 0.04, 50.0, 1e-16, 12.0),
                    **HYPER,
                }
            ),
            Call({"x": (0.5,), "gradient": (-0.2,), "saved": (0.0, 0.0, 0.0), **HYPER}),
            Call(
                {
                    "x": (1.37, -2.63),
                    "gradient": (0.47, 1.9),
                    "saved": (0.29, -0.61, 0.31, 2.3, 4.0),
                    **HYPER | {"eps": 3e-3},
                }
            ),
        ),
        mistakes=(
            Mistake(
                "t is not counted on",
                {"saved[-1] + 1": "saved[-1]"},
                "t steps have been taken, and this is the next one: t = saved[-1] + 1, and that is saved.",
            ),
            Mistake(
                "t is counted on after the step",
                {"saved[-1] + 1": "saved[-1]", "[t]": "[t + 1]"},
                "t steps have been taken, and this is step t + 1: count first, then correct.",
            ),
            Mistake(
                "the new t is not saved",
                {"[t]": "[t - 1]"},
                "Save the t of this step, or the next resume corrects with an old one.",
            ),
            Mistake(
                "t begins anew",
                {"saved[-1] + 1": "1.0"},
                "t is in saved[-1]. With t = 1 the moments, which are full already, are made larger still.",
            ),
            Mistake(
                "m is lost",
                {"saved[:len(x)]": "0 * saved[:len(x)]"},
                "m is the first part of saved: saved[:len(x)].",
            ),
            Mistake(
                "v is lost",
                {"saved[len(x):-1]": "0 * saved[len(x):-1]"},
                "v is the second part of saved: saved[len(x):-1].",
            ),
            Mistake(
                "m and v are swapped",
                {READ: "(saved[len(x):-1], saved[:len(x)], saved[-1] + 1)"},
                "m comes first in the file.",
            ),
            Mistake(
                "m and v are swapped, when read and when written",
                {READ: "(saved[len(x):-1], saved[:len(x)], saved[-1] + 1)", SAVED: "np.concatenate([v, m, [t]])"},
                "m comes first in the file.",
            ),
            Mistake(
                "m and v come out of the file one number of each in turn",
                {"saved[:len(x)]": "saved[:-1:2]", "saved[len(x):-1]": "saved[1:-1:2]"},
                "All of m comes first, then all of v.",
            ),
            Mistake(
                "t is read from the front",
                {READ: "(saved[1:len(x) + 1], saved[len(x) + 1:], saved[0] + 1)"},
                "t is the last number of saved: saved[-1].",
            ),
            Mistake(
                "m, v and t are saved in another order",
                {SAVED: "np.concatenate([v, m, [t]])"},
                "m comes first, then v, then t.",
            ),
            Mistake(
                "the corrected moments are saved",
                {SAVED: "np.concatenate([m_hat, v_hat, [t]])"},
                "m_hat and v_hat are for this step only. Save m and v themselves.",
            ),
            Mistake(
                "the step is made with the moments as they were saved",
                {
                    "m / (1 - beta1**t)": "saved[:len(x)] / (1 - beta1**t)",
                    "v / (1 - beta2**t)": "saved[len(x):-1] / (1 - beta2**t)",
                },
                "Update m and v with the gradient first.",
            ),
            Mistake(
                "nothing new is saved",
                {SAVED: "saved"},
                "Save the new m, v and t: np.concatenate([m, v, [t]]).",
            ),
        ),
        hints=(
            "Cut saved into its three parts, take a step of Adam, and join the new parts.",
            "m = saved[:len(x)], v = saved[len(x):-1], t = saved[-1] + 1. Then lesson 06.",
            "return x, np.concatenate([m, v, [t]])",
        ),
        praise="A training that is resumed so goes on as if nothing had been.",
    ),
)
