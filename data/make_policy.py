"""Record how a small network learns to balance a pole under four optimizers, each with a search of its own.

    python data/make_policy.py            # all parts, on all processors
    python data/make_policy.py search     # one part, in the place of its older record

Writes data/policy.json, which lesson 17 draws. What is counted is the step from which on 16 runs last 195 of 200 steps
on average, five times in a row; never is written as Infinity. A search takes the rate with the lowest median over the
seeds, of equal ones the one whose mean of the finite numbers is lowest.
"""

import time
from functools import partial
from itertools import product
from pathlib import Path

from make_language import record, recorded_in

# isort: split
# the line above comes first: it sets one thread for each run, which NumPy asks for when it is loaded
import numpy as np

from adamcourse.networks import CartPole, Dense, Network, PolicyLoss, ReLU
from adamcourse.optimizers import Adam, GradientDescent, Momentum, RMSprop

FILE = Path(__file__).with_name("policy.json")
KINDS = {"GradientDescent": GradientDescent, "Momentum": Momentum, "RMSprop": RMSprop, "Adam": Adam}
LOWEST = {"GradientDescent": -4, "Momentum": -5, "RMSprop": -3, "Adam": -3}  # of the rates, a power of ten
DECADES = np.arange(0, 3.01, 0.25)
SEEDS, OTHER_SEEDS, STEPS = range(10), range(10, 30), 100
STANDS, IN_A_ROW = 195, 5


def network(hidden=True):
    """Return the network that chooses: four numbers in, two scores out; without hidden units its scores are linear."""
    return Network([Dense(32), ReLU(), Dense(2)] if hidden else [Dense(2)], (4,))


def walk(loss, optimizer, w, state, steps, to_the_end=False):
    """Train; return w, the state and the mean length of the runs at each step, until they stand or to the end."""
    lengths, row = [], 0
    for _ in range(steps):
        value, gradient = loss.value_and_gradient(w)
        lengths.append(-value / loss.reward)
        row = row + 1 if lengths[-1] >= STANDS else 0
        if row == IN_A_ROW and not to_the_end:
            break
        w, state = optimizer.update(w, gradient, state)
    return w, state, lengths


def stands_after(lengths):
    """Return the step at which the runs last long enough for the fifth time in a row, or infinity."""
    row = 0
    for step, length in enumerate(lengths):
        row = row + 1 if length >= STANDS else 0
        if row == IN_A_ROW:
            return step
    return float("inf")


def one(job):
    """Return after how many steps a training stands: job is a kind, its arguments, a seed, and the setting."""
    kind, arguments, seed, setting = job
    made = network(setting.get("hidden", True))
    setting = {name: value for name, value in setting.items() if name != "hidden"}
    w = made.start(seed, dtype=np.float64)
    optimizer, loss = KINDS[kind](**arguments), PolicyLoss(made, CartPole(), seed=seed, **setting)
    return stands_after(walk(loss, optimizer, w, optimizer.start(w), STEPS)[2])


def rates_of(kind, factor=1.0):
    return [float(f"{factor * 10 ** (LOWEST[kind] + decade):.4g}") for decade in DECADES]


def searched(pool, kind, factor=1.0, arguments=None, **setting):
    """Return a search: rates, the steps of each seed at each, and the best rate."""
    rates = rates_of(kind, factor)
    jobs = [(kind, {"lr": rate} | (arguments or {}), seed, setting) for rate, seed in product(rates, SEEDS)]
    steps = np.array(list(pool.map(one, jobs, chunksize=4))).reshape(len(rates), -1)
    finite = np.where(np.isfinite(steps), steps, 10 * STEPS).mean(axis=1)
    best = min(range(len(rates)), key=lambda i: (np.median(steps[i]), finite[i]))
    return {"rates": rates, "steps": steps.tolist(), "best": rates[best]}


def search(pool):
    """Each optimizer with its search."""
    return {kind: searched(pool, kind) for kind in KINDS}


def again(pool):
    """Each at its best rate with twenty other seeds."""
    found = {}
    for kind, search in recorded("search").items():
        jobs = [(kind, {"lr": search["best"]}, seed, {}) for seed in OTHER_SEEDS]
        found[kind] = list(pool.map(one, jobs))
    return found


