"""Losses: each has `value_and_gradient(x)`, one that draws its data `rewind()`.

surfaces        of a point: value, gradient, minimum, domain, start, source
changing        from step to step: noise, a rare word, a slope that flattens, or is seldom steep
regression      over examples: least squares, logistic regression, on minibatches; examples that mislead Adam
games           what one player loses, the other gains
classification  cross-entropy of scores, and classes of different frequency

The losses of a network, `CrossEntropy` and `SoftmaxLoss`, are in `adamcourse.networks`. `broadcasts = True` says that a
descent of many x at once meets each of them as it would alone, so that all learning rates can be tried in one.
"""

from adamcourse.losses.changing import CurvatureShift, Noisy, ReddiCounterexample, Replay, SparseFeature
from adamcourse.losses.classification import RareClasses, cross_entropy, softmax
from adamcourse.losses.games import Game
from adamcourse.losses.regression import Examples, LeastSquaresLoss, LogisticLoss, RegressionLoss, unique_features
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
