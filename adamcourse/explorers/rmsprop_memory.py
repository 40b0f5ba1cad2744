"""Lesson 05: RMSprop on gradients that become smaller at one step, beside Adagrad, which never forgets."""

import numpy as np

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.explorers.controls import log_slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.losses import Replay
from adamcourse.optimizers import Adagrad, RMSprop, RMSpropState

STEPS, CHANGE = 600, 200
STREAMS = 64  # of noise; what is drawn of a step is the mean over all of them
NOISE = np.random.default_rng(0).normal(size=(STEPS, 1, STREAMS))
NINE_AND_ONE = np.array([0.1] * 9 + [-0.9])
QUICK, STEADY = 100, 1.0  # the challenge: steps to recover, and drift in ten batches in units of α


def drift(rho):
    """Return how far RMSprop goes, in units of α, in ten steps that should cancel, once the start is forgotten.

    From then on v is the same after each ten steps, which gives v = (1 - ρ) Σ ρ^(9 - k) g_k² / (1 - ρ^10), k = 0 … 9.
    """
    g = NINE_AND_ONE[:, None]
    v = (1 - rho) * (rho ** np.arange(9.0, -1, -1) * g[:, 0] ** 2).sum() / (1 - rho**10)
    x, state, optimizer = np.zeros(1), RMSpropState(np.array([v])), RMSprop(1.0, rho)
    for gradient in g:
        x, state = optimizer.update(x, gradient, state)
    return float(x[0])


def recovery(v):
    """Return how many steps after the change √v comes below twice the new size, which is 1, or None."""
    low = np.sqrt(v[CHANGE + 1 :]) < 2
    return int(low.argmax()) + 1 if low.any() else None


def rmsprop_memory():
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
        scale = np.where(np.arange(STEPS) < CHANGE, factor, 1.0)[:, None, None]
        stream = Replay(scale * NOISE)
        path = descend(stream, RMSprop(1.0, rho), np.zeros((1, STREAMS)), STEPS)
        summed = descend(stream, Adagrad(1.0), np.zeros((1, STREAMS)), STEPS)
        steps = np.arange(1, STEPS + 1)
        sizes.set_data(steps, np.abs(stream.gradients[:, 0, 0]))
        root.set_data(steps, np.sqrt(path.state("v")[1:, 0, 0]))
        for curve, run in ((rate, path), (other, summed)):
            curve.set_data(steps, np.abs(np.diff(run.x[:, 0], axis=0)).mean(axis=1))
        drifted, recovered = drift(rho), recovery(path.state("v")[:, 0, 0])
        found = "√v does not come down to twice their size within the picture"
        if recovered is not None:
            found = f"{recovered} {'step' if recovered == 1 else 'steps'} later √v is down to twice their size"
        text = (
            f"ρ = {rho:.3g}, a memory of {float(f'{memory:.3g}'):g} steps. At step {CHANGE} the gradients are divided "
            f"by {factor:.4g}; {found}. Nine gradients of 0.1 and one of -0.9 move RMSprop by {drifted:.2g} α."
        )
        won = factor >= 99 and recovered is not None and recovered <= QUICK and abs(drifted) <= STEADY
        return Readout(text, won=won)

    return Explorer(
        fig,
        draw,
        {
            "memory": log_slider("memory 1 / (1 - ρ) steps", 10**0.1, 1000, 100),
            "factor": log_slider("the gradients are divided by", 2, 1000, 100),
        },
        about="RMSprop on gradients that become smaller at step 200: their size and √v, and the mean length of a step.",
        presets={
            "Show me the failure": {"memory": 1000.0, "factor": 100.0},
            "A short memory": {"memory": 10**0.3, "factor": 100.0},
        },
        challenge=Challenge(
            f"Divide by 100 or more; be down to twice the size in {QUICK} steps, and drift by at most {STEADY:g} α.",
            "A short memory recovers soon and drifts; a long one is steady and slow. About ten steps are in between.",
        ),
    )
