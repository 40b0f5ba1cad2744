"""Losses and rates that change from step to step: their laws, and that every optimizer meets the same steps."""

import numpy as np
import pytest

from adamcourse.descent import descend
from adamcourse.losses import (
    CurvatureShift,
    Noisy,
    ReddiCounterexample,
    Replay,
    SparseFeature,
    bowl,
    quadratic,
)
from adamcourse.optimizers import (
    SWATS,
    Adam,
    AMSGrad,
    Clipped,
    Cosine,
    GradientDescent,
    InverseRoot,
    InverseTime,
    Momentum,
    Projected,
    Scheduled,
    Warmup,
)


@pytest.mark.parametrize(
    "loss",
    [
        Noisy(bowl, 1.0),
        Noisy(SparseFeature(3), 0.1),
        SparseFeature(3),
        CurvatureShift(change=5),
        Replay([[1.0], [2.0]]),
        ReddiCounterexample(3.3, 1, 3),
        ReddiCounterexample(1010, 10, 100, seed=0),
    ],
    ids=lambda s: type(s).__name__,
)
def test_every_descent_meets_the_same_steps(loss):
    start = np.full(1 if isinstance(loss, (CurvatureShift, Replay, ReddiCounterexample)) else 2, 0.5)
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
    gradients = descend(SparseFeature(every=7, sigma=0.5), GradientDescent(0.0), (0.0, 0.0), 69).gradient
    assert (np.flatnonzero(gradients[:, 1]) == np.arange(6, 70, 7)).all()
    assert (gradients[:, 0] != 0).all()


def test_the_valley_flattens_and_moves():
    gradients = descend(CurvatureShift(curvature=50, change=3, sigma=0), GradientDescent(0.0), (1.0,), 5).gradient
    assert gradients[:, 0].tolist() == [50, 50, 50, -2, -2, -2]


def test_a_recorded_stream_is_played_whatever_x_is():
    path = descend(Replay([[1.0, 2.0], [3.0, -4.0]]), Adam(np.array([0.1, 0.3])), (0.0, 0.0), 3)
    assert path.gradient[:, :, 0].tolist() == [[1, 2], [3, -4], [1, 2], [3, -4]]
    assert (path.gradient[:, :, 0] == path.gradient[:, :, 1]).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Noisy(bowl, -1.0), "sigma = -1.0: a standard deviation is 0 or more"),
        (lambda: SparseFeature(0), "every = 0: give a whole number, 1 or more"),
        (lambda: SparseFeature(2.5), "every = 2.5"),
        (lambda: SparseFeature(sigma=-1), "sigma = -1: a standard deviation is 0 or more"),
        (lambda: Scheduled(Noisy(bowl, 0), Cosine(9)), r"optimizer = Noisy\(.*: it has no learning rate"),
        (lambda: CurvatureShift(curvature=0), "curvature = 0: a curvature is above 0"),
        (lambda: CurvatureShift(change=1.5), "change = 1.5: give a whole number, 0 or more"),
        (lambda: CurvatureShift(sigma=-1), "sigma = -1: a standard deviation is 0 or more"),
        (lambda: Replay([]), r"gradients of shape \(0,\)"),
        (lambda: Replay([[np.nan]]), "give finite numbers"),
        (lambda: ReddiCounterexample(2, 1, 3), r"large = 2: it must be above \(every - 1\) small, 2"),
        (lambda: ReddiCounterexample(np.inf, 1, 3), "large = inf"),
        (lambda: ReddiCounterexample(3, 0, 3), "small = 0: a slope is above 0"),
        (lambda: ReddiCounterexample(3, 1, 1), "every = 1: give a whole number, 2 or more"),
        (lambda: Projected(Adam(), 1, -1), "low = 1, high = -1: low must not be above high"),
        (lambda: Projected(Adam(), 0, np.nan), "high = nan"),
        (lambda: descend(bowl, Scheduled(Adam(), lambda t: -t), (0.1, 0.1), 3), "factor = -1 at step 1"),
        (lambda: Cosine(0), "steps = 0: give a number of steps above 0"),
        (lambda: Warmup(0), "steps = 0: give 1 or more"),
        (lambda: InverseTime(0), "half = 0: give a number of steps above 0"),
    ],
)
def test_bad_input_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_rate_of_1_over_t_gives_the_running_mean():
    """With λ = 1 and rates 1, 1/2, 1/3, … the position after k steps is minus the mean of k pieces of noise."""
    noisy = Noisy(quadratic((1.0,)), 2.0, seed=5)
    path = descend(noisy, Scheduled(GradientDescent(1.0), InverseTime(1)), (7.0,), 50)
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
    falling, rising = [[f(t) for t in range(40)] for f in (Cosine(40), Warmup(10))]
    assert falling[0] == rising[9] == rising[39] == 1
    assert sum(falling) == pytest.approx(20.5)  # half of the steps, and half of the first one
    np.testing.assert_allclose(np.diff(rising[:10]), 0.1)


