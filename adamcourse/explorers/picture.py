"""The part of an explorer that lives in the browser: pictures.js says what it does with what it is sent."""

from pathlib import Path

import anywidget
import traitlets
from ipywidgets import widget_serialization


class Picture(anywidget.AnyWidget):
    """Canvas, sentence, buttons and challenge of an explorer, and the pictures that the browser keeps.

    Arguments
    ---------
    controls : list of widgets, in the order in which the browser tells their values.
    scales : of each control, the step, and whether it is one of the logarithm.
    played : the place of the slider that can be played, or None.
    size : width and height of the canvas, in pixels of the page.
    presets : values of the controls, in their order and as the browser knows them, by the name of a button; None for
        those that it leaves as they are.
    challenge : task and praise, or None.
    """

    _esm = Path(__file__).with_name("pictures.js")
    controls = traitlets.List().tag(sync=True, **widget_serialization)
    scales = traitlets.List().tag(sync=True)
    played = traitlets.Int(None, allow_none=True).tag(sync=True)
    size = traitlets.List().tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)
    challenge = traitlets.Any(None).tag(sync=True)
