"""The data: real, complete, split without overlap, found everywhere, and guarded."""

import importlib.util
import re
import subprocess
import sys

import numpy as np
import pytest

from adamcourse import datasets
from adamcourse.optimizers import Adam

DIGITS = datasets.load_digits()


def test_shapes_types_and_range():
    train, test = DIGITS
    assert train.images.shape == (8000, 784)
    assert test.images.shape == (2000, 784)
    assert train.images.dtype == np.float32
    assert train.labels.dtype == np.int64
    assert (train.images.min(), train.images.max()) == (0, 1)
    assert datasets.load_digits(np.float64).test.images.dtype == np.float64


def test_pixels_are_bytes_over_255():
    pixels = 255 * datasets.load_digits(np.float64).train.images
    np.testing.assert_allclose(pixels, pixels.round(), atol=1e-9)
    assert len(np.unique(pixels.round())) == 256


def test_the_split_is_stratified_and_without_overlap():
    """The package holds 1001, 1127, 991, ... digits of each class; a fifth of each, rounded, is for testing."""
    counts = np.array([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978])
    assert (np.bincount(DIGITS.test.labels) == np.rint(counts / 5)).all()
    assert (np.bincount(DIGITS.train.labels) == counts - np.rint(counts / 5)).all()
    assert len({image.tobytes() for split in DIGITS for image in split.images}) == 10_000


def test_the_digits_look_like_digits():
    """The mean image of each class recognises most of its own class: 80.6 % on the test digits."""
    train, test = DIGITS
    means = np.stack([train.images[train.labels == digit].mean(axis=0) for digit in range(10)])
    distances = ((test.images[:, None] - means) ** 2).sum(axis=-1)
    assert (distances.argmin(axis=1) == test.labels).mean() > 0.75


def test_missing_file(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "data_file", lambda name: tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"digits.npz is missing: restore it with `git checkout -- data`"):
        datasets.load_digits()


def test_damaged_file(monkeypatch, tmp_path):
    damaged = bytearray(datasets.data_file("digits.npz").read_bytes())
    damaged[1000] ^= 1
    (tmp_path / "digits.npz").write_bytes(damaged)
    monkeypatch.setattr(datasets, "data_file", lambda name: tmp_path / name)
    with pytest.raises(ValueError, match=r"digits.npz is damaged: its SHA-256 is .*, expected .*; restore it with"):
        datasets.load_digits()


def test_a_wheel_carries_all_data_and_finds_them(wheel, tmp_path):
    script = """
import adamcourse.datasets as d
from adamcourse.exercises.quizzes import questions
steps = d.load_framework_steps, d.load_later_steps
loaders = [getattr(d, name) for name in vars(d) if name.startswith("load_") and getattr(d, name) not in steps]
loaders += [lambda load=load, name=name: load(name) for load in steps for name in ("PyTorch", "Keras", "Optax")]
loaders += [lambda: d.load_text("sonnets")]
for load in loaders:
    load()
questions("00")
print(d.__file__, len(loaders))
"""
    run = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(wheel)!r}); {script}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    place, loaders = run.stdout.split()
    assert place.startswith(str(wheel))
    assert int(loaders) == len(datasets.SHA256)


