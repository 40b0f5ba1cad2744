"""Lesson 14: what a small transformer has learned from Moby-Dick after so many steps, and what it writes then."""

import textwrap

import numpy as np

from adamcourse import plots
from adamcourse.datasets import load_language_trainings
from adamcourse.explorers.controls import choice, slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout

STEPS, EVERY, WIDTH = 600, 100, 34
STARTS = {"0.02 everywhere": "gpt", "Glorot's": "glorot", "Glorot's, last layer 0.02": "small_head"}
KINDS = {"Adam": "Adam", "momentum": "Momentum", "normalised momentum": "NormalisedMomentum", "signs": "Signs"}
PAIRS, TARGET = 2.41, 2.175
RATES = "a tenth of its best", "a third of its best", "its best", "three times its best", "ten times its best"


def learning_to_write():
    """Return the explorer of an optimizer, a start, a rate and a step: the loss so far, and a piece of text."""
    recorded = load_language_trainings()["starts"]
    fig, (left, right) = plots.figure(columns=2, width=12, height=4.8)
    (line,) = left.plot([], [])
    (now,) = left.plot([], [], "o", markersize=12)
    left.axhline(PAIRS, color=plots.TARGET_COLOR, linewidth=2)
    left.text(STEPS, PAIRS, "counts of pairs", ha="right", va="bottom", color="#7A4F00")
    left.set(xlabel="step", ylabel="loss on minibatches", xlim=(0, STEPS), ylim=(1.8, 4.6))
    right.set_axis_off()
    name = right.text(0, 1, "", va="top", transform=right.transAxes)
    page = right.text(0, 0.88, "", va="top", family="monospace", fontsize=16, transform=right.transAxes)

    def draw(optimizer, init, rate, step):
        found = recorded[STARTS[init]][KINDS[optimizer]]
        place = RATES.index(rate)
        run, style = found["near"][place], plots.STYLES.get(KINDS[optimizer], plots.OTHER)
        used = float(f"{found['best'] * 10 ** (place / 2 - 1):.3g}")
        curve = np.array(run["curve"] or [], float)
        middles = (np.arange(len(curve)) + 0.5) * STEPS / 30
        seen = middles <= step
        line.set(color=style.color, linestyle=style.line)
        line.set_data(middles[seen], curve[seen])
        now.set_data(middles[seen][-1:], curve[seen][-1:])
        now.set_color(style.color)
        written = (run["written"] or {}).get(str(int(step)))
        text = written if written is not None else "(the loss is no number any more)"
        lines = [part for row in text.split("\n") for part in textwrap.wrap(row, WIDTH) or [""]]
        page.set_text("\n".join(lines[:9]))
        name.set(text=f"{optimizer}, step {step:g}, writes:", color=style.color)
        loss = f"the loss is {curve[seen][-1]:.2f}" if seen.any() else "nothing is learned yet"
        if written is None:
            loss = "it has diverged"
        said = f"{optimizer}, α = {used:g}, {rate}; start: {init}. After {step:g} steps {loss}. It writes: "
        won = optimizer == "momentum" and seen.any() and curve[seen][-1] < TARGET
        return Readout(said + " ".join(text.split()), won=bool(won))

    return Explorer(
        fig,
        draw,
        {
            "optimizer": choice("optimizer", tuple(KINDS), "Adam"),
            "init": choice("start", tuple(STARTS), "0.02 everywhere"),
            "rate": choice("rate", RATES, "its best"),
            "step": slider("step", 0, STEPS, 300, EVERY),
        },
        about="the loss of a transformer on minibatches of Moby-Dick so far, and what it writes; recorded runs.",
        presets={
            "Show me the failure": {"optimizer": "momentum", "init": "0.02 everywhere", "rate": RATES[3], "step": 600},
            "At its best": {"optimizer": "Adam", "init": "0.02 everywhere", "rate": RATES[2], "step": 600},
        },
        challenge=Challenge(
            f"Let momentum bring the loss below {TARGET}.",
            "The start decides, and the rate: with small weights in the last layer momentum ends before Adam.",
        ),
    )
