"""The data in data/: 10,000 handwritten digits, split once and for all, and seeded minibatches."""

import hashlib
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np

DIGITS_SHA256 = "ca34c856466b09dc50912e05a1fd98e94fb58d94d6f2d99d7f28880286ed1f7a"
TRAIN_SIZE = 8000


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
    with np.load(_checked(data_file("digits.npz"), DIGITS_SHA256)) as archive:
        images, labels = archive["images"], archive["labels"].astype(np.int64)
    images = images.reshape(len(images), -1).astype(dtype) / np.asarray(255, dtype)
    return Digits(
        train=Labelled(images[:TRAIN_SIZE], labels[:TRAIN_SIZE]),
        test=Labelled(images[TRAIN_SIZE:], labels[TRAIN_SIZE:]),
    )


def minibatches(n, size, rng):
    """Yield the indices of one minibatch after the other for ever; each epoch is shuffled anew.

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
    if not 1 <= size <= n:
        raise ValueError(f"size = {size}: a minibatch of {n} examples holds 1 to {n}")
    while True:
        order = rng.permutation(n)
        for first in range(0, n, size):
            yield order[first : first + size]


def data_file(name):
    """Return the path of a file in data/: beside the package in a clone, inside the package in a wheel."""
    package = Path(str(resources.files("adamcourse")))
    places = [package.parent / "data" / name, package / "data" / name]
    return next((place for place in places if place.is_file()), places[0])


def _checked(file, sha256):
    """Return the file if its contents are the expected ones, or raise an error that says how to mend it."""
    restore = "restore it with `git checkout -- data`, or reinstall the course"
    if not file.is_file():
        raise FileNotFoundError(f"{file} is missing: {restore}")
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != sha256:
        raise ValueError(f"{file} is damaged: its SHA-256 is {found[:12]}…, expected {sha256[:12]}…; {restore}")
    return file
