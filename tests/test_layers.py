"""Every layer against finite differences, loops written out, and its own promises; PyTorch is in test_network.py."""

from dataclasses import replace

import numpy as np
import pytest

from adamcourse.gradients import numerical_gradient, relative_error
from adamcourse.networks import (
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    LayerNorm,
    MaxPool2D,
    Positions,
    ReLU,
    Residual,
    SelfAttention,
)

# a layer, and the shape of one input without the batch
CASES = [
    (Dense(3), (4,)),
    (Conv2D(2), (5, 6, 3)),
    (Conv2D(4), (3, 3, 1)),  # one window
    (MaxPool2D(), (4, 6, 2)),
    (MaxPool2D(), (5, 7, 2)),  # an odd last row and column
    (ReLU(), (4,)),
    (ReLU(), (3, 4, 2)),
    (Flatten(), (3, 4, 2)),
    (Dropout(0.4), (6,)),
    (Dropout(0.4), (3, 4, 2)),
    (Dense(3), (6, 4)),  # at each of six places
    (LayerNorm(), (4,)),
    (LayerNorm(), (6, 4)),
    (Positions(), (6, 4)),
    (SelfAttention(1), (6, 4)),
    (SelfAttention(2), (6, 4)),
    (SelfAttention(4), (1, 4)),  # one place, and heads of one number
    (Residual([Dense(3), ReLU(), Dense(4)]), (4,)),
    (Residual([LayerNorm(), SelfAttention(2), Dropout(0.4)]), (6, 4)),
    (Residual([Residual([Dense(4)]), LayerNorm()]), (6, 4)),
]
each = pytest.mark.parametrize(("layer", "shape"), CASES, ids=[f"{layer} {shape}" for layer, shape in CASES])


def batch_of(n, shape, dtype=np.float64, seed=0):
    """Random inputs with the batch on the last axis but one."""
    return np.random.default_rng(seed).normal(size=(*shape[:-1], n, shape[-1])).astype(dtype)


def parameters(layer, shape, dtype=np.float64):
    size = sum(np.prod(s, dtype=int) for _, shapes in layer.named_shapes(shape) for s in shapes.values())
    return np.random.default_rng(1).normal(size=size).astype(dtype)


def forward(layer, x, p):
    for leaf in layer.leaves():
        leaf.rewind()
    return layer.forward(x, p, training=True).copy()


@each
def test_gradients_agree_with_finite_differences(layer, shape):
    x, p = batch_of(5, shape), parameters(layer, shape)
    weights = np.random.default_rng(2).normal(size=forward(layer, x, p).shape)
    dp = np.full_like(p, np.nan)
    dx = layer.backward(weights, p, dp).copy()
    by_x = numerical_gradient(lambda flat: (forward(layer, flat.reshape(x.shape), p) * weights).sum(), x.ravel())
    by_p = numerical_gradient(lambda p: (forward(layer, x, p) * weights).sum(), p)
    assert relative_error(dx.ravel(), by_x) < 1e-8
    assert not p.size or relative_error(dp, by_p) < 1e-8


@each
def test_outputs_have_the_shape_that_was_promised(layer, shape):
    y = forward(layer, batch_of(5, shape), parameters(layer, shape))
    promised = layer.output_shape(shape)
    assert y.shape == (*promised[:-1], 5, promised[-1])


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_type_is_kept_and_what_comes_in_is_left_as_it_is(layer, shape, dtype):
    x, p = batch_of(5, shape, dtype), parameters(layer, shape, dtype)
    before = x.copy(), p.copy()
    y = layer.forward(x, p, training=True)
    dy = np.ones_like(y)
    dx = layer.backward(dy, p, np.empty_like(p))
    assert y.dtype == dx.dtype == dtype
    assert (x == before[0]).all() and (p == before[1]).all() and (dy == 1).all()


@each
def test_batches_of_other_sizes_and_other_numbers_leave_no_trace(layer, shape):
    p = parameters(layer, shape)
    for n in (5, 2, 7, 5):
        x = batch_of(n, shape, seed=n)
        dp, fresh_dp, fresh = np.empty_like(p), np.empty_like(p), replace(layer)
        y, expected = forward(layer, x, p), forward(fresh, x, p)
        np.testing.assert_array_equal(y, expected)
        np.testing.assert_array_equal(layer.backward(y, p, dp), fresh.backward(y, p, fresh_dp))
        np.testing.assert_array_equal(dp, fresh_dp)


def test_arrays_are_allocated_once():
    layer, x = Conv2D(2), batch_of(5, (6, 6, 1))
    p = parameters(layer, (6, 6, 1))
    assert np.shares_memory(layer.forward(x, p), layer.forward(x[:, :, :3], p))


@pytest.mark.parametrize(("layer", "shape"), CASES[:4], ids=str)
def test_what_nobody_needs_is_not_computed(layer, shape):
    x, p = batch_of(5, shape), parameters(layer, shape)
    y = forward(layer, x, p)
    whole, alone = np.empty_like(p), np.empty_like(p)
    layer.backward(y, p, whole)
    assert layer.backward(y, p, alone, need_dx=False) is None
    np.testing.assert_array_equal(alone, whole)


