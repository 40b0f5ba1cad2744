"""Lesson 12: momentum as Keras has it, the ε of Adam's second form, and a step from a checkpoint."""

import numpy as np

from adamcourse.exercises.exercise import Call, Exercise, Mistake, Stream
from adamcourse.exercises.lesson_06 import adam_step


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


def resumed_with(read=lambda m, v, t: (m, v, t + 1), write=lambda m, v, t: (m, v, t)):
    """Return a resumed step that reads or writes something else than it should."""

    def step(x, gradient, saved, lr, beta1, beta2, eps):
        m, v, t = read(saved[: len(x)], saved[len(x) : -1], saved[-1])
        x, m, v = adam_step(x, gradient, m, v, t, lr, beta1, beta2, eps)
        m, v, t = write(m, v, t)
        return x, np.concatenate([m, v, [t]])

    return step


HYPER = {"lr": 0.05, "beta1": 0.8, "beta2": 0.99, "eps": 3e-8}

EXERCISES = (
    Exercise(
        reference=keras_momentum_step,
        outputs=("x", "v"),
        cases=(
            Stream(
                x=(1.0, -2.0, 0.0),
                gradients=((0.1, 10.0, 0.0), (-0.2, 20.0, 1.0), (0.3, -40.0, 0.0), (0.4, 0.0, -2.0)),
                hyper={"lr": 0.05, "beta": 0.7},
            ),
            Stream(
                x=((0.5, -1.0), (3.0, 0.1)),
                gradients=tuple(((2.0**t, -(3.0**t)), ((-1.0) ** t, 1e-7)) for t in range(5)),
                hyper={"lr": 0.2, "beta": 0.6},
            ),
        ),
        mistakes=(
            Mistake(
                "the rate stands outside the velocity",
                lambda x, g, v, lr, beta: (x - lr * (beta * v + g), beta * v + g),
                "That is PyTorch's form: the same x as long as the rate is constant, but another v. Asked is "
                "v = beta * v - lr * gradient.",
            ),
            Mistake(
                "v is subtracted",
                lambda x, g, v, lr, beta: (x - (beta * v - lr * g), beta * v - lr * g),
                "v points downhill already, for it has the minus in it: add it.",
            ),
            Mistake(
                "v has the sign of the gradient",
                lambda x, g, v, lr, beta: (x - (lr * g - beta * -v), beta * v + lr * g),
                "In Keras the minus is inside v: v = beta * v - lr * gradient, and x + v.",
            ),
            Mistake(
                "the gradient is averaged in",
                lambda x, g, v, lr, beta: (x + beta * v - lr * (1 - beta) * g, beta * v - lr * (1 - beta) * g),
                "There is no factor 1 - beta: the gradient counts in full.",
            ),
            Mistake(
                "x moves by the old velocity",
                lambda x, g, v, lr, beta: (x + v, beta * v - lr * g),
                "First the new v, then x + v.",
            ),
            Mistake(
                "the rate multiplies the velocity once more",
                lambda x, g, v, lr, beta: (x + lr * (beta * v - lr * g), beta * v - lr * g),
                "The rate is in v already.",
            ),
            Mistake(
                "this looks ahead",
                lambda x, g, v, lr, beta: (x + beta * (beta * v - lr * g) - lr * g, beta * v - lr * g),
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
                lambda eps, beta2, t: eps * (1 - beta2**t),
                "ε stands beside √v, so it takes the root of the correction.",
            ),
            Mistake(
                "it is divided",
                lambda eps, beta2, t: eps / np.sqrt(1 - beta2**t),
                "√v is smaller than √v̂ by the factor √(1 - β2^t), and ε̂ is smaller than ε by the same.",
            ),
            Mistake(
                "the exponent is missing",
                lambda eps, beta2, t: eps * np.sqrt(1 - beta2),
                "The correction depends on the step: beta2**t.",
            ),
            Mistake(
                "eps is left as it is",
                lambda eps, beta2, t: eps,
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
        ),
        mistakes=(
            Mistake(
                "t is not counted on",
                resumed_with(read=lambda m, v, t: (m, v, t)),
                "t steps have been taken, and this is the next one: t = saved[-1] + 1, and that is saved.",
            ),
            Mistake(
                "t is counted on after the step",
                resumed_with(read=lambda m, v, t: (m, v, t), write=lambda m, v, t: (m, v, t + 1)),
                "t steps have been taken, and this is step t + 1: count first, then correct.",
            ),
            Mistake(
                "the new t is not saved",
                resumed_with(write=lambda m, v, t: (m, v, t - 1)),
                "Save the t of this step, or the next resume corrects with an old one.",
            ),
            Mistake(
                "t begins anew",
                resumed_with(read=lambda m, v, t: (m, v, 1.0)),
                "t is in saved[-1]. With t = 1 the moments, which are full already, are made larger still.",
            ),
            Mistake(
                "m is lost",
                resumed_with(read=lambda m, v, t: (np.zeros_like(m), v, t + 1)),
                "m is the first part of saved: saved[:len(x)].",
            ),
            Mistake(
                "v is lost",
                resumed_with(read=lambda m, v, t: (m, np.zeros_like(v), t + 1)),
                "v is the second part of saved: saved[len(x):-1].",
            ),
            Mistake(
                "m and v are swapped",
                resumed_with(read=lambda m, v, t: (v, m, t + 1)),
                "m comes first in the file.",
            ),
            Mistake(
                "m and v are swapped, when read and when written",
                resumed_with(read=lambda m, v, t: (v, m, t + 1), write=lambda m, v, t: (v, m, t)),
                "m comes first in the file.",
            ),
            Mistake(
                "nothing new is saved",
                lambda x, g, saved, lr, b1, b2, eps: (
                    adam_step(x, g, saved[: len(x)], saved[len(x) : -1], saved[-1] + 1, lr, b1, b2, eps)[0],
                    saved,
                ),
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
