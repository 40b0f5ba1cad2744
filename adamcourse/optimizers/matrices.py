"""Optimizers that must know which numbers form a matrix: Muon, Shampoo, SOAP, Adafactor.

They break the course's rule that an optimizer never learns what it is optimising, in one place: x is a matrix, shape
(inputs, outputs) as in Dense. `Groups` hands them the matrices of a network one by one, and vectors to another one.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from adamcourse.optimizers.core import Adam
from adamcourse.optimizers.optimizer import ABOVE_0, AT_LEAST_0, AT_LEAST_1, FRACTION, Optimizer, ema, parts, zeros

QUINTIC = 3.4445, -4.7750, 2.0315
_SHAPES = {}  # of the parts of states, by class of optimizers and shape of x


def orthogonalised(G, steps=5, eps=0.0):
    """Return a matrix with the singular vectors of G, and singular values near 1, by Newton and Schulz's iteration.

    X ← G / (‖G‖ + ε),  then so often: X ← a X + b (X Xᵀ) X + c (X Xᵀ)² X

    It acts on each singular value as s ← a s + b s³ + c s⁵, and is not meant to converge: with these a, b, c five steps
    send every s from 0.01 to 1 into 0.68 to 1.14, and small ones rise by 3.4 a step.

    Arguments
    ---------
    G : matrix; its zero is returned as it is.
    steps : how often, default 5.
    eps : ε, default 0.

    Source: Jordan and others 2024, Muon; the iteration Björck and Bowie 1971.

    >>> G = np.array([[0.0, 2.0], [1.0, 0.0]])
    >>> np.linalg.svd(orthogonalised(G), compute_uv=False).round(2)
    array([1.11, 0.69])
    """
    a, b, c = QUINTIC
    wide = G.shape[0] <= G.shape[1]
    length = np.sqrt(np.sum(G**2)) + eps
    X = (G if wide else G.T) / np.where(length > 0, length, 1)
    for _ in range(steps):
        A = X @ X.T
        X = a * X + (b * A + c * (A @ A)) @ X
    return X if wide else X.T


@dataclass(frozen=True)
class MatrixOptimizer(Optimizer):
    """What these optimizers share: x is a matrix, and their state has parts of other shapes."""

    matrices = True  # `Groups` hands each part in its own shape

    def shapes_of_state(self, x):
        """Return by name the shapes of the parts of the state."""
        kind = type(self), x.shape
        if kind not in _SHAPES:
            _SHAPES[kind] = {name: np.shape(part) for name, part in parts(self.start(x)).items()}
        return _SHAPES[kind]

    def _matrix(self, x):
        """Return zeros like x if it is a matrix, or raise ValueError."""
        if np.ndim(x) != 2:
            name = type(self).__name__
            raise ValueError(f"x has shape {np.shape(x)}: {name} takes a matrix; with Groups, give others to Adam")
        return zeros(x)


class MuonState(NamedTuple):
    """The state of Muon: a running mean m of gradients."""

    m: np.ndarray


@dataclass(frozen=True)
class Muon(MatrixOptimizer):
    """Momentum whose matrix is made orthogonal before the step, so that all directions in it are walked alike.

    m ← β m + (1 - β) g,  u = β m + (1 - β) g,  or m without nesterov
    W ← (1 - α λ) W - α s orthogonalised(u),  s = rms √(longer side)

    Convention: with this s the root mean square of a step is near 0.2 α, as Adam's, so that Adam's α and λ carry over
    (match_rms_adamw in PyTorch). With rms=0 s = √max(1, outputs / inputs), as in the first version. A rate belongs to
    its s. The mean in place of the sum changes nothing, as the length of u drops out.

    Arguments
    ---------
    lr : the learning rate α, >= 0, default 0.02.
    beta : β, 0 <= β < 1, default 0.95.
    weight_decay : λ, >= 0, default 0.
    rms : the root mean square of a step over α, >= 0, default 0.2; 0 takes the other s.
    nesterov : which u, default True.

    Raises ValueError when an argument is outside its range, or x is no matrix.
    Source: Jordan and others 2024; Liu and others 2025 (Moonlight), section 2.2, for s.

    >>> muon, W = Muon(lr=1.0, rms=0), np.zeros((2, 2))
    >>> step = muon.update(W, np.array([[0.0, 2.0], [1e-3, 0.0]]), muon.start(W))[0]
    >>> np.linalg.svd(step, compute_uv=False).round(2)  # of singular values 2 and 0.001
    array([0.7 , 0.24])
    """

    lr: float = 0.02
    beta: float = 0.95
    weight_decay: float = 0.0
    rms: float = 0.2
    nesterov: bool = True

    ranges = {"beta": FRACTION, "rms": AT_LEAST_0}

    def start(self, x):
        """Return the state before the first step: a mean of 0."""
        return MuonState(m=self._matrix(x))

    def step(self, x, g, state):
        m = ema(state.m, g, self.beta)
        return self.moved(x, ema(m, g, self.beta) if self.nesterov else m), MuonState(m)

    def moved(self, x, u, eps=0.0):
        """Return x after its decay and a step along u."""
        inputs, outputs = x.shape
        s = self.rms * max(inputs, outputs) ** 0.5 if self.rms else max(1.0, outputs / inputs) ** 0.5
        return (1 - self.lr * self.weight_decay) * x - self.lr * s * orthogonalised(u, eps=eps)


class ShampooState(NamedTuple):
    """The state of Shampoo: L and R, means of G Gᵀ and Gᵀ G, their roots, Adam's state for the length, and t."""

    L: np.ndarray
    R: np.ndarray
    left: np.ndarray
    right: np.ndarray
    adam: tuple
    t: int


