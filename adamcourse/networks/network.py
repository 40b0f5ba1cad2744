"""Networks over one flat parameter vector, and their losses CrossEntropy and SoftmaxLoss, which `descend` takes."""

import itertools
import math
from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from adamcourse.checks import valid_batch_size, valid_seed, whole_numbers_below
from adamcourse.datasets import minibatches
from adamcourse.losses.classification import cross_entropy
from adamcourse.networks.chain import Chain
from adamcourse.networks.layers import Dense, Dropout

CLASSES = 10
EVAL_BATCH = 100  # inputs in one go where nothing is trained; a network's arrays grow with it
SMALL = 0.02  # Radford and others 2018, section 4.1
INIT_STD = {
    "glorot": lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),  # Glorot and Bengio 2010, equation 16
    "he": lambda fan_in, fan_out: math.sqrt(2 / fan_in),  # He, Zhang, Ren and Sun 2015, equation 10
    "gpt": lambda fan_in, fan_out: SMALL,
    "small_head": lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),  # but for the last layer
}


class Evaluation(NamedTuple):
    """How good a network is on some examples: the mean loss, and the share whose most probable class is the label."""

    loss: float
    accuracy: float


class Network:
    """Layers one behind the other, whose parameters are views into one flat vector w.

    Arguments
    ---------
    layers : a list of layers; the last one gives the scores of the classes, of a sequence at each place. The network
        keeps copies of its own.
    input_shape : the shape of one example: (features,), or (height, width, channels).

    Raises ValueError when input_shape is no tuple, a layer cannot take what the one before it gives, or the last gives
    no row of scores.
    Source: Rumelhart, Hinton and Williams 1986.

    >>> from adamcourse.networks import ReLU
    >>> network = Network([Dense(16), ReLU(), Dense(10)], (784,))
    >>> network.size, network.start(seed=0).shape  # 785 · 16 + 17 · 10
    (12730, (12730,))
    >>> {name: view.shape for name, view in network.views(network.start()).items()}
    {'Dense1.W': (784, 16), 'Dense1.b': (16,), 'Dense2.W': (16, 10), 'Dense2.b': (10,)}
    """

    def __init__(self, layers, input_shape):
        self.layers = [replace(layer) for layer in layers]  # new ones with the same arguments
        for place, layer in enumerate(leaf for leaf in self.leaves if isinstance(leaf, Dropout)):
            layer.place = place  # those that draw have numbers of their own
            layer.rewind()
        if not isinstance(input_shape, (tuple, list)):
            raise ValueError(f"input_shape = {input_shape!r}: give a tuple, as in (784,) or (28, 28, 1)")
        self.input_shape = tuple(input_shape)
        self._chain = Chain(self.layers, self.input_shape)
        self.size, self.scores_shape = self._chain.size, self._chain.output_shape
        if len(self.scores_shape) > 2:
            raise ValueError(
                f"the last layer gives {self.scores_shape}: it must give a row of scores, as Dense(10) does"
            )
        self.classes, self.shapes, numbers = self.scores_shape[-1], {}, Counter()
        for kind, parameters in self._chain.named_shapes:
            numbers[kind] += 1
            self.shapes |= {f"{kind}{numbers[kind]}.{name}": shape for name, shape in parameters.items()}

    @property
    def leaves(self):
        """All layers in their order, those that other layers hold included."""
        return [leaf for layer in self.layers for leaf in layer.leaves()]

    def start(self, seed=0, init="glorot", dtype=np.float32):
        """Return parameters to begin training with: biases 0, weights drawn uniformly.

        Arguments
        ---------
        seed : of the draw, default 0.
        init : the standard deviation of the weights of a layer with n inputs and m outputs: "glorot" (default, as in
            Keras) √(2 / (n + m)), "he" √(2 / n), "gpt" 0.02 for every n and m, "small_head" 0.02 in the last layer
            and as "glorot" in the others. A window counts once for each of its places. Gains begin at 1.
        dtype : of the vector, default float32.

        Raises ValueError when init is another word.
        Source: Glorot and Bengio 2010; He, Zhang, Ren and Sun 2015; Radford and others 2018, section 4.1, on GPT. The
        last two draw from a normal distribution; GPT-2 divides some of the weights by √(2 blocks) besides.

        >>> network = Network([Dense(100)], (900,))
        >>> [f"{network.start(init=init).std():.3f}" for init in ("glorot", "he")]  # √(2 / 1000), √(2 / 900)
        ['0.045', '0.047']
        """
        if init not in INIT_STD:
            raise ValueError(f"init = {init!r}: give one of {', '.join(map(repr, INIT_STD))}")
        rng, w = np.random.default_rng(seed), np.zeros(self.size, dtype)
        views = self.views(w)
        head = [name for name, view in views.items() if view.ndim > 1][-1:]
        for name, view in views.items():
            if name.endswith(".gain"):
                view[...] = 1
            if view.ndim > 1:
                places = math.prod(view.shape[:-2])  # of a window; 1 in a dense layer
                std = INIT_STD[init](places * view.shape[-2], places * view.shape[-1])
                limit = math.sqrt(3) * (SMALL if init == "small_head" and name in head else std)
                view[...] = rng.uniform(-limit, limit, view.shape)
        return w

    def views(self, w):
        """Return the parameters by name, each a view into the flat vector w: writing to one changes w."""
        w, views, first = self._vector(w), {}, 0
        for name, shape in self.shapes.items():
            views[name] = w[first : first + math.prod(shape)].reshape(shape)
            first += math.prod(shape)
        return views

    def forward(self, w, inputs, training=False):
        """Return the scores of inputs as in CrossEntropy, shape (n, classes) or (places, n, classes).

        The next call overwrites them.
        """
        w, inputs = self._vector(w), self._shaped(inputs)
        dtype = w.dtype if inputs.dtype.kind == "f" else inputs.dtype  # tokens stay whole numbers
        x = np.ascontiguousarray(np.moveaxis(inputs, 0, -2), dtype)  # (n, features) or (height, width, n, channels)
        return self._chain.forward(x, w, training)

    def backward(self, w, dscores, gradient):
        """Write into gradient, shape (size,), what dscores = ∂f/∂scores makes of every parameter."""
        self._chain.backward(dscores, w, gradient, need_dx=False)

    def loss_on(self, inputs, labels, batch_size=None, seed=0):
        """Return the CrossEntropy of this network on these examples, a loss that `descend` takes."""
        return CrossEntropy(self, inputs, labels, batch_size, seed)

    def evaluate(self, w, inputs, labels):
        """Return loss and accuracy at w on these examples as an Evaluation; dropout is off."""
        w = self._vector(w)
        inputs, labels = self._examples(inputs, labels)
        losses, hits = 0.0, 0
        for first in range(0, len(labels), EVAL_BATCH):
            part = slice(first, first + EVAL_BATCH)
            scores = self.forward(w, inputs[part])  # (100, classes)
            at = _at_scores(labels[part])
            losses += float(cross_entropy(scores, at)[0].sum(dtype=np.float64))
            hits += int((scores.argmax(axis=-1) == at).sum())
        return Evaluation(losses / labels.size, hits / labels.size)

    def accuracy(self, w, inputs, labels):
        """Return the share of inputs whose most probable class at w is their label."""
        return self.evaluate(w, inputs, labels).accuracy

    def _vector(self, w):
        """Return w if it is a vector of parameters of this network, or raise ValueError."""
        w = np.asarray(w)
        if w.shape != (self.size,) or w.dtype not in (np.float32, np.float64):
            numbers = f"one vector of {self.size} floating-point numbers"
            raise ValueError(f"w has shape {w.shape} and type {w.dtype}: the parameters are {numbers}")
        return w

    def _shaped(self, inputs):
        """Return inputs as an array of shape (n, *input_shape), or raise ValueError."""
        X, flat = np.asarray(inputs), (math.prod(self.input_shape),)
        if X.ndim < 2 or X.shape[1:] not in (self.input_shape, flat) or not len(X):
            shapes = dict.fromkeys((self.input_shape, flat))
            wanted = " or ".join(f"(n, {', '.join(map(str, shape))})" for shape in shapes)
            raise ValueError(f"inputs have shape {X.shape}: give {wanted}, n at least 1")
        return self.leaves[0].checked_examples(X).reshape(-1, *self.input_shape)

    def _examples(self, inputs, labels):
        """Return inputs, shape (n, *input_shape), and labels as arrays, or raise ValueError when they are unfit."""
        X, y = self._shaped(inputs), np.asarray(labels)
        wanted = (len(X), *self.scores_shape[:-1])
        if y.shape != wanted:
            each = ", places" * (len(wanted) - 1)
            raise ValueError(
                f"inputs {np.shape(inputs)} and labels {y.shape}: give shapes (n, ...) and (n{each or ','})"
            )
        if not np.isfinite(X).all():
            raise ValueError("inputs must be finite numbers")
        return X, whole_numbers_below("labels", y, self.classes)


