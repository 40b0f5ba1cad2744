"""Layers one behind the other over one stretch of the flat vector: a network is one, and a layer may hold one."""

import math


class Chain:
    """Layers, and for each the shape of its input and the stretch of the vector that holds its parameters.

    Arguments
    ---------
    layers : a list of layers.
    input_shape : the shape of one example, without the batch.

    Raises ValueError when a layer cannot take what the one before it gives.

    >>> from adamcourse.networks import Dense, ReLU
    >>> chain = Chain([Dense(16), ReLU(), Dense(10)], (784,))
    >>> chain.output_shape, chain.slices
    ((10,), [slice(0, 12560, None), slice(12560, 12560, None), slice(12560, 12730, None)])
    """

    def __init__(self, layers, input_shape):
        self.layers, self.slices, self.named_shapes, self.size = layers, [], [], 0
        shape = input_shape
        for layer in layers:
            following = layer.output_shape(shape)
            named = layer.named_shapes(shape)
            first = self.size
            self.size += sum(math.prod(size) for _, shapes in named for size in shapes.values())
            self.slices.append(slice(first, self.size))
            self.named_shapes += named
            shape = following
        self.output_shape = shape

    def forward(self, x, p, training=False):
        """Return what the last layer makes of x."""
        for layer, stretch in zip(self.layers, self.slices, strict=True):
            x = layer.forward(x, p[stretch], training)
        return x

    def backward(self, dy, p, dp, need_dx=True):
        """Write the gradients of all parameters into dp and return dx, or None where nobody needs it."""
        for k in reversed(range(len(self.layers))):
            dy = self.layers[k].backward(dy, p[self.slices[k]], dp[self.slices[k]], need_dx or k > 0)
        return dy if need_dx else None
