"""Lesson 04: the weights of a common and of a rare word, and the rate that each of them has."""

import numpy as np

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.explorers.controls import choice, log_slider, whole_slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.losses import SparseFeature
from adamcourse.optimizers import Adagrad, GradientDescent

OPTIMIZERS = {"gradient descent": GradientDescent, "Adagrad": Adagrad}
BATCHES = 1000
WALKS = 50  # one walk alone may be lucky
NEAR = (0.1, 0.25)  # the challenge: how far the common and the rare word's weight may be away
LAST = 100  # batches over which the distance is averaged


def rate_of(path, optimizer):
    """Return the rate of each coordinate at each step, shape (steps + 1, 2): α, or α / √s for Adagrad."""
    if isinstance(optimizer, GradientDescent):
        return np.full_like(path.x, optimizer.lr)
    with np.errstate(divide="ignore"):  # before its first gradient a weight has no rate
        return optimizer.lr / np.sqrt(path.state("s"))


def rare_word():
    """Return the explorer of two words: how rare the second one is, and gradient descent or Adagrad with a rate α."""
    fig, (left, right) = plots.figure(columns=2, width=11, height=5)
    looks = {"common word": ("-", "o"), "rare word": ((0, (4, 2)), "s")}
    lines = []
    for name, (line, marker) in looks.items():
        style = {"linestyle": line, "marker": marker, "markevery": BATCHES // 5, "markersize": 9, "label": name}
        lines.append((left.plot([], [], color="black", **style)[0], right.plot([], [], color="black", **style)[0]))
    left.axhline(1, color=plots.TARGET_COLOR, linewidth=3)
    left.set(xlabel="batch", ylabel="weight", xlim=(0, BATCHES), ylim=(-0.5, 2.5))
    right.set(xlabel="batch", ylabel="rate", yscale="log", xlim=(0, BATCHES), ylim=(1e-4, 30))
    fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    batches = np.arange(BATCHES + 1)

    def draw(optimizer, rate, every):
        chosen = OPTIMIZERS[optimizer](rate)
        path = descend(SparseFeature(every), chosen, np.zeros((2, WALKS)), BATCHES)
        rates = rate_of(path, chosen)
        for i, (weight, step) in enumerate(lines):
            weight.set_data(batches, path.x[:, i, 0])
            step.set_data(batches, rates[:, i, 0])
            for line in (weight, step):
                line.set_color(plots.style_of(chosen).color)
        common, rare = np.sqrt(((path.x[-LAST:] - 1) ** 2).mean(axis=(0, 2)))
        text = (
            f"{optimizer}, α = {rate:.3g}, the second word once in {every} batches: in the last {LAST} batches, over "
            f"{WALKS} trajectories, the first word's weight is {common:.2f} away from 1, the second word's {rare:.2f}."
        )
        return Readout(text, won=bool(every >= 75 and common <= NEAR[0] and rare <= NEAR[1]))

    return Explorer(
        fig,
        draw,
        {
            "optimizer": choice("optimizer", tuple(OPTIMIZERS), "gradient descent"),
            "rate": log_slider("learning rate α", 1e-3, 1, 0.1),
            "every": whole_slider("second word once in … batches", 2, 150, 100),
        },
        about="the weights of a common and of a rare word in one trajectory, which should be 1, and the rate of each.",
        presets={
            "Show me the failure": {"optimizer": "gradient descent", "rate": 10**-2, "every": 100},
            "A rate for the rare word": {"optimizer": "gradient descent", "rate": 10**-0.5, "every": 100},
        },
        challenge=Challenge(
            f"With the second word once in 75 batches or more, bring the first weight within {NEAR[0]} of 1 and the "
            f"second within {NEAR[1]}.",
            "No constant rate does it. That of Adagrad falls, and only where gradients come.",
        ),
    )
