"""Lesson 11: a step of AMSGrad, the solution of smallest norm, and the rate that SWATS reads off a step of Adam."""

import numpy as np

from adamcourse.exercises.cases import Call, along, midway
from adamcourse.exercises.exercise import Exercise, Mistake


def amsgrad_step(x, gradient, m, v, v_max, lr, beta1, beta2, eps):
    """Return the next x, m, v and v_max, as in the paper: without bias correction, eps added to the root."""
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    v_max = np.maximum(v_max, v)
    x = x - lr * m / (np.sqrt(v_max) + eps)
    return x, m, v, v_max


def minimum_norm(X, y):
    """Return the shortest w with X w = y, for X with more columns than rows."""
    return X.T @ np.linalg.solve(X @ X.T, y)


def projected_rate(p, g):
    """Return γ with which the projection of -γ g onto p is p itself."""
    return p @ p / -(p @ g)


SOLVED = "np.linalg.solve(X @ X.T, y)"
RATE = "p @ p / -(p @ g)"
HYPER = {"lr": 0.07, "beta1": 0.83, "beta2": 0.93, "eps": 3e-8}

EXERCISES = (
    Exercise(
        reference=amsgrad_step,
        outputs=("x", "m", "v", "v_max"),
        cases=(
            *along(
                amsgrad_step,
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
            *along(
                amsgrad_step,
                x=((0.5, -1.0), (3.0, 0.1)),
                gradients=tuple(((2.0**-t, -(3.0**t)), ((-0.5) ** t, 1e-7)) for t in range(5)),
                hyper=HYPER | {"lr": 0.2},
            ),
            midway(amsgrad_step, **HYPER | {"eps": 3e-3}),
        ),
        mistakes=(
            Mistake(
                "there is no maximum",
                {"np.sqrt(v_max)": "np.sqrt(v)"},
                "This divides by v, which forgets. Divide by the largest v so far.",
            ),
            Mistake(
                "the maximum is fed back into v",
                {"x, m, v, v_max": "x, m, v_max, v_max"},
                "v goes on as the running mean, beside v_max. Hand both on, each as itself.",
            ),
            Mistake(
                "the maximum is not handed on",
                {"x, m, v, v_max": "x, m, v, _old_v_max"},
                "Without it every step begins with the maximum 0. Return the new v_max.",
            ),
            Mistake(
                "the largest squared gradient is kept",
                {"np.maximum(v_max, v)": "np.maximum(v_max, gradient**2)"},
                "The maximum is that of the running mean v, not of single squared gradients.",
            ),
            Mistake(
                "the smaller one is kept",
                {"np.maximum(v_max, v)": "np.minimum(v_max, v)"},
                "np.maximum: the steps must not grow again.",
            ),
            Mistake(
                "all coordinates share one maximum",
                {"np.maximum(v_max, v)": "np.maximum(v_max, v.max())"},
                "Each coordinate has a maximum of its own: np.maximum(v_max, v).",
            ),
            Mistake(
                "the maximum is a step late",
                {"np.maximum(v_max, v)": "np.maximum(v_max, _old_v)"},
                "Compare with the new v, not with the one that came in.",
            ),
            Mistake(
                "eps is inside the root",
                {"np.sqrt(v_max) + eps": "np.sqrt(v_max + eps)"},
                "Add it after the root, as in lesson 06.",
            ),
            Mistake(
                "the root is missing",
                {"np.sqrt(v_max)": "v_max"},
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
                {SOLVED: "y"},
                "It points the right way for one example only. Solve X Xᵀ a = y first, then w = Xᵀ a.",
            ),
            Mistake(
                "only the signs are used",
                lambda X, y: np.sign(X.T @ y) * np.mean(np.abs(y)) / np.abs(X).sum(axis=1).mean(),
                "That is the way of the adaptive methods. The shortest w lies in the span of the rows: w = Xᵀ a.",
            ),
            Mistake(
                "a ridge is added",
                {"X @ X.T": "X @ X.T + np.eye(len(X))"},
                "With a ridge X w is no longer y. X Xᵀ can be solved as it is: there are more columns than rows.",
            ),
            *(
                Mistake(
                    f"a ridge of {ridge} is added",
                    {"X @ X.T": f"X @ X.T + {ridge} * np.eye(len(X))"},
                    "With a ridge X w is no longer y. X Xᵀ can be solved as it is: there are more columns than rows.",
                )
                for ridge in ("1e-8", "1e-6", "1e-3", "0.01", "0.1")
            ),
            Mistake(
                "only the diagonal of X Xᵀ is used",
                {SOLVED: "(y / np.diag(X @ X.T))"},
                "That is right where the rows are at right angles. Solve the whole system.",
            ),
            Mistake(
                "each entry of X Xᵀ is inverted by itself",
                {SOLVED: "(1 / (X @ X.T) @ y)"},
                "The inverse of a matrix is another one: np.linalg.solve.",
            ),
            Mistake(
                "this solves X w = y, with zeros in the last columns",
                {f"X.T @ {SOLVED}": "np.pad(np.linalg.solve(X[:, : len(X)], y), (0, X.shape[1] - len(X)))"},
                "It is a solution, and not the shortest. w has to lie in the span of the rows: w = Xᵀ a.",
            ),
            Mistake(
                "this is the length of w",
                {f"X.T @ {SOLVED}": f"np.linalg.norm(X.T @ {SOLVED})"},
                "Asked is the shortest w itself.",
            ),
            Mistake(
                "w is scaled to the length 1",
                {f"X.T @ {SOLVED}": f"X.T @ {SOLVED} / np.linalg.norm(X.T @ {SOLVED})"},
                "Then X w is no longer y. The shortest solution has whatever length it needs.",
            ),
            Mistake(
                "it is multiplied by X Xᵀ",
                {SOLVED: "(X @ X.T @ y)"},
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
                {"-(p @ g)": "p @ g"},
                "p points down and g up, so p·g is negative, and the rate is to be positive.",
            ),
            Mistake(
                "your rate is never negative",
                {"-(p @ g)": "abs(p @ g)"},
                "Where a step leads uphill, p·g is positive and the rate negative. Take no absolute value.",
            ),
            Mistake(
                "this is the projection of p onto -g",
                {RATE: "-(p @ g) / (g @ g)"},
                "Asked is the other one: how long must -γ g be so that its shadow on p is all of p?",
            ),
            Mistake(
                "this is the quotient of the lengths",
                {RATE: "np.linalg.norm(p) / np.linalg.norm(g)"},
                "That would be right if p were parallel to -g. Else -γ g must be longer to cast so long a shadow.",
            ),
            Mistake(
                "it is upside down",
                {RATE: "-(p @ g) / (p @ p)"},
                "Solve γ · (-p·g) / (p·p) = 1 for γ.",
            ),
            Mistake(
                "the sums are multiplied",
                {RATE: "-(p.sum() ** 2) / (p.sum() * g.sum())"},
                "A scalar product adds up the products of the coordinates: p @ g.",
            ),
            Mistake(
                "this is the rate for momentum",
                {RATE: "p @ p / -(p @ g) / (1 - 0.9)"},
                "SWATS divides by 1 - beta1 later. Asked is γ itself.",
            ),
            Mistake(
                "this is a mean of quotients",
                {RATE: "np.mean(-p / g)"},
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