class CrossEntropy:
    """The mean cross-entropy of a network on examples, as a function of its flat parameter vector w.

    f(w) = mean over the examples of a minibatch of -log p[label]

    `counted` says how many labels the last minibatch had.

    Arguments
    ---------
    network : a Network.
    inputs : shape (n, *input_shape), or flat, shape (n, features); finite numbers, or tokens for an Embedding.
    labels : whole numbers from 0 to classes - 1, shape (n,), or (n, places) where there are scores at each place.
    batch_size : examples in a minibatch, 1 to n; default None takes all of them each time.
    seed : of the minibatches, default 0.

    Raises ValueError when inputs and labels do not fit, are empty, or hold other values than these.
    Source: Bishop 2006, section 4.3.4.

    >>> network = Network([Dense(3)], (2,))
    >>> loss = network.loss_on(np.array([[1.0, 2.0]]), np.array([0]))
    >>> value, gradient = loss.value_and_gradient(np.zeros(network.size))
    >>> float(value.round(4)), network.views(gradient)["Dense1.b"].round(2)  # log 3; the label's score should grow
    (1.0986, array([-0.67,  0.33,  0.33]))
    """

    def __init__(self, network, inputs, labels, batch_size=None, seed=0):
        self.network = Network(network.layers, network.input_shape)  # so that two losses draw their dropout apart
        self.batch_size, self.seed = batch_size, valid_seed(seed)
        self.inputs, self.labels = network._examples(inputs, labels)
        valid_batch_size(batch_size, len(self.labels))
        self.rewind()

    def rewind(self, drawn=0):
        """Begin the minibatches anew, after those already drawn, so that the next descent sees the same ones."""
        self.drawn = drawn
        if self.batch_size is not None:
            batches = minibatches(len(self.labels), self.batch_size, np.random.default_rng(self.seed))
            self._batches = itertools.islice(batches, drawn, None)
        for layer in self.network.leaves:
            layer.rewind()

    def value_and_gradient(self, w, out=None):
        """Return f and ∇f on the next minibatch (on all examples without minibatches) at the flat vector w.

        The gradient is a new array, or out where one is given.
        """
        w = self.network._vector(w)
        chosen = slice(None) if self.batch_size is None else next(self._batches)
        self.drawn += 1
        labels = _at_scores(self.labels[chosen])  # (n,)
        scores = self.network.forward(w, self.inputs[chosen], training=True)  # (n, classes)
        losses, dscores = cross_entropy(scores, labels)  # (n,), (n, classes)
        gradient = np.empty_like(w) if out is None else out
        if (gradient.shape, gradient.dtype) != (w.shape, w.dtype):
            raise ValueError(f"out has shape {gradient.shape} and type {gradient.dtype}: give {w.shape} and {w.dtype}")
        self.network.backward(w, dscores, gradient)
        gradient /= labels.size
        self.counted = labels.size
        return losses.mean(), gradient


