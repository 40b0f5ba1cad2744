"""Networks and softmax regression against finite differences, PyTorch, known values and the loop that trains them."""

import json
from pathlib import Path

import numpy as np
import pytest

from adamcourse.datasets import load_digits
from adamcourse.descent import descend
from adamcourse.gradients import numerical_gradient, relative_error
from adamcourse.losses import RareClasses, cross_entropy, softmax
from adamcourse.networks import (
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Network,
    ReLU,
    SoftmaxLoss,
    article_cnn,
)
from adamcourse.optimizers import Adam, GradientDescent, Lion

RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.uniform(size=(12, 6)), RNG.integers(0, 10, 12)
GOLDEN = Path(__file__).parent / "golden" / "networks" / "torch.json"
DEEP = Network([Conv2D(3), ReLU(), MaxPool2D(), Conv2D(2), ReLU(), Flatten(), Dense(5), ReLU(), Dense(4)], (11, 10, 2))
NETWORKS = {
    "one dense layer": Network([Dense(4)], (220,)),
    "two dense layers": Network([Dense(5), ReLU(), Dense(4)], (220,)),
    "two convolutions": DEEP,
    "pooling before ReLU": Network([Conv2D(3), MaxPool2D(), ReLU(), Flatten(), Dense(4)], (11, 10, 2)),
    "dropout": Network([Conv2D(2), Dropout(0.3), Flatten(), Dense(4), Dropout(0.5, seed=1), Dense(4)], (11, 10, 2)),
}


def test_gradient_agrees_with_finite_differences():
    loss = SoftmaxLoss(IMAGES, LABELS)
    w = RNG.normal(size=loss.start().shape)
    numerical = numerical_gradient(lambda w: loss.value_and_gradient(w)[0], w)
    assert relative_error(loss.value_and_gradient(w)[1], numerical) < 1e-8


def test_before_training_every_class_has_a_tenth():
    loss = SoftmaxLoss(IMAGES, LABELS)
    assert loss.value_and_gradient(loss.start())[0] == pytest.approx(np.log(10))


def test_softmax_sums_to_one_and_survives_large_scores():
    p = softmax(np.array([[1e4, 0, -1e4], [5.0, 5.0, 5.0]]))
    np.testing.assert_allclose(p, [[1, 0, 0], [1 / 3] * 3])


def test_minibatches_average_to_the_whole():
    whole, parts = SoftmaxLoss(IMAGES, LABELS), SoftmaxLoss(IMAGES, LABELS, batch_size=4)
    w = RNG.normal(size=whole.start().shape)
    mean = np.mean([parts.value_and_gradient(w)[1] for _ in range(3)], axis=0)
    np.testing.assert_allclose(mean, whole.value_and_gradient(w)[1])


def test_a_minibatch_with_what_is_left_counts_its_own_examples():
    whole, parts = SoftmaxLoss(IMAGES, LABELS), SoftmaxLoss(IMAGES, LABELS, batch_size=5)
    w = RNG.normal(size=whole.start().shape)
    values, gradients = zip(*(parts.value_and_gradient(w) for _ in range(3)), strict=True)  # 5 + 5 + 2 examples
    value, gradient = whole.value_and_gradient(w)
    np.testing.assert_allclose(np.average(values, weights=[5, 5, 2]), value)
    np.testing.assert_allclose(np.average(gradients, axis=0, weights=[5, 5, 2]), gradient)


