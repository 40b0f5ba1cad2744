"""Optimizers against recorded runs of PyTorch, Keras and Optax, against closed forms, and as broadcasting functions."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adamcourse.datasets import load_framework_steps
from adamcourse.dialects import DIALECTS, optax, pytorch
from adamcourse.dialects.shared import Adadelta, RMSpropWithMomentum
from adamcourse.optimizers import (
    ALL,
    SOAP,
    SWATS,
    Adagrad,
    Adam,
    AdaMax,
    AdamW,
    AMSGrad,
    GradientDescent,
    Lion,
    Momentum,
    Nadam,
    NormalisedMomentum,
    Optimizer,
    RAdam,
    RMSprop,
)

# --- recorded runs of other libraries ----------------------------------------------------------------------------

RECORDED = [load_framework_steps(framework) for framework in ("Keras", "Optax", "PyTorch")]
CASES = [(run, case) for run in RECORDED for case in run["cases"]]
EPS_INSIDE = "ε stands inside the root there"
EPS_HAT = "ε is added to the uncorrected root there, the paper's second form"
MISSING = "the course's core has no such optimizer or option"


def ours(framework, name, kw):
    """Return our nearest optimizer for a recorded case, and the reason why its form differs, or None."""
    lr = kw.get("lr", kw.get("learning_rate"))
    match framework, name.lower():
        case _, "sgd" if "dampening" in kw:
            return Momentum(lr, kw["momentum"]), "dampening scales all gradients but the first"
        case _, "sgd" if "momentum" in kw:
            return Momentum(lr, kw["momentum"], kw.get("nesterov", False)), None
        case _, "sgd":
            return GradientDescent(lr), None
        case "torch", "adagrad":
            return Adagrad(lr, initial_accumulator=kw.get("initial_accumulator_value", 0)), None
        case _, "adagrad":
            return Adagrad(lr, 1e-7, kw.get("initial_accumulator_value", 0.1)), EPS_INSIDE
        case _, "rmsprop" if kw.keys() & {"momentum", "centered"}:
            return None, MISSING
        case "torch", "rmsprop":
            return RMSprop(lr, rho=kw.get("alpha", 0.99)), None
        case "optax", "rmsprop" if not kw.get("eps_in_sqrt", True):
            return RMSprop(lr), None
        case _, "rmsprop":
            return RMSprop(lr, eps=1e-7 if framework == "keras" else 1e-8), EPS_INSIDE
        case "torch", "adam" if "amsgrad" in kw:
            return AMSGrad(lr, bias_correction=True), None
        case "keras", "adam" if "amsgrad" in kw:
            return AMSGrad(lr, eps=1e-7, bias_correction=True), EPS_HAT
        case "keras", "adam" | "adamw":
            decay = kw.get("weight_decay", 0.004 if name == "AdamW" else 0)
            return AdamW(lr, eps=kw.get("epsilon", 1e-7), weight_decay=decay), EPS_HAT
        case _, "adam":
            reason = EPS_INSIDE if "eps_root" in kw else None
            return Adam(lr, *kw.get("betas", (0.9, 0.999)), eps=kw.get("eps", 1e-8)), reason
        case _, "adamw":
            return AdamW(lr, weight_decay=kw.get("weight_decay", 1e-2 if framework == "torch" else 1e-4)), None
        case "optax", "amsgrad":
            return AMSGrad(lr, bias_correction=True), "the maximum is taken of the corrected v̂ there"
        case "keras", "adamax":
            return AdaMax(1e-3, eps=1e-7), "ε is added to the maximum there"
        case _, "adamax":
            return AdaMax(), None
        case "optax", "nadam":
            return Nadam(lr), None
        case _, "nadam":
            return Nadam(), "β1 grows with t there"
        case "optax", "radam":
            return RAdam(lr, threshold=5), None
        case "torch", "radam":
            return RAdam(threshold=5), EPS_HAT
        case _, "lion":
            return Lion(lr, weight_decay=kw.get("weight_decay", 0)), None
    return None, MISSING


def label(run_and_case):
    case = run_and_case[1]
    return f"{case['framework']}-{case['optimizer']}-{case['kwargs']}"


def nearest(case):
    return ours(case["framework"], case["optimizer"], case["kwargs"])


EXPRESSIBLE = [(run, case) for run, case in CASES if nearest(case)[0] is not None]


@pytest.mark.parametrize("run_and_case", EXPRESSIBLE, ids=label)
def test_agrees_with_recorded_run_or_differs_for_the_reason_given(run_and_case):
    run, case = run_and_case
    optimizer, difference = nearest(case)
    # weight decay in PyTorch's SGD and Adam is an L2 penalty of the loss, so it comes to us with the gradient
    coupled = case["framework"] == "torch" and case["optimizer"] != "AdamW" and case["kwargs"].get("weight_decay", 0)
    x = np.array(run["x0"])
    path, state = [], optimizer.start(x)
    for g in run["grads"]:
        x, state = optimizer.update(x, np.array(g) + coupled * x, state)
        path.append(x)
    agrees = np.isclose(path, case["x"], rtol=1e-12, atol=1e-300).all()
    assert agrees == (difference is None), difference


def test_the_recorded_runs_are_all_there():
    missing = {case["optimizer"].lower() for _, case in CASES if nearest(case)[0] is None}
    assert missing == {"adadelta", "yogi", "rmsprop"}  # RMSprop with momentum or centred: `dialects`
    assert (len(CASES), len(EXPRESSIBLE)) == (60, 51)


# --- closed forms ------------------------------------------------------------------------------------------------


def walk(optimizer, gradients):
    """Return the steps x_t - x_(t-1) that a stream of gradients, shape (T, ...), causes."""
    x = np.zeros_like(np.asarray(gradients[0], dtype=float))
    state, positions = optimizer.start(x), [x]
    for g in gradients:
        x, state = optimizer.update(x, np.asarray(g), state)
        positions.append(x)
    return np.diff(positions, axis=0)


def constant(g, steps):
    return np.full((steps, 1), float(g))


def test_gradient_descent_is_the_formula():
    np.testing.assert_allclose(walk(GradientDescent(0.3), [[2.0], [-1.0]]).ravel(), [-0.6, 0.3])


def test_momentum_sums_a_geometric_series():
    k = np.arange(1, 60)
    steps = walk(Momentum(0.1, 0.8), constant(2, 59)).ravel()
    np.testing.assert_allclose(steps, -0.1 * 2 * (1 - 0.8**k) / (1 - 0.8), rtol=1e-12)


def test_nesterov_on_a_parabola_matches_the_two_point_form():
    """x_(k+1) = y_k - α f'(y_k), y = x + β (x - x_before): Nesterov's own form, whose y is our x."""
    a, b, h = 0.1, 0.6, 3.0
    y, state = np.array([1.0]), Momentum(a, b, nesterov=True).start(np.array([1.0]))
    before = at = look = 1.0
    for _ in range(30):
        assert y[0] == pytest.approx(look, rel=1e-12, abs=1e-15)
        before, at = at, look - a * h * look
        look = at + b * (at - before)
        y, state = Momentum(a, b, nesterov=True).update(y, h * y, state)


def test_adagrad_first_step_is_the_sign_and_constant_gradients_give_one_over_root_t():
    np.testing.assert_allclose(walk(Adagrad(0.1), [[1e4, -1e-4, 3.0]])[0], [-0.1, 0.1, -0.1], rtol=1e-5)
    t = np.arange(1, 101)
    np.testing.assert_allclose(walk(Adagrad(0.1), constant(7, 100)).ravel(), -0.1 / np.sqrt(t), rtol=1e-9)


def test_rmsprop_under_a_constant_gradient_settles_at_the_rate():
    t = np.arange(1, 101)
    expected = -0.01 / np.sqrt(1 - 0.9**t)
    np.testing.assert_allclose(walk(RMSprop(0.01, 0.9), constant(5, 100)).ravel(), expected, rtol=1e-7)


def test_adam_first_step_is_the_rate_for_any_gradient_well_above_eps():
    """Δ = -α g / (|g| + ε)."""
    g = np.array([1e-6, 1.0, -1e6, 0.0])
    np.testing.assert_allclose(walk(Adam(0.1), [g])[0], -0.1 * g / (np.abs(g) + 1e-8), rtol=1e-12)


def test_adam_under_a_constant_gradient_steps_by_the_rate_for_ever():
    np.testing.assert_allclose(walk(Adam(0.01), constant(3, 2000)).ravel(), -0.01, rtol=1e-7)


def test_adam_without_bias_correction_has_the_known_multiplier():
    """r_t = (1 - β1^t) / √(1 - β2^t): 3.162 at t = 1, largest 6.5685 at t = 12, below 1.01 from t = 3925."""
    t = np.arange(1, 5001)
    r = -walk(Adam(1.0, eps=0, bias_correction=False), constant(2, 5000)).ravel()
    np.testing.assert_allclose(r, (1 - 0.9**t) / np.sqrt(1 - 0.999**t), rtol=1e-12)
    assert r[0] == pytest.approx(3.1623, abs=1e-4)
    assert (r.argmax() + 1, round(r.max(), 4)) == (12, 6.5685)
    assert t[r >= 1.01].max() + 1 == 3925


def test_adam_does_not_see_the_scale_of_the_loss():
    gradients = np.random.default_rng(0).normal(size=(50, 4))
    exact = Adam(0.1, eps=0)
    np.testing.assert_allclose(walk(exact, gradients), walk(exact, 1e6 * gradients), rtol=1e-12)


def test_second_form_of_the_paper_is_the_same_with_a_corrected_eps():
    """α √(1-β2^t) / (1-β1^t) · m / (√v + ε √(1-β2^t)), just before section 2.1 of Kingma and Ba."""
    gradients = np.random.default_rng(1).normal(size=(40, 3)) * [1, 1e-8, 1e3]
    m = v = 0.0
    for t, (g, step) in enumerate(zip(gradients, walk(Adam(0.01), gradients), strict=True), 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        root = np.sqrt(1 - 0.999**t)
        np.testing.assert_allclose(step, -0.01 * root / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-8 * root), rtol=1e-10)


def test_adamw_without_gradients_shrinks_by_a_known_power():
    x = np.array([2.0, -3.0])
    optimizer, y = AdamW(0.1, weight_decay=0.05), x
    state = optimizer.start(x)
    for _ in range(100):
        y, state = optimizer.update(y, np.zeros(2), state)
    np.testing.assert_allclose(y, x * (1 - 0.1 * 0.05) ** 100, rtol=1e-12)


def test_amsgrad_is_adam_as_long_as_v_grows():
    growing = np.cumsum(np.ones((30, 1)), axis=0)
    np.testing.assert_allclose(walk(AMSGrad(0.1), growing), walk(Adam(0.1, bias_correction=False), growing), rtol=1e-12)
    shrinking = 0.5 ** np.arange(30.0)[:, None]
    assert (
        np.abs(walk(AMSGrad(0.1, beta2=0.9), shrinking)[-1])
        < 0.3 * np.abs(walk(Adam(0.1, beta2=0.9, bias_correction=False), shrinking)[-1])
    ).all()


def test_adamax_hardly_steps_further_than_the_rate():
    """On wild gradients never; on those that shrink exactly as u does, 0.999^t, the step tends to 1.0091 α."""
    wild = np.random.default_rng(2).standard_t(1.5, size=(500, 3))
    assert np.abs(walk(AdaMax(1.0), wild)).max() <= 1
    shrinking = 0.999 ** np.arange(2000.0)[:, None]
    limit = (1 - 0.9) / (1 - 0.9 / 0.999)  # m / u: a geometric series with ratio β1 / β2
    assert np.abs(walk(AdaMax(1.0, eps=0), shrinking)).max() == pytest.approx(limit, rel=1e-9)
    assert limit == pytest.approx(1.0091, abs=5e-5)


def test_nadam_first_step():
    """m̂ / √v̂ at t = 1: β1 (1-β1) / (1-β1²) + 1."""
    assert walk(Nadam(1.0, eps=0), [[5.0]])[0, 0] == pytest.approx(-(0.9 * 0.1 / 0.19 + 1), rel=1e-12)


def test_radam_waits_and_then_trusts():
    """ρ_t first exceeds 4 at t = 5 and 5 at t = 6, where r = 0.0258; r tends to 1."""
    paper, authors = RAdam(), RAdam(threshold=5)
    assert [float(paper.rectification(t)) > 0 for t in (4, 5)] == [False, True]
    assert [float(authors.rectification(t)) > 0 for t in (5, 6)] == [False, True]
    assert authors.rectification(6) == pytest.approx(0.0258, abs=5e-5)
    assert paper.rectification(100_000) == pytest.approx(1, abs=1e-4)


def test_lion_by_hand():
    """By hand, β1 = 0.75, β2 = 0.5: the signs of 3 m + g are those of 4, 6 - 2, 0 - 2, -3 + 2 and 1.5 - 1."""
    lion, x = Lion(lr=0.1, beta1=0.75, beta2=0.5), np.array([0.0])
    state = lion.start(x)
    for g, position, memory in ((4, -0.1, 2), (-2, -0.2, 0), (-2, -0.1, -1), (2, 0.0, 0.5), (-1, -0.1, -0.25)):
        x, state = lion.update(x, np.array([g]), state)
        assert (x[0], state.m[0]) == (pytest.approx(position, abs=1e-15), memory)


def test_every_step_of_lion_is_the_rate_long_and_decay_pulls_the_signs_to_one_over_lambda():
    wild = np.random.default_rng(3).standard_t(1.5, size=(300, 4))
    np.testing.assert_allclose(np.abs(walk(Lion(0.01), wild)), 0.01, rtol=1e-9)
    lion, x = Lion(0.01, weight_decay=0.5), np.array([7.0, -3.0])
    state = lion.start(x)
    for _ in range(5000):
        x, state = lion.update(x, np.array([-1.0, 1.0]), state)
    np.testing.assert_allclose(x, [2, -2], rtol=1e-9)


# --- contracts: broadcasting, dtype, nothing touched, clear errors -------------------------------------------------


def test_normalised_momentum_walks_steps_of_one_length_along_the_mean():
    walker = NormalisedMomentum(0.5, beta=0.75)
    gradients = np.random.default_rng(0).normal(size=(6, 3)) * [[1e-9], [1], [1e6], [1], [1], [1e3]]
    x, state, weights = np.zeros(3), walker.start(np.zeros(3)), []
    for g in gradients:
        before = x
        x, state = walker.update(x, g, state)
        weights = [0.75 * weight for weight in weights] + [0.25]
        mean = np.array(weights) @ gradients[: len(weights)]
        np.testing.assert_allclose(x - before, -0.5 * mean / np.linalg.norm(mean), rtol=1e-9)
    assert (walker.update(x, np.zeros(3), walker.start(x))[0] == x).all()  # no direction, no step
    with pytest.raises(ValueError, match="beta = 1"):
        NormalisedMomentum(0.1, beta=1)


@pytest.mark.parametrize("gradient", [None, [1.0, None, 2.0]])
def test_a_gradient_that_is_none_is_named(gradient):
    adam = Adam()
    with pytest.raises(ValueError, match=r"gradient = .*None.*: give numbers; leave a part without a gradient out"):
        adam.update(np.zeros(3), gradient, adam.start(np.zeros(3)))


KINDS = {kind.__name__: kind for kind in ALL}
# others are in test_matrices and test_later
ALONE = {name: row for name, row in DIALECTS.items() if row["course"].elementwise}
KINDS |= {f"{who}-{name}": kind for name, row in ALONE.items() for who, kind in row.items() if kind not in ALL}
MAKERS = {name: (lambda kind=kind, **kw: kind(**({"lr": 0.01} | kw))) for name, kind in KINDS.items()}
every_optimizer = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
small = st.floats(-1e3, 1e3, width=32)
vectors = hnp.arrays(np.float64, 5, elements=small)


@every_optimizer
@settings(max_examples=25, deadline=None)
@given(x=vectors, gradients=hnp.arrays(np.float64, (3, 5), elements=small))
def test_inputs_are_never_changed_and_results_are_finite(make, x, gradients):
    optimizer = make()
    state = optimizer.start(x)
    for g in gradients:
        copies = [np.array(part) for part in (x, g, *state)]
        following, new_state = optimizer.update(x, g, state)
        for part, copy in zip((x, g, *state), copies, strict=True):
            np.testing.assert_array_equal(part, copy)
        assert np.isfinite(following).all()
        x, state = following, new_state


@every_optimizer
@settings(max_examples=25, deadline=None)
@given(x=vectors, gradients=hnp.arrays(np.float64, (3, 5), elements=small))
def test_coordinates_do_not_see_each_other(make, x, gradients):
    def run(chosen):
        y, optimizer = x[chosen], make()
        state = optimizer.start(y)
        for g in gradients:
            y, state = optimizer.update(y, g[chosen], state)
        return y

    np.testing.assert_allclose(run(slice(None))[2:4], run(slice(2, 4)), rtol=1e-14)


BROADCAST = {
    "lr": [0.1, 0.01, 0.001],
    "beta": [0, 0.5, 0.9],
    "beta1": [0, 0.5, 0.9],
    "beta2": [0.3, 0.9, 0.999],
    "rho": [0, 0.5, 0.9],
    "eps": [1e-8, 1e-3, 1],
    "initial_accumulator": [0, 0.1, 1],
    "weight_decay": [0, 0.1, 1],
    "threshold": [4, 5, 100],
    "dampening": [0, 0.5, 1],
    "psi": [0, 0.004, 1],
    "eps_root": [0, 1e-8, 1e-3],
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in MAKERS for name in BROADCAST if hasattr(MAKERS[kind](), name)]
)
def test_each_hyperparameter_broadcasts(kind, name):
    """Three values in one array give the three single runs."""
    make = MAKERS[kind]
    gradients = np.random.default_rng(4).normal(size=(9, 2, 1)) * np.ones(3)

    def run(value, gradients):
        optimizer, x = make(**{name: value}), np.ones(gradients.shape[1:])
        state = optimizer.start(x)
        for g in gradients:
            x, state = optimizer.update(x, g, state)
        return x

    together = run(np.array(BROADCAST[name], dtype=float), gradients)
    for i, value in enumerate(BROADCAST[name]):
        np.testing.assert_allclose(together[:, i], run(value, gradients[:, :, i]), rtol=1e-14)


@every_optimizer
@pytest.mark.parametrize("lr", [0.01, np.float64(0.01), np.full(3, 0.01)], ids=["float", "float64", "array"])
def test_float32_stays_float32(make, lr):
    optimizer, x = make(lr=lr), np.ones(3, np.float32)
    state = optimizer.start(x)
    for _ in range(7):
        x, state = optimizer.update(x, np.ones(3), state)
    assert x.dtype == np.float32
    assert all(part.dtype == np.float32 for part in state if np.ndim(part))


@every_optimizer
def test_float16_is_refused(make):
    with pytest.raises(ValueError, match="x is float16.*give float32 or float64"):
        make().update(np.ones(3, np.float16), np.ones(3), make().start(np.ones(3)))


@every_optimizer
def test_whole_numbers_become_floats(make):
    optimizer = make()
    x, _ = optimizer.update([1, 2], [1, 1], optimizer.start([1, 2]))
    assert x.dtype == np.float64


@every_optimizer
def test_wrong_shapes_are_named(make):
    optimizer = make()
    with pytest.raises(ValueError, match=r"gradient has shape \(3,\), x has shape \(2,\)"):
        optimizer.update(np.ones(2), np.ones(3), optimizer.start(np.ones(2)))
    if any(not isinstance(part, int) for part in optimizer.start(np.ones(3))):
        with pytest.raises(ValueError, match=r"state belongs to an x of shape \(3,\)"):
            optimizer.update(np.ones(2), np.ones(2), optimizer.start(np.ones(3)))
    with pytest.raises(ValueError, match=r"hyperparameters of shape \(4, 1\) do not fit x of shape \(2,\)"):
        make(lr=np.full((4, 1), 0.1)).update(np.ones(2), np.ones(2), optimizer.start(np.ones(2)))


@every_optimizer
@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf, "fast", None, [0.1, -0.1]], ids=str)
def test_nonsense_learning_rates_are_refused(make, value):
    with pytest.raises(ValueError, match="lr = .*0 or more"):
        make(lr=value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Adam(beta1=1.0), "beta1 = 1.0: beta1 must be from 0 up to but not including 1"),
        (lambda: Adam(beta2=-0.1), "beta2 = -0.1"),
        (lambda: Adam(eps=-1e-8), "eps = -1e-08: eps must be 0 or more"),
        (lambda: Adam(bias_correction="no"), "bias_correction = 'no': bias_correction must be True or False"),
        (lambda: Momentum(0.1, beta=1.5), "beta = 1.5"),
        (lambda: RMSprop(rho=1), "rho = 1"),
        (lambda: Adagrad(initial_accumulator=-1), "initial_accumulator = -1"),
        (lambda: AdamW(weight_decay=-1), "weight_decay = -1"),
        (lambda: RAdam(threshold=3), "threshold = 3: threshold must be 4 or more"),
        (lambda: pytorch.SGD(dampening=1.5), "dampening = 1.5: dampening must be from 0 to 1"),
        (lambda: pytorch.SGD(0.1, 0.9, True, 0.5), "dampening = 0.5: with nesterov dampening must be 0"),
        (lambda: pytorch.NAdam(psi=-1), "psi = -1: psi must be 0 or more"),
        (lambda: optax.Adam(0.1, eps_root=-1), "eps_root = -1: eps_root must be 0 or more"),
    ],
)
def test_nonsense_is_refused_by_name_value_and_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_hyperparameters_cannot_be_changed():
    optimizer = Adam(lr=np.ones(3))
    with pytest.raises(ValueError, match="read-only"):
        optimizer.lr[0] = 2
    with pytest.raises(AttributeError):
        optimizer.lr = 2
    assert replace(optimizer, lr=0.1) == Adam(lr=0.1)


# --- optimizers of a learner's own ---------------------------------------------------------------------------------


class Inner(NamedTuple):
    m: np.ndarray
    steps: np.int64


class Nested(NamedTuple):
    inner: Inner
    t: np.int64


@dataclass(frozen=True)
class Own(Optimizer):
    """With a state inside its state, a counter of NumPy's, a threshold below 4, a switch and a whole number."""

    lr: "float"  # postponed, as `from __future__ import annotations` makes all of them
    threshold: "float | np.ndarray" = 1.0
    nesterov: "bool" = False
    every: "int" = 5

    def start(self, x):
        return Nested(Inner(np.zeros_like(x), np.int64(0)), np.int64(0))

    def step(self, x, g, state):
        m = 0.5 * state.inner.m + g
        return x - self.lr * m, Nested(Inner(m, state.inner.steps + 1), state.t + 1)