def scale(pool):
    """All rewards a thousandth: Adam with the same rates, gradient descent with these and a thousand times as large."""
    return {
        "Adam": searched(pool, "Adam", reward=1e-3),
        "GradientDescent, same rates": searched(pool, "GradientDescent", reward=1e-3),
        "GradientDescent, rates x 1000": searched(pool, "GradientDescent", reward=1e-3, factor=1e3),
    }


def eps(pool):
    """Adam at its best rate with other ε, at rewards of 1 and of a thousandth."""
    best, values = recorded("search")["Adam"]["best"], (1e-8, 1e-5, 1e-3, 1.0, 100.0)
    found = {}
    for reward, value in product((1.0, 1e-3), values):
        jobs = [("Adam", {"lr": best, "eps": value}, seed, {"reward": reward}) for seed in SEEDS]
        found.setdefault(str(reward), {})[str(value)] = list(pool.map(one, jobs))
    return found


def betas(pool):
    """Adam with other memories, each with a search."""
    pairs = (0.9, 0.999), (0.9, 0.99), (0.9, 0.9), (0.0, 0.999), (0.99, 0.99)
    return {f"{b1}, {b2}": searched(pool, "Adam", arguments={"beta1": b1, "beta2": b2}) for b1, b2 in pairs}


def variants(pool):
    """A network without hidden units, and four times as many runs for each step; each with a search."""
    settings = {"linear": {"hidden": False}, "64 runs": {"runs": 64}}
    return {name: {kind: searched(pool, kind, **setting) for kind in KINDS} for name, setting in settings.items()}


WAYS = "kept", "reset", "equal, kept", "equal, reset", "new network"


def rewire(job, before=60, after=1000):
    """Train, wire the motor the other way round, and go on in one of several ways; return the steps until it stands."""
    way, rate, seed = job
    optimizer = Adam(rate, beta2=0.9) if way.startswith("equal") else Adam(rate)
    w = network().start(seed, dtype=np.float64)
    loss = PolicyLoss(network(), CartPole(), seed=seed)
    w, state, _ = walk(loss, optimizer, w, optimizer.start(w), before, to_the_end=True)
    if way == "new network":
        w = network().start(seed + 100, dtype=np.float64)
    if not way.endswith("kept"):
        state = optimizer.start(w)
    turned = PolicyLoss(network(), CartPole(force=-10.0), seed=seed + 100)
    return stands_after(walk(turned, optimizer, w, state, after)[2])


def rewired(pool):
    """The motor is wired the other way round after 60 steps: five ways to go on, three rates, ten seeds."""
    found = {}
    for way, rate in product(WAYS, (0.01, 0.03, 0.1)):
        jobs = [(way, rate, seed) for seed in SEEDS]
        found.setdefault(way, {})[str(rate)] = list(pool.map(rewire, jobs))
    return found


def stays(kind, rate, seed, steps=1000):
    """Return the step from which a training stands, and the shortest mean length from there on, of so many steps."""
    w, optimizer = network().start(seed, dtype=np.float64), KINDS[kind](rate)
    loss = PolicyLoss(network(), CartPole(), seed=seed)
    lengths = walk(loss, optimizer, w, optimizer.start(w), steps, to_the_end=True)[2]
    first = stands_after(lengths)
    return first, float(min(lengths[first:])) if first < np.inf else 0.0


def longer(pool):
    """Ten times as long at the best rates: does what stands go on to stand?"""
    found = {}
    for kind, search in recorded("search").items():
        found[kind] = list(pool.map(partial(stays, kind, search["best"]), range(4)))
    return found


def seconds(pool):
    """How long a step of training takes as a multiple of Adam's, in turns in one process; most of it is playing."""
    took = {kind: [] for kind in KINDS}
    for _, kind in product(range(5), KINDS):
        w, optimizer = network().start(0, dtype=np.float64), KINDS[kind](1e-9)  # which plays on as it begins
        loss = PolicyLoss(network(), CartPole())
        begun = time.perf_counter()
        walk(loss, optimizer, w, optimizer.start(w), STEPS)
        took[kind].append(time.perf_counter() - begun)
    middle = {kind: float(np.median(times)) for kind, times in took.items()}
    return {kind: round(middle[kind] / middle["Adam"], 3) for kind in middle}


ALL = search, again, scale, eps, betas, variants, rewired, longer, seconds
PARTS = {part.__name__: part for part in ALL}


def recorded(name):
    """Return a part that is in the file already."""
    return recorded_in(FILE)[name]


if __name__ == "__main__":
    record(FILE, PARTS)
