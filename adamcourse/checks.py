"""What all doors of the package ask of their arguments; an error names the argument, its value, and what is allowed."""

import numpy as np


def whole_number(name, value, low=0, high=np.inf):
    """Return a whole number from low to high, or raise ValueError.

    >>> whole_number("steps", 3)
    3
    """
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or not low <= value <= high:
        allowed = f"{low} or more" if high == np.inf else f"{low} to {high}"
        raise ValueError(f"{name} = {shown(value)}: give a whole number, {allowed}")
    return value


def whole_numbers_below(name, values, n):
    """Return an array of whole numbers from 0 to n - 1, such as labels or tokens, or raise ValueError.

    >>> whole_numbers_below("labels", [2, 0], 3)
    array([2, 0])
    """
    values, allowed = np.asarray(values), f"give whole numbers from 0 to {n - 1}"
    if values.size and values.dtype.kind not in "iu":
        raise ValueError(f"{name} of type {values.dtype}: {allowed}")
    outside = values[(values < 0) | (values >= n)]
    if outside.size:
        raise ValueError(f"{name} with {outside.flat[0]} among them: {allowed}")
    return values


def valid_batch_size(batch_size, n):
    """Return the size of a minibatch of n examples, 1 to n, or None for all of them; or raise ValueError."""
    return batch_size if batch_size is None else whole_number("batch_size", batch_size, 1, n)


def valid_seed(seed):
    """Return a whole number, 0 or more, or raise ValueError: nothing else draws the same when it begins anew."""
    return whole_number("seed", seed)


def has_functions(name, value, *functions):
    """Return a value that has these functions, such as an optimizer with start and update, or raise ValueError."""
    if isinstance(value, type):
        raise ValueError(f"{name} = {value.__name__}: this is a class; give one that is made, as {value.__name__}(...)")
    if not all(callable(getattr(value, function, None)) for function in functions):
        raise ValueError(f"{name} = {shown(value)}: it must have the functions {' and '.join(functions)}")
    return value


def shown(value):
    """Return what repr says of a value, cut where it gets long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