def test_a_cosine_that_has_ended_moves_nothing_and_says_so():
    optimizer, x = Scheduled(GradientDescent(0.1), Cosine(2)), np.ones(1)
    state = optimizer.start(x)
    for _ in range(2):
        x, state = optimizer.update(x, x, state)
    last = x
    for _ in range(2):
        with pytest.warns(UserWarning, match="cosine over 2 steps has ended: the rate is 0, and stays 0"):
            x, state = optimizer.update(x, x, state)
    assert x == last


def walked(optimizer, steps=6):
    """Where an optimizer gets to in some steps down the bowl, from a point that the bounds cut off."""
    return descend(bowl, optimizer, (0.9, -0.7), steps).x


def test_two_schedules_multiply():
    """The product of two factors, as one schedule of its own."""
    both = Scheduled(Scheduled(Adam(0.1), Warmup(3)), Cosine(9))
    product = Scheduled(Adam(0.1), lambda t: Warmup(3)(t) * Cosine(9)(t))
    np.testing.assert_allclose(walked(both), walked(product), rtol=1e-12)


def test_wrappers_nest_in_any_order_and_say_what_they_are():
    one = Scheduled(Projected(Adam(0.1), -0.8, 0.8), Cosine(9))
    other = Projected(Scheduled(Adam(0.1), Cosine(9)), -0.8, 0.8)
    np.testing.assert_array_equal(walked(one), walked(other))
    assert np.abs(walked(one)[1:]).max() <= 0.8
    assert one.elementwise and other.elementwise and one.lr == other.lr == 0.1
    assert repr(one) == f"Scheduled(optimizer={Projected(Adam(0.1), -0.8, 0.8)!r}, schedule=Cosine(steps=9))"


def test_root_of_the_step():
    np.testing.assert_allclose([InverseRoot()(t) ** 2 for t in range(5)], [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])


def test_a_wrapper_says_of_its_optimizer_what_it_is():
    for wrapped in (Scheduled(SWATS(), InverseRoot()), Projected(SWATS(), -1, 1)):
        assert not wrapped.elementwise
    many = Projected(Scheduled(Adam(np.ones((2, 3))), InverseRoot()), -1, 1)
    assert (many.shape, many.elementwise) == ((2, 3), True)


# --- walks within bounds, and the problems of Reddi, Kale and Kumar ------------------------------------------------


def test_the_nearest_point_of_the_box_after_each_step_and_float32_stays():
    walk = Projected(GradientDescent(1.0), np.float64(-1.0), np.float64(0.5))
    x, state = np.array([0.0, 0.0, 0.0], np.float32), walk.start(np.zeros(3, np.float32))
    x, state = walk.update(x, np.array([3.0, 0.25, -0.75]), state)
    assert (x.tolist(), x.dtype) == ([-1.0, -0.25, 0.5], np.float32)
    x, _ = walk.update(x, np.array([-0.25, 0.0, 0.0]), state)  # the part of a step beyond the bound is forgotten
    assert x.tolist() == [-0.75, -0.25, 0.5]


