"""Call every public name of the package with what people hand in by mistake, one argument at a time, and count.

    python tests/benchmarks/bad_input.py            the counts, also written to tests/benchmarks/bad_input.md
    python tests/benchmarks/bad_input.py --list     and each call that did not end well

A call ends *in words* when it raises ValueError (or the file is missing: FileNotFoundError). It is *taken* when it
returns; a value that makes no sense there is then *silent*, unless it is one that the argument may have. It comes *from
the depth* when another error is raised, such as one of NumPy's. More than two seconds are *hung*.
"""

import importlib
import inspect
import io
import pkgutil
import signal
import sys
import tempfile
import warnings
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import adamcourse  # noqa: E402
from adamcourse import losses, networks, optimizers, plots, training  # noqa: E402
from adamcourse.descent import descend  # noqa: E402

LEFT_OUT = ("explorers", "exercises", "contest", "__main__", "environment", "in_place")  # they have tests of their own
SECONDS = 2
KINDS = {
    "None": None,
    "a string": "no",
    "NaN": np.nan,
    "infinity": np.inf,
    "-1": -1,
    "half a number": 0.5,
    "a class": optimizers.Adam,
    "a function": lambda *_: None,
    "a list of strings": ["a", "b"],
    "an empty array": np.zeros(0),
    "another shape": np.zeros((2, 3, 5)),
    "an array with NaN": np.array([np.nan, 1.0]),
    "whole numbers": np.array([1, 2]),
    "float16": np.ones(2, np.float16),
    "an object array": np.array([None, 1]),
    "complex numbers": np.array([1j, 2.0]),
    "True": True,
    "a dict": {"a": 1},
}


REPORT = Path(__file__).with_suffix(".md")
WORDS = """# What people hand in by mistake

Made by `python tests/benchmarks/bad_input.py`: every public name that can be called with simple arguments, one of them
at a time replaced by each of {kinds} mistakes, such as None, a string, NaN, a class, another shape. With `--list` it
prints the calls.

| {calls} calls | |
|---|---|
| end in words that name the argument | {in_words} |
| are taken | {taken} |
| raise an error from the depth | {depth} |
| hang | {hung} |

What is taken, and why it stays so:

- Values that the argument may have: arrays of numbers and whole numbers as hyperparameters, infinity as a bound, None
  for no minibatches. True is 1 for Python and for NumPy, and is taken where a number is asked for.
- Tuples with names (`Labelled`, `Bags`, `Examples`, `TunedResult`) and helpers of one line keep what they get; the door
  behind them (`Training`, `descend`) says what is wrong.
- Wrappers (`Scheduled`, `Projected`) and problems (`training_problem`) hold what they are given, and say at the first
  step what is wrong.
- Labels and captions of pictures may be anything that can be written.
- Formulas (`softmax`, `relative_error`, `projected_rate`, finite differences) give NaN for NaN.

Errors from the depth are left where a picture is asked to draw on what is no picture, and in functions that only the
package itself calls.
"""


def named(counts):
    """Return the counts by the names in the report."""
    keys = {"in_words": "in words", "taken": "taken", "depth": "from the depth", "hung": "hung"}
    return {name: counts[key] for name, key in keys.items()} | {"kinds": len(KINDS)}


def network():
    return networks.Network([networks.Dense(3)], (4,))


def run():
    images, labels = np.ones((6, 4), np.float32), np.arange(6) % 3
    return training.Training(network(), optimizers.Adam(), (images, labels), (images, labels), batch_size=2)


