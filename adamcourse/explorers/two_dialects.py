"""Lesson 12: one optimizer as two frameworks write it, along the same gradients, and where the two walks part."""

from dataclasses import fields

import numpy as np

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.dialects import DIALECTS, defaults, difference
from adamcourse.explorers.explorer import Challenge, Explorer, Seen, checkbox, choice, log_slider
from adamcourse.schedules import Scheduled
from adamcourse.streams import Replay

WRITTEN_BY = {"course": "#000000", "PyTorch": "#D55E00", "Keras": "#0072B2", "Optax": "#009E73"}
OPTIMIZERS = [name for name, row in DIALECTS.items() if row.keys() >= WRITTEN_BY.keys()]
RATE, STEPS, FALL = 0.01, 100, 50
GRADIENTS = np.random.default_rng(0).normal(-0.3, 1.0, size=(STEPS, 1))
ROUNDING, APART = 1e-12, 0.03  # what counts as equal, and what the challenge asks for


def dialect(name, written_by, own):
    """Return a dialect with the rate of this explorer, and its own defaults or those of the course for the rest."""
    kind = DIALECTS[name][written_by]
    known = {field.name for field in fields(kind)}
    course = {} if own else {key: v for key, v in defaults(DIALECTS[name]["course"]).items() if key in known}
    momentum = {"beta": 0.9} if name == "SGD" else {}  # without it there is nothing to write in two ways
    return kind(**course | momentum | {"lr": RATE})


def walk(optimizer, size, falls):
    """Return x along the gradients of a size, shape (STEPS + 1,), with a rate that falls to a tenth halfway or not."""
    if falls:
        optimizer = Scheduled(optimizer, lambda t: 0.1 if t >= FALL else 1.0)
    return descend(Replay(size * GRADIENTS), optimizer, np.zeros(1), STEPS).x[:, 0]


def apart(one, other):
    """Return how far apart two walks are at each step, in parts of the longer way from the start so far."""
    way = np.maximum.accumulate(np.maximum(np.abs(one), np.abs(other)))
    return np.abs(one - other) / np.where(way > 0, way, 1.0)


def settings(one, other):
    """Return the settings that two dialects do not share, in words."""
    shared = [f.name for f in fields(one) if hasattr(other, f.name) and getattr(one, f.name) != getattr(other, f.name)]
    return ", ".join(f"{name} {getattr(one, name)} and {getattr(other, name)}" for name in shared)


def two_dialects():
    """Return the explorer of one optimizer in two dialects, of the size of the gradients, and of a rate that falls."""
    fig, (left, right) = plots.figure(columns=2, width=11, height=5)
    steps = np.arange(STEPS + 1)
    (wide,) = left.plot([], [], linewidth=7, alpha=0.5)
    (thin,) = left.plot([], [], linewidth=2.5, linestyle=(0, (4, 1.5)))
    names = [left.text(0.04, height, "", transform=left.transAxes) for height in (0.94, 0.86)]
    left.set(xlabel="step", ylabel="x, in parts of the longest way", xlim=(0, STEPS), ylim=(-0.05, 1.1))
    right.axhspan(1e-17, ROUNDING, color="#E8E8E8")
    right.text(STEPS - 3, 3e-13, "rounding", ha="right", va="top", color="#56595C")
    (curve,) = right.plot([], [], color="black")
    (parting,) = right.plot([], [], "o", color=plots.TARGET, markeredgecolor="black", markersize=13)
    right.set(xlabel="step", ylabel="how far apart, relative", yscale="log", xlim=(0, STEPS), ylim=(1e-17, 10))

    def draw(optimizer, first, second, size, own, falls):
        one, other = (dialect(optimizer, written_by, own) for written_by in (first, second))
        walks = [walk(which, size, falls) for which in (one, other)]
        distance = apart(*walks)
        longest = max(np.abs(walks).max(), 1e-300)
        for line, x, text, written_by, look in zip(
            (wide, thin), walks, names, (first, second), ("wide", "broken"), strict=True
        ):
            line.set_data(steps, x / longest)
            line.set_color(WRITTEN_BY[written_by])
            text.set_text(f"{written_by}: the {look} line")
            text.set_color(WRITTEN_BY[written_by])
        curve.set_data(steps, np.maximum(distance, 1e-17))
        parted = np.flatnonzero(distance > ROUNDING)
        parting.set_data(parted[:1], distance[parted[:1]])
        unlike = settings(one, other) or "equal settings"
        where = f"they part at step {parted[0]}, and end {distance[-1]:.2g} apart" if len(parted) else "they never part"
        fall = f", α a tenth from step {FALL + 1} on" if falls else ""
        why = " ".join(
            f"{written_by}: {difference(DIALECTS[optimizer][written_by])}"
            for written_by in dict.fromkeys((first, second))
            if written_by != "course"
        )
        text = f"{optimizer} of {first} and of {second}, gradients near {size:.2g}, {unlike}{fall}: {where}. {why}"
        others = not own and not falls and size >= 0.099 and "course" not in (first, second)
        return Seen(text, won=bool(others and distance[-1] > APART))

    return Explorer(
        fig,
        draw,
        {
            "optimizer": choice("optimizer", OPTIMIZERS, "Adam"),
            "first": choice("one dialect", list(WRITTEN_BY), "PyTorch"),
            "second": choice("another", list(WRITTEN_BY), "Keras"),
            "size": log_slider("size of the gradients", 1e-9, 10, 1e-3),
            "own": checkbox("each with its own defaults, but for α", False),
            "falls": checkbox("α falls to a tenth halfway", False),
        },
        about=f"one optimizer in two dialects along the same {STEPS} gradients, and how far apart they are.",
        presets={
            "Show me the failure": {
                "optimizer": "Adam",
                "first": "PyTorch",
                "second": "Keras",
                "size": 1e-7,
                "own": True,
            },
            "The same": {"optimizer": "Adam", "first": "PyTorch", "second": "Optax", "size": 1e-7, "own": True},
            "A rate that falls": {
                "optimizer": "SGD",
                "first": "PyTorch",
                "second": "Keras",
                "size": 1.0,
                "falls": True,
            },
        },
        challenge=Challenge(
            "With gradients near 0.1 or more, equal settings and a constant α, no ε matters. Find an optimizer and two "
            f"frameworks that still end more than {APART} apart.",
            "One name may stand for several algorithms: Nadam has two schedules or none, AMSGrad three maxima.",
        ),
    )
