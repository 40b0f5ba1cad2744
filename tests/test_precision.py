"""Rounding, master weights, a scaled loss and 8-bit states: against exact arithmetic, and PyTorch where it is there."""

from fractions import Fraction

import numpy as np
import pytest

from adamcourse.optimizers import (
    Adam,
    Averaged,
    Cosine,
    EightBit,
    GradientDescent,
    LossScaled,
    MasterWeights,
    Momentum,
    Packed,
    Scheduled,
    Stored,
    bfloat16,
    bfloat16_at_random,
    float16,
)
from adamcourse.optimizers.precision import code, packed, unpacked
from adamcourse.training import memory_bytes, start_in_blocks

RNG = np.random.default_rng(0)
NUMBERS = (RNG.normal(size=3000) * 10.0 ** RNG.integers(-30, 30, 3000)).astype(np.float32)


def walked(optimizer, gradients, x=0.0, dtype=np.float32):
    x = np.full(np.shape(gradients[0]), x, dtype)
    state = optimizer.start(x)
    for g in gradients:
        x, state = optimizer.update(x, np.asarray(g, dtype), state)
    return x, state


# --- rounding --------------------------------------------------------------------------------------------------------


def exact_bfloat16(x):
    """The nearest multiple of 2^(exponent - 7), halves to the even one, in fractions."""
    x = Fraction(float(x))
    exponent = 0
    while abs(x) >= Fraction(2) ** (exponent + 1):
        exponent += 1
    while abs(x) < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** (exponent - 7)
    return float(round(x / unit) * unit)  # Python rounds halves to even


def test_bfloat16_is_the_nearest_with_eight_bits():
    for x in NUMBERS[:400]:
        assert bfloat16(x) == exact_bfloat16(x)
    halves = np.array([1 + 1 / 256, 1 + 3 / 256, -1 - 1 / 256], np.float32)
    assert bfloat16(halves).tolist() == [1.0, 1 + 4 / 256, -1.0]
    assert bfloat16(np.array([0.0, np.inf, -np.inf])).tolist() == [0.0, np.inf, -np.inf]
    assert np.isnan(bfloat16(np.array([np.nan], np.float32)))[0]
    np.testing.assert_array_equal(bfloat16(bfloat16(NUMBERS)), bfloat16(NUMBERS))


def test_rounding_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    for ours, theirs in ((bfloat16, torch.bfloat16), (float16, torch.float16)):
        expected = torch.tensor(NUMBERS).to(theirs).to(torch.float32).numpy()
        np.testing.assert_array_equal(ours(NUMBERS), expected)


def test_rounding_at_random_takes_the_two_neighbours_and_keeps_the_mean():
    x, rng = np.float32(-0.7301), np.random.default_rng(1)
    drawn = bfloat16_at_random(np.full(200_000, x), rng)
    low, high = np.unique(drawn)
    assert low <= x <= high and bfloat16(low) == low and bfloat16(high) == high
    unit = high - low
    assert drawn.mean(dtype=np.float64) == pytest.approx(x, abs=4 * unit / np.sqrt(4 * 200_000))  # four deviations
    np.testing.assert_array_equal(bfloat16_at_random(np.float32([1.0, 0.0, np.inf]), rng), [1, 0, np.inf])


# --- weights ---------------------------------------------------------------------------------------------------------


def test_small_steps_are_lost_rounded_at_random_right_on_average_and_kept_by_a_master():
    """From 1, a hundred steps down of 0.001: the next bfloat16 below 1 is 0.0039 away."""
    gradients = np.ones((100, 2000))
    plain, _ = walked(GradientDescent(0.001), gradients, 1.0)
    nearest, _ = walked(Stored(GradientDescent(0.001)), gradients, 1.0)
    drawn, _ = walked(Stored(GradientDescent(0.001), bfloat16_at_random), gradients, 1.0)
    handed, state = walked(MasterWeights(GradientDescent(0.001)), gradients, 1.0)
    assert (nearest == 1).all()
    assert drawn.mean(dtype=np.float64) == pytest.approx(0.9, abs=0.002)
    np.testing.assert_array_equal(state.master, plain)
    np.testing.assert_array_equal(handed, bfloat16(plain))
    assert plain[0] == pytest.approx(0.9, abs=1e-5)


