"""Pictures of which most stands still, encoded soon enough for a slider."""

import zlib

import numpy as np

from adamcourse.png import encoded, few_colours

STILL, MOVED = 160, 96  # of the 256 colours that a PNG with a palette has


class Frames:
    """Encode pictures that differ little from a still one, which is given its colours once.

    The colours of what moved are chosen anew for each picture, so that none is ever missing; to choose those of the
    whole each time would take longer than all the rest.

    Arguments
    ---------
    still : array of shape (height, width, 4), the background.
    """

    def __init__(self, still):
        self._still = _packed(still).copy()
        self._indices, self._colours = few_colours(still, STILL)

    def png(self, pixels):
        """Return a picture of the same shape as PNG with 256 colours, its runs compressed, which is soon done."""
        indices, colours, packed = self._indices, self._colours, _packed(pixels)
        moved = packed != self._still
        if moved.any():
            new, new_colours = few_colours(packed[moved].view(np.uint8).reshape(1, -1, 4), MOVED)
            indices, colours = indices.copy(), np.concatenate([colours, new_colours])
            indices[moved] = new[0] + STILL
        return encoded(indices, colours, compress_level=1, compress_type=zlib.Z_RLE)


def _packed(pixels):
    """Return one number for the colour of each pixel."""
    return np.ascontiguousarray(pixels).view(np.uint32)[..., 0]
