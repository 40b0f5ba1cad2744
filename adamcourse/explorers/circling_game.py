"""Lesson 17: a game of two under Adam, with both memories and with optimism."""

from functools import cache

import numpy as np

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.explorers.controls import checkbox, choice, play_slider, slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.losses import Game
from adamcourse.optimizers import Adam, Optimistic

RATE, STEPS, EVERY = 0.01, 5000, 50
FIRST, SECOND = np.arange(10) / 10, (0.9, 0.99, 0.999)  # the two memories, β1 and β2
EDGE, NEAR, LAST = 5.5, 0.3, 500  # the challenge: how near to the middle in the last steps


@cache
def _walks():
    """Return all walks, shape (optimistic, steps + 1, players, β1, β2)."""
    adam = Adam(RATE, beta1=FIRST[:, None], beta2=np.array(SECOND))
    return np.array([descend(Game(), kind, Game.start, STEPS).x for kind in (adam, Optimistic(adam))])


def circling_game():
    """Return the explorer of a game of two under Adam: β1, β2, optimism."""
    fig, (left, right) = plots.figure(columns=2, width=12, height=5)
    style = plots.STYLES["Adam"]
    (way,) = left.plot([], [], color=style.color, linewidth=1, alpha=0.6)
    (place,) = left.plot([], [], "o", color=style.color, markersize=10)
    left.plot(0, 0, "*", color=plots.TARGET_COLOR, markersize=16)
    left.set(xlabel="x, who makes x y small", ylabel="y, who makes it large", xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE))
    left.set_aspect("equal")
    (distance,) = right.plot([], [], color=style.color)
    right.axhline(NEAR, color=plots.TARGET_COLOR, linewidth=2)
    right.text(STEPS, NEAR, f"{NEAR} ", ha="right", va="bottom", color="#7A4F00")
    right.set(xlabel="step", ylabel="distance from the middle", xlim=(0, STEPS), ylim=(0.01, 10), yscale="log")

    def draw(step, beta1, beta2, optimistic):
        walk = _walks()[int(optimistic), :, :, round(10 * beta1), SECOND.index(beta2)]
        shown, far = walk[: EVERY * step + 1], np.hypot(*walk.T)
        way.set_data(*shown[-1000:].T)
        place.set_data(*shown[-1:].T)
        distance.set_data(np.arange(len(shown)), far[: len(shown)])
        nearest = far[-LAST:].max()
        text = (
            f"β1 = {beta1:g}, β2 = {beta2:g}{', optimistic' if optimistic else ''}: after {EVERY * step:,} steps the "
            f"players are {far[EVERY * step]:.2g} from the middle, where neither can gain. In the last {LAST} of "
            f"{STEPS:,} steps they come no farther from it than {nearest:.2g}."
        )
        return Readout(text, won=bool(nearest < NEAR and beta2 == SECOND[-1]))

    return Explorer(
        fig,
        draw,
        {
            "step": play_slider(f"step / {EVERY}", 0, STEPS // EVERY, 60),
            "beta1": slider("first memory β1", 0.0, 0.9, 0.9, 0.1),
            "beta2": choice("second memory β2", SECOND, 0.999),
            "optimistic": checkbox("optimistic", False),
        },
        about="a game of two: x makes x times y small, y makes it large, and both use Adam.",
        presets={
            "Show me the failure": {"step": STEPS // EVERY, "beta1": 0.9, "beta2": 0.9, "optimistic": False},
            "Without momentum": {"step": STEPS // EVERY, "beta1": 0.0, "beta2": 0.999, "optimistic": False},
            "Optimistic": {"step": STEPS // EVERY, "beta1": 0.0, "beta2": 0.9, "optimistic": True},
        },
        challenge=Challenge(
            f"Keep β2 = 0.999, and bring the last {LAST} steps within {NEAR} of the middle.",
            "Both were needed: no momentum, which drives the players outwards, and optimism, which turns them inwards.",
        ),
    )
