"""Layers of a transformer. Tokens come as rows, shape (n, places); all else has shape (places, n, features).

So the batch is the last axis but one, as in all layers, and Dense, ReLU and Dropout work at every place alike. Only
SelfAttention lets one place see another.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from adamcourse.checks import whole_number, whole_numbers_below
from adamcourse.networks.chain import Chain
from adamcourse.networks.layers import Layer


@dataclass(eq=False)
class Embedding(Layer):
    """Give each token a row of numbers of its own, which is learned: W's row with the number of the token.

    y[t] = W[token t];  ∂f/∂W[k] = Σ of dy over all places where token k stands

    Arguments
    ---------
    vocabulary : how many different tokens there are, 1 or more: they are 0 to vocabulary - 1.
    features : numbers for each, 1 or more.

    Raises ValueError when one of them is no whole number above 0, or tokens are no whole numbers in this range.
    Source: Bengio, Ducharme, Vincent and Jauvin 2003.

    >>> W = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])  # three tokens, two features
    >>> Embedding(3, 2).forward(np.array([[2, 0]]), W)[:, 0]  # one row of two places
    array([[4., 5.],
           [0., 1.]])
    """

    vocabulary: int
    features: int

    def __post_init__(self):
        whole_number("vocabulary", self.vocabulary, 1)
        whole_number("features", self.features, 1)

    def shapes(self, input_shape):
        return {"W": (self.vocabulary, self.features)}

    def output_shape(self, input_shape):
        if len(input_shape) != 1:
            raise ValueError(f"Embedding takes rows of tokens, here come {input_shape}: put it first")
        return (*input_shape, self.features)

    def checked_examples(self, X):
        return whole_numbers_below("tokens", X, self.vocabulary)

    def forward(self, x, p, training=False):
        self.tokens = x.T  # (places, n)
        y = self._array("y", (*self.tokens.shape, self.features), p.dtype)
        return np.take(p.reshape(-1, self.features), self.tokens, axis=0, out=y, mode="clip")  # they were checked

    def backward(self, dy, p, dp, need_dx=True):
        tokens = self.tokens.ravel()
        order = np.argsort(tokens, kind="stable")  # equal tokens side by side: one sum for each
        seen, first = np.unique(tokens[order], return_index=True)
        dp[...] = 0
        dp.reshape(-1, self.features)[seen] = np.add.reduceat(dy.reshape(-1, self.features)[order], first, axis=0)


@dataclass(eq=False)
class Positions(Layer):
    """Add to each place a row of numbers that is learned, since attention by itself does not know the order.

    y[t] = x[t] + P[t];  ∂f/∂P[t] = Σ dy[t] over the batch,  dx = dy

    Source: Gehring and others 2017; Radford and others 2019 (GPT-2).

    >>> Positions().forward(np.zeros((2, 1, 1)), np.array([0.5, -0.5])).ravel()
    array([ 0.5, -0.5])
    """

    def shapes(self, input_shape):
        return {"P": input_shape}

    def forward(self, x, p, training=False):
        P = p.reshape(len(x), 1, -1)
        return np.add(x, P, out=self._array("y", x.shape, x.dtype))

    def backward(self, dy, p, dp, need_dx=True):
        np.sum(dy, axis=1, out=dp.reshape(len(dy), -1))
        return dy


@dataclass(eq=False)
class LayerNorm(Layer):
    """Bring the features of each place to mean 0 and variance 1, and multiply them by a gain that is learned.

    z = (x - mean(x)) / √(var(x) + ε),  y = gain z
    ∂f/∂gain = Σ dy z,  dz = gain dy,  dx = (dz - mean(dz) - z mean(dz z)) / √(var(x) + ε)

    Convention: a gain and no shift, ε = 1e-5 below the root, as in PyTorch's LayerNorm with bias=False.

    Source: Ba, Kiros and Hinton 2016.

    >>> LayerNorm().forward(np.array([[1.0, 3.0]]), np.ones(2)).round(3)
    array([[-1.,  1.]])
    """

    eps: float = 1e-5

    def shapes(self, input_shape):
        return {"gain": input_shape[-1:]}

    def forward(self, x, p, training=False):
        mean = _mean(x)
        z = np.subtract(x, mean, out=self._array("z", x.shape, x.dtype))
        squares = np.multiply(z, z, out=self._array("y", x.shape, x.dtype))
        self.inverse = 1 / np.sqrt(_mean(squares) + x.dtype.type(self.eps))
        z *= self.inverse
        self.z = z
        return np.multiply(z, p, out=squares)

    def backward(self, dy, p, dp, need_dx=True):
        product = np.multiply(dy, self.z, out=self._array("product", dy.shape, dy.dtype))
        np.sum(product.reshape(-1, len(p)), axis=0, out=dp)
        product *= p  # dz z
        share = _mean(product)
        dx = np.multiply(dy, p, out=self._array("dx", dy.shape, dy.dtype))  # dz
        dx -= _mean(dx)
        dx -= np.multiply(self.z, share, out=product)
        dx *= self.inverse
        return dx


@dataclass(eq=False)
class SelfAttention(Layer):
    """Let each place take a weighted mean of what stands before it and at it, several heads side by side.

    q = x Q,  k = x K,  v = x V,  each cut into h heads of e = features / h numbers
    s[t, u] = q[t] · k[u] / √e for u ≤ t,  a = softmax of s over u,  y = (Σ_u a[t, u] v[u] of all heads) O

    What comes later, u > t, has weight 0 (the causal mask): so no place sees what it has to foretell.

    Arguments
    ---------
    heads : h, 1 or more, a divisor of the number of features.

    Raises ValueError when heads is no whole number above 0, or the features cannot be cut into so many.
    Convention: no biases. Inside, keys stand in the rows of s, since a maximum over rows is quicker; e is exp(s), whose
    sums over u come with those of e v, as v has a column of ones.
    Source: Vaswani and others 2017, section 3.2; the way back by a sum over features, Dao and others 2022, appendix B.

    >>> ones = np.ones(4)  # Q, K, V and O of one feature
    >>> SelfAttention(1).forward(np.array([[[1.0]], [[1.0]], [[4.0]]]), ones).ravel().round(2)
    array([1., 1., 4.])
    """

    heads: int

    def __post_init__(self):
        whole_number("heads", self.heads, 1)

    def shapes(self, input_shape):
        return dict.fromkeys("QKVO", (input_shape[-1],) * 2)

    def output_shape(self, input_shape):
        if len(input_shape) != 2 or input_shape[-1] % self.heads:
            raise ValueError(f"SelfAttention takes places x features, a multiple of {self.heads}; here: {input_shape}")
        return input_shape

    def forward(self, x, p, training=False):
        places, n, features = x.shape
        self.x, W = x.reshape(-1, features), p.reshape(4, features, features)
        rows = np.matmul(self.x, W[:3], out=self._array("rows", (3, *self.x.shape), x.dtype))
        q, k, v = self._by_head(rows.reshape(3, *x.shape))  # each (n, heads, places, e)
        self.q, self.k = self._array("q and k", (2, *q.shape), x.dtype)
        self.v = self._array("v and 1", (*v.shape[:-1], v.shape[-1] + 1), x.dtype)
        np.divide(q, math.sqrt(q.shape[-1]), out=self.q)
        self.k[...], self.v[..., :-1], self.v[..., -1] = k, v, 1
        self.e = self._array("e", (n, self.heads, places, places), x.dtype)
        _exp_of_scores(self.k, self.q, out=self.e)
        sums = np.matmul(self.e.swapaxes(-1, -2), self.v, out=self._array("sums", self.v.shape, x.dtype))
        self.inverse = 1 / sums[..., -1:]
        self.mixed = sums[..., :-1]
        self.mixed *= self.inverse
        self.heads_joined = self._array("joined", self.x.shape, x.dtype)
        self._by_head(self.heads_joined.reshape(x.shape))[...] = self.mixed
        y = self._array("y", self.x.shape, x.dtype)
        return np.matmul(self.heads_joined, W[3], out=y).reshape(x.shape)

    def backward(self, dy, p, dp, need_dx=True):
        features = dy.shape[-1]
        W, dW = p.reshape(4, features, features), dp.reshape(4, features, features)
        rows = dy.reshape(-1, features)
        np.matmul(self.heads_joined.T, rows, out=dW[3])
        dmixed = np.matmul(rows, W[3].T, out=self._array("dmixed", rows.shape, dy.dtype))
        d = self._back_through_heads(self._by_head(dmixed.reshape(dy.shape)))
        drows = self._array("drows", (3, *dy.shape), dy.dtype)
        self._by_head(drows)[...] = d
        drows = drows.reshape(3, -1, features)
        np.matmul(self.x.T, drows, out=dW[:3])
        if not need_dx:
            return None
        parts = np.matmul(drows, W[:3].swapaxes(1, 2), out=self._array("parts", drows.shape, dy.dtype))
        return np.sum(parts, axis=0, out=self._array("dx", rows.shape, dy.dtype)).reshape(dy.shape)

    def _back_through_heads(self, dmixed):
        """Return dq, dk and dv, shape (3, n, heads, places, e).

        ds[t, u] = a[t, u] (v[u] · dmixed[t] - mixed[t] · dmixed[t]), with dmixed / Σ_u e[u, t] and e in place of a.
        """
        d = self._array("d and share", self.v.shape, dmixed.dtype)
        np.multiply(dmixed, self.inverse, out=d[..., :-1])
        np.einsum("...e,...e->...", self.mixed, d[..., :-1], out=d[..., -1])
        d[..., -1] *= -1
        ds = np.matmul(self.v, d.swapaxes(-1, -2), out=self._array("ds", self.e.shape, d.dtype))
        ds *= self.e
        dq, dk, dv = dq_dk_dv = self._array("dq, dk, dv", (3, *self.q.shape), d.dtype)
        np.matmul(ds.swapaxes(-1, -2), self.k, out=dq)
        dq /= math.sqrt(dq.shape[-1])
        np.matmul(ds, self.q, out=dk)
        np.matmul(self.e, d[..., :-1], out=dv)
        return dq_dk_dv

    def _by_head(self, array):
        """Return a view of (..., places, n, features) as (..., n, heads, places, e)."""
        return np.moveaxis(array.reshape(*array.shape[:-1], self.heads, -1), -4, -2)


@dataclass(eq=False)
class Residual(Layer):
    """Add to what comes in what other layers make of it: y = x + layers(x); dx = dy + what they hand back.

    Arguments
    ---------
    layers : a list of layers, whose output has the shape of their input. The layer keeps copies of its own.

    Raises ValueError when it has not.
    Source: He, Zhang, Ren and Sun 2016.

    >>> from adamcourse.networks import Dense, Network
    >>> network = Network([Residual([Dense(2)])], (2,))
    >>> network.forward(np.array([1.0, 0, 0, 1, 0, 0]), np.array([[3.0, 5.0]]))  # W = 1, b = 0: each input twice
    array([[ 6., 10.]])
    """

    layers: list

    def __post_init__(self):
        self.layers, self._chains = [replace(layer) for layer in self.layers], {}

    def leaves(self):
        return [leaf for layer in self.layers for leaf in layer.leaves()]

    def named_shapes(self, input_shape):
        return self._chain(input_shape).named_shapes

    def output_shape(self, input_shape):
        following = self._chain(input_shape).output_shape
        if following != input_shape:
            raise ValueError(f"Residual adds what comes in, {input_shape}, and what its layers give, {following}")
        return input_shape

    def forward(self, x, p, training=False):
        self.chain = self._chain((*x.shape[:-2], x.shape[-1]))
        return np.add(x, self.chain.forward(x, p, training), out=self._array("y", x.shape, x.dtype))

    def backward(self, dy, p, dp, need_dx=True):
        dx = self.chain.backward(dy, p, dp, need_dx)
        return np.add(dy, dx, out=self._array("dx", dy.shape, dy.dtype)) if need_dx else None

    def _chain(self, input_shape):
        """Return the layers as a chain for inputs of this shape, the same one each time."""
        if input_shape not in self._chains:
            self._chains[input_shape] = Chain(self.layers, input_shape)
        return self._chains[input_shape]


def _mean(x):
    """Return the mean over the last axis, which stays; a product with a vector is quicker than a sum."""
    return (x @ np.full(x.shape[-1], 1 / x.shape[-1], x.dtype))[..., None]


def _exp_of_scores(k, q, out):
    """Write exp(k qᵀ - the largest of the column) into out, shape (..., keys, queries), 0 where the key is later."""
    np.matmul(k, q.swapaxes(-1, -2), out=out)
    out += _mask(k.shape[-2], out.dtype)
    out -= _largest_of_columns(out)
    np.exp(out, out=out)


@lru_cache
def _mask(places, dtype):
    """Return what is added to the scores, shape (keys, queries): 0, and -∞ where the key is later."""
    return np.where(np.tri(places, dtype=bool).T, 0, -np.inf).astype(dtype)


def _largest_of_columns(s):
    """Return the largest of each column, shape (..., 1, columns): half against half is quicker than row by row."""
    while s.shape[-2] > 1:
        half = (s.shape[-2] + 1) // 2
        s = np.maximum(s[..., :half, :], s[..., -half:, :])
    return s
