"""The race for an optimizer of one's own: everyone is measured alike, and a failure is told and not raised."""

from pathlib import Path

import numpy as np
import pytest

from adamcourse import contest
from adamcourse.optimizers import GradientDescent, Momentum
from adamcourse.places import PACKAGE, learners_frames
from adamcourse.training import TunedResult


@pytest.fixture(scope="module")
def momentum():
    """What the contest finds for momentum, entered as somebody's own."""
    return contest.benchmark(Momentum)


def test_a_baseline_does_as_well_as_somebody_s_own(momentum):
    assert momentum.keys() == contest.tasks().keys()
    for task in momentum.values():
        assert task["momentum"].median <= task[contest.YOURS].median
    assert momentum["Rosenbrock"][contest.YOURS] == momentum["Rosenbrock"]["momentum"]  # where β = 0.9 is its best


def test_the_house_tunes_its_betas_as_well(momentum):
    """On the ravine 0.5 in the place of 0.9 makes Adam six times as quick and momentum more than twice."""
    assert momentum["ravine"]["Adam"].median == 12
    assert momentum["ravine"]["momentum"].median < momentum["ravine"][contest.YOURS].median / 2


@pytest.mark.parametrize("task", ["ravine", "Rosenbrock", "noisy ravine"])
def test_what_is_recorded_of_the_house_is_what_it_does(task):
    assert contest.baselines()[task] == contest.computed(task)


def test_the_score_is_the_geometric_mean_of_the_ratios():
    def found(yours, baselines):
        names = [contest.YOURS, *contest.BASELINES]
        return {name: TunedResult(0.1, (steps,)) for name, steps in zip(names, (yours, *baselines), strict=True)}

    results = {"one": found(20, (10, 40, 30)), "other": found(10, (90, 80, 20))}
    assert contest.score(results) == pytest.approx(np.sqrt(20 / 10 * 10 / 20))
    results["third"] = found(40, (10, 10, 10))
    assert contest.score(results) == pytest.approx(4 ** (1 / 3))


def test_who_does_not_get_there_has_no_score(capsys, monkeypatch):
    """On the one course where gradient descent never arrives; the others take seconds."""
    contest.baselines()
    only = {"Rosenbrock": contest.tasks()["Rosenbrock"]}
    monkeypatch.setattr(contest, "tasks", lambda: only)
    assert not np.isfinite(contest.score(contest.benchmark(GradientDescent)))
    printed = capsys.readouterr().out
    assert "Rosenbrock   yours never" in printed
    assert "No score" in printed


def test_a_failure_is_told_with_the_task_and_the_error(capsys):
    assert contest.benchmark(lambda lr: 1 / 0) is None
    assert "failed on the task ravine" in (printed := capsys.readouterr().out)
    assert "ZeroDivisionError: division by zero" in printed


def test_a_failure_inside_numpy_is_told_with_the_own_line(capsys):
    class Newton(GradientDescent):
        def step(self, x, g, state):
            return x - np.linalg.solve(np.zeros((2, 2)), g), state

    assert contest.benchmark(Newton) is None
    assert "in the line 'return x - np.linalg.solve(np.zeros((2, 2)), g), state'" in capsys.readouterr().out


def test_a_learner_s_own_line_is_shown_wherever_it_lies(tmp_path, capsys):
    """The learner's folder may be called like the course."""
    file = tmp_path / "adamcourse" / "mine.py"
    file.parent.mkdir()
    file.write_text("def mine(lr):\n    raise KeyError(lr)\n")
    names = {}
    exec(compile(file.read_text(), file, "exec"), names)
    assert contest.benchmark(names["mine"]) is None
    assert "in the line 'raise KeyError(lr)'" in capsys.readouterr().out


def test_a_folder_whose_name_begins_like_the_course_s_is_the_learner_s():
    try:
        exec(compile("1 / 0", f"{PACKAGE}-notes/mine.py", "exec"))
    except ZeroDivisionError as error:
        assert Path(learners_frames(error)[-1].filename).name == "mine.py"
