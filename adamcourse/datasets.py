"""The data in data/: digits, heights, lines, texts, trainings, steps of frameworks; and seeded minibatches."""

import csv
import hashlib
import json
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from adamcourse.checks import shown, whole_number, whole_numbers_below
from adamcourse.places import DATA

SHA256 = {
    "after_adam.json": "fe273ecba0a34bd0c12f808b2f937ca50ce3a0c2c45280e7e066e4683bb72890",
    "contest.json": "7d77bd44d816e6d1da27b2ebf50fa66adc31ff8a1fe040e5aadfabf7412489c5",
    "digits.npz": "ca34c856466b09dc50912e05a1fd98e94fb58d94d6f2d99d7f28880286ed1f7a",
    "heights.csv": "ca654626fce579f243ffcc7e2d77852c8b6caf0affd2db2ccf8f41cabe3bd796",
    "language.json": "712ffc73158c4b2d63756a5ae4031a2d28db1835351ed9f13021c9a692916dab",
    "lines.txt": "43cb75575c1abd092bc8ebf9e21bcfa356412ca8e30d37c1d6bda566bdcdc9aa",
    "novel.txt": "7a0d2a9b8b5acc01f7b36838c9b62d6bea6d1dcc5a45306ed3556af5ed274968",
    "paper.json": "136e9d1bb2d5c296db3bb534696aefeab361c519b02ffaaaef89953a0165b43f",
    "policy.json": "cb5afacb78981ee98fc4f6884145de1ef7221e0190a075d8ba3663e1befacefa",
    "recorded/keras.json": "99d787d1a3ec69f466b1c62d5267cf82530b18d6ec1ed9b843ada8cd457f76d6",
    "recorded/later_keras.json": "cf09c9c4072d5c942a9c74a0b7cf664819125b39bee605a7630f54d90956fa3f",
    "recorded/later_optax.json": "5a7abfc4c9c13ef5eb06e4d92b9b4d672f8ec28116577442529184eaa16e270a",
    "recorded/later_pytorch.json": "2e37ee558be6a8f6aa86adc48f2f32e17eae2ff45e1c8d8ab92855f8bbb59e73",
    "recorded/optax.json": "3ca2939e5780799e07696bc07c751203bd9988db80a90ee7e3770f95a55818ff",
    "recorded/torch.json": "e95cc31044cedd1b1503dd1b04522b48c06d1d3de5c7ed5c182c5e71cfa4e34a",
    "recorded/torch_language.json": "344841fedf9abe0c5c3dcbb7591e1f7ce9e176491234277ed5500c8e8b1e67de",
    "recorded/torch_loop.json": "4962cfd2260e189638cb548b9b8962ee66e915c2a3738f77137d14ff6c91b416",
    "runs.json": "6adc53293138e73a91e5d5fa0cf5bbb6b3388775c812d95588fa5db71243cc13",
    "sonnets.txt": "0eff6e92df05b58adce050cf2b5735c2512a2d4a707df2c46742f414d9f721df",
}
TRAIN_SIZE = 8000
TRAIN_LINES = 3448  # four fifths


class Labelled(NamedTuple):
    """Images, shape (n, 784), one in a row, pixels from 0 to 1; and their labels, shape (n,), 0 to 9."""

    images: np.ndarray
    labels: np.ndarray


class Digits(NamedTuple):
    """8,000 digits to train on and 2,000 to test with, the same share of each class in both."""

    train: Labelled
    test: Labelled


