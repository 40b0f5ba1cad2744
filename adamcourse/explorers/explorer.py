"""Controls bound to a function that moves the artists of one kept figure.

Why not `interact`: it builds the figure anew for every value of a slider, which takes several times longer, and hides
errors. Here the figure is kept, what stands still is drawn once, and the moved artists are drawn over it. Pictures that
were seen are kept for a while, and the one that the next press of a key would show is drawn while nobody waits.
"""

import itertools
import threading
from contextlib import contextmanager, suppress
from functools import lru_cache, partial, wraps
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np
import traitlets
from IPython import get_ipython

from adamcourse.explorers.frames import Frames
from adamcourse.explorers.prefetch import Debouncer, next_value
from adamcourse.plots import show_picture

KEPT = 100  # pictures of an explorer
_turn = threading.RLock()


def _asked_at():
    """Return when the message that is being handled was sent, by the browser's clock, or None without a kernel.

    The kernel handles the messages of widgets in several threads, so that a later one may be handled first.
    """
    kernel = getattr(get_ipython(), "kernel", None)
    return kernel.get_parent().get("header", {}).get("date") if kernel else None


def _in_turn(method):
    """Let a method wait for what another one draws: JupyterLab sends the messages of widgets to several threads."""

    @wraps(method)
    def waits(*args, **kwargs):
        with _turn:
            return method(*args, **kwargs)

    return waits


class Readout(NamedTuple):
    """What a drawing says of itself: one sentence for everyone, and whether the challenge is met."""

    text: str
    won: bool = False


class Challenge(NamedTuple):
    """A task for the learner: what to reach, and what to think about once it is reached."""

    task: str
    praise: str


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
    """Return a slider over whole numbers that can be played: it has a button that moves it on to the end."""
    return PlayedSlider(value, min=low, max=high, description=label)


def checkbox(label, value):
    """Return a box to tick."""
    return widgets.Checkbox(value, description=label)


def choice(label, options, value):
    """Return a list to choose from."""
    return widgets.Dropdown(options=options, value=value, description=label)


def _align(controls):
    """Put labels into one column, so that what they name begins at one place and is long enough; ticks have none."""
    labels = [control.description for control in controls if not isinstance(control, widgets.Checkbox)]
    column = f"{max(map(len, labels), default=0)}ch"
    for control in controls:
        control.style.description_width, control.layout.width = column, f"min({column} + 320px, 100%)"


class PlayedSlider(widgets.IntSlider):
    """A slider with a button that plays it; `beside` are the widgets that stand beside it.

    An unseen `Play` ticks in the browser: its own buttons have no names for screen readers. The ticks go through the
    kernel to the slider, so that one that is still on its way when something else moves the slider changes nothing.
    """

    def __init__(self, value, **options):
        super().__init__(value, **options)
        hidden = widgets.Layout(display="none")
        self.ticks = widgets.Play(value, min=self.min, max=self.max, interval=50, layout=hidden)
        self.button = widgets.ToggleButton(tooltip=f"{self.description}: play or pause")
        self.beside = self.button, self.ticks
        self.button.observe(self._play_or_pause, "value")
        self.ticks.observe(self._tick, ["value", "playing"])
        self.observe(self._moved, "value")
        self._play_or_pause()

    def stop(self):
        """Play no longer."""
        self.button.value = False

    @_in_turn
    def _play_or_pause(self, change=None):
        self.button.description = "Pause" if self.button.value else "Play"
        self.ticks.playing = self.button.value

    @_in_turn
    def _tick(self, change):
        if self.button.value:
            self.value, self.button.value = self.ticks.value, self.ticks.playing
        else:
            self.ticks.value = self.value

    @_in_turn
    def _moved(self, change):
        if self.value != self.ticks.value:
            self.stop()
            self.ticks.value = self.value


class Picture(widgets.Image):
    """An image whose tooltip is its name for screen readers."""

    description = traitlets.Unicode("").tag(sync=True)  # without it, ipywidgets 8.1 fails on the tooltip (issue 3860)


