"""Record what later optimizers do on the small transformer, each with a search of its own, and so does Adam.

    python data/make_after_adam.py            # all parts, on all processors
    python data/make_after_adam.py race       # one part, in the place of its older record

Writes data/after_adam.json, which lesson 16 draws; steps that are never enough are written as Infinity. Runs, searches
and the judging are those of make_language.py. Muon, Shampoo and SOAP get the twelve hidden matrices, and Adam the
embeddings, the last layer and the vectors, with a rate of its own; the others get everything. ScheduleFree has a
constant rate after the warm-up, and is judged at its average; Prodigy has a cosine and no warm-up; all others have
both. Each may choose among the settings that SETTINGS lists, besides its rate; most chose the shortest memory there.
"""

import time
from pathlib import Path

from make_language import BATCH, CONTEXT, KINDS, STEPS, best_setting, examples, record, recorded_in, run, search

# isort: split
# the line above comes first: it sets one thread for each run, which NumPy asks for when it is loaded
import numpy as np

from adamcourse.contest import YOURS, measured, score
from adamcourse.networks import DrawnCurvature, Network, transformer
from adamcourse.optimizers import (
    SOAP,
    Adafactor,
    Adam,
    Groups,
    Lion,
    Muon,
    Prodigy,
    ScheduleFree,
    Shampoo,
    Sophia,
)
from adamcourse.training import Training

FILE = Path(__file__).with_name("after_adam.json")
OTHER_SEEDS, EVERY = (3, 4, 5), 50


def hidden(optimizer, rest):
    """Return what gives the hidden matrices of a transformer to one optimizer, and the rest to Adam."""
    groups = {"SelfAttention*": optimizer, "Dense[1-4].W": optimizer, "*": Adam(rest, beta2=0.95)}
    return lambda network, rows: Groups(network.shapes, groups)


def everywhere(optimizer):
    """Return what gives each part of a network to one optimizer, in its shape."""
    return lambda network, rows: Groups(network.shapes, {"*": optimizer})


def curved(rate, **k):
    """Return what makes Sophia, which draws labels from the network that it trains."""

    def made(network, rows):
        return Sophia(DrawnCurvature(Network(network.layers, network.input_shape), rows, BATCH), rate, **k)

    return made


KINDS |= {
    "Adam": (lambda rate, **k: Adam(rate, **k), -2.5),
    "Muon": (lambda rate, rest=0.0316, **k: hidden(Muon(rate, **k), rest), -2.0),
    "Shampoo": (lambda rate, rest=0.0316, **k: hidden(Shampoo(rate, **k), rest), -2.0),
    "SOAP": (lambda rate, rest=0.0316, **k: hidden(SOAP(rate, **k), rest), -2.0),
    "Adafactor": (lambda rate, **k: everywhere(Adafactor(rate, **k)), -2.5),
    "Lion": (Lion, -3.0),
    "ScheduleFree": (ScheduleFree, -2.0),
    "Prodigy": (Prodigy, -1.0),
    "Sophia": (curved, -3.0),
}
SETTINGS = {
    "Adam": [{"beta2": 0.95}, {"beta2": 0.999}, {"beta1": 0.8, "beta2": 0.99}],
    "Muon": [{"rest": 0.01}, {"rest": 0.0316}, {"beta": 0.9}],
    "Shampoo": [{"rest": 0.01}, {"rest": 0.0316}, {"beta": 0.9}],
    "SOAP": [{"rest": 0.01}, {"rest": 0.0316}, {"beta1": 0.9}],
    "Adafactor": [{"relative": False}, {"relative": True}],
    "Lion": [{"beta1": 0.9, "beta2": 0.99}, {"beta1": 0.95, "beta2": 0.98}, {"beta1": 0.9, "beta2": 0.9}],
    "ScheduleFree": [{"beta1": 0.9, "beta2": 0.999}, {"beta1": 0.9, "beta2": 0.95}, {"beta1": 0.95, "beta2": 0.95}],
    "Prodigy": [{"beta2": 0.999}, {"beta2": 0.99}, {"beta2": 0.95}],
    "Sophia": [{"gamma": 0.05}, {"beta1": 0.9, "gamma": 0.005}, {"beta1": 0.9, "gamma": 0.05}, {"beta1": 0.8}],
}
LOOP = {"ScheduleFree": {"schedule": "constant"}, "Prodigy": {"warmup": False}}


def of(kind, **more):
    """Return what an optimizer's jobs have in common."""
    return {"many": 3, **LOOP.get(kind, {}), **more}


