"""Groups of parameters, running means of the walk, the cooldown, and minibatches joined to one."""

import numpy as np
import pytest

from adamcourse.descent import descend
from adamcourse.networks import Dense, Network, ReLU, transformer, windows
from adamcourse.optimizers import (
    SWATS,
    Adam,
    AdamW,
    Averaged,
    Clipped,
    Cooldown,
    Cosine,
    GradientDescent,
    Groups,
    LossScaled,
    Momentum,
    NormalisedMomentum,
    Scheduled,
    Warmup,
)
from adamcourse.training import Accumulated, Training

NETWORK = Network([Dense(4), ReLU(), Dense(3)], (5,))
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(17, 5)), np.arange(17) % 3
LOSS = NETWORK.loss_on(X, Y)
START = NETWORK.start(dtype=np.float64)


def walked(optimizer, steps=9, start=START, loss=LOSS):
    return descend(loss, optimizer, start, steps).x


# --- groups ----------------------------------------------------------------------------------------------------------


def test_each_group_walks_as_it_would_alone():
    """Gradients recorded on the way drive each optimizer over its own part."""
    own = {"Dense1.*": Adam(0.02), "*.b": Momentum(0.1), "*": NormalisedMomentum(0.3)}
    groups = Groups(NETWORK.shapes, own)
    assert groups.names == {"Dense1.*": ["Dense1.W", "Dense1.b"], "*.b": ["Dense2.b"], "*": ["Dense2.W"]}
    path = descend(LOSS, groups, START, 9)
    parts = {"Dense1.*": slice(0, 24), "*.b": slice(36, 39), "*": slice(24, 36)}
    for pattern, part in parts.items():
        x, state = START[part], own[pattern].start(START[part])
        for t in range(9):
            x, state = own[pattern].update(x, path.gradient[t][part], state)
            np.testing.assert_array_equal(x, path.x[t + 1][part])


def test_one_group_is_the_optimizer_alone_and_wrappers_go_round_it():
    np.testing.assert_array_equal(walked(Groups(NETWORK.shapes, {"*": Adam(0.02)})), walked(Adam(0.02)))
    inside = Groups(NETWORK.shapes, {"*.b": Scheduled(Adam(0.02), Cosine(9)), "*": Scheduled(SWATS(0.1), Cosine(9))})
    around = Scheduled(Groups(NETWORK.shapes, {"*.b": Adam(0.02), "*": SWATS(0.1)}), Cosine(9))
    np.testing.assert_array_equal(walked(inside), walked(around))
    assert around.lr == {"*.b": 0.02, "*": 0.1}
    one = Clipped(Groups(NETWORK.shapes, {"*.b": Momentum(0.1), "*": Momentum(0.1)}), 0.05)
    np.testing.assert_allclose(walked(one), walked(Clipped(Momentum(0.1), 0.05)), rtol=1e-12)


def test_a_frozen_group_stays_to_the_last_bit_and_takes_no_memory():
    path = walked(Groups(NETWORK.shapes, {"Dense1.*": None, "*": Adam(0.1)}))
    assert (path[:, :24] == START[:24]).all() and (path[1:, 24:] != START[24:]).any(axis=1).all()
    state = Groups(NETWORK.shapes, {"Dense1.*": None, "*": Adam(0.1)}).start(START)
    assert len(state) == 1 and state.group1.m.shape == (15,)


def test_groups_agree_with_those_of_pytorch():
    torch = pytest.importorskip("torch")
    groups = Groups(NETWORK.shapes, {"*.b": AdamW(0.03, weight_decay=0.0), "*": AdamW(0.01, weight_decay=0.1)})
    path = descend(LOSS, groups, START, 9)
    tensors = {name: torch.tensor(view.copy(), requires_grad=True) for name, view in NETWORK.views(START).items()}
    biases, weights = ([t for name, t in tensors.items() if (name[-1] == "b") == b] for b in (True, False))
    adamw = torch.optim.AdamW([{"params": biases, "lr": 0.03, "weight_decay": 0.0}, {"params": weights}], 0.01)
    adamw.param_groups[1]["weight_decay"] = 0.1
    for t in range(9):
        for name, gradient in NETWORK.views(path.gradient[t]).items():
            tensors[name].grad = torch.tensor(gradient.copy())
        adamw.step()
        ours = NETWORK.views(path.x[t + 1])
        for name, tensor in tensors.items():
            np.testing.assert_allclose(ours[name], tensor.detach().numpy(), rtol=1e-12)