def load_digits(dtype=np.float32):
    """Return 10,000 digits of the MNIST database, 28 x 28 pixels each, as Digits.

    Arguments
    ---------
    dtype : of the pixels, default float32, 0 for the background to 1 for ink. Labels are integers.

    Raises FileNotFoundError or ValueError when data/digits.npz is missing or damaged; the message says how to
    restore it.
    Source: LeCun, Cortes and Burges 1998; see data/README.md.

    >>> train, test = load_digits()
    >>> train.images.shape, test.images.shape, train.labels[:5]
    ((8000, 784), (2000, 784), array([6, 0, 2, 7, 7]))
    """
    with np.load(_checked("digits.npz")) as archive:
        images, labels = archive["images"], archive["labels"].astype(np.int64)
    images = images.reshape(len(images), -1).astype(dtype) / np.asarray(255, dtype)
    return Digits(
        train=Labelled(images[:TRAIN_SIZE], labels[:TRAIN_SIZE]),
        test=Labelled(images[TRAIN_SIZE:], labels[TRAIN_SIZE:]),
    )


@lru_cache(maxsize=4)
def digits_subset(train, validation):
    """Return so many digits to learn and so many others to validate with, both from the digits to train with.

    Arguments
    ---------
    train, validation : how many, whole numbers; together at most 8,000.

    Raises ValueError when there are not so many.

    >>> few, rest = digits_subset(200, 500)
    >>> few.images.shape, rest.labels.shape
    ((200, 784), (500,))
    """
    if not 1 <= train < train + validation <= TRAIN_SIZE:
        raise ValueError(f"train = {train}, validation = {validation}: each at least 1, together at most {TRAIN_SIZE}")
    images, labels = load_digits().train
    for array in (images, labels):
        array.flags.writeable = False  # what one caller changes, all others would get
    parts = slice(train), slice(train, train + validation)
    return tuple(Labelled(images[part], labels[part]) for part in parts)


class Heights(NamedTuple):
    """Heights in inches of 928 grown-up children, and of the mid-parent of each, both of shape (928,)."""

    parents: np.ndarray
    children: np.ndarray


def load_heights():
    """Return Galton's table of heights, in inches, from the paper that gave regression its name.

    A mid-parent is the mean of father and mother, the mother's height times 1.08; daughters' heights are, too.

    Raises FileNotFoundError or ValueError when data/heights.csv is missing or damaged.
    Source: Galton 1886, table I; see data/README.md.

    >>> heights = load_heights()
    >>> heights.parents.mean().round(2), heights.children.mean().round(2)
    (np.float64(68.31), np.float64(68.09))
    """
    with _checked("heights.csv").open(encoding="utf-8", newline="") as file:
        rows = [(float(row["parent"]), float(row["child"])) for row in csv.DictReader(file)]
    return Heights(*np.array(rows).T)


class Bags(NamedTuple):
    """Lines as bags of words, shape (n, words), 1 where a word occurs; and labels, shape (n,), 1 for a sonnet."""

    X: np.ndarray
    y: np.ndarray


class Lines(NamedTuple):
    """The words that name the columns, the commonest first; 3,448 lines to train on, and 862 to test with."""

    words: tuple
    train: Bags
    test: Bags


def load_lines(min_count=2):
    """Return lines of Shakespeare's sonnets and pieces of Moby-Dick as bags of words.

    Arguments
    ---------
    min_count : a word has a column when it occurs in at least so many lines for training, default 2.

    Raises FileNotFoundError or ValueError when data/lines.txt is missing or damaged.
    Source: Shakespeare 1609; Melville 1851; see data/README.md.

    >>> words, (bags, _), test = load_lines()
    >>> bags.shape, words[:3], bags[:, words.index("whale")].sum(), bags[:, words.index("thou")].sum()
    ((3448, 2201), ('the', 'and', 'of'), np.float32(70.0), np.float32(205.0))
    """
    text = _checked("lines.txt").read_text(encoding="utf-8").splitlines()
    lines = [set(line[2:].split()) for line in text]
    labels = np.array([line[0] == "S" for line in text], dtype=np.int64)
    counts = Counter(word for line in lines[:TRAIN_LINES] for word in sorted(line))
    words = tuple(word for word, count in counts.most_common() if count >= min_count)
    column = {word: i for i, word in enumerate(words)}
    bags = np.zeros((len(lines), len(words)), np.float32)
    for row, line in zip(bags, lines, strict=True):
        row[[column[word] for word in line if word in column]] = 1
    train, test = slice(TRAIN_LINES), slice(TRAIN_LINES, None)
    return Lines(words, Bags(bags[train], labels[train]), Bags(bags[test], labels[test]))


