"""Lesson 10: a network learns 200 digits by heart, and what dropout and weight decay change about it."""

import numpy as np

from adamcourse import plots
from adamcourse.datasets import digits_subset
from adamcourse.explorers.explorer import Challenge, Explorer, Readout, log_slider, slider
from adamcourse.networks import mlp
from adamcourse.optimizers import AdamW
from adamcourse.training import Training

TRAIN, VALIDATION, BATCH, EPOCHS, RATE = 200, 500, 20, 25, 0.01
TARGET = 0.7


def trained(dropout, decay):
    """Return the History of a training with dropout behind the hidden layer and decoupled weight decay."""
    return Training(
        mlp(dropout=dropout), AdamW(RATE, weight_decay=decay), *digits_subset(TRAIN, VALIDATION), BATCH
    ).run_until(EPOCHS)


def overfitting():
    """Return the explorer of dropout and weight decay on few digits."""
    style, epochs = plots.STYLES["Adam"], np.arange(1, EPOCHS + 1)
    fig, (left, right) = plots.figure(columns=2, width=12, height=4.8)
    (train,) = left.plot([], [], ":", color=style.color, label="training digits")
    (validation,) = left.plot([], [], "-", color=plots.STYLES["Momentum"].color, label="validation digits")
    left.axhline(TARGET, color=plots.TARGET_COLOR, linewidth=2)
    left.set(xlabel="epoch", ylabel="loss", xlim=(1, EPOCHS), ylim=(0, 2))
    left.legend(loc="upper right")
    (right_ones,) = right.plot([], [], "-", color=plots.STYLES["Momentum"].color)
    right.set(xlabel="epoch", ylabel="validation accuracy, %", xlim=(1, EPOCHS), ylim=(0, 100))

    def draw(dropout, decay):
        history = trained(dropout, decay)
        train.set_data(epochs, history.epoch_loss)
        validation.set_data(epochs, history.validation_loss)
        right_ones.set_data(epochs, 100 * history.validation_accuracy)
        text = (
            f"Dropout {dropout:.1f}, λ = {decay:.3g}: at the end the loss is {history.epoch_loss[-1]:.2g} on the "
            f"training digits and {history.validation_loss[-1]:.2f} on the validation digits, at best "
            f"{history.validation_loss.min():.2f}; the accuracy on these is {history.validation_accuracy[-1]:.0%}."
        )
        return Readout(text, won=bool(history.validation_loss[-1] <= TARGET))

    return Explorer(
        fig,
        draw,
        {
            "dropout": slider("dropout rate", 0.0, 0.9, 0.0, 0.1),
            "decay": log_slider("weight decay λ", 1e-3, 10**1.5, 1e-3),
        },
        about=f"a network of 32 hidden units and {TRAIN} digits, AdamW; the orange line is a loss of {TARGET}.",
        presets={
            "Show me the failure": {"dropout": 0.9, "decay": 10**1.5},
            "Dropout alone": {"dropout": 0.5, "decay": 1e-3},
            "Decay alone": {"dropout": 0.0, "decay": 10**-0.5},
        },
        challenge=Challenge(
            f"Bring the validation loss to at most {TARGET} at the end.",
            "Weight decay does it alone. From this start dropout alone does not.",
        ),
    )
