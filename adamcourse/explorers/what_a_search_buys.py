"""Lesson 18: what the best of so many trainings is, for each optimizer, on tasks that were recorded."""

from functools import cache
from typing import NamedTuple

import numpy as np

from adamcourse import plots
from adamcourse.datasets import load_language_trainings, load_paper, load_policy
from adamcourse.explorers.controls import choice, whole_slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout
from adamcourse.training import best_of

LOOKS = {
    "Nesterov": plots.STYLES["Momentum"]._replace(label="Nesterov's momentum"),
    "Adadelta": plots.OTHER._replace(label="Adadelta"),
    "NormalisedMomentum": plots.Style("normalised momentum", "#7A4F00", "-.", "v"),
    "Signs": plots.OTHER._replace(label="signs"),
}
LOOKS |= {name: style for name, style in plots.STYLES.items() if name not in LOOKS}
MOST = 20  # trainings that the slider goes up to
LOWEST, HIGHEST, TICKS = 0.97, 10.0, (1, 1.5, 2, 3, 5, 10)  # of the axis, over the lowest of all results


class Search(NamedTuple):
    """All trainings of one optimizer on a task: the rate of each, and what it came to, less is better."""

    rates: np.ndarray
    results: np.ndarray


class Task(NamedTuple):
    """What is measured, and the Search of each optimizer by name."""

    measure: str
    searches: dict


def _of_paper(task):
    """Return a task of the paper's figures: each optimizer with all its rates and all its settings."""
    return {
        name: Search(np.repeat(found["rates"], len(found["settings"])), np.array(found["losses"]))
        for name, found in load_paper()[task].items()
    }


@cache
def tasks():
    """Return the Tasks by name."""
    language, policy = load_language_trainings()["starts"]["gpt"], load_policy()["search"]
    cost = "cost of the last epoch"
    return {
        "logistic regression on digits": Task(cost, _of_paper("digits, constant")),
        "logistic regression on lines": Task(cost, _of_paper("lines, dropout, constant")),
        "two hidden layers, dropout": Task(cost, _of_paper("multilayer, dropout")),
        "convolutional network": Task(cost, _of_paper("convolutional")),
        "language model": Task(
            "validation loss", {name: Search(f["rates"], np.mean(f["losses"], axis=1)) for name, f in language.items()}
        ),
        "pole": Task("steps", {name: Search(f["rates"], np.median(f["steps"], axis=1)) for name, f in policy.items()}),
    }


def bought(search, tries):
    """Return the middle of the best of so many trainings, or of all where there are fewer."""
    return best_of(search.results, min(tries, len(search.results)))


def ranking(task, tries):
    """Return (result, name) of each optimizer after so many trainings, the lowest first."""
    return sorted((bought(search, tries), name) for name, search in tasks()[task].searches.items())


def what_a_search_buys():
    """Return the explorer of a task, and of how many trainings a search may take."""
    fig, (left, middle, right) = plots.figure(columns=3, width=14, height=5)
    counts, lines = np.arange(1, MOST + 1), {}
    for name, style in LOOKS.items():
        look = {"color": style.color, "marker": style.marker}
        lines[name] = (
            left.plot([], [], linestyle="", markersize=8, alpha=0.7, **look)[0],
            middle.plot([], [], linestyle=style.line, markevery=4, markersize=9, **look)[0],
            right.text(0.12, 0, "", va="center"),
            right.plot([], [], linestyle="", markersize=12, **look)[0],
        )
    (cursor,) = middle.plot([], [], color=plots.TARGET_COLOR, linewidth=3, zorder=0)
    left.set(xlabel="learning rate", ylabel="result / the lowest of all", xscale="log", yscale="log")
    left.set(xlim=(5e-6, 200), ylim=(LOWEST, HIGHEST), title="each training")
    middle.set(xlabel="trainings", yscale="log", xlim=(0.5, MOST + 0.5), ylim=(LOWEST, HIGHEST))
    middle.set(title="the best of so many, drawn by lot")
    for ax in (left, middle):
        ax.set_yticks(TICKS, map(str, TICKS))
        ax.minorticks_off()
    right.set(xlim=(0, 1), ylim=(0, 1))
    right.set_axis_off()

    def draw(task, tries):
        searches, ranks = tasks()[task].searches, ranking(task, tries)
        lowest = min(search.results.min() for search in searches.values())
        places = {name: place for place, (_, name) in enumerate(ranks)}
        for name, (dots, line, row, mark) in lines.items():
            here = name in searches
            for artist in (dots, line, row, mark):
                artist.set_visible(here)
            if here:
                search, y = searches[name], 0.9 - 0.15 * places[name]
                dots.set_data(search.rates, np.minimum(search.results / lowest, HIGHEST))
                line.set_data(counts, [min(bought(search, k) / lowest, HIGHEST) for k in counts.tolist()])
                row.set(y=y, text=f"{LOOKS[name].label} {_number(ranks[places[name]][0])}")
                mark.set_data([0.05], [y])
        cursor.set_data([tries, tries], [LOWEST, HIGHEST])
        said = ", ".join(f"{LOOKS[name].label} {_number(result)}" for result, name in ranks)
        text = (
            f"{task}, {tasks()[task].measure}, less is better: half of all draws of {tries} "
            f"{'training' if tries == 1 else 'trainings'} have a best of at most: {said}."
        )
        return Readout(text, won=ranks[0][1] != "Adam")

    return Explorer(
        fig,
        draw,
        {
            "task": choice("task", tuple(tasks()), "convolutional network"),
            "tries": whole_slider("trainings", 1, MOST, 1),
        },
        about="what the best of so many trainings comes to, with rates and settings drawn by lot; recorded runs.",
        presets={},
        challenge=Challenge(
            "Find a task and a number of trainings at which Adam is not first.",
            "Four of the six tasks have some. On the convolutional network and the language model there is none.",
        ),
    )


def _number(result):
    return f"{result:.3g}" if np.isfinite(result) else "never"