@dataclass(frozen=True)
class Shampoo(MatrixOptimizer):
    """Divide a matrix of gradients on both sides by a root of what it was, and walk as far as Adam would.

    L ← β L + (1 - β) G Gᵀ,  R ← β R + (1 - β) Gᵀ G
    D = L^(-1/4) G R^(-1/4),  W ← W - D ‖Adam's step‖ / ‖D‖

    Convention: means in place of the paper's sums, roots anew every few steps, and the length from Adam (grafting), as
    implementations have it. With β = 0 and G of full rank D = U Vᵀ, the singular vectors alone.

    Arguments
    ---------
    lr : the learning rate α of Adam, >= 0, default 0.001.
    beta : β, 0 <= β < 1, default 0.95.
    every : steps between two computations of the roots, 1 or more, default 10.
    eps : added to the eigenvalues, >= 0, default 1e-12.

    Raises ValueError when an argument is outside its range, or x is no matrix.
    Source: Gupta, Koren and Singer 2018, Algorithm 1; Shi and others 2023, sections 3.1 and 3.4.

    >>> shampoo, W = Shampoo(lr=0.1, beta=0.0), np.zeros((2, 2))
    >>> shampoo.update(W, np.array([[0.0, 2.0], [1e-3, 0.0]]), shampoo.start(W))[0].round(3)  # as long as Adam's step
    array([[ 0. , -0.1],
           [-0.1,  0. ]])
    """

    lr: float = 1e-3
    beta: float = 0.95
    every: int = 10
    eps: float = 1e-12

    ranges = {"beta": FRACTION, "every": AT_LEAST_1}

    def start(self, x):
        """Return the state before the first step: L and R are 0."""
        x = self._matrix(x)
        L, R = (np.zeros((side, side), x.dtype) for side in x.shape)
        return ShampooState(L, R, L.copy(), R.copy(), Adam(self.lr).start(x), 0)

    def step(self, x, g, state):
        L, R = ema(state.L, g @ g.T, self.beta), ema(state.R, g.T @ g, self.beta)
        left, right = state.left, state.right
        if state.t % self.every == 0:
            left, right = _fourth_root(L, self.eps), _fourth_root(R, self.eps)
        walked, adam = Adam(self.lr, beta2=0.95).step(x, g, state.adam)
        D = left @ g @ right
        length = np.sqrt(np.sum(D**2))
        D = D * (np.sqrt(np.sum((x - walked) ** 2)) / np.where(length > 0, length, 1))
        return x - D, ShampooState(L, R, left, right, adam, state.t + 1)


