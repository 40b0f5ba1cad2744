"""Train a network by epochs, stop it, and resume to the last bit.

A training keeps the parameters, the optimizer's state and two numbers per step; `descent.descend` keeps everything.
"""

import json
import os
import secrets
import signal
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from adamcourse.checks import has_functions, shown, whole_number
from adamcourse.networks import Dropout, Evaluation
from adamcourse.optimizers.optimizer import all_finite, is_number, parts
from adamcourse.training.blocks import blocks, join_blocks, start_in_blocks, take_block, update_in_blocks

# what NumPy and zipfile raise on a file that is no archive, or of which a part has changed
DAMAGED = (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, BadZipFile, zlib.error)


@dataclass
class History:
    """What a training went through.

    Arguments
    ---------
    batches_per_epoch : how many minibatches make an epoch.
    minibatch_losses : the loss of each minibatch, before the step that it led to; a list.
    validation : for each finished epoch the Evaluation of the validation examples; a list.
    """

    batches_per_epoch: int
    minibatch_losses: list = field(default_factory=list)
    validation: list = field(default_factory=list)

    @property
    def ends_an_epoch(self):
        """Whether the last minibatch is the last one of its epoch."""
        return bool(self.minibatch_losses) and len(self.minibatch_losses) % self.batches_per_epoch == 0

    @property
    def epoch_loss(self):
        """The mean loss of the minibatches of each finished epoch, shape (epochs,)."""
        finished = self.minibatch_losses[: len(self.validation) * self.batches_per_epoch]
        return np.reshape(finished, (-1, self.batches_per_epoch)).mean(axis=1)

    @property
    def validation_loss(self):
        """The loss on the validation examples after each epoch, shape (epochs,)."""
        return np.array([evaluation.loss for evaluation in self.validation])

    @property
    def validation_accuracy(self):
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
    train, validation : pairs of examples and labels, such as `load_digits()` or `windows(text.train, 32)` gives.
    batch_size : examples in a minibatch, default 60; None takes all of them each time.
    seed : of the minibatches and of the first parameters, default 0.
    w : the first parameters, default network.start(seed); copied.

    Raises ValueError when the examples, the batch size or w do not fit the network, or the optimizer's state has other
    parts than arrays and numbers with names, which could not be saved.

    >>> from adamcourse.datasets import load_digits
    >>> from adamcourse.networks import Dense, ReLU
    >>> from adamcourse.networks import Network
    >>> from adamcourse.optimizers import Adam
    >>> training = Training(Network([Dense(32), ReLU(), Dense(10)], (784,)), Adam(), *load_digits())
    >>> print(training.run_until(epochs=2).validation_accuracy.round(2))
    [0.88 0.9 ]
    """

    def __init__(self, network, optimizer, train, validation, batch_size=60, seed=0, w=None):
        has_functions("network", network, "loss_on", "start"), has_functions("optimizer", optimizer, "start", "update")
        train, validation = _pair("train", train), _pair("validation", validation)
        self.optimizer, self.validation, self.seed = optimizer, validation, seed
        self.loss = network.loss_on(*train, batch_size=batch_size, seed=seed)
        self.network = self.loss.network
        self.w = network.start(seed) if w is None else np.array(w)
        network.loss_on(*validation), network.views(self.w)  # what does not fit is said at once
        for name, part in parts(optimizer.start(self.w)).items():
            if not (isinstance(part, np.ndarray) or is_number(part)):
                raise ValueError(f"state.{name} is a {type(part).__name__}: only arrays and numbers can be saved")
        self.states = start_in_blocks(optimizer, self.w)
        self._pending, self._overflowed = None, False
        self.history = History(-(-len(self.loss.labels) // (batch_size or len(self.loss.labels))))
        self._gradient = np.empty_like(self.w)

    @property
    def epochs(self):
        """How many epochs are finished."""
        return len(self.history.validation)

    @property
    def average(self):
        """The running mean of the parameters that an Averaged optimizer keeps, a vector, or AttributeError."""
        whole = join_blocks(list(map(parts, self.states)))
        names = [name for name in whole if name.split(".")[-1] == "average"]
        if not names:
            raise AttributeError(f"{self.optimizer} keeps no average: put it into Averaged")
        return whole[names[0]]

    @property
    def diverged(self):
        """Whether the last loss, or at the end of an epoch the optimizer's memory, was not finite.

        A training that has diverged takes no more steps.
        """
        losses = self.history.minibatch_losses
        return self._overflowed or bool(losses) and not np.isfinite(losses[-1])

    def run_until(self, epochs=None, progress=False, stop=None, steps=None):
        """Train on until so many epochs are finished, those of earlier runs counted, and return the History.

        Where an epoch is long, as with a book, give steps in their place.

        An interrupt (Ctrl-C, or the stop button of JupyterLab) ends the run after the minibatch at hand. What was
        learned is kept, and the next `run_until` goes on from there.

        Arguments
        ---------
        epochs : how many shall be finished, a whole number.
        progress : show a progress bar, default False. The environment variable TQDM_DISABLE=1 hides it all the same.
        stop : a function without arguments, asked after each minibatch; True ends the run. Default None.
        steps : how many minibatches shall be done in all, a whole number.

        Raises ValueError when epochs and steps are both given, or neither.
        """
        if (epochs is None) == (steps is None):
            raise ValueError(f"epochs = {epochs}, steps = {steps}: give one of them")
        last = whole_number("steps", steps) if epochs is None else whole_number("epochs", epochs)
        last *= 1 if epochs is None else self.history.batches_per_epoch
        with (
            _bar(progress, len(self.history.minibatch_losses), last) as bar,
            _interrupts() as pressed,
            np.errstate(over="ignore", invalid="ignore", divide="ignore"),  # a training that diverges is a result
        ):
            while len(self.history.minibatch_losses) < last and not self.diverged and not pressed:
                self._step()
                bar.update()
                if stop is not None and stop():
                    break
        return self.history

    def _step(self):
        """Take one step, and look at the validation examples if it is the last one of an epoch."""
        if self._pending is None:  # else the optimizer has failed at this minibatch, and may try again
            self._pending = float(self.loss.value_and_gradient(self.w, out=self._gradient)[0])
        if np.isfinite(self._pending):
            update_in_blocks(self.optimizer, self.w, self._gradient, self.states)
        self.history.minibatch_losses.append(self._pending)
        self._pending = None
        if not self.diverged and self.history.ends_an_epoch:
            self.history.validation.append(self.network.evaluate(self.w, *self.validation))
            self._look_for_overflow()

    def _look_for_overflow(self):
        """See whether the optimizer's memory is finite, which is asked at the end of an epoch."""
        finite = all(np.all(all_finite(state)) for state in self.states)
        self._overflowed = self.history.ends_an_epoch and not finite

    def save(self, file):
        """Write all that `resume` needs to go on to the last bit into one file, a NumPy archive.

        An older file stays until the new one is complete and on the disk, whatever happens on the way. A link stays a
        link. Raises ValueError when the file is there and is no file, such as a folder or a device.
        """
        state = {f"state.{name}": part for name, part in join_blocks(map(parts, self.states)).items()}
        notes = {"of": self._description(), "generators": [layer.rng.bit_generator.state for layer in self._dropouts()]}
        losses = np.array(self.history.minibatch_losses, np.float64)
        validation = np.array(self.history.validation, np.float64).reshape(-1, 2)
        with _replacing(file) as stream:
            np.savez(stream, w=self.w, losses=losses, validation=validation, notes=json.dumps(notes), **state)

    def resume(self, file):
        """Go back to where a training with the same arguments was saved, and return this training.

        Raises ValueError when the one that was saved had other arguments, or the file is damaged or of another kind;
        then nothing has been changed.
        """
        archive, notes = _read(file)
        for name, mine in self._description().items():
            if notes["of"].get(name) != mine:
                raise ValueError(f"{file} belongs to {name} = {notes['of'].get(name)}: this training has {mine}")
        try:  # all of it first, then in one go
            whole = {name: archive[f"state.{name}"] for name in parts(self.states[0])}
            states = [take_block(self.states[0], whole, part) for part in blocks(len(self.w), self.optimizer)]
            losses, validation = archive["losses"].tolist(), [Evaluation(*row) for row in archive["validation"]]
            generators = [np.random.default_rng() for _ in self._dropouts()]
            for generator, state in zip(generators, notes["generators"], strict=True):
                generator.bit_generator.state = state
            history = History(self.history.batches_per_epoch, losses, validation)
            lost = history.ends_an_epoch and not np.isfinite(losses[-1])  # there nothing is validated
            if archive["w"].shape != self.w.shape or len(losses) // history.batches_per_epoch - lost != len(validation):
                raise ValueError("parts that do not fit each other")
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{file} is damaged, or no checkpoint of this training: {error}") from None
        self.w[...], self.states = archive["w"], states
        self.history.minibatch_losses, self.history.validation = losses, validation
        self._pending = None
        self._look_for_overflow()
        self.loss.rewind(drawn=len(losses))
        for layer, generator in zip(self._dropouts(), generators, strict=True):
            layer.rng = generator
        return self

    def _dropouts(self):
        return [layer for layer in self.network.leaves if isinstance(layer, Dropout)]

    def _description(self):
        """Say what must be the same for a checkpoint to fit."""
        return {
            "network": f"{self.network.layers} on {self.network.input_shape}",
            "optimizer": _described(self.optimizer),
            "batch_size": str(self.loss.batch_size),
            "seed": str(self.seed),
            "type of w": str(self.w.dtype),
            "checksum of the examples": _checksum(self.loss.inputs, self.loss.labels),
            "checksum of the validation examples": _checksum(*self.validation),
        }


