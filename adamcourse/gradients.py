"""Finite differences: the course's own referee for every gradient it uses."""

import numpy as np


def numerical_gradient(f, x, h=1e-5):
    """Return the gradient of f at x by central differences.

    ∂f/∂x_i ≈ (f(x + h·e_i) - f(x - h·e_i)) / 2h, with an error of order h².

    Arguments
    ---------
    f : function of an array of shape (n, ...) that returns an array of shape (...).
    x : point or points, shape (n, ...), coordinates on the first axis; computed in float64.
    h : width of the difference, > 0, default 1e-5; relative to |x_i| where that is above 1.

    Raises ValueError when h is not a positive number.
    Source: any text on numerical differentiation; the course needs no better formula.

    >>> numerical_gradient(lambda x: x[0] ** 2 + 3 * x[1], np.array([2.0, 5.0])).round(6)
    array([4., 3.])
    """
    if not h > 0:
        raise ValueError(f"h = {h}: the width of a difference must be above 0, for example 1e-5")
    x = np.array(x, dtype=np.float64)
    gradient = np.empty_like(x)
    for i in range(len(x)):
        width = h * np.maximum(1.0, np.abs(x[i]))
        ahead, behind = x.copy(), x.copy()
        ahead[i] += width
        behind[i] -= width
        gradient[i] = (f(ahead) - f(behind)) / (ahead[i] - behind[i])
    return gradient


def relative_error(a, b):
    """Return how far a is from b: max |a - b| / max(|a|, |b|), and 0 where both are 0.

    One number for whole arrays, taken over their largest entries, so that an entry near zero cannot spoil it.

    Arguments
    ---------
    a, b : arrays of one shape.

    Source: the usual gradient check, with the maximum norm.

    >>> float(relative_error(np.array([1.0, 2.0]), np.array([1.0, 2.002])).round(6))
    0.000999
    """
    a, b = np.asarray(a), np.asarray(b)
    scale = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0))
    return np.abs(a - b).max(initial=0) / scale if scale > 0 else np.float64(0)
