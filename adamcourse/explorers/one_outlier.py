"""Lesson 15: one gradient that is far too large, and what becomes of the steps after it."""

import numpy as np

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.explorers.controls import log_slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.losses import Replay
from adamcourse.optimizers import Adam, Clipped

AT, AFTER, RATE = 100, 1000, 1e-3
USUAL = np.random.default_rng(0).normal(1.0, 0.3, AT + AFTER)
SHARE = 0.01  # the challenge: in so many steps the clip may act


def one_outlier():
    """Return the explorer of the size of an outlier, of Adam's second memory, and of a clip."""
    steps = np.arange(AT + AFTER)
    fig, (left, right) = plots.figure(columns=2, width=12, height=4.8)
    (stream,) = left.plot([], [], ".", color="#56595C", markersize=4, label="gradient")
    (limit,) = left.plot([], [], color=plots.TARGET_COLOR, linewidth=2, label="clip")
    left.set(xlabel="step", ylabel="gradient", yscale="log", xlim=(0, AT + AFTER), ylim=(0.05, 2e4))
    (lengths,) = right.plot([], [], color=plots.STYLES["Adam"].color)
    right.axhline(0.5, color=plots.TARGET_COLOR, linewidth=2)
    right.text(AT + AFTER, 0.5, "half of α", ha="right", va="bottom", color="#7A4F00")
    right.set(xlabel="step", ylabel="length of the step / α", yscale="log", xlim=(0, AT + AFTER), ylim=(0.005, 10))
    fig.legend(handles=[stream, limit], loc="outside lower center", ncols=2)

    def draw(size, memory, norm):
        beta2, gradients = 1 - 1 / memory, USUAL.copy()
        gradients[AT] = size
        clipped = Clipped(Adam(RATE, beta2=beta2), norm)
        path = descend(Replay(gradients[:, None]), clipped, (0.0,), AT + AFTER)
        length, share = np.abs(np.diff(path.x[:, 0])) / RATE, clipped.share(path.states[-1])
        stream.set_data(steps, np.abs(gradients))
        limit.set_data([0, AT + AFTER], [norm, norm])
        lengths.set_data(steps, np.maximum(length, 1e-4))
        short = int((length[AT + 1 :] < 0.5).sum())
        large, limit_at = (f"{float(f'{value:.3g}'):,g}" for value in (size, norm))
        text = (
            f"One gradient of {large} at step {AT}, β2 = {beta2:.4f}, clip at {limit_at}: of the next {AFTER - 1} "
            f"steps {short} are shorter than half of α, and the shortest is {length[AT + 1 :].min():.2g} α. The clip "
            f"acted in {share:.1%} of the steps."
        )
        return Readout(text, won=bool(size >= 999 and memory >= 999 and short == 0 and share <= SHARE))

    return Explorer(
        fig,
        draw,
        {
            "size": log_slider("size of the outlier", 1.0, 1e4, 10.0),
            "memory": log_slider("second memory 1 / (1 - β2)", 10.0, 1e3, 1e3),
            "norm": log_slider("clip at a norm of", 0.1, 1e4, 1e4),
        },
        about="a stream of gradients near 1 with one outlier, and the steps that Adam makes of it.",
        presets={
            "Show me the failure": {"size": 1e3, "memory": 1e3, "norm": 1e4},
            "A short memory": {"size": 1e3, "memory": 10**1.3, "norm": 1e4},
            "A clip that always acts": {"size": 1e3, "memory": 1e3, "norm": 0.1},
        },
        challenge=Challenge(
            "An outlier of 1,000 or more and a memory of 1,000: keep all steps after it above half of α, with a clip "
            f"that acts in at most {SHARE:.0%} of the steps.",
            "A clip a little above the usual gradients waits for the outlier, and does nothing else.",
        ),
    )
