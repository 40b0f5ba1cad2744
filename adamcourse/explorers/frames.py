"""Pictures of which most stands still: what moved is drawn over the rest, in the browser."""

import zlib
from typing import NamedTuple

import numpy as np

from adamcourse.png import encoded, few_colours, png

SOON = {"compress_level": 1, "compress_type": zlib.Z_RLE}


class Overlay(NamedTuple):
    """What differs from a still picture, as PNG, transparent elsewhere, and where its upper left corner lies."""

    png: bytes
    x: int
    y: int


class Frames:
    """Tell what moved from a still picture, whose PNG is `png`.

    Arguments
    ---------
    still : array of shape (height, width, 4), the background.
    """

    def __init__(self, still):
        self._still = _packed(still).copy()
        self.png = png(still, **SOON)

    def overlay(self, pixels, **how):
        """Return what differs in a picture of the same shape, with 255 colours of its own; how to compress it."""
        moved = _packed(pixels) != self._still
        moved[0, 0] |= not moved.any()  # nothing moved: one pixel, since no picture is empty
        x, y = _span(moved.any(axis=0)), _span(moved.any(axis=1))
        indices, (new, colours) = np.zeros(moved.shape, np.uint8), few_colours(np.asarray(pixels)[moved][None], 255)
        indices[moved] = new[0] + 1
        colours = np.concatenate([[[0, 0, 0]], colours]).astype(np.uint8)
        return Overlay(encoded(indices[y, x], colours, transparency=0, **(how or SOON)), x.start, y.start)


def _packed(pixels):
    """Return one number for the colour of each pixel."""
    return np.ascontiguousarray(pixels).view(np.uint32)[..., 0]


def _span(hit):
    """Return the slice from the first hit to the last."""
    return slice(int(hit.argmax()), len(hit) - int(hit[::-1].argmax()))
