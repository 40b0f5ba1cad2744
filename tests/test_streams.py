"""Losses and rates that change from step to step: their laws, and that every optimizer meets the same steps."""

import numpy as np
import pytest

from adamcourse.descent import descend
from adamcourse.optimizers import Adam, GradientDescent
from adamcourse.schedules import Scheduled, cosine, inverse_time, warmup
from adamcourse.streams import Flattening, Noisy, RareWord, Replay
from adamcourse.surfaces import bowl, quadratic


@pytest.mark.parametrize(
    "loss",
    [Noisy(bowl, 1.0), RareWord(3), Flattening(change=5), Replay([[1.0], [2.0]])],
    ids=lambda s: type(s).__name__,
)
def test_every_descent_meets_the_same_steps(loss):
    start = np.full(1 if isinstance(loss, (Flattening, Replay)) else 2, 0.5)
    first, again = (descend(loss, GradientDescent(0.01), start, 30).x for _ in range(2))
    assert (first == again).all()
    assert len(np.unique(first[:, 0])) == 31


def test_the_noise_has_mean_0_its_sigma_and_no_memory():
    noisy, x = Noisy(bowl, 0.5), np.zeros((2, 40_000))
    one, two = noisy.value_and_gradient(x)[1], noisy.value_and_gradient(x)[1]
    assert abs(one.mean()) < 0.01
    assert one.std() == pytest.approx(0.5, rel=0.01)
    assert abs((one * two).mean()) < 0.01


def test_the_rare_word_is_rare():
    gradients = descend(RareWord(every=7, sigma=0.5), GradientDescent(0.0), (0.0, 0.0), 69).gradient
    assert (np.flatnonzero(gradients[:, 1]) == np.arange(6, 70, 7)).all()
    assert (gradients[:, 0] != 0).all()


def test_the_valley_flattens_and_moves():
    gradients = descend(Flattening(steepness=50, change=3, sigma=0), GradientDescent(0.0), (1.0,), 5).gradient
    assert gradients[:, 0].tolist() == [50, 50, 50, -2, -2, -2]


def test_a_recorded_stream_is_played_whatever_x_is():
    path = descend(Replay([[1.0, 2.0], [3.0, -4.0]]), Adam(np.array([0.1, 0.3])), (0.0, 0.0), 3)
    assert path.gradient[:, :, 0].tolist() == [[1, 2], [3, -4], [1, 2], [3, -4]]
    assert (path.gradient[:, :, 0] == path.gradient[:, :, 1]).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Noisy(bowl, -1.0), "sigma = -1.0: a standard deviation is 0 or more"),
        (lambda: RareWord(0), "every = 0: give a whole number, 1 or more"),
        (lambda: RareWord(2.5), "every = 2.5"),
        (lambda: Flattening(steepness=0), "steepness = 0: a steepness is above 0"),
        (lambda: Flattening(change=1.5), "change = 1.5: give a whole number, 0 or more"),
        (lambda: Flattening(sigma=-1), "sigma = -1: a standard deviation is 0 or more"),
        (lambda: Replay([]), r"gradients of shape \(0,\)"),
        (lambda: Replay([[np.nan]]), "give finite numbers"),
        (lambda: cosine(0), "steps = 0: give a number of steps above 0"),
        (lambda: warmup(0), "steps = 0: give 1 or more"),
        (lambda: inverse_time(0), "half = 0: give a number of steps above 0"),
    ],
)
def test_bad_input_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_rate_of_1_over_t_gives_the_running_mean():
    """With λ = 1 and rates 1, 1/2, 1/3, … the position after k steps is minus the mean of k pieces of noise."""
    noisy = Noisy(quadratic((1.0,)), 2.0, seed=5)
    path = descend(noisy, Scheduled(GradientDescent(1.0), inverse_time(1)), (7.0,), 50)
    noise = (path.gradient - path.x)[:50, 0]
    np.testing.assert_allclose(path.x[1:, 0], -np.cumsum(noise) / np.arange(1, 51))


def test_a_constant_schedule_changes_nothing_and_any_optimizer_obeys():
    plain, scheduled = Adam(0.1), Scheduled(Adam(0.1), lambda t: 1.0)
    start = np.array([0.3, -0.9])
    assert (descend(bowl, plain, start, 20).x == descend(bowl, scheduled, start, 20).x).all()
    halved = descend(bowl, Scheduled(Adam(0.2), lambda t: 0.5), start, 20).x
    np.testing.assert_allclose(halved, descend(bowl, plain, start, 20).x, rtol=1e-12)
    many = Scheduled(Adam(np.array([0.1, 0.2])), lambda t: 1.0)
    assert many.shape == (2,)
    assert (descend(bowl, many, start, 20).x[..., 0] == descend(bowl, plain, start, 20).x).all()


def test_the_shapes_of_the_schedules():
    falling, rising = [[f(t) for t in range(50)] for f in (cosine(40), warmup(10))]
    assert falling[0] == rising[9] == rising[49] == 1
    assert falling[40] == falling[49] == 0
    assert sum(falling[:40]) == pytest.approx(20.5)  # half of the steps, and half of the first one
    np.testing.assert_allclose(np.diff(rising[:10]), 0.1)
