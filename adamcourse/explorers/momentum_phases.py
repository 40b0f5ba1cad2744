"""Lesson 03: momentum on a ravine, as two points on the phase diagram of (α, β), as a path and as a loss curve."""

import numpy as np

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.explorers.controls import log_slider, slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.losses import ravine
from adamcourse.optimizers import Momentum

CONDITION = 100.0
SURFACE = ravine(CONDITION)
START = (-1.0, 1.0)
STEPS, SHOWN = 400, 150  # more than are shown, so that "from step … on" holds beyond the picture
TARGET = 1e-6
LIMIT = 70  # steps allowed in the challenge: the best of the sliders' settings needs 50


def phases(ax):
    """Draw the phase diagram: how one coordinate of curvature λ behaves, by αλ (on a root scale) and β."""
    beta = np.linspace(0, 1, 200)
    inner, outer, border = (1 - np.sqrt(beta)) ** 2, (1 + np.sqrt(beta)) ** 2, 2 + 2 * beta
    ax.fill_betweenx(beta, inner, outer, color="#D9E8F5", linewidth=0)
    ax.fill_betweenx(beta, border, 5, color="#4A4A4A", linewidth=0)
    for line in (inner, outer, border):
        ax.plot(line, beta, color="black", linewidth=1.5)
    ax.set_xscale("function", functions=(np.sqrt, np.square))
    ax.set(xlim=(0, 4.6), ylim=(0, 1), xticks=(0, 0.1, 0.5, 1, 2, 4), xlabel="α λ", ylabel="β")
    ax.text(0.13, 0.12, "creeps", fontsize=13, ha="center")
    ax.text(1.0, 0.7, "ripples", fontsize=13, ha="center")
    ax.text(2.03, 0.115, "jumps", fontsize=11, ha="center", va="center", rotation=62)
    ax.text(3.2, 0.2, "diverges", fontsize=13, ha="center", color="white")


def manner(rate, curvature, beta):
    """Return in a word how a coordinate of this curvature behaves."""
    product = rate * curvature
    if beta == 0 and np.isclose(product, 1):
        return "arrives at once"
    if product >= 2 + 2 * beta:
        return "diverges"
    if (1 - np.sqrt(beta)) ** 2 < product < (1 + np.sqrt(beta)) ** 2:
        return "ripples"
    return "creeps" if product <= (1 - np.sqrt(beta)) ** 2 else "jumps"


def momentum_phases():
    """Return the explorer of the learning rate α and of β, on a ravine with κ = 100."""
    fig, (left, middle, right) = plots.figure(columns=3, width=13, height=5)
    style = plots.STYLES["Momentum"]
    phases(left)
    (flat,) = left.plot([], [], "o", color=style.color, markersize=12, markeredgecolor="black", label="flat, λ = 1")
    (steep,) = left.plot([], [], style.marker, color=style.color, markersize=12, markeredgecolor="black")
    steep.set_label("steep, λ = 100")
    fig.legend(handles=[flat, steep], loc="outside lower center", ncols=2)
    plots.contours(middle, SURFACE)
    (line,) = middle.plot([], [], color=style.color, marker=".", linewidth=1.5, zorder=4)
    (curve,) = right.plot([], [], color=style.color)
    (cross,) = right.plot([], [], "x", color=style.color, markersize=14, markeredgewidth=3)
    right.axhline(TARGET, color=plots.TARGET_COLOR, linewidth=2)
    right.set(yscale="log", xlabel="step", ylabel="loss", xlim=(0, SHOWN), ylim=(1e-10, 1e4))

    def draw(rate, beta):
        path = descend(SURFACE, Momentum(rate, beta), START, STEPS)
        flat.set_data([rate], [beta])
        steep.set_data([CONDITION * rate], [beta])
        line.set_data(*path.x[: SHOWN + 1].T)
        curve.set_data(np.arange(path.steps + 1), np.maximum(path.loss, 1e-300))
        cross.set_data(([path.steps], path.loss[-1:]) if path.diverged else ([], []))
        needed = path.steps_to_target(TARGET)
        shown = min(SHOWN, path.steps)
        result = f"; after {shown} steps the loss is {path.loss[shown]:.2g}"
        if manner(rate, CONDITION, beta) == "diverges":
            result = ""
        elif needed <= SHOWN:
            result = f"; the loss is below {TARGET:g} from step {needed} on"
        manners = f"the flat coordinate {manner(rate, 1, beta)}, the steep one {manner(rate, CONDITION, beta)}"
        text = f"α = {rate:.3g}, β = {beta:.2f}: {manners}{result}."
        return Readout(text, won=needed <= LIMIT)

    return Explorer(
        fig,
        draw,
        {
            "rate": log_slider("learning rate α", 1e-3, 10**-1.35, 10**-1.8),
            "beta": slider("β, how much velocity is kept", 0.0, 0.99, 0.0, 0.01),
        },
        about="momentum on a ravine, κ = 100: its two coordinates on the phase diagram, its path, its loss.",
        presets={
            "Show me the failure": {"rate": 10**-1.4, "beta": 0.9},
            "Too much memory": {"rate": 10**-2, "beta": 0.98},
        },
        challenge=Challenge(
            f"Bring the loss below {TARGET:g} in at most {LIMIT} steps. Gradient descent takes 331 at its best rate.",
            "From this start the fastest setting, 50 steps, has both points at the edges of the region that ripples.",
        ),
    )
