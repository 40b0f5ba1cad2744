"""Record miniatures of the four figures of the Adam paper, each optimizer with a search of its own.

    python data/make_paper.py            # all parts, on all processors
    python data/make_paper.py digits     # one part, in the place of its older record

Writes data/paper.json, which lesson 13 draws. Section 6 of the paper gives models, the size of a minibatch (128) and
for logistic regression the schedule α / √t; it says that rate and momentum were searched "over a dense grid" for the
best result, and prints neither the grid nor what it found. So each optimizer has a search here: rates half a decade
apart, and a second setting. A setting is judged in training, as in the paper's figures: by the cost on the minibatches
of the last epoch, penalty included, the mean of three seeds. `lowest` holds for each epoch the cost of the best setting
for that epoch, and `again` that of other seeds in the last one. A cost that is not finite counts as infinity.
"""

from itertools import product
from pathlib import Path

from make_language import record

# isort: split
# the line above comes first: it sets one thread for each run, which NumPy asks for when it is loaded
import numpy as np

from adamcourse.datasets import digits_subset, load_lines
from adamcourse.dialects.shared import Adadelta
from adamcourse.networks import Conv2D, Dense, Dropout, Flatten, MaxPool2D, Network, ReLU
from adamcourse.optimizers import Adagrad, Adam, InverseRoot, Momentum, RMSprop, Scheduled

FILE = Path(__file__).with_name("paper.json")
SEEDS, OTHER_SEEDS, BATCH, HELD_BACK = (0, 1, 2), (3, 4, 5), 128, 1000
PENALTY = 1e-4  # λ of the L2 penalties; the paper does not say how strong its own are
DECADES = np.arange(0, 5.01, 0.5)
KINDS = {  # an optimizer of a rate and a second setting, the values of that, and the lowest rate, a power of ten
    "Nesterov": (lambda rate, beta: Momentum(rate, beta=beta, nesterov=True), (0.5, 0.9, 0.99), -4),
    "Adagrad": (lambda rate, begun: Adagrad(rate, initial_accumulator=begun), (0.0, 0.1), -3),
    "RMSprop": (lambda rate, rho: RMSprop(rate, rho=rho), (0.9, 0.99, 0.999), -5),
    "Adadelta": (lambda rate, rho: Adadelta(rate, rho=rho), (0.9, 0.95, 0.99), -2),
    "Adam": (lambda rate, betas: Adam(rate, *betas), ((0.9, 0.999), (0.9, 0.99), (0.99, 0.999)), -5),
}
LATER = 1  # how many powers of ten higher the rates are that fall as 1 / √t


def logistic(inputs, classes, dropout=False):
    return Network([Dropout(0.5)] * dropout + [Dense(classes)], (inputs,))


def multilayer(dropout=False):
    """Two hidden layers of 100 units, where the paper has 1,000."""
    hidden = [layer for _ in range(2) for layer in (Dense(100), ReLU(), *[Dropout(0.5)] * dropout)]
    return Network([*hidden, Dense(10)], (784,))


def convolutional():
    """Three stages of convolution and pooling, and a dense layer; windows of 3 x 3 and 2 x 2 for 5 x 5 and 3 x 3."""
    stages = [layer for filters in (8, 8, 16) for layer in (Conv2D(filters), ReLU(), MaxPool2D())]
    return Network([Dropout(0.2), *stages, Flatten(), Dense(64), ReLU(), Dropout(0.5), Dense(10)], (28, 28, 1))


def digits_of(many):
    return digits_subset(many, HELD_BACK)


def images_of(many):
    return [(part.images.reshape(-1, 28, 28, 1), part.labels) for part in digits_subset(many, HELD_BACK)]


def lines():
    return load_lines()[1:]


TASKS = {  # a network, its examples, the strength of the penalty, how many epochs, and whether rates fall
    "digits": (lambda: logistic(784, 10), lambda: digits_of(7000), PENALTY, 45, True),
    "digits, constant": (lambda: logistic(784, 10), lambda: digits_of(7000), PENALTY, 45, False),
    "digits, no penalty": (lambda: logistic(784, 10), lambda: digits_of(7000), 0, 45, True),
    "digits, constant, no penalty": (lambda: logistic(784, 10), lambda: digits_of(7000), 0, 45, False),
    "lines": (lambda: logistic(2201, 2), lines, PENALTY, 45, True),
    "lines, constant": (lambda: logistic(2201, 2), lines, PENALTY, 45, False),
    "lines, dropout": (lambda: logistic(2201, 2, dropout=True), lines, PENALTY, 45, True),
    "lines, dropout, constant": (lambda: logistic(2201, 2, dropout=True), lines, PENALTY, 45, False),
    "multilayer": (multilayer, lambda: digits_of(7000), PENALTY, 40, False),
    "multilayer, dropout": (lambda: multilayer(dropout=True), lambda: digits_of(7000), 0, 40, False),
    "convolutional": (convolutional, lambda: images_of(2000), 0, 45, False),
}
RIVALS = {
    "digits": ("Nesterov", "Adagrad", "Adam"),
    "lines": ("Nesterov", "Adagrad", "RMSprop", "Adam"),
    "multilayer": tuple(KINDS),
    "convolutional": ("Nesterov", "Adagrad", "Adam"),
}


