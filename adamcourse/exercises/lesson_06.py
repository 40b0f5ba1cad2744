"""Lesson 06: one step of Adam, and the ways in which published ones have been wrong."""

import numpy as np

from adamcourse.exercises.exercise import Exercise, Mistake, Stream


def adam_step(x, gradient, m, v, t, lr, beta1, beta2, eps):
    """Return the next x, m and v: Algorithm 1 of Kingma and Ba 2015."""
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    x = x - lr * m_hat / (np.sqrt(v_hat) + eps)
    return x, m, v


def adam_with(
    first=lambda m, g, b1, b2: b1 * m + (1 - b1) * g,
    second=lambda v, g, b1, b2: b2 * v + (1 - b2) * g**2,
    correct_m=lambda m, b1, t: m / (1 - b1**t),
    correct_v=lambda v, b2, t: v / (1 - b2**t),
    move=lambda m_hat, v_hat, lr, eps, g: lr * m_hat / (np.sqrt(v_hat) + eps),
    keep=lambda old, new, hats: new,
):
    """Return a step of Adam with some of its lines replaced: a mistake is one line that differs."""

    def step(x, gradient, m, v, t, lr, beta1, beta2, eps):
        new = first(m, gradient, beta1, beta2), second(v, gradient, beta1, beta2)
        hats = correct_m(new[0], beta1, t), correct_v(new[1], beta2, t)
        return x - move(*hats, lr, eps, gradient), *keep((m, v), new, hats)

    return step


def _as_it_is(moment, beta, t):
    return moment


def _at(shift):
    return lambda moment, beta, t: moment / (1 - beta ** (t + shift))


def _multiplied(moment, beta, t):
    return moment * (1 - beta**t)


def _hats_of_the_old(x, gradient, m, v, t, lr, beta1, beta2, eps):
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    _, m, v = adam_step(x, gradient, m, v, t, lr, beta1, beta2, eps)
    return x - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


