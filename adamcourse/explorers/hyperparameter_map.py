"""Lesson 08: heat maps over α and a second hyperparameter of Adam, with a cursor whose run is drawn beside the map."""

import numpy as np

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.explorers.controls import choice, log_slider, slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.losses import rosenbrock
from adamcourse.optimizers import Adam

STEPS = 300
TARGET = 1e-4
RATES = 10 ** np.arange(-3, 0.46, 0.1)  # every second step of the slider
SHARES = np.linspace(0, 1, 41)  # 0 at the left end of a map, 1 at its right end
HYPERPARAMETERS = {
    "β1": lambda share: 1 - 0.005**share,  # from 0 to 0.995
    "β2": lambda share: 1 - 0.5 * 0.0002**share,  # from 0.5 to 0.9999
    "ε": lambda share: 1e-10 * 1e14**share,  # from 1e-10 to 10,000
}
MARKS = {"β1": (0, 0.9, 0.99), "β2": (0.5, 0.9, 0.99, 0.999), "ε": (1e-8, 1e-4, 1, 1e4)}
USUAL = {"β1": 0.9, "β2": 0.999, "ε": 1e-8}
GOOD = 0.01  # a loss


def adam(rate, name, share):
    """Return Adam with the usual settings but for the rate and one hyperparameter."""
    return Adam(rate, **{{"β1": "beta1", "β2": "beta2", "ε": "eps"}[name]: value(name, share)})


def value(name, share):
    """Return what a hyperparameter is at a place on its axis: two digits of ε, and of what a β lacks to 1."""
    exact = HYPERPARAMETERS[name](share)
    return two_digits(exact) if name == "ε" else 1 - two_digits(1 - exact)


def two_digits(x):
    """Round a positive number to two significant digits."""
    unit = 10 ** (np.floor(np.log10(x)) - 1)
    return np.round(x / unit) * unit


def heat_map(name):
    """Return the loss on Rosenbrock after 300 steps, shape (rates, shares), from one sweep; infinite if it diverged."""
    loss = descend(rosenbrock, adam(RATES[:, None], name, SHARES), rosenbrock.start, STEPS).loss[-1]
    return np.where(np.isnan(loss), np.inf, loss)


def colours(loss):
    """Return the logarithm of a loss, cut off where the colour scale of the maps ends."""
    return np.log10(np.clip(loss, 1e-6, 1e2))


def place(name, mark):
    """Return where on a map, from 0 to 1, a value of a hyperparameter stands."""
    fine = np.linspace(0, 1, 4001)
    return fine[np.abs(HYPERPARAMETERS[name](fine) - mark).argmin()]


def hyperparameter_map():
    """Return the explorer of α and a second hyperparameter, β1, β2 or ε."""
    maps = {name: heat_map(name) for name in HYPERPARAMETERS}
    style = plots.STYLES["Adam"]
    fig, (left, middle, right) = plots.figure(columns=3, width=13, height=4.8)
    left.get_gridspec().set_width_ratios([1.5, 1, 1.1])
    mesh = left.pcolormesh(SHARES, RATES, colours(maps["β1"]), cmap="viridis_r", vmin=-6, vmax=2, zorder=0)
    fig.colorbar(mesh, ax=left, label="log10 of the loss")
    left.set(yscale="log", ylabel="learning rate α", ylim=(0.9e-3, 3))
    (usual,) = left.plot([], [], "o", color="white", markersize=13, markeredgecolor="black", clip_on=False)
    (cursor,) = left.plot([], [], "X", color="white", markersize=15, markeredgecolor="black", markeredgewidth=2)
    plots.contours(middle, rosenbrock)
    (line,) = middle.plot([], [], color=style.color, linewidth=1.5, zorder=4)
    (curve,) = right.plot([], [], color=style.color)
    (cross,) = right.plot([], [], "x", color=style.color, markersize=14, markeredgewidth=3)
    right.axhline(TARGET, color=plots.TARGET_COLOR, linewidth=2)
    right.set(yscale="log", xlabel="step", ylabel="loss", xlim=(0, STEPS), ylim=(1e-8, 1e4))

    def draw(name, rate, share):
        mesh.set(array=colours(maps[name]))  # unlike set_array, it tells the figure
        if left.get_xlabel() != name:  # new marks on the axis: all is drawn anew
            left.set_xticks([place(name, mark) for mark in MARKS[name]], [f"{mark:g}" for mark in MARKS[name]])
            left.set_xlabel(name)
        usual.set_data([place(name, USUAL[name])], [1e-3])
        cursor.set_data([share], [rate])
        path = descend(rosenbrock, adam(rate, name, share), rosenbrock.start, STEPS)
        line.set_data(*path.x.T)
        curve.set_data(np.arange(path.steps + 1), np.maximum(path.loss, 1e-300))
        cross.set_data(([path.steps], path.loss[-1:]) if path.diverged else ([], []))
        end = f"the loss after {STEPS} steps is {path.loss[-1]:.3g}"
        result = f"it diverges at step {path.diverged_at}" if path.diverged else end
        text = (
            f"α = {rate:.3g}, {name} = {value(name, share):.5g}: {result}. On this map "
            f"one place in {1 / (maps[name] < GOOD).mean():.0f} ends below {GOOD}."
        )
        return Readout(text, won=bool(not path.diverged and path.loss[-1] <= TARGET))

    return Explorer(
        fig,
        draw,
        {
            "name": choice("second hyperparameter", tuple(HYPERPARAMETERS), "β1"),
            "rate": log_slider("learning rate α", 1e-3, 10**0.45, 0.1),
            "share": slider("place on its axis, 0 to 1", 0.0, 1.0, 0.4, 0.025),
        },
        about="the loss of Adam on Rosenbrock after 300 steps, over α and one more hyperparameter; one run.",
        presets={
            "Show me the failure": {"name": "β2", "rate": 10**0.45, "share": 0.0},
            "ε = 10,000: momentum": {"name": "ε", "rate": 10**0.45, "share": 1.0},
        },
        challenge=Challenge(
            f"Bring the loss to at most {TARGET:g} in {STEPS} steps, on any of the maps.",
            "Such places are few. With α below 0.01 there is none on any map, whatever the second hyperparameter is.",
        ),
    )
