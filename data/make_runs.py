"""Record the article's experiment: train its network for ten epochs, as printed and after a search for each optimizer.

    python data/make_runs.py

Writes data/runs.json, which lesson 09 draws. It took three quarters of an hour on one busy core. A step is the same to
the last bit only with the same NumPy on the same kind of processor, so another machine writes slightly other numbers.

As printed, each optimizer has the rate that Keras gives it. In the search each has five rates, half a decade apart,
more where the best one is the first or the last. A rate is judged by the digits that it gets right of the last 2,000
training digits, after training on the 6,000 others; the test digits are not looked at before the rates are chosen.
"""

import json
import re
from pathlib import Path

import numpy as np

from adamcourse.datasets import load_digits
from adamcourse.networks import article_cnn
from adamcourse.optimizers import Adagrad, Adam, GradientDescent, Momentum, RMSprop
from adamcourse.training import Training

EPOCHS, HELD_BACK = 10, 2000
SEEDS, SEARCH_SEEDS = (0, 1, 2), (0, 1)
AS_PRINTED = {  # what `compile(optimizer="adagrad")` and so on mean in Keras
    "Adagrad": Adagrad(1e-3, eps=1e-7, initial_accumulator=0.1),
    "Adam": Adam(1e-3),
    "GradientDescent": GradientDescent(1e-2),
}
ADAGRAD = {  # what lies between the printed one and the searched one: the sum begun at 0, or the rate of the search
    "sum from 0": Adagrad(1e-3, eps=1e-7),
    "sum from 0.1": Adagrad(0.032, eps=1e-7, initial_accumulator=0.1),
}
SEARCHED = {  # an optimizer, and the first of its five rates as a power of ten
    "GradientDescent": (GradientDescent, -2.0),
    "Momentum": (Momentum, -2.5),
    "Adagrad": (Adagrad, -3.0),
    "RMSprop": (RMSprop, -4.0),
    "Adam": (Adam, -4.0),
}


def trained(optimizer, train, validation, seed):
    """Return the History of one training."""
    return Training(article_cnn(), optimizer, train, validation, seed=seed).run_until(EPOCHS)


def recorded(optimizer, digits):
    """Return loss and accuracy on the test digits after each epoch, a list for each seed."""
    histories = [trained(optimizer, *digits, seed) for seed in SEEDS]
    losses = [np.round(history.epoch_loss, 4).tolist() for history in histories]
    return {
        "rate": optimizer.lr,
        "loss": losses,
        "accuracy": [history.validation_accuracy.tolist() for history in histories],
    }


def search(kind, first, digits):
    """Return the rates that were tried, the mean accuracy of each on the digits held back, and print them."""
    (images, labels), _ = digits
    train, others = (images[:-HELD_BACK], labels[:-HELD_BACK]), (images[-HELD_BACK:], labels[-HELD_BACK:])
    found, powers = {}, [first + k / 2 for k in range(5)]
    while powers:
        for power in powers:
            rate = float(f"{10**power:.2g}")
            runs = [trained(kind(rate), train, others, seed) for seed in SEARCH_SEEDS]
            # a training that diverges has not finished its epochs
            found[power] = (
                rate,
                float(np.mean([r.validation_accuracy[-1] if len(r.validation) == EPOCHS else 0.1 for r in runs])),
            )
            print(f"{kind.__name__} {rate}: {found[power][1]:.4f}", flush=True)
        best = max(found, key=lambda power: found[power][1])
        powers = [best - 0.5] if best == min(found) else [best + 0.5] if best == max(found) else []
    rates, accuracy = zip(*(found[power] for power in sorted(found)), strict=True)
    return {"rates": rates, "held back": accuracy}


def text_of(runs):
    """Return the runs as JSON, each list of numbers on one line."""
    return re.sub(r"\[\s+([^][]+?)\s+\]", lambda m: f"[{' '.join(m[1].split())}]", json.dumps(runs, indent=1)) + "\n"


def main():
    digits = load_digits()
    printed, adagrad = (
        {name: recorded(optimizer, digits) for name, optimizer in optimizers.items()}
        for optimizers in (AS_PRINTED, ADAGRAD)
    )
    searched = {}
    for name, (kind, first) in SEARCHED.items():
        tried = search(kind, first, digits)
        best = tried["rates"][int(np.argmax(tried["held back"]))]
        searched[name] = recorded(kind(best), digits) | {"search": tried}
    text = text_of({"as printed": printed, "Adagrad": adagrad, "searched": searched})
    Path(__file__).with_name("runs.json").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
