"""Pictures of surfaces, trajectories and losses. Everything here takes results and axes, draws, and computes nothing.

Figures live outside pyplot: `figure()` makes one, `show(fig, caption)` puts it on the page. Nothing is left to close.
The first figure gives Matplotlib the course's look: type and lines that can be read from the back row.
"""

import base64
from typing import NamedTuple

import numpy as np
from IPython.display import display
from matplotlib import rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from adamcourse.png import png


class Style(NamedTuple):
    """How an optimizer looks in every lesson: told apart by colour, and in grey by line and marker."""

    label: str
    color: str
    line: str | tuple
    marker: str


STYLES = {
    "GradientDescent": Style("gradient descent", "#0072B2", (0, (1, 1)), "o"),
    "Momentum": Style("momentum", "#D55E00", (0, (5, 2)), "s"),
    "Adagrad": Style("Adagrad", "#009E73", (0, (4, 1, 1, 1, 1, 1)), "^"),
    "RMSprop": Style("RMSprop", "#CC79A7", (0, (4, 1, 1, 1)), "D"),
    "Adam": Style("Adam", "#000000", "-", "P"),
    "Muon": Style("Muon", "#5D3A9B", (0, (8, 1, 1, 1)), "*"),
}
OTHER = Style("", "#56595C", (0, (2, 1)), "X")
TARGET_COLOR = "#E69F00"
DOTS = 100  # of a page, for each inch of a figure
SHARP = 2  # pixels of a picture for each dot of the page, in each direction: what a fine display shows
LOOK = {
    "font.size": 14,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 15,
    "lines.linewidth": 2.5,
    "legend.frameon": False,
}


def style_of(optimizer):
    """Return the Style of an optimizer that is not in a wrapper; grey for those that have none of their own."""
    return STYLES.get(type(optimizer).__name__, OTHER._replace(label=type(optimizer).__name__))


def figure(columns=1, width=10.0, height=4.5, projection=None):
    """Return a figure that pyplot does not know of, and its axes: one, or an array of them.

    Arguments
    ---------
    columns : how many axes stand side by side, default 1.
    width, height : in inches, at 100 dots of the page an inch.
    projection : "3d" for axes in space, default None.
    """
    rcParams.update(LOOK)
    fig = Figure(figsize=(width, height), dpi=SHARP * DOTS, layout="constrained")
    FigureCanvasAgg(fig)
    return fig, fig.subplots(1, columns, subplot_kw={"projection": projection})


def show(fig, caption):
    """Put a figure on the page, with a caption that says what is seen; the caption is its alternative text, too."""
    fig.canvas.draw()
    show_picture(fig, caption)


def show_picture(fig, caption, live=({}, {})):
    """Put what was drawn of a figure, and its caption, on the page, in two outputs.

    Arguments
    ---------
    fig : a figure of `figure`.
    caption : what is seen; the picture's alternative text, too.
    live : MIME bundles of live widgets that take the places of picture and caption where a kernel runs.
    """
    still = {"image/png": base64.b64encode(png(fig.canvas.buffer_rgba())).decode(), "text/plain": caption}
    width, height = (round(DOTS * length) for length in fig.get_size_inches())
    display(live[0] | still, metadata={"image/png": {"alt": caption, "width": width, "height": height}}, raw=True)
    display(live[1] | {"text/markdown": f"*{caption}*", "text/plain": caption}, raw=True)


def contours(ax, surface, levels=14):
    """Draw a surface from above: pale bands between lines of equal loss, and a star on each minimum."""
    x, y, f = _grid(surface, 200)
    low = f.min()
    bands = low + np.linspace(0, (f.max() - low) ** 0.25, levels) ** 4  # closer together near the minimum
    ax.contourf(x, y, f, levels=bands, cmap="Greys", alpha=0.35)
    ax.contour(x, y, f, levels=bands, colors="#9A9A9A", linewidths=0.7)
    ax.plot(*np.transpose(surface.minima), "*", color=TARGET_COLOR, markeredgecolor="black", markersize=15, zorder=6)
    ax.set(xlabel="x", ylabel="y", xlim=surface.domain[0], ylim=surface.domain[1], aspect="equal")
    ax.locator_params(nbins=5)


