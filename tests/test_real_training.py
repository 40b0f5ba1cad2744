"""What lesson 15 says of the loop around the optimizer, against closed forms."""

import numpy as np
import pytest

from adamcourse.descent import descend
from adamcourse.losses import Replay
from adamcourse.networks import article_cnn
from adamcourse.optimizers import (
    Adam,
    AdamW,
    Averaged,
    Clipped,
    EightBit,
    GradientDescent,
    Lion,
    MasterWeights,
    Momentum,
    Muon,
)
from adamcourse.training import memory_bytes


def walk(optimizer, gradients, start=0.0):
    gradients = np.array(gradients, float).reshape(len(gradients), -1)
    return descend(Replay(gradients), optimizer, np.full(gradients.shape[1], start), len(gradients))


@pytest.mark.parametrize(("beta2", "short"), [(0.999, 5802), (0.95, 189)])
def test_after_an_outlier_adam_crawls_for_as_long_as_its_memory_is(beta2, short):
    """Gradients of 1 and one of 1,000 at step 101: m and v are sums of two geometric series."""
    t, a = np.arange(102, 8001), 101
    m = 1 - 0.9**t + 0.1 * 999 * 0.9 ** (t - a)
    v = 1 - beta2**t + (1 - beta2) * (1e6 - 1) * beta2 ** (t - a)
    steps = m / (1 - 0.9**t) / np.sqrt(v / (1 - beta2**t))
    assert (steps < 0.5).sum() == short
    gradients = np.ones(8000)
    gradients[100] = 1000
    lengths = np.abs(np.diff(walk(Adam(0.001, beta2=beta2), gradients).x[:, 0])) / 0.001
    np.testing.assert_allclose(lengths[101:], steps, rtol=1e-6)
    clipped = np.abs(np.diff(walk(Clipped(Adam(0.001, beta2=beta2), 1.5), gradients).x[:, 0])) / 0.001
    assert clipped[101:].min() > 0.9


def test_a_limit_that_always_acts_is_nothing_to_adam_and_all_to_momentum():
    stream = np.random.default_rng(0).normal(2, 1, (300, 4))
    assert np.linalg.norm(stream, axis=1).min() > 1
    ends = {c: [walk(Clipped(kind(0.001), c), stream).x[-1] for kind in (Adam, Momentum)] for c in (1, 0.001)}
    np.testing.assert_allclose(ends[1][0], ends[0.001][0], rtol=2e-4)  # but for ε
    np.testing.assert_allclose(ends[1][1], 1000 * ends[0.001][1], rtol=1e-9)


@pytest.mark.parametrize(("noise", "rest"), [(1, 4.50), (3, 3.77)])
def test_where_a_bias_rests_under_decay(noise, rest):
    """At rest the decay λ x equals (5 - x) / √((5 - x)² + σ²), the mean step of a gradient with noise."""
    low, high = 0.0, 5.0
    for _ in range(60):
        x = (low + high) / 2
        low, high = (x, high) if (5 - x) / np.hypot(5 - x, noise) > 0.1 * x else (low, x)
    assert x == pytest.approx(rest, abs=0.04)  # the mean of a quotient is not the quotient of means


def test_zeros_after_gradients_move_adam_on():
    """After 100 gradients of 1: Σ of 0.9^k / √0.999^k with the corrections of each step; decay shrinks x besides."""
    k = np.arange(1, 3001)
    m_hat = (1 - 0.9**100) * 0.9**k / (1 - 0.9 ** (100 + k))
    v_hat = (1 - 0.999**100) * 0.999**k / (1 - 0.999 ** (100 + k))
    expected = (m_hat / np.sqrt(v_hat)).sum()
    silent = np.zeros(3100)
    silent[:100] = 1
    x = walk(Adam(0.001), silent, 1.0).x[:, 0]
    assert (x[100] - x[-1]) / 0.001 == pytest.approx(expected, rel=1e-6)
    assert expected == pytest.approx(9.46, abs=0.01)
    x = walk(Momentum(0.001), silent, 1.0).x[:, 0]
    assert (x[100] - x[-1]) / 0.001 == pytest.approx(0.9 * (1 - 0.9**100) / 0.1 / 0.1, rel=1e-6)
    x = walk(AdamW(0.001, weight_decay=0.1), silent, 1.0).x[:, 0]
    assert (x[100] - x[-1]) / 0.001 == pytest.approx(237.8, abs=0.1)
    assert pytest.approx(0.2592, abs=1e-4) == 1 - 0.9999**3000  # of x: most of it


def test_the_length_of_a_step_under_pure_noise():
    noise = np.random.default_rng(0).normal(size=(500, 400))
    for optimizer, expected in ((Adam(0.001), np.sqrt(0.1 / 1.9)), (Lion(0.001), 1.0)):
        steps = np.diff(walk(optimizer, noise).x, axis=0)[200:] / 0.001
        assert np.sqrt(np.mean(steps**2)) == pytest.approx(expected, rel=0.02)


