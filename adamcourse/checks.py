"""Checks of arguments that several modules share; an error names it, its value, and what is allowed."""

import numpy as np


def whole_number(name, value, low=0, high=np.inf):
    """Return a whole number from low to high, or raise ValueError.

    >>> whole_number("steps", 3)
    3
    """
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or not low <= value <= high:
        allowed = f"{low} or more" if high == np.inf else f"{low} to {high}"
        raise ValueError(f"{name} = {value!r}: give a whole number, {allowed}")
    return value


def valid_batch_size(batch_size, n):
    """Return the size of a minibatch of n examples, 1 to n, or None for all of them; or raise ValueError."""
    return batch_size if batch_size is None else whole_number("batch_size", batch_size, 1, n)
