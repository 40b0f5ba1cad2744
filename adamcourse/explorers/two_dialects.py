"""Lesson 12: one optimizer as two frameworks write it, along the same gradients, and where they part."""

from dataclasses import fields

import numpy as np

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.dialects import DIALECTS, defaults, difference_in_words
from adamcourse.explorers.controls import checkbox, choice, log_slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.losses import Replay
from adamcourse.optimizers import Scheduled

WRITTEN_BY = {"course": "#000000", "PyTorch": "#D55E00", "Keras": "#0072B2", "Optax": "#009E73"}
OPTIMIZERS = [name for name, row in DIALECTS.items() if row.keys() >= WRITTEN_BY.keys() and row["course"].elementwise]
RATE, STEPS, FALL = 0.01, 100, 50
GRADIENTS = np.random.default_rng(0).normal(-0.3, 1.0, size=(STEPS, 1))
ROUNDING, APART = 1e-12, 0.03  # what counts as one trajectory, and what the challenge asks for

PYTORCH_KERAS = {"first": "PyTorch", "second": "Keras"}
PRESETS = {
    "Show me the failure": PYTORCH_KERAS | {"optimizer": "Adam", "size": 1e-7, "own": True, "falls": False},
    "The same": {"first": "PyTorch", "second": "Optax", "optimizer": "Adam", "size": 1e-7, "own": True, "falls": False},
    "A rate that falls": PYTORCH_KERAS | {"optimizer": "SGD", "size": 1.0, "own": False, "falls": True},
}
CHALLENGE = Challenge(
    "With gradients near 0.1 or more, equal settings and a constant α, no ε matters. Find an optimizer and two "
    f"frameworks that still end more than {APART} apart.",
    "One name may stand for several algorithms: Nadam has two schedules or none, AMSGrad two maxima.",
)


def dialect(name, written_by, own):
    """Return a dialect with the rate of this explorer, and its own defaults or those of the course for the rest."""
    kind = DIALECTS[name][written_by]
    known = {field.name for field in fields(kind)}
    course = {} if own else {key: v for key, v in defaults(DIALECTS[name]["course"]).items() if key in known}
    momentum = {"beta": 0.9} if name == "SGD" else {}  # without it there is nothing to write in two ways
    return kind(**course | momentum | {"lr": RATE})


def trajectory(optimizer, size, falls):
    """Return x along the gradients of a size, shape (STEPS + 1,), with a rate that falls to a tenth halfway or not."""
    if falls:
        optimizer = Scheduled(optimizer, lambda t: 0.1 if t >= FALL else 1.0)
    return descend(Replay(size * GRADIENTS), optimizer, np.zeros(1), STEPS).x[:, 0]


def apart(one, other):
    """Return how far apart two trajectories are at each step, in parts of the longer way from the start so far."""
    way = np.maximum.accumulate(np.maximum(np.abs(one), np.abs(other)))
    return np.abs(one - other) / np.where(way > 0, way, 1.0)


def unlike(one, other):
    """Return the settings in which two dialects differ, in words."""
    shared = [field.name for field in fields(one) if hasattr(other, field.name)]
    pairs = [(name, getattr(one, name), getattr(other, name)) for name in shared]
    return ", ".join(f"{name} {mine} and {theirs}" for name, mine, theirs in pairs if mine != theirs)


def reasons(name, *written_by):
    """Return the sentences that say how these dialects differ from the course's form."""
    own = [framework for framework in dict.fromkeys(written_by) if framework != "course"]
    return " ".join(f"{framework}: {difference_in_words(DIALECTS[name][framework])}" for framework in own)


def two_dialects():
    """Return the explorer of one optimizer in two dialects, of the size of the gradients, and of a rate that falls."""
    fig, (left, right) = plots.figure(columns=2, width=11, height=5)
    steps = np.arange(STEPS + 1)
    (wide,) = left.plot([], [], linewidth=7, alpha=0.5, label="the wide line")
    (broken,) = left.plot([], [], linestyle=(0, (4, 1.5)), label="the broken line")
    names = [left.text(0.04, height, "", transform=left.transAxes) for height in (0.93, 0.85)]
    left.set(xlabel="step", ylabel="x, in parts of the longest way", xlim=(0, STEPS), ylim=(-0.05, 1.4))
    right.axhspan(2e-18, ROUNDING, color="#E8E8E8")
    right.text(STEPS - 3, 3e-13, "rounding", ha="right", va="top", color="#56595C")
    (curve,) = right.plot([], [], color="black")
    (parting,) = right.plot([], [], "o", color=plots.TARGET_COLOR, markeredgecolor="black", markersize=13)
    right.set(xlabel="step", ylabel="how far apart, relative", yscale="log", xlim=(0, STEPS), ylim=(2e-18, 10))

    def draw(optimizer, first, second, size, own, falls):
        pair = [dialect(optimizer, written_by, own) for written_by in (first, second)]
        x_both = np.array([trajectory(one, size, falls) for one in pair])
        distance = apart(*x_both)
        for line, x, name, written_by in zip((wide, broken), x_both, names, (first, second), strict=True):
            line.set_data(steps, x / max(np.abs(x_both).max(), 1e-300))
            line.set_color(WRITTEN_BY[written_by])
            name.set(text=f"{written_by}: {line.get_label()}", color=WRITTEN_BY[written_by])
        curve.set_data(steps, np.maximum(distance, 1e-17))
        parted = np.flatnonzero(distance > ROUNDING)[:1]
        parting.set_data(parted, distance[parted])
        where = f"they part at step {parted[0]}, and end {distance[-1]:.2g} apart" if len(parted) else "they never part"
        fall = f", α a tenth from step {FALL + 1} on" if falls else ""
        one, other = (written_by.replace("course", "the course") for written_by in (first, second))
        text = (
            f"{optimizer} of {one} and of {other}, gradients near {size:.2g}, {unlike(*pair) or 'equal settings'}"
            f"{fall}: {where}. {reasons(optimizer, first, second)}"
        )
        in_the_task = not own and not falls and size >= 0.099 and "course" not in (first, second)
        return Readout(text.rstrip(), won=bool(in_the_task and distance[-1] > APART))

    return Explorer(
        fig,
        draw,
        {
            "optimizer": choice("optimizer", OPTIMIZERS, "Adam"),
            "first": choice("one dialect", list(WRITTEN_BY), "PyTorch"),
            "second": choice("another", list(WRITTEN_BY), "Keras"),
            "size": log_slider("size of the gradients", 1e-9, 10, 1e-7),
            "own": checkbox("each with its own defaults, but for α", False),
            "falls": checkbox("α falls to a tenth halfway", False),
        },
        about=f"one optimizer in two dialects along the same {STEPS} gradients, and how far apart they are.",
        presets=PRESETS,
        challenge=CHALLENGE,
    )
