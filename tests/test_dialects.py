"""Dialects against recorded runs, against closed forms, and against PyTorch itself where it is installed."""

import inspect

import numpy as np
import pytest

from adamcourse import optimizers
from adamcourse.datasets import load_later_steps
from adamcourse.dialects import (
    DIALECTS,
    FRAMEWORKS,
    defaults,
    difference_in_words,
    keras,
    optax,
    pytorch,
    table,
    translate,
)
from adamcourse.optimizers import Scheduled
from tests.scripts import script_of_data
from tests.test_matrices import walked
from tests.test_optimizers import CASES, label, walk

RECORDED = {"torch": "PyTorch", "keras": "Keras", "optax": "Optax"}
every_dialect = pytest.mark.parametrize(
    ("name", "framework"), [(name, who) for name, row in DIALECTS.items() for who in row if who != "course"]
)


def spelled(case):
    """Return the dialect of a recorded case."""
    return translate(RECORDED[case["framework"]], case["optimizer"], **case["kwargs"])


# --- recorded runs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("run_and_case", CASES, ids=label)
def test_every_recorded_run_is_reproduced_at_every_step(run_and_case):
    run, case = run_and_case
    optimizer, x = spelled(case), np.array(run["x0"])
    path, state = [], optimizer.start(x)
    for g in run["grads"]:
        x, state = optimizer.update(x, np.array(g), state)
        path.append(x)
    # the recorded runs are in float64 throughout, the product of NAdam's μ included
    np.testing.assert_allclose(path, case["x"], rtol=1e-12, atol=1e-300)


LATER = [load_later_steps(framework) for framework in FRAMEWORKS]
LATER_CASES = [(run, case) for run in LATER for case in run["cases"]]


def later(run, case):
    """Return the dialect of a recorded case of the later optimizers, and the run that it should repeat."""
    more = {"curvature": lambda x, t: np.array(case["curvature"])} if "curvature" in case else {}
    problem = {key: np.array(value) for key, value in run["problems"][case["problem"]].items()}
    return translate(run["framework"], case["optimizer"], **case["kwargs"], **more), problem


@pytest.mark.parametrize(
    ("run", "case"), LATER_CASES, ids=[f"{c['optimizer']}-{c['kwargs']}-{c['problem']}" for _, c in LATER_CASES]
)
def test_every_recorded_run_of_the_later_optimizers_is_reproduced(run, case):
    optimizer, problem = later(run, case)
    path, wanted = walked(optimizer, problem["grads"], problem["x0"]), np.array(case["x"])
    if isinstance(optimizer, pytorch.Muon):  # PyTorch works in bfloat16 on the way, with three digits
        steps = np.linalg.norm(np.diff(path, axis=0), axis=(1, 2))
        errors = np.linalg.norm(path[1:] - wanted, axis=(1, 2))
        assert (errors <= 0.03 * np.cumsum(steps)).all()
    else:
        np.testing.assert_allclose(path[1:], wanted, rtol=1e-12, atol=1e-15)


def test_later_optimizers_of_the_installed_pytorch_do_what_was_recorded():
    """The script that recorded them, run again."""
    torch = pytest.importorskip("torch")
    make_recorded = script_of_data("make_recorded")
    for case in LATER[0]["cases"]:
        version, path = make_recorded.by_pytorch(
            case["optimizer"], case["kwargs"], *make_recorded.problem(case["problem"])
        )
        assert version == torch.__version__
        np.testing.assert_allclose(path, case["x"], rtol=1e-9)


def test_there_are_recorded_runs_of_these_versions():
    assert [(run["framework"], run["version"], len(run["cases"])) for run in LATER] == [
        ("PyTorch", "2.13.0", 13), ("Keras", "3.15.1", 12), ("Optax", "0.2.8", 23),
    ]  # fmt: skip


@every_dialect
def test_every_dialect_has_a_recorded_run(name, framework):
    recorded = {type(spelled(case)) for _, case in CASES if RECORDED[case["framework"]] == framework}
    recorded |= {type(later(run, case)[0]) for run, case in LATER_CASES if run["framework"] == framework}
    assert DIALECTS[name][framework] in recorded


# --- PyTorch, where it is installed ----------------------------------------------------------------------------------