def fit(name, owner):
    """Return a good value for an argument by its name, fresh each time, and None where there is none here."""
    x = np.array([0.5, -0.5])
    path = descend(losses.bowl, optimizers.Adam(), (0.5, -0.5), 3)
    images, labels = np.ones((6, 4), np.float32), np.arange(6) % 3
    good = {
        "x": x,
        "a": x,
        "b": x,
        "p": x,
        "g": x,
        "start": x,
        "minimum": 0.5,
        "gradient": x,
        "point": x,
        "w": np.zeros(15, np.float32),
        "loss": losses.bowl,
        "surface": losses.bowl,
        "optimizer": optimizers.Adam(),
        "kind": optimizers.Adam,
        "state": optimizers.Adam().start(x),
        "states": [optimizers.Adam().start(x)],
        "steps": 3,
        "lr": 0.1,
        "rate": 0.1,
        "frequencies": [3, 1],
        "curvatures": (1.0, 2.0),
        "kappa": 10.0,
        "sigma": 0.1,
        "gradients": [[1.0, 1.0]],
        "large": 3.0,
        "small": 1.0,
        "every": 3,
        "X": np.ones((4, 2)),
        "y": np.array([0, 1, 0, 1]),
        "inputs": images,
        "labels": labels,
        "network": network(),
        "layers": [networks.Dense(3)],
        "input_shape": (4,),
        "train": (images, labels),
        "validation": (images, labels),
        "n": 6,
        "size": 2,
        "rng": np.random.default_rng(0),
        "scores": np.zeros((6, 3)),
        "hessian": np.eye(2),
        "f": losses.bowl.value,
        "entries": [(x, 0.5, x, ())],
        "bound": 10.0,
        "name": "Adam",
        "framework": "PyTorch",
        "units": 3,
        "filters": 2,
        "half": 10,
        "low": -1.0,
        "high": 1.0,
        "schedule": lambda t: 1.0,
        "problem": training.random_start_problem(losses.bowl),
        "optimizers": {"a": optimizers.GradientDescent},
        "rates": [0.1, 0.2, 0.3],
        "target": 0.1,
        "path": path,
        "ax": plots.figure()[1],
        "style": plots.OTHER,
        "cls": optimizers.Adam,
        "results": None,
        "links": [("a", "b")],
        "image": np.zeros(784),
        "label": 3,
        "fig": plots.figure()[0],
        "caption": "c",
        "pixels": np.zeros((2, 2, 4), np.uint8),
        "d_out": x,
        "t": 3,
        "adam": optimizers.Adam(),
        "lesson": "00",
        "moment": x,
        "function": lambda: None,
        "part": slice(None),
        "indices": np.zeros((2, 2), np.uint8),
        "colours": np.zeros((2, 3), np.uint8),
        "number": 4,
        "value": 1,
        "seed": 0,
        "parts_of_blocks": [{"m": x}],
        "like": optimizers.Adam().start(x),
        "new": x,
        "mean": x,
    }
    if name == "steps" and owner in ("Cosine", "Warmup"):
        return 5
    if name in ("train", "validation") and owner == "digits_subset":
        return 5
    return good.get(name)


def public():
    """Yield the public functions and classes of the package, each once, with a name to print."""
    seen = set()
    for module in pkgutil.walk_packages(adamcourse.__path__, "adamcourse."):
        if any(part in LEFT_OUT for part in module.name.split(".")):
            continue
        found = importlib.import_module(module.name)
        for name, value in list(vars(found).items()):
            home = getattr(value, "__module__", "")
            if not name.startswith("_") and callable(value) and home == module.name and value not in seen:
                seen.add(value)
                yield f"{module.name.removeprefix('adamcourse.')}.{name}", value


def ends(function, arguments):
    """Return how a call ends: in words, taken, from the depth, or hung; with what it said."""

    def late(*_):
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            made = function(**arguments)
            if inspect.isgenerator(made):
                next(made)
        return "taken", ""
    except (ValueError, FileNotFoundError) as error:
        said = str(error)
        numpys = "operands could not" in said or "setting an array" in said or "inhomogeneous" in said
        return ("from the depth" if numpys or not said else "in words"), said
    except TimeoutError:
        return "hung", ""
    except Exception as error:  # noqa: BLE001
        return "from the depth", f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def main():
    counts, listed, uncalled = Counter(), [], []
    with tempfile.TemporaryDirectory():
        for name, function in public():
            try:
                parameters = inspect.signature(function).parameters
            except ValueError:
                continue
            owner = name.rpartition(".")[2]
            asked = [p for p in parameters.values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
            good = {p.name: fit(p.name, owner) for p in asked if p.default is p.empty}
            if not asked or any(value is None for value in good.values()) or ends(function, good)[0] != "taken":
                uncalled.append(name)
                continue
            for parameter in asked:
                for kind, value in KINDS.items():
                    arguments = {p: fit(p, owner) for p in good} | {parameter.name: value}
                    how, said = ends(function, arguments)
                    counts[how] += 1
                    listed.append((how, f"{name}({parameter.name}={kind})", said[:100]))
    lines = [f"{number:6,} {how}" for how, number in counts.most_common()] + [f"{len(uncalled)} names not called here"]
    print("\n".join(lines))
    REPORT.write_text(
        WORDS.format(calls=f"{sum(counts.values()):,}", **{k: f"{v:,}" for k, v in named(counts).items()})
    )
    if "--list" in sys.argv:
        for how, call, said in sorted(listed):
            if how != "in words":
                print(f"{how:15} {call}  {said}")
        print("not called:", ", ".join(uncalled))


if __name__ == "__main__":
    main()
