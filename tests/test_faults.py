"""Faults from outside: full disks, kills, two processes, damaged files. Nothing of a learner's may be lost by them."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from adamcourse.networks import Dense, Dropout, Network, ReLU
from adamcourse.optimizers import Adam, GradientDescent, Scheduled
from adamcourse.training import Training

ROOT = str(Path(__file__).resolve().parent.parent)
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 3)).astype(np.float32), np.arange(40) % 2


def made(optimizer=None, seed=0):
    network = Network([Dense(4), ReLU(), Dropout(0.5), Dense(2)], (3,))
    return Training(network, optimizer or Adam(0.01), (X, Y), (X, Y), batch_size=8, seed=seed)


def numbers(training):
    """All that a training is, as one comparable value."""
    rngs = [str(layer.rng.bit_generator.state) for layer in training._dropouts()]
    return training.w.tobytes(), str(training.states), training.history.minibatch_losses, training.loss.drawn, rngs


@pytest.fixture
def saved(tmp_path):
    """A checkpoint of two epochs."""
    training = made()
    training.run_until(2)
    training.save(tmp_path / "training.npz")
    return tmp_path / "training.npz"


SAVES = """
import sys
sys.path.insert(0, {root!r})
from tests.test_faults import made
training = made()
training.run_until(2)
print("ready", flush=True)
while True:
    training.save({file!r})
"""


@contextmanager
def process_that_saves(file):
    script = SAVES.format(root=ROOT, file=str(file))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        assert process.poll() is None  # it has not failed
        process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)


def test_two_processes_that_save_one_checkpoint_never_leave_a_broken_one(saved):
    with process_that_saves(saved), process_that_saves(saved):
        for _ in range(60):
            assert made().resume(saved).epochs == 2
            time.sleep(0.005)


def test_a_kill_in_the_middle_of_a_save_leaves_the_old_checkpoint(saved):
    for moment in np.linspace(0, 0.02, 12):
        with process_that_saves(saved):
            time.sleep(moment)
        assert made().resume(saved).epochs == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for the size of a file")
def test_a_disk_that_is_full_at_any_byte_leaves_the_old_checkpoint_and_nothing_else(saved):
    """A limit for the size of files, in a process of its own, stands in for the disk."""
    script = f"""
import resource, signal, sys
sys.path.insert(0, {ROOT!r})
from tests.test_faults import made
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
training = made()
training.run_until(3)
for size in range(0, {saved.stat().st_size}, 97):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        training.save({str(saved)!r})
    except OSError:
        continue
    sys.exit(f"saved {{size}} bytes")
"""
    subprocess.run([sys.executable, "-c", script], check=True)
    assert made().resume(saved).epochs == 2
    assert [file.name for file in saved.parent.iterdir()] == ["training.npz"]


def test_a_file_cut_at_any_length_is_named_and_nothing_changes(saved):
    whole, training = saved.read_bytes(), made()
    training.run_until(1)
    before = numbers(training)
    for length in [*range(0, len(whole), 61), len(whole) - 1]:
        saved.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"training\.npz is damaged, or no checkpoint"):
            training.resume(saved)
        assert numbers(training) == before
    saved.write_bytes(whole)
    assert training.resume(saved).epochs == 2


def test_flipped_bits_are_found(saved):
    whole, training = bytearray(saved.read_bytes()), made()
    before = numbers(training)
    for place in range(40, len(whole), 211):  # of the first bytes some are not read
        damaged = whole.copy()
        damaged[place] ^= 0x10
        saved.write_bytes(damaged)
        try:
            training.resume(saved)
        except ValueError as error:
            assert "training.npz" in str(error)
            assert numbers(training) == before
        else:  # a bit that nobody reads, such as one of a date
            saved.write_bytes(whole)
            assert training.w.tobytes() == made().resume(saved).w.tobytes()
            training = made()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x80\x04N."])
def test_another_program_s_file_is_named(tmp_path, content):
    (tmp_path / "other.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"other\.npz is damaged, or no checkpoint of a training"):
        made().resume(tmp_path / "other.npz")


def test_another_archive_is_named(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(ValueError, match=r"other\.npz is damaged, or no checkpoint of a training"):
        made().resume(tmp_path / "other.npz")
    with pytest.raises(FileNotFoundError):
        made().resume(tmp_path / "nothing.npz")


def test_a_checkpoint_with_parts_that_do_not_fit_changes_nothing(saved):
    with np.load(saved) as archive:
        parts = dict(archive)
    training = made()
    before = numbers(training)
    for name, part in (
        ("w", parts["w"][:-1]),
        ("losses", parts["losses"][:3]),
        ("validation", parts["validation"][:1]),
    ):
        np.savez(saved, **parts | {name: part})
        with pytest.raises(ValueError, match="damaged, or no checkpoint"):
            training.resume(saved)
        assert numbers(training) == before


@pytest.mark.skipif(os.name == "nt", reason="links and pipes are those of Unix")
def test_a_link_stays_a_link_and_what_is_no_file_is_refused(saved, tmp_path):
    link = tmp_path / "link.npz"
    link.symlink_to(saved)
    training = made()
    training.run_until(3)
    training.save(link)
    assert link.is_symlink() and made().resume(saved).epochs == 3
    (tmp_path / "folder.npz").mkdir()
    os.mkfifo(tmp_path / "pipe.npz")
    for place in (tmp_path / "folder.npz", tmp_path / "pipe.npz"):
        with pytest.raises(ValueError, match="is there, and is no file"):
            training.save(place)


@pytest.mark.parametrize(
    "pair",
    [
        (lambda: Own(0.1), lambda: Own(0.2)),
        (lambda: scheduled(lambda t: 0.1), lambda: scheduled(lambda t: 0.2)),
        (lambda: scheduled(factor_of(0.1)), lambda: scheduled(factor_of(0.2))),
    ],
)
def test_a_checkpoint_of_another_rate_is_refused(tmp_path, pair):
    one, other = pair
    made(one()).save(tmp_path / "t.npz")
    made(one()).resume(tmp_path / "t.npz")
    with pytest.raises(ValueError, match="belongs to optimizer"):
        made(other()).resume(tmp_path / "t.npz")


def test_a_checkpoint_of_another_validation_set_is_refused(tmp_path):
    made().save(tmp_path / "t.npz")
    network = Network([Dense(4), ReLU(), Dropout(0.5), Dense(2)], (3,))
    other = Training(network, Adam(0.01), (X, Y), (X, 1 - Y), batch_size=8)
    with pytest.raises(ValueError, match="checksum of the validation examples"):
        other.resume(tmp_path / "t.npz")


def scheduled(schedule):
    return Scheduled(Adam(0.01), schedule)


def factor_of(value):
    return lambda t: value


class Own:
    """A learner's optimizer, a plain class without repr, and without state."""

    def __init__(self, rate):
        self.rate = rate

    def start(self, x):
        return GradientDescent(0.1).start(x)

    def update(self, x, gradient, state):
        return x - self.rate * gradient, state