def test_the_same_loop_trains_on_the_digits_and_every_run_sees_the_same_minibatches():
    """Linear models reach about 91 to 92 % on MNIST (LeCun et al. 1998 report 88 %)."""
    train, test = load_digits()
    loss = SoftmaxLoss(*train, batch_size=60)
    first, second = (descend(loss, Adam(lr=0.005), loss.start(), 400) for _ in range(2))
    assert (first.x[-1] == second.x[-1]).all()
    assert first.x.dtype == np.float32
    assert 0.90 < loss.accuracy(first.x[-1], *test) < 0.93


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES, LABELS[:-1], r"inputs \(12, 6\) and labels \(11,\): give shapes"),
        (IMAGES[:0], LABELS[:0], "n at least 1"),
        (IMAGES * np.nan, LABELS, "finite"),
        ((255 * IMAGES).astype(np.uint8), LABELS, "divide bytes by 255"),
        (IMAGES, LABELS + 10, "whole numbers from 0 to 9"),
        (IMAGES, LABELS / 1.0, "whole numbers from 0 to 9"),
    ],
)
def test_bad_examples_are_named(images, labels, message):
    with pytest.raises(ValueError, match=message):
        SoftmaxLoss(images, labels)


def test_bad_parameters_and_batches_are_named():
    loss = SoftmaxLoss(IMAGES, LABELS)
    with pytest.raises(ValueError, match=r"w has shape \(5,\) and type float64: the parameters are one vector of 70 "):
        loss.value_and_gradient(np.zeros(5))
    with pytest.raises(ValueError, match="batch_size = 13: give a whole number, 1 to 12"):
        SoftmaxLoss(IMAGES, LABELS, batch_size=13)


# --- networks ----------------------------------------------------------------------------------------------------


def numbers(n, prime):
    """n numbers between -1 and 1 that need no generator, so that the recorded run can be made anew anywhere."""
    return (np.arange(n) * prime % 101) / 50 - 1


def recorded_examples():
    images = (numbers(6 * 220, 37).reshape(6, 11, 10, 2) + 1) / 2
    images[0, :6] = 1  # a plain region, where the corners of a pool are equal
    return images, np.array([0, 1, 2, 3, 0, 1])


def by_torch():
    """The network DEEP in PyTorch: losses and gradients of five steps of Adam, and the parameters after them.

    The recorded file is what this returned: json.dumps({"version": torch.__version__, **by_torch()}).
    """
    torch = pytest.importorskip("torch")
    w = numbers(DEEP.size, 97) / 2
    p = {name: torch.tensor(view, requires_grad=True) for name, view in DEEP.views(w).items()}
    images, labels = map(torch.tensor, recorded_examples())

    def loss():
        x = images.permute(0, 3, 1, 2)  # channels first
        x = torch.nn.functional.conv2d(x, p["Conv2D1.W"].permute(3, 2, 0, 1), p["Conv2D1.b"])
        x = torch.nn.functional.max_pool2d(torch.relu(x), 2)
        x = torch.relu(torch.nn.functional.conv2d(x, p["Conv2D2.W"].permute(3, 2, 0, 1), p["Conv2D2.b"]))
        x = torch.relu(x.permute(0, 2, 3, 1).reshape(6, -1) @ p["Dense1.W"] + p["Dense1.b"])
        return torch.nn.functional.cross_entropy(x @ p["Dense2.W"] + p["Dense2.b"], labels)

    return five_steps_by_torch(p, loss)


def five_steps_by_torch(p, loss):
    """Losses and gradients of five steps of PyTorch's Adam on parameters by name, and the parameters after them."""
    torch = pytest.importorskip("torch")
    adam, losses, gradients = torch.optim.Adam(p.values(), lr=0.01), [], []
    for _ in range(5):
        value = loss()
        adam.zero_grad()
        value.backward()
        losses.append(value.item())
        gradients.append(torch.cat([view.grad.ravel() for view in p.values()]).tolist())
        adam.step()
    return {"losses": losses, "gradients": gradients, "w": torch.cat([view.ravel() for view in p.values()]).tolist()}


