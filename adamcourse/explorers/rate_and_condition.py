"""Lesson 01: gradient descent on the ravine ½ (x² + κ y²), with its learning rate and its condition number."""

import numpy as np

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.explorers.controls import log_slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.losses import ravine
from adamcourse.optimizers import GradientDescent

START = (-1.2, 1.0)
STEPS = 100
TARGET = 1e-6
LIMIT = 40  # steps allowed in the challenge: 2 / (1 + κ) needs 39 at κ = 10, the best rate 35


def rate_and_condition():
    """Return the explorer of the learning rate α and the condition number κ."""
    fig, (left, right) = plots.figure(columns=2, width=11, height=5)
    style = plots.STYLES["GradientDescent"]
    angle = np.linspace(0, 2 * np.pi, 100)
    levels = np.geomspace(0.01, 100, 9)
    rings = [left.plot([], [], color="#9A9A9A", linewidth=1)[0] for _ in levels]
    left.plot(0, 0, "*", color=plots.TARGET_COLOR, markeredgecolor="black", markersize=15, zorder=6)
    (line,) = left.plot([], [], color=style.color, linestyle=style.line, marker=style.marker, markersize=5)
    left.set(xlabel="x", ylabel="y", xlim=(-1.5, 1.5), ylim=(-1.5, 1.5))
    (curve,) = right.plot([], [], color=style.color, linestyle=style.line)
    (cross,) = right.plot([], [], "x", color=style.color, markersize=14, markeredgewidth=3)
    right.axhline(TARGET, color=plots.TARGET_COLOR, linewidth=2)
    right.set(yscale="log", xlabel="step", ylabel="loss", xlim=(0, STEPS), ylim=(1e-9, 1e4))
    right.text(0.97 * STEPS, 1.6 * TARGET, f"target {TARGET:g}", ha="right")

    def draw(rate, condition):
        path = descend(ravine(condition), GradientDescent(rate), START, STEPS)
        for ring, level in zip(rings, levels, strict=True):
            ring.set_data(np.sqrt(2 * level) * np.cos(angle), np.sqrt(2 * level / condition) * np.sin(angle))
        line.set_data(path.x[:, 0], path.x[:, 1])
        curve.set_data(np.arange(path.steps + 1), np.maximum(path.loss, 1e-300))
        cross.set_data(([path.steps], path.loss[-1:]) if path.diverged else ([], []))
        needed = path.steps_to_target(TARGET)
        if path.diverged:
            result = f"it diverges: by step {path.diverged_at} it is more than a million away"
        elif path.loss[-1] > path.loss[0]:
            result = f"it diverges: the loss has grown to {path.loss[-1]:.2g} in {STEPS} steps"
        elif not np.isfinite(needed):
            result = f"after {STEPS} steps the loss is {path.loss[-1]:.2g}"
        else:
            result = f"the loss is below {TARGET:g} from step {needed} on"
        text = f"α = {rate:.3g}, κ = {condition:.3g}, so α κ = {rate * condition:.3g}: {result}."
        won = condition >= 9.9 and needed <= LIMIT
        return Readout(text, won)

    return Explorer(
        fig,
        draw,
        {
            "rate": log_slider("learning rate α", 1e-3, 10, 0.1),
            "condition": log_slider("condition number κ", 1, 100, 10),
        },
        about="gradient descent on the ravine ½ (x² + κ y²), from above and as a loss curve.",
        presets={
            "Show me the failure": {"rate": 10**-0.65, "condition": 10.0},
            "A narrow ravine": {"rate": 10**-1.7, "condition": 100.0},
        },
        challenge=Challenge(
            f"With κ = 10 or more, bring the loss below {TARGET:g} in at most {LIMIT} steps.",
            "In the long run the best rate is 2 / (1 + κ), which is 0.182 at κ = 10. At κ = 100 no rate does it.",
        ),
    )
