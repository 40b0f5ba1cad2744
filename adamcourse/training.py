"""Train a network by epochs, stop and resume to the last bit, and compare optimizers fairly.

A training keeps the parameters, the optimizer's state and two numbers per step; `descent.descend` keeps everything.
"""

import json
import os
import re
import signal
import statistics
import warnings
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from adamcourse.descent import descend
from adamcourse.layers import Dropout
from adamcourse.network import Evaluation
from adamcourse.optimizers.in_place import update_in_place
from adamcourse.optimizers.optimizer import floats
from adamcourse.streams import Noisy
from adamcourse.surfaces import Surface

BLOCK = 131_072  # floats: half a megabyte in float32


def blocks(n, optimizer):
    """Return the stretches in which an optimizer updates a vector of n numbers, a list of slices."""
    size = BLOCK if getattr(optimizer, "coordinatewise", False) else n
    return [slice(first, first + size) for first in range(0, n, size)]


def start_in_blocks(optimizer, x):
    """Return the states before the first step, one for each block of the vector x."""
    if getattr(optimizer, "shape", ()) != ():
        raise ValueError(
            f"{optimizer} has hyper-parameters of shape {optimizer.shape}: a training takes one number for each. "
            "Train once for each value, or compare them with `descend`, which takes arrays as many descents"
        )
    return [optimizer.start(x[part]) for part in blocks(len(x), optimizer)]


def update_in_blocks(optimizer, x, gradient, states):
    """Take one step of an optimizer, block by block: x and the list of states are overwritten.

    An update works on each coordinate alone, so the result is that of one update of the whole, to the last bit. But a
    block and what is computed on the way stay in the processor's cache: tests/benchmarks/optimizers.md has the gain.
    An optimizer that is not `coordinatewise` gets the vector as one block.

    Arguments
    ---------
    optimizer : anything with `update(x, gradient, state)`.
    x, gradient : vectors of one length.
    states : what `start_in_blocks` returned.

    >>> from adamcourse.optimizers import Adam
    >>> x, adam = np.zeros(300_000), Adam(lr=0.1)
    >>> states = start_in_blocks(adam, x)
    >>> update_in_blocks(adam, x, np.ones(300_000), states)
    >>> len(states), x[[0, -1]].round(4)
    (3, array([-0.1, -0.1]))
    """
    for k, part in enumerate(blocks(len(x), optimizer)):
        states[k] = update_in_place(optimizer, x[part], gradient[part], states[k])


def memory(network, optimizer, dtype=np.float32):
    """Return how many bytes the vectors of a training take, by part.

    Arguments
    ---------
    network : anything with a size, the number of its parameters.
    optimizer : an optimizer; its state is measured.
    dtype : of the parameters, float32 or float64, default float32.

    Raises ValueError when dtype is another one.

    >>> from adamcourse.network import article_cnn
    >>> from adamcourse.optimizers import Adam
    >>> memory(article_cnn(), Adam())  # Adam remembers two numbers for each parameter
    {'parameters': 2775848, 'gradients': 2775848, 'optimizer state': 5551696}
    """
    one = floats(np.zeros(1, dtype))
    state = sum(part.nbytes for part in _parts(optimizer.start(one)).values() if isinstance(part, np.ndarray))
    vector = network.size * one.nbytes
    return {"parameters": vector, "gradients": vector, "optimizer state": network.size * state}


@dataclass
class History:
    """What a training went through.

    Arguments
    ---------
    batches : how many minibatches make an epoch.
    losses : the loss of each minibatch, before the step that it led to; a list.
    validation : for each finished epoch the Evaluation of the validation examples; a list.
    """

    batches: int
    losses: list = field(default_factory=list)
    validation: list = field(default_factory=list)

    @property
    def loss(self):
        """The mean loss of the minibatches of each finished epoch, shape (epochs,)."""
        finished = self.losses[: len(self.validation) * self.batches]
        return np.reshape(finished, (-1, self.batches)).mean(axis=1)

    @property
    def validation_loss(self):
        """The loss on the validation examples after each epoch, shape (epochs,)."""
        return np.array([evaluation.loss for evaluation in self.validation])

    @property
    def accuracy(self):
        """The accuracy on the validation examples after each epoch, shape (epochs,)."""
        return np.array([evaluation.accuracy for evaluation in self.validation])


