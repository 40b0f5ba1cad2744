"""Digits per second in training the article's network: ours, and the same network in the frameworks.

    python tests/benchmarks/network.py

One step is forward, backward and Adam on 60 digits in float32. All take turns in one process, on equally many threads:
first one, then two. PyTorch is the one to compare with; Keras is added where it is installed. The table is also written
to tests/benchmarks/network.md. The last line is our digits per second with one thread over those of PyTorch.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from adamcourse.datasets import load_digits, minibatches
from adamcourse.networks import article_cnn
from adamcourse.optimizers import Adam
from adamcourse.training import start_in_blocks, update_in_blocks
from tests.benchmarks.measure import interleaved, report, table, with_threads

BATCH, ROUNDS, STEPS = 60, 15, 12
OURS, TORCH = "adamcourse", "PyTorch eager, Adam"


def ours(train):
    """Return a function that takes one step: what `Training` does, without history and progress bar."""
    network, adam = article_cnn(), Adam()
    loss, w = network.loss_on(*train, batch_size=BATCH), network.start()
    gradient, states = np.empty_like(w), start_in_blocks(adam, w)

    def step():
        loss.value_and_gradient(w, out=gradient)
        update_in_blocks(adam, w, gradient, states)

    return step


def by_torch(train, threads, channels_last=False, **options):
    """Return a function that takes one step in PyTorch, with options for its Adam."""
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(5408, 128), nn.ReLU()]
    layout = {"memory_format": torch.channels_last} if channels_last else {}
    model = nn.Sequential(*layers, nn.Linear(128, 10)).to(**layout)
    images, labels = torch.tensor(train.images.reshape(-1, 1, 28, 28)).to(**layout), torch.tensor(train.labels)
    adam, loss = torch.optim.Adam(model.parameters(), **options), nn.CrossEntropyLoss()
    batches = minibatches(len(labels), BATCH, np.random.default_rng(0))

    def step():
        chosen = torch.from_numpy(next(batches))
        adam.zero_grad()
        loss(model(images[chosen]), labels[chosen]).backward()
        adam.step()

    return step


def by_keras(train):
    """Return the backend of Keras, PyTorch unless KERAS_BACKEND says otherwise, and a function that takes one step."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras
    from keras import layers

    hidden = [layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten()]
    hidden += [layers.Dense(128, activation="relu"), layers.Dense(10)]
    model = keras.Sequential([layers.Input((28, 28, 1)), *hidden])
    model.compile(keras.optimizers.Adam(), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    images, batches = train.images.reshape(-1, 28, 28, 1), minibatches(8000, BATCH, np.random.default_rng(0))

    def step():
        chosen = next(batches)
        model.train_on_batch(images[chosen], train.labels[chosen])

    return keras.backend.backend(), step


def contestants(threads):
    """Return a function that takes one step for everybody whose package is installed, by name."""
    train = load_digits().train
    steps = {OURS: ours(train)}
    with suppress(ImportError):
        steps[TORCH] = by_torch(train, threads)
        steps["PyTorch eager, Adam(foreach=True)"] = by_torch(train, threads, foreach=True)
        steps["PyTorch eager, Adam(fused=True)"] = by_torch(train, threads, fused=True)
        steps["PyTorch eager, channels last, fused"] = by_torch(train, threads, channels_last=True, fused=True)
    with suppress(ImportError):
        backend, step = by_keras(train)
        steps[f"Keras on {backend}, train_on_batch"] = step
    return steps


def measured(threads):
    """Measure on so many threads; return the lines of a table, and our ratio to PyTorch."""
    times = interleaved(contestants(threads), ROUNDS, STEPS)
    return table(threads, times, OURS, TORCH, "digits", BATCH)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        lines, value = measured(int(sys.argv[1]))
        print(*lines, f"ratio: {value:.2f}", sep="\n")
    else:
        parts = [with_threads(__file__, threads) for threads in (1, min(2, os.cpu_count()))]
        report(__file__, "Training the article's network, batch 60, float32", parts)
