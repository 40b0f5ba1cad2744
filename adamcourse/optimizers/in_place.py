"""Adam for long vectors: its lines once more, to the last bit, with every result written into memory that is there.

`Adam.step` is what to read. Each of its operations makes a new array, which takes time for a million numbers.
A test holds the two against each other, bit by bit.
"""

import numpy as np

from adamcourse.optimizers.core import Adam, AdamState


def update_in_place(optimizer, x, gradient, state):
    """Overwrite x with what `optimizer.update` returns, and return the next state; Adam overwrites the old one, too.

    Arguments
    ---------
    optimizer : anything with `update(x, gradient, state)`.
    x : array, overwritten.
    gradient : ∇f(x), the same shape and precision, left as it is.
    state : what `start` or the last call returned; not to be used afterwards.

    Raises ValueError when x cannot be overwritten, or what is given does not fit; then nothing has been changed.

    >>> adam, x = Adam(lr=0.1), np.zeros(2)
    >>> state = update_in_place(adam, x, np.array([100.0, 0.001]), adam.start(x))
    >>> x.round(4)
    array([-0.1, -0.1])
    """
    if not x.flags.writeable or x.dtype.kind != "f":
        raise ValueError(f"x, of type {x.dtype}, cannot be overwritten: give an array of floats that is not read-only")
    if _is_plain_adam(optimizer, state) and np.shape(gradient) == x.shape == state.m.shape == state.v.shape:
        return _adam(optimizer, x, np.asarray(gradient, x.dtype), state)
    following, state = optimizer.update(x.copy(), np.array(gradient), state)  # it may remember what it is given
    if np.shape(following) != x.shape:
        raise ValueError(f"{optimizer} makes an x of shape {np.shape(following)} of one of shape {x.shape}")
    x[...] = following
    return state


def _is_plain_adam(optimizer, state):
    """Is this Adam, whose relatives have other lines, with numbers as hyperparameters and a state of its own?"""
    if type(optimizer) is not Adam or type(state) is not AdamState or not optimizer.eps:
        return False
    return all(type(value) is float for value in (optimizer.lr, optimizer.beta1, optimizer.beta2, optimizer.eps))


def _adam(adam, x, g, state):
    (m, v, t), (a, b) = state, np.empty((2, *x.shape), x.dtype)
    t += 1
    m *= adam.beta1
    m += np.multiply(1 - adam.beta1, g, out=a)
    v *= adam.beta2
    v += np.multiply(1 - adam.beta2, np.square(g, out=a), out=a)
    m_hat, v_hat = m, v
    if adam.bias_correction:
        m_hat, v_hat = np.divide(m, 1 - adam.beta1**t, out=a), np.divide(v, 1 - adam.beta2**t, out=b)
    x -= np.divide(np.multiply(adam.lr, m_hat, out=a), np.add(np.sqrt(v_hat, out=b), adam.eps, out=b), out=a)
    return AdamState(m, v, t)
