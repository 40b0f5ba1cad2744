"""Lesson 02: one pass through Galton's heights with minibatches of one size and one learning rate."""

import numpy as np

from adamcourse import plots
from adamcourse.datasets import load_heights
from adamcourse.descent import descend
from adamcourse.explorers.controls import choice, log_slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.losses import LeastSquaresLoss
from adamcourse.optimizers import GradientDescent

START = (-3.0, -1.5)
SIZES = (2, 8, 32, 128)
SHUFFLES = 20  # trajectories, each with its own order of the children: one alone may be lucky
TARGET = 0.015


def standardised():
    """Return rows (1, parents in standard deviations from their mean), and the children's heights less their mean."""
    parents, children = load_heights()
    X = np.stack([np.ones(len(parents)), (parents - parents.mean()) / parents.std()], axis=1)
    return X, children - children.mean()


class ShuffledLeastSquares:
    """Least squares for many trajectories at once, each of which sees the children in an order of its own."""

    def __init__(self, X, y, batch):
        orders = np.random.default_rng(0).permuted(np.tile(np.arange(len(y)), (SHUFFLES, 1)), axis=1)
        self.X, self.y, self.batch = X[orders], y[orders], batch  # (trajectories, n, 2), (trajectories, n)
        self.rewind()

    def rewind(self):
        """Begin with the first minibatch."""
        self._next = 0

    def value_and_gradient(self, w):
        """Return the loss of each trajectory, and its gradient, on the next minibatch; w is (2, trajectories)."""
        now = np.arange(self._next, self._next + self.batch) % self.y.shape[1]
        X, self._next = self.X[:, now], self._next + self.batch
        r = np.einsum("wbi,iw->wb", X, w) - self.y[:, now]
        return 0.5 * (r**2).mean(axis=1), np.einsum("wbi,wb->iw", X, r) / self.batch


def batch_and_rate():
    """Return the explorer of the batch size and the learning rate α, with one pass through the data as its budget."""
    X, y = standardised()
    whole = LeastSquaresLoss(X, y)
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    lowest = whole.value(best)
    gradients = [whole.value_and_gradient_on(best, [i])[1] for i in range(len(y))]
    spread = np.var(gradients, axis=0).sum()  # σ² of one child, at the minimum
    losses = {size: ShuffledLeastSquares(X, y, size) for size in SIZES}
    style = plots.STYLES["GradientDescent"]

    fig, (left, right) = plots.figure(columns=2, width=11, height=5)
    angle = np.linspace(0, 2 * np.pi, 100)
    for radius in (0.5, 1, 2, 3, 4):  # the Hessian is 1 in both directions
        left.plot(best[0] + radius * np.cos(angle), best[1] + radius * np.sin(angle), color="#9A9A9A", linewidth=1)
    left.plot(*best, "*", color=plots.TARGET_COLOR, markeredgecolor="black", markersize=15, zorder=6)
    (line,) = left.plot([], [], color=style.color, linewidth=1.5, zorder=4)
    (head,) = left.plot([], [], style.marker, color=style.color, markersize=11, zorder=5)
    left.set(xlabel="w₁", ylabel="w₂", xlim=(-4, 3), ylim=(-3, 4), aspect="equal")
    (single,) = right.plot([], [], color=style.color, linewidth=1, alpha=0.6, label="this trajectory")
    (curve,) = right.plot([], [], color=style.color, linewidth=3, label=f"mean of {SHUFFLES}")
    (floor,) = right.plot([], [], color="black", linestyle="--", linewidth=2, label="floor by the formula")
    right.axhline(TARGET, color=plots.TARGET_COLOR, linewidth=2)
    right.set(xlabel="children seen", ylabel="loss above the lowest", yscale="log", xlim=(0, len(y)), ylim=(1e-4, 100))
    fig.legend(handles=[single, curve, floor], loc="outside lower center", ncols=3)

    def draw(batch, rate):
        start = np.tile(np.reshape(START, (2, 1)), SHUFFLES)
        path = descend(losses[batch], GradientDescent(rate), start, len(y) // batch)
        excess = whole.value(np.moveaxis(path.x, 1, 0)) - lowest  # (steps + 1, trajectories)
        line.set_data(*path.x[:, :, 0].T)
        head.set_data(path.x[-1:, 0, 0], path.x[-1:, 1, 0])
        seen, mean = batch * np.arange(path.steps + 1), excess.mean(axis=1)
        single.set_data(seen, excess[:, 0])
        curve.set_data(seen, mean)
        level = rate * spread / batch / (2 * (2 - rate))
        floor.set_data([0, len(y)], [level, level])
        late = mean[-max(1, len(mean) // 4) :].mean()
        said = f"Minibatches of {batch}, α = {rate:.3g}, {path.steps} steps in one pass"
        if not late < mean[0]:
            grown = f"to {late:.2g}" if np.isfinite(late) else "beyond all bounds"
            return Readout(f"{said}: in the mean of {SHUFFLES} trajectories the loss grows, {grown} above the lowest.")
        text = f"{said}: in the mean of {SHUFFLES} trajectories the last quarter's loss is {late:.2g} above the lowest."
        return Readout(f"{text} The floor by the formula (dashed) is {level:.2g}.", won=bool(late <= TARGET))

    return Explorer(
        fig,
        draw,
        {
            "batch": choice("children in a minibatch", SIZES, 8),
            "rate": log_slider("learning rate α", 1e-3, 10**0.25, 0.1),
        },
        about=f"gradient descent on minibatches of Galton's heights, one pass; the orange line is {TARGET}.",
        presets={
            "Show me the failure": {"batch": 2, "rate": 10**0.1},
            "Too timid": {"batch": 128, "rate": 10**-1.5},
        },
        challenge=Challenge(
            f"In one pass, bring the last quarter to at most {TARGET} above the lowest loss.",
            "Now do it with another size of minibatch: the best rate moves with the size.",
        ),
    )
