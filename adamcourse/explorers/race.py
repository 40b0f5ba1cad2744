"""Lesson 00: gradient descent, momentum, RMSprop and Adam from one start on three surfaces."""

import numpy as np
from matplotlib.lines import Line2D

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.explorers.controls import log_slider, play_slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.losses import bowl, ravine, rosenbrock
from adamcourse.optimizers import Adam, GradientDescent, Momentum, RMSprop

SURFACES = (bowl, ravine(100), rosenbrock)
RACERS = (GradientDescent, Momentum, RMSprop, Adam)
START = (-1.0, 0.5)
TARGET = 0.01
STEPS = 300
RATES = np.geomspace(1e-3, 3, 61)


def best_rate(surface, racer):
    """Return the rate, of 61, with which an optimizer stays below the target soonest; of equals, the smallest.

    Where no rate arrives, it is the one with the lowest loss at the end.
    """
    path = descend(surface, racer(lr=RATES), START, STEPS)
    steps = path.steps_to_target(TARGET)
    if np.isfinite(steps).any():
        return float(RATES[steps.argmin()])
    return float(RATES[np.nanargmin(path.loss[-1])])


def run(rates, factor=1.0):
    """Return the paths, by surface and racer, with each rate multiplied by the factor."""
    return {
        (surface.name, racer.__name__): descend(
            surface, racer(lr=factor * rates[surface.name, racer.__name__]), START, STEPS
        )
        for surface in SURFACES
        for racer in RACERS
    }


def ranking(paths, surface):
    """Return the racers that arrive on a surface, as (step, label), the first one first, and the labels of the rest."""
    steps = [(paths[surface.name, r.__name__].steps_to_target(TARGET), plots.STYLES[r.__name__].label) for r in RACERS]
    return sorted(s for s in steps if np.isfinite(s[0])), [label for step, label in steps if not np.isfinite(step)]


def result(surface, arrived, lost):
    """Return in words who wins on a surface and who does not arrive."""
    first = [label for step, label in arrived if step == arrived[0][0]]
    won = f"{' and '.join(first)} at step {arrived[0][0]}" if arrived else "nobody"
    late = f" ({', '.join(lost)}: not in {STEPS} steps)" if arrived and lost else ""
    return f"{surface.name}: {won}{late}"


def race():
    """Return the explorer of the race: how many steps are shown, and all step sizes times a factor."""
    rates = {(s.name, r.__name__): best_rate(s, r) for s in SURFACES for r in RACERS}
    fig, axes = plots.figure(columns=3, width=13, height=5)
    lines = {}
    for ax, surface in zip(axes, SURFACES, strict=True):
        plots.contours(ax, surface)
        ax.set_title(surface.name)
        (begin,) = ax.plot(*START, "o", color="white", markeredgecolor="black", markersize=11, label="start", zorder=7)
        for racer in RACERS:
            style = plots.STYLES[racer.__name__]
            lines[surface.name, racer.__name__] = (
                ax.plot([], [], color=style.color, linestyle=style.line, zorder=4)[0],
                ax.plot([], [], style.marker, color=style.color, markersize=11, zorder=5)[0],
            )
    looks = [plots.STYLES[racer.__name__] for racer in RACERS]
    handles = [
        Line2D([], [], color=s.color, linestyle=s.line, marker=s.marker, markersize=9, label=s.label) for s in looks
    ]
    fig.legend(handles=[begin, *handles], loc="outside lower center", ncols=5)
    computed = {}

    def draw(steps, factor):
        if factor not in computed:
            computed[factor] = run(rates, factor)
        paths = computed[factor]
        for key, (line, head) in lines.items():
            x, y = paths[key].x[: steps + 1].T
            line.set_data(x, y)
            head.set_data(x[-1:], y[-1:])
        told = "; ".join(result(surface, *ranking(paths, surface)) for surface in SURFACES)
        size = "Each at its best step size" if factor == 1 else f"Each at {factor:.3g} times its best step size"
        shown = f"{steps} {'step' if steps == 1 else 'steps'} shown"
        arrived, _ = ranking(paths, bowl)
        lost = bool(arrived) and arrived[0][1] != plots.STYLES["GradientDescent"].label
        return Readout(f"{size}, {shown}. First to be below a loss of {TARGET} until step {STEPS}: {told}.", won=lost)

    return Explorer(
        fig,
        draw,
        {
            "steps": play_slider("steps shown", 1, STEPS, 60),
            "factor": log_slider("multiple of the best step sizes", 0.1, 10, 1),
        },
        about="four optimizers walk from one start on three surfaces; an orange star marks the minimum.",
        presets={"Show me the failure": {"factor": 10.0, "steps": 60}},
        challenge=Challenge(
            "Find a multiple at which gradient descent no longer wins on the bowl.",
            "A step size that is too large throws it out of the bowl. Lesson 01 finds the border.",
        ),
    )
