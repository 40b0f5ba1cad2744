"""A text as examples for a network, and text that a network writes."""

import math

import numpy as np

from adamcourse.checks import valid_seed, whole_number
from adamcourse.losses.classification import softmax


def windows(tokens, context):
    """Return a text cut into windows, and for each place of a window the token that comes next: two arrays.

    They are examples and labels for a network: each token is foretold once, from those before it in its window.

    Arguments
    ---------
    tokens : whole numbers, shape (length,).
    context : tokens in a window, 1 to length - 1; what is left at the end makes no window.

    Raises ValueError when tokens are no row of whole numbers, or too few for one window and what comes next.
    Source: Bengio, Ducharme, Vincent and Jauvin 2003, with all places of a window at once.

    >>> windows([3, 1, 4, 1, 5, 9], context=2)
    (array([[3, 1],
           [4, 1]]), array([[1, 4],
           [1, 5]]))
    """
    tokens = np.asarray(tokens)
    if tokens.ndim != 1 or tokens.dtype.kind not in "iu":
        raise ValueError(f"tokens of shape {tokens.shape} and type {tokens.dtype}: give a row of whole numbers")
    if len(tokens) < 2:
        raise ValueError(f"tokens has length {len(tokens)}: give 2 or more, since one is foretold")
    whole_number("context", context, 1, len(tokens) - 1)
    n = (len(tokens) - 1) // context
    return tokens[: n * context].reshape(n, context), tokens[1 : n * context + 1].reshape(n, context)


def bits(loss):
    """Return a cross-entropy in bits per token: how many yes-or-no questions the next one is still worth.

    bits = loss / log 2

    Arguments
    ---------
    loss : a mean cross-entropy in natural units, 0 or more.

    Source: Shannon 1951, who had readers guess the letters of English: about 1 bit each, with much context.

    >>> bits(np.log(65))  # a guess among 65 characters
    6.022367813028454
    """
    return float(loss / math.log(2))


def sample(network, w, tokens, length, temperature=1.0, seed=0):
    """Return tokens that a network writes behind those given, one after the other, shape (length,).

    p = softmax(scores / temperature)

    The network sees the last tokens, as many as its context has places. A row that is not yet full is filled up behind
    with the first token, which nobody sees: each place sees only what stands before it.

    Arguments
    ---------
    network : a Network that takes tokens and gives scores at each place.
    w : its parameters.
    tokens : the beginning, one or more whole numbers.
    length : how many are written, 0 or more.
    temperature : 1 draws as the network says (default); towards 0 the most probable token wins each time.
    seed : of the draw, default 0.

    Raises ValueError when tokens are none, length or seed is no whole number, temperature is not above 0, or scores are
    not finite.
    Source: Ackley, Hinton and Sejnowski 1985, for the temperature.

    >>> from adamcourse.networks import transformer
    >>> network = transformer(5, context=4, features=8, heads=2, blocks=1)
    >>> sample(network, network.start(), [0], length=6).shape
    (6,)
    """
    written = [int(token) for token in np.atleast_1d(tokens)]
    whole_number("length", length)
    if not written:
        raise ValueError("tokens is empty: give one or more to begin with")
    if not (np.isscalar(temperature) and 0 < temperature < math.inf):
        raise ValueError(f"temperature = {temperature!r}: give a number above 0")
    rng, (context,) = np.random.default_rng(valid_seed(seed)), network.input_shape
    for _ in range(length):
        seen = written[-context:]
        row = np.array([seen + [seen[0]] * (context - len(seen))])
        scores = network.forward(w, row)[len(seen) - 1, 0].astype(np.float64)
        if not np.isfinite(scores).all():
            raise ValueError("the network's scores are not finite: has its training diverged?")
        p = softmax(scores / temperature)
        written.append(int(rng.choice(len(p), p=p)))
    return np.array(written[len(written) - length :], dtype=np.int64)
