"""Lesson 16: what k steps of Newton and Schulz's iteration do to the singular values of a matrix."""

from functools import lru_cache

import numpy as np

from adamcourse import plots
from adamcourse.datasets import load_text
from adamcourse.explorers.controls import choice, play_slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.networks import transformer, windows
from adamcourse.optimizers.matrices import QUINTIC

GRADIENT, RANDOM, NARROW = "a gradient of lesson 14", "a random matrix", "the classes of lesson 13"
MATRICES = (GRADIENT, RANDOM, NARROW)
COEFFICIENTS = {"Muon's 3.44, -4.78, 2.03": QUINTIC, "1.5, -0.5, 0, which converge": (1.5, -0.5, 0.0)}
MUON, SLOW = COEFFICIENTS
SHOWN, NEAR = 32, 0.05


@lru_cache
def singular_values(matrix):
    """Return the singular values of a matrix of this name, in parts of its length."""
    if matrix == GRADIENT:
        network, novel = transformer(65), load_text()
        rows, labels = (part[:32] for part in windows(novel.train, 32))
        g = network.loss_on(rows, labels).value_and_gradient(network.start(init="gpt"))[1]
        values = np.linalg.svd(network.views(g)["Dense1.W"], compute_uv=False)
        values = values[values > 1e-4 * values[0]]  # LayerNorm gives rows that add up to 0: one direction is empty
    elif matrix == RANDOM:
        values = np.linalg.svd(np.random.default_rng(0).normal(size=(SHOWN, 4 * SHOWN)), compute_uv=False)
    else:
        values = 1 / np.arange(1.0, SHOWN + 1)
    return values / np.sqrt((values**2).sum())


def stepped(values, coefficients, steps):
    """Return what so many steps make of singular values."""
    a, b, c = coefficients
    for _ in range(steps):
        values = a * values + b * values**3 + c * values**5
    return values


def newton_schulz():
    """Return the explorer of the matrix, the coefficients, and the number of steps."""
    fig, (left, right) = plots.figure(columns=2, width=12, height=4.8)
    places, line = np.arange(1, SHOWN + 1), np.linspace(0, 1, 400)
    (before,) = left.plot([], [], "o", color="#56595C", fillstyle="none", markersize=8, label="before")
    (after,) = left.plot([], [], "s", color=plots.STYLES["Muon"].color, markersize=6, label="after")
    (curve,) = right.plot([], [], color="#56595C", label="every s from 0 to 1")
    (dots,) = right.plot([], [], "s", color=plots.STYLES["Muon"].color, markersize=6, label="those of the matrix")
    for ax in (left, right):
        ax.axhline(1, color=plots.TARGET_COLOR, linewidth=2)
    left.set(xlabel="rank of the singular value", ylabel="singular value", yscale="log", xlim=(0, 33), ylim=(5e-3, 2))
    right.set(xlabel="s before", ylabel="s after", xlim=(0, 1), ylim=(0, 1.3))
    left.legend(loc="lower left")
    right.legend(loc="lower right")

    def draw(matrix, coefficients, steps):
        s, chosen = singular_values(matrix), COEFFICIENTS[coefficients]
        now = stepped(s, chosen, steps)
        before.set_data(places[: len(s)], s)
        after.set_data(places[: len(s)], now)
        curve.set_data(line, stepped(line, chosen, steps))
        dots.set_data(s, now)
        many = f"{steps} step{'' if steps == 1 else 's'}"
        text = (
            f"{matrix[0].upper()}{matrix[1:]}: its singular values lie between {s.min():.2g} and {s.max():.2g} of its "
            f"length. With {coefficients}, they lie after {many} between {now.min():.3g} and {now.max():.3g}."
        )
        return Readout(text, won=bool(np.abs(now - 1).max() <= NEAR and matrix == GRADIENT))

    return Explorer(
        fig,
        draw,
        {
            "matrix": choice("matrix", MATRICES, RANDOM),
            "coefficients": choice("coefficients a, b, c", tuple(COEFFICIENTS), MUON),
            "steps": play_slider("steps", 0, 20, 1),
        },
        about="the singular values of a matrix before and after steps of Newton and Schulz's iteration.",
        presets={
            "Muon's five steps": {"coefficients": MUON, "steps": 5},
            "Show me the failure": {"coefficients": SLOW, "steps": 5, "matrix": GRADIENT},
            "Ten steps more": {"coefficients": MUON, "steps": 15},
        },
        challenge=Challenge(
            f"Bring all singular values but the 0 of a gradient of lesson 14 to within {NEAR} of 1.",
            "Only the coefficients that converge can, and they need more steps. Muon does not wait: five steps, and "
            "nothing is exact.",
        ),
    )