class SoftmaxLoss(CrossEntropy):
    """The cross-entropy of linear scores: a network of one dense layer, started at 0.

    p = softmax(X W + b),  f(W, b) = mean over examples of -log p[label],  ∂f/∂scores = (p - onehot) / n

    The vector holds W, shape (784, 10), row by row, then b, shape (10,).

    Arguments
    ---------
    inputs : shape (n, 784), finite numbers.
    labels : shape (n,), whole numbers from 0 to 9.
    batch_size : examples in a minibatch, 1 to n; default None takes all of them each time.
    seed : of the minibatches, default 0.

    Raises ValueError when inputs and labels do not fit, are empty, or hold other values than these.
    Source: Bishop 2006, section 4.3.4.

    >>> loss = SoftmaxLoss(np.eye(3), np.array([0, 1, 2]))
    >>> value, gradient = loss.value_and_gradient(loss.start())
    >>> float(value.round(4)), gradient.shape  # before training each of ten classes has probability 1/10: log 10
    (2.3026, (40,))
    """

    def __init__(self, inputs, labels, batch_size=None, seed=0):
        super().__init__(Network([Dense(CLASSES)], np.shape(inputs)[1:]), inputs, labels, batch_size, seed)

    def start(self):
        """Return the parameters before training: zeros, one flat vector in the dtype of the inputs."""
        return np.zeros(self.network.size, self.inputs.dtype)

    def accuracy(self, w, inputs, labels):
        """Return the share of inputs, shape (n, 784), whose most probable class at w is their label."""
        return self.network.accuracy(w, inputs, labels)


def _at_scores(labels):
    """Return labels, shape (n,) or (n, places), in the order of the scores' axes: the batch last."""
    return np.moveaxis(labels, 0, -1)