class Text(NamedTuple):
    """A text as tokens, one for each character: those that occur, in their order, and the places where they stand.

    Token k is the character characters[k]. The first nine tenths of the text are for training, the last for validation.
    """

    characters: str
    train: np.ndarray
    validation: np.ndarray

    def encode(self, text):
        """Return the tokens of a text, shape (length,), or raise ValueError when it has a character of its own."""
        unknown = set(text) - set(self.characters)
        if unknown:
            raise ValueError(f"{shown(text)} has {sorted(unknown)}, which this text has not")
        return np.array([self.characters.index(character) for character in text], np.uint8)

    def decode(self, tokens):
        """Return the text of a row of tokens, or raise ValueError when they are no whole numbers in the range."""
        tokens = whole_numbers_below("tokens", tokens, len(self.characters))
        if tokens.ndim != 1:
            raise ValueError(f"tokens have shape {tokens.shape}: give one row of them, such as tokens[0]")
        return "".join(self.characters[token] for token in tokens)


def load_text(name="novel"):
    """Return a text as tokens, character by character, with its case, punctuation and line breaks.

    Arguments
    ---------
    name : "novel" (default), Moby-Dick, 1,186,333 characters; or "sonnets", Shakespeare's, 93,872.

    Raises ValueError when name is another word, and FileNotFoundError or ValueError when the file is missing or
    damaged.
    Source: Melville 1851; Shakespeare 1609; see data/README.md.

    >>> novel = load_text()
    >>> len(novel.characters), novel.train.shape, novel.decode(novel.train[21:37])
    (65, (1067699,), 'Call me Ishmael.')
    """
    if name not in ("novel", "sonnets"):
        raise ValueError(f"name = {name!r}: give 'novel' or 'sonnets'")
    text = _checked(f"{name}.txt").read_text(encoding="utf-8")
    characters = "".join(sorted(set(text)))
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    tokens = np.searchsorted([ord(character) for character in characters], codes).astype(np.uint8)
    for_training = len(text) * 9 // 10
    return Text(characters, tokens[:for_training], tokens[for_training:])


class Run(NamedTuple):
    """A recorded training: its rate, and training loss and test accuracy, a row for each seed, a column an epoch."""

    rate: float
    loss: np.ndarray
    accuracy: np.ndarray


class Runs(NamedTuple):
    """The article's experiment, trainings by optimizer: at the printed rates, at those that a search found; the search.

    The search has for each optimizer pairs of a rate and the share of the digits held back that was read right. Adagrad
    was also run halfway between: with the printed rate and its sum begun at 0, and the other way round.
    """

    as_printed: dict
    searched: dict
    search: dict
    adagrad: dict


def load_trainings():
    """Return the recorded trainings of the article's network, ten epochs from each of three seeds.

    Raises FileNotFoundError or ValueError when data/runs.json is missing or damaged.
    Source: data/make_runs.py; see data/README.md.

    >>> runs = load_trainings()
    >>> runs.as_printed["Adam"].rate, runs.as_printed["Adam"].accuracy.shape
    (0.001, (3, 10))
    """
    recorded = _json("runs.json")
    as_printed, searched, adagrad = (
        {
            name: Run(run["rate"], np.array(run["loss"]), np.array(run["accuracy"]))
            for name, run in recorded[part].items()
        }
        for part in ("as printed", "searched", "Adagrad")
    )
    search = {name: list(zip(*run["search"].values(), strict=True)) for name, run in recorded["searched"].items()}
    return Runs(as_printed, searched, search, adagrad)


