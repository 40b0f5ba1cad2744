"""Lesson 04: the weights of a common and of a rare word, and the rate that each of them has."""

import numpy as np

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.explorers.explorer import Challenge, Explorer, Seen, choice, log_slider, whole_slider
from adamcourse.optimizers import Adagrad, GradientDescent
from adamcourse.streams import RareWord

OPTIMIZERS = {"gradient descent": GradientDescent, "Adagrad": Adagrad}
BATCHES = 1000
TARGET = 0.15
LAST = 100  # batches over which the distance is averaged


def rate_of(path, optimizer):
    """Return the rate of each coordinate at each step, shape (steps + 1, 2): α, or α / √s for Adagrad."""
    if isinstance(optimizer, GradientDescent):
        return np.full_like(path.x, optimizer.lr)
    with np.errstate(divide="ignore"):
        return optimizer.lr / np.sqrt(path.state("s"))


def rare_word():
    """Return the explorer of two words: how rare the second one is, and gradient descent or Adagrad with a rate α."""
    fig, (left, right) = plots.figure(columns=2, width=11, height=5)
    looks = {"common word": ("-", "o"), "rare word": ((0, (4, 2)), "s")}
    lines = []
    for name, (line, marker) in looks.items():
        style = {"linestyle": line, "marker": marker, "markevery": BATCHES // 5, "markersize": 9, "label": name}
        lines.append((left.plot([], [], color="black", **style)[0], right.plot([], [], color="black", **style)[0]))
    left.axhspan(1 - TARGET, 1 + TARGET, color=plots.TARGET, alpha=0.35)
    left.set(xlabel="batch", ylabel="weight", xlim=(0, BATCHES), ylim=(-0.5, 2.5))
    right.set(xlabel="batch", ylabel="rate", yscale="log", xlim=(0, BATCHES), ylim=(1e-4, 30))
    fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    batches = np.arange(BATCHES + 1)

    def draw(optimizer, rate, every):
        chosen = OPTIMIZERS[optimizer](rate)
        path = descend(RareWord(every), chosen, (0.0, 0.0), BATCHES)
        if path.diverged:
            for pair in lines:
                for line in pair:
                    line.set_data([], [])
            return Seen(f"{optimizer}, α = {rate:.3g}: it diverges at batch {path.diverged_at}.")
        for i, (weight, step) in enumerate(lines):
            weight.set_data(batches, path.x[:, i])
            step.set_data(batches, rate_of(path, chosen)[:, i])
            for line in (weight, step):
                line.set_color(plots.style_of(chosen).color)
        common, rare = np.sqrt(((path.x[-LAST:] - 1) ** 2).mean(axis=0))
        text = (
            f"{optimizer}, α = {rate:.3g}, the second word in one batch of {every}: in the last {LAST} batches the "
            f"common word's weight is {common:.2f} away from 1, the rare one's {rare:.2f}."
        )
        return Seen(text, won=every >= 100 and common <= TARGET and rare <= TARGET)

    return Explorer(
        fig,
        draw,
        {
            "optimizer": choice("optimizer", tuple(OPTIMIZERS), "gradient descent"),
            "rate": log_slider("learning rate α", 1e-3, 1, 0.1),
            "every": whole_slider("the second word is in one batch of", 1, 200, 100),
        },
        about="the weights of a common and of a rare word, which should be 1, and the rate that each of them has.",
        presets={
            "Show me the failure": {"optimizer": "gradient descent", "rate": 10**-2, "every": 100},
            "A rate for the rare word": {"optimizer": "gradient descent", "rate": 10**-0.5, "every": 100},
        },
        challenge=Challenge(
            f"With the second word in one batch of 100 or more, bring both weights within {TARGET} of 1.",
            "One rate cannot serve both words; the rate of Adagrad falls only where gradients come.",
        ),
    )