def _of_m(x, gradient, m, v, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * m**2
    return x - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def _with_eps_hat(x, gradient, m, v, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return x - rate * m / (np.sqrt(v) + eps), m, v


MISTAKES = (
    Mistake(
        "there is no bias correction",
        adam_with(correct_m=_as_it_is, correct_v=_as_it_is),
        "m and v start at 0 and are too small at first, v more than m where β2 is near 1, so that the first steps are "
        "too long: 3.16 α at the defaults. Divide m by 1 - beta1**t and v by 1 - beta2**t.",
    ),
    Mistake(
        "only m is corrected",
        adam_with(correct_v=_as_it_is),
        "v starts at 0 as well, and fills more slowly: uncorrected, it makes the first step 31.6 α at the defaults.",
    ),
    Mistake(
        "only v is corrected",
        adam_with(correct_m=_as_it_is),
        "m starts at 0 as well: without its correction the first step is a tenth of α at the defaults.",
    ),
    Mistake(
        "the exponent t is missing in the correction",
        adam_with(correct_m=lambda m, b1, t: m / (1 - b1), correct_v=lambda v, b2, t: v / (1 - b2)),
        "1 - beta is right at t = 1 alone. The correction has to fade: 1 - beta**t.",
    ),
    Mistake(
        "the brackets of the correction are missing",
        adam_with(correct_m=lambda m, b1, t: m / 1 - b1**t, correct_v=lambda v, b2, t: v / 1 - b2**t),
        "m / 1 - beta1**t is (m / 1) - beta1**t. Write m / (1 - beta1**t).",
    ),
    Mistake(
        "beta is multiplied by t in your correction",
        adam_with(correct_m=lambda m, b1, t: m / (1 - b1 * t), correct_v=lambda v, b2, t: v / (1 - b2 * t)),
        "It is a power: beta**t.",
    ),
    Mistake(
        "the whole bracket is raised to the power t",
        adam_with(correct_m=lambda m, b1, t: m / (1 - b1) ** t, correct_v=lambda v, b2, t: v / (1 - b2) ** t),
        "Only beta is raised: 1 - beta**t.",
    ),
    Mistake(
        "v is corrected with beta1",
        lambda x, g, m, v, t, lr, b1, b2, eps: adam_with(correct_v=lambda v, b, t: v / (1 - b1**t))(
            x, g, m, v, t, lr, b1, b2, eps
        ),
        "v was averaged with beta2, so its correction is 1 - beta2**t.",
    ),
    Mistake(
        "m_hat and v_hat are computed before m and v are updated",
        _hats_of_the_old,
        "Update m and v with the new gradient first, then correct them.",
    ),
    Mistake(
        "t starts at 0 in your correction",
        adam_with(correct_m=_at(-1), correct_v=_at(-1)),
        "1 - beta**0 is 0, and nothing can be divided by 0. The first step has t = 1, and t comes to you ready to use.",
    ),
    Mistake(
        "t is one too large in your correction",
        adam_with(correct_m=_at(+1), correct_v=_at(+1)),
        "t has been counted already: it is 1 at the first step. With 2 the first step is 0.74 α at the defaults.",
    ),
    Mistake(
        "the correction is multiplied",
        adam_with(correct_m=_multiplied, correct_v=_multiplied),
        "The moments are too small at first. Divide by 1 - beta**t, which is below 1, to make them larger.",
    ),
    Mistake(
        "the corrected moments are handed on",
        adam_with(keep=lambda old, new, hats: hats),
        "m_hat and v_hat are for this step only. Return m and v themselves, or they are corrected again and again.",
    ),
    Mistake(
        "the corrected m is handed on",
        adam_with(keep=lambda old, new, hats: (hats[0], new[1])),
        "m_hat is for this step only. Return m itself.",
    ),
    Mistake(
        "the corrected v is handed on",
        adam_with(keep=lambda old, new, hats: (new[0], hats[1])),
        "v_hat is for this step only. Return v itself.",
    ),
    Mistake(
        "the state is not handed on",
        adam_with(keep=lambda old, new, hats: old),
        "Return the new m and v: without them every step begins with an empty memory.",
    ),
    Mistake(
        "v averages the gradient and not its square",
        adam_with(second=lambda v, g, b1, b2: b2 * v + (1 - b2) * g),
        "v can then be negative, and its root is no number. Use gradient**2.",
    ),
    Mistake(
        "v averages the size of the gradient and not its square",
        adam_with(second=lambda v, g, b1, b2: b2 * v + (1 - b2) * np.abs(g)),
        "The root is taken later: v is the mean of gradient**2.",
    ),
    Mistake(
        "v averages the square of m",
        _of_m,
        "v is the mean of gradient**2, the square of each gradient, not of their average.",
    ),
    Mistake(
        "1 - beta2 is squared with the gradient",
        adam_with(second=lambda v, g, b1, b2: b2 * v + ((1 - b2) * g) ** 2),
        "Only the gradient is squared: (1 - beta2) * gradient**2.",
    ),
    Mistake(
        "the new gradient is added in full",
        adam_with(first=lambda m, g, b1, b2: b1 * m + g, second=lambda v, g, b1, b2: b2 * v + g**2),
        "Averages have weights that add up to 1: multiply the gradient by 1 - beta1, and its square by 1 - beta2.",
    ),
    Mistake(
        "all coordinates share one v",
        adam_with(second=lambda v, g, b1, b2: b2 * v + (1 - b2) * np.sum(g**2)),
        "v has one number for each coordinate: gradient**2, without a sum.",
    ),
    Mistake(
        "the root is missing",
        adam_with(move=lambda m_hat, v_hat, lr, eps, g: lr * m_hat / (v_hat + eps)),
        "v has the unit of the gradient squared. Divide by its root, so that the step does not depend on the unit.",
    ),
    Mistake(
        "you multiply by the root",
        adam_with(move=lambda m_hat, v_hat, lr, eps, g: lr * m_hat * (np.sqrt(v_hat) + eps)),
        "A steep coordinate then makes longer steps; divide, and all coordinates take steps of like length.",
    ),
    Mistake(
        "eps is inside the root",
        adam_with(move=lambda m_hat, v_hat, lr, eps, g: lr * m_hat / np.sqrt(v_hat + eps)),
        "Where v is tiny, 1e-8 inside acts like 1e-4 outside, and such gradients hardly move. Add it after the root.",
    ),
    Mistake(
        "eps is added to the uncorrected root",
        _with_eps_hat,
        "This is the paper's second form, which needs eps * sqrt(1 - beta2**t) in the place of eps. As it stands eps "
        "acts 31.6 times stronger at the first step, at the defaults.",
    ),
    Mistake(
        "eps is missing",
        adam_with(move=lambda m_hat, v_hat, lr, eps, g: lr * m_hat / np.sqrt(v_hat)),
        "Where the gradient has been 0 so far, 0 / 0 is no number. Add eps to the root.",
    ),
    Mistake(
        "eps is added to the quotient",
        adam_with(move=lambda m_hat, v_hat, lr, eps, g: lr * (m_hat / np.sqrt(v_hat) + eps)),
        "Division comes before addition: put the denominator in brackets, (np.sqrt(v_hat) + eps).",
    ),
    Mistake(
        "eps is added to x",
        adam_with(move=lambda m_hat, v_hat, lr, eps, g: lr * m_hat / np.sqrt(v_hat) - eps),
        "Division comes before addition: put the denominator in brackets, (np.sqrt(v_hat) + eps).",
    ),
    Mistake(
        "eps is fixed at 1e-8",
        lambda x, gradient, m, v, t, lr, beta1, beta2, eps: adam_step(x, gradient, m, v, t, lr, beta1, beta2, 1e-8),
        "Use the argument: the check calls your function with another eps.",
    ),
    Mistake(
        "eps is ten times too large",
        adam_with(move=lambda m_hat, v_hat, lr, eps, g: lr * m_hat / (np.sqrt(v_hat) + 10 * eps)),
        "A common slip is 10e-8 for 1e-8.",
    ),
    Mistake(
        "beta1 and beta2 are swapped",
        lambda x, gradient, m, v, t, lr, beta1, beta2, eps: adam_step(x, gradient, m, v, t, lr, beta2, beta1, eps),
        "beta1 belongs to m, beta2 to v.",
    ),
    Mistake(
        "beta and 1 - beta are swapped",
        adam_with(
            first=lambda m, g, b1, b2: (1 - b1) * m + b1 * g,
            second=lambda v, g, b1, b2: (1 - b2) * v + b2 * g**2,
        ),
        "beta is how much of the old moment is kept; 1 - beta is what the new gradient counts.",
    ),
    Mistake(
        "m takes in 1 - beta2 of the gradient",
        adam_with(first=lambda m, g, b1, b2: b1 * m + (1 - b2) * g),
        "The two weights of an average add up to 1: beta1 and 1 - beta1.",
    ),
    Mistake(
        "v keeps beta1 of itself",
        adam_with(second=lambda v, g, b1, b2: b1 * v + (1 - b1) * g**2),
        "v has its own, longer memory: beta2.",
    ),
    Mistake(
        "the step uses the gradient and not m_hat",
        adam_with(move=lambda m_hat, v_hat, lr, eps, g: lr * g / (np.sqrt(v_hat) + eps)),
        "That is RMSprop with a correction. Adam walks along the first moment.",
    ),
    Mistake(
        "you walk uphill",
        adam_with(move=lambda m_hat, v_hat, lr, eps, g: -lr * m_hat / (np.sqrt(v_hat) + eps)),
        "Subtract the step.",
    ),
    Mistake(
        "you return the step and not the new x",
        lambda x, g, m, v, *rest: (adam_step(x, g, m, v, *rest)[0] - x, *adam_step(x, g, m, v, *rest)[1:]),
        "Add it to x.",
    ),
    Mistake(
        "the results are in another order",
        lambda *arguments: (*adam_step(*arguments)[1:], adam_step(*arguments)[0]),
        "Return x, m, v: the next x comes first.",
    ),
    Mistake(
        "the learning rate is missing",
        adam_with(move=lambda m_hat, v_hat, lr, eps, g: m_hat / (np.sqrt(v_hat) + eps)),
        "Multiply the quotient by lr.",
    ),
    Mistake(
        "beta1 and beta2 are fixed at 0.9 and 0.999",
        lambda x, gradient, m, v, t, lr, beta1, beta2, eps: adam_step(x, gradient, m, v, t, lr, 0.9, 0.999, eps),
        "Use the arguments: the check calls your function with other values.",
    ),
    Mistake(
        "the length of the step is cut to lr",
        adam_with(move=lambda m_hat, v_hat, lr, eps, g: lr * np.clip(m_hat / (np.sqrt(v_hat) + eps), -1, 1)),
        "Adam's steps can be longer than lr when gradients grow. Lesson 07 says by how much.",
    ),
)


HYPER = {"lr": 0.05, "beta1": 0.8, "beta2": 0.99, "eps": 3e-8}

EXERCISES = (
    Exercise(
        reference=adam_step,
        outputs=("x", "m", "v"),
        counted=True,
        cases=(
            Stream(
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
            Stream(
                x=((0.5, -1.0), (3.0, 0.0), (0.0, 1.0)),
                gradients=tuple(
                    ((3.0**t, -(2.0**t)), ((-1.0) ** t * 1e-7, 0.0), (0.5, 1e3 if t == 3 else 1e-3)) for t in range(5)
                ),
                hyper=HYPER | {"lr": 0.3},
            ),
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