def assert_equal_to_ours(run):
    path = descend(DEEP.loss_on(*recorded_examples()), Adam(lr=0.01), numbers(DEEP.size, 97) / 2, 5)
    np.testing.assert_allclose(path.loss[:5], run["losses"], rtol=1e-10)
    np.testing.assert_allclose(path.gradient[:5], run["gradients"], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(path.x[5], run["w"], rtol=1e-10)
    assert (np.array(run["gradients"]) != 0).mean() > 0.9  # a network of dead units would agree with anything


def test_a_network_agrees_with_the_recorded_run_of_pytorch():
    assert_equal_to_ours(json.loads(GOLDEN.read_text()))


def test_a_network_agrees_with_pytorch():
    assert_equal_to_ours(by_torch())


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_of_whole_networks_agree_with_finite_differences(name):
    network, (images, labels) = NETWORKS[name], recorded_examples()
    loss = network.loss_on(images.reshape(6, *network.input_shape), labels)
    w = 0.3 * np.random.default_rng(0).normal(size=network.size)

    def value(w):
        loss.rewind()  # the same dropout each time
        return loss.value_and_gradient(w)[0]

    loss.rewind()
    assert relative_error(loss.value_and_gradient(w)[1], numerical_gradient(value, w)) < 1e-8


def test_a_shape_that_is_no_tuple_is_named():
    with pytest.raises(ValueError, match=r"input_shape = 784: give a tuple, as in \(784,\)"):
        Network([Dense(10)], (784))  # the comma was forgotten


def test_cross_entropy_of_a_right_and_a_wrong_guess():
    scores = np.log([[8.0, 1.0, 1.0], [8.0, 1.0, 1.0]])
    losses, gradient = cross_entropy(scores, np.array([0, 1]))
    np.testing.assert_allclose(losses, [np.log(10 / 8), np.log(10)])
    np.testing.assert_allclose(gradient, [[-0.2, 0.1, 0.1], [0.8, -0.9, 0.1]])
    far, sure = cross_entropy(np.array([[0.0, 1e4], [1e4, 0.0]]), np.array([0, 0]))[0]
    assert far == 1e4  # where the probability is 0 in floats
    assert str(sure) == "0.0"  # and not -0


def test_the_network_of_the_article_has_the_parameters_that_keras_counts():
    network = article_cnn()
    assert network.size == 693_962
    assert {name: view.size for name, view in network.views(network.start()).items()} == {
        "Conv2D1.W": 288,
        "Conv2D1.b": 32,
        "Dense1.W": 692_224,
        "Dense1.b": 128,
        "Dense2.W": 1280,
        "Dense2.b": 10,
    }


def test_the_network_of_the_article_has_the_layers_of_the_article():
    kinds = [type(layer).__name__ for layer in article_cnn().layers]
    assert kinds == ["Conv2D", "MaxPool2D", "ReLU", "Flatten", "Dense", "ReLU", "Dense"]


def test_the_gradient_of_the_images_is_not_computed():
    loss = DEEP.loss_on(*recorded_examples())
    loss.value_and_gradient(DEEP.start())
    first, fourth = loss.network.layers[0], loss.network.layers[3]
    assert "dx" in fourth._kept and "dx" not in first._kept


def test_parameters_are_views_into_one_vector():
    w = np.zeros(DEEP.size)
    for k, view in enumerate(DEEP.views(w).values()):
        view[...] = k + 1
    sizes = [view.size for view in DEEP.views(w).values()]
    np.testing.assert_array_equal(w, np.repeat(np.arange(len(sizes)) + 1, sizes))


@pytest.mark.parametrize("init", ["glorot", "he"])
def test_the_start_has_the_spread_of_its_source(init):
    """Glorot and Bengio 2010: variance 2 / (fan in + fan out); He and others 2015: 2 / fan in."""
    network = Network([Conv2D(64), Flatten(), Dense(300)], (12, 12, 32))
    views = network.views(network.start(seed=5, init=init))
    for name, fan_in, fan_out in (("Conv2D1", 9 * 32, 9 * 64), ("Dense1", 6400, 300)):
        variance = 2 / (fan_in + fan_out) if init == "glorot" else 2 / fan_in
        assert views[name + ".W"].var() == pytest.approx(variance, rel=0.03)  # 18,432 draws or more
        assert abs(views[name + ".W"]).max() <= np.sqrt(3 * variance)  # uniform
        assert (views[name + ".b"] == 0).all()


def test_the_start_follows_its_seed():
    assert (DEEP.start(seed=1) == DEEP.start(seed=1)).all()
    assert (DEEP.start(seed=1) != DEEP.start(seed=2)).any()
    assert DEEP.start().dtype == np.float32 and DEEP.start(dtype=np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="init = 'best': give one of 'glorot', 'he'"):
        DEEP.start(init="best")


def test_a_network_of_float32_stays_so_and_each_gradient_is_an_array_of_its_own():
    images, labels = recorded_examples()
    loss = DEEP.loss_on(images.astype(np.float32), labels, batch_size=3)
    path = descend(loss, Adam(lr=0.01), DEEP.start(), 4)
    assert path.x.dtype == path.gradient.dtype == path.loss.dtype == np.float32
    assert len({tuple(gradient) for gradient in path.gradient}) == 5
    out = np.empty_like(path.x[0])
    loss.rewind()
    assert loss.value_and_gradient(path.x[0], out=out)[1] is out
    np.testing.assert_array_equal(out, path.gradient[0])


def test_minibatches_go_on_where_they_were():
    images, labels = recorded_examples()
    first, second = (DEEP.loss_on(images, labels, batch_size=4, seed=7) for _ in range(2))
    w = DEEP.start(dtype=np.float64)
    values = [first.value_and_gradient(w)[0] for _ in range(7)]
    second.rewind(drawn=5)
    assert [second.value_and_gradient(w)[0] for _ in range(2)] == values[5:]
    assert first.drawn == second.drawn == 7


def test_two_losses_of_one_network_draw_their_dropout_apart():
    network, examples = NETWORKS["dropout"], recorded_examples()
    w = network.start(dtype=np.float64)
    alone, other, disturbed = (network.loss_on(*examples) for _ in range(3))
    expected = [alone.value_and_gradient(w)[0] for _ in range(3)]
    got = []
    for _ in range(3):
        got.append(disturbed.value_and_gradient(w)[0])
        other.value_and_gradient(w)
    assert got == expected


def test_evaluation_without_dropout_in_parts_is_that_of_the_whole():
    network, rng = NETWORKS["dropout"], np.random.default_rng(0)
    images, labels = rng.uniform(size=(230, 220)), rng.integers(0, 4, 230)
    w = network.start(dtype=np.float64)
    scores = network.forward(w, images).copy()
    found = network.evaluate(w, images, labels)
    assert found.loss == pytest.approx(cross_entropy(scores, labels)[0].mean())
    assert found.accuracy == network.accuracy(w, images, labels) == (scores.argmax(axis=1) == labels).mean()


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((6, 11, 10)), [0] * 6, r"inputs have shape \(6, 11, 10\): give \(n, 11, 10, 2\) or \(n, 220\)"),
        (np.zeros((6, 10, 11, 2)), [0] * 6, r"inputs have shape \(6, 10, 11, 2\)"),
        (np.zeros((0, 220)), [], "n at least 1"),
        (np.zeros((6, 220)), [0] * 5, r"inputs \(6, 220\) and labels \(5,\): give shapes"),
        (np.zeros((6, 220)), [[0]] * 6, r"labels \(6, 1\)"),
        (np.full((6, 220), np.nan), [0] * 6, "finite"),
        (np.full((6, 220), np.inf), [0] * 6, "finite"),
        (np.zeros((6, 220), int), [0] * 6, "divide bytes by 255"),
        (np.zeros((6, 220)), [0, 1, 2, 3, 4, 0], "whole numbers from 0 to 3"),
        (np.zeros((6, 220)), [0, 1, 2, 3, -1, 0], "whole numbers from 0 to 3"),
        (np.zeros((6, 220)), [0.0] * 6, "whole numbers from 0 to 3"),
    ],
)
def test_bad_examples_of_a_network_are_named(images, labels, message):
    with pytest.raises(ValueError, match=message):
        DEEP.loss_on(images, np.array(labels))
    with pytest.raises(ValueError, match=message):
        DEEP.evaluate(DEEP.start(), images, np.array(labels))


