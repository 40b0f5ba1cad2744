"""Lesson 10: dropout, one step of AdamW, and where an L2 penalty lets a weight come to rest."""

import numpy as np

from adamcourse.exercises.exercise import Call, Exercise, Mistake, Stream
from adamcourse.exercises.lesson_04 import WILD
from adamcourse.exercises.lesson_06 import adam_step


def dropout(x, kept, rate):
    """Return x with dropout in training: kept is 1 where an input stays and 0 where it is silenced."""
    return x * kept / (1 - rate)


def adamw_step(x, gradient, m, v, t, lr, beta1, beta2, eps, weight_decay):
    """Return the next x, m and v of Adam with decoupled weight decay, the decay times lr."""
    x = x - lr * weight_decay * x
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    x = x - lr * m_hat / (np.sqrt(v_hat) + eps)
    return x, m, v


def adamw_with(before=lambda x, lr, decay: x, gradient=lambda g, x, decay: g, after=lambda new, x, lr, decay: new):
    """Return a step of Adam with a decay put somewhere: into x before it, into the gradient, or into x after it."""

    def step(x, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
        g = gradient(g, x, weight_decay)
        new, m, v = adam_step(before(x, lr, weight_decay), g, m, v, t, lr, beta1, beta2, eps)
        return after(new, x, lr, weight_decay), m, v

    return step


def l2_rest(minimum, curvature, weight_decay):
    """Return where ½ curvature (x - minimum)² + ½ weight_decay x² is lowest."""
    return curvature * minimum / (curvature + weight_decay)


HYPER = {"lr": 0.05, "beta1": 0.8, "beta2": 0.99, "eps": 3e-8, "weight_decay": 0.4}

EXERCISES = (
    Exercise(
        reference=dropout,
        outputs=("y",),
        cases=(
            Call({"x": (1.0, -2.0, 3.0, 0.5), "kept": (1.0, 0.0, 1.0, 1.0), "rate": 0.25}),
            Call(
                {"x": ((4.0, 1.0), (-1.0, 2.0), (0.5, 7.0)), "kept": ((0.0, 1.0), (1.0, 0.0), (0.0, 1.0)), "rate": 0.6}
            ),
        ),
        mistakes=(
            Mistake(
                "nothing makes up for what is silenced",
                lambda x, kept, rate: x * kept,
                "The sum over the inputs is then smaller in training than at test time. Divide by 1 - rate.",
            ),
            Mistake(
                "it is multiplied by 1 - rate",
                lambda x, kept, rate: x * kept * (1 - rate),
                "Silencing makes sums smaller, and this makes them smaller still. Divide.",
            ),
            Mistake(
                "it is divided by the rate",
                lambda x, kept, rate: x * kept / rate,
                "rate is the probability to be silenced; 1 - rate of the inputs are left.",
            ),
            Mistake(
                "the silenced ones are kept",
                lambda x, kept, rate: x * (1 - kept) / (1 - rate),
                "kept is 1 where an input stays.",
            ),
            Mistake(
                "nothing is silenced",
                lambda x, kept, rate: x / (1 - rate),
                "Multiply by kept as well.",
            ),
            Mistake(
                "all inputs are scaled at test time's factor",
                lambda x, kept, rate: x * (1 - rate),
                "That is the older form, at test time. Asked is the form of training, with kept.",
            ),
            Mistake(
                "it is divided by the share that happens to be kept",
                lambda x, kept, rate: x * kept / np.mean(kept),
                "Divide by the probability 1 - rate. The share that is kept differs from draw to draw.",
            ),
        ),
        hints=(
            "Two things: silence some, and make up for it in the others.",
            "A share of 1 - rate is left on average. By what must the others grow so that the sum stays as it was?",
            "return x * kept / (1 - rate)",
        ),
        praise="At test time there is nothing to do: return x.",
    ),
    Exercise(
        reference=adamw_step,
        outputs=("x", "m", "v"),
        counted=True,
        cases=(
            Stream(
                x=(1.0, -2.0, 0.5, 3.0),
                gradients=WILD[1][:3] + ((0.4, 5.0, 0.0, 1.0),),
                hyper=HYPER,
            ),
            Stream(
                x=((0.5, -1.0), (3.0, 0.1)),
                gradients=tuple(((2.0**t, -(3.0**t)), ((-1.0) ** t, 1e-7)) for t in range(5)),
                hyper=HYPER | {"lr": 0.2, "weight_decay": 0.1},
            ),
        ),
        mistakes=(
            Mistake(
                "the decay is part of the gradient",
                adamw_with(gradient=lambda g, x, decay: g + decay * x),
                "That is the L2 penalty inside Adam: it is divided by √v with the gradient, so weights with large "
                "gradients hardly decay. Take it off x itself.",
            ),
            Mistake(
                "there is no decay",
                adamw_with(),
                "This is Adam. Take lr * weight_decay * x off x first.",
            ),
            Mistake(
                "the decay is not multiplied by lr",
                adamw_with(before=lambda x, lr, decay: x - decay * x),
                "The paper writes it so, with a schedule in the place of lr. Asked is the form of the frameworks.",
            ),
            Mistake(
                "the weights grow",
                adamw_with(before=lambda x, lr, decay: x + lr * decay * x),
                "Decay pulls towards 0: subtract.",
            ),
            Mistake(
                "the decay comes after the step",
                adamw_with(after=lambda new, x, lr, decay: new - lr * decay * new),
                "Almost right: x is to decay before Adam's step, or the step decays as well.",
            ),
            Mistake(
                "the decay is that of |x|",
                adamw_with(before=lambda x, lr, decay: x - lr * decay * np.sign(x)),
                "The decay is in proportion to x; its sign alone would be an L1 penalty.",
            ),
            Mistake(
                "the decay is squared",
                adamw_with(before=lambda x, lr, decay: x - lr * decay * x**2),
                "½ λ x² has the slope λ x.",
            ),
            Mistake(
                "the decay is twice as strong",
                adamw_with(before=lambda x, lr, decay: x - 2 * lr * decay * x),
                "The decay is lr * weight_decay * x, once.",
            ),
            Mistake(
                "the decay is fixed at 0.01",
                adamw_with(before=lambda x, lr, decay: x - lr * 0.01 * x),
                "Use the argument: the check calls your function with another weight_decay.",
            ),
        ),
        hints=(
            "Begin with the five lines of lesson 06. One line comes before them.",
            "The line changes x alone, by an amount in proportion to x. The gradient stays as it is.",
            "x = x - lr * weight_decay * x, then m, v, m_hat, v_hat and x as in Adam.",
        ),
        praise="This is AdamW, as PyTorch and Optax compute it; Keras adds ε before the root is corrected.",
    ),
    Exercise(
        reference=l2_rest,
        outputs=("x",),
        cases=(
            Call({"minimum": 5.0, "curvature": 2.0, "weight_decay": 0.5}),
            Call({"minimum": -3.0, "curvature": 0.1, "weight_decay": 1.0}),
        ),
        mistakes=(
            Mistake(
                "this is the minimum without the penalty",
                lambda minimum, curvature, weight_decay: minimum,
                "The penalty pulls x towards 0, so it comes to rest before the minimum.",
            ),
            Mistake(
                "curvature and weight decay are swapped",
                lambda minimum, curvature, weight_decay: weight_decay * minimum / (curvature + weight_decay),
                "The steeper the loss, the nearer x stays to its minimum.",
            ),
            Mistake(
                "this is where AdamW comes to rest at the latest",
                lambda minimum, curvature, weight_decay: np.sign(minimum) / weight_decay,
                "Asked is the lowest point of a sum: set its derivative to 0.",
            ),
            Mistake(
                "the curvature counts as 1",
                lambda minimum, curvature, weight_decay: minimum / (1 + weight_decay),
                "The derivative is curvature (x - minimum) + weight_decay x.",
            ),
            Mistake(
                "the penalty pushes away from 0",
                lambda minimum, curvature, weight_decay: curvature * minimum / (curvature - weight_decay),
                "Both slopes are 0 together: curvature (x - minimum) + weight_decay x = 0.",
            ),
        ),
        hints=(
            "At the lowest point the derivative of the sum is 0.",
            "curvature (x - minimum) + weight_decay x = 0. Solve for x.",
            "return curvature * minimum / (curvature + weight_decay)",
        ),
        praise="The steeper the loss in a direction, the less an L2 penalty moves it there.",
    ),
)
