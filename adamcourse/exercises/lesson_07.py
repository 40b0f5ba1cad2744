"""Lesson 07: the correction alone, the step without it, and the longest step with it."""

import numpy as np

from adamcourse.exercises.cases import Call
from adamcourse.exercises.exercise import Exercise, Mistake


def bias_corrected(moment, beta, t):
    """Return the running mean without its bias towards 0, after t steps."""
    return moment / (1 - beta**t)


def uncorrected_step(beta1, beta2, t):
    """Return length / α of step t: constant gradient, no correction, eps = 0."""
    return (1 - beta1**t) / np.sqrt(1 - beta2**t)


def step_bound(beta1, beta2, t):
    """Return the greatest length / α that step t of the corrected Adam can have."""
    q = beta1**2 / beta2
    series = (1 - q**t) / (1 - q)
    return (1 - beta1) / np.sqrt(1 - beta2) * np.sqrt(series) * np.sqrt(1 - beta2**t) / (1 - beta1**t)


CORRECTED, LENGTH = "moment / (1 - beta**t)", "(1 - beta1**t) / np.sqrt(1 - beta2**t)"
RAW = "(1 - beta1) / np.sqrt(1 - beta2) * np.sqrt(series)"
BOUND = f"{RAW} * np.sqrt(1 - beta2**t) / (1 - beta1**t)"

