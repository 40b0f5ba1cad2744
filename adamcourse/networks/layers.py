"""Layers of a network, forward and backward. The batch is the last axis but one: (height, width, n, channels).

A layer owns no parameters. Its W and b are a stretch p of the network's one flat vector, with b behind W, so that
p.reshape(-1, units) is a matrix whose last row is b; its gradients dp are the same stretch of another vector.

The batch is the last axis but one: rows of features have shape (n, features), images (height, width, n, channels),
sequences (places, n, features). Then x[i : i + h, j : j + w] of images is made of long runs in memory, and pooling
takes half as long as with the batch first.

Large arrays are allocated once and used again, so what `forward` and `backward` return is overwritten by their next
call. In every layer y is what goes out of `forward`, dy = ∂f/∂y comes in to `backward`, and dx = ∂f/∂x goes out.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np

from adamcourse.checks import valid_seed, whole_number

KERNEL_SIZE = 3  # of a convolution's window


@dataclass(eq=False)
class Layer(ABC):
    """What all layers share: no parameters and an output like the input, unless a layer says otherwise."""

    _kept: dict = field(default_factory=dict, init=False, repr=False)  # arrays that are used again

    def shapes(self, input_shape):
        """Return the shapes of the parameters by name, in their order in the vector, for inputs of this shape."""
        return {}

    def output_shape(self, input_shape):
        """Return the shape of one output, without the batch, for inputs of this shape, or raise ValueError."""
        return input_shape

    def leaves(self):
        """Return the layers that this one is made of, a list: itself, unless it holds others."""
        return [self]

    def named_shapes(self, input_shape):
        """Return for each of its leaves the name of its kind and its shapes, pairs in their order in the vector."""
        return [(type(self).__name__, self.shapes(input_shape))]

    def checked_examples(self, X):
        """Return examples that a network may begin with, if this is its first layer, or raise ValueError."""
        if X.dtype.kind != "f":
            raise ValueError(f"inputs are of type {X.dtype}: give floating-point numbers; divide bytes by 255 first")
        return X

    def rewind(self):  # noqa: B027  most layers draw nothing
        """Begin anew whatever is drawn at random, so that the next run sees the same."""

    @abstractmethod
    def forward(self, x, p, training=False):
        """Return y, and remember what `backward` will need."""

    @abstractmethod
    def backward(self, dy, p, dp, need_dx=True):
        """Write the gradients of the parameters into dp and return dx, or None where nobody needs it."""

    def _array(self, name, shape, dtype):
        """Return an array with any content, the same memory each time, as long as that is large enough."""
        size = math.prod(shape)
        if name not in self._kept or self._kept[name].size < size or self._kept[name].dtype != dtype:
            self._kept[name] = np.empty(size, dtype)
        return self._kept[name][:size].reshape(shape)


@dataclass(eq=False)
class Dense(Layer):
    """Every output is a weighted sum of all inputs, and a bias; in a sequence at each place alike.

    y = x W + b
    ∂f/∂W = xᵀ dy,  ∂f/∂b = Σ dy over the batch,  dx = dy Wᵀ

    Arguments
    ---------
    units : how many outputs, 1 or more.

    Raises ValueError when units is not a whole number above 0, or the input neither a row of features nor a sequence.
    Source: Rumelhart, Hinton and Williams 1986.

    >>> p = np.array([1.0, 2.0, 0.5])  # W = (1, 2)ᵀ and b = 0.5
    >>> Dense(1).forward(np.array([[10.0, 100.0]]), p)
    array([[210.5]])
    """

    units: int

    def __post_init__(self):
        whole_number("units", self.units, 1)

    def shapes(self, input_shape):
        return {"W": (input_shape[-1], self.units), "b": (self.units,)}

    def output_shape(self, input_shape):
        if len(input_shape) not in (1, 2):
            raise ValueError(f"Dense takes rows of features, here come {input_shape}: put Flatten() before it")
        return (*input_shape[:-1], self.units)

    def forward(self, x, p, training=False):
        self.x = x.reshape(-1, x.shape[-1])  # (n, features); in a sequence (places n, features)
        W, b = _weights(p, self.units)  # (features, units), (units,)
        y = self._array("y", (len(self.x), self.units), x.dtype)
        np.matmul(self.x, W, out=y)  # (n, units)
        y += b
        return y.reshape(*x.shape[:-1], self.units)

    def backward(self, dy, p, dp, need_dx=True):
        W, _ = _weights(p, self.units)
        dW, db = _weights(dp, self.units)
        rows = dy.reshape(-1, self.units)
        np.matmul(self.x.T, rows, out=dW)  # (features, n) (n, units)
        np.sum(rows, axis=0, out=db)
        if not need_dx:
            return None
        dx = np.matmul(rows, W.T, out=self._array("dx", self.x.shape, dy.dtype))
        return dx.reshape(*dy.shape[:-1], -1)


@dataclass(eq=False)
class Conv2D(Layer):
    """Slide windows of 3 x 3 pixels over the image; every filter is a weighted sum of all pixels in the window.

    y[r, s] = b + Σ_ij x[r + i, s + j] W[i, j],  i, j = 0, 1, 2

    The windows are written out as columns of one matrix, with a row of ones for b: then all filters at all places are
    one product of matrices. No padding ("valid"), so height and width lose 2.

    Arguments
    ---------
    filters : how many outputs at each place, 1 or more.

    Raises ValueError when filters is not a whole number above 0, or the input is not an image of 3 x 3 pixels or more.
    Convention: the window is not flipped (a cross-correlation), as in PyTorch, Keras and JAX.
    Source: LeCun and others 1989; as a product of matrices, Chellapilla, Puri and Simard 2006.

    >>> edge = np.array([-1.0, 0, 1, -1, 0, 1, -1, 0, 1, 0])  # W: the right column less the left one; b = 0
    >>> x = np.zeros((3, 5, 1, 1))
    >>> x[:, 3:] = 1  # dark on the left, bright on the right
    >>> Conv2D(1).forward(x, edge).ravel()
    array([0., 3., 3.])
    """

    filters: int

    def __post_init__(self):
        whole_number("filters", self.filters, 1)

    def shapes(self, input_shape):
        return {"W": (KERNEL_SIZE, KERNEL_SIZE, input_shape[-1], self.filters), "b": (self.filters,)}

    def output_shape(self, input_shape):
        height, width, _ = _image("Conv2D", input_shape, KERNEL_SIZE)
        return (height - KERNEL_SIZE + 1, width - KERNEL_SIZE + 1, self.filters)

    def forward(self, x, p, training=False):
        height, width, n, channels = self.input_shape = x.shape
        h, w = height - KERNEL_SIZE + 1, width - KERNEL_SIZE + 1
        self.windows = self._array("windows", (KERNEL_SIZE**2 * channels + 1, h, w, n), x.dtype)
        pixels = self.windows[:-1].reshape(KERNEL_SIZE, KERNEL_SIZE, channels, h, w, n)
        for i, j in np.ndindex(KERNEL_SIZE, KERNEL_SIZE):
            pixels[i, j] = np.moveaxis(x[i : i + h, j : j + w], -1, 0)  # (channels, h, w, n)
        self.windows[-1] = 1
        y = self._array("y", (h * w * n, self.filters), x.dtype)
        np.matmul(_columns(self.windows).T, p.reshape(-1, self.filters), out=y)  # (h w n, 9c + 1) (9c + 1, filters)
        return y.reshape(h, w, n, self.filters)

    def backward(self, dy, p, dp, need_dx=True):
        dy = dy.reshape(-1, self.filters)  # (h w n, filters)
        np.matmul(_columns(self.windows), dy, out=dp.reshape(-1, self.filters))  # (9c + 1, h w n) (h w n, filters)
        return self._dx(_weights(p, self.filters)[0], dy) if need_dx else None

    def _dx(self, W, dy):
        """Give each pixel what comes back from all the windows that it is in."""
        _, h, w, n = self.windows.shape
        dpixels = self._array("dpixels", (len(W), h * w * n), dy.dtype)
        np.matmul(W, dy.T, out=dpixels)  # (9c, filters) (filters, h w n)
        dpixels = dpixels.reshape(KERNEL_SIZE, KERNEL_SIZE, -1, h, w, n)
        dx = self._array("dx", self.input_shape, dy.dtype)
        dx[...] = 0
        for i, j in np.ndindex(KERNEL_SIZE, KERNEL_SIZE):
            dx[i : i + h, j : j + w] += np.moveaxis(dpixels[i, j], 0, -1)  # (h, w, n, channels)
        return dx


@dataclass(eq=False)
class MaxPool2D(Layer):
    """Keep the largest of every 2 x 2 pixels, channel by channel; height and width are halved.

    y = max of the four corners;  dx = dy in the corner that won, 0 in the others

    Convention: of equal corners the first wins, row by row, as in PyTorch. An odd last row or column is left out.

    Raises ValueError when the input is not an image of 2 x 2 pixels or more.
    Source: Zhou and Chellappa 1988.

    >>> pool, x = MaxPool2D(), np.array([[1.0, 7.0], [3.0, 5.0]]).reshape(2, 2, 1, 1)
    >>> pool.forward(x, None).ravel(), pool.backward(np.array([[[[10.0]]]]), None, None).ravel()
    (array([7.]), array([ 0., 10.,  0.,  0.]))
    """

    def output_shape(self, input_shape):
        height, width, channels = _image("MaxPool2D", input_shape, 2)
        return (height // 2, width // 2, channels)

    def forward(self, x, p, training=False):
        self.x = x  # (height, width, n, channels)
        height, width, *rest = x.shape
        top, bottom, y = (self._array(name, (height // 2, width // 2, *rest), x.dtype) for name in ("top", "low", "y"))
        a, b, c, d = _corners(x)
        np.maximum(a, b, out=top)
        np.maximum(c, d, out=bottom)
        self.rows = top, bottom
        return np.maximum(top, bottom, out=y)

    def backward(self, dy, p, dp, need_dx=True):
        if not need_dx:
            return None
        (a, b, c, d), (top, bottom) = _corners(self.x), self.rows
        up, a_wins, c_wins = top >= bottom, a >= b, c >= d
        winners = up & a_wins, up & ~a_wins, ~up & c_wins, ~(up | c_wins)
        dx = self._array("dx", self.x.shape, dy.dtype)
        dx[2 * len(dy) :] = dx[:, 2 * dy.shape[1] :] = 0  # an odd last row and column
        for corner, won in zip(_corners(dx), winners, strict=True):
            np.multiply(dy, won, out=corner)
        return dx


@dataclass(eq=False)
class ReLU(Layer):
    """Cut off what is below 0.

    y = max(x, 0);  dx = dy where x > 0, else 0

    Convention: the slope at 0 is 0, as in PyTorch, Keras and JAX. ReLU and max-pooling may change places: the largest
    of four cut numbers is the largest of the four, cut. Behind the pooling, ReLU has a quarter of the work.

    Source: Fukushima 1969; Nair and Hinton 2010.

    >>> ReLU().forward(np.array([[-2.0, 0.0, 3.0]]), None)
    array([[0., 0., 3.]])
    """

    def forward(self, x, p, training=False):
        self.y = np.maximum(x, 0, out=self._array("y", x.shape, x.dtype))
        return self.y

    def backward(self, dy, p, dp, need_dx=True):
        return np.multiply(dy, self.y > 0, out=self._array("dx", dy.shape, dy.dtype))


@dataclass(eq=False)
class Flatten(Layer):
    """Lay out each image as one row of features: row by row, pixel by pixel, channels last.

    Raises ValueError when the input is not an image.

    >>> Flatten().forward(np.arange(6.0).reshape(1, 3, 2, 1), None)  # two images of one row of three pixels
    array([[0., 2., 4.],
           [1., 3., 5.]])
    """

    def output_shape(self, input_shape):
        return (math.prod(_image("Flatten", input_shape, 1)),)

    def forward(self, x, p, training=False):
        height, width, n, channels = self.input_shape = x.shape
        y = self._array("y", (n, height, width, channels), x.dtype)
        y[...] = x.transpose(2, 0, 1, 3)
        return y.reshape(n, -1)

    def backward(self, dy, p, dp, need_dx=True):
        height, width, n, channels = self.input_shape
        dx = self._array("dx", self.input_shape, dy.dtype)
        dx[...] = dy.reshape(n, height, width, channels).transpose(1, 2, 0, 3)
        return dx


@dataclass(eq=False)
class Dropout(Layer):
    """In training, silence each input with probability r, and make up for it in those that are left.

    training:  y = x k / (1 - r),  k = 1 with probability 1 - r, else 0, drawn anew for every input
    test:      y = x

    Convention: "inverted", with the factor in training and nothing to do at test time, as in PyTorch, Keras and JAX;
    the paper multiplies by 1 - r at test time instead.

    Arguments
    ---------
    rate : r, 0 <= r < 1.
    seed : of the layer's own generator, default 0.
    place : 0 for a network's first Dropout, 1 for the second, which draws other numbers; the network counts.

    Raises ValueError when the rate is outside its range.
    Source: Srivastava and others 2014.

    >>> half, x = Dropout(0.5), np.ones((1, 8))
    >>> half.forward(x, None, training=True), half.forward(x, None)
    (array([[2., 2., 2., 0., 0., 0., 0., 0.]]), array([[1., 1., 1., 1., 1., 1., 1., 1.]]))
    """

    rate: float
    seed: int = 0
    place: int = 0

    def __post_init__(self):
        if not (isinstance(self.rate, (int, float, np.number)) and 0 <= self.rate < 1):
            raise ValueError(f"rate = {self.rate!r}: rate must be from 0 up to but not including 1")
        valid_seed(self.seed)
        self.rewind()

    def rewind(self):
        self.rng = np.random.default_rng([self.seed, self.place] if self.place else self.seed)

    def forward(self, x, p, training=False):
        if not training:
            return x
        kept = self.rng.random(x.shape, dtype=np.float32) >= self.rate
        self.factor = np.multiply(kept, 1 / (1 - self.rate), out=self._array("factor", x.shape, x.dtype))
        return np.multiply(x, self.factor, out=self._array("y", x.shape, x.dtype))

    def backward(self, dy, p, dp, need_dx=True):
        return np.multiply(dy, self.factor, out=self._array("dx", dy.shape, dy.dtype))


def _weights(p, units):
    """Return views of a layer's stretch of the vector: W as a matrix, shape (inputs, units), and b, shape (units,)."""
    matrix = p.reshape(-1, units)
    return matrix[:-1], matrix[-1]


def _columns(windows):
    """Return the windows of all places of all images as the columns of one matrix, shape (9c + 1, h w n)."""
    return windows.reshape(len(windows), -1)


def _corners(x):
    """Return the four corners of every 2 x 2 pixels of x, shape (height, width, ...), as views: row by row."""
    height, width = 2 * (len(x) // 2), 2 * (x.shape[1] // 2)
    return [x[i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]


def _image(name, shape, smallest):
    """Return the shape if it is that of an image that is large enough, or raise ValueError."""
    if len(shape) != 3 or min(shape[:2]) < smallest:
        needed = f"height and width at least {smallest}"
        raise ValueError(f"{name} takes images of shape (height, width, channels), {needed}; here come {shape}")
    return shape
