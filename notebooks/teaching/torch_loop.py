"""Train a small network on digits in PyTorch, line by line as lesson 18 does it, and record the loss of each step.

    python notebooks/teaching/torch_loop.py

It needs PyTorch. The weights begin where the lesson's begin, and the minibatches are the lesson's, so that the losses
can be compared number by number; they go to data/recorded/torch_loop.json. Between the two marks is what the lesson
prints.
"""

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from adamcourse.datasets import digits_subset, minibatches
from adamcourse.networks import mlp

STEPS, BATCH, HIDDEN = 60, 50, 32
FILE = Path(__file__).resolve().parent.parent.parent / "data" / "recorded" / "torch_loop.json"


def main():
    # --- what the lesson prints
    import torch
    from torch import nn
    from torch.nn.utils import clip_grad_norm_
    from torch.optim.lr_scheduler import CosineAnnealingLR

    model = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10)).double()
    cross_entropy = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003, weight_decay=0.01)
    schedule = CosineAnnealingLR(optimizer, T_max=60)

    def train(batches):
        losses = []
        for images, labels in batches:
            optimizer.zero_grad()
            value = cross_entropy(model(images), labels)
            value.backward()
            losses.append(value.item())
            clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        return losses

    # --- and what makes both begin alike
    few, _ = digits_subset(1000, 1000)
    network = mlp(HIDDEN)
    views = network.views(network.start(0, dtype=np.float64)).values()
    with torch.no_grad():
        for parameter, view in zip(model.parameters(), views, strict=True):
            parameter.copy_(torch.tensor(view.T))  # PyTorch keeps a matrix with the outputs first
    drawn = minibatches(len(few.labels), BATCH, np.random.default_rng(0))
    rows = [next(drawn) for _ in range(STEPS)]
    batches = [(torch.tensor(few.images[r].astype(np.float64)), torch.tensor(few.labels[r])) for r in rows]
    found = {"version": torch.__version__.split("+")[0], "losses": train(batches)}
    FILE.write_text(json.dumps(found) + "\n", encoding="utf-8")
    print(f"{FILE.name}: {len(found['losses'])} losses, from {found['losses'][0]:.4f} to {found['losses'][-1]:.4f}")


if __name__ == "__main__":
    main()