@pytest.mark.parametrize(
    ("layer", "shape", "parameters", "output"),
    [
        (Dense(128), (5408,), {"W": (5408, 128), "b": (128,)}, (128,)),
        (Conv2D(32), (28, 28, 1), {"W": (3, 3, 1, 32), "b": (32,)}, (26, 26, 32)),
        (MaxPool2D(), (26, 26, 32), {}, (13, 13, 32)),
        (MaxPool2D(), (7, 5, 1), {}, (3, 2, 1)),
        (ReLU(), (13, 13, 32), {}, (13, 13, 32)),
        (Flatten(), (13, 13, 32), {}, (5408,)),
        (Dropout(0.5), (128,), {}, (128,)),
    ],
    ids=str,
)
def test_shapes_of_the_article(layer, shape, parameters, output):
    assert layer.shapes(shape) == parameters
    assert layer.output_shape(shape) == output


def test_a_convolution_is_what_its_equation_says():
    x, layer = batch_of(2, (5, 4, 3)), Conv2D(2)
    p = parameters(layer, (5, 4, 3))
    W, b = p[:-2].reshape(3, 3, 3, 2), p[-2:]
    y = layer.forward(x, p)
    for r, s, k, f in np.ndindex(y.shape):
        window = sum(x[r + i, s + j, k, c] * W[i, j, c, f] for i, j, c in np.ndindex(3, 3, 3))
        assert y[r, s, k, f] == pytest.approx(b[f] + window)


@pytest.mark.parametrize(
    ("corners", "winner"),
    [([0, 9, 9, 9], 1), ([1, 1, 1, 1], 0), ([0, 0, 9, 9], 2), ([9, 0, 9, 0], 0), ([1, 0, 0, 2], 3), ([1, 5, 5, 2], 1)],
)
def test_of_equal_corners_only_the_first_is_moved(corners, winner):
    pool, x = MaxPool2D(), np.array(corners, float).reshape(2, 2, 1, 1)
    assert pool.forward(x, None).item() == max(corners)
    dx = pool.backward(np.ones((1, 1, 1, 1)), None, None)
    np.testing.assert_array_equal(dx.ravel(), np.eye(4)[winner])


def test_relu_and_pooling_may_change_places():
    x = np.random.default_rng(0).integers(-3, 3, (6, 6, 4, 2)).astype(float)  # with many equal corners
    dy = batch_of(4, (3, 3, 2))
    results = []
    for layers in ([ReLU(), MaxPool2D()], [MaxPool2D(), ReLU()]):
        y, dx = x, dy
        for layer in layers:
            y = layer.forward(y, None)
        for layer in reversed(layers):
            dx = layer.backward(dx, None, None)
        results.append((y, dx))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][1], results[1][1])


def test_the_slope_of_relu_at_zero_is_zero():
    relu = ReLU()
    relu.forward(np.array([[-1.0, 0.0, 1.0]]), None)
    np.testing.assert_array_equal(relu.backward(np.ones((1, 3)), None, None), [[0, 0, 1]])


def test_flatten_lays_out_row_by_row_with_channels_last():
    images = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)  # (n, height, width, channels)
    y = Flatten().forward(np.moveaxis(images, 0, -2), None)
    np.testing.assert_array_equal(y, images.reshape(2, -1))


def test_dropout_keeps_the_mean_and_is_off_at_test_time():
    dropout, x = Dropout(0.25, seed=3), np.ones((500, 40))
    assert dropout.forward(x, None) is x
    y = dropout.forward(x, None, training=True)
    np.testing.assert_allclose(np.unique(y), [0, 4 / 3])
    assert (y == 0).mean() == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / y.size))  # four standard deviations
    assert len({tuple(row) for row in y}) == 500  # every example has a draw of its own
    assert Dropout(0.0).forward(x, None, training=True).min() == 1


def test_dropout_draws_anew_until_it_is_rewound():
    dropout, x = Dropout(0.5, seed=3), np.ones((4, 40))
    first, second = (dropout.forward(x, None, training=True).copy() for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(forward(dropout, x, None), first)
    assert (forward(Dropout(0.5, seed=4), x, None) != first).any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Dense(0), "units = 0: give a whole number, 1 or more"),
        (lambda: Dense(2.5), "units = 2.5"),
        (lambda: Dense(True), "units = True"),
        (lambda: Conv2D(-1), "filters = -1"),
        (lambda: Dropout(1), "rate = 1: rate must be from 0 up to but not including 1"),
        (lambda: Dropout(-0.1), "rate = -0.1"),
        (lambda: Dropout(float("nan")), "rate = nan"),
        (lambda: Dropout("half"), "rate = 'half'"),
        (lambda: Dense(3).output_shape((4, 4, 1)), r"here come \(4, 4, 1\): put Flatten\(\) before it"),
        (lambda: Conv2D(3).output_shape((2, 9, 1)), r"at least 3; here come \(2, 9, 1\)"),
        (lambda: Conv2D(3).output_shape((784,)), r"images of shape \(height, width, channels\).*here come \(784,\)"),
        (lambda: MaxPool2D().output_shape((1, 9, 1)), "at least 2"),
        (lambda: Flatten().output_shape((784,)), "Flatten takes images"),
    ],
)
def test_nonsense_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