def test_the_floor_of_gradient_descent_at_larger_batches():
    """Rate α B and noise 1 / √B: α / (2 - α B), which is nearly constant while α B is small."""
    for B, printed in ((1, 0.0101), (4, 0.0104), (16, 0.0119)):
        assert pytest.approx(printed, abs=6e-5) == 0.02 / (2 - 0.02 * B)


@pytest.mark.parametrize(("beta2", "drift"), [(0.95, 13.84), (0.999, 0.20)])
def test_the_drift_of_a_short_memory(beta2, drift):
    """99 gradients of 0.1 and one of -9.9, for ever: the sum of one round's steps, from geometric series."""
    k = np.arange(100)  # steps since the large one
    m = 0.1 * (-9.9 - 0.1) * 0.9**k / (1 - 0.9**100) + 0.1
    v = (1 - beta2) * (9.9**2 - 0.01) * beta2**k / (1 - beta2**100) + 0.01
    assert abs((m / np.sqrt(v)).sum()) == pytest.approx(drift, abs=0.01)


@pytest.mark.parametrize(("beta2", "longest", "above"), [(0.95, 1.11, 0), (0.99, 2.13, 17), (0.999, 4.48, 183)])
def test_a_jump_of_the_gradients_by_ten(beta2, longest, above):
    """1,000 gradients of 1, then of 10: two geometric series again."""
    k = np.arange(1, 2001)
    m = 1 - 0.9 ** (1000 + k) + 9 * (1 - 0.9**k)
    v = 1 - beta2 ** (1000 + k) + 99 * (1 - beta2**k)
    steps = m / (1 - 0.9 ** (1000 + k)) / np.sqrt(v / (1 - beta2 ** (1000 + k)))
    assert steps.max() == pytest.approx(longest, abs=0.005) and (steps > 2).sum() == above
    assert steps.max() < 0.1 / np.sqrt(1 - beta2) / np.sqrt(1 - 0.81 / beta2)


def test_the_length_of_muons_step_is_near_adams():
    noise = np.random.default_rng(0).normal(size=(300, 20, 20))
    x, muon = np.zeros((20, 20)), Muon(0.001)
    state, lengths = muon.start(x), []
    for g in noise:
        following, state = muon.update(x, g, state)
        lengths.append(np.sqrt(np.mean((following - x) ** 2)) / 0.001)
        x = following
    assert np.mean(lengths[50:]) == pytest.approx(0.183, abs=0.005)


def test_bytes_on_each_worker():
    network, n = article_cnn(), article_cnn().size
    plain = memory_bytes(network, Adam())
    assert plain == {"parameters": 4 * n, "gradients": 4 * n, "optimizer state": 8 * n}
    mixed = memory_bytes(network, MasterWeights(Adam()), stored=2)
    assert sum(mixed.values()) == 16 * n == sum(plain.values())
    for stage, whole in ((0, 16), (1, 4), (2, 2), (3, 0)):  # bytes a parameter that are not cut
        kept = memory_bytes(network, MasterWeights(Adam()), stored=2, workers=64, stage=stage)
        assert sum(kept.values()) == pytest.approx((whole + (16 - whole) / 64) * n, abs=3)
    small = memory_bytes(network, MasterWeights(EightBit(Adam())), stored=2)["optimizer state"]
    assert small == pytest.approx((4 + 2 + 2 * 4 / 256) * n, abs=20)
    for wrong, message in (({"stage": 4}, "stage = 4"), ({"workers": 0}, "workers = 0"), ({"stored": 0}, "stored = 0")):
        with pytest.raises(ValueError, match=message):
            memory_bytes(network, Adam(), **wrong)


def test_the_running_mean_is_that_of_pytorch():
    torch = pytest.importorskip("torch")
    gradients = np.random.default_rng(0).normal(size=(20, 5))
    path = walk(Averaged(GradientDescent(0.1), beta=0.9), gradients)
    layer = torch.nn.Linear(5, 1, bias=False, dtype=torch.float64)
    torch.nn.init.zeros_(layer.weight)
    mean = torch.optim.swa_utils.AveragedModel(layer, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    mean.update_parameters(layer)  # its first call copies
    sgd = torch.optim.SGD(layer.parameters(), 0.1)
    for g, state in zip(gradients, path.states[1:], strict=True):
        layer.weight.grad = torch.tensor(g[None])
        sgd.step()
        mean.update_parameters(layer)
        np.testing.assert_allclose(state.average, mean.module.weight.detach().numpy()[0], rtol=1e-12, atol=1e-15)