@pytest.fixture
def torch():
    """PyTorch in float64; NAdam keeps the product of its μ in the default dtype, and float32 would leave 1e-10."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: `pip install torch==2.13.0` for this check")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


LIVE = [
    ("SGD", {}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "initial_accumulator_value": 0.1, "weight_decay": 0.1, "eps": 1e-3}),
    ("RMSprop", {}),
    ("RMSprop", {"alpha": 0.9, "momentum": 0.9, "centered": True, "weight_decay": 0.1}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.5, "weight_decay": 0.1}),
    ("Adam", {}),
    ("Adam", {"betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"amsgrad": True, "betas": (0.9, 0.9), "weight_decay": 0.1}),
    ("AdamW", {}),
    ("AdamW", {"betas": (0.5, 0.9), "weight_decay": 0.1}),
    ("Adamax", {}),
    ("Adamax", {"betas": (0.5, 0.9), "weight_decay": 0.1}),
    ("NAdam", {}),
    ("NAdam", {"momentum_decay": 1.0, "weight_decay": 0.1}),
    ("RAdam", {}),
    ("RAdam", {"betas": (0.5, 0.9), "weight_decay": 0.1}),
]


@pytest.mark.parametrize(("name", "arguments"), LIVE, ids=str)
def test_agrees_with_the_installed_pytorch(torch, name, arguments):
    """300 steps on gradients of six sizes from 1e-8 to 100, with the rate cut to a tenth on the way."""
    rng = np.random.default_rng(5)
    gradients = rng.normal(size=(300, 6)) * [1e-8, 1e-4, 1e-2, 1, 10, 100] * rng.choice([0, 1], size=(300, 6))
    theirs = torch.ones(6, requires_grad=True)
    step = getattr(torch.optim, name)([theirs], **arguments)
    optimizer = Scheduled(translate("PyTorch", name, **arguments), lambda t: 1.0 if t < 200 else 0.1)
    x = np.ones(6)
    state = optimizer.start(x)
    for t, g in enumerate(gradients):
        if t == 200:
            step.param_groups[0]["lr"] *= 0.1
        theirs.grad = torch.tensor(g)
        step.step()
        x, state = optimizer.update(x, g, state)
        # rounding of the coordinates that pass through 0 on their way is of the size of x's longest steps
        np.testing.assert_allclose(x, theirs.detach().numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", [name for name, row in DIALECTS.items() if "PyTorch" in row])
def test_defaults_are_those_of_the_installed_pytorch(torch, name):
    kind = DIALECTS[name]["PyTorch"]
    theirs = inspect.signature(getattr(torch.optim, "Adam" if name == "AMSGrad" else kind.__name__)).parameters
    expected = {}
    for argument, parameter in theirs.items():
        parts = pytorch.NAMES.get(argument, argument).rpartition(".")[2].split()
        if argument == "adjust_lr_fn":  # None is its first word
            expected["rms"] = pytorch.VALUES[argument][parameter.default or "original"]
            continue
        expected |= dict(zip(parts, parameter.default if len(parts) > 1 else [parameter.default], strict=True))
    ours = {name: value for name, value in defaults(kind).items() if name != "threshold"}  # no argument of theirs
    assert ours == {name: expected[name] for name in ours}


# --- closed forms ----------------------------------------------------------------------------------------------------


def first_step(optimizer, g):
    """Return how far the first step goes along a gradient g, and in which direction."""
    return -walk(optimizer, [[g]])[0, 0]


def test_one_eps_has_three_places():
    """At g = ε: α/2 outside the root; α / (1 + 1/√(1-β2)) hatted; α / (√2 + 1) with eps_root = ε² inside, too."""
    assert first_step(pytorch.Adam(1.0), 1e-8) == pytest.approx(1 / 2, rel=1e-12)
    assert first_step(optax.Adam(1.0), 1e-8) == pytest.approx(1 / 2, rel=1e-12)
    assert first_step(keras.Adam(1.0, eps=1e-8), 1e-8) == pytest.approx(1 / (1 + 1 / np.sqrt(1 - 0.999)), rel=1e-12)
    assert first_step(optax.Adam(1.0, eps_root=1e-16), 1e-8) == pytest.approx(1 / (np.sqrt(2) + 1), rel=1e-12)


def test_keras_adam_without_bias_correction_has_one_place_for_eps():
    """√v + ε with v = (1 - β2) g²: there is nothing to correct."""
    hat = keras.Adam(1.0, eps=1e-8, bias_correction=False)
    assert first_step(hat, 1e-8) == pytest.approx(0.1 / (np.sqrt(1 - 0.999) + 1), rel=1e-12)


@pytest.mark.parametrize(("kind", "stops"), [(pytorch.SGD, True), (keras.SGD, False), (optax.SGD, True)])
def test_a_rate_of_zero_stops_momentum_unless_the_rate_is_inside(kind, stops):
    """After n steps along g = 1 the velocity is (1 - β^n) / (1 - β), and it walks on by β / (1 - β) of that."""
    beta, n = 0.8, 5
    steps = walk(Scheduled(kind(1.0, beta), lambda t: float(t < n)), np.ones((n + 400, 1))).ravel()
    velocity = (1 - beta**n) / (1 - beta)
    np.testing.assert_allclose(steps[:n], -(1 - beta ** np.arange(1, n + 1)) / (1 - beta), rtol=1e-12)
    assert -steps[n:].sum() == pytest.approx(0 if stops else velocity * beta / (1 - beta), rel=1e-12)


@pytest.mark.parametrize(("kind", "stops"), [(pytorch.RMSprop, True), (keras.RMSprop, False), (optax.RMSprop, False)])
def test_a_rate_of_zero_stops_rmsprop_unless_the_rate_is_inside(kind, stops):
    """One step of 1 / √(1 - ρ), and then β, β², ... of it, or nothing."""
    beta, rms = 0.8, kind(1.0, rho=0.99, eps=0, beta=0.8)
    steps = walk(Scheduled(rms, lambda t: float(t < 1)), np.ones((400, 1))).ravel()
    assert steps[0] == pytest.approx(-10, rel=1e-12)
    assert -steps[1:].sum() == pytest.approx(0 if stops else 10 * beta / (1 - beta), rel=1e-12)


def test_centred_rmsprop_divides_by_the_standard_deviation():
    """Of g = 1 along ρ = 0.9: v = w, mean = w with w = 1 - 0.9^t, and the variance is w (1 - w)."""
    w = 1 - 0.9 ** np.arange(1, 20)
    steps = walk(optax.RMSprop(1.0, eps=0, centered=True), np.ones((19, 1))).ravel()
    np.testing.assert_allclose(steps, -1 / np.sqrt(w * (1 - w)), rtol=1e-12)


def test_dampening_spares_the_first_gradient():
    """An average of equal gradients would climb as 1 - β^t; with its first one whole, it is 1 from the start."""
    steps = walk(pytorch.SGD(1.0, 0.9, dampening=0.9), np.ones((20, 1)))
    np.testing.assert_allclose(steps, -1, rtol=1e-12)


def test_three_maxima_share_the_name_amsgrad():
    """After g = 10 and 0.1, at β1 = 0: 0.1 over √(1-β2) 10 in the paper, √((1-β2) / (1-β2²)) 10, and 10."""
    b2 = 0.999
    expected = {
        "course": np.sqrt(1 - b2),
        "PyTorch": np.sqrt((1 - b2) / (1 - b2**2)),
        "Keras": np.sqrt((1 - b2) / (1 - b2**2)),
        "Optax": 1,
    }
    for framework, kind in DIALECTS["AMSGrad"].items():
        second = walk(kind(lr=1.0, beta1=0, beta2=b2, eps=0), [[10.0], [0.1]])[1, 0]
        assert second == pytest.approx(-0.1 / (10 * expected[framework]), rel=1e-12)


def test_weight_decay_has_two_meanings():
    """Without a gradient: an L2 penalty takes whole steps of α, decoupled decay shrinks x by 1 - α λ."""
    x, g = np.array([2.0]), np.zeros(1)
    for kind, expected in ((pytorch.Adam, 2 - 0.1), (keras.Adam, 2 * (1 - 0.1 * 0.5)), (pytorch.AdamW, 2 * 0.95)):
        adam = kind(lr=0.1, weight_decay=0.5, eps=0 if kind is pytorch.Adam else 1e-8)
        assert adam.update(x, g, adam.start(x))[0][0] == pytest.approx(expected, rel=1e-12)


def test_pytorch_waits_one_step_longer_than_the_paper_before_it_trusts_v():
    """Along g = 5, m̂ = g: steps of 5 until v is trusted, and short ones from then on."""
    for kind, waits in ((optimizers.RAdam, 4), (pytorch.RAdam, 5), (optax.RAdam, 5)):
        steps = -walk(kind(lr=1.0), np.full((8, 1), 5.0)).ravel()
        np.testing.assert_allclose(steps[:waits], 5, rtol=1e-12)
        assert (steps[waits:] < 0.2).all()


def test_adamax_has_two_places_for_eps():
    """At g = ε: max(|g| + ε) and max(|g|) + ε are one and the same; after a zero they are β2 2ε, and β2 ε + ε."""
    assert first_step(pytorch.Adamax(1.0, eps=1.0), 1.0) == first_step(keras.Adamax(1.0, eps=1.0), 1.0) == 0.5
    m_hat, beta2 = 0.9 * 0.1 / (1 - 0.9**2), 0.5
    for kind, u in ((pytorch.Adamax, max(beta2 * 2, 1)), (optax.Adamax, max(beta2 * 2, 1)), (keras.Adamax, 1.5)):
        second = walk(kind(lr=1.0, beta2=beta2, eps=1.0), [[1.0], [0.0]])[1, 0]
        assert second == pytest.approx(-m_hat / u, rel=1e-12)


def test_nadam_grows_its_momentum_from_half_of_beta1():
    """ψ = 0 keeps μ = β1 / 2: the first step is μ (1-β1) / (1-μ²) + 1; with a huge ψ, μ = β1, as in Optax."""
    mu = 0.45
    assert first_step(pytorch.NAdam(1.0, psi=0, eps=0), 3.0) == pytest.approx(mu * 0.1 / (1 - mu**2) + 1, rel=1e-12)
    gradients = np.random.default_rng(6).normal(size=(50, 3))
    np.testing.assert_allclose(walk(keras.Nadam(0.1, psi=1e4), gradients), walk(optax.Nadam(0.1, eps=1e-7), gradients))


def test_adagrad_begins_at_a_tenth_or_at_nothing():
    """The first step along g: α g / √(s + g² + ε), and α sign(g) in PyTorch."""
    g, eps = 0.01, 1e-7
    for kind in (keras.Adagrad, optax.Adagrad):
        assert first_step(kind(lr=1.0), g) == pytest.approx(g / np.sqrt(0.1 + g**2 + eps), rel=1e-12)
    assert first_step(pytorch.Adagrad(1.0, eps=0), g) == pytest.approx(1, rel=1e-12)


def test_adadelta_begins_with_steps_of_root_eps():
    """√ε / √((1-ρ) g² + ε) g, and Keras's default multiplies it by 0.001."""
    for kind in (pytorch.Adadelta, keras.Adadelta):
        own = defaults(kind)
        d = np.sqrt(own["eps"] / ((1 - own["rho"]) * 4 + own["eps"])) * 2
        assert first_step(kind(), 2.0) == pytest.approx(own["lr"] * d, rel=1e-12)


