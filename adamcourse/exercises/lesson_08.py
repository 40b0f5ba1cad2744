"""Lesson 08: the length of a mean step under noise, a rate that warms up, and a fair choice of the rate."""

import numpy as np

from adamcourse.exercises.cases import Call
from adamcourse.exercises.exercise import Exercise, Mistake


def mean_step(mean, deviation):
    """Return the length of Adam's mean step / α, with the sign of the gradients' mean."""
    return mean / np.sqrt(mean**2 + deviation**2)


def warm_rate(lr, t, steps):
    """Return the rate of step t = 1, 2, …: up evenly to lr at t = steps, then lr."""
    return lr * min(1.0, t / steps)


def best_rate(rates, losses):
    """Return the rate with the lowest median loss; losses has shape (rates, seeds)."""
    losses = np.where(np.isnan(losses), np.inf, losses)
    return rates[np.argmin(np.median(losses, axis=1))]


nan = np.nan
LENGTH, RISE = "np.sqrt(mean**2 + deviation**2)", "min(1.0, t / steps)"
INFINITE, MEDIANS = "np.where(np.isnan(losses), np.inf, losses)", "np.median(losses, axis=1)"
BEST = f"rates[np.argmin({MEDIANS})]"
TABLE = ((nan, nan, nan), (0.7, 0.65, 0.62), (0.5, 0.6, 4.0), (0.1, 0.9, 0.8), (0.05, nan, nan))
LARGE = (  # five seeds, in no order of the rates; the luckiest, the mean, the first and the last run say something else
    (nan, 2.31, nan, 0.004, 1.9),
    (0.71, 0.52, nan, 0.94, 0.21),
    (0.63, 0.88, 0.59, 0.07, 0.66),
    (0.85, 0.41, 0.45, 0.49, 3.7),
    (0.11, 0.92, 0.97, 0.83, 0.78),
)