def test_rounding_at_random_follows_its_seed_and_is_resumed_by_the_state():
    gradients = RNG.normal(size=(8, 50))
    one, two, other = (Stored(Adam(0.01), bfloat16_at_random, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(walked(one, gradients)[0], walked(two, gradients)[0])
    assert (walked(one, gradients)[0] != walked(other, gradients)[0]).any()


def test_the_squares_of_adam_cannot_fall_in_bfloat16():
    """0.999 v lies nearer to v than to the next number below it, 1/256 or 1/128 of it away."""
    v = bfloat16(np.geomspace(1e-8, 1, 500))
    np.testing.assert_array_equal(bfloat16(np.float32(0.999) * v), v)
    assert (bfloat16(np.float32(0.95) * v) < v).all()
    assert float16(np.array([1e-8]))[0] == 0  # Adam's ε in float16


# --- a scaled loss ---------------------------------------------------------------------------------------------------


def test_the_scale_falls_at_an_overflow_and_rises_after_many_good_steps():
    walk = LossScaled(GradientDescent(1.0), scale=8.0, every=3)
    scales, x, state = [], np.zeros(1, np.float32), walk.start(np.zeros(1, np.float32))
    for size in (1.0, 1.0, 1.0, 1.0, 1e5, 1.0, 1.0, 1.0):
        x, state = walk.update(x, np.array([size], np.float32), state)
        scales.append(state.scale)
    assert scales == [8, 8, 16, 16, 8, 8, 8, 16]
    assert (x[0], state.skipped) == (-7, 1)


def test_the_scale_is_that_of_pytorch():
    torch = pytest.importorskip("torch")
    sizes = np.array([1, 1, 30, 1, 3000, 3000, 1, 1, 1, 9, 9, 1e5, 1, 1, 1, 1], np.float32)
    walk, w = LossScaled(Momentum(0.01), scale=64.0, every=3), torch.zeros(1, requires_grad=True)
    x, state = np.zeros(1, np.float32), walk.start(np.zeros(1, np.float32))
    sgd, scaler = (
        torch.optim.SGD([w], 0.01, momentum=0.9),
        torch.amp.GradScaler("cpu", init_scale=64.0, growth_interval=3),
    )
    for size in sizes:
        x, state = walk.update(x, np.array([size]), state)
        scaler.scale(w.sum() * 0)  # it makes its scale when it is first used
        w.grad = torch.tensor([float(size)]).mul(scaler.get_scale()).to(torch.float16).to(torch.float32)
        scaler.step(sgd)
        scaler.update()
        assert scaler.get_scale() == state.scale
        np.testing.assert_allclose(x, w.detach().numpy(), rtol=1e-6)
    assert state.skipped == 3


def test_a_gradient_that_is_no_number_moves_nothing():
    walk = LossScaled(Adam(0.1), scale=1024.0)
    x, state = walked(walk, [[1.0, 2.0]])
    for wrong in (np.nan, np.inf):
        y, after = walk.update(x, np.array([1.0, wrong], np.float32), state)
        assert (y == x).all() and after.inner is state.inner and after.skipped == 1


# --- 8 bits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["linear", "logarithmic"])
def test_each_number_becomes_the_nearest_of_the_code(kind):
    x = (RNG.normal(size=1000) * 10.0 ** RNG.integers(-6, 1, 1000)).astype(np.float32)
    found = unpacked(packed(x, kind, 100), kind, 100)
    for first in range(0, 1000, 100):
        block = x[first : first + 100]
        numbers = code(kind) * np.abs(block).max()
        best = numbers[np.abs(block[:, None] - numbers).argmin(axis=1)]
        np.testing.assert_allclose(
            np.abs(found[first : first + 100] - block), np.abs(best - block), rtol=1e-3, atol=1e-12
        )
    assert unpacked(packed(np.zeros(7), kind, 3), kind, 3).tolist() == [0] * 7


def test_the_codes_are_what_they_say():
    linear, logarithmic = code("linear")[:255], code("logarithmic")[:255]
    np.testing.assert_allclose(np.diff(linear), 1 / 127, rtol=1e-5)
    up = logarithmic[128:]
    np.testing.assert_allclose(up[1:] / up[:-1], 10 ** (7 / 127), rtol=1e-5)
    np.testing.assert_array_equal(logarithmic, -logarithmic[::-1])
    assert up[0] == pytest.approx(1e-7, rel=0.2)


def test_the_state_takes_a_byte_and_a_scale_for_each_block():
    class Size:
        size = 10_000

    plain, small = (memory_bytes(Size, optimizer)["optimizer state"] for optimizer in (Adam(), EightBit(Adam())))
    assert plain == 80_000 and small == 2 * (10_000 + 4 * 40)
    assert memory_bytes(Size, MasterWeights(Adam()))["optimizer state"] == 120_000


def test_small_squares_beside_large_ones_are_lost_in_a_linear_code_and_kept_in_a_logarithmic_one():
    """Scales of 1 to 1e-3 in one block: v spans six decades, and a linear code has two."""
    gradients = RNG.normal(size=(50, 64)) * np.geomspace(1e-3, 1, 64)
    exact, _ = walked(Adam(0.01, beta2=0.95), gradients)
    logarithmic, _ = walked(EightBit(Adam(0.01, beta2=0.95), "logarithmic"), gradients)
    linear, _ = walked(EightBit(Adam(0.01, beta2=0.95), "linear"), gradients)
    assert np.abs(logarithmic - exact).max() < 0.1
    assert np.abs(linear).max() > 50


def test_eight_bits_go_round_and_into_other_wrappers():
    gradients = RNG.normal(size=(9, 300))
    one = walked(Scheduled(EightBit(Momentum(0.1)), Cosine(20)), gradients)[0]
    other = walked(EightBit(Scheduled(Momentum(0.1), Cosine(20))), gradients)[0]
    np.testing.assert_array_equal(one, other)
    x, state = walked(EightBit(Averaged(Adam(0.01))), gradients)
    assert x.dtype == np.float32 and isinstance(state.inner.m, Packed) and isinstance(state.average, Packed)
    (block,) = start_in_blocks(EightBit(Adam()), np.zeros(500_000, np.float32))  # not cut: scales belong to blocks
    assert block.m.codes.shape == (500_000,)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Stored(Adam(), "bfloat16"), "rounding = 'bfloat16': give a function, such as bfloat16"),
        (lambda: MasterWeights(Adam(), None), "rounding = None"),
        (lambda: LossScaled(Adam(), 0), "scale = 0: give a number above 0"),
        (lambda: LossScaled(Adam(), every=0), "every = 0: give a whole number, 1 or more"),
        (lambda: EightBit(Adam(), "log"), "kind = 'log': give 'linear' or 'logarithmic'"),
        (lambda: EightBit(Adam(), block=0), "block = 0: give a whole number, 1 or more"),
    ],
)
def test_nonsense_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