def test_the_steep_steps_come_when_they_should():
    slopes = descend(ReddiCounterexample(1010, 10, 101), GradientDescent(0.0), (0.5,), 303).gradient[:, 0]
    assert np.flatnonzero(slopes == 1010).tolist() == [0, 101, 202, 303]
    assert set(slopes.tolist()) == {1010.0, -10.0}


def test_the_drawn_steep_steps_are_as_many_as_they_should_be_and_each_walk_has_its_own():
    path = descend(ReddiCounterexample(1010, 10, 100, seed=0), GradientDescent(0.0), np.full((1, 50), 0.5), 4000)
    steep = path.gradient[:, 0] == 1010
    assert steep.mean() == pytest.approx(0.01, abs=4 * np.sqrt(0.01 * 0.99 / steep.size))
    assert (steep.any(axis=1) & ~steep.all(axis=1)).sum() > 1000
    np.testing.assert_array_equal(path.loss, 0.5 * path.gradient[:, 0])


def in_the_box(optimizer):
    """An optimizer as in the paper: the rate falls as 1/√t, and x stays in [-1, 1]."""
    return Projected(Scheduled(optimizer, InverseRoot()), -1.0, 1.0)


@pytest.mark.parametrize("x", [1.0, 0.2, -1.0])
def test_the_regret_of_standing_still(x):
    """Over whole cycles of 3 the mean loss is x (C - 2) / 3, and at -1 it is -(C - 2) / 3."""
    path = descend(ReddiCounterexample(4, 1, 3), GradientDescent(0.0), (x,), 299)
    assert ReddiCounterexample.average_regret(path)[299] == pytest.approx((x + 1) * 2 / 3)


def test_the_best_point_is_the_one_that_was_best_in_hindsight():
    """A draw with few steep steps falls on the whole; then +1 is the best point and standing there has no regret."""
    path = descend(ReddiCounterexample(1010, 10, 100, seed=0), GradientDescent(0.0), np.full((1, 30), 1.0), 200)
    falls = path.gradient[:, 0].cumsum(axis=0) < 0
    assert 0.05 < falls.mean() < 0.95
    assert (ReddiCounterexample.average_regret(path)[falls] == 0).all()
    assert (ReddiCounterexample.average_regret(path)[~falls] >= 0).all()


@pytest.mark.parametrize("C", [3, 5])
def test_adam_goes_to_the_worst_point_and_amsgrad_to_the_best(C):
    """Theorem 1: at β1 = 0, β2 = 1 / (1 + C²) Adam's average regret tends to 2 (C - 2) / 3.

    From +1 Adam is back there after each cycle, so all that is missing to the limit is the dip of the rate within it,
    whose mean falls as 1/√T: 0.01 at T = 3,000.
    """
    beta2, loss, T = 1 / (1 + C**2), ReddiCounterexample(C, 1, 3), 3000
    adam = descend(loss, in_the_box(Adam(0.3, 0.0, beta2)), (1.0,), T)
    np.testing.assert_allclose(adam.x[3::3, 0], 1, rtol=1e-12)
    assert ReddiCounterexample.average_regret(adam)[T - 1] == pytest.approx(2 * (C - 2) / 3, abs=0.01)
    raw = descend(loss, in_the_box(Adam(0.3, 0.0, beta2, bias_correction=False)), (1.0,), T)
    assert ReddiCounterexample.average_regret(raw)[T - 1] == pytest.approx(2 * (C - 2) / 3, abs=0.01)
    amsgrad = descend(loss, in_the_box(AMSGrad(0.3, 0.0, beta2)), (1.0,), T)
    assert amsgrad.x[-1, 0] < -0.99
    assert ReddiCounterexample.average_regret(amsgrad)[T - 1] < 0.1  # what is left is the way from +1 to -1


