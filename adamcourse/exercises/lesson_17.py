"""Lesson 17: rewards from each step on, a baseline of the others, and an optimistic step."""

import numpy as np

from adamcourse.exercises.cases import Call
from adamcourse.exercises.exercise import Exercise, Mistake


def returns_to_go(rewards):
    """Return for each step the sum of its own reward and of all later ones; rewards of shape (steps,)."""
    return np.cumsum(rewards[::-1])[::-1]


def better_than_others(returns):
    """Return by how much each run's return is above the mean of the other runs'; returns of shape (runs,)."""
    others = (returns.sum() - returns) / (len(returns) - 1)
    return returns - others


def optimistic_step(x, gradient, previous, lr):
    """Return the next x: two steps down the gradient, and the step down the previous gradient taken back."""
    return x - 2 * lr * gradient + lr * previous


DISCOUNTS = "0.99 ** np.arange(len(rewards))"
SUMS = "np.cumsum(rewards[::-1])[::-1]"
OTHERS = "(returns.sum() - returns) / (len(returns) - 1)"
STEP = "x - 2 * lr * gradient + lr * previous"

EXERCISES = (
    Exercise(
        reference=returns_to_go,
        outputs=("returns",),
        cases=(
            Call({"rewards": (1.0, 1.0, 1.0, 1.0)}),
            Call({"rewards": (0.0, 0.0, 2.5)}),
            Call({"rewards": (-1.3, 0.7)}),
            Call({"rewards": (0.83, -1.37, 2.19, -0.41, 0.67)}),
        ),
        mistakes=(
            Mistake(
                "the sums run from the beginning",
                {SUMS: "np.cumsum(rewards)"},
                "A choice has no part in what was paid before it. Add up from the end.",
            ),
            Mistake(
                "the sums are in the reverse order",
                {SUMS: "np.cumsum(rewards[::-1])"},
                "The first number belongs to the first step: turn the sums round again.",
            ),
            Mistake(
                "each step gets the whole return",
                {SUMS: "np.full(len(rewards), rewards.sum())"},
                "On average that is right, too, but noisier: a choice has no part in what was paid before it.",
            ),
            Mistake(
                "the step's own reward is left out",
                {SUMS: f"{SUMS} - rewards"},
                "The reward of a step comes after its choice, and counts.",
            ),
            Mistake(
                "these are means, not sums",
                {SUMS: f"{SUMS} / np.arange(len(rewards), 0, -1)"},
                "The return is a sum: a long run is worth more than a short one.",
            ),
            Mistake(
                "rewards are multiplied",
                {SUMS: "np.cumprod(rewards[::-1])[::-1]"},
                "A return adds rewards up.",
            ),
            Mistake(
                "later rewards are discounted by 0.99",
                {SUMS: f"np.cumsum((rewards * {DISCOUNTS})[::-1])[::-1] / {DISCOUNTS}"},
                "Many programs do that. Here a reward counts the same whenever it is paid.",
            ),
            Mistake(
                "the mean of the returns is taken out",
                {SUMS: f"{SUMS} - {SUMS}.mean()"},
                "That is a baseline, and comes later. Here the sums themselves are asked for.",
            ),
            Mistake(
                "the returns are brought to mean 0 and spread 1",
                {SUMS: f"({SUMS} - {SUMS}.mean()) / ({SUMS}.std() + 1e-8)"},
                "Many programs do that afterwards. Here the sums themselves are asked for.",
            ),
            Mistake(
                "the last reward is never counted",
                {SUMS: f"{SUMS} - rewards[-1]"},
                "A slice up to len(rewards) - 1 ends before the last one.",
            ),
            Mistake(
                "each sum ends with the next reward",
                {SUMS: "rewards + np.append(rewards[1:], 0)"},
                "All later rewards count, to the end of the run.",
            ),
        ),
        hints=(
            "What is the last number? And the one before it?",
            "Begin at the end: rewards[::-1] is the array in the reverse order, and np.cumsum adds up.",
            "np.cumsum(rewards[::-1])[::-1]",
        ),
        praise="Each choice answers for what came after it, and for nothing before.",
    ),
    Exercise(
        reference=better_than_others,
        outputs=("better",),
        cases=(
            Call({"returns": (9.0, 3.0, 6.0)}),
            Call({"returns": (20.0, 20.0)}),
            Call({"returns": (-1.7, 4.3, 0.9, 2.6)}),
            Call({"returns": (31.3, 12.7, 55.9, 18.1, 23.9)}),
        ),
        mistakes=(
            Mistake(
                "a run is compared with a mean that it is part of",
                {OTHERS: "returns.mean()"},
                "Leave the run itself out of its mean: with it, the estimate is too short by the factor 1 - 1 / runs.",
            ),
            Mistake(
                "the sum of the others is divided by the number of all runs",
                {OTHERS: "(returns.sum() - returns) / len(returns)"},
                "There are len(returns) - 1 others.",
            ),
            Mistake(
                "the sum of all is divided by the number of the others",
                {OTHERS: "returns.sum() / (len(returns) - 1)"},
                "Take the run itself out of the sum, too.",
            ),
            Mistake(
                "this is the mean of the others",
                {"returns - others": "others"},
                "Subtract it from the run's own return.",
            ),
            Mistake(
                "runs are compared with the median",
                {OTHERS: "np.median(returns)"},
                "The baseline is a mean, of the other runs.",
            ),
            Mistake(
                "runs are compared with the best one",
                {OTHERS: "returns.max()"},
                "Against the best nobody is above 0. Compare with the mean of the others.",
            ),
            Mistake(
                "returns are brought to mean 0 and spread 1",
                {"returns - others": "(returns - returns.mean()) / (returns.std() + 1e-8)"},
                "Many programs do that, and then no scale of rewards matters. Here the difference itself is asked for.",
            ),
            Mistake(
                "the difference is divided by the spread of the returns",
                {"returns - others": "(returns - others) / returns.std()"},
                "Then no scale of rewards matters. Here the difference itself is asked for.",
            ),
            Mistake(
                "the mean over all runs is taken out and the factor turned round",
                {"returns - others": "(returns - returns.mean()) * (len(returns) - 1) / len(returns)"},
                "The other way round: without the run itself the difference is longer, by n / (n - 1).",
            ),
            Mistake(
                "a run is compared with the median of the others",
                {OTHERS: "np.array([np.median(np.delete(returns, i)) for i in range(len(returns))])"},
                "The baseline is a mean, of the other runs.",
            ),
            Mistake(
                "a run is compared with the best of the others",
                {OTHERS: "np.array([np.delete(returns, i).max() for i in range(len(returns))])"},
                "Compare with the mean of the others.",
            ),
        ),
        hints=(
            "What have the other runs together? How many are they?",
            "The sum of the others is returns.sum() - returns, an array with a number for each run.",
            "returns - (returns.sum() - returns) / (len(returns) - 1)",
        ),
        praise="What is common to all runs is taken out, and the estimate is still right on average.",
    ),
    Exercise(
        reference=optimistic_step,
        outputs=("x",),
        cases=(
            Call({"x": (1.0, -2.0), "gradient": (0.5, 1.0), "previous": (0.5, 1.0), "lr": 0.1}),
            Call({"x": (0.3, 0.7), "gradient": (-1.1, 0.4), "previous": (0.9, -2.3), "lr": 0.01}),
            Call(
                {"x": (0.83, -1.37, 2.19), "gradient": (0.47, -2.3, 0.19), "previous": (-0.71, 5.9, 0.13), "lr": 0.37}
            ),
        ),
        mistakes=(
            Mistake(
                "the previous gradient is followed, and not taken back",
                {STEP: "x - 2 * lr * gradient - lr * previous"},
                "Take the last step back: its sign is the other one.",
            ),
            Mistake(
                "the gradient is followed once",
                {STEP: "x - lr * gradient + lr * previous"},
                "Where the gradient does not change, nothing would move. Two steps forward, one back.",
            ),
            Mistake(
                "two steps are taken back and one is made",
                {STEP: "x - lr * gradient + 2 * lr * previous"},
                "Two steps down the new gradient, one down the previous one taken back.",
            ),
            Mistake(
                "this is an ordinary step",
                {STEP: "x - lr * gradient"},
                "The previous gradient is missing.",
            ),
            Mistake(
                "this is an ordinary step with twice the rate",
                {STEP: "x - 2 * lr * gradient"},
                "Take back what the previous gradient would have done: + lr * previous.",
            ),
            Mistake(
                "the rate is missing before the previous gradient",
                {STEP: "x - 2 * lr * gradient + previous"},
                "Both are steps, and a step is lr times a gradient.",
            ),
            Mistake(
                "you walk uphill",
                {STEP: "x + 2 * lr * gradient - lr * previous"},
                "Down the gradient: subtract it.",
            ),
        ),
        hints=(
            "How would you write two ordinary steps with the same gradient?",
            "Two steps: x - 2 * lr * gradient. The step that the previous gradient made was - lr * previous.",
            "x - 2 * lr * gradient + lr * previous",
        ),
        praise="The change from the previous gradient to this one is taken once more: that is the optimism.",
    ),
)
