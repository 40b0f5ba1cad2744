"""Lesson 18: the chance that a search finds a good rate, and the score of a race over several tasks."""

import numpy as np

from adamcourse.exercises.cases import Call
from adamcourse.exercises.exercise import Exercise, Mistake


def chance_of_a_good_rate(good, rates, tries):
    """Return the chance that of so many different rates, drawn by lot from all, one or more is good."""
    drawn = np.arange(tries)  # how many are gone before each draw
    all_bad = np.prod((rates - good - drawn) / (rates - drawn))
    return 1 - all_bad


def geometric_score(yours, best):
    """Return the geometric mean of your steps over the best ones, a number for each task."""
    return np.exp(np.mean(np.log(yours / best)))


BAD = "np.prod((rates - good - drawn) / (rates - drawn))"
SCORE = "np.exp(np.mean(np.log(yours / best)))"

EXERCISES = (
    Exercise(
        reference=chance_of_a_good_rate,
        outputs=("chance",),
        cases=(
            Call({"good": 3, "rates": 11, "tries": 1}),
            Call({"good": 3, "rates": 11, "tries": 2}),
            Call({"good": 2, "rates": 13, "tries": 5}),
            Call({"good": 4, "rates": 10, "tries": 8}),
            Call({"good": 1, "rates": 7, "tries": 3}),
        ),
        mistakes=(
            Mistake(
                "a rate that was tried can be drawn again",
                {BAD: "(1 - good / rates) ** tries"},
                "The rates are different: the second one is drawn from rates - 1, and so on.",
            ),
            Mistake(
                "the chances of the tries are added",
                {"1 - all_bad": "tries * good / rates"},
                "Two good ones would count twice. Ask for the chance that all are bad, and take it from 1.",
            ),
            Mistake(
                "the chances of the tries are added, and cut at 1",
                {"1 - all_bad": "np.minimum(1, tries * good / rates)"},
                "Two good ones would count twice. Ask for the chance that all are bad, and take it from 1.",
            ),
            Mistake(
                "the chances of the draws are added, each from the rates that are left",
                {"1 - all_bad": "np.sum(good / (rates - drawn))"},
                "Two good ones would count twice. Ask for the chance that all are bad, and take it from 1.",
            ),
            Mistake(
                "this is a percentage",
                {"1 - all_bad": "100 * (1 - all_bad)"},
                "A chance goes from 0 to 1.",
            ),
            Mistake(
                "this is the chance that all are good",
                {"1 - all_bad": "np.prod((good - drawn) / (rates - drawn))"},
                "One good rate is enough: that is not so only if all are bad.",
            ),
            Mistake(
                "this is the chance that not all are good",
                {BAD: "np.prod((good - drawn) / (rates - drawn))"},
                "One good rate is enough: that is not so only if all are bad. There are rates - good bad ones.",
            ),
            Mistake(
                "this is the chance of exactly one good rate",
                {"1 - all_bad": "tries * good / rates * np.prod((rates - good - drawn[1:] + 1) / (rates - drawn[1:]))"},
                "One or more: two good ones will do as well.",
            ),
            Mistake(
                "the bad ones that are gone still count in the denominator",
                {"rates - drawn": "rates"},
                "After each draw there is one rate less to draw from.",
            ),
            Mistake(
                "only the last draw counts",
                {BAD: "((rates - good - drawn) / (rates - drawn))[-1]"},
                "All draws have to be bad: multiply their chances.",
            ),
            Mistake(
                "this is the chance of the first draw",
                {"1 - all_bad": "good / rates"},
                "There are tries draws: multiply the chances that each is bad.",
            ),
            Mistake(
                "one draw too many counts",
                {"np.arange(tries)": "np.arange(tries + 1)"},
                "Before the first draw nothing is gone, before the last one tries - 1 are.",
            ),
            Mistake(
                "one draw is already gone before the first",
                {"np.arange(tries)": "np.arange(1, tries + 1)"},
                "Before the first draw nothing is gone, before the last one tries - 1 are.",
            ),
            Mistake(
                "the bad ones never get fewer",
                {"rates - good - drawn": "rates - good"},
                "After a bad draw there is one bad rate less.",
            ),
        ),
        hints=(
            "It is easier to ask for the opposite: when is no good one among them?",
            "The first is bad with the chance (rates - good) / rates. Then both numbers are one less.",
            "drawn = np.arange(tries), and 1 - np.prod((rates - good - drawn) / (rates - drawn))",
        ),
        praise="With 3 good rates of 9, three tries find one three times in four; with 1 of 9, once in three.",
    ),
    Exercise(
        reference=geometric_score,
        outputs=("score",),
        cases=(
            Call({"yours": (20.0, 40.0), "best": (10.0, 40.0)}),
            Call({"yours": (39.0, 190.0, 20.0), "best": (12.0, 134.0, 7.0)}),
            Call({"yours": (31.7, 5.3, 88.1, 61.9), "best": (17.3, 9.7, 23.9, 71.1)}),
        ),
        mistakes=(
            Mistake(
                "this is the arithmetic mean of the quotients",
                {SCORE: "np.mean(yours / best)"},
                "There twice as slow and twice as fast make 1.25. Average the logarithms, and take exp of that.",
            ),
            Mistake(
                "all steps are added before they are divided",
                {SCORE: "yours.sum() / best.sum()"},
                "Then the longest task decides alone. Divide task by task.",
            ),
            Mistake(
                "this is the median of the quotients",
                {SCORE: "np.median(yours / best)"},
                "The median leaves the other tasks out. Average the logarithms, and take exp of that.",
            ),
            Mistake(
                "the root of the product is missing",
                {SCORE: "np.prod(yours / best)"},
                "The product grows with the number of tasks: take the root of that order.",
            ),
            Mistake(
                "the root of the product is a square root",
                {SCORE: "np.sqrt(np.prod(yours / best))"},
                "With n tasks it is the n-th root.",
            ),
            Mistake(
                "this is the harmonic mean",
                {SCORE: "1 / np.mean(best / yours)"},
                "Average the logarithms of the quotients, and take exp of that.",
            ),
            Mistake(
                "this averages your steps with the best ones",
                {SCORE: "np.mean(np.sqrt(yours * best))"},
                "The geometric mean is over the tasks, of the quotients yours / best.",
            ),
            Mistake(
                "this is the worst task",
                {SCORE: "np.max(yours / best)"},
                "All tasks count, each by its factor.",
            ),
            Mistake(
                "steps are subtracted, not divided,",
                {SCORE: "np.mean(yours - best)"},
                "Ten steps are much in a task of 12, and little in one of 134: divide.",
            ),
            Mistake(
                "this is the mean gain in per cent",
                {SCORE: "np.mean((yours - best) / best)"},
                "Twice as slow and twice as fast have to cancel: average the logarithms, and take exp of that.",
            ),
            Mistake(
                "the logarithm is taken of the mean",
                {SCORE: "np.log(np.mean(yours / best))"},
                "The other way round: the logarithms are averaged.",
            ),
            Mistake(
                "exp meets a base that is not e",
                {SCORE: "10 ** np.mean(np.log(yours / best))"},
                "np.log is the natural logarithm: exp takes it back.",
            ),
        ),
        hints=(
            "What is the factor in each task?",
            "Twice as slow in one task and twice as fast in another shall make 1: average the logarithms.",
            "np.exp(np.mean(np.log(yours / best)))",
        ),
        praise="A factor counts the same in each task, however long it is.",
    ),
)
