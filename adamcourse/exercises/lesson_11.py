"""Lesson 11: a step of AMSGrad, the solution of smallest norm, and the rate that SWATS reads off a step of Adam."""

import numpy as np

from adamcourse.exercises.exercise import Call, Exercise, Mistake, Stream


def amsgrad_step(x, gradient, m, v, v_max, lr, beta1, beta2, eps):
    """Return the next x, m, v and v_max, as in the paper: without bias correction, eps added to the root."""
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    v_max = np.maximum(v_max, v)
    x = x - lr * m / (np.sqrt(v_max) + eps)
    return x, m, v, v_max


def amsgrad_with(
    largest=lambda v_max, v, g, old: np.maximum(v_max, v),
    divide=lambda m, v, v_max, eps: m / (np.sqrt(v_max) + eps),
    keep=lambda v, v_max, old_max: (v, v_max),
):
    """Return a step of AMSGrad with a line replaced: the maximum, the quotient, or what is handed on."""

    def step(x, gradient, m, v, v_max, lr, beta1, beta2, eps):
        m, old = beta1 * m + (1 - beta1) * gradient, v
        v = beta2 * v + (1 - beta2) * gradient**2
        new = largest(v_max, v, gradient, old)
        return x - lr * divide(m, v, new, eps), m, *keep(v, new, v_max)

    return step


def minimum_norm(X, y):
    """Return the shortest w with X w = y, for X with more columns than rows."""
    return X.T @ np.linalg.solve(X @ X.T, y)


def projected_rate(p, g):
    """Return γ with which the projection of -γ g onto p is p itself."""
    return p @ p / -(p @ g)


HYPER = {"lr": 0.05, "beta1": 0.8, "beta2": 0.9, "eps": 3e-8}

