"""What the next press of a key will ask for, and the moment in which it can be drawn because nobody waits."""

import asyncio
import math

import ipywidgets as widgets

REST = 0.1  # seconds without a move, after which nobody waits: longer than between two values of a drag


def next_value(control, old, new):
    """Return where a slider goes if it moves on by one step the same way; other controls and ends stay.

    >>> next_value(widgets.IntSlider(5, min=0, max=9), 4, 5), next_value(widgets.IntSlider(9, min=0, max=9), 4, 9)
    (6, 9)
    """
    if not isinstance(control, (widgets.IntSlider, widgets.FloatSlider, widgets.FloatLogSlider)):
        return new
    step = control.step if new > old else -control.step
    if isinstance(control, widgets.FloatLogSlider):  # its step and its ends are exponents
        return control.base ** min(max(math.log(new, control.base) + step, control.min), control.max)
    return min(max(new + step, control.min), control.max)


class Debouncer:
    """Wait for a moment in which nothing moves, on the event loop that a kernel runs."""

    def __init__(self):
        self._next = None

    def then(self, call, *args):
        """Call after a rest, unless `then` is called again before; without an event loop, as in a script, never."""
        if self._next:
            self._next.cancel()
        try:
            self._next = asyncio.get_running_loop().call_later(REST, call, *args)
        except RuntimeError:
            self._next = None