@pytest.mark.parametrize("batch", [0, 7, -1, 2.0, "all"])
def test_bad_batches_are_named(batch):
    with pytest.raises(ValueError, match=f"batch_size = {batch!r}: give a whole number, 1 to 6"):
        DEEP.loss_on(*recorded_examples(), batch_size=batch)


@pytest.mark.parametrize("w", [np.zeros(181), np.zeros((1, 182)), np.zeros(182, int)])
def test_bad_parameters_of_a_network_are_named(w):
    assert DEEP.size == 182
    message = r"w has shape .*: the parameters are one vector of 182 floating-point numbers"
    for use in (DEEP.views, DEEP.loss_on(*recorded_examples()).value_and_gradient, lambda w: DEEP.forward(w, IMAGES)):
        with pytest.raises(ValueError, match=message):
            use(w)


def test_layers_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"Dense takes rows.*here come \(26, 26, 32\): put Flatten\(\) before it"):
        Network([Conv2D(32), ReLU(), Dense(10)], (28, 28, 1))  # as in the article
    with pytest.raises(ValueError, match=r"the last layer gives \(26, 26, 32\): it must give a row of scores"):
        Network([Conv2D(32)], (28, 28, 1))


# --- classes of different frequency --------------------------------------------------------------------------------


def test_the_gradient_of_rare_classes_is_that_of_the_mean_loss():
    loss, W = RareClasses([5, 2, 1]), RNG.normal(size=(3, 3))
    assert loss.frequencies.tolist() == [0.625, 0.25, 0.125]
    numerical = numerical_gradient(
        lambda w: loss.frequencies @ loss.value_and_gradient(w.reshape(3, 3))[0], W.reshape(9)
    )
    assert relative_error(loss.value_and_gradient(W)[1], numerical.reshape(3, 3)) < 1e-8