EXERCISES = (
    Exercise(
        reference=mean_step,
        cases=(
            Call({"mean": 0.5, "deviation": 1.0}),
            Call({"mean": -3.0, "deviation": 2.0}),
            Call({"mean": 1.37, "deviation": 0.59}),
            Call({"mean": -0.83, "deviation": 0.37}),
        ),
        outputs=("step",),
        mistakes=(
            Mistake(
                "this is the ratio of mean and deviation",
                {LENGTH: "deviation"},
                "v is the mean of g², not the variance: E[g²] = mean² + deviation².",
            ),
            Mistake(
                "the sign is that of the move",
                {f"mean / {LENGTH}": f"-mean / {LENGTH}"},
                "x moves against the gradient, but asked is the quotient with the sign of the mean.",
            ),
            Mistake(
                "the deviation is not squared",
                {"deviation**2": "deviation"},
                "E[g²] = mean² + deviation².",
            ),
            Mistake(
                "the root is missing",
                {LENGTH: "(mean**2 + deviation**2)"},
                "Adam divides by √v.",
            ),
            Mistake(
                "mean and deviation are added, not their squares",
                {LENGTH: "(abs(mean) + deviation)"},
                "E[g²] = mean² + deviation².",
            ),
            Mistake(
                "this is only the sign",
                {f"mean / {LENGTH}": "np.sign(mean)"},
                "That is the step without noise. Noise makes v larger, and the step shorter.",
            ),
            Mistake(
                "the sign is lost",
                {f"mean / {LENGTH}": f"abs(mean) / {LENGTH}"},
                "A negative mean gives a negative quotient.",
            ),
        ),
        hints=(
            "After many steps, what is m on average, and what is v?",
            "m is the mean of g, and v the mean of g², which is mean² + deviation².",
            "return mean / np.sqrt(mean**2 + deviation**2)",
        ),
        praise="Where the noise is strong, Adam's steps cancel, and their mean is short.",
    ),
    Exercise(
        reference=warm_rate,
        cases=(
            Call({"lr": 0.3, "t": 1, "steps": 8}),
            Call({"lr": 0.3, "t": 8, "steps": 8}),
            Call({"lr": 0.02, "t": 30, "steps": 8}),
            Call({"lr": 0.3, "t": 7, "steps": 8}),
            Call({"lr": 0.4, "t": 9, "steps": 8}),
            Call({"lr": 1.7, "t": 1, "steps": 1}),
            Call({"lr": 1.7, "t": 5, "steps": 7}),
            Call({"lr": 0.37, "t": 3, "steps": 11}),
        ),
        outputs=("rate",),
        mistakes=(
            Mistake(
                "the rate begins at 0",
                {"t / steps": "(t - 1) / steps"},
                "t counts from 1, and the first step shall not be wasted: t / steps.",
            ),
            Mistake(
                "t is counted from 0",
                {"t / steps": "(t + 1) / steps"},
                "The package's schedules count so. Here the first step is t = 1: t / steps.",
            ),
            Mistake(
                "the rate rises without end",
                {RISE: "(t / steps)"},
                "Stop at lr: min(1, t / steps).",
            ),
            Mistake(
                "the rate falls",
                {RISE: "max(0.0, 1 - t / steps)"},
                "Warm-up rises. A falling rate comes at the end of a training.",
            ),
            Mistake(
                "the rate is 0 until the warm-up is over",
                {RISE: "float(t >= steps)"},
                "It rises in equal parts: at t = 1 it is lr / steps.",
            ),
            Mistake(
                "the rate after the rise is 1 and not lr",
                {f"lr * {RISE}": "(lr * t / steps if t < steps else 1.0)"},
                "It stays at lr.",
            ),
            Mistake(
                "lr is missing while the rate rises",
                {f"lr * {RISE}": "(t / steps if t < steps else lr)"},
                "At t = 1 the rate is lr / steps.",
            ),
            Mistake(
                "lr stands inside the minimum",
                {f"lr * {RISE}": "min(lr, t / steps)"},
                "Then it rises with the slope 1 / steps and gets to lr early. Multiply the whole by lr.",
            ),
            Mistake(
                "the rate falls after the rise",
                {f"lr * {RISE}": "lr * min(t / steps, np.sqrt(steps / t))"},
                "That is the schedule of the Transformer's paper. Here the rate stays at lr.",
            ),
            Mistake(
                "the rate falls after the rise, in proportion to 1 / t",
                {f"lr * {RISE}": "lr * min(t / steps, steps / t)"},
                "It stays at lr.",
            ),
            Mistake(
                "the rise begins again and again",
                {f"lr * {RISE}": "lr * (t % steps) / steps"},
                "After `steps` steps the rate stays at lr.",
            ),
            Mistake(
                "the rise is half a cosine",
                {f"lr * {RISE}": "lr * (1 - np.cos(np.pi * min(1.0, t / steps))) / 2"},
                "Asked is an even rise, the same amount in each step.",
            ),
            Mistake(
                "the rise is an exponential approach",
                {f"lr * {RISE}": "lr * (1 - np.exp(-t / steps))"},
                "It never gets to lr. Asked is an even rise that is at lr when t = steps.",
            ),
            Mistake(
                "lr is missing",
                {f"lr * {RISE}": RISE},
                "Multiply by lr.",
            ),
        ),
        hints=(
            "At t = 1 the rate is lr / steps, at t = 2 twice that, …",
            "It is lr * t / steps, but never more than lr.",
            "return lr * min(1.0, t / steps)",
        ),
        praise="The package has it as schedules.Warmup, for any optimizer.",
    ),
    Exercise(
        reference=best_rate,
        cases=(
            Call({"rates": (0.001, 0.01, 0.1, 0.3, 1.0), "losses": TABLE}),
            Call(
                {
                    "rates": (0.1, 0.2, 0.4, 0.8),
                    "losses": ((0.3, 0.2, 5.0), (0.4, 0.1, 0.35), (0.6, nan, 0.7), (0.9, 0.8, 1.0)),
                }
            ),
            Call(
                {
                    "rates": (0.1, 0.2, 0.4),
                    "losses": ((0.3, 0.2, 5.0), (0.2, nan, 0.25), (0.9, 0.8, 1.0)),  # one diverges, two are good
                }
            ),
            Call(
                {
                    "rates": (0.3, 0.03, 0.1),
                    "losses": ((0.5, 0.7, 0.4, 0.8), (0.1, 0.9, 0.3, 0.85), (0.2, 0.65, nan, 0.61)),
                }
            ),
            Call({"rates": (0.5, 0.2), "losses": ((0.9, 0.7), (0.4, nan))}),
            Call(
                {
                    "rates": (0.7, 0.2, 0.05, 0.4),
                    "losses": ((0.62, 0.31, 0.95), (0.27, 0.83, 0.58), (nan, 0.49, 0.55), (0.41, nan, nan)),
                }
            ),
            Call({"rates": (3.0, 1.0, 0.3, 0.1, 0.03), "losses": LARGE}),
        ),
        outputs=("rate",),
        mistakes=(
            Mistake(
                "the luckiest run decides",
                {MEDIANS: "losses.min(axis=1)"},
                "One seed may be lucky. Take the median over the seeds.",
            ),
            Mistake(
                "diverged runs are left out",
                {INFINITE: "losses", MEDIANS: "np.nan_to_num(np.nanmedian(losses, axis=1), nan=np.inf)"},
                "A rate at which two of three runs diverge is not good because the third one is: put inf for NaN.",
            ),
            Mistake(
                "one diverged run throws a rate out",
                {INFINITE: "losses", f"np.argmin({MEDIANS})": f"np.nanargmin({MEDIANS})"},
                "The median of a row that holds NaN is NaN. Put inf for NaN first: two good runs of three are enough.",
            ),
            Mistake(
                "diverged runs are left out, and the mean decides",
                {INFINITE: "losses", MEDIANS: "np.nan_to_num(np.nanmean(losses, axis=1), nan=np.inf)"},
                "Put inf for NaN first, and take the median: one bad run outweighs all others in a mean.",
            ),
            Mistake(
                "the middle column decides",
                {MEDIANS: "losses[:, losses.shape[1] // 2]"},
                "The median is the middle of the sorted losses: np.median sorts them.",
            ),
            Mistake(
                "a diverged run counts as 0",
                {INFINITE: "np.nan_to_num(losses)"},
                "np.nan_to_num puts 0 for NaN, the best loss of all. Give it nan=np.inf.",
            ),
            Mistake(
                "you return the lowest median",
                {BEST: f"float(np.min({MEDIANS}))"},
                "Return the rate that it belongs to.",
            ),
            Mistake(
                "the mean decides",
                {MEDIANS: "losses.mean(axis=1)"},
                "One bad run outweighs all others in a mean. Asked is the median.",
            ),
            Mistake(
                "NaN is taken for the smallest loss",
                {INFINITE: "losses"},
                "np.argmin takes NaN for the smallest of all. Put np.inf in its place first.",
            ),
            Mistake(
                "you return the number of the rate",
                {BEST: f"float(np.argmin({MEDIANS}))"},
                "Return the rate itself: rates[number].",
            ),
            Mistake(
                "this is the worst rate",
                {"np.argmin": "np.argmax"},
                "Lower is better: np.argmin.",
            ),
        ),
        hints=(
            "First replace NaN by infinity. Then one number for each rate: the median of its row.",
            "np.where(np.isnan(losses), np.inf, losses), np.median(…, axis=1), and np.argmin of that.",
            "losses = np.where(np.isnan(losses), np.inf, losses); return rates[np.argmin(np.median(losses, axis=1))]",
        ),
        praise="With this, and a list of rates for each, you can compare optimizers.",
    ),
)
