"""Which pictures will be asked for next, and the moment in which they can be drawn because nobody waits."""

import asyncio

from adamcourse.explorers import controls

REST = 0.1  # seconds without a move, after which nobody waits: longer than between two values of a drag


def to_come(widgets, values, moved, presets):
    """Yield what may be asked for next: neighbours of the present values, presets, one control's whole range.

    Arguments
    ---------
    widgets : controls by name.
    values : the present value of each.
    moved : name of the control that was moved last; its neighbours come first, and its range, nearest first.
    presets : values of some controls by the name of a button.
    """
    for name in sorted(widgets, key=lambda name: name != moved):  # sorting keeps the order of the others
        yield from ({**values, name: value} for value in _outward(widgets[name], values[name])[:2])
    for preset in presets.values():
        yield values | {name: controls.rounded(value) for name, value in preset.items()}
    yield from ({**values, moved: value} for value in _outward(widgets[moved], values[moved]))


def _outward(widget, value):
    """Return the other values of a control, those first that are fewest steps away from a value."""
    steps = controls.steps(widget)
    here = steps.index(value) if value in steps else sum(step < value for step in steps) - 0.5  # typed, between two
    return [steps[i] for i in sorted(range(len(steps)), key=lambda i: abs(i - here)) if i != here]


class Idle:
    """Do one thing after the other while nothing moves, on the event loop on which it was made.

    That is the loop of the kernel's main thread: while a cell runs, nothing is done.
    """

    def __init__(self):
        self._begun = 0
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:  # a script has none, and nobody who would move something
            self._loop = None

    def begin(self, things):
        """Do things, functions without arguments, after a rest; what was left of those before them is dropped."""
        self._begun += 1
        if self._loop:
            self._loop.call_soon_threadsafe(self._loop.call_later, REST, self._go_on, self._begun, iter(things))

    def _go_on(self, begun, things):
        if begun != self._begun:
            return
        for thing in things:
            thing()
            self._loop.call_later(0, self._go_on, begun, things)  # first whatever came meanwhile
            return
