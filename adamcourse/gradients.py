"""Finite differences: the course's own referee for every gradient it uses, and what they say of curvature."""

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
    x = np.array(x, dtype=np.float64)
    return np.array([_slope(f, x, i, h) for i in range(len(x))])


def _slope(f, x, i, h):
    """Return by how much f changes with x_i."""
    if not h > 0:
        raise ValueError(f"h = {h}: the width of a difference must be above 0, for example 1e-5")
    width = h * np.maximum(1.0, np.abs(x[i]))
    ahead, behind = x.copy(), x.copy()
    ahead[i] += width
    behind[i] -= width
    return (f(ahead) - f(behind)) / (ahead[i] - behind[i])


def numerical_hessian(gradient, x, h=1e-5):
    """Return the matrix of second derivatives of f at x, by central differences of its gradient.

    H_ij ≈ (∂_i f(x + h·e_j) - ∂_i f(x - h·e_j)) / 2h, and the mean of H_ij and H_ji, which should be the same.

    Arguments
    ---------
    gradient : function of an array of shape (n,) that returns ∇f, shape (n,). It is called 2n times.
    x : point, shape (n,); computed in float64.
    h : width of the difference, > 0, default 1e-5; relative to |x_j| where that is above 1.

    Raises ValueError when h is not a positive number, or gradient gives another shape than that of x.
    Source: any text on numerical differentiation.

    >>> numerical_hessian(lambda x: np.array([6 * x[0] * x[1], 3 * x[0] ** 2]), np.array([1.0, 2.0])).round(6)
    array([[12.,  6.],
           [ 6.,  0.]])
    """
    x = np.array(x, dtype=np.float64)
    H = np.array([_slope(gradient, x, j, h) for j in range(len(x))])
    if H.shape != (len(x),) * 2:
        raise ValueError(f"gradient gives shape {H.shape[1:]} at x of shape {x.shape}: is it the value?")
    return (H + H.T) / 2


def sharpness(hessian, preconditioner=1.0):
    """Return the largest curvature of a loss, as an optimizer meets it that divides its steps coordinate by coordinate.

    The largest eigenvalue of P^(-1/2) H P^(-1/2), which is that of P^(-1) H; P = diag(preconditioner)

    Arguments
    ---------
    hessian : H, a symmetric matrix, shape (n, n).
    preconditioner : what each coordinate is divided by, > 0, shape (n,): √v̂ + ε for Adam. Default 1, no division.

    Raises ValueError when a coordinate is not divided by a number above 0, or hessian is no symmetric matrix.
    Source: Cohen and others 2021, section 1; with P Cohen and others 2022, section 2.

    >>> H = np.diag([1.0, 100.0])
    >>> float(sharpness(H)), float(sharpness(H, np.array([1.0, 100.0])))  # divided by its curvature, it is round
    (100.0, 1.0)
    """
    H = np.asarray(hessian, np.float64)
    if H.ndim != 2 or H.shape != H.T.shape or not np.allclose(H, H.T, rtol=1e-4, atol=1e-6 * np.abs(H).max(initial=0)):
        raise ValueError(f"hessian of shape {H.shape}: give a symmetric matrix")
    P = np.broadcast_to(preconditioner, len(H))
    if not (P > 0).all():
        raise ValueError(f"preconditioner = {preconditioner}: each coordinate is divided by a number above 0")
    root = np.sqrt(P)
    return np.linalg.eigvalsh(H / np.outer(root, root))[-1]


def relative_error(a, b):
    """Return how far a is from b: max |a - b| / max(|a|, |b|), and 0 where both are 0.

    One number for whole arrays, taken over their largest entries, so that an entry near zero cannot spoil it.

    Arguments
    ---------
    a, b : arrays of one shape, not empty.

    Raises ValueError when they have other shapes.
    Source: the usual gradient check, with the maximum norm.

    >>> float(relative_error(np.array([1.0, 2.0]), np.array([1.0, 2.002])).round(6))
    0.000999
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or not a.size:
        raise ValueError(f"a has shape {a.shape}, b has {b.shape}: give the same for both, and not an empty one")
    scale = np.maximum(np.abs(a).max(), np.abs(b).max())  # NaN if one of them holds NaN
    return np.float64(0) if scale == 0 else np.abs(a - b).max() / scale
