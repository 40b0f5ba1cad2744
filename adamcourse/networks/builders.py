"""Networks that the lessons use by name."""

from adamcourse.checks import whole_number
from adamcourse.networks.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU
from adamcourse.networks.network import CLASSES, Network
from adamcourse.networks.sequence import Embedding, LayerNorm, Positions, Residual, SelfAttention


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


def transformer(vocabulary, context=32, features=32, heads=4, blocks=2, norm="pre", dropout=0.0):
    """Return a network that foretells the next token at every place of a window: a small GPT.

    A block is attention and then two dense layers at each place, four times as wide between them; each is added to what
    comes in.

    Arguments
    ---------
    vocabulary : how many different tokens there are.
    context : places in a window, default 32.
    features : numbers for each place, default 32.
    heads : of attention, a divisor of features, default 4.
    blocks : how many, default 2.
    norm : "pre" (default) normalises what comes in to attention and to the dense layers, and once more at the end, as
        GPT-2 does; "post" normalises each sum instead, as the first transformer did.
    dropout : the share that is silenced in training of what attention and the dense layers add, default 0.

    Raises ValueError when norm is another word, or one of the numbers is not a whole number above 0.
    Source: Vaswani and others 2017 (post-norm); Radford and others 2019 (GPT-2).

    >>> transformer(65).size, transformer(65, features=64).size
    (30305, 109697)
    """
    if norm not in ("pre", "post"):
        raise ValueError(f"norm = {norm!r}: give 'pre' or 'post'")
    whole_number("context", context, 1), whole_number("blocks", blocks, 1)
    silencer = [Dropout(dropout)] if dropout else []
    parts = [SelfAttention(heads), *silencer], [Dense(4 * features), ReLU(), Dense(features), *silencer]
    if norm == "pre":
        body = [Residual([LayerNorm(), *part]) for part in parts] * blocks + [LayerNorm()]
    else:
        body = [layer for part in parts for layer in (Residual(part), LayerNorm())] * blocks
    return Network([Embedding(vocabulary, features), Positions(), *body, Dense(vocabulary)], (context,))