def _fourth_root(A, eps):
    """Return A^(-1/4) of a symmetric matrix without negative eigenvalues; of directions that it does not have, 0."""
    values, vectors = eigenvectors(A)
    rounding = values.max(initial=0) * len(A) * np.finfo(A.dtype).eps
    kept = values > rounding
    roots = np.where(kept, (np.where(kept, values, 1) + A.dtype.type(eps)) ** -0.25, values * 0)  # NaN stays NaN
    return (vectors * roots) @ vectors.T


def eigenvectors(A):
    """Return eigenvalues and eigenvectors of a symmetric matrix, NaN where it is not finite."""
    if np.isfinite(A).all():
        return np.linalg.eigh(A)
    return np.full(len(A), np.nan, A.dtype), np.full_like(A, np.nan)


class SOAPState(NamedTuple):
    """The state of SOAP: L and R, means of G Gᵀ and Gᵀ G, bases of their eigenvectors, Adam's moments, and t."""

    L: np.ndarray
    R: np.ndarray
    Q_L: np.ndarray
    Q_R: np.ndarray
    m: np.ndarray
    v: np.ndarray
    t: int


@dataclass(frozen=True)
class SOAP(MatrixOptimizer):
    """Run Adam in the directions in which a matrix of gradients varies, on both sides.

    L ← β2 L + (1 - β2) G Gᵀ,  R ← β2 R + (1 - β2) Gᵀ G,  Q_L and Q_R their eigenvectors, refined every few steps
    m ← β1 m + (1 - β1) G,  v ← β2 v + (1 - β2) (Q_Lᵀ G Q_R)²
    W ← W - α Q_L (Q_Lᵀ m̂ Q_R / (√v̂ + ε)) Q_Rᵀ

    Convention: the eigenvectors come from a decomposition at the first step; later they are put in the order of their
    eigenvalues, and v with them, and refined by one multiplication, Q ← qr(L Q), before the step. The published code
    refines them after the step, and does not move at the first. m is kept in W's own axes, v in those of the basis.

    Arguments
    ---------
    lr, beta1, beta2, eps : as for Adam; defaults 0.003, 0.95, 0.95, 1e-8.
    every : steps between two refinements, 1 or more, default 10.

    Raises ValueError when an argument is outside its range, or x is no matrix.
    Source: Vyas and others 2024, Algorithms 3 and 4.

    >>> soap, W = SOAP(lr=0.1), np.zeros((2, 2))
    >>> soap.update(W, np.array([[3.0, 4.0], [0.0, 0.0]]), soap.start(W))[0].round(3)  # one direction, one step of α
    array([[-0.06, -0.08],
           [ 0.  ,  0.  ]])
    """

    lr: float = 3e-3
    beta1: float = 0.95
    beta2: float = 0.95
    eps: float = 1e-8
    every: int = 10

    ranges = {"beta1": FRACTION, "beta2": FRACTION, "every": AT_LEAST_1}

    def start(self, x):
        """Return the state before the first step: means of 0."""
        x = self._matrix(x)
        L, R = (np.zeros((side, side), x.dtype) for side in x.shape)
        return SOAPState(L, R, np.eye(len(L), dtype=x.dtype), np.eye(len(R), dtype=x.dtype), x, x, 0)

    def step(self, x, g, state):
        t = state.t + 1
        L, R = ema(state.L, g @ g.T, self.beta2), ema(state.R, g.T @ g, self.beta2)
        Q_L, Q_R, v = state.Q_L, state.Q_R, state.v
        if state.t == 0:
            Q_L, Q_R = (eigenvectors(side)[1][:, ::-1] for side in (L, R))
        elif state.t % self.every == 0:
            (Q_L, rows), (Q_R, columns) = _refined(Q_L, L), _refined(Q_R, R)
            v = v[np.ix_(rows, columns)]
        m = ema(state.m, g, self.beta1)
        v = ema(v, (Q_L.T @ g @ Q_R) ** 2, self.beta2)
        m_hat, v_hat = m / (1 - self.beta1**t), v / (1 - self.beta2**t)
        root = np.sqrt(v_hat) + self.eps
        turned = np.divide(Q_L.T @ m_hat @ Q_R, root, out=np.zeros_like(root), where=root > 0)  # where no gradient was
        return x - self.lr * (Q_L @ turned @ Q_R.T), SOAPState(L, R, Q_L, Q_R, m, v, t)