def _pair(name, value):
    """Return a pair of images and labels, or raise ValueError."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ValueError(f"{name} is a {type(value).__name__}: give a pair of images and labels")
    return value


def _checksum(images, labels):
    return zlib.crc32(np.asarray(labels).tobytes(), zlib.crc32(np.asarray(images).tobytes()))


def _described(value):
    """Return in words of what an optimizer, or a schedule in it, is made, so that one with other numbers differs."""
    code = getattr(value, "__code__", None)
    if code is not None:  # of a function its name, its numbers, and what it takes from around it
        around = [_described(cell.cell_contents) for cell in value.__closure__ or ()]
        numbers = [constant for constant in code.co_consts if isinstance(constant, (int, float, str))]
        return f"{value.__qualname__}{(numbers, value.__defaults__, around)}"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_described(part)}' for key, part in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"({', '.join(map(_described, value))})"
    if isinstance(value, partial):
        return f"partial({', '.join(map(_described, (value.func, value.args, value.keywords)))})"
    own = getattr(value, "__dict__", None)
    if own is None or isinstance(value, (type, np.ndarray)):
        return repr(value)
    fields = [
        f"{name}={_described(part)}" for name, part in own.items() if name[0] != "_"
    ]  # what is derived is left out
    return f"{type(value).__qualname__}({', '.join(fields)})"


@contextmanager
def _replacing(file):
    """Yield a stream into a new file that takes the place of an older one once it is complete and on the disk."""
    file = Path(file).resolve()  # a link stays one
    if file.exists() and not file.is_file():
        raise ValueError(f"{file} is there, and is no file: give another name")
    unfinished = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")  # no other process writes to it
    try:
        with unfinished.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(file)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def _read(file):
    """Return the arrays of a checkpoint and its notes, or raise ValueError when it is damaged or of another kind."""
    try:
        with Path(file).open("rb") as stream, np.load(stream) as archive:
            arrays = {name: archive[name] for name in archive.files}
        notes = json.loads(str(arrays["notes"]))
        notes["of"].get, len(notes["generators"])  # noqa: B018  what another program's file has not
    except FileNotFoundError:
        raise
    except DAMAGED as error:
        raise ValueError(f"{file} is damaged, or no checkpoint of a training: {shown(error)}") from None
    return arrays, notes


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