def test_gradient_descent_learns_a_class_at_the_pace_of_its_frequency():
    """A class twice as frequent is where a rare one would be at twice the rate."""
    loss = RareClasses([4, 2, 1, 1])
    one, two = (descend(loss, GradientDescent(rate), loss.start(), 50).loss for rate in (3.0, 6.0))
    np.testing.assert_allclose(one[:, 0], two[:, 1], rtol=1e-9)
    np.testing.assert_allclose(one[:, 1], two[:, 2], rtol=1e-9)
    assert (one[1:, 0] < one[1:, 1]).all()


def test_sign_descent_learns_all_classes_at_one_pace():
    """After T steps the right score is T α and all others are -T α: the loss is log(1 + (c - 1) exp(-2 T α))."""
    loss, T = RareClasses(1 / np.arange(1, 51)), 40
    path = descend(loss, Lion(0.05, beta1=0.0, beta2=0.0), loss.start(), T)
    expected = np.log(1 + 49 * np.exp(-2 * 0.05 * np.arange(T + 1)))
    np.testing.assert_allclose(path.loss, np.tile(expected[:, None], 50), rtol=1e-9)
    adam = descend(loss, Adam(0.05, eps=0), loss.start(), T).loss
    np.testing.assert_allclose(adam, np.tile(adam[:, :1], 50), rtol=1e-9)  # it sees no frequency either


@pytest.mark.parametrize("frequencies", [[1.0], [1.0, 0.0], [1.0, -1.0], [1.0, np.nan], [1.0, np.inf], 3.0])
def test_unfit_frequencies_are_named(frequencies):
    with pytest.raises(ValueError, match="frequencies = .*: give two or more numbers above 0"):
        RareClasses(frequencies)