def test_groups_are_saved_resumed_and_refused_when_they_are_others(tmp_path):
    rows = windows(np.arange(400) ** 2 % 7, 5)
    network = transformer(7, context=5, features=8, heads=2, blocks=1)

    def training(rate=0.01, decay=0.0):
        optimizers = {"*.gain": None, "*.b": Momentum(0.1), "Embedding*": Adam(rate), "*": AdamW(weight_decay=decay)}
        return Training(network, Scheduled(Groups(network.shapes, optimizers), Warmup(5)), rows, rows, batch_size=8)

    whole, half = training(), training()
    whole.run_until(epochs=3)
    half.run_until(steps=7)
    half.save(tmp_path / "half.npz")
    again = training().resume(tmp_path / "half.npz")
    np.testing.assert_array_equal(again.run_until(epochs=3).minibatch_losses, whole.history.minibatch_losses)
    np.testing.assert_array_equal(again.w, whole.w)
    assert again.w.dtype == np.float32
    for other in ({"rate": 0.02}, {"decay": 0.1}):
        with pytest.raises(ValueError, match="belongs to optimizer = .*Groups.*: this training has"):
            training(**other).resume(tmp_path / "half.npz")


@pytest.mark.parametrize(
    ("optimizers", "message"),
    [
        ({"*.W": Adam()}, r"Dense1.b matches none of \*.W: add a pattern for it, such as '\*'"),
        ({"*": Adam(), "*.b": None}, r"'\*.b' is the first pattern of none of Dense1.W, .*: leave it out"),
        ({"Conv*": Adam(), "*": Adam()}, r"'Conv\*' is the first pattern of none of"),
        ({"*": 0.1}, r"optimizers\['\*'\] = 0.1: it must have the functions start and update"),
        ({"*": Adam}, r"optimizers\['\*'\] = Adam: this is a class; give one that is made"),
    ],
)
def test_groups_that_do_not_fit_are_named(optimizers, message):
    with pytest.raises(ValueError, match=message):
        Groups(NETWORK.shapes, optimizers)


def test_a_vector_of_another_network_is_named():
    groups = Groups(NETWORK.shapes, {"*": Adam()})
    with pytest.raises(ValueError, match=r"x has shape \(5,\): the groups are parts of a vector of 39 numbers"):
        groups.start(np.zeros(5))
    with pytest.raises(ValueError, match=r"gradient has shape \(39, 1\)"):
        groups.update(START, START[:, None], groups.start(START))


# --- running means ---------------------------------------------------------------------------------------------------


def test_the_average_is_the_weighted_mean_of_all_places_and_the_walk_is_as_before():
    path = descend(LOSS, Averaged(Adam(0.05), beta=0.8), START, 12)
    np.testing.assert_array_equal(path.x, walked(Adam(0.05), 12))
    for t in (1, 5, 12):
        weights = 0.2 * 0.8 ** np.arange(t)[::-1]
        expected = weights @ path.x[1 : t + 1] + 0.8**t * START
        np.testing.assert_allclose(path.states[t].average, expected, rtol=1e-12)
    for beta in (1, -0.1, np.nan):
        with pytest.raises(ValueError, match="beta = .*: beta must be from 0 up to but not including 1"):
            Averaged(Adam(), beta)


def test_a_training_gives_the_average_and_keeps_it_when_it_is_resumed(tmp_path):
    train = X.astype(np.float32), Y
    for wrap in (lambda o: Averaged(o, 0.9), lambda o: Scheduled(Averaged(o, 0.9), Cosine(99))):
        run = Training(NETWORK, wrap(GradientDescent(0.1)), train, train, batch_size=5)
        run.run_until(steps=10)
        run.save(tmp_path / "run.npz")
        again = Training(NETWORK, wrap(GradientDescent(0.1)), train, train, batch_size=5).resume(tmp_path / "run.npz")
        np.testing.assert_array_equal(again.average, run.average)
        assert run.average.shape == run.w.shape and run.average.dtype == np.float32
        assert 0 < np.linalg.norm(run.average - run.w) < np.linalg.norm(run.w - NETWORK.start())
    with pytest.raises(AttributeError, match="keeps no average: put it into Averaged"):
        Training(NETWORK, Adam(), train, train, batch_size=5).average  # noqa: B018


