"""The static site in Chromium: it lists and opens the lessons, and asks nobody but Pyodide's distribution for anything.

Pyodide itself is not fetched, so no cell runs here: notebooks/teaching/hosting.md says what else is not tested.
"""

import functools
import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL
from playwright.sync_api import expect

from notebooks.teaching import refresh


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """Say nothing: hundreds of files are handed out."""


@pytest.fixture(scope="module")
def address(site):
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def visit(chromium, address):
    """The page of a visitor who follows a link to lesson 00, and the addresses elsewhere that it asked for in vain."""
    visitor, elsewhere = chromium.browser.new_context(service_workers="block"), []
    visitor.route(lambda url: not url.startswith(address), lambda r: (elsewhere.append(r.request.url), r.abort()))
    page = visitor.new_page()
    page.set_default_timeout(120_000)
    with page.expect_event("requestfailed", lambda request: request.url.startswith(PYODIDE_CDN_URL)):
        page.goto(f"{address}/lab/index.html?path=00_start_here.ipynb")
    yield page, elsewhere
    visitor.close()


def test_the_lessons_and_the_glossary_are_listed(visit):
    page, _ = visit
    names = [re.compile(f"^{re.escape(name)}") for name in [*(file.name for file in refresh.lessons()), "glossary.md"]]
    expect(page.locator(".jp-DirListing-itemText")).to_have_text(names)


def test_a_lesson_opens_with_its_pictures(visit):
    page, _ = visit
    notebook = page.locator(".jp-Notebook")
    expect(notebook.get_by_role("heading", level=1)).to_contain_text("Start here")
    expect(notebook.locator(".jp-CodeCell").first).to_contain_text("%pip install -q adamcourse")
    expect(notebook.locator(".jp-RenderedImage img").first).to_be_visible()
    expect(page.locator(".jp-Dialog")).to_have_count(0)


def test_only_pyodide_is_fetched_from_elsewhere(visit):
    _, elsewhere = visit
    assert {url for url in elsewhere if not url.startswith(PYODIDE_CDN_URL)} == set()