def test_lion_and_yogi():
    """Lion steps by α whatever g is. Along g = 1, m̂ of Yogi is a mean of its start and of 1, weighed by β1^t."""
    np.testing.assert_allclose(walk(keras.Lion(0.1), [[1e-9, -7.0, 0.0]])[0], [-0.1, 0.1, 0.0])
    start = 1e-6
    m_hat = (0.9 * start + 0.1) / 0.1
    v_hat = (start + 0.001) / 0.001  # v < g² here, so v grows by (1 - β2) g²
    assert first_step(optax.Yogi(1.0), 1.0) == pytest.approx(m_hat / (np.sqrt(v_hat) + 1e-3), rel=1e-12)


# --- the interface ---------------------------------------------------------------------------------------------------


@every_dialect
def test_each_dialect_says_how_it_differs_and_stands_in_its_table(name, framework):
    kind = DIALECTS[name][framework]
    assert kind.__name__.lower() == name.lower()
    assert kind.__module__.endswith(framework.lower())
    assert difference_in_words(kind) != difference_in_words(DIALECTS[name]["course"])
    assert len(difference_in_words(kind)) <= 120
    lines = table(name).splitlines()
    assert lines[-1 - list(DIALECTS[name])[::-1].index(framework)] == f"{framework}: {difference_in_words(kind)}"
    row = next(line for line in lines if line.split()[0] == framework)
    if name != "Sophia":  # whose first argument is a function
        rate = defaults(kind)["lr"]
        assert row.split()[1] == ("required" if rate is None else f"{rate:g}")


