"""A live figure: a function of controls that moves the artists of one kept figure, and its pictures in the browser.

Why not `interact`: it builds the figure anew for every value of a slider, which takes many times longer, and hides
errors. Here the figure is kept, what stands still is drawn once, and the moved artists are drawn over it. The browser
keeps the pictures that it was sent, by the values of the controls, and shows the right one as soon as a control moves.
It asks for those that it lacks, and while nobody waits, it is sent those that may be asked for next.
"""

import itertools
import threading
import zlib
from contextlib import suppress
from functools import partial, wraps
from typing import NamedTuple

import ipywidgets as widgets

from adamcourse import journal
from adamcourse.explorers import controls as kinds
from adamcourse.explorers.frames import Frames, Overlay
from adamcourse.explorers.picture import Picture
from adamcourse.explorers.prefetch import Idle, to_come
from adamcourse.plots import DOTS, show_picture

KEPT = 400  # pictures of an explorer, here and in the browser
_turn = threading.RLock()


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


class Shown(NamedTuple):
    """What an explorer shows for some values: its words, what moved, and the still picture that this lies on."""

    readout: Readout
    overlay: Overlay
    still: bytes


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

    An error in `draw` is shown below the picture and raised.
    """

    def __init__(self, fig, draw, controls, about, presets=None, challenge=None):
        self.fig, self.draw, self.controls, self.about, self.challenge = fig, draw, controls, about, challenge
        start = {name: control.value for name, control in controls.items()}
        self.presets = (presets or {}) | {"Reset": start}
        for values in self.presets.values():
            self._check(values)
        self._moving, self._kept, self._idle, self._heard = [], {}, Idle(), False
        fig.canvas.draw()
        fig.set_layout_engine("none")  # laid out once: from here on the axes stay where they are
        kinds.align(controls.values())
        self.picture = Picture(
            controls=list(controls.values()),
            scales=[kinds.scale(control) for control in controls.values()],
            played=list(controls).index(self.main) if self._is_played(self.main) else None,
            size=[round(DOTS * length) for length in fig.get_size_inches()],
            presets={name: self._to_browser(values) for name, values in self.presets.items()},
            challenge=challenge and list(challenge),
        )
        self.picture.on_msg(self._answer)
        for name, control in controls.items():
            control.observe(lambda change, name=name: self._foresee(name), "value")
        self.shown()

    @property
    def readout(self):
        """The Readout for the controls' present values."""
        return self.shown().readout

    @property
    def main(self):
        """The name of the control that is likely to move first: the slider that is played, else the first slider."""
        kind = lambda name: (not self._is_played(name), not hasattr(self.controls[name], "min"))
        return min(self.controls, key=kind)

    def _is_played(self, name):
        return isinstance(self.controls[name], kinds.PlayedSlider)

    def set(self, **values):
        """Set several controls; ValueError, and nothing is set, when one cannot take its value."""
        self._check(values)
        for name, value in values.items():
            self.controls[name].value = value

    @_in_turn
    def update(self):
        """Forget the pictures that were kept until now: each is drawn again when it is asked for."""
        self._kept.clear()
        self._tell("renew")

    @_in_turn
    def sharpen(self, ratio):
        """Draw with so many pixels for each one of the page, 1 or 2; forget the pictures that have others."""
        if self.fig.dpi != ratio * DOTS:
            self.fig.set_dpi(ratio * DOTS)
            self.update()

    @_in_turn
    def shown(self, **values):
        """Return what is Shown for values of all controls, default the present ones; it is kept here and sent."""
        values = values or self._values()
        key = tuple(values.values())
        self._kept[key] = self._kept.pop(key, None) or self._sent(values)  # as the newest
        if len(self._kept) > KEPT:
            self._forget(next(iter(self._kept)))
        return self._kept[key]

    def _sent(self, values):
        """Draw what is Shown for values and send it; the still picture only if the browser does not have it."""
        shown = self._drawn(values)
        stills = [] if any(shown.still is kept.still for kept in self._kept.values()) else [shown.still]
        words, place = shown.readout._asdict(), {"x": shown.overlay.x, "y": shown.overlay.y}
        self._tell("picture", values, [shown.overlay.png, *stills], still=zlib.crc32(shown.still), **words, **place)
        return shown

    def _forget(self, key):
        del self._kept[key]
        self._tell("forget", dict(zip(self.controls, key, strict=True)))

    def _check(self, values):
        for name, value in values.items():
            if name not in self.controls:
                raise ValueError(f"{name} = {value!r}: the controls of this explorer are {', '.join(self.controls)}")
            kinds.check(name, self.controls[name], value)

    def _values(self):
        return {name: kinds.rounded(control.value) for name, control in self.controls.items()}

    def _to_browser(self, values):
        """Return values as the browser knows them, in the order of the controls; None for those that are not given."""
        return [
            kinds.to_browser(self.controls[name], values[name]) if name in values else None for name in self.controls
        ]

    def _answer(self, picture, content, buffers):
        """Answer the browser: it is there, with nothing kept; the challenge is won; or it asks for a picture."""
        if content["kind"] == "hello":
            self._welcome(content["ratio"])
        elif content["kind"] == "won":
            self._note_challenge()  # at once, whatever is drawn: the line below the quiz counts it
        else:
            pairs = zip(self.controls.items(), content["values"], strict=True)
            self._bring({name: kinds.from_browser(control, value) for (name, control), value in pairs})

    @_in_turn
    def _welcome(self, ratio):
        self._kept.clear()
        self.sharpen(ratio)
        self._heard = True
        self._foresee(self.main)

    def _note_challenge(self):
        """Note that the challenge is won, by the name of the module; those of a learner's own are not noted."""
        room, _, name = self.draw.__module__.rpartition(".")
        complaint = journal.note("challenge", name) if room == __package__ else ""
        if complaint:
            self._tell("complaint", text=complaint)

    @_in_turn
    def _bring(self, values):
        self._kept.pop(tuple(values.values()), None)  # what is asked for was lost
        try:
            self.shown(**values)
        except BaseException as error:
            self._tell("error", values, text=f"This explorer failed: {type(error).__name__}: {error}")
            raise

    def _tell(self, kind, values=None, buffers=None, **content):
        """Send a message to the browser, if there is one."""
        if self._heard:
            told = {} if values is None else {"values": self._to_browser(values)}
            self.picture.send({"kind": kind} | told | content, buffers)

    def _foresee(self, moved):
        """While nobody waits, send what the browser may ask for next."""
        if self._heard:
            following = to_come(self.controls, self._values(), moved, self.presets)
            self._idle.begin(partial(self._ahead, values) for values in following)

    @_in_turn
    def _ahead(self, values):
        with suppress(Exception):  # an error is told when its picture is asked for
            self.shown(**values)

    def _drawn(self, values):
        """Draw the moving artists over the still ones and return what is Shown.

        A stale figure means that something changed which was still before, such as a title: the background is drawn
        again, without what moves, which becomes animated.
        """
        canvas, self._on_canvas = self.fig.canvas, values
        readout = self.draw(**values)
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
        return Shown(readout, self._frames.overlay(canvas.buffer_rgba()), self._frames.png)

    def box(self):
        """Return everything as one widget."""
        return widgets.VBox(
            [widgets.HBox(list(self.controls.values()), layout={"flex_flow": "row wrap"}), self.picture]
        )

    @_in_turn
    def _ipython_display_(self):
        """Show a live widget where there is a kernel, and elsewhere the picture and a caption that says the same."""
        if self._on_canvas != self._values():  # what was drawn last is not what is shown
            self._drawn(self._values())
        task = f" Challenge: {self.challenge.task}" if self.challenge else ""
        caption = f"Explorer: {self.about} At first: {self.readout.text}{task}"
        nothing = widgets.HTML(layout=widgets.Layout(display="none"))  # what a live explorer needs for a caption
        live = self.box()._repr_mimebundle_(), nothing._repr_mimebundle_()
        show_picture(self.fig, caption, live)


def _moving(ax):
    """Return, in the order of drawing, what moves in the axes and what lies above it.

    Matplotlib marks an artist as stale when it changes, though not in `set_array`, for which there is `set(array=...)`.
    It draws artists of equal zorder in the order of their making.
    """
    artists = {*ax.lines, *ax.collections, *ax.patches, *ax.texts}
    drawn = sorted((child for child in ax.get_children() if child in artists), key=lambda artist: artist.zorder)
    return list(itertools.dropwhile(lambda artist: not (artist.stale or artist.get_animated()), drawn))
