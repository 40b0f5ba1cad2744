"""Softmax regression against finite differences, known values and the loop that trains it."""

import numpy as np
import pytest

from adamcourse.datasets import load_digits
from adamcourse.descent import descend
from adamcourse.gradients import numerical_gradient, relative_error
from adamcourse.network import SoftmaxRegression, softmax
from adamcourse.optimizers import Adam

RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.uniform(size=(12, 6)), RNG.integers(0, 10, 12)


def test_gradient_agrees_with_finite_differences():
    loss = SoftmaxRegression(IMAGES, LABELS)
    w = RNG.normal(size=loss.start().shape)
    numerical = numerical_gradient(lambda w: loss.value_and_gradient(w)[0], w)
    assert relative_error(loss.value_and_gradient(w)[1], numerical) < 1e-8


def test_before_training_every_class_has_a_tenth():
    loss = SoftmaxRegression(IMAGES, LABELS)
    assert loss.value_and_gradient(loss.start())[0] == pytest.approx(np.log(10))


def test_softmax_sums_to_one_and_survives_large_scores():
    p = softmax(np.array([[1e4, 0, -1e4], [5.0, 5.0, 5.0]]))
    np.testing.assert_allclose(p, [[1, 0, 0], [1 / 3] * 3])


def test_minibatches_average_to_the_whole():
    whole, parts = SoftmaxRegression(IMAGES, LABELS), SoftmaxRegression(IMAGES, LABELS, batch=4)
    w = RNG.normal(size=whole.start().shape)
    mean = np.mean([parts.value_and_gradient(w)[1] for _ in range(3)], axis=0)
    np.testing.assert_allclose(mean, whole.value_and_gradient(w)[1])


def test_the_same_loop_trains_on_the_digits_and_every_run_sees_the_same_minibatches():
    """Linear models reach about 91 to 92 % on MNIST (LeCun et al. 1998 report 88 %)."""
    train, test = load_digits()
    loss = SoftmaxRegression(*train, batch=60)
    first, second = (descend(loss, Adam(lr=0.005), loss.start(), 400) for _ in range(2))
    assert (first.x[-1] == second.x[-1]).all()
    assert first.x.dtype == np.float32
    assert 0.90 < loss.accuracy(first.x[-1], *test) < 0.93


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES, LABELS[:-1], r"images \(12, 6\) and labels \(11,\): give shapes"),
        (IMAGES[:0], LABELS[:0], "n at least 1"),
        (IMAGES * np.nan, LABELS, "finite"),
        ((255 * IMAGES).astype(np.uint8), LABELS, "divide bytes by 255"),
        (IMAGES, LABELS + 10, "whole numbers from 0 to 9"),
        (IMAGES, LABELS / 1.0, "whole numbers from 0 to 9"),
    ],
)
def test_bad_examples_are_named(images, labels, message):
    with pytest.raises(ValueError, match=message):
        SoftmaxRegression(images, labels)


def test_bad_parameters_and_batches_are_named():
    loss = SoftmaxRegression(IMAGES, LABELS)
    with pytest.raises(ValueError, match=r"w has shape \(5,\) and type float64: the parameters are one vector of 70 "):
        loss.value_and_gradient(np.zeros(5))
    with pytest.raises(ValueError, match="batch = 13: a minibatch of 12 examples holds 1 to 12"):
        SoftmaxRegression(IMAGES, LABELS, batch=13)