# --- the parts -----------------------------------------------------------------------------------------------------


def race(pool):
    """All of them, from the start of GPT."""
    return {kind: best_setting(pool, kind, SETTINGS[kind], **of(kind, every=EVERY)) for kind in SETTINGS}


def glorot(pool):
    """Another start, with the settings of the race, and rates of their own."""
    return elsewhere(pool, init="glorot", every=EVERY)


def small_head(pool):
    """The start from which lesson 14 found Adam behind momentum, which runs here, too."""
    momentum = search(pool, "Momentum", init="small_head", every=EVERY)
    return elsewhere(pool, init="small_head", every=EVERY) | {"Momentum": momentum}


def again(pool):
    """The best of each once more, with seeds that chose nothing."""
    found = {}
    for kind in SETTINGS:
        best = recorded("race")[kind]
        job = of(kind, every=EVERY) | {"kind": kind, "rate": best["best"], "with": best["with"]}
        ended = list(pool.map(run, [job | {"seed": seed} for seed in OTHER_SEEDS]))
        found[kind] = {"losses": [end["loss"] for end in ended], "path": [end.get("path") for end in ended]}
        print("again", kind, found[kind]["losses"], flush=True)
    return found


def longer(pool):
    """Twice the steps, with the settings of the race, and rates of their own."""
    return elsewhere(pool, steps=2 * STEPS, seeds=(0, 1))


def sonnets(pool):
    """Another text, with the settings of the race, and rates of their own."""
    return elsewhere(pool, text="sonnets", steps=300)


def cooldown(pool):
    """Another schedule, for those that had a cosine and a warm-up; Adam chooses its memories anew."""
    found = elsewhere(pool, [kind for kind in SETTINGS if kind not in LOOP], schedule="cooldown", every=EVERY)
    return found | {
        "Adam": best_setting(pool, "Adam", SETTINGS["Adam"], **of("Adam", schedule="cooldown", every=EVERY))
    }


def elsewhere(pool, kinds=SETTINGS, **more):
    """Search once more with the settings of the race, but rates of their own."""
    best = recorded("race")
    return {kind: search(pool, kind, **of(kind, **more), **{"with": best[kind]["with"]}) for kind in kinds}


def batches(pool):
    """Muon with minibatches of other sizes, at equal steps and at equal characters; lesson 14 has Adam's."""
    settings, found = [{"rest": 0.01}, {"rest": 0.0316}], {"equal steps": {}, "equal characters": {}}
    for size in (2, 8, 32, 128):
        job = {"batch": size, "seeds": (0, 1), "first": -3.0 if size < 8 else -2.5}
        found["equal steps"][size] = best_setting(pool, "Muon", settings, **of("Muon", **job, steps=300))
        if size != 32:
            steps = 300 * 32 // size
            found["equal characters"][size] = best_setting(pool, "Muon", settings, **of("Muon", **job, steps=steps))
    return found


def contest(pool):
    """The scores of those that see single numbers in the contest of lesson 18, and their steps for each task."""
    found = {}
    for kind in (Lion, ScheduleFree, Prodigy):
        results = measured(kind)
        medians = {task: results[task][YOURS].median for task in results}
        found[kind.__name__] = {"score": score(results), "steps": medians}
    return found


def seconds(pool):
    """How long a step of training takes as a multiple of Adam's, in turns in one process on one thread."""
    text, train, validation = examples("novel", 0)
    network, trainings = transformer(len(text.characters), CONTEXT), {}
    for kind in SETTINGS:
        best = recorded("race")[kind]
        made = KINDS[kind][0](best["best"], **best["with"])
        made = made(network, train[0]) if callable(made) else made
        trainings[kind] = Training(network, made, train, validation, BATCH, 0, network.start(0, "gpt"))
    took = {kind: [] for kind in trainings}
    for step in range(20, 421, 20):  # twenty steps hold two computations of roots, bases or curvatures
        for kind, training in trainings.items():
            begun = time.perf_counter()
            training.run_until(steps=step)
            took[kind].append(time.perf_counter() - begun)
    middle = {kind: float(np.median(times[1:])) for kind, times in took.items()}
    return {kind: round(middle[kind] / middle["Adam"], 3) for kind in middle}


ALL = race, again, cooldown, glorot, sonnets, longer, small_head, batches, contest, seconds
PARTS = {part.__name__: part for part in ALL}


def recorded(name):
    """Return a part that is in the file already."""
    return recorded_in(FILE)[name]


if __name__ == "__main__":
    record(FILE, PARTS)
