"""Lesson 10: dropout, one step of AdamW, and where an L2 penalty lets a weight come to rest."""

import numpy as np

from adamcourse.exercises.cases import Call, along, midway
from adamcourse.exercises.exercise import Exercise, Mistake
from adamcourse.exercises.lesson_04 import WILD


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


def l2_rest(minimum, curvature, weight_decay):
    """Return where ½ curvature (x - minimum)² + ½ weight_decay x² is lowest."""
    return curvature * minimum / (curvature + weight_decay)


DECAYED = "x - lr * weight_decay * x"
STEP = "lr * m_hat / (np.sqrt(v_hat) + eps)"
REST = "curvature * minimum / (curvature + weight_decay)"
HYPER = {"lr": 0.07, "beta1": 0.83, "beta2": 0.985, "eps": 3e-8, "weight_decay": 0.4}

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
                {"x * kept / (1 - rate)": "x * kept"},
                "The sum over the inputs is then smaller in training than at test time. Divide by 1 - rate.",
            ),
            Mistake(
                "it is multiplied by 1 - rate",
                {"x * kept / (1 - rate)": "x * kept * (1 - rate)"},
                "Silencing makes sums smaller, and this makes them smaller still. Divide.",
            ),
            Mistake(
                "it is divided by the rate",
                {"1 - rate": "rate"},
                "rate is the probability to be silenced; 1 - rate of the inputs are left.",
            ),
            Mistake(
                "the silenced ones are kept",
                {"kept": "(1 - kept)"},
                "kept is 1 where an input stays.",
            ),
            Mistake(
                "nothing is silenced",
                {"x * kept": "x"},
                "Multiply by kept as well.",
            ),
            Mistake(
                "all inputs are scaled at test time's factor",
                {"x * kept / (1 - rate)": "x * (1 - rate)"},
                "That is the older form, at test time. Asked is the form of training, with kept.",
            ),
            Mistake(
                "it is divided by the share that happens to be kept",
                {"1 - rate": "np.mean(kept)"},
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
        cases=(
            *along(
                adamw_step,
                x=(1.0, -2.0, 0.5, 3.0),
                gradients=WILD[1][:3] + ((0.4, 5.0, 0.0, 1.0),),
                hyper=HYPER,
            ),
            *along(
                adamw_step,
                x=((0.5, -1.0), (3.0, 0.1)),
                gradients=tuple(((2.0**t, -(3.0**t)), ((-1.0) ** t, 1e-7)) for t in range(5)),
                hyper=HYPER | {"lr": 0.2, "weight_decay": 0.1},
            ),
            midway(adamw_step, t=5, **HYPER | {"eps": 3e-3}),
        ),
        mistakes=(
            Mistake(
                "the decay is part of the gradient",
                {DECAYED: "x", "gradient": "(gradient + weight_decay * x)"},
                "That is the L2 penalty inside Adam: it is divided by √v with the gradient, so weights with large "
                "gradients hardly decay. Take it off x itself.",
            ),
            Mistake(
                "there is no decay",
                {DECAYED: "x"},
                "This is Adam. Take lr * weight_decay * x off x first.",
            ),
            Mistake(
                "the decay is not multiplied by lr",
                {"lr * weight_decay * x": "weight_decay * x"},
                "The paper writes it so, with a schedule in the place of lr. Asked is the form of the frameworks.",
            ),
            Mistake(
                "the weights grow",
                {DECAYED: "x + lr * weight_decay * x"},
                "Decay pulls towards 0: subtract.",
            ),
            Mistake(
                "the decay comes after the step",
                {DECAYED: "x", f"x - {STEP}": f"(x - {STEP}) * (1 - lr * weight_decay)"},
                "Almost right: x is to decay before Adam's step, or the step decays as well.",
            ),
            Mistake(
                "the decay is divided by the root, too",
                {DECAYED: "x", "m_hat": "(m_hat + weight_decay * x)"},
                "Weights with large gradients then hardly decay. Take lr * weight_decay * x off x itself.",
            ),
            Mistake(
                "the decay is that of |x|",
                {DECAYED: "x - lr * weight_decay * np.sign(x)"},
                "The decay is in proportion to x; its sign alone would be an L1 penalty.",
            ),
            Mistake(
                "the decay is squared",
                {DECAYED: "x - lr * weight_decay * x**2"},
                "½ λ x² has the slope λ x.",
            ),
            Mistake(
                "the decay is twice as strong",
                {DECAYED: "x - 2 * lr * weight_decay * x"},
                "The decay is lr * weight_decay * x, once.",
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
                {REST: "minimum"},
                "The penalty pulls x towards 0, so it comes to rest before the minimum.",
            ),
            Mistake(
                "curvature and weight decay are swapped",
                {"curvature * minimum": "weight_decay * minimum"},
                "The steeper the loss, the nearer x stays to its minimum.",
            ),
            Mistake(
                "this is where AdamW comes to rest at the latest",
                {REST: "np.sign(minimum) / weight_decay"},
                "Asked is the lowest point of a sum: set its derivative to 0.",
            ),
            Mistake(
                "the curvature counts as 1",
                {"curvature": "1"},
                "The derivative is curvature (x - minimum) + weight_decay x.",
            ),
            Mistake(
                "this is the rest under an L1 penalty",
                {REST: "np.sign(minimum) * max(abs(minimum) - weight_decay / curvature, 0.0)"},
                "The penalty here is ½ weight_decay x², whose slope is weight_decay x.",
            ),
            Mistake(
                "this holds for weak penalties only",
                {REST: "minimum * (1 - weight_decay / curvature)"},
                "It is where the exact answer begins to fall. Solve the equation for any weight_decay.",
            ),
            Mistake(
                "this is the lowest value of the sum",
                {REST: "0.5 * curvature * weight_decay * minimum**2 / (curvature + weight_decay)"},
                "Asked is where it is lowest, not how low.",
            ),
            Mistake(
                "the penalty pushes away from 0",
                {"curvature + weight_decay": "curvature - weight_decay"},
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
