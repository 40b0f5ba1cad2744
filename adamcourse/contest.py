"""A fair race for an optimizer of your own: five tasks, a search for everyone, and a score card.

results = benchmark(MyOptimizer)    # prints the card
plots.score_card(ax, results)
"""

import warnings
from functools import lru_cache, partial

import numpy as np

from adamcourse.datasets import digits_subset, load_after_adam, load_contest, load_text
from adamcourse.losses import Noisy, ravine, rosenbrock
from adamcourse.networks import mlp, transformer, windows
from adamcourse.optimizers import Adam, GradientDescent, Momentum
from adamcourse.places import learners_frames
from adamcourse.plots import STYLES
from adamcourse.training import TunedResult, random_start_problem, training_problem, tune_and_compare

BASELINES = {  # each with the settings that it may choose from: you have tuned yours, too
    STYLES["GradientDescent"].label: [GradientDescent],
    STYLES["Momentum"].label: [partial(Momentum, beta=beta) for beta in (0.5, 0.8, 0.9)],
    STYLES["Adam"].label: [partial(Adam, beta1=beta1, beta2=beta2) for beta1 in (0.5, 0.9) for beta2 in (0.9, 0.999)],
}
YOURS = "yours"
RATES = np.geomspace(1e-5, 100, 71)  # for the surfaces, where all of them run at once
NOISE, TRAIN, VALIDATION, BATCH = 0.5, 1000, 300, 50
CONTEXT, READ, HELD_BACK = 16, 200_000, 1600  # places in a window; characters to train on, and to judge by


def noisy_ravine(seed):
    """Return loss and start for a seed, a ravine with noise; the function is a problem for `tune_and_compare`."""
    surface, start = random_start_problem(ravine(20))(seed)
    return Noisy(surface, NOISE, seed), start


@lru_cache(maxsize=1)
def tasks():
    """Return the arguments of `tune_and_compare` for each task, by name."""
    train, validation = digits_subset(TRAIN, VALIDATION)
    network = mlp()
    novel, writer = load_text(), transformer(65, CONTEXT, features=16, heads=2, blocks=1)
    rows = windows(novel.validation[: HELD_BACK + 1], CONTEXT)
    return {
        "ravine": {"problem": random_start_problem(ravine(100)), "rates": RATES, "target": 1e-3, "steps": 500},
        "Rosenbrock": {"problem": random_start_problem(rosenbrock), "rates": RATES, "target": 1e-2, "steps": 1000},
        "noisy ravine": {"problem": noisy_ravine, "rates": RATES, "target": 0.02, "steps": 500},
        "digits": {
            "problem": training_problem(network, train, BATCH),
            "rates": np.geomspace(1e-4, 10, 11),
            "target": 0.6,
            "steps": 100,
            "measure": lambda w: network.evaluate(w, *validation).loss,
            "every": 10,
        },
        "language": {
            "problem": training_problem(writer, windows(novel.train[:READ], CONTEXT), batch_size=8),
            "rates": np.geomspace(1e-4, 10, 11),
            "target": 2.75,
            "steps": 150,
            "measure": lambda w: writer.evaluate(w, *rows).loss,
            "every": 10,
        },
    }


@lru_cache(maxsize=1)
def baselines():
    """Return how soon the lessons' own optimizers reach the target of each task, each at its best setting.

    `computed` takes half a minute for all, so this was recorded.
    """
    recorded = load_contest()
    return {
        name: {label: TunedResult(rate, tuple(steps)) for label, (rate, steps) in recorded[name].items()}
        for name in tasks()
    }


def computed(name):
    """Return how soon the lessons' own optimizers reach the target of one task, each at its best setting."""
    task = tasks()[name]
    return {label: _soonest(_tuned(dict(enumerate(kinds)), task)) for label, kinds in BASELINES.items()}


def _soonest(results):
    """Return the TunedResult with the smallest median."""
    return min(results.values(), key=lambda result: result.median)


def _tuned(optimizers, task):
    """Return the TunedResults of a task; who never reaches the target has no best rate, and no warning about it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return tune_and_compare(optimizers=optimizers, **task)


def benchmark(optimizer):
    """Race optimizers made from a rate against the lessons' own, print the score card, and return the results.

    On each task everyone has the same rates to choose from and three seeds, and the lessons' own a few β besides. The
    score is the mean number of steps in the geometric sense, as a multiple of the best baseline: 1 is as good as the
    best specialists, on average.

    Arguments
    ---------
    optimizer : function of a learning rate that returns an optimizer: most simply a class with the field `lr`. With
        `elementwise = True`, if no coordinate's step depends on another one, all rates run at once, which is quicker.

    Returns TunedResults by task and name, or None when the optimizer fails; then a line says where.

    >>> results = benchmark(lambda lr: Adam(lr, beta1=0.8))
    ravine       yours 35 steps at rate 0.0251; best baseline: Adam, 12
    Rosenbrock   yours 483 steps at rate 0.0501; best baseline: Adam, 134
    noisy ravine yours 19 steps at rate 0.02; best baseline: gradient descent, 7
    digits       yours 20 steps at rate 0.01; best baseline: Adam, 20
    language     yours 80 steps at rate 0.01; best baseline: Adam, 60
    Score: 2.07 times the steps of the best baseline.
    Recorded scores: Lion 7.44, ScheduleFree 1.53, Prodigy 3.32.
    """
    results = measured(optimizer)
    if results:
        print(known())
    return results


def measured(optimizer):
    """Return what `benchmark` returns, and print the same card, but for the recorded scores of others."""
    results = {}
    for name, task in tasks().items():
        try:
            yours = _tuned({YOURS: optimizer}, task)
        except Exception as error:
            print(_failure(error, name))
            return None
        results[name] = baselines()[name] | yours
        print(f"{name:13}{_line(results[name])}")
    if np.isfinite(score(results)):
        print(f"Score: {score(results):.2f} times the steps of the best baseline.")
    else:
        print("No score: an optimizer has to reach the target of every task.")
    return results


def known():
    """Return in words the recorded scores of later optimizers, by the same rules; data/make_after_adam.py made them.

    Muon, Shampoo and SOAP are not among them, as a point of a surface is no matrix; nor is Sophia, which asks for more
    than gradients. ScheduleFree is judged where the gradient is taken, as all are, and not at its average.
    """
    scores = {name: found["score"] for name, found in load_after_adam()["contest"].items()}
    said = [f"{name} {value:.2f}" if np.isfinite(value) else f"{name} none" for name, value in scores.items()]
    return f"Recorded scores: {', '.join(said)}."


def score(results):
    """Return your steps over the best baseline's, the geometric mean of the tasks; less is better, inf is never."""
    ratios = [task[YOURS].median / _best(task)[1].median for task in results.values()]
    return float(np.exp(np.mean(np.log(ratios))))


def _best(task):
    """Return name and TunedResult of the best baseline."""
    return min(((name, task[name]) for name in BASELINES), key=lambda entry: entry[1].median)


def _line(task):
    yours, (name, best) = task[YOURS], _best(task)
    said = f"{yours.median:g} steps at rate {yours.rate:.3g}" if np.isfinite(yours.median) else "never"
    return f"yours {said}; best baseline: {name}, {best.median:g}"


def _failure(error, task):
    """Say what went wrong in the learner's own lines."""
    frames = learners_frames(error)
    where = f" in the line {frames[-1].line!r}" if frames and frames[-1].line else ""
    return f"Your optimizer failed on the task {task}{where}: {type(error).__name__}: {error}"
