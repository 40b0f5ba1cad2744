"""Tokens per second in training the lesson's language model: ours, and the same model in PyTorch.

    python tests/benchmarks/language.py

One step is forward, backward and Adam on 32 windows of 32 characters in float32. All take turns in one process, on
equally many threads: first one, then two. The compiled model needs a C++ compiler, else it is left out.
PyTorch's attention is its own `scaled_dot_product_attention`. The table goes to tests/benchmarks/language.md, too;
the last line is our tokens per second with one thread over those of PyTorch eager.
"""

import os
import shutil
import sys
import tracemalloc
from contextlib import suppress
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from adamcourse.datasets import load_text, minibatches
from adamcourse.networks import transformer, windows
from adamcourse.optimizers import Adam
from adamcourse.training import start_in_blocks, update_in_blocks
from tests.benchmarks.measure import interleaved, report, table, with_threads

BATCH, CONTEXT, FEATURES, HEADS, BLOCKS = 32, 32, 32, 4, 2
ROUNDS, STEPS = 15, 30
OURS, TORCH = "adamcourse", "PyTorch eager, Adam"


def ours(novel):
    """Return a function that takes one step: what `Training` does, without history and progress bar."""
    network, adam = transformer(len(novel.characters), CONTEXT, FEATURES, HEADS, BLOCKS), Adam()
    loss, w = network.loss_on(*windows(novel.train, CONTEXT), batch_size=BATCH), network.start()
    gradient, states = np.empty_like(w), start_in_blocks(adam, w)

    def step():
        loss.value_and_gradient(w, out=gradient)
        update_in_blocks(adam, w, gradient, states)

    return step


def torch_model(vocabulary):
    """Return the model in PyTorch, with one product for queries, keys and values, as is usual there."""
    import torch
    from torch import nn
    from torch.nn.functional import scaled_dot_product_attention

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.inward = nn.Linear(FEATURES, 3 * FEATURES, bias=False)
            self.outward = nn.Linear(FEATURES, FEATURES, bias=False)

        def forward(self, x):
            q, k, v = (part.unflatten(2, (HEADS, -1)).transpose(1, 2) for part in self.inward(x).chunk(3, dim=2))
            mixed = scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.outward(mixed.transpose(1, 2).flatten(2))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.Sequential(nn.LayerNorm(FEATURES, bias=False), Attention())
            wide = [nn.Linear(FEATURES, 4 * FEATURES), nn.ReLU(), nn.Linear(4 * FEATURES, FEATURES)]
            self.dense = nn.Sequential(nn.LayerNorm(FEATURES, bias=False), *wide)

        def forward(self, x):
            x = x + self.attention(x)
            return x + self.dense(x)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens = nn.Embedding(vocabulary, FEATURES)
            self.positions = nn.Parameter(torch.randn(CONTEXT, FEATURES))
            self.blocks = nn.Sequential(*[Block() for _ in range(BLOCKS)], nn.LayerNorm(FEATURES, bias=False))
            self.scores = nn.Linear(FEATURES, vocabulary)

        def forward(self, tokens):
            return self.scores(self.blocks(self.tokens(tokens) + self.positions))

    return Model()


def by_torch(novel, threads, compiled=False, **options):
    """Return a function that takes one step in PyTorch, with options for its Adam."""
    import torch
    from torch.nn.functional import cross_entropy

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = torch_model(len(novel.characters))
    assert sum(p.numel() for p in model.parameters()) == transformer(len(novel.characters)).size
    adam = torch.optim.Adam(model.parameters(), **options)
    run = torch.compile(model) if compiled else model
    tokens, labels = (torch.tensor(part, dtype=torch.int64) for part in windows(novel.train, CONTEXT))
    batches = minibatches(len(labels), BATCH, np.random.default_rng(0))

    def step():
        chosen = torch.from_numpy(next(batches))
        adam.zero_grad()
        cross_entropy(run(tokens[chosen]).flatten(0, 1), labels[chosen].flatten()).backward()
        adam.step()

    return step


def contestants(threads):
    """Return a function that takes one step for everybody who is installed, by name."""
    novel = load_text()
    steps = {OURS: ours(novel)}
    with suppress(ImportError):
        steps[TORCH] = by_torch(novel, threads)
        steps["PyTorch eager, Adam(foreach=True)"] = by_torch(novel, threads, foreach=True)
        steps["PyTorch eager, Adam(fused=True)"] = by_torch(novel, threads, fused=True)
        if shutil.which("g++"):
            steps["PyTorch compiled, Adam(fused=True)"] = by_torch(novel, threads, compiled=True, fused=True)
    return steps


def measured(threads):
    """Measure on so many threads; return the lines of a table, and our ratio to PyTorch."""
    times = interleaved(contestants(threads), ROUNDS, STEPS)
    lines, value = table(threads, times, OURS, TORCH, "tokens", BATCH * CONTEXT)
    return [*lines, "", growth()], value


def growth():
    """Return in words how much memory a thousand steps of ours take that the first ten did not."""
    step = ours(load_text())
    for _ in range(10):
        step()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(1000):
        step()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return f"After 1,000 steps more, adamcourse holds {(after - before) / 1024:.0f} kB more."


if __name__ == "__main__":
    if len(sys.argv) > 1:
        lines, value = measured(int(sys.argv[1]))
        print(*lines, f"ratio: {value:.2f}", sep="\n")
    else:
        parts = [with_threads(__file__, threads) for threads in (1, min(2, os.cpu_count()))]
        report(__file__, "Training the lesson's language model, 32 windows of 32 characters, float32", parts)
