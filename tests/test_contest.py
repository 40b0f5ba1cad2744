"""The race for an optimizer of one's own: everyone is measured alike, and a failure is told and not raised."""

import numpy as np
import pytest

from adamcourse import contest
from adamcourse.optimizers import GradientDescent, Momentum
from adamcourse.training import Comparison


@pytest.fixture(scope="module")
def momentum():
    """What the contest finds for momentum, entered as somebody's own."""
    return contest.enter(Momentum)


def test_an_optimizer_of_the_house_does_as_well_as_in_the_house(momentum):
    assert momentum.keys() == contest.courses().keys()
    for course in momentum.values():
        assert course[contest.YOURS] == course["momentum"]


def test_the_score_is_the_geometric_mean_of_the_ratios():
    def found(yours, house):
        names = [contest.YOURS, *contest.HOUSE]
        return {name: Comparison(0.1, (steps,)) for name, steps in zip(names, (yours, *house), strict=True)}

    results = {"one": found(20, (10, 40, 30)), "other": found(10, (90, 80, 20))}
    assert contest.score(results) == pytest.approx(np.sqrt(20 / 10 * 10 / 20))
    results["third"] = found(40, (10, 10, 10))
    assert contest.score(results) == pytest.approx(4 ** (1 / 3))


def test_who_never_arrives_has_no_score(capsys):
    assert not np.isfinite(contest.score(contest.enter(GradientDescent)))
    printed = capsys.readouterr().out
    assert "Rosenbrock   yours never" in printed
    assert "No score" in printed


def test_a_failure_is_told_with_the_course_and_the_error(capsys):
    assert contest.enter(lambda lr: 1 / 0) is None
    assert "failed on the course ravine" in (printed := capsys.readouterr().out)
    assert "ZeroDivisionError: division by zero" in printed


def test_a_failure_inside_numpy_is_told_with_the_own_line(capsys):
    class Newton(GradientDescent):
        def step(self, x, g, state):
            return x - np.linalg.solve(np.zeros((2, 2)), g), state

    assert contest.enter(Newton) is None
    assert "in the line 'return x - np.linalg.solve(np.zeros((2, 2)), g), state'" in capsys.readouterr().out