def load_language_trainings():
    """Return the recorded trainings of a small transformer on Moby-Dick, a dict of dicts: part, way, optimizer.

    Each search has `rates`, validation `losses` (a row for each rate, a column for each seed), the `best` rate, and the
    `curves` of its seeds: the loss on minibatches, 30 means over the run.

    Raises FileNotFoundError or ValueError when data/language.json is missing or damaged.
    Source: data/make_language.py; see data/README.md.

    >>> adam = load_language_trainings()["starts"]["gpt"]["Adam"]
    >>> adam["best"], len(adam["rates"])
    (0.01, 5)
    """
    return _json("language.json")


def load_after_adam():
    """Return the recorded trainings of the small transformer with later optimizers, a dict of dicts by part.

    `race` holds a search of each optimizer, as in `load_language_trainings`, and the settings that it chose; `again`
    its best with other seeds; `cooldown`, `glorot` and `small_head` (other starts), `sonnets` and `longer` hold
    searches with these settings, `batches` Muon's by the size of a minibatch, `contest` scores of the contest, and
    `seconds` the time of a step as a multiple of Adam's.

    Raises FileNotFoundError or ValueError when data/after_adam.json is missing or damaged.
    Source: data/make_after_adam.py; see data/README.md.

    >>> sorted(load_after_adam()["race"])[:3]
    ['Adafactor', 'Adam', 'Lion']
    """
    return _json("after_adam.json")


def load_contest():
    """Return how soon the lessons' own optimizers reach the targets of the contest, a dict by task and optimizer.

    Each is a pair of its best rate and the steps from each seed.

    Raises FileNotFoundError or ValueError when data/contest.json is missing or damaged.
    Source: data/make_contest.py; see data/README.md.

    >>> load_contest()["ravine"]["Adam"]
    [0.07943282347242822, [12.0, 325.0, 10.0]]
    """
    return _json("contest.json")


def load_policy():
    """Return the recorded trainings of a policy that balances a pole, a dict by part.

    `search`, `scale`, `betas` and `variants` hold searches: `rates`, the `steps` until the pole stands (a row for each
    rate, a column for each seed; infinite for never) and the `best` rate. `again` has the best with other seeds, `eps`
    Adam's by rewards and ε, `rewired` steps after a change, by what was kept and by rate, `longer` the step and the
    shortest mean length after it, and `seconds` the time of a step as a multiple of Adam's.

    Raises FileNotFoundError or ValueError when data/policy.json is missing or damaged.
    Source: data/make_policy.py; see data/README.md.

    >>> list(load_policy()["search"])
    ['GradientDescent', 'Momentum', 'RMSprop', 'Adam']
    """
    return _json("policy.json")


def load_paper():
    """Return the recorded miniatures of the figures of the Adam paper, a dict by task.

    Each task has by optimizer `rates` and `settings`, the `losses` of the last epoch for each rate and setting in turn,
    the `best` pair, its `curves` by seed and epoch, the `lowest` loss of all pairs at each epoch, the losses `again` of
    other seeds, and the `accuracy` on examples held back. `correction` has for each β1, β2, and with the correction or
    without, the losses of an autoencoder at each of the `alphas`, after 10 epochs and after 100.

    Raises FileNotFoundError or ValueError when data/paper.json is missing or damaged.
    Source: data/make_paper.py; see data/README.md.

    >>> list(load_paper()["digits"])
    ['Nesterov', 'Adagrad', 'Adam']
    """
    return _json("paper.json")


def load_framework_steps(framework):
    """Return a dict of steps that a framework's optimizers made: a start `x0`, eight gradients `grads`, and `cases`.

    Each case has the version, the optimizer, its arguments `kwargs`, and `x` after each of the eight steps.

    Arguments
    ---------
    framework : "PyTorch", "Keras" or "Optax".

    Raises ValueError when framework is another word, and FileNotFoundError or ValueError when a file is missing or
    damaged.
    Source: PyTorch 2.13.0, Keras 3.15.1 and Optax 0.2.8; see data/README.md.

    >>> recorded = load_framework_steps("Keras")
    >>> recorded["cases"][0]["optimizer"], recorded["cases"][0]["x"][0]
    ('SGD', [0.99, -3.0, 0.499999999, 0.0])
    """
    return _recorded_by(framework, {"PyTorch": "torch", "Keras": "keras", "Optax": "optax"})


