"""The optimizers as PyTorch, Keras and Optax compute them, with the course's argument names; `translate` takes theirs.

shared     forms that the course's core leaves out, and what several dialects share
pytorch    PyTorch 2.13
keras      Keras 3.15
optax      Optax 0.2.8

A dialect is an optimizer like all others, with its framework's defaults and the course's names for hyperparameters.
The first line of its docstring says how it differs, and `table` prints it: what is changed there changes lesson 12.
What is left out are options that change nothing of the mathematics, and those that no recorded run in data/recorded/
covers.
"""

from dataclasses import MISSING, fields
from inspect import getdoc

from adamcourse import optimizers
from adamcourse.dialects import keras, optax, pytorch, shared

FRAMEWORKS = {"PyTorch": pytorch, "Keras": keras, "Optax": optax}
DIALECTS = {
    "SGD": {"course": optimizers.Momentum, "PyTorch": pytorch.SGD, "Keras": keras.SGD, "Optax": optax.SGD},
    "Adagrad": {
        "course": optimizers.Adagrad,
        "PyTorch": pytorch.Adagrad,
        "Keras": keras.Adagrad,
        "Optax": optax.Adagrad,
    },
    "RMSprop": {
        "course": shared.RMSpropWithMomentum,
        "PyTorch": pytorch.RMSprop,
        "Keras": keras.RMSprop,
        "Optax": optax.RMSprop,
    },
    "Adadelta": {"course": shared.Adadelta, "PyTorch": pytorch.Adadelta, "Keras": keras.Adadelta},
    "Adam": {"course": optimizers.Adam, "PyTorch": pytorch.Adam, "Keras": keras.Adam, "Optax": optax.Adam},
    "AdamW": {"course": optimizers.AdamW, "PyTorch": pytorch.AdamW, "Keras": keras.AdamW, "Optax": optax.AdamW},
    "AMSGrad": {
        "course": optimizers.AMSGrad,
        "PyTorch": pytorch.AMSGrad,
        "Keras": keras.AMSGrad,
        "Optax": optax.AMSGrad,
    },
    "Adamax": {"course": optimizers.AdaMax, "PyTorch": pytorch.Adamax, "Keras": keras.Adamax, "Optax": optax.Adamax},
    "Nadam": {"course": optimizers.Nadam, "PyTorch": pytorch.NAdam, "Keras": keras.Nadam, "Optax": optax.Nadam},
    "RAdam": {"course": optimizers.RAdam, "PyTorch": pytorch.RAdam, "Optax": optax.RAdam},
    "Lion": {"course": optimizers.Lion, "Keras": keras.Lion, "Optax": optax.Lion},
    "Yogi": {"course": shared.Yogi, "Optax": optax.Yogi},
    "Muon": {"course": optimizers.Muon, "PyTorch": pytorch.Muon, "Keras": keras.Muon, "Optax": optax.Muon},
    "Adafactor": {
        "course": optimizers.Adafactor,
        "PyTorch": pytorch.Adafactor,
        "Keras": keras.Adafactor,
        "Optax": optax.Adafactor,
    },
    "ScheduleFreeAdamW": {
        "course": optimizers.ScheduleFree,
        "Keras": keras.ScheduleFreeAdamW,
        "Optax": optax.ScheduleFreeAdamW,
    },
    "Prodigy": {"course": optimizers.Prodigy, "Optax": optax.Prodigy},
    "Sophia": {"course": optimizers.Sophia, "Optax": optax.Sophia},
}


def translate(framework, name, **arguments):
    """Return the optimizer that a call makes in a framework, such as Keras's `Adam(learning_rate=0.01)`.

    Arguments
    ---------
    framework : "PyTorch", "Keras" or "Optax".
    name : of the optimizer, as the framework writes it; small and capital letters are the same.
    arguments : by the framework's own names; None is what is not given, as in Keras and Optax.

    Raises ValueError when framework or name is not known here, the optimizer has no such argument, one without default
    is missing, or a value is outside its range.

    >>> translate("PyTorch", "Adam", betas=(0.5, 0.9), amsgrad=True)
    AMSGrad(lr=0.001, beta1=0.5, beta2=0.9, eps=1e-08, bias_correction=True, weight_decay=0.0)
    >>> translate("Keras", "SGD", learning_rate=0.1, momentum=0.9)
    SGD(lr=0.1, beta=0.9, nesterov=False)
    """
    if framework not in FRAMEWORKS:
        raise ValueError(f"framework = {framework!r}: choose one of {', '.join(FRAMEWORKS)}")
    known = {key.lower(): row[framework] for key, row in DIALECTS.items() if framework in row}
    given = {argument: value for argument, value in arguments.items() if value is not None}
    key = str(name).lower().replace("_", "")
    if key == "adam" and framework != "Optax":  # there AMSGrad has a name of its own
        amsgrad = given.pop("amsgrad", False)
        if not isinstance(amsgrad, bool):
            raise ValueError(f"amsgrad = {amsgrad!r}: give True or False")
        key = "amsgrad" if amsgrad else key
    if key not in known:
        raise ValueError(f"name = {name!r}: of {framework}, choose one of {', '.join(known)}")
    if "weight_decay" in arguments and arguments["weight_decay"] is None and defaults(known[key]).get("weight_decay"):
        given["weight_decay"] = 0.0  # not given is the default, None is no decay
    names, settings = _names(framework, known[key]), {}
    for argument, value in given.items():
        if argument not in names:
            raise ValueError(f"{argument} = {value!r}: {framework}'s {name} takes {', '.join(names)} here")
        value, ours = _value(framework, argument, value), names[argument].split()
        values = (value,) if len(ours) == 1 else value
        if not isinstance(values, (tuple, list)) or len(values) != len(ours):
            raise ValueError(f"{argument} = {value!r}: give {len(ours)} numbers in a tuple")
        settings |= dict(zip(ours, values, strict=True))
    missing = {ours for ours, default in defaults(known[key]).items() if default is None} - settings.keys()
    for theirs, ours in names.items():
        if ours in missing:
            raise ValueError(f"{theirs} is missing: {framework}'s {name} has no default for it")
    return known[key](**settings)