def walk(loss, optimizer, w, steps, penalty=0.0):
    """Return the cost of each minibatch, its loss and the penalty ½ λ |w|², and w; one that is not finite ends it."""
    losses, state = [], optimizer.start(w)
    with np.errstate(all="ignore"):  # a run that diverges is a result
        for _ in range(steps):
            value, gradient = loss.value_and_gradient(w)
            losses.append(value + penalty / 2 * float(w @ w))
            if not np.isfinite(losses[-1]):
                break
            w, state = optimizer.update(w, gradient + np.float32(penalty) * w, state)
    return np.array(losses + [np.inf] * (steps - len(losses))), w


def optimizer_of(kind, rate, setting, falling):
    made = KINDS[kind][0](rate, setting)
    return Scheduled(made, InverseRoot()) if falling else made


def one(job):
    """Return the mean loss of each epoch, and the accuracy on examples held back; job names task and setting."""
    task, kind, rate, setting, seed = job
    network, examples, penalty, epochs, falling = (make() if callable(make) else make for make in TASKS[task])
    train, validation = examples
    loss = network.loss_on(*train, batch_size=BATCH, seed=seed)
    per_epoch = -(-len(train[1]) // BATCH)
    optimizer = optimizer_of(kind, rate, setting, falling)
    losses, w = walk(loss, optimizer, network.start(seed), epochs * per_epoch, penalty)
    curve = np.nan_to_num(
        losses.reshape(epochs, per_epoch).mean(axis=1), nan=np.inf, posinf=np.inf
    )  # not a number: infinite
    return curve, network.evaluate(w, *validation).accuracy if np.isfinite(curve[-1]) else 0.0


def rates_of(kind, falling):
    return [float(f"{10 ** (KINDS[kind][2] + LATER * falling + decade):.3g}") for decade in DECADES]


def searched(pool, task, kind):
    """Return rates, settings, the last epoch's loss of each, the best of both, and its curves and accuracies."""
    rates, settings = rates_of(kind, TASKS[task][-1]), KINDS[kind][1]
    grid = list(product(rates, settings))
    jobs = [(task, kind, rate, setting, seed) for (rate, setting), seed in product(grid, SEEDS)]
    found = list(pool.map(one, jobs, chunksize=3))
    curves = np.array([curve for curve, _ in found]).reshape(len(grid), len(SEEDS), -1)
    means = curves.mean(axis=1)  # (settings, epochs)
    best = int(means[:, -1].argmin())
    accuracies = np.array([accuracy for _, accuracy in found]).reshape(len(grid), -1)
    return {
        "rates": rates,
        "settings": settings,
        "losses": [float(f"{value:.4g}") for value in means[:, -1]],
        "best": grid[best],
        "curves": [[float(f"{value:.4g}") for value in curve] for curve in curves[best]],
        "lowest": [float(f"{value:.4g}") for value in means.min(axis=0)],
        "again": [
            float(f"{curve[-1]:.4g}")
            for curve, _ in pool.map(one, [(task, kind, *grid[best], seed) for seed in OTHER_SEEDS])
        ],
        "accuracy": [round(float(value), 4) for value in accuracies[best]],
    }


def part_of(task):
    """Return the function that records one task: its rivals, each with its search."""
    rivals = RIVALS[task.split(",")[0]]
    return lambda pool: {kind: searched(pool, task, kind) for kind in rivals}


class Autoencoder:
    """A variational autoencoder of black and white images as a loss: what an image costs to write, in nats.

    h = softplus(x W1 + b1), μ = h W2 + b2, s = h W3 + b3, z = μ + e^(s/2) noise, d = softplus(z W4 + b4),
    scores = d W5 + b5;  f = Σ log(1 + e^scores) - x scores + ½ Σ e^s + μ² - 1 - s, the mean over the images

    Arguments
    ---------
    images : shape (n, pixels), each pixel from 0 to 1.
    hidden, latent : how many hidden units there are on both sides, and how many numbers stand for an image.
    batch_size, seed : of the minibatches; the seed decides the noise as well.

    Source: Kingma and Welling 2013, sections 2.3 and 3 and appendix C, with softplus as in Kingma and Ba 2015.
    """

    def __init__(self, images, hidden=100, latent=10, batch_size=100, seed=0):
        self.images, self.batch_size = images, batch_size
        self.rng = np.random.default_rng((seed, 1))
        pixels = images.shape[1]
        self.sizes = (pixels, hidden), (hidden, latent), (hidden, latent), (latent, hidden), (hidden, pixels)

    def start(self, seed=0):
        """Return parameters to begin with, as Network.start does: Glorot's weights, biases 0."""
        return np.concatenate([Network([Dense(m)], (n,)).start(seed + 10 * i) for i, (n, m) in enumerate(self.sizes)])

    def value_and_gradient(self, w):
        """Return the loss of a minibatch drawn now, with noise drawn now, and its gradient."""
        rows = self.rng.choice(len(self.images), self.batch_size, replace=False)
        noise = self.rng.normal(size=(self.batch_size, self.sizes[1][1])).astype(w.dtype)
        return self.at(w, self.images[rows], noise)

    def at(self, w, x, noise):
        """Return loss and gradient for these images and this noise."""
        layers, first = [], 0
        for n, m in self.sizes:
            layers.append(w[first : first + (n + 1) * m].reshape(n + 1, m))  # the last row is the bias
            first += (n + 1) * m
        into, mean, spread, out, last = layers
        a = x @ into[:-1] + into[-1]
        h = np.logaddexp(0, a)
        mu, s = h @ mean[:-1] + mean[-1], h @ spread[:-1] + spread[-1]
        z = mu + np.exp(s / 2) * noise
        b = z @ out[:-1] + out[-1]
        d = np.logaddexp(0, b)
        scores = d @ last[:-1] + last[-1]
        value = (np.logaddexp(0, scores) - x * scores).sum() + 0.5 * (np.exp(s) + mu**2 - 1 - s).sum()
        dscores = sigmoid(scores) - x
        db = dscores @ last[:-1].T * sigmoid(b)
        dz = db @ out[:-1].T
        dmu, ds = dz + mu, dz * np.exp(s / 2) * noise / 2 + 0.5 * (np.exp(s) - 1)
        da = (dmu @ mean[:-1].T + ds @ spread[:-1].T) * sigmoid(a)
        pairs = (x, da), (h, dmu), (h, ds), (z, db), (d, dscores)
        gradient = np.concatenate([part for y, dy in pairs for part in ((y.T @ dy).ravel(), dy.sum(axis=0))])
        return value / len(x), gradient / np.asarray(len(x), w.dtype)


def sigmoid(x):
    return np.exp(-np.logaddexp(0, -x))


BETAS = tuple(product((0.0, 0.9), (0.99, 0.999, 0.9999)))
ALPHAS = [float(f"{10**exponent:.3g}") for exponent in np.arange(-5, -0.9, 0.5)]


def encode(job):
    """Return the mean loss of epochs 10 and 100 of the autoencoder; job is β1, β2, α, whether corrected, a seed."""
    beta1, beta2, alpha, corrected, seed = job
    images = digits_subset(1000, HELD_BACK)[0].images
    loss = Autoencoder(images, seed=seed)
    adam = Adam(alpha, beta1=beta1, beta2=beta2, bias_correction=corrected)
    losses, _ = walk(loss, adam, loss.start(seed), 1000)
    return losses.reshape(100, 10).mean(axis=1)[[9, 99]]


def correction(pool):
    """Figure 4: with the correction and without, for six pairs of β and nine rates, after 10 epochs and after 100."""
    ways = list(product(BETAS, (True, False)))
    jobs = [(*betas, alpha, way, seed) for (betas, way), alpha, seed in product(ways, ALPHAS, SEEDS)]
    found = np.array(list(pool.map(encode, jobs, chunksize=3))).reshape(len(ways), len(ALPHAS), len(SEEDS), 2)
    means = found.mean(axis=2)  # (ways, rates, 2)
    return {
        "alphas": ALPHAS,
        "losses": {
            f"{beta1}, {beta2}, {'corrected' if way else 'not'}": [[float(f"{v:.5g}") for v in pair] for pair in table]
            for ((beta1, beta2), way), table in zip(ways, means, strict=True)
        },
    }


PARTS = {task: part_of(task) for task in TASKS} | {"correction": correction}

if __name__ == "__main__":
    record(FILE, PARTS)
