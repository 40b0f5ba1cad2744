"""Lesson 05: RMSprop on gradients that become smaller at one step, beside Adagrad, which never forgets."""

import numpy as np

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.explorers.explorer import Challenge, Explorer, Seen, log_slider
from adamcourse.optimizers import Adagrad, MeanSquare, RMSprop
from adamcourse.streams import Replay

STEPS, CHANGE = 600, 200
NOISE = np.random.default_rng(0).normal(size=(STEPS, 1))
NINE_AND_ONE = np.array([0.1] * 9 + [-0.9])
QUICK, STEADY = 100, 1.0  # the challenge: steps to recover, and drift in ten batches in units of α


def drift(rho):
    """Return how far RMSprop goes, in units of α, in ten steps that should cancel, once the start is forgotten.

    From then on v is the same after each ten steps, which gives v = (1 - ρ) Σ ρ^(9 - k) g_k² / (1 - ρ^10), k = 0 … 9.
    """
    g = NINE_AND_ONE[:, None]
    v = (1 - rho) * (rho ** np.arange(9.0, -1, -1) * g[:, 0] ** 2).sum() / (1 - rho**10)
    x, state, optimizer = np.zeros(1), MeanSquare(np.array([v])), RMSprop(1.0, rho)
    for gradient in g:
        x, state = optimizer.update(x, gradient, state)
    return float(x[0])


def recovery(v, scale):
    """Return how many steps after the change √v comes below twice the new scale, or None if it does not."""
    low = np.sqrt(v[CHANGE + 1 :]) < 2 * scale
    return int(low.argmax()) + 1 if low.any() else None


def forgetting():
    """Return the explorer of RMSprop's memory, and of the factor by which the gradients become smaller."""
    fig, (left, right) = plots.figure(columns=2, width=11, height=5)
    ours, theirs = plots.STYLES["RMSprop"], plots.STYLES["Adagrad"]
    (sizes,) = left.plot([], [], color="#B0B0B0", linewidth=1, label="|gradient|")
    (root,) = left.plot([], [], color=ours.color, linestyle=ours.line, label="√v of RMSprop")
    left.set(xlabel="step", ylabel="size", yscale="log", xlim=(0, STEPS), ylim=(1e-2, 1e4))
    styles = {"markevery": STEPS // 6, "markersize": 8}
    (rate,) = right.plot([], [], color=ours.color, linestyle=ours.line, marker=ours.marker, label="RMSprop", **styles)
    (other,) = right.plot([], [], color=theirs.color, linestyle=theirs.line, marker=theirs.marker, **styles)
    other.set_label("Adagrad")
    right.set(xlabel="step", ylabel="mean length of a step / α", yscale="log", xlim=(0, STEPS), ylim=(1e-4, 10))
    for ax in (left, right):
        ax.axvline(CHANGE, color="black", linewidth=1, linestyle=":")
    fig.legend(handles=[sizes, root, rate, other], loc="outside lower center", ncols=4)

    def draw(memory, factor):
        rho = 1 - 1 / memory
        scale = np.where(np.arange(STEPS) < CHANGE, factor, 1.0)[:, None]
        stream = Replay(scale * NOISE)
        path = descend(stream, RMSprop(1.0, rho), (0.0,), STEPS)
        summed = descend(stream, Adagrad(1.0), (0.0,), STEPS)
        v, s = path.state("v")[1:, 0], summed.state("s")[1:, 0]
        steps = np.arange(1, STEPS + 1)
        sizes.set_data(steps, np.abs(stream.gradients[:, 0]))
        root.set_data(steps, np.sqrt(v))
        rate.set_data(steps, 0.8 * scale[:, 0] / np.sqrt(v))  # the mean size of a normal number is 0.8 of its σ
        other.set_data(steps, 0.8 * scale[:, 0] / np.sqrt(s))
        drifted, recovered = drift(rho), recovery(path.state("v")[:, 0], 1.0)
        found = "not within the picture" if recovered is None else f"after {recovered} steps"
        text = (
            f"ρ = {rho:.4g}, a memory of {memory:.3g} steps. The gradients become {factor:.3g} times smaller at step "
            f"{CHANGE}; √v is down to twice their size {found}. Nine gradients of 0.1 and one of -0.9 move RMSprop by "
            f"{drifted:.2g} α."
        )
        won = factor >= 99 and recovered is not None and recovered <= QUICK and abs(drifted) <= STEADY
        return Seen(text, won=won)

    return Explorer(
        fig,
        draw,
        {
            "memory": log_slider("memory 1 / (1 - ρ) in steps", 10**0.1, 1000, 100),
            "factor": log_slider("the gradients become smaller by a factor of", 1, 1000, 100),
        },
        about="RMSprop on gradients that become smaller at step 200: their size and √v, and how long the steps are.",
        presets={
            "Show me the failure": {"memory": 1000.0, "factor": 100.0},
            "A short memory": {"memory": 10**0.3, "factor": 100.0},
        },
        challenge=Challenge(
            f"With a factor of 100 or more, recover within {QUICK} steps and drift by at most {STEADY:g} α.",
            "A short memory recovers soon and drifts; a long one is steady and slow. About ten steps are in between.",
        ),
    )
