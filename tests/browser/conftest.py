"""Pages of a real Chromium that show the notebooks in a real JupyterLab, started by the course's own command."""

import os
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
def jupyterlab(tmp_path_factory):
    """One JupyterLab for all tests."""
    with lab.jupyterlab(tmp_path_factory.mktemp("home")) as started:
        yield started


@pytest.fixture(scope="session")
def open_notebook(chromium, jupyterlab):
    """`lab.opened` in this JupyterLab."""
    return partial(lab.opened, chromium, jupyterlab)


@pytest.fixture(scope="session")
def desk(chromium, jupyterlab):
    """A page of JupyterLab in which one lesson after the other is opened: it takes seconds to load."""
    page = lab.empty_page(chromium, f"{jupyterlab.address}/lab?reset")
    page.wait_for_function("window.jupyterapp?.restored.then(() => true)", timeout=60_000)
    yield page
    page.close()


@pytest.fixture(scope="session", params=refresh.lessons(), ids=lambda file: file.stem)
def lesson(request, desk):
    """The page of a lesson, opened and run once for all tests that use it: lesson 06 to its end, others where live."""
    run = lab.run_all if request.param.stem.startswith("06") else lab.run_live
    with lab.opened_in(desk, request.param.name, run) as page:
        page.lesson = request.param.stem
        yield page


@pytest.fixture
def shown(chromium, tmp_path):
    """A function that shows HTML from a file, with what the page asked of the network and what it complained of."""
    page = chromium.new_page()
    page.set_viewport_size({"width": 1280, "height": 720})
    page.asked, page.errors = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))

    def show(html):
        file = tmp_path / "shown.html"
        file.write_text(html, encoding="utf-8")
        page.goto(file.as_uri())
        return page

    yield show
    assert page.errors == []
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
    page.close()
