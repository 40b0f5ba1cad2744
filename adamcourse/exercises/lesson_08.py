"""Lesson 08: the length of a mean step under noise, a rate that warms up, and a fair choice of the rate."""

import numpy as np

from adamcourse.exercises.exercise import Call, Exercise, Mistake


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
TABLE = ((nan, nan, nan), (0.7, 0.65, 0.62), (0.5, 0.6, 4.0), (0.1, 0.9, 0.8), (0.05, nan, nan))

EXERCISES = (
    Exercise(
        reference=mean_step,
        cases=(
            Call({"mean": 0.5, "deviation": 1.0}),
            Call({"mean": -3.0, "deviation": 2.0}),
        ),
        outputs=("step",),
        mistakes=(
            Mistake(
                "this is the ratio of mean and deviation",
                lambda mean, deviation: mean / deviation,
                "v is the mean of g², not the variance: E[g²] = mean² + deviation².",
            ),
            Mistake(
                "the sign is that of the move",
                lambda mean, deviation: -mean / np.sqrt(mean**2 + deviation**2),
                "x moves against the gradient, but asked is the quotient with the sign of the mean.",
            ),
            Mistake(
                "the deviation is not squared",
                lambda mean, deviation: mean / np.sqrt(mean**2 + deviation),
                "E[g²] = mean² + deviation².",
            ),
            Mistake(
                "the root is missing",
                lambda mean, deviation: mean / (mean**2 + deviation**2),
                "Adam divides by √v.",
            ),
            Mistake(
                "mean and deviation are added, not their squares",
                lambda mean, deviation: mean / (abs(mean) + deviation),
                "E[g²] = mean² + deviation².",
            ),
            Mistake(
                "this is only the sign",
                lambda mean, deviation: np.sign(mean),
                "That is the step without noise. Noise makes v larger, and the step shorter.",
            ),
            Mistake(
                "the sign is lost",
                lambda mean, deviation: abs(mean) / np.sqrt(mean**2 + deviation**2),
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
            Call({"lr": 0.3, "t": 5, "steps": 8}),
            Call({"lr": 0.02, "t": 30, "steps": 8}),
        ),
        outputs=("rate",),
        mistakes=(
            Mistake(
                "the rate begins at 0",
                lambda lr, t, steps: lr * min(1.0, (t - 1) / steps),
                "t counts from 1, and the first step shall not be wasted: t / steps.",
            ),
            Mistake(
                "t is counted from 0",
                lambda lr, t, steps: lr * min(1.0, (t + 1) / steps),
                "The package's schedules count so. Here the first step is t = 1: t / steps.",
            ),
            Mistake(
                "the rate rises without end",
                lambda lr, t, steps: lr * t / steps,
                "Stop at lr: min(1, t / steps).",
            ),
            Mistake(
                "the rate falls",
                lambda lr, t, steps: lr * max(0.0, 1 - t / steps),
                "Warm-up rises. A falling rate comes at the end of a training.",
            ),
            Mistake(
                "the rate is 0 until the warm-up is over",
                lambda lr, t, steps: lr * float(t >= steps),
                "It rises in equal parts: at t = 1 it is lr / steps.",
            ),
            Mistake(
                "lr is missing",
                lambda lr, t, steps: min(1.0, t / steps),
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
        ),
        outputs=("rate",),
        mistakes=(
            Mistake(
                "the luckiest run decides",
                lambda rates, losses: rates[np.argmin(np.nan_to_num(losses, nan=np.inf).min(axis=1))],
                "One seed may be lucky. Take the median over the seeds.",
            ),
            Mistake(
                "diverged runs are left out",
                lambda rates, losses: rates[
                    np.argmin([np.median(row[~np.isnan(row)]) if (~np.isnan(row)).any() else np.inf for row in losses])
                ],
                "A rate at which two of three runs diverge is not good because the third one is: put inf for NaN.",
            ),
            Mistake(
                "one diverged run throws a rate out",
                lambda rates, losses: rates[np.nanargmin(np.median(losses, axis=1))],
                "The median of a row that holds NaN is NaN. Put inf for NaN first: two good runs of three are enough.",
            ),
            Mistake(
                "a diverged run counts as 0",
                lambda rates, losses: rates[np.argmin(np.median(np.nan_to_num(losses), axis=1))],
                "np.nan_to_num puts 0 for NaN, the best loss of all. Give it nan=np.inf.",
            ),
            Mistake(
                "you return the lowest median",
                lambda rates, losses: float(np.min(np.median(np.where(np.isnan(losses), np.inf, losses), axis=1))),
                "Return the rate that it belongs to.",
            ),
            Mistake(
                "the mean decides",
                lambda rates, losses: rates[np.argmin(np.where(np.isnan(losses), np.inf, losses).mean(axis=1))],
                "One bad run outweighs all others in a mean. Asked is the median.",
            ),
            Mistake(
                "NaN is taken for the smallest loss",
                lambda rates, losses: rates[np.argmin(np.median(losses, axis=1))],
                "np.argmin takes NaN for the smallest of all. Put np.inf in its place first.",
            ),
            Mistake(
                "you return the number of the rate",
                lambda rates, losses: float(np.argmin(np.median(np.where(np.isnan(losses), np.inf, losses), axis=1))),
                "Return the rate itself: rates[number].",
            ),
            Mistake(
                "this is the worst rate",
                lambda rates, losses: rates[np.argmax(np.median(np.where(np.isnan(losses), np.inf, losses), axis=1))],
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
