"""Lesson 06: Adam with momentum, scaling and bias correction switched on or off: eight optimizers in one figure."""

import numpy as np

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.explorers.controls import checkbox, log_slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.losses import rotated_ravine
from adamcourse.optimizers import Adam

SURFACE = rotated_ravine(100)
STEPS = 300
TARGET = 1e-3
LIMIT = 103  # steps allowed in the challenge; without momentum the best is 168, with a view of 300 steps
HUGE = 1e12


def adam_of_parts(momentum, scaling, bias_correction, lr):
    """Return Adam with some of its three ingredients switched off.

    Without momentum β1 is 0. Without scaling ε is huge and the rate as many times larger, so that the division
    α ε / (√v̂ + ε) gives α in every coordinate.
    """
    eps = 1e-8 if scaling else HUGE
    return Adam(lr * (1 if scaling else eps), 0.9 if momentum else 0.0, 0.999, eps, bool(bias_correction))


def adam_switches():
    """Return the explorer of Adam's three ingredients and the learning rate α."""
    fig, (left, right) = plots.figure(columns=2, width=11, height=5)
    style = plots.STYLES["Adam"]
    plots.contours(left, SURFACE)
    (line,) = left.plot([], [], color=style.color, linestyle=style.line, zorder=4)
    (head,) = left.plot([], [], "o", color=style.color, markersize=14, fillstyle="none", markeredgewidth=2.5, zorder=5)
    right.set(yscale="log", xlabel="step", ylabel="loss", xlim=(0, STEPS), ylim=(1e-12, 1e4))
    right.axhline(TARGET, color=plots.TARGET_COLOR, linewidth=2)
    (reference,) = right.plot([], [], color="#8A8A8A", linewidth=6, alpha=0.6, label="Adam, all three")
    (curve,) = right.plot([], [], color=style.color, label="as switched")
    (cross,) = right.plot([], [], "x", color=style.color, markersize=14, markeredgewidth=3)
    fig.legend(handles=[reference, curve], loc="outside lower center", ncols=2)

    def draw(momentum, scaling, bias_correction, rate):
        path = descend(SURFACE, adam_of_parts(momentum, scaling, bias_correction, rate), SURFACE.start, STEPS)
        whole = descend(SURFACE, Adam(rate), SURFACE.start, STEPS)
        line.set_data(path.x[:, 0], path.x[:, 1])
        head.set_data(path.x[-1:, 0], path.x[-1:, 1])
        for artist, run in ((curve, path), (reference, whole)):
            artist.set_data(np.arange(run.steps + 1), run.loss)
        cross.set_data(([path.steps], path.loss[-1:]) if path.diverged else ([], []))
        ingredients = {"momentum": momentum, "scaling": scaling, "bias correction": bias_correction}
        off = [name for name, is_on in ingredients.items() if not is_on]
        needed = path.steps_to_target(TARGET)
        result = f"diverges at step {path.diverged_at}" if path.diverged else f"ends at a loss of {path.loss[-1]:.2g}"
        if np.isfinite(needed):
            result = f"is below a loss of {TARGET} from step {needed} to the last, {STEPS}"
        name = f"Adam without {' and '.join(off)}" if off else "Adam with all three"
        return Readout(f"{name}, α = {rate:.3g}: {result}.", len(off) == 1 and needed <= LIMIT)

    return Explorer(
        fig,
        draw,
        {
            "momentum": checkbox("momentum: m instead of g", True),
            "scaling": checkbox("scaling: divide by √v̂", True),
            "bias_correction": checkbox("bias correction: m̂, v̂ instead of m, v", True),
            "rate": log_slider("learning rate α", 1e-3, 1, 0.5),
        },
        about=f"Adam minus each ingredient on a ravine turned by 45°, κ = 100; the orange line is a loss of {TARGET}.",
        presets={
            "Show me the failure": {"momentum": True, "scaling": False, "bias_correction": True, "rate": 10**-0.3},
            "Without momentum": {"momentum": False, "scaling": True, "bias_correction": True, "rate": 10**-0.3},
        },
        challenge=Challenge(
            f"Switch exactly one ingredient off and still arrive in at most {LIMIT} steps; α is yours to choose.",
            "Try the other two: within this limit one of the three cannot be spared, at any α.",
        ),
    )
