"""The loop: every optimizer on every surface, one broadcast run against many single ones, divergence, bad input."""

from typing import NamedTuple

import numpy as np
import pytest

from adamcourse.descent import descend
from adamcourse.losses import Surface, beale, bowl, lessard, plateau, ravine, rosenbrock
from adamcourse.optimizers import ALL as OPTIMIZERS
from adamcourse.optimizers import Adam, Clipped, GradientDescent, Groups, Momentum, NormalisedMomentum, RMSprop
from tests.test_surfaces import ALL as SURFACES

RATES = np.geomspace(1e-3, 2, 16)
STEPS = 3000
CONDITION = "the valley's floor is 2,500 times flatter than its walls: more than 3,000 steps at every rate"
DECAY = "weight decay pulls towards 0, and the minimum is elsewhere"
BOUNCES = "a rate small enough to settle between the walls is too small to arrive in 3,000 steps"
EARLY = "its first steps are α m̂, undivided, and the slope here is steep: it is thrown out, or it creeps"
NOT_REACHED = {
    ("GradientDescent", "Rosenbrock"): CONDITION,
    ("Adagrad", "Rosenbrock"): "the sum of squares remembers the steep walls, and the steps on the floor are too short",
    ("RMSprop", "Rosenbrock"): BOUNCES,
    ("AdamW", "Rosenbrock"): DECAY,
    ("AdamW", "Beale"): DECAY,
    ("RAdam", "Rosenbrock"): EARLY,
}


@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
@pytest.mark.parametrize("kind", OPTIMIZERS, ids=lambda kind: kind.__name__)
def test_every_optimizer_reaches_the_minimum_of_every_surface(kind, surface):
    """At one of sixteen rates the descent ends within 0.01 of a known minimum, or the reason stands above."""
    path = descend(surface, kind(lr=RATES), surface.start, STEPS)
    reached = surface.distance(path.x[-1]) < 1e-2
    assert reached.any() == ((kind.__name__, surface.name) not in NOT_REACHED)


def test_2500_descents_at_once_equal_2500_single_ones():
    lr, beta1 = np.geomspace(1e-3, 1, 50), np.linspace(0, 0.99, 50)
    together = descend(rosenbrock, Adam(lr=lr[:, None], beta1=beta1), rosenbrock.start, 20)
    assert together.x.shape == (21, 2, 50, 50)
    for i, j in np.ndindex(50, 50):
        alone = descend(rosenbrock, Adam(lr=lr[i], beta1=beta1[j]), rosenbrock.start, 20)
        np.testing.assert_allclose(together.x[:, :, i, j], alone.x, rtol=1e-12)
        np.testing.assert_allclose(together.loss[:, i, j], alone.loss, rtol=1e-12)


def test_path_holds_every_quantity_of_every_step():
    path = descend(bowl, Adam(lr=0.1), (0.5, -0.5), 10)
    assert path.steps == 10
    assert path.x.shape == path.gradient.shape == path.state("m").shape == (11, 2)
    assert path.loss.shape == (11,)
    np.testing.assert_allclose(path.loss, (path.x**2).sum(axis=1))
    np.testing.assert_allclose(path.gradient, 2 * path.x)
    assert [state.t for state in path.states] == list(range(11))
    np.testing.assert_allclose(path.state("m")[1], 0.1 * path.gradient[0])
    assert (path.diverged, path.diverged_at) == (False, np.inf)


def test_no_steps_is_only_the_start():
    path = descend(bowl, GradientDescent(0.1), (0.5, 0.5), 0)
    assert path.steps == 0
    assert path.loss.tolist() == [0.5]


def test_start_is_not_changed_and_float32_stays():
    start = np.array([0.5, 0.5], np.float32)
    path = descend(bowl, RMSprop(lr=0.1), start, 5)
    assert start.tolist() == [0.5, 0.5]
    assert path.x.dtype == path.loss.dtype == np.float32


def test_one_diverged_descent_is_cut_and_marked():
    """On ½ κ y² each step multiplies y by 1 - α κ: with α κ = 3 by -2, so |y| passes 1e6 at step 20 (2^20 > 1e6)."""
    path = descend(ravine(100), GradientDescent(0.03), (0.0, 1.0), 60)
    assert path.diverged
    assert path.diverged_at == 20
    assert path.steps == 19
    assert np.isfinite(path.x).all()
    assert np.isfinite(path.loss).all()


