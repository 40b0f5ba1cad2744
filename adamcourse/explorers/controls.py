"""The controls of an explorer: sliders, boxes and lists, the steps of each, and its value as a browser tells it."""

import ipywidgets as widgets
import numpy as np


class PlayedSlider(widgets.IntSlider):
    """A slider that the play button of its explorer moves on to the end."""


def slider(label, low, high, value, step):
    """Return a slider with equal steps; the value lies on a step."""
    return widgets.FloatSlider(value, min=low, max=high, step=step, readout_format=".3g", description=label)


def log_slider(label, low, high, value):
    """Return a slider with twenty steps a decade; low, high and value are put on a step."""
    low, high, value = np.round(20 * np.log10((low, high, value))) / 20
    digits = ".3r" if low >= -4 else ".3g"  # 1000 in place of 1.00e+3, but not ten digits for a millionth
    return widgets.FloatLogSlider(10**value, min=low, max=high, step=0.05, readout_format=digits, description=label)


def whole_slider(label, low, high, value):
    """Return a slider over whole numbers."""
    return widgets.IntSlider(value, min=low, max=high, description=label)


def play_slider(label, low, high, value):
    """Return a slider over whole numbers that can be played: a button moves it on to the end."""
    return PlayedSlider(value, min=low, max=high, description=label)


def checkbox(label, value):
    """Return a box to tick."""
    return widgets.Checkbox(value, description=label)


def choice(label, options, value):
    """Return a list to choose from."""
    return widgets.Dropdown(options=options, value=value, description=label)


def align(controls):
    """Put labels into one column, so that what they name begins at one place and is long enough; ticks have none."""
    labels = [control.description for control in controls if not isinstance(control, widgets.Checkbox)]
    column = f"{max(map(len, labels), default=0)}ch"
    for control in controls:
        control.style.description_width, control.layout.width = column, f"min({column} + 320px, 100%)"


def check(name, control, value):
    """Raise a ValueError that names the control when it cannot take a value."""
    low, high = getattr(control, "min", None), getattr(control, "max", None)
    if hasattr(control, "base"):
        low, high = control.base**low * (1 - 1e-8), control.base**high * (1 + 1e-8)  # `rounded` keeps nine digits
    allowed = getattr(control, "options", (True, False)) if low is None else f"{low:g} to {high:g}"
    kind = (int, np.integer) if isinstance(control, widgets.IntSlider) else (int, float, np.number)
    if not (value in allowed if low is None else isinstance(value, kind) and low <= value <= high):
        raise ValueError(f"{name} = {value!r}: give {allowed}")


def steps(control):
    """Return the values that a control can be moved to, in order.

    >>> steps(slider("", 0.0, 1.0, 0.5, 0.25)), steps(choice("", ("a", "b"), "a"))
    ([0.0, 0.25, 0.5, 0.75, 1.0], ['a', 'b'])
    """
    if isinstance(control, widgets.Checkbox):
        return [False, True]
    if isinstance(control, widgets.Dropdown):
        return list(control.options)
    places = control.min + control.step * np.arange(round((control.max - control.min) / control.step) + 1)
    return [rounded(control.base**x if hasattr(control, "base") else x) for x in places.tolist()]


def rounded(value):
    """Return a number with nine digits, for in the last ones a browser may differ, and anything else as it is."""
    return float(f"{value:.9g}") if isinstance(value, float) else value


def to_browser(control, value):
    """Return a value as the browser knows it: the place of a choice in its list, else the value."""
    return control.options.index(value) if isinstance(control, widgets.Dropdown) else value


def from_browser(control, value):
    """Return a value that the browser tells, as Python knows it."""
    if isinstance(control, widgets.Dropdown):
        return control.options[value]
    return rounded(value if isinstance(control, (widgets.IntSlider, widgets.Checkbox)) else float(value))


def scale(control):
    """Return how the browser tells how far apart two values of a control are: by steps, perhaps of the logarithm."""
    return {"log": hasattr(control, "base"), "step": getattr(control, "step", 1)}