def test_a_call_is_translated_to_its_arguments():
    assert translate("Keras", "rmsprop", learning_rate=0.1, momentum=0.5, epsilon=1e-3, centered=True) == keras.RMSprop(
        0.1, eps=1e-3, beta=0.5, centered=True
    )
    assert translate("PyTorch", "RMSprop", alpha=0.5, momentum=0.9) == pytorch.RMSprop(rho=0.5, beta=0.9)
    assert translate("Optax", "adam", learning_rate=0.1, b1=0.5, eps_root=1e-8) == optax.Adam(0.1, 0.5, eps_root=1e-8)
    assert translate("Keras", "Adam", amsgrad=True, weight_decay=None) == keras.AMSGrad()
    assert translate("PyTorch", "Adam", amsgrad=False) == pytorch.Adam()
    assert translate("Keras", "AdamW", weight_decay=None) == keras.AdamW(weight_decay=0)
    assert translate("PyTorch", "Muon", adjust_lr_fn="match_rms_adamw") == pytorch.Muon(rms=0.2)
    assert translate("Optax", "schedule_free_adamw", b1=0.5) == optax.ScheduleFreeAdamW(beta1=0.5)


@pytest.mark.parametrize(
    ("framework", "name", "arguments", "message"),
    [
        ("JAX", "adam", {}, "framework = 'JAX': choose one of PyTorch, Keras, Optax"),
        ("Keras", "RAdam", {}, "name = 'RAdam': of Keras, choose one of sgd, adagrad"),
        ("Keras", "Adam", {"lr": 0.1}, "lr = 0.1: Keras's Adam takes learning_rate, beta_1"),
        ("PyTorch", "Adam", {"beta1": 0.5}, "beta1 = 0.5: PyTorch's Adam takes betas, "),
        ("PyTorch", "Adam", {"eps": -1}, "eps = -1: eps must be 0 or more"),
        ("PyTorch", "AdamW", {"amsgrad": True}, "amsgrad = True"),
        ("PyTorch", "Adam", {"betas": 0.9}, "betas = 0.9: give 2 numbers in a tuple"),
        ("PyTorch", "Adam", {"betas": (0.9,)}, r"betas = \(0.9,\): give 2 numbers in a tuple"),
        ("PyTorch", "Muon", {"adjust_lr_fn": "rms"}, "adjust_lr_fn = 'rms': give one of 'original', 'match_rms_adamw'"),
        ("Optax", "muon", {"learning_rate": 0.1, "momentum": 0.5}, "momentum = 0.5: Optax's muon takes beta, "),
        ("Optax", "prodigy", {"b1": 0.5}, "b1 = 0.5: Optax's prodigy takes betas, "),
        ("Optax", "adam", {"b1": 0.5}, "learning_rate is missing: Optax's adam has no default for it"),
    ],
)
def test_what_is_not_known_is_named(framework, name, arguments, message):
    with pytest.raises(ValueError, match=message):
        translate(framework, name, **arguments)


def test_an_unknown_table_is_named():
    with pytest.raises(ValueError, match="name = 'adam': choose one of SGD, Adagrad"):
        table("adam")


def test_optax_has_no_default_rate_but_for_two():
    for name, row in DIALECTS.items():
        if "Optax" in row and name not in ("Prodigy", "ScheduleFreeAdamW"):
            with pytest.raises(TypeError, match="lr"):
                row["Optax"]()


def test_no_name_of_a_framework_is_without_use():
    for framework, module in FRAMEWORKS.items():
        own = {name for row in DIALECTS.values() if framework in row for name in defaults(row[framework])}
        assert {part for names in module.NAMES.values() for part in names.rpartition(".")[2].split()} <= own
