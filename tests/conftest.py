"""What all tests share: notebooks are compared strictly where the pinned versions are installed, laxly elsewhere."""

import os
import re
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DRAWN_BY = ("numpy", "matplotlib", "pillow", "ipywidgets")  # what the stored outputs depend on


def is_pinned():
    """Are the packages that make the outputs those of constraints.txt, and PyTorch, which lesson 12 asks, not there?"""
    lines = (ROOT / "tests" / "constraints.txt").read_text().splitlines()
    pins = {match.groups() for line in lines if (match := re.match(r"([\w-]+)==([\w.]+)", line))}
    return all((package, metadata.version(package)) in pins for package in DRAWN_BY) and find_spec("torch") is None


def pytest_configure(config):
    config.option.nbval_lax = not is_pinned()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")  # no stored output holds a progress bar


def pytest_report_header(config):
    return f"notebooks: {'lax, other versions than the pinned ones' if config.option.nbval_lax else 'strict'}"


@pytest.fixture
def pinned():
    """Skip a test of exact pictures where other versions draw them; on CI the pinned job runs it."""
    if not is_pinned():
        pytest.skip("other versions than those of tests/constraints.txt are installed")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the static site on which Python runs in the browser alone, built once."""
    from notebooks.teaching import browser_site  # here, since most tests need neither it nor what it imports

    folder = tmp_path_factory.mktemp("site") / "site"
    browser_site.write_site(folder)
    return folder
