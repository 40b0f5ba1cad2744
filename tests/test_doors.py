"""What people really hand in: each door takes it rightly, or says in its first line what is wrong with it."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adamcourse import __main__ as opener
from adamcourse import datasets, plots
from adamcourse.descent import descend
from adamcourse.dialects import shared, translate
from adamcourse.explorers.race import race
from adamcourse.gradients import numerical_hessian, relative_error, sharpness
from adamcourse.losses import (
    CurvatureShift,
    LeastSquaresLoss,
    LogisticLoss,
    Noisy,
    Replay,
    SparseFeature,
    bowl,
    quadratic,
    rosenbrock,
)
from adamcourse.losses.classification import cross_entropy
from adamcourse.networks import Dense, Dropout, Network, mlp
from adamcourse.optimizers import (
    SWATS,
    Adam,
    AdamW,
    AMSGrad,
    GradientDescent,
    Momentum,
    Projected,
    RMSprop,
    Scheduled,
)
from adamcourse.optimizers.in_place import update_in_place
from adamcourse.training import Training, random_start_problem, tune_and_compare

RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.normal(size=(30, 3)).astype(np.float32), np.arange(30) % 2
NETWORK = Network([Dense(2)], (3,))


def training(optimizer=None, **others):
    return Training(NETWORK, optimizer or Adam(0.01), (IMAGES, LABELS), (IMAGES, LABELS), **{"batch_size": 10} | others)


# --- silent and wrong ----------------------------------------------------------------------------------------------


class InPlace:
    """What learners write: x, the velocity and the gradient are overwritten; the state is a list."""

    def start(self, x):
        return [np.zeros_like(x), 0]

    def update(self, x, gradient, state):
        state[0] *= 0.9
        state[0] += gradient
        state[1] += 1
        gradient *= 0.1
        x -= 0.1 * state[0]
        return x, state


class Buffered:
    """A loss that gives the same array each time, ½ |x|²."""

    def __init__(self):
        self.gradient = np.zeros(2)

    def value_and_gradient(self, x):
        self.gradient[:] = x
        return 0.5 * x @ x, self.gradient


def test_a_path_keeps_what_an_optimizer_and_a_loss_overwrite():
    path, x, z = descend(Buffered(), InPlace(), (1.0, -2.0), 20), np.array([1.0, -2.0]), np.zeros(2)
    for k in range(21):
        np.testing.assert_allclose(path.x[k], x)
        np.testing.assert_allclose(path.gradient[k], x)
        np.testing.assert_allclose(path.states[k][0], z)
        assert path.states[k][1] == k
        z = 0.9 * z + x
        x = x - 0.1 * z


def test_a_path_keeps_what_an_optimizer_inside_a_wrapper_overwrites():
    class Bare(InPlace):
        lr = 0.1

    path = descend(Buffered(), Projected(Bare(), -5, 5), (1.0, -2.0), 20)
    np.testing.assert_array_equal(path.x, descend(Buffered(), InPlace(), (1.0, -2.0), 20).x)


@pytest.mark.parametrize(
    ("X", "y", "w"),
    [
        (
            np.stack([np.ones(928), np.linspace(-2, 2, 928)], axis=1).astype(np.float32),
            68 + RNG.normal(size=928),
            (68, 1),
        ),
        (np.stack([np.ones(90), np.arange(1900.0, 1990)], axis=1), 0.1 * (-1.0) ** np.arange(90), (0.0, 0.0)),
        (np.ones((50, 1)), 1e9 + (-1.0) ** np.arange(50), (1e9,)),
    ],
    ids=["float32", "years", "large"],
)
def test_least_squares_are_the_mean_of_squared_residuals(X, y, w):
    loss, w = LeastSquaresLoss(X, y), np.array(w, X.dtype)
    residuals = X.astype(np.longdouble) @ w.astype(np.longdouble) - loss.y.astype(np.longdouble)
    assert float(loss.value(w)) == pytest.approx(float(0.5 * (residuals**2).mean()), rel=1e-4)
    grid = w[:, None] * np.ones((1, 3), X.dtype)
    np.testing.assert_allclose(loss.value(grid), loss.value(w), rtol=1e-5)


def test_whole_numbers_are_not_cut():
    class Whole:
        def value_and_gradient(self, x):
            return bowl.value_and_gradient(x)

    found = tune_and_compare(
        lambda seed: (Whole(), np.array([1, -1])), {"plain": GradientDescent}, [0.1, 0.45, 0.95], target=1e-6, steps=40
    )
    assert np.isfinite(found["plain"].median)
    assert not descend(bowl, GradientDescent(0.3), [1, 1], 5).diverged
    np.testing.assert_allclose(bowl.value([1, 2]), 5)
    np.testing.assert_allclose(quadratic((1, 3)).gradient([1, 1]), [1, 3])


def test_a_memory_that_has_overflowed_is_called_diverged():
    """The square of 1e25 is beyond float32; from then on Adam would stand still for ever."""
    gradients = np.ones((20, 1))
    gradients[5] = 1e25
    path = descend(Replay(gradients), Adam(0.1), np.zeros(1, np.float32), 15)
    assert path.diverged and path.diverged_at == 6
    many = descend(Replay(gradients), Adam(np.array([0.1, 0.2])), np.zeros((1, 2), np.float32), 15)
    assert many.diverged.all() and (many.diverged_at == 6).all()
    assert not descend(Replay(gradients), Adam(0.1), np.zeros(1), 15).diverged  # in float64 it is not

    run = Training(NETWORK, Adam(0.1), (1e25 * IMAGES, LABELS), (1e25 * IMAGES, LABELS), batch_size=10)
    run.run_until(3)
    assert run.diverged and run.epochs < 3


def test_without_epsilon_a_coordinate_without_gradient_stays():
    path = descend(quadratic((1.0, 1.0)), Adam(0.1, eps=0), (0.0, 1.0), 50)
    assert not path.diverged and (path.x[:, 0] == 0).all() and path.x[1, 1] == pytest.approx(0.9)
    x, adam = np.array([0.0, 1.0]), Adam(0.1, eps=0)
    with np.errstate(invalid="ignore"):
        update_in_place(adam, x, np.array([0.0, 2.0]), adam.start(x))
    np.testing.assert_allclose(x, [0.0, 0.9])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_centred_rmsprop_under_a_constant_gradient(dtype):
    """v and mean² become equal, and by rounding v the smaller one; the quotient is then g / ε."""
    rms = shared.RMSpropWithMomentum(1e-9, rho=0.5, centered=True)
    path = descend(Replay([[0.01, 0.3, 0.7, 5.0, 1e-3]]), rms, np.zeros(5, dtype), 200)
    assert not path.diverged and np.isfinite(path.x).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda x: descend(bowl, Adam(), x, 2),
        lambda x: LeastSquaresLoss(x[:, None], x),
        lambda x: NETWORK.forward(NETWORK.start(dtype=np.float16), IMAGES),
        lambda x: bowl.value(x),
        lambda x: Adam().update(x, x, Adam().start(np.zeros(2))),
    ],
)
def test_half_precision_is_refused(call):
    with pytest.raises(ValueError, match="float16"):
        call(np.ones(2, np.float16))


def test_two_dropouts_of_one_network_silence_different_units():
    network = Network([Dropout(0.5), Dropout(0.5), Dense(2)], (40,))
    first, second = (layer.forward(np.ones((1, 40)), None, training=True).copy() for layer in network.layers[:2])
    assert (first != second).any()
    network.layers[0].rewind()
    alone = Dropout(0.5).forward(np.ones((1, 40)), None, training=True)
    np.testing.assert_array_equal(first, alone)  # the only one of a network draws as it always did


@pytest.mark.parametrize("seed", [None, -1, 1.0, True, np.random.default_rng(0)])
@pytest.mark.parametrize(
    "door",
    [
        lambda seed: Noisy(bowl, 1.0, seed),
        lambda seed: SparseFeature(seed=seed),
        lambda seed: LeastSquaresLoss(np.ones((3, 1)), np.ones(3), 1, seed),
        lambda seed: NETWORK.loss_on(IMAGES, LABELS, seed=seed),
        lambda seed: Dropout(0.5, seed),
        lambda seed: training(seed=seed),
        lambda seed: tune_and_compare(random_start_problem(bowl), {"a": Adam}, [1, 2, 3], 1, 1, seeds=[seed]),
    ],
)
def test_a_seed_is_a_whole_number(door, seed):
    with pytest.raises(ValueError, match="seed = "):
        door(seed)


def test_what_one_caller_would_change_for_all_is_read_only():
    few, _ = datasets.digits_subset(50, 20)
    for array in few:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_damaged_record_of_a_framework_is_named(monkeypatch, tmp_path):
    damaged = tmp_path / "keras.json"
    damaged.write_text(datasets.data_file("recorded/keras.json").read_text().replace("0.99", "0.98", 1))
    monkeypatch.setattr(datasets, "data_file", lambda name: damaged)
    with pytest.raises(ValueError, match=r"keras\.json is damaged"):
        datasets.load_framework_steps("Keras")


@pytest.mark.parametrize("labels", [[-1, 0], [0, 2], [[1, 0], [0, 1]], [0.0, 1.0], None, [0]])
def test_labels_are_classes(labels):
    with pytest.raises(ValueError, match="labels"):
        cross_entropy(np.zeros((2, 2)), labels)


@pytest.mark.parametrize("y", [[-1, 1, 1], [[0], [1], [1]], [0.5, 1, 1], [0, 1]])
def test_the_accuracy_of_logistic_regression_asks_for_its_labels(y):
    loss = LogisticLoss(np.ones((3, 1)), np.array([0, 1, 1]))
    with pytest.raises(ValueError, match="y has shape"):
        loss.accuracy(np.ones(1), np.ones((3, 1)), y)


SHIFT = CurvatureShift(change=9)


def raced(**changes):
    arguments = {"rates": (0.01, 0.3, 0.99), "target": 0.1, "steps": 5} | changes
    return tune_and_compare(random_start_problem(bowl), {"gradient descent": GradientDescent}, **arguments)


def test_seeds_may_come_one_by_one():
    assert raced(seeds=iter(range(2))) == raced(seeds=range(2))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: NETWORK.forward(NETWORK.start(), np.zeros((2, 3), np.uint8)), "inputs are of type uint8"),
        (
            lambda: NETWORK.loss_on(IMAGES, LABELS).value_and_gradient(NETWORK.start(), out=np.zeros(3)),
            r"out has shape",
        ),
        (lambda: rosenbrock.value([1.0, 2.0, 3.0]), r"x has shape \(3,\): the Rosenbrock takes"),
        (lambda: bowl.gradient(3.0), r"x has shape \(\)"),
        (lambda: RMSprop().update(np.ones(2), np.ones(2), Adam().start(np.ones(2))), "state is a AdamState: RMSprop"),
        (lambda: Adam().update(np.ones(2), np.ones(2), AMSGrad().start(np.ones(2))), "state is a AMSGradState: Adam"),
        (lambda: Adam(lr=np.ones(3), beta1=np.zeros(4)), r"do not fit each other: lr \(3,\), beta1 \(4,\)"),
        (lambda: numerical_hessian(bowl.value, (1.0, 2.0)), "is it the value"),
        (lambda: sharpness(np.array([[1.0, 2.0], [0.0, 1.0]])), "give a symmetric matrix"),
        (lambda: sharpness(np.ones(3)), "give a symmetric matrix"),
        (lambda: relative_error(np.ones(2), np.ones(3)), "the same for both"),
        (lambda: relative_error([], []), "not an empty one"),
        (lambda: translate("PyTorch", "RMSprop", rho=0.9), "rho = 0.9: PyTorch's RMSprop takes"),
        (lambda: translate("PyTorch", "Adam", amsgrad="False"), "amsgrad = 'False': give True or False"),
        (lambda: translate("PyTorch", "SGD", lr=0.1, nesterov=True), "beta above 0"),
        (lambda: translate("PyTorch", "SGD", lr=0.1, momentum=0.9, nesterov="False"), "nesterov = 'False'"),
        (lambda: translate("Optax", "adam", learning_rate=0.1, amsgrad=True), "amsgrad = True: Optax's adam takes"),
        (lambda: datasets.load_text("sonnets").decode([[1, 2]]), r"tokens have shape \(1, 2\)"),
        (lambda: datasets.minibatches(5, 0, RNG), "size = 0: give a whole number, 1 to 5"),
        (
            lambda: SHIFT.steps_to_recover(descend(SHIFT, Adam(), np.zeros((1, 1, 1)), 5)),
            "path has 5 steps",
        ),
        (lambda: raced(every=0), "every = 0"),
        (lambda: raced(steps=2.5), "steps = 2.5"),
        (lambda: raced(seeds=iter(())), "seeds = "),
    ],
)
def test_what_is_wrong_is_said(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_relatives_with_the_same_memory_still_go_on_from_each_other():
    x = np.ones(2)
    AdamW().update(x, x, Adam().start(x))
    assert translate("PyTorch", "Adadelta", rho=0.8).rho == 0.8


def test_a_schedule_holds_after_the_switch_of_swats():
    def way(schedule):
        swats, x = Scheduled(SWATS(0.1, tolerance=0.5, relative=True), schedule), np.array([1.0, 2.0])
        state = swats.start(x)
        for _ in range(8):
            before = x
            x, state = swats.update(x, x, state)
        assert state.inner.rate > 0
        return np.abs(x - before).max()

    assert way(lambda t: 1.0 if t < 7 else 0.0) == 0
    assert way(lambda t: 1.0 if t < 7 else 0.5) == pytest.approx(0.5 * way(lambda t: 1.0))


def test_an_explorer_is_set_to_what_it_shows_or_not_at_all():
    explorer = race()
    before = {name: control.value for name, control in explorer.controls.items()}
    wrong = ({"steps": 20, "factor": 1e6}, {"steps": 20, "factor": np.nan}, {"factor": 2.0, "steps": 0})
    for values in (*wrong, {"factor": 2.0, "steps": 2.5}):
        with pytest.raises(ValueError, match="give "):
            explorer.set(**values)
        assert {name: control.value for name, control in explorer.controls.items()} == before
    explorer.set(steps=np.int64(20))
    assert explorer.controls["steps"].value == 20
    explorer.set(**before)


class Failing(GradientDescent):
    """Raises when it is told to."""

    fails = False

    def step(self, x, g, state):
        if type(self).fails:
            raise RuntimeError("the learner's mistake")
        return super().step(x, g, state)


def test_after_an_error_in_the_optimizer_the_next_run_skips_no_step():
    through, stopped = training(GradientDescent(0.1)), training(Failing(0.1))
    stopped.run_until(1)
    Failing.fails = True
    with pytest.raises(RuntimeError):
        stopped.run_until(2)
    Failing.fails = False
    assert stopped.run_until(2).minibatch_losses == through.run_until(2).minibatch_losses
    np.testing.assert_array_equal(stopped.w, through.w)


# --- lost ----------------------------------------------------------------------------------------------------------


class Named(NamedTuple):
    m: object


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ((1, 2), "state is a tuple"),
        ({"m": 1}, "state is a dict"),
        (Named(None), "state.m is a NoneType"),
        (None, "NoneType"),
    ],
)
def test_a_state_that_could_not_be_saved_is_refused_before_the_training(state, said):
    class Own(GradientDescent):
        def start(self, x):
            return state

    with pytest.raises(ValueError, match=said):
        training(Own(0.1))


@pytest.mark.parametrize("lr", [0.1, np.ones((3, 1))])
def test_an_update_in_place_that_fails_has_changed_nothing(lr):
    adam, x = Adam(lr), np.ones((3, 4))
    state = adam.start(x)
    kept = [np.copy(part) for part in state]
    if np.ndim(lr):
        x = np.ones(4)  # three of them come out
        state = Adam().start(x)
        kept = [np.copy(part) for part in state]
    else:
        x.flags.writeable = False
    with pytest.raises(ValueError):
        update_in_place(adam, x, np.ones_like(x), state)
    for part, old in zip(state, kept, strict=True):
        np.testing.assert_array_equal(part, old)
    assert (x == 1).all()


# --- unclear -------------------------------------------------------------------------------------------------------


class Odd:
    """A loss whose value has shape (1,)."""

    def value_and_gradient(self, x):
        return (x**2).sum(keepdims=True), 2 * x


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: descend(bowl, Adam, (1.0, 1.0), 3), "optimizer = Adam: this is a class; give one that is made"),
        (lambda: descend(bowl, 0.1, (1.0, 1.0), 3), "optimizer = 0.1: it must have the functions start and update"),
        (lambda: descend(lambda x: x, Adam(), (1.0, 1.0), 3), "loss = <function"),
        (lambda: descend(Odd(), Adam(), (1.0, 1.0), 3), r"a value of shape \(1,\)"),
        (lambda: training(Adam), "optimizer = Adam: this is a class"),
        (lambda: Training(mlp, Adam(), (IMAGES, LABELS), (IMAGES, LABELS)), "network = <function mlp"),
        (lambda: Training(NETWORK, Adam(), IMAGES, (IMAGES, LABELS)), "train is a ndarray: give a pair"),
        (lambda: Training(NETWORK, Adam(), (IMAGES, LABELS), (IMAGES,)), "validation is a tuple: give a pair"),
        (lambda: compared({"a": lambda rate: Adam(0.1)}), "a is the same at the rates"),
        (lambda: compared({"a": Adam(0.1)}), "a is Adam"),
        (lambda: compared({"a": Adam}, seeds=3), "seeds = 3: give one or more"),
        (lambda: compared({"a": Adam}, seeds=[]), r"seeds = \[\]: give one or more"),
        (lambda: plots.score_card(plots.figure()[1], None), "results = None"),
    ],
)
def test_what_people_meet_is_said_in_words(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def compared(optimizers, seeds=(0,)):
    return tune_and_compare(random_start_problem(bowl), optimizers, [0.1, 0.2, 0.3], 1e-3, 5, seeds=seeds)


def test_a_port_that_is_none(capsys):
    for port in ("99999", "0", "-1"):
        with pytest.raises(SystemExit):
            opener.main(["--port", port])
        assert f"--port {port}: give a number from 1 to 65535" in capsys.readouterr().err


def test_a_step_counter_of_numpy_s_own_counts_as_well():
    x, adam = np.ones(2), Adam(0.1)
    state = adam.start(x)._replace(t=np.int64(3), m=x, v=x)
    usual, _ = adam.update(x, x, state._replace(t=3))
    np.testing.assert_array_equal(adam.update(x, x, state)[0], usual)


# --- each door, with anything --------------------------------------------------------------------------------------

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.floats(),
    st.text(max_size=3),
    st.lists(st.floats(), max_size=3),
    st.sampled_from(
        [np.zeros(0), np.ones((2, 2)), np.array(["a"]), np.array([np.nan, 1.0]), Adam, np.array(None), {}, 1j]
    ),
)
DOORS = {
    "descend: start": lambda value: descend(bowl, GradientDescent(0.1), value, 1),
    "descend: steps": lambda value: descend(bowl, GradientDescent(0.1), (0.5, 0.5), value if value != 10**6 else 1),
    "descend: optimizer": lambda value: descend(bowl, value, (0.5, 0.5), 1),
    "descend: loss": lambda value: descend(value, GradientDescent(0.1), (0.5, 0.5), 1),
    "Adam: lr": lambda value: Adam(value),
    "Momentum: nesterov": lambda value: Momentum(0.1, nesterov=value),
    "Training: optimizer": lambda value: training(value),
    "Training: batch_size": lambda value: training(batch_size=value),
    "Training: w": lambda value: value is not None and training(w=value),
    "update: state": lambda value: Adam().update(np.ones(2), np.ones(2), value),
    "loss_on: labels": lambda value: NETWORK.loss_on(IMAGES[:2], value),
    "LeastSquaresLoss: X": lambda value: LeastSquaresLoss(value, np.ones(2)),
    "tune_and_compare: seeds": lambda value: compared({"a": GradientDescent}, seeds=value),
    "translate: name": lambda value: translate("PyTorch", value),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("door", DOORS)
@settings(max_examples=60, deadline=None)
@given(value=ANYTHING)
def test_a_door_takes_a_value_or_raises_a_valueerror_in_words(door, value):
    if door == "descend: steps" and isinstance(value, int) and value > 50:
        value %= 50
    try:
        DOORS[door](value)
    except ValueError as error:
        assert 15 < len(str(error)) < 400
