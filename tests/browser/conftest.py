"""Pages of a real Chromium that show the notebooks in a real JupyterLab, started by the course's own command."""

import os
import shutil
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from notebooks.teaching import refresh
from tests.browser import lab

SCREENSHOTS = Path(__file__).parent / "screenshots"
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def chromium():
    if lab.CHROMIUM is None and os.environ.get("CI"):
        pytest.fail("no Chromium on this machine, and CI must have one")
    if lab.CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install it to run the browser tests")
    SCREENSHOTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        visitor = lab.visitor(playwright)
        yield visitor
        visitor.browser.close()


@pytest.fixture(scope="session")
def open_notebook(chromium, tmp_path_factory):
    """`lab.opened` in one JupyterLab for all tests."""
    with lab.jupyterlab(tmp_path_factory.mktemp("home")) as address:
        yield partial(lab.opened, chromium, address)


@pytest.fixture(scope="session", params=refresh.lessons(), ids=lambda file: file.stem)
def lesson(request, open_notebook):
    """The page of a lesson, opened and run once for all tests that use it."""
    copy = shutil.copy(request.param, request.param.with_name(f"browser-test-{request.param.name}"))
    with open_notebook(copy) as page:
        page.lesson = request.param.stem
        yield page
