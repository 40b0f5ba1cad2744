"""One step of Adam on vectors of 1,000 to 10 million floats: ours, PyTorch's, and a plain copy; and the sweep.

    python tests/benchmarks/optimizers.py

All take turns in one process on one thread: NumPy's arithmetic has no more, and with two on a shared machine of two
processors PyTorch's times were those of the scheduler, 8 ms for a thousand floats. The sweep is 2,500 descents of 200
steps on Rosenbrock's surface in one broadcast call, against one after the other. The tables are also written to
tests/benchmarks/optimizers.md. The last line is the time of `torch.optim.Adam` with its defaults over ours, for a
million floats.
"""

import sys
from contextlib import suppress
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from adamcourse.descent import descend  # noqa: E402
from adamcourse.losses import rosenbrock  # noqa: E402
from adamcourse.optimizers import Adam  # noqa: E402
from adamcourse.training import start_in_blocks, update_in_blocks  # noqa: E402
from tests.benchmarks.measure import interleaved, ratio, report, with_threads  # noqa: E402

SIZES = (10**3, 10**4, 10**5, 10**6, 10**7)
OURS, TORCH = "adamcourse, in blocks and in place", "torch.optim.Adam"
ROUNDS = 15


def in_blocks(n, gradient):
    adam, x = Adam(), np.zeros(n, np.float32)
    states = start_in_blocks(adam, x)
    return lambda: update_in_blocks(adam, x, gradient, states)


def at_once(n, gradient):
    adam, x = Adam(), np.zeros(n, np.float32)
    kept = [x, adam.start(x)]

    def step():
        kept[:] = adam.update(kept[0], gradient, kept[1])

    return step


def by_torch(gradient, threads, **options):
    import torch

    torch.set_num_threads(threads)
    x = torch.nn.Parameter(torch.zeros(len(gradient)))
    x.grad = torch.from_numpy(gradient.copy())
    return torch.optim.Adam([x], **options).step


def copying(n):
    """Copy as much memory as Adam must at least read and write: x, g, m, v in; x, m, v out."""
    source, target = np.ones(7 * n // 2, np.float32), np.zeros(7 * n // 2, np.float32)
    return lambda: np.copyto(target, source)


def steps(n, threads):
    """Return everybody's function that takes one step, by name."""
    gradient = np.random.default_rng(0).normal(size=n).astype(np.float32)
    functions = {OURS: in_blocks(n, gradient), "adamcourse, the whole at once": at_once(n, gradient)}
    with suppress(ImportError):
        functions[TORCH] = by_torch(gradient, threads)
        functions[TORCH + "(foreach=True)"] = by_torch(gradient, threads, foreach=True)
        functions[TORCH + "(fused=True)"] = by_torch(gradient, threads, fused=True)
    return functions | {"a plain copy of as many bytes": copying(n)}


def table(threads):
    """Measure with so many threads; return the lines of a table in microseconds, and our ratio to PyTorch."""
    times = {n: interleaved(steps(n, threads), ROUNDS, calls=max(5, min(50, 10**6 // n))) for n in SIZES}
    lines = [f"Microseconds for one step, {threads} thread{'s' if threads > 1 else ''}:", ""]
    lines += ["| | " + " | ".join(f"{n:,}" for n in SIZES) + " |", "|---|" + "---|" * len(SIZES)]
    for name in times[SIZES[0]]:
        lines.append(f"| {name} | " + " | ".join(f"{1e6 * np.median(times[n][name]):,.1f}" for n in SIZES) + " |")
    ratios = " | ".join(f"{ratio(times[n], TORCH, OURS):.2f}" for n in SIZES)
    return [*lines, f"| {TORCH} over ours | {ratios} |"], ratio(times[10**6], TORCH, OURS)


def walk(adam):
    """Take the steps of a descent and keep nothing of its path."""
    x = np.broadcast_to(np.reshape(rosenbrock.start, (2, 1, 1)), (2, 50, 50)).copy()
    state = adam.start(x)
    for _ in range(200):
        _, gradient = rosenbrock.value_and_gradient(x)
        x, state = adam.update(x, gradient, state)


def sweep():
    """Measure 50 x 50 rates and β1 in one descent, and 25 of them one after the other; return the lines of a table."""
    rates, betas = np.geomspace(1e-4, 1, 50), np.linspace(0, 0.99, 50)
    grid = Adam(lr=rates[:, None], beta1=betas)
    some = [Adam(lr=rate, beta1=beta) for rate in rates[::10] for beta in betas[::10]]
    times = interleaved(
        {
            "one": lambda: descend(rosenbrock, grid, rosenbrock.start, 200),
            "each": lambda: [descend(rosenbrock, adam, rosenbrock.start, 200) for adam in some],
            "forgotten": lambda: walk(grid),
        },
        rounds=7,
        calls=3,
    )
    together, alone = 1e3 * np.median(times["one"]), 1e3 * np.median(times["each"]) * 2500 / len(some)
    return [
        "2,500 descents of 200 steps on Rosenbrock's surface, the whole path kept:",
        "",
        "| | ms |",
        "|---|---|",
        f"| one broadcast descent | {together:,.1f} |",
        f"| its 200 losses, gradients and steps, nothing kept | {1e3 * np.median(times['forgotten']):,.1f} |",
        f"| one after the other ({len(some)} measured) | {alone:,.0f} |",
        f"| ratio | {ratio(times, 'each', 'one') * 2500 / len(some):.0f} |",
    ]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        lines, value = table(int(sys.argv[1]))
        print(*lines, f"ratio: {value:.2f}", sep="\n")
    else:
        report(__file__, "One step of Adam, float32", [with_threads(__file__, 1), [*sweep(), ""]])
