"""Networks that the lessons use by name."""

from adamcourse.networks.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU
from adamcourse.networks.network import CLASSES, Network


def mlp(hidden=32, dropout=0.0):
    """Return a network with one hidden layer for the digits: a multilayer perceptron, 784 pixels in, ten scores out.

    Arguments
    ---------
    hidden : units of the hidden layer, default 32.
    dropout : the share of hidden units that is silenced in training, default 0: no such layer.

    Raises ValueError when hidden is not a whole number above 0, or dropout not from 0 up to but not including 1.
    Source: Rumelhart, Hinton and Williams 1986.

    >>> mlp().size
    25450
    """
    silencer = [Dropout(dropout)] if dropout else []
    return Network([Dense(hidden), ReLU(), *silencer, Dense(CLASSES)], (784,))


def article_cnn(filters=32, hidden=128):
    """Return the network of the article that this course grew from: a convolution and two dense layers.

    The article as printed lacks Flatten and does not run; with it, the network has 693,962 parameters. The article
    puts ReLU before the pooling: the outputs and gradients are the same (see ReLU), to the last bit.

    Arguments
    ---------
    filters, hidden : of the convolution and of the dense layer, default 32 and 128.

    Raises ValueError when one of them is not a whole number above 0.
    Source: the article's listing, in Keras.

    >>> article_cnn().size, article_cnn(filters=8, hidden=64).size
    (693962, 87322)
    """
    layers = [Conv2D(filters), MaxPool2D(), ReLU(), Flatten(), Dense(hidden), ReLU(), Dense(CLASSES)]
    return Network(layers, (28, 28, 1))
