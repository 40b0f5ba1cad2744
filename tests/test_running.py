"""Nothing gets through: answers that never return, that end Python or change it, in a process of their own or here."""

import contextlib
import os
import random
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from adamcourse.exercises import EXERCISES, check, judging, running
from adamcourse.exercises.judging import judge
from adamcourse.exercises.lesson_01 import gradient_step

EXERCISE = EXERCISES["gradient_step"]


@pytest.fixture(params=["apart", "here"])
def way(request, monkeypatch):
    """Run answers in a process of their own, or here, for three tenths of a second."""
    if request.param == "apart" and not running.APART:
        pytest.skip("no process can be forked here")  # CI runs on Linux
    monkeypatch.setattr(running, "APART", request.param == "apart")
    monkeypatch.setattr(judging, "PATIENCE", 0.3)
    return request.param


# --- answers that do not return ------------------------------------------------------------------------------------


def endless(x, gradient, lr):
    while True:
        x = x - lr * gradient


def endless_on_one_line(x, gradient, lr):
    while True: pass  # fmt: skip  # noqa: E701


def endless_and_stubborn(x, gradient, lr):
    while True:
        try:
            x = x - lr * gradient
        except Exception:
            continue


def endless_generator(x, gradient, lr):
    return sum(1 for _ in iter(int, 1))


def endless_in_a_list(x, gradient, lr):
    return [k for k in iter(int, 1) if k]


@pytest.mark.parametrize(
    "answer", [endless, endless_on_one_line, endless_and_stubborn, endless_generator, endless_in_a_list]
)
def test_an_answer_that_never_returns_is_stopped(answer, way):
    before, start = sys.gettrace(), time.monotonic()
    verdict = judge(answer, EXERCISE)
    assert (verdict.kind, "still running after 0.3 seconds" in verdict.text) == ("timed out", True)
    assert time.monotonic() - start < 3
    assert sys.gettrace() is before
    assert judge(gradient_step, EXERCISE).right


def swallows_everything(x, gradient, lr):
    while True:
        try:
            x = x - lr * gradient
        except:  # noqa: E722
            continue


def sleeps(x, gradient, lr):
    time.sleep(60)


def counts_in_c(x, gradient, lr):
    return sum(range(10**12))


def multiplies_large_matrices(x, gradient, lr):
    large = np.ones((6000, 6000))
    return (large @ large)[:3, 0]


@pytest.mark.skipif(not running.APART, reason="no process can be forked here")
@pytest.mark.parametrize("answer", [swallows_everything, sleeps, counts_in_c, multiplies_large_matrices])
def test_what_cannot_be_stopped_from_within_is_ended_from_outside(answer, monkeypatch):
    monkeypatch.setattr(judging, "PATIENCE", 0.3)
    start = time.monotonic()
    assert judge(answer, EXERCISE).kind == "timed out"
    assert time.monotonic() - start < 3


@pytest.mark.skipif(not hasattr(sys, "monitoring"), reason="Python 3.11 stops an answer once, as running.py says")
def test_here_a_bare_except_does_not_swallow_the_stop(monkeypatch):
    monkeypatch.setattr(running, "APART", False)
    monkeypatch.setattr(judging, "PATIENCE", 0.3)
    assert judge(swallows_everything, EXERCISE).kind == "timed out"


# --- answers that end or raise -------------------------------------------------------------------------------------


class Speechless(Exception):
    def __str__(self):
        raise RuntimeError


def exits(x, gradient, lr):
    sys.exit()


def interrupts(x, gradient, lr):
    raise KeyboardInterrupt


def is_speechless(x, gradient, lr):
    raise Speechless


def goes_deep(x, gradient, lr):
    return goes_deep(x, gradient, lr)


def closes(x, gradient, lr):
    raise GeneratorExit


def says_much(x, gradient, lr):
    raise ValueError("a long word " * 10_000)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (exits, "SystemExit"),
        (interrupts, "KeyboardInterrupt"),
        (is_speechless, "Speechless: its message cannot be shown"),
        (goes_deep, "RecursionError"),
        (closes, "GeneratorExit"),
        (says_much, "long word"),
    ],
)
def test_what_an_answer_raises_becomes_a_verdict(answer, words, way):
    verdict = judge(answer, EXERCISE)
    assert verdict.kind == "crash"
    assert words in verdict.text
    assert len(verdict.text) < 600
    assert "your function stops with an error" in verdict.text
    assert "running.py" not in verdict.text
    assert len(verdict.text) < 700


@pytest.mark.skipif(not running.APART, reason="no process can be forked here")
def test_an_answer_that_ends_python_ends_only_its_own_process():
    verdict = judge(lambda x, gradient, lr: os._exit(0), EXERCISE)
    assert (verdict.kind, "has ended Python itself" in verdict.text) == ("crash", True)


def test_an_interrupt_from_outside_is_no_verdict(monkeypatch):
    """It is the learner's, who wants to stop."""

    def interrupted(*_):
        raise KeyboardInterrupt

    children, fork = [], os.fork
    monkeypatch.setattr(os, "fork", lambda: children.append(fork()) or children[-1])
    monkeypatch.setattr(running, "_received", interrupted)
    monkeypatch.setattr(running, "APART", True)
    with pytest.raises(KeyboardInterrupt):
        judge(sleeps, EXERCISE)
    with pytest.raises(ChildProcessError):  # and no process is left
        os.waitpid(children[0], os.WNOHANG)


# --- answers that change what is not theirs -------------------------------------------------------------------------


def changes_python(x, gradient, lr):
    os.chdir("/")
    sys.setrecursionlimit(5000)
    np.set_printoptions(precision=1)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    warnings.simplefilter("error")
    return x - lr * gradient


def state():
    """What an answer may change."""
    numbers = random.getstate(), str(np.random.get_state())  # noqa: NPY002
    return Path.cwd(), sys.getrecursionlimit(), np.get_printoptions(), numbers, list(warnings.filters)


def test_an_answer_changes_nothing_of_python(way):
    before = state()
    assert judge(changes_python, EXERCISE).right
    assert state() == before


def test_what_an_answer_prints_is_shown_and_cut(way, capsys):
    def chatty(x, gradient, lr):
        print("x is", x)
        print("a warning", file=sys.stderr)
        return x - lr * gradient

    chatty.__name__ = "gradient_step"
    assert check(chatty).right
    printed = capsys.readouterr()
    assert "x is [" in printed.out
    assert "a warning" in printed.err
    if way == "apart":

        def endlessly_chatty(x, gradient, lr):
            for _ in range(100_000):
                print("x is", x)
            return x - lr * gradient

        judge(endlessly_chatty, EXERCISE)
        assert len(capsys.readouterr().out) < running.LONGEST + 100


def test_where_no_process_can_be_had_the_answer_runs_here(monkeypatch):
    def refused():
        raise OSError("no more processes")

    monkeypatch.setattr(os, "fork", refused)
    assert judge(gradient_step, EXERCISE).right


def test_a_memory_of_its_own_does_not_help(way):
    """It keeps m and v itself and never looks at those that it is given."""
    kept = {}

    def adam_step(x, gradient, m, v, t, lr, beta1, beta2, eps):
        m, v = kept.get("m", 0.0 * x), kept.get("v", 0.0 * x)
        with contextlib.suppress(ValueError):
            m, v = beta1 * m + (1 - beta1) * gradient, beta2 * v + (1 - beta2) * gradient**2
        kept.update(m=m, v=v)
        return x - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v

    assert not judge(adam_step, EXERCISES["adam_step"]).right
