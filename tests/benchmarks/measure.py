"""Times of things that take turns in one process, and the report that a benchmark prints and writes."""

import os
import platform
import random
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import numpy as np

PACKAGES = ("numpy", "torch", "keras", "jax")


def interleaved(functions, rounds, calls):
    """Return the seconds of one call in each round, by name: everybody's turn in each round, in random order."""
    seconds, order = {name: [] for name in functions}, random.Random(0)
    for function in functions.values():
        function()  # what is done only once is not measured
    for _ in range(rounds):
        for name in order.sample(list(functions), len(functions)):
            functions[name]()  # brings its arrays back into the cache
            times = []
            for _ in range(calls):
                begin = time.perf_counter()
                functions[name]()
                times.append(time.perf_counter() - begin)
            seconds[name].append(np.median(times))
    return seconds


def ratio(seconds, slow, fast):
    """Return how many times as long one takes as the other, the median over the rounds; NaN where one is missing."""
    if slow not in seconds or fast not in seconds:
        return np.nan
    return float(np.median(np.divide(seconds[slow], seconds[fast])))


def table(threads, times, ours, reference, unit, per_step):
    """Return the lines of a table of times by name, and how many times as long as ours the reference takes.

    A step handles so many of the unit.
    """
    lines = [f"{threads} thread{'s' if threads > 1 else ''}:", ""]
    lines += [f"| | ms a step | {unit} per second | theirs over our time |", "|---|---|---|---|"]
    for name, seconds in times.items():
        median, theirs = np.median(seconds), ratio(times, name, ours)
        lines.append(f"| {name} | {1e3 * median:.2f} | {per_step / median:,.0f} | {theirs:.2f} |")
    return lines, ratio(times, reference, ours)


def with_threads(file, threads):
    """Run a benchmark in a new process with so many threads; return the lines that it prints."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # read when NumPy and PyTorch are loaded
    run = subprocess.run(
        [sys.executable, file, str(threads)],
        env=os.environ | dict.fromkeys(names, str(threads)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return run.stdout.splitlines()


def versions(packages):
    """Return one line with the versions of Python and of what is installed of the packages that are compared."""
    found = [f"Python {platform.python_version()}"]
    for name in packages:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)


def report(file, title, parts, packages=PACKAGES):
    """Print the parts, write them to the Markdown file beside the benchmark, and end with the first part's ratio."""
    machine = f"{versions(packages)}; {os.cpu_count()} processors ({platform.machine()}, {platform.system()})"
    lines = [f"# {title}", "", f"Made by `python tests/benchmarks/{Path(file).name}`. {machine}.", ""]
    for part in parts:
        lines += [*part[:-1], ""]
    Path(file).with_suffix(".md").write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    print(*lines, parts[0][-1], sep="\n")