def test_of_many_descents_the_diverged_ones_are_blanked():
    path = descend(ravine(100), GradientDescent(np.array([0.01, 0.03])), (0.0, 1.0), 60)
    assert path.diverged_at.tolist() == [np.inf, 20]
    assert path.diverged.tolist() == [False, True]
    assert np.isfinite(path.x[:, :, 0]).all()
    assert np.isnan(path.x[20:, :, 1]).all()
    assert np.isfinite(path.x[:20, :, 1]).all()
    assert np.isnan(path.loss[20:, 1]).all()


@pytest.mark.parametrize("lr", [1e3, 1e10, 1e300])
def test_overflow_is_a_result_and_not_a_warning(lr):
    for surface in (rosenbrock, beale, plateau):
        path = descend(surface, Momentum(lr, 0.9), surface.start, 200)
        assert np.isfinite(path.diverged_at) or surface is plateau
        assert np.isfinite(path.x).all()


def broken(at):
    """A loss whose gradient turns into NaN once x is below a mark."""
    gradient = lambda x: np.where(x < at, np.nan, 2 * x)
    return Surface("broken", "", lambda x: (x * x).sum(axis=0), gradient, ((0.0,),), ((-2.0, 2.0),), (1.0,), "")


def test_nan_gradient_marks_the_run_as_diverged():
    path = descend(broken(at=0.5), GradientDescent(0.1), (1.0,), 20)
    assert path.diverged_at == 5  # x = 0.8^k is below 0.5 at k = 4, so x is NaN at step 5
    assert path.x.ravel() == pytest.approx(0.8 ** np.arange(5))


@pytest.mark.parametrize(
    ("start", "steps", "message"),
    [
        ((2.0, 0.0), 10, r"start = \(2.0, 0.0\) is outside the domain of the bowl, \[-1, 1\] x \[-1, 1\]"),
        ((0.0, np.nan), 10, "start = .*finite"),
        ((0.0, 0.0, 0.0), 10, "outside the domain"),
        (0.5, 10, "start = 0.5: give finite coordinates"),
        (("a", "b"), 10, "start = .*finite coordinates"),
        ((0.5, 0.5), -1, "steps = -1: give a whole number"),
        ((0.5, 0.5), 2.5, "steps = 2.5: give a whole number"),
    ],
    ids=str,
)
def test_bad_input_is_named(start, steps, message):
    with pytest.raises(ValueError, match=message):
        descend(bowl, GradientDescent(0.1), start, steps)


def test_lessard_cycle():
    """Heavy ball tuned for quadratics runs in a cycle of three points from 3.3 (Lessard et al. 2016, section 4.6)."""
    path = descend(lessard, Momentum(1 / 9, 4 / 9), (3.3,), 3000)
    assert sorted(path.x[-3:, 0].round(4)) == [-1.8024, 0.6465, 2.1159]
    for start in (3.0, 3.5):
        assert abs(descend(lessard, Momentum(1 / 9, 4 / 9), (start,), 3000).x[-1, 0]) < 1e-6


class Learners:
    """An optimizer that is not ours: all the loop asks for is start and update."""

    def start(self, x):
        return ()

    def update(self, x, gradient, state):
        return x - 0.25 * gradient, state


def test_any_optimizer_with_start_and_update_will_do():
    assert descend(bowl, Learners(), (1.0, 0.0), 3).loss.tolist() == [1, 1 / 4, 1 / 16, 1 / 64]


@pytest.mark.parametrize(
    "optimizer", [Clipped(GradientDescent(np.full(3, 0.1)), 0.5), NormalisedMomentum(np.full(3, 0.1))]
)
def test_descents_at_once_do_not_see_each_other_or_are_not_begun(optimizer):
    with pytest.raises(ValueError, match="its coordinates see each other"):
        descend(bowl, optimizer, (1.0, 1.0), 2)


class Overwrites:
    """One of a learner's own that changes its state in place."""

    def start(self, x):
        return Kept(np.zeros_like(x))

    def update(self, x, gradient, state):
        state.m[...] = 0.9 * state.m + gradient
        return x - 0.1 * state.m, state


class Kept(NamedTuple):
    m: np.ndarray


def test_a_path_keeps_the_states_of_an_optimizer_in_a_group():
    alone, grouped = (
        descend(bowl, optimizer, (1.0, 1.0), 3)
        for optimizer in (Overwrites(), Groups({"w": (2,)}, {"*": Overwrites()}))
    )
    for state, (inner,) in zip(alone.states, grouped.states, strict=True):
        np.testing.assert_array_equal(state.m, inner.m)
