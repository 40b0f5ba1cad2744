"""Record what a small transformer learns from Moby-Dick with several optimizers, each at its own best rate.

    python data/make_language.py            # all parts, on all processors
    python data/make_language.py starts     # one part, in the place of its older record

Writes data/language.json, which lesson 14 draws. A step is the same to the last bit only with the same NumPy on the
same kind of processor, so another machine writes slightly other numbers.

All runs have windows of 32 characters, a warm-up over the first 30 steps (a twentieth of other lengths) and a cosine
down to 0, unless a part says otherwise. Rates lie half a decade apart, more where the best one is the first or the
last. A rate is judged by the loss on 256 windows spread over the validation text, the mean of three seeds (two in some
parts), which decide the start and the order of the windows; a run whose loss is not finite counts as a guess. These
seeds are reported as well, which flatters every optimizer a little.
"""

import itertools
import json
import math
import os
import re
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # a run a processor

import numpy as np

from adamcourse.datasets import Text, load_text
from adamcourse.losses import cross_entropy
from adamcourse.networks import sample, transformer, windows
from adamcourse.optimizers import Adam, Clipped, Cooldown, Cosine, Lion, Momentum, NormalisedMomentum, Scheduled, Warmup
from adamcourse.training import Training

FILE = Path(__file__).with_name("language.json")
CONTEXT, STEPS, BATCH, SEEDS = 32, 600, 32, (0, 1, 2)
VALIDATION = 256  # windows
SHOWN, TEMPERATURE = range(0, STEPS + 1, 100), 0.7  # steps at which text is written
KINDS = {  # an optimizer of a rate, and the power of ten where its rates begin
    "Adam": (lambda rate, **k: Adam(rate, **{"beta2": 0.95} | k), -3.0),
    "Momentum": (lambda rate, **k: Momentum(rate, **k), -1.0),
    "NormalisedMomentum": (lambda rate, **k: NormalisedMomentum(rate, **k), -1.5),
    "Signs": (lambda rate, beta=0.9: Lion(rate, beta1=beta, beta2=beta), -3.5),
}  # where the optimizer needs to know the network and its examples, a function of both
SCHEDULES = {"cosine": Cosine, "cooldown": Cooldown}
STARTS = ("gpt", "glorot", "small_head")


@lru_cache
def examples(name, words):
    """Return the characters of a text, its windows to train on, and those to judge by."""
    text = load_text(name) if not words else as_words(load_text(name), words)
    rows, labels = windows(text.validation, CONTEXT)
    chosen = np.linspace(0, len(rows) - 1, min(VALIDATION, len(rows))).astype(int)
    return text, windows(text.train, CONTEXT), (rows[chosen], labels[chosen])


def as_words(text, many):
    """Return a text in small letters as its commonest words and signs, and one more token for all others."""
    parts = [re.findall(r"\w+|[^\w\s]", text.decode(part).lower()) for part in (text.train, text.validation)]
    number = {word: k + 1 for k, (word, _) in enumerate(Counter(parts[0]).most_common(many))}
    tokens = [np.array([number.get(word, 0) for word in part]) for part in parts]
    return Text(("…", *number), *tokens)