def load_later_steps(framework):
    """Return a dict of steps that a framework's later optimizers made on matrices and vectors: Muon, Adafactor, others.

    It has the `framework`, its `version`, `problems` by name, each with a start `x0` and eight gradients `grads`, and
    `cases`, each with the optimizer, its arguments `kwargs`, the name of its `problem`, and `x` after each step.

    Arguments
    ---------
    framework : "PyTorch", "Keras" or "Optax".

    Raises ValueError when framework is another word, and FileNotFoundError or ValueError when a file is missing or
    damaged.
    Source: data/make_recorded.py, with PyTorch 2.13.0, Keras 3.15.1 and Optax 0.2.8.

    >>> {case["optimizer"] for case in load_later_steps("PyTorch")["cases"]} == {"Muon", "Adafactor"}
    True
    """
    return _recorded_by(framework, {"PyTorch": "later_pytorch", "Keras": "later_keras", "Optax": "later_optax"})


def _recorded_by(framework, files):
    """Return what a file of data/recorded/ holds, by framework, or raise ValueError."""
    if framework not in files:
        raise ValueError(f"framework = {framework!r}: give one of {', '.join(files)}")
    return _json(f"recorded/{files[framework]}.json")


def load_two_workers():
    """Return a training of the language model in PyTorch on two processes: a dict.

    It has the `version`, the `rate` of Adam, the `losses` of 50 steps in float64, each before its step, and in
    `numbers of state` how many numbers of Adam's state each worker kept, its step counters included.

    Raises FileNotFoundError or ValueError when the file is missing or damaged.
    Source: notebooks/teaching/torch_language.py, with PyTorch 2.13.0.

    >>> run = load_two_workers()
    >>> run["workers"], run["numbers of state"]
    (2, [30792, 29843])
    """
    return _json("recorded/torch_language.json")


def load_torch_loop():
    """Return a training of a small network in PyTorch, a dict: the `version`, and the `losses` before each of 60 steps.

    Raises FileNotFoundError or ValueError when the file is missing or damaged.
    Source: notebooks/teaching/torch_loop.py, with PyTorch 2.13.0.

    >>> len(load_torch_loop()["losses"])
    60
    """
    return _json("recorded/torch_loop.json")


def minibatches(n, size, rng):
    """Return the indices of one minibatch after the other, an iterator without an end; each epoch is shuffled anew.

    Arguments
    ---------
    n : how many examples there are.
    size : how many make a minibatch, 1 to n; the last one of an epoch holds what is left.
    rng : a numpy.random.Generator, which decides the order.

    Raises ValueError when size is not between 1 and n.

    >>> batches = minibatches(5, 2, np.random.default_rng(0))
    >>> [next(batches).tolist() for _ in range(4)]  # 2 + 2 + 1 examples, then the next epoch
    [[2, 4], [3, 0], [1], [4, 1]]
    """
    return _dealt(n, whole_number("size", size, 1, n), rng)


def _dealt(n, size, rng):
    while True:
        order = rng.permutation(n)
        for first in range(0, n, size):
            yield order[first : first + size]


def data_file(name):
    """Return the path of a file in data/."""
    return DATA / name


def _json(name):
    """Return what a JSON file in data/ holds, if its contents are the expected ones, or raise an error."""
    return json.loads(_checked(name).read_text(encoding="utf-8"))


def _checked(name):
    """Return the path of a file in data/ if its contents are the expected ones, or raise an error."""
    file, expected = data_file(name), SHA256[name]
    restore = "restore it with `git checkout -- data`, or reinstall the course"
    if not file.is_file():
        raise FileNotFoundError(f"{file} is missing: {restore}")
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != expected:
        raise ValueError(f"{file} is damaged: its SHA-256 is {found[:12]}…, expected {expected[:12]}…; {restore}")
    return file
