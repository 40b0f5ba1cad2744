"""Lesson 06: one step of Adam, and the ways in which published ones have been wrong."""

import numpy as np

from adamcourse.exercises.cases import along, midway
from adamcourse.exercises.exercise import Exercise, Mistake
from adamcourse.exercises.lesson_05 import NOT_SQUARED


def adam_step(x, gradient, m, v, t, lr, beta1, beta2, eps):
    """Return the next x, m and v: Algorithm 1 of Kingma and Ba 2015."""
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    x = x - lr * m_hat / (np.sqrt(v_hat) + eps)
    return x, m, v


ROOT = "np.sqrt(v_hat) + eps"
STEP = "lr * m_hat / (np.sqrt(v_hat) + eps)"
M, V, M_HAT, V_HAT = "(1 - beta1) * gradient", "(1 - beta2) * gradient**2", "m / (1 - beta1**t)", "v / (1 - beta2**t)"

MISTAKES = (
    Mistake(
        "there is no bias correction",
        {M_HAT: "m", V_HAT: "v"},
        "m and v start at 0 and are too small at first, v more than m where β2 is near 1, so that the first steps are "
        "too long: 3.16 α at the defaults. Divide m by 1 - beta1**t and v by 1 - beta2**t.",
    ),
    Mistake(
        "only m is corrected",
        {V_HAT: "v"},
        "v starts at 0 as well, and fills more slowly: uncorrected, it makes the first step 31.6 α at the defaults.",
    ),
    Mistake(
        "only v is corrected",
        {M_HAT: "m"},
        "m starts at 0 as well: without its correction the first step is a tenth of α at the defaults.",
    ),
    Mistake(
        "the exponent t is missing in the correction",
        {"beta1**t": "beta1", "beta2**t": "beta2"},
        "1 - beta is right at t = 1 alone. The correction has to fade: 1 - beta**t.",
    ),
    Mistake(
        "the brackets of the correction are missing",
        {M_HAT: "m / 1 - beta1**t", V_HAT: "v / 1 - beta2**t"},
        "m / 1 - beta1**t is (m / 1) - beta1**t. Write m / (1 - beta1**t).",
    ),
    Mistake(
        "beta is multiplied by t in your correction",
        {"beta1**t": "beta1 * t", "beta2**t": "beta2 * t"},
        "It is a power: beta**t.",
    ),
    Mistake(
        "the whole bracket is raised to the power t",
        {"1 - beta1**t": "(1 - beta1) ** t", "1 - beta2**t": "(1 - beta2) ** t"},
        "Only beta is raised: 1 - beta**t.",
    ),
    Mistake(
        "v is corrected with beta1",
        {"beta2**t": "beta1**t"},
        "v was averaged with beta2, so its correction is 1 - beta2**t.",
    ),
    Mistake(
        "m_hat and v_hat are computed before m and v are updated",
        {M_HAT: "_old_m / (1 - beta1**t)", V_HAT: "_old_v / (1 - beta2**t)"},
        "Update m and v with the new gradient first, then correct them.",
    ),
    Mistake(
        "t starts at 0 in your correction",
        {"beta1**t": "beta1 ** (t - 1)", "beta2**t": "beta2 ** (t - 1)"},
        "1 - beta**0 is 0, and nothing can be divided by 0. The first step has t = 1, and t comes to you ready to use.",
    ),
    Mistake(
        "t is one too large in your correction",
        {"beta1**t": "beta1 ** (t + 1)", "beta2**t": "beta2 ** (t + 1)"},
        "t has been counted already: it is 1 at the first step. With 2 the first step is 0.74 α at the defaults.",
    ),
    Mistake(
        "the correction is multiplied",
        {M_HAT: "m * (1 - beta1**t)", V_HAT: "v * (1 - beta2**t)"},
        "The moments are too small at first. Divide by 1 - beta**t, which is below 1, to make them larger.",
    ),
    Mistake(
        "the corrected moments are handed on",
        {"x, m, v": "x, m_hat, v_hat"},
        "m_hat and v_hat are for this step only. Return m and v themselves, or they are corrected again and again.",
    ),
    Mistake(
        "the corrected m is handed on",
        {"x, m, v": "x, m_hat, v"},
        "m_hat is for this step only. Return m itself.",
    ),
    Mistake(
        "the corrected v is handed on",
        {"x, m, v": "x, m, v_hat"},
        "v_hat is for this step only. Return v itself.",
    ),
    Mistake(
        "the state is not handed on",
        {"x, m, v": "x, _old_m, _old_v"},
        "Return the new m and v: without them every step begins with an empty memory.",
    ),
    *NOT_SQUARED,
    Mistake(
        "v averages the square of m",
        {"gradient**2": "m**2"},
        "v is the mean of gradient**2, the square of each gradient, not of their average.",
    ),
    Mistake(
        "v averages the square of how far the gradient is from m",
        {"gradient**2": "(gradient - m) ** 2"},
        "That is AdaBelief. Adam's v is the mean of gradient**2.",
    ),
    Mistake(
        "1 - beta2 is squared with the gradient",
        {V: "((1 - beta2) * gradient) ** 2"},
        "Only the gradient is squared: (1 - beta2) * gradient**2.",
    ),
    Mistake(
        "the new gradient is added in full",
        {M: "gradient", V: "gradient**2"},
        "Averages have weights that add up to 1: multiply the gradient by 1 - beta1, and its square by 1 - beta2.",
    ),
    Mistake(
        "all coordinates share one v",
        {"gradient**2": "np.sum(gradient**2)"},
        "v has one number for each coordinate: gradient**2, without a sum.",
    ),
    Mistake(
        "the root is missing",
        {"np.sqrt(v_hat)": "v_hat"},
        "v has the unit of the gradient squared. Divide by its root, so that the step does not depend on the unit.",
    ),
    Mistake(
        "you multiply by the root",
        {STEP: "lr * m_hat * (np.sqrt(v_hat) + eps)"},
        "A steep coordinate then makes longer steps; divide, and all coordinates take steps of like length.",
    ),
    Mistake(
        "eps is inside the root",
        {ROOT: "np.sqrt(v_hat + eps)"},
        "Where v is tiny, 1e-8 inside acts like 1e-4 outside, and such gradients hardly move. Add it after the root.",
    ),
    Mistake(
        "eps is added to the uncorrected root",
        {ROOT: "(np.sqrt(v) + eps) / np.sqrt(1 - beta2**t)"},
        "This is the paper's second form, which needs eps * sqrt(1 - beta2**t) in the place of eps. As it stands eps "
        "acts 31.6 times stronger at the first step, at the defaults.",
    ),
    Mistake(
        "eps is missing",
        {ROOT: "np.sqrt(v_hat)"},
        "Where the gradient has been 0 so far, 0 / 0 is no number. Add eps to the root.",
    ),
    Mistake(
        "eps is added to the quotient",
        {STEP: "lr * (m_hat / np.sqrt(v_hat) + eps)"},
        "Division comes before addition: put the denominator in brackets, (np.sqrt(v_hat) + eps).",
    ),
    Mistake(
        "eps is added to x",
        {f"x - {STEP}": "x - lr * m_hat / np.sqrt(v_hat) + eps"},
        "Division comes before addition: put the denominator in brackets, (np.sqrt(v_hat) + eps).",
    ),
    Mistake(
        "beta1 and beta2 are swapped",
        {"beta1": "beta2", "beta2": "beta1"},
        "beta1 belongs to m, beta2 to v.",
    ),
    Mistake(
        "beta and 1 - beta are swapped",
        {
            f"beta1 * m + {M}": "(1 - beta1) * m + beta1 * gradient",
            f"beta2 * v + {V}": "(1 - beta2) * v + beta2 * gradient**2",
        },
        "beta is how much of the old moment is kept; 1 - beta is what the new gradient counts.",
    ),
    Mistake(
        "m takes in 1 - beta2 of the gradient",
        {M: "(1 - beta2) * gradient"},
        "The two weights of an average add up to 1: beta1 and 1 - beta1.",
    ),
    Mistake(
        "v keeps beta1 of itself",
        {f"beta2 * v + {V}": "beta1 * v + (1 - beta1) * gradient**2"},
        "v has its own, longer memory: beta2.",
    ),
    Mistake(
        "the step uses the gradient and not m_hat",
        {STEP: "lr * gradient / (np.sqrt(v_hat) + eps)"},
        "That is RMSprop with a correction. Adam walks along the first moment.",
    ),
    Mistake(
        "the step mixes the gradient into m_hat",
        {STEP: "lr * (beta1 * m_hat + (1 - beta1) * gradient / (1 - beta1**t)) / (np.sqrt(v_hat) + eps)"},
        "That is NAdam, with Nesterov's look ahead. Adam walks along m_hat.",
    ),
    Mistake("you walk uphill", {f"x - {STEP}": f"x + {STEP}"}, "Subtract the step."),
    Mistake(
        "beta1 and beta2 are fixed at 0.9 and 0.999",
        {"beta1": "0.9", "beta2": "0.999"},
        "Use the arguments: the check calls your function with other values.",
    ),
    Mistake(
        "the length of the step is cut to lr",
        {STEP: "lr * np.clip(m_hat / (np.sqrt(v_hat) + eps), -1, 1)"},
        "Adam's steps can be longer than lr when gradients grow. Lesson 07 says by how much.",
    ),
)