class Training:
    """Train a network by epochs over seeded minibatches, and look at the validation examples after each epoch.

    `w` holds the parameters and changes from step to step; `history` holds the losses and accuracies. The same
    arguments give the same bits, whether a training runs through, is stopped and run on, or is saved and resumed.

    Arguments
    ---------
    network : a Network.
    optimizer : an optimizer, such as those of `optimizers`.
    train, validation : pairs of images and labels, such as `load_digits()` gives.
    batch : examples in a minibatch, default 60; None takes all of them each time.
    seed : of the minibatches and of the first parameters, default 0.
    w : the first parameters, default network.start(seed); copied.

    Raises ValueError when the examples, the batch or w do not fit the network.

    >>> from adamcourse.datasets import load_digits
    >>> from adamcourse.layers import Dense, ReLU
    >>> from adamcourse.network import Network
    >>> from adamcourse.optimizers import Adam
    >>> training = Training(Network([Dense(32), ReLU(), Dense(10)], (784,)), Adam(), *load_digits())
    >>> print(training.run(epochs=2).accuracy.round(2))
    [0.88 0.9 ]
    """

    def __init__(self, network, optimizer, train, validation, batch=60, seed=0, w=None):
        self.optimizer, self.validation, self.seed = optimizer, validation, seed
        self.loss = network.loss(*train, batch=batch, seed=seed)
        self.network = self.loss.network
        self.w = network.start(seed) if w is None else np.array(w)
        network.loss(*validation), network.views(self.w)  # what does not fit is said at once
        self.states = start_in_blocks(optimizer, self.w)
        self.history = History(batches=-(-len(self.loss.labels) // (batch or len(self.loss.labels))))
        self._gradient = np.empty_like(self.w)

    @property
    def epochs(self):
        """How many epochs are finished."""
        return len(self.history.validation)

    @property
    def diverged(self):
        """Whether the last loss was not a finite number; a training that has diverged takes no more steps."""
        return bool(self.history.losses) and not np.isfinite(self.history.losses[-1])

    def run(self, epochs, progress=False, stop=None):
        """Train on until so many epochs are finished, those of earlier runs counted, and return the History.

        An interrupt (Ctrl-C, or the stop button of JupyterLab) ends the run after the minibatch at hand. What was
        learned is kept, and the next `run` goes on from there.

        Arguments
        ---------
        epochs : how many shall be finished, a whole number.
        progress : show a progress bar, default False. The environment variable TQDM_DISABLE=1 hides it all the same.
        stop : a function without arguments, asked after each minibatch; True ends the run. Default None.
        """
        if not isinstance(epochs, (int, np.integer)) or epochs < 0:
            raise ValueError(f"epochs = {epochs!r}: give a whole number, 0 or more")
        last = epochs * self.history.batches
        with (
            _bar(progress, len(self.history.losses), last) as bar,
            _interrupts() as pressed,
            np.errstate(over="ignore", invalid="ignore", divide="ignore"),  # a training that diverges is a result
        ):
            while len(self.history.losses) < last and not self.diverged and not pressed:
                self._step()
                bar.update()
                if stop is not None and stop():
                    break
        return self.history

    def _step(self):
        """Take one step, and look at the validation examples if it is the last one of an epoch."""
        value, gradient = self.loss.value_and_gradient(self.w, out=self._gradient)
        self.history.losses.append(float(value))
        if not self.diverged:
            update_in_blocks(self.optimizer, self.w, gradient, self.states)
            if len(self.history.losses) % self.history.batches == 0:
                self.history.validation.append(self.network.evaluate(self.w, *self.validation))

    def save(self, file):
        """Write all that `resume` needs to go on to the last bit into one file, a NumPy archive."""
        state = {f"state.{name}": part for name, part in _joined(map(_parts, self.states)).items()}
        notes = {"of": self._description(), "generators": [layer.rng.bit_generator.state for layer in self._dropouts()]}
        file = Path(file)
        unfinished = file.with_name(file.name + ".part")  # an older checkpoint stays until this one is complete
        with unfinished.open("wb") as stream:
            np.savez(
                stream,
                w=self.w,
                losses=np.array(self.history.losses, np.float64),
                validation=np.array(self.history.validation, np.float64).reshape(-1, 2),
                notes=json.dumps(notes),
                **state,
            )
        unfinished.replace(file)

    def resume(self, file):
        """Go back to where a training with the same arguments was saved, and return this training.

        Raises ValueError when the one that was saved had other arguments.
        """
        with np.load(file) as archive:
            notes = json.loads(str(archive["notes"]))
            for name, mine in self._description().items():
                if notes["of"].get(name) != mine:
                    raise ValueError(f"{file} belongs to {name} = {notes['of'].get(name)}: this training has {mine}")
            self.w[...] = archive["w"]
            whole = {name: archive[f"state.{name}"] for name in _parts(self.states[0])}
            self.history.losses = archive["losses"].tolist()
            self.history.validation = [Evaluation(*row) for row in archive["validation"].tolist()]
        self.states = [_cut(self.states[0], whole, part) for part in blocks(len(self.w), self.optimizer)]
        self.loss.rewind(drawn=len(self.history.losses))
        for layer, state in zip(self._dropouts(), notes["generators"], strict=True):
            layer.rng.bit_generator.state = state
        return self

    def _dropouts(self):
        return [layer for layer in self.network.layers if isinstance(layer, Dropout)]

    def _description(self):
        """Say what must be the same for a checkpoint to fit."""
        images, labels = self.loss.images, self.loss.labels
        return {
            "network": f"{self.network.layers} on {self.network.input_shape}",
            "optimizer": re.sub(r" at 0x\w+", "", repr(self.optimizer)),  # a schedule is known by its name alone
            "batch": str(self.loss.batch),
            "seed": str(self.seed),
            "type of w": str(self.w.dtype),
            "checksum of the examples": zlib.crc32(labels.tobytes(), zlib.crc32(images.tobytes())),
        }


def _parts(state, prefix=""):
    """Return the parts of a state by name; those of a state inside it have names such as inner.m."""
    found = {}
    for name, part in state._asdict().items():
        found |= _parts(part, f"{prefix}{name}.") if hasattr(part, "_asdict") else {prefix + name: part}
    return found


def _joined(parts_of_blocks):
    """Return the parts of the whole vector from those of its blocks; a number is the same in all."""
    first, *others = parts_of_blocks
    return {
        name: np.concatenate([part, *(parts[name] for parts in others)]) if isinstance(part, np.ndarray) else part
        for name, part in first.items()
    }


def _cut(like, whole, part, prefix=""):
    """Return the state of one block, a state like another one, from the parts of the whole vector."""

    def value(name, old):
        if hasattr(old, "_asdict"):
            return _cut(old, whole, part, f"{prefix}{name}.")
        array = whole[prefix + name]
        return array[part] if array.ndim else array.item()

    return type(like)(*(value(name, old) for name, old in like._asdict().items()))


@contextmanager
def _interrupts():
    """Yield a list that is filled by an interrupt, so that none comes in the middle of a step and halves it."""
    pressed = []
    try:
        before = signal.signal(signal.SIGINT, lambda *_: pressed.append(True))
    except ValueError:  # they reach the main thread only, and need a system that has them
        yield pressed
        return
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _bar(progress, done, last):
    """Return a progress bar, in a notebook a widget; one that shows nothing unless progress is True."""
    from tqdm.auto import tqdm  # here, since importing it takes longer than the rest of the module

    tqdm.monitor_interval = 0  # no thread that watches the bar: in a browser none can be started
    hidden = not progress or os.environ.get("TQDM_DISABLE", "0") != "0"  # the bar for notebooks does not look itself
    return tqdm(initial=min(done, last), total=last, unit="batch", disable=hidden)


# --- a fair comparison -------------------------------------------------------------------------------------------


class Comparison(NamedTuple):
    """How soon an optimizer arrives at its best rate: the steps it took from each seed, infinite for never."""

    rate: float
    arrivals: tuple

    @property
    def median(self):
        """The median over the seeds."""
        return statistics.median(self.arrivals)

    def __str__(self):
        arrived = sum(np.isfinite(self.arrivals))
        steps = f"{self.median:g} steps ({min(self.arrivals):g} to {max(self.arrivals):g})"
        return f"rate {self.rate:.3g}: {steps}, {arrived} of {len(self.arrivals)} seeds arrive"


def compare(problem, optimizers, rates, target, steps, seeds=range(3), measure=None, every=1):
    """Return for each optimizer how soon it arrives below a target, each at the best of its own rates.

    The best rate is the one from which most seeds arrive; of equals, the one with the smallest median. It is chosen
    on the same seeds that are reported, which flatters every optimizer a little.

    Arguments
    ---------
    problem : function of a seed that returns a loss and a start, such as `from_anywhere(surface)` or
        `from_scratch(network, train)`.
    optimizers : functions of a rate that return an optimizer, by name; one list of rates for all, or rates by name.
    rates : learning rates, ascending, more than two.
    target : an optimizer has arrived at the first step from which on it stays below.
    steps : how many steps it may take.
    seeds : default 0, 1, 2.
    measure : function of x that is compared with the target, default None, the loss itself.
    every : how many steps lie between two looks, default 1.

    Warns when a best rate is the first or the last one of the list: a better one may lie outside.
    Source: Choi and others 2019; Schmidt, Schneider and Hennig 2021, on what an unequal search does to a ranking.

    >>> from adamcourse.optimizers import Adam, GradientDescent
    >>> from adamcourse.surfaces import ravine
    >>> rates = np.geomspace(1e-3, 1, 31)
    >>> racers = {"gradient descent": GradientDescent, "Adam": Adam}
    >>> for name, result in compare(from_anywhere(ravine(100)), racers, rates, target=1e-3, steps=1000).items():
    ...     print(name, result)
    gradient descent rate 0.0158: 96 steps (10 to 131), 3 of 3 seeds arrive
    Adam rate 0.0501: 75 steps (70 to 93), 3 of 3 seeds arrive
    """
    results = {}
    for name, optimizer in optimizers.items():
        grid = np.asarray(rates[name] if isinstance(rates, dict) else rates, np.float64)
        if grid.ndim != 1 or len(grid) < 3 or not (np.diff(grid) > 0).all():
            raise ValueError(f"rates = {rates}: give three or more in ascending order")
        table = np.array([_arrivals(*problem(seed), optimizer, grid, target, steps, measure, every) for seed in seeds])
        best = np.lexsort((np.median(table, axis=0), np.isinf(table).sum(axis=0)))[0]  # the last key comes first
        if best in (0, len(grid) - 1):
            where = f"at the edge of the rates from {grid[0]:g} to {grid[-1]:g}"
            warnings.warn(f"{name} is best at {grid[best]:g}, {where}: search further out", stacklevel=2)
        results[name] = Comparison(float(grid[best]), tuple(table[:, best].tolist()))
    return results


def from_anywhere(surface):
    """Return a problem for `compare`: a surface, with a start drawn from the middle half of its domain."""
    middle = np.array([((3 * low + high) / 4, (low + 3 * high) / 4) for low, high in surface.domain])
    return lambda seed: (surface, np.random.default_rng(seed).uniform(*middle.T))


def from_scratch(network, train, batch=60):
    """Return a problem for `compare`: a network on examples, with parameters and minibatches drawn anew."""
    return lambda seed: (network.loss(*train, batch=batch, seed=seed), network.start(seed))


def _arrivals(loss, start, optimizer, rates, target, steps, measure, every):
    """Return for each rate the step of arrival, infinite for never."""
    apart = getattr(optimizer(float(rates[0])), "coordinatewise", False)  # else rates would see each other
    if apart and isinstance(loss, (Surface, Noisy)) and measure is None and every == 1:  # all rates in one descent
        arrival = descend(loss, optimizer(rates), start, steps).arrival(target)
        return np.where(arrival < 0, np.inf, arrival)
    return [_arrival(loss, start, optimizer(float(rate)), target, steps, measure, every) for rate in rates]


def _arrival(loss, start, optimizer, target, steps, measure, every):
    """Return the first step from which on the measure stays below the target; nothing else is kept of the descent."""
    if hasattr(loss, "rewind"):
        loss.rewind()
    x, arrived = np.array(start), np.inf
    states = start_in_blocks(optimizer, x)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for k in range(steps + 1):
            value, gradient = loss.value_and_gradient(x)
            if not np.isfinite(value):
                return np.inf
            if k % every == 0:
                seen = value if measure is None else measure(x)
                arrived = min(arrived, k) if seen < target else np.inf
            if k < steps:
                update_in_blocks(optimizer, x, gradient, states)
    return arrived