EXERCISES = (
    Exercise(
        reference=bias_corrected,
        cases=(
            Call({"moment": (0.3, -2.0, 0.0), "beta": 0.8, "t": 1}),
            Call({"moment": ((1.5,), (-0.1,)), "beta": 0.95, "t": 7}),
            Call({"moment": (0.4, 0.9), "beta": 0.97, "t": 40}),
            Call({"moment": ((0.83, -1.37), (2.19, 0.41)), "beta": 0.87, "t": 3}),
        ),
        outputs=("corrected",),
        mistakes=(
            Mistake(
                "the exponent is missing",
                {"beta**t": "beta"},
                "Right at t = 1 only. Later the result is too large: the weights add up to 1 - beta**t.",
            ),
            Mistake(
                "you multiply",
                {CORRECTED: "moment * (1 - beta**t)"},
                "The moment is too small. Divide by 1 - beta**t, which is below 1.",
            ),
            Mistake(
                "t is one too small",
                {"beta**t": "beta ** (t - 1)"},
                "t counts from 1: at the first step this divides by 0.",
            ),
            Mistake(
                "t is one too large",
                {"beta**t": "beta ** (t + 1)"},
                "t is 1 at the first step already.",
            ),
            Mistake(
                "the brackets are missing",
                {CORRECTED: "moment / 1 - beta**t"},
                "That is moment less beta**t. Write moment / (1 - beta**t).",
            ),
            Mistake(
                "the whole bracket is raised to the power t",
                {"1 - beta**t": "(1 - beta) ** t"},
                "Only beta is raised: 1 - beta**t.",
            ),
            Mistake(
                "you divide by beta**t",
                {"1 - beta**t": "beta**t"},
                "beta**t is the weight that is missing. What is there is 1 - beta**t.",
            ),
            Mistake(
                "beta is multiplied by t",
                {"beta**t": "beta * t"},
                "A power is written beta**t.",
            ),
            Mistake(
                "a root is taken",
                {"1 - beta**t": "np.sqrt(1 - beta**t)"},
                "The root belongs to the step, where √v̂ stands; the correction itself has none.",
            ),
        ),
        hints=(
            "The weights of all gradients so far add up to less than 1. To how much?",
            "(1 - beta)(1 + beta + … + beta**(t - 1)) = 1 - beta**t. Divide by it.",
            "return moment / (1 - beta**t)",
        ),
        praise="At t = 1 it multiplies by 1 / (1 - beta); after a few memories it does nothing any more.",
    ),
    Exercise(
        reference=uncorrected_step,
        cases=(
            Call({"beta1": 0.9, "beta2": 0.999, "t": 12}),
            Call({"beta1": 0.8, "beta2": 0.95, "t": 1}),
            Call({"beta1": 0.83, "beta2": 0.94, "t": 3}),
        ),
        outputs=("length",),
        mistakes=(
            Mistake(
                "the root is missing",
                {"np.sqrt(1 - beta2**t)": "(1 - beta2**t)"},
                "Adam divides by √v, and v = (1 - beta2**t) g².",
            ),
            Mistake(
                "the root is over both",
                {LENGTH: "np.sqrt((1 - beta1**t) / (1 - beta2**t))"},
                "Only v has a root: m is (1 - beta1**t) g itself.",
            ),
            Mistake(
                "this is upside down",
                {LENGTH: "np.sqrt(1 - beta2**t) / (1 - beta1**t)"},
                "That is the factor which the correction brings in. Without it the step is m / √v.",
            ),
            Mistake(
                "this is the first step",
                {"beta1**t": "beta1", "beta2**t": "beta2"},
                "For any t: use beta1**t and beta2**t.",
            ),
            Mistake(
                "the correction is constant",
                {LENGTH: f"{LENGTH} * np.sqrt(1 - beta2) / (1 - beta1)"},
                "That is a step with the exponent t left out of both corrections. Asked is none at all.",
            ),
            Mistake(
                "this is the step with the correction",
                {LENGTH: "1.0"},
                "Along a constant gradient the corrected step is α from the first one on. Asked is the one without.",
            ),
            Mistake(
                "only m is uncorrected",
                {LENGTH: "1 - beta1**t"},
                "v is not corrected either: divide by its root.",
            ),
            Mistake(
                "only v is uncorrected",
                {LENGTH: "1 / np.sqrt(1 - beta2**t)"},
                "m is not corrected either: it is (1 - beta1**t) g.",
            ),
        ),
        hints=(
            "With a constant gradient g: what is m after t steps, and what is v?",
            "m = (1 - beta1**t) g and v = (1 - beta2**t) g². The step is α m / √v.",
            "return (1 - beta1**t) / np.sqrt(1 - beta2**t)",
        ),
        praise="At the usual settings the longest is step 12, and 3,924 steps are more than 1 % too long.",
    ),
    Exercise(
        reference=step_bound,
        cases=(
            Call({"beta1": 0.9, "beta2": 0.999, "t": 100}),
            Call({"beta1": 0.5, "beta2": 0.8, "t": 1}),
            Call({"beta1": 0.9, "beta2": 0.999, "t": 1000}),
            Call({"beta1": 0.63, "beta2": 0.87, "t": 4}),
        ),
        outputs=("bound",),
        mistakes=(
            Mistake(
                "this is the paper's bound",
                {BOUND: "(1 - beta1) / np.sqrt(1 - beta2)"},
                "The paper states it as a bound, but it counts one gradient only. Sum over gradients of all ages k.",
            ),
            Mistake(
                "this is the paper's bound, corrected",
                {"np.sqrt(series)": "1"},
                "One gradient alone makes such a step. Several make a longer one: the root of the series is missing.",
            ),
            Mistake(
                "the correction is missing",
                {BOUND: RAW},
                "That bounds |m| / √v. For m̂ and v̂ multiply by √(1 - beta2**t) / (1 - beta1**t).",
            ),
            Mistake(
                "q is beta1 / beta2",
                {"beta1**2": "beta1"},
                "The weights of m are squared: q = beta1**2 / beta2.",
            ),
            Mistake(
                "this is for t without end",
                {BOUND: "(1 - beta1) / np.sqrt((1 - beta2) * (1 - q))"},
                "At step t the geometric series has t terms, (1 - q**t) / (1 - q), and the correction still counts.",
            ),
            Mistake(
                "the newest gradient has the weight beta1 less than it should",
                {"(1 - beta1) / np.sqrt(1 - beta2)": "(1 - beta1) * beta1 / np.sqrt((1 - beta2) * beta2)"},
                "The ages k run from 0 to t - 1: the newest gradient has the weight 1 - beta1 in m.",
            ),
            Mistake(
                "the series is missing its root",
                {"np.sqrt(series)": "series"},
                "Cauchy and Schwarz give the root of the sum.",
            ),
        ),
        hints=(
            "Bound |m| / √v first: the root of the sum of w²/u, with the weights w of m and u of v.",
            "With q = beta1**2 / beta2 that root is (1 - beta1) / √(1 - beta2) · √((1 - q**t) / (1 - q)).",
            "Multiply it by √(1 - beta2**t) / (1 - beta1**t), which turns m / √v into m̂ / √v̂.",
        ),
        praise="At the usual settings it goes to 7.27: a step of Adam can be more than seven times α long.",
    ),
)
