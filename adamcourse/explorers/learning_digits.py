"""Lesson 09: a small network learns to read digits, minibatch by minibatch, with an optimizer of your choice."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from adamcourse import plots
from adamcourse.datasets import digits_subset
from adamcourse.explorers.controls import choice, log_slider, play_slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.networks import mlp
from adamcourse.optimizers import Adagrad, Adam, GradientDescent, Momentum, RMSprop
from adamcourse.training import Training

NETWORK = mlp()
LEARNERS = {plots.STYLES[kind.__name__].label: kind for kind in (GradientDescent, Momentum, Adagrad, RMSprop, Adam)}
TRAIN, VALIDATION, BATCH, EPOCHS, LOOK = 1000, 500, 50, 10, 10  # a look at the other digits every ten minibatches
STEPS = EPOCHS * TRAIN // BATCH
ROWS, COLUMNS, TALL = 3, 6, 42  # of the digits that are shown, and the height of one with its name
SOON, TARGET = 40, 0.85


class Watched(NamedTuple):
    """A training: the loss of each minibatch, and at each look loss, accuracy and classes of the other digits."""

    losses: np.ndarray
    evaluations: list
    classes: list


@lru_cache(maxsize=2)  # this training, and one drawn ahead: playing the steps computes nothing anew
def trained(name, rate):
    """Train from the same start with one optimizer, and return what was seen."""
    train, (images, labels) = digits_subset(TRAIN, VALIDATION)
    training = Training(NETWORK, LEARNERS[name](rate), train, (images, labels), BATCH)
    evaluations, classes = [], []

    def look():
        if len(training.history.minibatch_losses) % LOOK == 0:
            evaluations.append(NETWORK.evaluate(training.w, images, labels))
            classes.append(NETWORK.forward(training.w, images[: ROWS * COLUMNS]).argmax(axis=1))

    look()
    losses = np.array(training.run_until(EPOCHS, stop=look).minibatch_losses)
    return Watched(losses, evaluations, classes)


def learning_digits():
    """Return the explorer of a training: the optimizer, its rate, and how many minibatches are shown."""
    _, (images, labels) = digits_subset(TRAIN, VALIDATION)
    fig, (left, right) = plots.figure(columns=2, width=12, height=4.8)
    (noisy,) = left.plot([], [], color="#B0B0B0", linewidth=1)
    (curve,) = left.plot([], [])
    title = "thin: each minibatch; thick: validation"
    left.set(title=title, xlabel="minibatches", ylabel="loss", xlim=(0, STEPS), ylim=(0, 3.5))
    tiles = np.pad(images[: ROWS * COLUMNS].reshape(ROWS, COLUMNS, 28, 28), ((0, 0), (0, 0), (0, TALL - 28), (0, 0)))
    right.imshow(tiles.swapaxes(1, 2).reshape(ROWS * TALL, COLUMNS * 28), cmap="Greys")
    right.set_axis_off()
    places = [(28 * column + 14, TALL * row + 34) for row in range(ROWS) for column in range(COLUMNS)]
    names = [right.text(*place, "", ha="center", va="center", fontsize=15) for place in places]

    def draw(optimizer, rate, steps):
        watched, style = trained(optimizer, rate), plots.STYLES[LEARNERS[optimizer].__name__]
        looks = min(steps // LOOK, len(watched.evaluations) - 1)
        noisy.set_data(np.arange(len(watched.losses[:steps])), watched.losses[:steps])
        curve.set_data(LOOK * np.arange(looks + 1), [seen.loss for seen in watched.evaluations[: looks + 1]])
        curve.set_color(style.color)
        curve.set_linestyle(style.line)
        for name, read, label in zip(names, watched.classes[looks], labels, strict=False):
            name.set_text(str(read) if read == label else f"{read} for {label}")
            name.set_fontweight("normal" if read == label else "bold")
        seen = watched.evaluations[looks]
        said = f"{optimizer}, α = {rate:.3g}, {steps} minibatches of {BATCH}"
        if len(watched.losses) < steps:
            return Readout(f"{said}: the loss is no number any more at minibatch {len(watched.losses)}.")
        found = f"the loss is {seen.loss:.2f} and the accuracy {seen.accuracy:.0%}"
        text = f"{said}: on {VALIDATION} validation digits {found}."
        return Readout(text, won=steps <= SOON and seen.accuracy >= TARGET)

    return Explorer(
        fig,
        draw,
        {
            "optimizer": choice("optimizer", tuple(LEARNERS), "Adam"),
            "rate": log_slider("learning rate α", 1e-4, 10**0.5, 0.001),
            "steps": play_slider("minibatches", 0, STEPS, 60),
        },
        about="32 hidden units learn 1,000 digits; on the right 18 validation digits, and below each what they read.",
        presets={
            "Show me the failure": {"optimizer": "momentum", "rate": 10**0.5, "steps": STEPS},
            "SGD as printed": {"optimizer": "gradient descent", "rate": 0.01, "steps": STEPS},
        },
        challenge=Challenge(
            f"Reach an accuracy of {TARGET:.0%} on the validation digits in at most {SOON} minibatches.",
            "From this start all but momentum can do it, each at a rate of its own. From others momentum can, too, and "
            "gradient descent cannot: at this border it is luck.",
        ),
    )
