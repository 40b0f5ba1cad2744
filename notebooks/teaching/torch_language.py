"""Train the language model of lesson 14 in PyTorch on two processes, each with half of every minibatch.

    torchrun --nproc-per-node 2 notebooks/teaching/torch_language.py

It needs PyTorch and torchrun, which comes with it. The weights begin where the lesson's begin, and the minibatches are
the lesson's: worker r takes windows r, r + 2, r + 4, … of each. DistributedDataParallel averages the gradients, and
ZeroRedundancyOptimizer keeps on each worker the state of Adam for its own share of the parameters. What it prints and
writes to data/recorded/torch_language.json is the loss of each step, before the step.
"""

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from adamcourse.datasets import load_text, minibatches
from adamcourse.networks import transformer, windows

STEPS, BATCH, CONTEXT, RATE = 50, 32, 32, 0.001
FILE = Path(__file__).resolve().parent.parent.parent / "data" / "recorded" / "torch_language.json"


def model(views):
    """Return the transformer in PyTorch, its parameters those of the course by name."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.p = nn.ParameterDict({name.replace(".", "_"): torch.tensor(v.copy()) for name, v in views.items()})

        def forward(self, tokens):
            p = self.p
            x = p["Embedding1_W"][tokens] + p["Positions1_P"]
            for block in (1, 2):
                one, two = 2 * block - 1, 2 * block
                h = functional.layer_norm(x, (32,), p[f"LayerNorm{one}_gain"])
                q, k, v = (
                    (h @ p[f"SelfAttention{block}_{part}"]).unflatten(2, (4, 8)).transpose(1, 2) for part in "QKV"
                )
                mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
                x = x + mixed.transpose(1, 2).flatten(2) @ p[f"SelfAttention{block}_O"]
                h = functional.layer_norm(x, (32,), p[f"LayerNorm{two}_gain"])
                h = torch.relu(h @ p[f"Dense{one}_W"] + p[f"Dense{one}_b"])
                x = x + h @ p[f"Dense{two}_W"] + p[f"Dense{two}_b"]
            return functional.layer_norm(x, (32,), p["LayerNorm5_gain"]) @ p["Dense5_W"] + p["Dense5_b"]

    return Transformer()


def main():
    import torch
    import torch.distributed as dist
    from torch.distributed.optim import ZeroRedundancyOptimizer
    from torch.nn.functional import cross_entropy
    from torch.nn.parallel import DistributedDataParallel

    dist.init_process_group("gloo")
    rank, workers = dist.get_rank(), dist.get_world_size()
    torch.set_num_threads(1)
    novel = load_text()
    network = transformer(len(novel.characters))
    spread = DistributedDataParallel(model(network.views(network.start(init="gpt", dtype=np.float64))))
    adam = ZeroRedundancyOptimizer(spread.parameters(), torch.optim.Adam, lr=RATE)
    rows, labels = windows(novel.train, CONTEXT)
    batches, losses = minibatches(len(rows), BATCH, np.random.default_rng(0)), []
    for _ in range(STEPS):
        mine = next(batches)[rank::workers]
        tokens, answers = (torch.tensor(part[mine].astype(np.int64)) for part in (rows, labels))
        loss = cross_entropy(spread(tokens).flatten(0, 1), answers.flatten())
        adam.zero_grad()
        loss.backward()
        adam.step()
        dist.all_reduce(total := loss.detach().clone())
        losses.append(total.item() / workers)
    numbers = torch.tensor([float(sum(s.numel() for state in adam.optim.state.values() for s in state.values()))])
    held = [torch.zeros(1) for _ in range(workers)]
    dist.all_gather(held, numbers)
    if rank == 0:
        run = {"version": torch.__version__.split("+")[0], "workers": workers, "rate": RATE, "losses": losses}
        run["numbers of state"] = [int(each) for each in held]
        FILE.write_text(json.dumps(run) + "\n", encoding="utf-8")
        print(
            f"{workers} workers, loss {losses[0]:.4f} to {losses[-1]:.4f}; numbers of state: {run['numbers of state']}"
        )
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
