"""What tests of several files use."""

import pickle
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import pytest

from adamcourse.exercises import running
from conftest import is_pinned
from notebooks.teaching import links, recorded


@pytest.fixture
def pinned():
    """Skip a test of exact pictures where other versions draw them; on CI the pinned job runs it."""
    if not is_pinned():
        pytest.skip("other versions than those of tests/constraints.txt are installed")


@pytest.fixture
def answers_run_here(monkeypatch):
    """Run answers in this process: a copy of one that has used gigabytes takes long, and other tests make them."""
    monkeypatch.setattr(running, "APART", False)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel, unpacked into a folder; its file lies beside."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(place)]
    subprocess.run(build, check=True, capture_output=True, cwd=Path(__file__).parent.parent)
    with zipfile.ZipFile(next(place.glob("*.whl"))) as archive:
        archive.extractall(place / "site")
    return place / "site"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the static site on which Python runs in the browser alone, built once."""
    from notebooks.teaching import browser_site  # here, since most tests need neither it nor what it imports

    folder = tmp_path_factory.mktemp("site") / "site"
    browser_site.write_site(folder)
    return folder


@pytest.fixture(scope="session")
def whole_site(tmp_path_factory):
    """The folder of the whole site as somebody publishes it, built once; its slides have tests of their own."""
    from notebooks.teaching import pages, site

    folder = tmp_path_factory.mktemp("whole") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "deck", lambda notebook: notebook.cells[0].source)
        site.write_site(folder, links.Published("someone/adamcourse", "main"))
    return folder


@pytest.fixture(scope="session", autouse=True)
def explorers_are_recorded_once(tmp_path_factory, worker_id):
    """Let the workers of a run find what one of them has recorded: it takes seconds for each explorer."""
    if worker_id == "master":
        yield
        return
    folder, record = tmp_path_factory.getbasetemp().parent / "records", recorded.record
    folder.mkdir(exist_ok=True)

    @cache
    def found_or_made(name):
        file, half = folder / name, folder / f"{name}-{worker_id}"
        if not file.exists():
            half.write_bytes(pickle.dumps(record(name)))
            half.replace(file)  # another worker may have been faster
        return pickle.loads(file.read_bytes())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorded, "record", found_or_made)
        yield