def surface_3d(ax, surface):
    """Draw a surface as a landscape in three-dimensional axes."""
    x, y, f = _grid(surface, 60)
    ax.plot_surface(x, y, f, cmap="viridis", rstride=2, cstride=2, linewidth=0.2, edgecolor="#404040")
    ax.set(xlabel="x", ylabel="y")
    ax.set_zlabel("f(x, y)", labelpad=12)
    ax.locator_params(nbins=4)


def trajectory(ax, path, style, label=None):
    """Draw a path on a surface, from its start to a marker at its end, a dot for each step; return the line."""
    x, y = path.x[:, 0], path.x[:, 1]
    look = {"color": style.color, "linestyle": style.line, "label": label or style.label}
    (line,) = ax.plot(x, y, marker="." if path.steps <= 60 else None, linewidth=2, zorder=4, **look)
    ax.plot(x[-1:], y[-1:], style.marker, color=style.color, markersize=11, zorder=5)
    if path.diverged:
        ax.annotate(f"diverged at step {path.diverged_at}", (0.02, 0.02), xycoords="axes fraction", color=style.color)
    return line


def loss_curve(ax, path, style, label=None):
    """Draw the loss at each step on a logarithmic axis; a cross marks where the run diverged; return the line."""
    label = label or style.label
    every = max(1, path.steps // 6)
    (line,) = ax.plot(
        path.loss,
        color=style.color,
        linestyle=style.line,
        marker=style.marker,
        markevery=every,
        markersize=8,
        label=label,
    )
    if path.diverged:
        ax.plot(path.steps, path.loss[-1], "x", color=style.color, markersize=14, markeredgewidth=3)
    ax.set(yscale="log", xlabel="step", ylabel="loss")
    return line


def score_card(ax, results):
    """Draw how many steps each optimizer needed on each task, a row each; at the right edge those that never got there.

    Arguments
    ---------
    ax : axes to draw on.
    results : TunedResults by task and name, as `contest.benchmark` returns them.

    Raises ValueError when there are none, as after an optimizer that failed.
    """
    if not results:
        raise ValueError(f"results = {results!r}: the benchmark has none to show")
    looks = {style.label: style for style in STYLES.values()}
    names = list(dict.fromkeys(name for task in results.values() for name in task))
    edge = 2 * max(c.median for task in results.values() for c in task.values() if np.isfinite(c.median))
    for k, name in enumerate(names):
        style = looks.get(name, OTHER._replace(color=TARGET_COLOR, marker="*"))
        steps = [min(task[name].median, edge) for task in results.values()]
        rows = np.arange(len(results)) + 0.12 * (k - (len(names) - 1) / 2)
        ax.plot(steps, rows, style.marker, color=style.color, markersize=14, markeredgecolor="black", label=name)
    ax.set(xscale="log", xlabel="steps to the target", yticks=range(len(results)), yticklabels=list(results))
    ax.axvline(edge, color="#9A9A9A", linestyle=":")
    ax.text(edge, -0.65, "never", ha="center")
    ax.set_ylim(len(results) - 0.5, -0.5)
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1))


def digit(ax, image, label):
    """Draw one handwritten digit, 784 pixels from 0 to 1, dark on light, with its label above."""
    ax.imshow(image.reshape(28, 28), cmap="Greys")
    ax.set(xticks=[], yticks=[], title=str(label))


def boxes(ax, links):
    """Draw a chain of boxes from left to right: each link is a name and the failure that leads to the next."""
    for i, (name, failure) in enumerate(links):
        ax.text(i, 0, name, ha="center", va="center", bbox={"boxstyle": "round,pad=0.5", "facecolor": "#F2F2F2"})
        if i < len(links) - 1:
            ax.annotate("", (i + 0.66, 0), (i + 0.36, 0), arrowprops={"arrowstyle": "->", "linewidth": 2})
        ax.text(i, -0.55, failure, ha="center", va="top", fontsize=12, style="italic")
    ax.set(xlim=(-0.5, len(links) - 0.5), ylim=(-1.2, 0.6))
    ax.set_axis_off()


def _grid(surface, n):
    (x_low, x_high), (y_low, y_high) = surface.domain
    x, y = np.meshgrid(np.linspace(x_low, x_high, n), np.linspace(y_low, y_high, n))
    return x, y, surface.value(np.stack([x, y]))