class Explorer:
    """A live figure: controls, presets, the picture, one sentence about it, and perhaps a challenge.

    Arguments
    ---------
    fig : a figure of `plots.figure`, kept and drawn on again and again.
    draw : function of the controls' values, by name, that moves artists of the figure and returns a Readout. The
        same values must give the same picture, whatever was drawn before: it may be shown again without a call.
    controls : widgets by name, whose values can be hashed.
    about : what the figure shows, in a sentence; the caption for readers without a kernel begins with it.
    presets : values of some controls by the name of a button; "Reset" is always there.
    challenge : a Challenge, or None.

    An error in `draw` is shown below the picture and raised: a test that moves a control sees it.
    """

    def __init__(self, fig, draw, controls, about, presets=None, challenge=None):
        self.fig, self.draw, self.controls, self.about, self.challenge = fig, draw, controls, about, challenge
        start = {name: control.value for name, control in controls.items()}
        self.presets = (presets or {}) | {"Reset": start}
        for values in self.presets.values():
            self._check_names(values)
        self.picture = Picture(layout=widgets.Layout(width=f"{fig.bbox.width:.0f}px", max_width="100%"))
        self.says, self.verdict = widgets.HTML(), widgets.HTML()
        self._moving, self._held, self._asked = [], False, {}
        self._kept, self._debouncer = lru_cache(KEPT)(self._drawn), Debouncer()
        fig.canvas.draw()
        fig.set_layout_engine("none")  # laid out once: from here on the axes stay where they are
        for name, control in controls.items():
            control.observe(partial(self._moved, name), "value")
        _align(controls.values())
        self.update()

    @_in_turn
    def set(self, **values):
        """Set several controls and show one picture; ValueError, and nothing is set, when one cannot take its value."""
        self._check_names(values)
        for name, value in values.items():
            self._check_value(name, value)
        with self._holding():
            for control in self.controls.values():
                if isinstance(control, PlayedSlider):
                    control.stop()
            for name, value in values.items():
                if self._is_newest(name):
                    self.controls[name].value = value
        self._show()

    def _check_names(self, values):
        for name in values.keys() - self.controls.keys():
            raise ValueError(f"{name} = {values[name]!r}: the controls of this explorer are {', '.join(self.controls)}")

    def _check_value(self, name, value):
        control = self.controls[name]
        low, high = getattr(control, "min", None), getattr(control, "max", None)
        if hasattr(control, "base"):
            low, high = control.base**low * (1 - 1e-9), control.base**high * (1 + 1e-9)
        allowed = getattr(control, "options", (True, False)) if low is None else f"{low:g} to {high:g}"
        if not (value in allowed if low is None else isinstance(value, (int, float)) and low <= value <= high):
            raise ValueError(f"{name} = {value!r}: give {allowed}")

    @_in_turn
    def update(self):
        """Draw the figure for the controls' present values, and forget the pictures that were kept until now."""
        self._kept.cache_clear()
        self._show()

    @contextmanager
    def _holding(self):
        """Move controls, and let none of them be answered."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def _is_newest(self, name):
        """Return whether no later message has moved a control, and note when this one was sent."""
        last, now = self._asked.get(name), _asked_at()
        if last and now and now < last:
            return False
        self._asked[name] = now
        return True

    @_in_turn
    def _moved(self, name, change):
        """Answer a control, and draw ahead what follows if it moves on; undo what was overtaken by a button."""
        if self._held:
            return
        if self._is_newest(name):
            self._show()
            self._debouncer.then(self._prefetch, name, next_value(change["owner"], change["old"], change["new"]))
        else:
            with self._holding():
                change["owner"].value = change["old"]

    @_in_turn
    def _prefetch(self, name, value):
        with suppress(Exception):  # an error is told when its picture is asked for
            self._kept(**self._values(**{name: value}))

    def _values(self, **others):
        """Return the controls' values, or others, with nine digits: in the last ones a browser may differ."""
        values = {name: control.value for name, control in self.controls.items()} | others
        return {name: float(f"{x:.9g}") if isinstance(x, float) else x for name, x in values.items()}

    def _drawn(self, **values):
        """Return a Readout for these values, and the picture as PNG."""
        self._on_canvas = values
        return self.draw(**values), self._png()

    def _show(self):
        """Show the picture and the words for the controls' present values."""
        try:
            self.readout, png = self._kept(**self._values())
        except Exception as error:
            self.says.value = f"This explorer failed: {type(error).__name__}: {error}"
            raise
        with self.picture.hold_sync():  # in one message: the browser loads the picture anew with each
            self.picture.value, self.picture.tooltip = png, self.readout.text
        self.says.value = self.readout.text
        if self.challenge:
            won = f"Done. {self.challenge.praise}" if self.readout.won else "Not yet."
            self.verdict.value = f"<b>Challenge.</b> {self.challenge.task} <b>{won}</b>"

    def box(self):
        """Return everything as one widget."""
        buttons = [widgets.Button(description=name, layout=widgets.Layout(width="auto")) for name in self.presets]
        for button in buttons:
            button.on_click(lambda button: self.set(**self.presets[button.description]))
        controls = [w for control in self.controls.values() for w in (control, *getattr(control, "beside", ()))]
        wrap = widgets.Layout(flex_flow="row wrap")
        rows = [widgets.HBox(controls, layout=wrap), widgets.HBox(buttons, layout=wrap)]
        return widgets.VBox([*rows, self.picture, self.says, *([self.verdict] if self.challenge else [])])

    @_in_turn
    def _ipython_display_(self):
        """Show a live widget where there is a kernel, and elsewhere the picture and a caption that says the same."""
        if self._on_canvas != self._values():  # what was drawn last is not what is shown
            self.update()
        task = f" Challenge: {self.challenge.task}" if self.challenge else ""
        caption = f"Explorer: {self.about} At first: {self.readout.text}{task}"
        nothing = widgets.HTML(layout=widgets.Layout(display="none"))  # what a live explorer needs for a caption
        live = self.box()._repr_mimebundle_(), nothing._repr_mimebundle_()
        show_picture(self.fig.canvas.buffer_rgba(), caption, live)

    def _png(self):
        """Draw the moving artists over the still ones and return the picture as PNG.

        A stale figure means that something changed which was still before, such as a title: the background is drawn
        again, without what moves, which becomes animated.
        """
        canvas = self.fig.canvas
        if self.fig.stale or not self._moving:
            self._moving = [artist for ax in self.fig.axes for artist in _moving(ax)]
            for artist in self._moving:
                artist.set_animated(True)
            canvas.draw()
            self._background = canvas.copy_from_bbox(self.fig.bbox)
            self._frames = Frames(canvas.buffer_rgba())
        canvas.restore_region(self._background)
        for artist in self._moving:
            artist.axes.draw_artist(artist)
        return self._frames.png(canvas.buffer_rgba())


def _moving(ax):
    """Return, in the order of drawing, what moves in the axes and what lies above it.

    Matplotlib marks an artist as stale when it changes, though not in `set_array`, for which there is `set(array=...)`.
    It draws artists of equal zorder in the order of their making.
    """
    artists = {*ax.lines, *ax.collections, *ax.patches, *ax.texts}
    drawn = sorted((child for child in ax.get_children() if child in artists), key=lambda artist: artist.zorder)
    return list(itertools.dropwhile(lambda artist: not (artist.stale or artist.get_animated()), drawn))
