"""Pages of a real Chromium that show the notebooks in a real JupyterLab, started by the course's own command."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.lab import CHROMIUM, FLAGS, ROOT, close_page, jupyterlab, open_page

SCREENSHOTS = Path(__file__).parent / "screenshots"
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def chromium():
    if CHROMIUM is None and os.environ.get("CI"):
        pytest.fail("no Chromium on this machine, and CI must have one")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install it to run the browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The address of JupyterLab as `python -m adamcourse` starts it."""
    with jupyterlab(tmp_path_factory.mktemp("home")) as address:
        yield address


@pytest.fixture(scope="module")
def open_notebook(lab, chromium):
    """A function that opens a copy of a notebook in JupyterLab and returns the page."""
    opened = []

    def open_it(file):
        copy = ROOT / "notebooks" / f"browser-test-{file.name}"
        shutil.copy(file, copy)
        page = open_page(chromium, lab, copy.name)
        opened.append((page, copy))
        return page

    SCREENSHOTS.mkdir(exist_ok=True)
    yield open_it
    for page, copy in opened:
        close_page(page)
        copy.unlink()