EXERCISES = (
    Exercise(
        reference=amsgrad_step,
        outputs=("x", "m", "v", "v_max"),
        cases=(
            Stream(
                x=(1.0, -2.0, 0.5, 0.0),
                gradients=(
                    (0.1, 10.0, 1e-8, 0.0),
                    (-0.2, 20.0, -3e-8, 0.0),
                    (0.3, -4.0, 2e-8, 0.0),
                    (0.01, 0.5, 1e-8, 1.0),
                    (-0.02, 0.0, 3e-8, -0.1),
                ),
                hyper=HYPER,
            ),
            Stream(
                x=((0.5, -1.0), (3.0, 0.1)),
                gradients=tuple(((2.0**-t, -(3.0**t)), ((-0.5) ** t, 1e-7)) for t in range(5)),
                hyper=HYPER | {"lr": 0.2},
            ),
        ),
        mistakes=(
            Mistake(
                "there is no maximum",
                amsgrad_with(divide=lambda m, v, v_max, eps: m / (np.sqrt(v) + eps)),
                "This divides by v, which forgets. Divide by the largest v so far.",
            ),
            Mistake(
                "the maximum is fed back into v",
                amsgrad_with(keep=lambda v, v_max, old: (v_max, v_max)),
                "v goes on as the running mean, beside v_max. Hand both on, each as itself.",
            ),
            Mistake(
                "the maximum is not handed on",
                amsgrad_with(keep=lambda v, v_max, old: (v, old)),
                "Without it every step begins with the maximum 0. Return the new v_max.",
            ),
            Mistake(
                "the largest squared gradient is kept",
                amsgrad_with(largest=lambda v_max, v, g, old: np.maximum(v_max, g**2)),
                "The maximum is that of the running mean v, not of single squared gradients.",
            ),
            Mistake(
                "the smaller one is kept",
                amsgrad_with(largest=lambda v_max, v, g, old: np.minimum(v_max, v)),
                "np.maximum: the steps must not grow again.",
            ),
            Mistake(
                "all coordinates share one maximum",
                amsgrad_with(largest=lambda v_max, v, g, old: np.maximum(v_max, v.max())),
                "Each coordinate has a maximum of its own: np.maximum(v_max, v).",
            ),
            Mistake(
                "the maximum is a step late",
                amsgrad_with(largest=lambda v_max, v, g, old: np.maximum(v_max, old)),
                "Compare with the new v, not with the one that came in.",
            ),
            Mistake(
                "eps is inside the root",
                amsgrad_with(divide=lambda m, v, v_max, eps: m / np.sqrt(v_max + eps)),
                "Add it after the root, as in lesson 06.",
            ),
            Mistake(
                "the root is missing",
                amsgrad_with(divide=lambda m, v, v_max, eps: m / (v_max + eps)),
                "v_max is a mean of squares: divide by its root.",
            ),
        ),
        hints=(
            "Begin with Adam's m and v. One line comes after them, and the last line uses its result.",
            "np.maximum(v_max, v) keeps the larger one in each coordinate.",
            "v_max = np.maximum(v_max, v), then x = x - lr * m / (np.sqrt(v_max) + eps).",
        ),
        praise="No step of yours can become longer again by forgetting, nor where gradients become small for good.",
    ),
    Exercise(
        reference=minimum_norm,
        outputs=("w",),
        cases=(
            Call({"X": ((1.0, 2.0, 0.0), (0.0, 1.0, -1.0)), "y": (1.0, 3.0)}),
            Call({"X": ((2.0, -1.0, 0.5, 1.0, 3.0),), "y": (-2.0,)}),
        ),
        mistakes=(
            Mistake(
                "this is Xᵀ y alone",
                lambda X, y: X.T @ y,
                "It points the right way for one example only. Solve X Xᵀ a = y first, then w = Xᵀ a.",
            ),
            Mistake(
                "only the signs are used",
                lambda X, y: np.sign(X.T @ y) * np.mean(np.abs(y)) / np.abs(X).sum(axis=1).mean(),
                "That is the way of the adaptive methods. The shortest w lies in the span of the rows: w = Xᵀ a.",
            ),
            Mistake(
                "a ridge is added",
                lambda X, y: X.T @ np.linalg.solve(X @ X.T + np.eye(len(X)), y),
                "With a ridge X w is no longer y. X Xᵀ can be solved as it is: there are more columns than rows.",
            ),
            Mistake(
                "it is multiplied by X Xᵀ",
                lambda X, y: X.T @ (X @ X.T @ y),
                "a = (X Xᵀ)⁻¹ y: np.linalg.solve.",
            ),
        ),
        hints=(
            "Gradient descent from 0 only ever adds rows of X, so w = Xᵀ a for some a.",
            "Put w = Xᵀ a into X w = y. What is to be solved for a?",
            "return X.T @ np.linalg.solve(X @ X.T, y)",
        ),
        praise="This is where gradient descent from 0 arrives when there are more weights than examples.",
    ),
    Exercise(
        reference=projected_rate,
        outputs=("rate",),
        cases=(
            Call({"p": (-0.1, -0.1), "g": (1.0, 3.0)}),
            Call({"p": (0.2, -0.1, 0.05), "g": (-4.0, -1.0, 0.5)}),
            Call({"p": (0.2, -0.1), "g": (1.0, 0.5)}),  # a step that leads uphill
        ),
        mistakes=(
            Mistake(
                "the sign is turned round",
                lambda p, g: p @ p / (p @ g),
                "p points down and g up, so p·g is negative, and the rate is to be positive.",
            ),
            Mistake(
                "your rate is never negative",
                lambda p, g: p @ p / abs(p @ g),
                "Where a step leads uphill, p·g is positive and the rate negative. Take no absolute value.",
            ),
            Mistake(
                "this is the projection of p onto -g",
                lambda p, g: -(p @ g) / (g @ g),
                "Asked is the other one: how long must -γ g be so that its shadow on p is all of p?",
            ),
            Mistake(
                "this is the quotient of the lengths",
                lambda p, g: np.linalg.norm(p) / np.linalg.norm(g),
                "That would be right if p were parallel to -g. Else -γ g must be longer to cast so long a shadow.",
            ),
            Mistake(
                "it is upside down",
                lambda p, g: -(p @ g) / (p @ p),
                "Solve γ · (-p·g) / (p·p) = 1 for γ.",
            ),
            Mistake(
                "this is a mean of quotients",
                lambda p, g: np.mean(-p / g),
                "These are the rates of single coordinates. Use the products of whole vectors, p @ g.",
            ),
        ),
        hints=(
            "The projection of a vector a onto p is (a·p / p·p) p.",
            "With a = -γ g this is p when -γ g·p / p·p = 1.",
            "return p @ p / -(p @ g)",
        ),
        praise="If p is a step of gradient descent, p = -c g, this finds c.",
    ),
)
