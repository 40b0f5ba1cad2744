"""Are two answers the same, up to rounding?"""

import numpy as np


def alike(ours, theirs, exercise, outputs=None):
    """Are two runs equal up to rounding, in these outputs? Default all."""
    cases = zip(exercise.cases, ours, theirs, strict=False)
    return all(alike_in(case, a, b, exercise, outputs) for case, a, b in cases)


def alike_in(case, ours, theirs, exercise, outputs=None):
    """Are the results of one call equal up to rounding, in these outputs? Default all."""
    return all(
        ours[i].shape == theirs[i].shape and close(ours[i], theirs[i], case.arguments.get(exercise.outputs[i])).all()
        for i in outputs or range(len(theirs))
    )


def close(ours, theirs, before=None):
    """Where are two arrays equal up to rounding? before is what the first was made of by a small step, or None.

    float32 keeps seven digits, float64 sixteen; a difference loses some, and a sum near 0 all but those of its terms.
    """
    scale = 0.0 if before is None or np.shape(before) != ours.shape else np.abs(before)
    with np.errstate(all="ignore"):  # infinite less infinite, or too large for float32
        if ours.dtype == np.float32:
            relative, of_terms = 1e-3, 3e-7
        else:
            relative, of_terms = (1e-6, 3e-7) if is_single(ours) else (1e-9, 1e-15)
        return _isclose(ours, theirs, relative) | (np.abs(ours - theirs) <= of_terms * scale)


def _isclose(ours, theirs, relative):
    """Return what np.isclose does with equal_nan and atol=0, in a third of the time: a check calls it many times."""
    near = (np.abs(ours - theirs) <= relative * np.abs(theirs)) & np.isfinite(theirs)
    return near | (ours == theirs) | (ours != ours) & (theirs != theirs)


def is_single(array):
    """Is an array computed in float32, be it converted since?"""
    return array.dtype == np.float32 or bool((array == array.astype(np.float32)).all())
