"""A game of two: what one loses, the other gains, so that there is no loss that both descend."""

from typing import ClassVar

import numpy as np


class Game:
    """The players x and y: x makes the product x y small, y makes it large. Neither can gain where both are 0.

    g = (∂(x y)/∂x, -∂(x y)/∂y) = (y, -x)

    Each descends on a loss of its own. Together the two gradients are the gradient of no function: they go round the
    middle. The value is the distance from it, √(x² + y²), and no optimizer is told.

    >>> Game().value_and_gradient(np.array([3.0, 4.0]))
    (np.float64(5.0), array([ 4., -3.]))
    """

    broadcasts: ClassVar[bool] = True
    start: ClassVar[tuple] = (1.0, 1.0)

    def value_and_gradient(self, z):
        """Return the distance from the middle, and what each player descends; z of shape (2, ...)."""
        x, y = z
        return np.hypot(x, y), np.stack([y, -x])
