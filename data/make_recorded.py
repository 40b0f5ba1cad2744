"""Record eight steps of the frameworks' later optimizers, in float64, on matrices and vectors.

    python data/make_recorded.py PyTorch    # or Keras, or Optax: where that framework is installed, and JAX

Writes data/recorded/later_pytorch.json and so on, with which tests compare `dialects`. Matrices have the shape (inputs,
outputs); PyTorch gets them transposed, as it keeps them. Sophia in Optax probes the curvature of a loss with random
signs: with ½ Σ c x² they do not matter, and each probe gives c.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np

STEPS, SHAPES = 8, {"tall": (4, 3), "wide": (3, 5), "row": (1, 4), "vector": (6,), "slope": (5,)}
MATRICES, ALL = ("tall", "wide", "row"), ("tall", "wide", "vector")
CASES = {
    "PyTorch": [
        *(("Muon", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1, "adjust_lr_fn": how}, MATRICES)
          for how in ("original", "match_rms_adamw")),
        ("Muon", {"lr": 0.1, "nesterov": False}, ("tall",)),
        ("Adafactor", {}, ALL),
        ("Adafactor", {"lr": 0.5, "d": 2.0, "weight_decay": 0.1}, ALL),
    ],
    "Keras": [
        ("Muon", {"learning_rate": 0.1}, MATRICES),
        ("Muon", {"learning_rate": 0.1, "momentum": 0.8, "nesterov": False, "rms_rate": 0.5}, ("tall",)),
        ("Adafactor", {}, ALL),
        ("Adafactor", {"learning_rate": 0.5, "clip_threshold": 2.0, "weight_decay": 0.1}, ALL),
        ("ScheduleFreeAdamW", {}, ("vector",)),
        ("ScheduleFreeAdamW", {"learning_rate": 0.1, "beta_1": 0.7, "weight_decay": 0.1}, ("vector",)),
    ],
    "Optax": [
        ("muon", {"learning_rate": 0.1}, MATRICES),
        ("muon", {"learning_rate": 0.1, "beta": 0.8, "weight_decay": 0.1, "consistent_rms": 0.2}, MATRICES),
        ("muon", {"learning_rate": 0.1, "nesterov": False}, ("tall",)),
        ("adafactor", {"learning_rate": 0.1}, ALL),
        ("adafactor", {"learning_rate": 0.1, "min_dim_size_to_factor": 2, "clipping_threshold": 0.5}, ("tall", "wide")),
        ("adafactor", {"learning_rate": 0.1, "multiply_by_parameter_scale": False}, ("tall", "vector")),
        ("prodigy", {}, ("vector", "tall", "slope")),
        ("prodigy", {"learning_rate": 0.5, "betas": [0.5, 0.9], "estim_lr0": 0.01, "weight_decay": 0.1},
         ("vector", "slope")),
        ("schedule_free_adamw", {}, ("vector",)),
        ("schedule_free_adamw", {"learning_rate": 0.1, "b1": 0.7, "weight_decay": 0.1}, ("vector",)),
        ("sophia", {"learning_rate": 0.1}, ("vector",)),
        ("sophia", {"learning_rate": 0.1, "b1": 0.5, "gamma": 0.5, "update_interval": 3, "weight_decay": 0.1},
         ("vector",)),
    ],
}  # fmt: skip
CURVATURES = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0]


def problem(name):
    """Return a start and eight gradients: sizes from 0.001 to 1, some zeros, one step without any; or all one way."""
    rng = np.random.default_rng(len(name))
    shape = SHAPES[name]
    gradients = rng.normal(size=(STEPS, *shape)) * np.geomspace(1e-3, 1, shape[-1])
    if name == "slope":
        return rng.normal(size=shape), np.abs(gradients)
    gradients[2, ..., 0], gradients[5] = 0, 0
    return rng.normal(size=shape), gradients


def by_pytorch(name, kwargs, x, gradients):
    import torch

    w, path = torch.tensor(x.T.copy(), requires_grad=True), []
    optimizer = getattr(torch.optim, name)([w], **kwargs)
    for g in gradients:
        w.grad = torch.tensor(g.T.copy())
        optimizer.step()
        path.append(w.detach().numpy().T.copy())
    return torch.__version__, path


def by_keras(name, kwargs, x, gradients):
    os.environ["KERAS_BACKEND"] = "jax"
    import jax

    jax.config.update("jax_enable_x64", True)
    import keras
    from keras.src.backend.common import dtypes

    keras.config.set_floatx("float64")
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"  # else Keras takes means and norms in float32
    w, path = keras.Variable(x, dtype="float64"), []
    optimizer = getattr(keras.optimizers, name)(**kwargs)
    optimizer.build([w])
    for g in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(g, dtype="float64")], [w])
        path.append(np.asarray(w.value))
    return keras.__version__, path


def by_optax(name, kwargs, x, gradients):
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    import optax

    kwargs = {key: tuple(value) if isinstance(value, list) else value for key, value in kwargs.items()}
    optimizer = getattr(optax, name, None) or getattr(optax.contrib, name)
    optimizer, w, path = optimizer(**kwargs), jnp.array(x), []
    more = {"obj_fn": lambda w: 0.5 * jnp.sum(jnp.array(CURVATURES) * w**2)} if name == "sophia" else {}
    state = optimizer.init(w)
    for g in gradients:
        updates, state = optimizer.update(jnp.array(g), state, w, **more)
        w = optax.apply_updates(w, updates)
        path.append(np.array(w))
    return optax.__version__, path


def main():
    framework = sys.argv[1]
    used = [name for name in SHAPES if any(name in names for _, _, names in CASES[framework])]
    problems = {name: problem(name) for name in used}
    cases = []
    for optimizer, kwargs, names in CASES[framework]:
        for name in names:
            version, path = globals()[f"by_{framework.lower()}"](optimizer, kwargs, *problems[name])
            more = {"curvature": CURVATURES} if optimizer == "sophia" else {}
            more |= {"problem": name, "x": np.array(path).tolist()}
            cases.append({"optimizer": optimizer, "kwargs": kwargs, **more})
    problems = {name: {"x0": x.tolist(), "grads": gradients.tolist()} for name, (x, gradients) in problems.items()}
    found = {"framework": framework, "version": version.split("+")[0], "problems": problems, "cases": cases}
    file = Path(__file__).parent / "recorded" / f"later_{framework.lower()}.json"
    file.write_text(json.dumps(found) + "\n", encoding="utf-8")
    print(file.name, len(cases), "cases,", file.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
