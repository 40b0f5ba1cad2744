"""Losses: each has `value_and_gradient(x)`, one that draws its data `rewind()`, one that takes many x `broadcasts`.

surfaces        on the plane: value, gradient, minimum, domain, start, source
changing        from step to step: noise, a rare word, a slope that flattens, or is seldom steep
regression      over examples: least squares, logistic regression, on minibatches; examples that mislead Adam
classification  cross-entropy of scores, and classes of different frequency
"""

from adamcourse.losses.changing import CurvatureShift, Noisy, ReddiCounterexample, Replay, SparseFeature
from adamcourse.losses.classification import RareClasses, cross_entropy, softmax
from adamcourse.losses.regression import Examples, LeastSquares, LogisticRegression, Regression, unique_features
from adamcourse.losses.surfaces import (
    Surface,
    beale,
    bowl,
    himmelblau,
    lessard,
    plateau,
    quadratic,
    ravine,
    rosenbrock,
    rotated_ravine,
    saddle,
)
