"""Lesson 13: classes of different frequency, learned by gradient descent, by signs or by Adam."""

import numpy as np

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.explorers.controls import choice, log_slider, slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.losses import RareClasses
from adamcourse.optimizers import Adam, GradientDescent, Lion

CLASSES, STEPS, TARGET = 60, 80, 0.1
WAYS = {
    "gradient descent": GradientDescent,
    "signs": lambda rate: Lion(rate, beta1=0, beta2=0),  # Lion without memory
    "Adam": Adam,
}
STYLES = {
    "gradient descent": plots.STYLES["GradientDescent"],
    "signs": plots.OTHER,
    "Adam": plots.STYLES["Adam"],
}


def rare_classes():
    """Return the explorer of an optimizer, its rate, and how unequal the frequencies of the classes are."""
    ranks, steps = np.arange(1, CLASSES + 1), np.arange(STEPS + 1)
    fig, (left, right) = plots.figure(columns=2, width=12, height=4.8)
    (each,) = left.plot([], [])
    left.axhline(TARGET, color=plots.TARGET_COLOR, linewidth=2)
    left.set(xlabel="class, the commonest first", ylabel="its loss at the end", xscale="log", yscale="log")
    left.set(xlim=(1, CLASSES), ylim=(1e-4, 20))
    (mean,) = right.plot([], [])
    name = right.text(0.97, 0.93, "", transform=right.transAxes, ha="right")
    right.set(xlabel="step", ylabel="mean loss", yscale="log", xlim=(0, STEPS), ylim=(1e-4, 20))

    def draw(optimizer, rate, power):
        classes = RareClasses(1.0 / ranks**power)
        path = descend(classes, WAYS[optimizer](rate), classes.start(), STEPS)
        end, style = np.maximum(path.loss[-1], 1e-4), STYLES[optimizer]
        each.set_data(ranks, end)
        mean.set_data(steps, np.maximum(path.loss @ classes.frequencies, 1e-4))
        for line in (each, mean):
            line.set_color(style.color)
            line.set_linestyle(style.line)
        name.set(text=optimizer, color=style.color)
        text = (
            f"{optimizer}, α = {rate:.4g}, frequencies in proportion to 1 / rank^{power:.1f}: after {STEPS} steps the "
            f"loss of the commonest class is {path.loss[-1, 0]:.2g} and that of the rarest {path.loss[-1, -1]:.2g}."
        )
        return Readout(text, won=bool(power >= 1 and end.max() <= TARGET))

    return Explorer(
        fig,
        draw,
        {
            "optimizer": choice("optimizer", tuple(WAYS), "gradient descent"),
            "rate": log_slider("learning rate α", 1e-2, 1e3, 10),
            "power": slider("inequality of the frequencies", 0.0, 1.5, 1.0, 0.1),
        },
        about=f"a linear model of {CLASSES} classes: the loss of each class; the orange line is {TARGET}.",
        presets={
            "Show me the failure": {"optimizer": "gradient descent", "rate": 10.0, "power": 1.5},
            "All alike": {"optimizer": "gradient descent", "rate": 10.0, "power": 0.0},
            "Signs": {"optimizer": "signs", "rate": 10**-1.0, "power": 1.5},
        },
        challenge=Challenge(
            f"With an inequality of 1 or more, bring the loss of every class to at most {TARGET}.",
            "All three can do it. Gradient descent needs a rate of 56 or more, which nothing here forbids.",
        ),
    )