def run(job):
    """Return what a training ends with, and its loss as means of 20 steps (of a thirtieth of other lengths)."""
    text, train, validation = examples(job.get("text", "novel"), job.get("words", 0))
    vocabulary, steps = len(text.characters), job.get("steps", STEPS)
    network = transformer(vocabulary, CONTEXT, norm=job.get("norm", "pre"))
    seed, start = job["seed"], job.get("init", "gpt")
    optimizer = KINDS[job["kind"]][0](job["rate"], **job.get("with", {}))
    optimizer = optimizer(network, train[0]) if callable(optimizer) else optimizer
    optimizer = Clipped(optimizer, job["clip"]) if "clip" in job else optimizer
    if job.get("warmup", True):
        optimizer = Scheduled(optimizer, Warmup(max(1, steps // 20)))
    if job.get("schedule", "cosine") != "constant":
        optimizer = Scheduled(optimizer, SCHEDULES[job.get("schedule", "cosine")](steps))
    batch = job.get("batch", BATCH)
    training = Training(network, optimizer, train, validation, batch, seed, network.start(seed, start))
    written = {}
    for step in SHOWN if job.get("writes") else ():
        training.run_until(steps=step)
        if training.diverged or not np.isfinite(network.forward(training.w, validation[0][:1])).all():
            break
        written[step] = text.decode(sample(network, training.w, text.encode("\n"), 160, TEMPERATURE))
    path = []
    for step in range(job["every"], steps + 1, job["every"]) if "every" in job else ():
        training.run_until(steps=step)
        path.append(judged(network, training, validation))
    losses = training.run_until(steps=steps).minibatch_losses
    found = {"job": job, "loss": math.log(vocabulary), "curve": None}
    if written:
        found["written"] = written
    if training.diverged or not np.isfinite(training.w).all():
        return found
    found |= {"loss": judged(network, training, validation)} | ({"path": path} if path else {})
    width = max(1, steps // 30)
    found["curve"] = np.reshape(losses[: len(losses) // width * width], (-1, width)).mean(axis=1).round(3).tolist()
    if job.get("by token"):
        found["by token"] = by_token(network, training.w, validation, vocabulary)
    if "clip" in job:
        found["clipped"] = clipped_share(optimizer, training.states[0])
    return found


def judged(network, training, validation):
    """Return the validation loss, at the average where the optimizer keeps one."""
    w = getattr(training, "average", training.w)
    loss = float(network.evaluate(w, *validation).loss) if np.isfinite(w).all() else math.inf
    return round(loss, 4) if math.isfinite(loss) else round(math.log(network.classes), 4)  # a guess


def clipped_share(optimizer, state):
    """Return in which share of the steps the gradient was clipped."""
    while not isinstance(optimizer, Clipped):
        optimizer, state = optimizer.optimizer, state.inner
    return optimizer.share(state)


def by_token(network, w, validation, vocabulary):
    """Return for each token how often it is the next one, and the mean loss where it is."""
    rows, labels = validation
    losses, _ = cross_entropy(network.forward(w, rows), labels.T)
    counts = np.bincount(labels.T.ravel(), minlength=vocabulary)
    sums = np.bincount(labels.T.ravel(), losses.ravel().astype(np.float64), minlength=vocabulary)
    return {"counts": counts.tolist(), "loss": (sums / np.maximum(counts, 1)).round(4).tolist()}


# --- a search for each ---------------------------------------------------------------------------------------------


def search(pool, kind, seeds=SEEDS, first=None, many=5, around=1, **job):
    """Run an optimizer at its rates, until there are so many on both sides of the best; return rates, losses, runs."""
    found, begin = {}, KINDS[kind][1] if first is None else first
    powers = [begin + k / 2 for k in range(many)]
    while powers:
        jobs = [{"kind": kind, "rate": float(f"{10**p:.3g}"), "seed": seed, **job} for p in powers for seed in seeds]
        ended = list(pool.map(run, jobs))
        for k, power in enumerate(powers):
            found[power] = ended[k * len(seeds) : (k + 1) * len(seeds)]
        means = {power: np.mean([r["loss"] for r in runs]) for power, runs in found.items()}
        best = min(means, key=means.get)
        powers = [best + k / 2 for k in range(-around, around + 1) if best + k / 2 not in found]
    rates = [found[power][0]["job"]["rate"] for power in sorted(found)]
    losses = [[round(r["loss"], 4) for r in found[power]] for power in sorted(found)]
    said = {key: value for key, value in job.items() if key != "writes"}
    print(kind, said, dict(zip(rates, np.mean(losses, axis=1).round(3).tolist(), strict=True)), flush=True)
    result = {"rates": rates, "losses": losses, "best": rates[sorted(found).index(best)]}
    result["curves"] = [r["curve"] for r in found[best]]
    for extra in ("by token", "clipped", "path"):
        if extra in found[best][0]:
            result[extra] = [r[extra] for r in found[best]]
    if job.get("writes"):
        near = [best + k / 2 for k in range(-around, around + 1)]
        result["near"] = [{key: found[power][0].get(key) for key in ("curve", "written")} for power in near]
    return result


def best_setting(pool, kind, settings, **job):
    """Return the search of an optimizer with the best of several settings, each with its own rates."""
    ends = [search(pool, kind, **job, **{"with": setting}) | {"with": setting} for setting in settings]
    return min(ends, key=lambda end: np.mean(end["losses"], axis=1).min())


def each(pool, kinds=KINDS, **job):
    """Return the search of several optimizers by name."""
    return {kind: search(pool, kind, **job) for kind in kinds}


# --- the parts -----------------------------------------------------------------------------------------------------


def starts(pool):
    """Four optimizers from three starts, with what they write."""
    more = {"writes": 1, "by token": 1}
    return {init: each(pool, init=init, around=2, **more) for init in STARTS}


def finer(pool):
    """Around the best rates of the first part, a quarter of a decade up and down."""
    first, found = json.loads(FILE.read_text(encoding="utf-8"))["starts"], {}
    for init, kind in itertools.product(STARTS, KINDS):
        rates = [float(f"{first[init][kind]['best'] * 10 ** (k / 4):.3g}") for k in (-1, 0, 1)]
        jobs = [{"kind": kind, "rate": rate, "seed": seed, "init": init} for rate in rates for seed in SEEDS]
        losses = np.reshape([round(ended["loss"], 4) for ended in pool.map(run, jobs)], (3, -1)).tolist()
        found.setdefault(init, {})[kind] = {"rates": rates, "losses": losses}
        print("finer", init, kind, rates, np.mean(losses, axis=1).round(3).tolist(), flush=True)
    return found


def longer(pool):
    """The same for twice the steps."""
    return {init: each(pool, init=init, steps=2 * STEPS, seeds=(0, 1)) for init in STARTS}


def sonnets(pool):
    """The same with another text."""
    return {init: each(pool, init=init, text="sonnets", steps=300) for init in STARTS}


def batches(pool):
    """Adam and momentum on minibatches of other sizes, at equal characters and at equal steps.

    Both may choose their memory, too: with tiny minibatches a longer one may pay, or none.
    """
    sizes, found = (2, 8, 32, 128, 512), {}
    memories = {"Adam": [{"beta2": 0.95}, {"beta2": 0.999}], "Momentum": [{"beta": 0.9}, {"beta": 0.0}]}
    for kind, settings in memories.items():
        for size in sizes:
            for name, steps in (("equal characters", 300 * 32 // size), ("equal steps", 300)):
                if steps < 50 or (name == "equal steps" and size == 32):
                    continue
                first = KINDS[kind][1] + (0.5 if size > 32 else -0.5 if size < 32 else 0)
                job = {"batch": size, "steps": steps, "first": first, "many": 4, "seeds": (0, 1)}
                found.setdefault(name, {}).setdefault(kind, {})[size] = best_setting(pool, kind, settings, **job)
    for kind in memories:
        found["equal steps"][kind][32] = found["equal characters"][kind][32]
    return found


def words(pool):
    """Adam and momentum on whole words, most of which are rare."""
    return each(pool, ("Adam", "Momentum"), words=1000, batch=16, steps=300, **{"by token": 1})


def loop(pool):
    """What Adam loses without a warm-up, without correction, with a long memory, clipped, and with the norm behind."""
    ways = {
        "as it is": {},
        "no warm-up": {"warmup": False},
        "no warm-up, clipped at 1": {"warmup": False, "clip": 1.0},
        "no warm-up, no correction": {"warmup": False, "with": {"bias_correction": False}},
        "no warm-up, β2 = 0.999": {"warmup": False, "with": {"beta2": 0.999}},
        "clipped at 1": {"clip": 1.0},
        "β2 = 0.999": {"with": {"beta2": 0.999}},
        "norm behind": {"norm": "post"},
        "norm behind, no warm-up": {"norm": "post", "warmup": False},
    }
    found = {name: search(pool, "Adam", many=6, seeds=(0, 1), **way) for name, way in ways.items()}
    sgd = {"momentum": {}, "momentum, clipped at 1": {"clip": 1.0}, "momentum, norm behind": {"norm": "post"}}
    return found | {name: search(pool, "Momentum", **way) for name, way in sgd.items()}


def longest(pool):
    """One run of Adam over two epochs, and what it writes."""
    (found,) = pool.map(long_run, [6000])
    return found


def long_run(steps):
    text, train, validation = examples("novel", 0)
    network = transformer(len(text.characters), CONTEXT)
    adam = Scheduled(Scheduled(Adam(0.01, beta2=0.95), Warmup(30)), Cosine(steps))
    training = Training(network, adam, train, validation, BATCH, 0, network.start(0, "gpt"))
    losses = training.run_until(steps=steps).minibatch_losses
    tokens = sample(network, training.w, text.encode("\n"), 400, TEMPERATURE)
    return {
        "steps": steps,
        "loss": network.evaluate(training.w, *validation).loss,
        "curve": np.reshape(losses, (-1, 100)).mean(axis=1).round(3).tolist(),
        "written": text.decode(tokens),
    }


PARTS = {part.__name__: part for part in (starts, finer, longer, sonnets, batches, words, loop, longest)}


def recorded_in(file):
    """Return what a file holds, a dict by part; nothing where it is not there yet."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def record(file, parts):
    """Make the parts that the command line names, or all, and put each into the file, in the place of an older one."""
    for name in sys.argv[1:] or parts:
        with ProcessPoolExecutor() as pool:
            part = parts[name](pool)
        file.write_text(json.dumps(recorded_in(file) | {name: part}, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record(FILE, PARTS)