def test_minibatches_cover_every_epoch_once_in_a_new_order():
    batches = datasets.minibatches(10, 4, np.random.default_rng(3))
    epochs = [np.concatenate([next(batches) for _ in range(3)]) for _ in range(2)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert (epochs[0] != epochs[1]).any()


@pytest.mark.parametrize("size", [0, -1, 11])
def test_a_minibatch_size_that_cannot_be(size):
    with pytest.raises(ValueError, match=f"size = {size}: give a whole number, 1 to 10"):
        next(datasets.minibatches(10, size, np.random.default_rng(0)))


# --- heights and lines -----------------------------------------------------------------------------------------------


def test_the_heights_are_galtons():
    """928 children; in the literature two thirds was read off by eye, and the exact slope is 0.65."""
    heights = datasets.load_heights()
    assert heights.parents.shape == heights.children.shape == (928,)
    assert np.polyfit(heights.parents, heights.children, 1)[0] == pytest.approx(0.6463, abs=1e-4)
    assert (heights.parents.min(), heights.parents.max()) == (64.0, 73.0)
    assert np.corrcoef(*heights)[0, 1] == pytest.approx(0.4588, abs=1e-4)


def test_the_lines_are_of_two_books():
    text = datasets.data_file("lines.txt").read_text(encoding="utf-8").splitlines()
    words, train, test = datasets.load_lines()
    assert len(text) == 4310
    assert sum(line[0] == "S" for line in text) == sum(line[0] == "M" for line in text) == 2155
    assert "S\tshall i compare thee to a summer's day" in text
    assert (len(train.y), len(test.y)) == (3448, 862)
    assert train.y.mean() == pytest.approx(0.5, abs=0.02)
    for i in (0, 1000, 3447):  # each bag holds the words of its line
        known = {words[j] for j in np.flatnonzero(train.X[i])}
        assert known <= set(text[i][2:].split())
        assert set(text[i][2:].split()) - known == {word for word in text[i][2:].split() if word not in words}
    counts = train.X.sum(axis=0)
    assert (np.diff(counts) <= 0).all()
    assert counts.min() == 2
    assert len(datasets.load_lines(min_count=10).words) == (counts >= 10).sum()


@pytest.mark.parametrize(("name", "load"), [("heights.csv", datasets.load_heights), ("lines.txt", datasets.load_lines)])
def test_damaged_text_is_refused(name, load, monkeypatch, tmp_path):
    (tmp_path / name).write_bytes(datasets.data_file(name).read_bytes().replace(b"7", b"6").replace(b"whale", b"whole"))
    monkeypatch.setattr(datasets, "data_file", lambda name: tmp_path / name)
    with pytest.raises(ValueError, match=f"{name} is damaged"):
        load()


@pytest.mark.parametrize(("train", "validation"), [(0, 5), (5, 0), (8000, 1), (-1, 10)])
def test_a_few_digits_are_digits_to_train_with(train, validation):
    few, rest = datasets.digits_subset(3, 4)
    assert (np.concatenate([few.labels, rest.labels]) == DIGITS.train.labels[:7]).all()
    assert (np.concatenate([few.images, rest.images]) == DIGITS.train.images[:7]).all()
    with pytest.raises(ValueError, match=f"train = {train}, validation = {validation}"):
        datasets.digits_subset(train, validation)


def test_the_script_that_recorded_the_trainings_still_runs(monkeypatch):
    """On few digits and for one epoch."""
    spec = importlib.util.spec_from_file_location("make_runs", datasets.data_file("make_runs.py"))
    make_runs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_runs)
    monkeypatch.setattr(make_runs, "EPOCHS", 1)
    monkeypatch.setattr(make_runs, "HELD_BACK", 60)
    digits = datasets.digits_subset(180, 60)
    run = make_runs.recorded(Adam(1e-3), digits)
    assert np.shape(run["loss"]) == np.shape(run["accuracy"]) == (3, 1)
    found = make_runs.search(Adam, -3.0, digits)
    assert len(found["rates"]) == len(found["held back"]) >= 5


# --- texts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "length", "begins"), [("novel", 1_186_333, "CHAPTER"), ("sonnets", 93_872, "From")])
def test_texts_are_whole_and_encoded_without_loss(name, length, begins):
    text = datasets.load_text(name)
    written = datasets.data_file(f"{name}.txt").read_text(encoding="utf-8")
    assert len(written) == len(text.train) + len(text.validation) == length
    assert text.decode(text.train) + text.decode(text.validation) == written
    assert written.startswith(begins)
    assert set(text.characters) == set(written) and list(text.characters) == sorted(text.characters)
    assert (text.encode(written[:500]) == text.train[:500]).all()


def test_the_novel_is_the_one_of_the_lines():
    """The pieces of lines.txt were cut from the same novel."""
    novel = datasets.data_file("novel.txt").read_text(encoding="utf-8")
    words = " ".join(re.findall(r"[a-z]+(?:'[a-z]+)*", novel.lower()))
    lines = datasets.data_file("lines.txt").read_text(encoding="utf-8").splitlines()
    pieces = [line[2:] for line in lines if line[0] == "M"]
    assert np.mean([piece in words for piece in pieces]) > 0.99  # a few hold what was left out


def test_a_text_that_is_unknown_and_a_character_that_it_has_not():
    with pytest.raises(ValueError, match="name = 'bible': give 'novel' or 'sonnets'"):
        datasets.load_text("bible")
    with pytest.raises(ValueError, match=r"'7 whales' has \['7'\], which this text has not"):
        datasets.load_text("novel").encode("7 whales")
    for tokens in ([65], [-1], [0.5]):
        with pytest.raises(ValueError, match="give whole numbers from 0 to 64"):
            datasets.load_text("novel").decode(tokens)
