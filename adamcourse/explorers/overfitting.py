"""Lesson 10: a network learns 200 digits by heart; what dropout, decay, a penalty and an early stop change about it."""

from functools import cache

import numpy as np

from adamcourse import plots
from adamcourse.datasets import digits_subset
from adamcourse.dialects import pytorch
from adamcourse.explorers.controls import choice, log_slider, slider, whole_slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.networks import mlp
from adamcourse.optimizers import AdamW
from adamcourse.training import Training

TRAIN, VALIDATION, BATCH, EPOCHS, RATE = 200, 500, 20, 25, 0.01
TARGET = 0.7
KINDS = {"apart (AdamW)": AdamW, "in the gradient (L2)": pytorch.Adam}


@cache
def trained(dropout, decay, kind="apart (AdamW)"):
    """Return the History of a training with dropout behind the hidden layer, and decay of one of the KINDS."""
    optimizer = KINDS[kind](RATE, weight_decay=decay)
    return Training(mlp(dropout=dropout), optimizer, *digits_subset(TRAIN, VALIDATION), BATCH).run_until(EPOCHS)


def overfitting():
    """Return the explorer of dropout, weight decay and the epoch of the stop, on few digits."""
    style, epochs = plots.STYLES["Adam"], np.arange(1, EPOCHS + 1)
    fig, (left, right) = plots.figure(columns=2, width=12, height=4.8)
    (train,) = left.plot([], [], ":", color=style.color, label="training digits")
    (validation,) = left.plot([], [], "-", color=plots.STYLES["Momentum"].color, label="validation digits")
    left.axhline(TARGET, color=plots.TARGET_COLOR, linewidth=2)
    left.set(xlabel="epoch", ylabel="loss", xlim=(1, EPOCHS), ylim=(0, 2))
    left.legend(loc="upper right")
    stops = [ax.axvline(EPOCHS, color="black", linewidth=1.5, linestyle=":") for ax in (left, right)]
    (right_ones,) = right.plot([], [], "-", color=plots.STYLES["Momentum"].color)
    right.set(xlabel="epoch", ylabel="validation accuracy, %", xlim=(1, EPOCHS), ylim=(50, 100))

    def draw(dropout, decay, kind, epoch):
        history = trained(dropout, decay, kind)
        train.set_data(epochs, history.epoch_loss)
        validation.set_data(epochs, history.validation_loss)
        right_ones.set_data(epochs, 100 * history.validation_accuracy)
        for stop in stops:
            stop.set_xdata([epoch, epoch])
        loss, accuracy = history.validation_loss[epoch - 1], history.validation_accuracy[epoch - 1]
        text = (
            f"Dropout {dropout:.1f}, λ = {decay:.3g} {kind}, stopped after epoch {epoch}: the loss is "
            f"{history.epoch_loss[epoch - 1]:.2g} on the training digits and {loss:.2f} on the validation digits; the "
            f"accuracy on these is {accuracy:.0%}."
        )
        return Readout(text, won=bool(loss <= TARGET and kind == "apart (AdamW)" and epoch == EPOCHS))

    return Explorer(
        fig,
        draw,
        {
            "dropout": slider("dropout rate", 0.0, 0.9, 0.0, 0.1),
            "decay": log_slider("weight decay λ", 1e-3, 10**1.5, 1e-3),
            "kind": choice("decay", tuple(KINDS), "apart (AdamW)"),
            "epoch": whole_slider("stop after epoch", 1, EPOCHS, EPOCHS),
        },
        about=f"a network of 32 hidden units and {TRAIN} digits, Adam; the level orange line is a loss of {TARGET}.",
        presets={
            "Show me the failure": {"dropout": 0.9, "decay": 10**1.5, "kind": "apart (AdamW)", "epoch": EPOCHS},
            "Dropout alone": {"dropout": 0.5, "decay": 1e-3, "kind": "apart (AdamW)", "epoch": EPOCHS},
            "Early stop alone": {"dropout": 0.0, "decay": 1e-3, "kind": "apart (AdamW)", "epoch": 4},
            "L2 in Adam alone": {"dropout": 0.0, "decay": 1e-2, "kind": "in the gradient (L2)", "epoch": EPOCHS},
        },
        challenge=Challenge(
            f"With decay apart, bring the validation loss to at most {TARGET} after all {EPOCHS} epochs.",
            "Decay does it alone. From this start dropout alone does not; L2 in Adam does, at a far smaller λ.",
        ),
    )