def defaults(cls):
    """Return the hyperparameters of an optimizer's class with their defaults, None where there is no default.

    >>> defaults(optax.Lion)
    {'lr': None, 'beta1': 0.9, 'beta2': 0.99, 'weight_decay': 0.001}
    """
    fixed = {"bias_correction"} | getattr(cls, "fixed", set())  # for which a framework has no argument
    own = [field for field in fields(cls) if field.name not in fixed]
    return {field.name: None if field.default is MISSING else field.default for field in own}


def difference_in_words(cls):
    """Return the sentence that says how a dialect differs from the course's form.

    >>> difference_in_words(optax.Nadam)
    "The course's form: β1 is constant, where the paper lets it grow."
    """
    return getdoc(cls).splitlines()[0]


def decay_formula(cls):
    """Return what weight decay means in a dialect, as a formula, or "" where it has none.

    >>> decay_formula(pytorch.Adam), decay_formula(keras.Adam)
    ('g ← g + λ x', 'x ← x - α λ x')
    """
    if "weight_decay" not in defaults(cls):
        return ""
    return "g ← g + λ x" if issubclass(cls, shared.L2) else "x ← x - α λ x"


def table(name):
    """Return the dialects of an optimizer, a key of DIALECTS, as text: defaults, weight decay, how each one differs.

    Arguments
    ---------
    name : a key of DIALECTS.

    >>> print(table("AdamW"))
    AdamW    lr        beta1  beta2  eps    weight_decay  eps_root  weight decay is
    course   0.001     0.9    0.999  1e-08  0.01                    x ← x - α λ x
    PyTorch  0.001     0.9    0.999  1e-08  0.01                    x ← x - α λ x
    Keras    0.001     0.9    0.999  1e-07  0.004                   x ← x - α λ x
    Optax    required  0.9    0.999  1e-08  0.0001        0         x ← x - α λ x
    <BLANKLINE>
    PyTorch: The course's form: x shrinks by 1 - α λ, then Algorithm 1, with ε added to √v̂.
    Keras: The paper's second form of Adam, ε added to √v; x shrinks by 1 - α λ.
    Optax: The course's form: α λ x is subtracted from x beside Adam's step.
    """
    if name not in DIALECTS:
        raise ValueError(f"name = {name!r}: choose one of {', '.join(DIALECTS)}")
    row = DIALECTS[name]
    columns = list(dict.fromkeys(column for cls in row.values() for column in defaults(cls)))
    lines = [[name, *columns, "weight decay is"]]
    for framework, cls in row.items():
        own = defaults(cls)
        lines.append(
            [framework, *(_shown(own[column]) if column in own else "" for column in columns), decay_formula(cls)]
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([*rows, "", *(f"{f}: {difference_in_words(cls)}" for f, cls in row.items() if f != "course")])


def _names(framework, cls):
    """Return a framework's names for the hyperparameters of a dialect, with ours; one of theirs may hold two."""
    own, renamed, taken = set(defaults(cls)), {}, set()
    for theirs, ours in sorted(FRAMEWORKS[framework].NAMES.items(), key=lambda pair: "." not in pair[1]):
        kind, _, ours = ours.rpartition(".")  # the names for one optimizer alone come first
        if own.issuperset(ours.split()) and kind in ("", cls.__name__) and not taken & set(ours.split()):
            renamed[theirs] = ours
            taken |= set(ours.split())
    return renamed | {name: name for name in defaults(cls) if name not in taken}


def _value(framework, argument, value):
    """Return the number that a framework's word stands for, or the value itself."""
    words = getattr(FRAMEWORKS[framework], "VALUES", {}).get(argument)
    if words and value not in words:
        raise ValueError(f"{argument} = {value!r}: give one of {', '.join(map(repr, words))}")
    return words[value] if words else value


def _shown(value):
    return "required" if value is None else str(value) if isinstance(value, bool) else f"{value:g}"