def test_the_mean_wanders_less_than_the_walk():
    """Of an AR(1) walk x ← (1 - a) x + a noise: variance a / (2 - a), and that of its running mean follows."""
    a, beta, rng = 0.2, 0.95, np.random.default_rng(0)
    walk, x = Averaged(GradientDescent(a), beta), np.zeros(4000)
    state, spread = walk.start(x), []
    for t in range(400):
        x, state = walk.update(x, x - rng.normal(size=4000), state)
        if t >= 200:
            spread.append((x.var(), state.average.var()))
    b = 1 - beta
    of_walk = a / (2 - a)
    of_mean = of_walk * b / (2 - b) * (1 + (1 - a) * beta) / (1 - (1 - a) * beta)  # a sum of two geometric series
    np.testing.assert_allclose(np.mean(spread, axis=0), [of_walk, of_mean], rtol=0.03)


# --- cooldown --------------------------------------------------------------------------------------------------------


def test_the_cooldown_is_1_and_then_1_less_a_root():
    cooldown = Cooldown(200, share=0.5)
    np.testing.assert_allclose([cooldown(t) for t in (0, 99, 100, 104, 125, 136, 181)], [1, 1, 1, 0.8, 0.5, 0.4, 0.1])
    with pytest.warns(UserWarning, match="the cooldown over 200 steps has ended: the rate is 0"):
        assert cooldown(200) == 0
    for arguments, name in (((0,), "steps"), ((9, 0), "share"), ((9, 1.5), "share")):
        with pytest.raises(ValueError, match=f"{name} = "):
            Cooldown(*arguments)


# --- accumulation ----------------------------------------------------------------------------------------------------


def test_minibatches_of_unequal_size_joined_are_one_large_one():
    """17 examples in minibatches of 5, 5, 5 and 2: a mean of means would weigh the last two 2.1 times."""
    joined = Accumulated(NETWORK.loss_on(X, Y, batch_size=5), 4)
    value, gradient = joined.value_and_gradient(START)
    expected_value, expected = LOSS.value_and_gradient(START)
    assert value == pytest.approx(expected_value, rel=1e-14) and joined.counted == 17
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(walked(Adam(0.02), loss=joined), walked(Adam(0.02)), rtol=1e-9)
    means = [NETWORK.loss_on(X[i : i + 5], Y[i : i + 5]).value_and_gradient(START)[1] for i in (0, 5, 10, 15)]
    assert np.abs(np.mean(means, axis=0) - expected).max() > 1e-3


def test_tokens_are_counted_and_float32_stays():
    rows = windows(np.arange(101) % 7, 5)
    network = transformer(7, context=5, features=8, heads=2, blocks=1)
    joined = Accumulated(network.loss_on(*rows, batch_size=8), 3)
    w = network.start()
    value, gradient = joined.value_and_gradient(w)
    assert joined.counted == 100 and gradient.dtype == np.float32
    assert value == pytest.approx(network.evaluate(w, *rows).loss, rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "many", "message"), [(LOSS, 0, "many = 0"), (LOSS, 1.5, "many = 1.5"), (7, 1, "loss = 7")]
)
def test_nonsense_is_named(loss, many, message):
    with pytest.raises(ValueError, match=message):
        Accumulated(loss, many)


@pytest.mark.parametrize(
    "optimizer", [Groups({"a": (3,)}, {"*": GradientDescent(0.1)}), LossScaled(GradientDescent(0.1))]
)
def test_whole_numbers_become_floats(optimizer):
    x = np.array([1, 2, 3])
    np.testing.assert_allclose(optimizer.update(x, np.full(3, 0.5), optimizer.start(x))[0], x - 0.05, rtol=1e-3)


def test_a_schedule_reaches_a_rate_that_belongs_to_the_class():
    class Plain:
        lr = 0.1

        def start(self, x):
            return ()

        def update(self, x, gradient, state):
            return x - self.lr * gradient, state

    still = Scheduled(Plain(), lambda t: 0.0)
    assert still.update(np.ones(1), np.ones(1), still.start(np.ones(1)))[0] == 1