def test_the_same_problem_is_solved_at_ordinary_beta2():
    path = descend(
        ReddiCounterexample(3, 1, 3), in_the_box(Adam(0.3, 0.0, np.array([0.1, 0.9, 0.99, 0.999]))), (0.0,), 3000
    )
    assert path.x[-1, 0, 0] > 0.99
    assert (path.x[-1, 0, 1:] < -0.99).all()
    assert (ReddiCounterexample.average_regret(path)[-1] < [1, 0.05, 0.05, 0.05]).all()


def test_the_synthetic_problem_of_section_5():
    """1010 x once in 101 steps, -10 x else: Adam ends on the wrong side, AMSGrad on the right one; on draws, too."""
    for loss, start, border in (
        (ReddiCounterexample(1010, 10, 101), (0.0,), -0.5),
        (
            ReddiCounterexample(1010, 10, 100, seed=0),
            np.zeros((1, 40)),
            0.1,
        ),  # still on its way, on average over the walks
    ):
        paths = [descend(loss, in_the_box(kind(1.0, 0.9, 0.99)), start, 4040) for kind in (Adam, AMSGrad)]
        wrong, right = (path.x[-1010:].mean() for path in paths)  # over ten cycles: each begins with a jump to the left
        assert wrong > 0.7
        assert right < border


# --- gradients of bounded length -----------------------------------------------------------------------------------


def test_clipping_keeps_the_direction_and_counts_where_it_acts():
    clipped, plain = Clipped(Momentum(0.1), norm=5.0), Momentum(0.1)
    x, state, y, other = np.zeros(2), clipped.start(np.zeros(2)), np.zeros(2), plain.start(np.zeros(2))
    for g, cut in (
        ([3.0, 4.0], [3.0, 4.0]),
        ([30.0, 40.0], [3.0, 4.0]),
        ([0.0, 0.0], [0.0, 0.0]),
        ([-6.0, 8.0], [-3.0, 4.0]),
    ):
        x, state = clipped.update(x, np.array(g, float), state)
        y, other = plain.update(y, np.array(cut, float), other)
        np.testing.assert_allclose(x, y, rtol=1e-12)
    assert (state.t, state.acted, clipped.share(state)) == (4, 2, 0.5)
    assert clipped.share(clipped.start(x)) == 0
    assert not clipped.elementwise  # a norm sees all coordinates


def test_clipping_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    gradients = np.random.default_rng(0).normal(size=(9, 4)) * np.geomspace(0.01, 100, 9)[:, None]
    x, w = np.zeros(4), torch.zeros(4, dtype=torch.float64, requires_grad=True)
    adam, clipped = torch.optim.Adam([w], lr=0.1), Clipped(Adam(0.1), norm=0.5)
    state = clipped.start(x)
    for g in gradients:
        x, state = clipped.update(x, g, state)
        w.grad = torch.tensor(g)
        torch.nn.utils.clip_grad_norm_([w], 0.5)
        adam.step()
        np.testing.assert_allclose(x, w.detach().numpy(), rtol=1e-5, atol=1e-6)  # PyTorch adds 1e-6 to the norm


def test_clipping_in_float32_and_beside_other_wrappers():
    one = Scheduled(Clipped(Momentum(0.1), 1.0), Cosine(9))
    other = Clipped(Scheduled(Momentum(0.1), Cosine(9)), 1.0)
    gradients = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32) * 3
    ends = []
    for wrapped in (one, other):
        x = np.zeros(3, np.float32)
        state = wrapped.start(x)
        for gradient in gradients:
            x, state = wrapped.update(x, gradient, state)
        assert x.dtype == np.float32
        ends.append(x)
    np.testing.assert_array_equal(*ends)
    x, _ = other.update(np.zeros(3), np.array([np.nan, 1.0, 1.0]), other.start(np.zeros(3)))
    assert np.isnan(x[0])  # what is not finite is not hidden
    for norm in (0, -1, np.nan):
        with pytest.raises(ValueError, match="norm = .*: give a number above 0"):
            Clipped(Adam(), norm)
