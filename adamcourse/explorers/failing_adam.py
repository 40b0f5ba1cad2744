"""Lesson 11: a slope that is seldom steep, on which Adam walks to the worst point, and AMSGrad does not."""

import numpy as np

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.explorers.controls import checkbox, slider, whole_slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.losses import ReddiCounterexample
from adamcourse.optimizers import Adam, AMSGrad, InverseRoot, Projected, Scheduled

STEPS = 600
RATE = 0.3  # α of the first step; Theorem 1 asks for less than √(1 - β2)
MARKS = {"P": "solid, crosses", "X": "broken, x"}
STEEP, SMALL = 5, 0.06  # the challenge: a slope, and how large the average regret may be


def in_the_box(optimizer):
    """Return the optimizer as the theorem has it: its rate falls as 1/√t, and x stays between -1 and 1."""
    return Projected(Scheduled(optimizer, InverseRoot()), -1.0, 1.0)


def failing_adam():
    """Return the explorer of the steep slope C, of β2, and of AMSGrad beside Adam."""
    fig, (left, right) = plots.figure(columns=2, width=11, height=5)
    lines = []
    for kind in (Adam, AMSGrad):
        style = plots.style_of(kind(RATE))
        look = {"color": style.color, "linestyle": style.line, "marker": style.marker, "markersize": 8}
        lines.append(
            [ax.plot([], [], label=style.label, markevery=n, **look)[0] for ax, n in ((left, 120), (right, 40))]
        )
    names = [right.text(0.97, height, "", transform=right.transAxes, ha="right") for height in (0.93, 0.85)]
    for worst_or_best, name in ((1, "worst point"), (-1, "best point")):
        left.axhline(worst_or_best, color=plots.TARGET_COLOR, linewidth=2)
        left.text(STEPS, worst_or_best, name, ha="right", va="bottom", color="#7A4F00")
    left.set(xlabel="step", ylabel="x", xlim=(0, STEPS), ylim=(-1.1, 1.25))
    (limit,) = right.plot([], [], color=plots.TARGET_COLOR, linewidth=2, label="2 (C - 2) / 3")
    right.set(xlabel="step", ylabel="average regret", yscale="log", xlim=(0, STEPS), ylim=(1e-2, 20))
    fig.legend(handles=[limit], loc="outside lower center")
    cycles = np.arange(3, STEPS + 1, 3)  # within one, the regret jumps and comes back

    def draw(steep, beta2, amsgrad):
        loss, found = ReddiCounterexample(steep, 1, 3), {}
        for kind, (walk, average), name in zip((Adam, AMSGrad), lines, names, strict=True):
            shown = kind is Adam or amsgrad
            if shown:
                path = descend(loss, in_the_box(kind(RATE, 0.0, beta2)), (0.0,), STEPS)
                regret = loss.average_regret(path)[cycles - 1]
                found[kind.__name__] = path.x[-1, 0], regret[-1]
            walk.set_data((np.arange(STEPS + 1), path.x[:, 0]) if shown else ([], []))
            average.set_data((cycles, regret) if shown else ([], []))
            name.set(text=f"{walk.get_label()}: {MARKS[walk.get_marker()]}" if shown else "", color=walk.get_color())
        bound = 2 * (steep - 2) / 3
        limit.set_data([0, STEPS], [bound, bound])
        ends = [f"{name} is at x = {x:.2f}, its average regret {r:.3f}" for name, (x, r) in found.items()]
        text = (
            f"C = {steep}, β2 = {beta2:.2f} (the theorem's is {1 / (1 + steep**2):.2g}), β1 = 0: after {STEPS} steps "
            f"{'; '.join(ends)}. The theorem's limit is {bound:.2f}."
        )
        return Readout(text, won=bool(steep >= STEEP and not amsgrad and found["Adam"][1] < SMALL))

    return Explorer(
        fig,
        draw,
        {
            "steep": whole_slider("steep slope C, once in three steps", 3, 10, 3),
            "beta2": slider("β2", 0.0, 0.99, 0.5, 0.01),
            "amsgrad": checkbox("AMSGrad beside it", False),
        },
        about="Adam on the slopes C, -1, -1, C, -1, -1, … for x from -1 to 1: x, and the average regret.",
        presets={
            "Show me the failure": {"steep": 3, "beta2": 0.1, "amsgrad": False},
            "The same with AMSGrad": {"steep": 3, "beta2": 0.1, "amsgrad": True},
            "An ordinary β2": {"steep": 3, "beta2": 0.99, "amsgrad": False},
        },
        challenge=Challenge(
            f"With C from {STEEP} to 7 and without AMSGrad, bring Adam's average regret below {SMALL}.",
            "The theorem's problem is made for one β2, and Adam with a longer memory solves it. For each β2 there is a "
            "problem of its own, by Theorem 2: what counts is whether problem or β2 is chosen first.",
        ),
    )