def test_an_optimizer_of_one_s_own_may_have_what_it_likes():
    own, x = Own(np.float64(0.1)), np.ones(3, np.float32)
    assert (own.threshold, own.nesterov, own.every) == (1.0, False, 5) and type(own.every) is int
    state = own.start(x)
    for _ in range(2):
        x, state = own.update(x, x, state)
    assert x.dtype == state.inner.m.dtype == np.float32 and (state.t, state.inner.steps) == (2, 2)
    np.testing.assert_allclose(x, 1 - 0.1 - 0.1 * (0.9 + 0.5), rtol=1e-6)
    wide, _ = Own(np.full(3, 0.1)).update(x, x, state)  # an array of rates does not widen x
    assert wide.dtype == np.float32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nesterov": 1}, "nesterov = 1: nesterov must be True or False"),
        ({"every": 2.5}, "every = 2.5: every must be a whole number"),
        ({"lr": -1}, "lr = -1: lr must be 0 or more"),
        ({"threshold": "high"}, "threshold = 'high': threshold must be a number, finite"),
    ],
)
def test_its_fields_are_checked_by_their_types_and_ranges(change, message):
    with pytest.raises(ValueError, match=message):
        Own(**{"lr": 0.1} | change)


def test_a_state_without_names_is_refused_with_a_reason():
    own, x = Own(0.1), np.ones(2)
    for state in ((np.zeros(2), 0), {"m": np.zeros(2)}):
        with pytest.raises(ValueError, match=f"state is a {type(state).__name__}: give a NamedTuple"):
            own.update(x, x, state)


@pytest.mark.parametrize(
    "optimizer",
    [RMSpropWithMomentum(0.1, eps=0, beta=0.9), Adadelta(1.0, eps=0), SWATS(0.1, eps=0), Adam(0.1, eps=0)],
    ids=lambda optimizer: type(optimizer).__name__,
)
def test_without_eps_a_coordinate_that_had_no_gradient_waits_and_then_moves(optimizer):
    x = np.array([1.0, 1.0])
    state = optimizer.start(x)
    for g in (np.array([0.0, 1.0]), np.array([0.0, 2.0]), np.array([3.0, 1.0])):
        with np.errstate(invalid="ignore"):  # 0/0
            x, state = optimizer.update(x, g, state)
        assert np.isfinite(x).all() and all(np.isfinite(part).all() for part in state)
    assert x[0] != 1 or isinstance(optimizer, Adadelta)  # which has no step yet to begin with


def test_without_eps_soap_takes_a_gradient_of_one_rank():
    soap, W = SOAP(0.1, eps=0), np.zeros((3, 2))
    following, _ = soap.update(W, np.outer([1.0, 2.0, 3.0], [1.0, -1.0]), soap.start(W))
    assert np.isfinite(following).all() and (following != 0).all()
