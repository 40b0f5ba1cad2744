"""Lesson 02: one pass through Galton's heights with minibatches of one size and one learning rate."""

import numpy as np

from adamcourse import plots
from adamcourse.datasets import load_heights
from adamcourse.descent import descend
from adamcourse.explorers.explorer import Challenge, Explorer, Seen, choice, log_slider
from adamcourse.optimizers import GradientDescent
from adamcourse.regression import LeastSquares

START = (-3.0, -1.5)
SIZES = (1, 4, 16, 64, 256)
TARGET = 0.005


def standardised():
    """Return rows (1, parents in standard deviations from their mean), and the children's heights less their mean."""
    parents, children = load_heights()
    X = np.stack([np.ones(len(parents)), (parents - parents.mean()) / parents.std()], axis=1)
    return X, children - children.mean()


def batch_and_rate():
    """Return the explorer of the batch size and the learning rate α, with one pass through the data as its budget."""
    X, y = standardised()
    whole = LeastSquares(X, y)
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    lowest = whole.value(best)
    spread = np.var([whole.on(best, [i])[1] for i in range(len(y))], axis=0).sum()  # σ² of a single gradient
    style = plots.STYLES["GradientDescent"]

    fig, (left, right) = plots.figure(columns=2, width=11, height=5)
    angle = np.linspace(0, 2 * np.pi, 100)
    for radius in (0.5, 1, 2, 3, 4):  # the Hessian is 1 in both directions
        left.plot(best[0] + radius * np.cos(angle), best[1] + radius * np.sin(angle), color="#9A9A9A", linewidth=1)
    left.plot(*best, "*", color=plots.TARGET, markeredgecolor="black", markersize=15, zorder=6)
    (line,) = left.plot([], [], color=style.color, linewidth=1.5, zorder=4)
    (head,) = left.plot([], [], style.marker, color=style.color, markersize=11, zorder=5)
    left.set(xlabel="inches at the parents' mean", ylabel="inches per standard deviation")
    left.set(xlim=(-4, 3), ylim=(-3, 4), aspect="equal")
    (curve,) = right.plot([], [], color=style.color, linewidth=1.5)
    (floor,) = right.plot([], [], color="black", linestyle="--", linewidth=2)
    right.axhline(TARGET, color=plots.TARGET, linewidth=2)
    right.set(xlabel="children seen", ylabel="loss above the lowest", yscale="log", xlim=(0, len(y)), ylim=(1e-5, 100))

    def draw(batch, rate):
        path = descend(LeastSquares(X, y, batch), GradientDescent(rate), START, len(y) // batch)
        excess = whole.value(path.x.T) - lowest
        line.set_data(*path.x.T)
        head.set_data(path.x[-1:, 0], path.x[-1:, 1])
        curve.set_data(batch * np.arange(path.steps + 1), np.maximum(excess, 1e-300))
        if path.diverged or rate >= 2:
            floor.set_data([], [])
            return Seen(f"Batches of {batch}, α = {rate:.3g}: it diverges.")
        level = rate * spread / batch / (2 * (2 - rate))
        floor.set_data([0, len(y)], [level, level])
        late = excess[-max(1, len(excess) // 4) :].mean()
        text = (
            f"Batches of {batch}, α = {rate:.3g}: {path.steps} steps in one pass; mean of the last quarter {late:.2g} "
            f"above the lowest loss. The noise floor (dashed) is {level:.2g}."
        )
        return Seen(text, won=late <= TARGET)

    return Explorer(
        fig,
        draw,
        {
            "batch": choice("children in a minibatch", SIZES, 16),
            "rate": log_slider("learning rate α", 1e-3, 2, 0.5),
        },
        about=f"gradient descent on minibatches of Galton's heights, one pass; the orange line is {TARGET}.",
        presets={
            "Show me the failure": {"batch": 1, "rate": 10**-0.3},
            "Too timid": {"batch": 64, "rate": 10**-1.5},
        },
        challenge=Challenge(
            f"In one pass, bring the mean of the last quarter to at most {TARGET} above the lowest loss.",
            "Now find another size of minibatch that does it: the best rate moves with the size.",
        ),
    )