HYPER = {"lr": 0.07, "beta1": 0.83, "beta2": 0.985, "eps": 3e-8}

EXERCISES = (
    Exercise(
        reference=adam_step,
        outputs=("x", "m", "v"),
        cases=(
            *along(
                adam_step,
                x=(1.0, -2.0, 0.5, 0.0),
                gradients=(  # the first coordinate grows by β2 / β1 each step, which makes steps longer than α
                    (0.1, 10.0, 1e-8, 0.0),
                    (0.124, 20.0, -3e-8, 0.0),
                    (0.154, -40.0, 2e-8, 0.0),
                    (0.191, 0.0, 1e-8, 1.0),
                    (0.236, 5.0, -1e-8, 0.0),
                    (0.293, -7.0, 4e-8, -2.0),
                ),
                hyper=HYPER,
            ),
            *along(
                adam_step,
                x=((0.5, -1.0), (3.0, 0.0), (0.0, 1.0)),
                gradients=tuple(
                    ((3.0**t, -(2.0**t)), ((-1.0) ** t * 1e-7, 0.0), (0.5, 1e3 if t == 3 else 1e-3)) for t in range(5)
                ),
                hyper=HYPER | {"lr": 0.3},
            ),
            midway(adam_step, t=5, **HYPER | {"eps": 3e-3}),
        ),
        mistakes=MISTAKES,
        hints=(
            "Five lines and a return: the new m, the new v, m_hat, v_hat, and the new x.",
            "m = beta1 * m + (1 - beta1) * gradient, and v alike with beta2 and gradient**2. Then divide each by its "
            "1 - beta**t, under new names: the uncorrected m and v are what you return.",
            "x = x - lr * m_hat / (np.sqrt(v_hat) + eps), and return x, m, v.",
        ),
        praise="This is Adam. The same lines will train the digits at the end of this lesson.",
    ),
)