def _refined(Q, A):
    """Return eigenvectors of A that are better than Q, and the order into which they were put."""
    order = np.argsort(-np.sum(Q * (A @ Q), axis=0), kind="stable")
    return np.linalg.qr(A @ Q[:, order])[0], order


class AdafactorState(NamedTuple):
    """The state of Adafactor: means of g² over each row and each column (of a vector, of each number), and t."""

    rows: np.ndarray
    columns: np.ndarray
    t: int


@dataclass(frozen=True)
class Adafactor(MatrixOptimizer):
    """Adam's v from its row and column means alone, without a first moment, and with steps of bounded length.

    V = r cᵀ / mean(r),  r and c running means of the rows and columns of g², with β2 = 1 - t^(-0.8)
    U = g / √V,  U ← U / max(1, RMS(U) / d),  W ← W - α U

    Convention: a rate of your own. With relative=True α is multiplied by max(0.001, RMS(W)), as in the paper. A vector
    keeps a v of its own.

    Arguments
    ---------
    lr : the learning rate α, >= 0, default 0.01.
    clip : d, the largest root mean square of a step over α, > 0, default 1.
    relative : does α mean a share of the size of W? default False.
    eps : added to g², >= 0, default 1e-30.

    Raises ValueError when an argument is outside its range, or x has more than two axes.
    Source: Shazeer and Stern 2018, Algorithms 4 and 5.

    >>> adafactor, W = Adafactor(lr=0.1), np.zeros((3, 4))
    >>> {name: part.shape for name, part in adafactor.start(W)._asdict().items() if name != "t"}
    {'rows': (3,), 'columns': (4,)}
    """

    lr: float = 1e-2
    clip: float = 1.0
    relative: bool = False
    eps: float = 1e-30

    ranges = {"clip": ABOVE_0}

    def start(self, x):
        """Return the state before the first step: means of 0."""
        x = zeros(x)
        if x.ndim not in (1, 2):
            raise ValueError(f"x has shape {x.shape}: Adafactor takes a vector or a matrix")
        return AdafactorState(x[:, 0].copy() if x.ndim == 2 else x, x[0].copy() if x.ndim == 2 else x[:0], 0)

    def step(self, x, g, state):
        t = state.t + 1
        rows, columns = self.means(g, state, 1 - t**-0.8)
        U = g / self.root(rows, columns)
        U = U / max(1.0, rms(U) / self.clip)
        return x - self.rate(x, t) * U, AdafactorState(rows, columns, t)

    def means(self, g, state, beta2):
        """Return the running means over rows and columns with the next g² in them; of a vector, over each number."""
        squares = g**2 + g.dtype.type(self.eps)
        if g.ndim == 1:
            return ema(state.rows, squares, beta2), state.columns
        return ema(state.rows, squares.mean(axis=1), beta2), ema(state.columns, squares.mean(axis=0), beta2)

    def root(self, rows, columns):
        """Return √V, of the shape of x."""
        return np.sqrt(np.outer(rows / rows.mean(), columns) if columns.size else rows)

    def rate(self, x, t):
        """Return the rate of step t."""
        return self.lr * max(1e-3, rms(x)) if self.relative else self.lr


def rms(x):
    """Return the root mean square of all numbers of x."""
    return float(np.sqrt(np.mean(np.square(x))))
