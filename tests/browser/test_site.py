"""The site in a real Chromium, from the plain folder: search, light and dark, phones, explorers, no barrier."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SCREENSHOTS
from tests.browser.test_pages import violations
from tests.browser.test_recorded import Recorded
from tests.test_explorers import MADE

PAGES = {
    "front": "index.html",
    "lesson": "notebooks/06_assemble_adam.html",
    "long-lesson": "notebooks/12_read_your_framework.html",
    "reference": "reference/optimizers.html",
    "short-reference": "reference/descent.html",
}
every_page = pytest.mark.parametrize("page", PAGES)
UNREAD = "Failed to fetch"  # from a folder, search finds pages, but cannot read them to show what surrounds a word
WIDER = "() => document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(params=["light", "dark"])
def visit(request, chromium, whole_site):
    """A function that shows a page of the site's folder; what was asked of the network is told at the end."""
    context = chromium.browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=request.param)
    page, asked, errors = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.scheme = request.param

    def go(address):
        page.goto((whole_site / address).as_uri())
        return page

    yield go
    assert [error for error in errors if error != UNREAD] == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    context.close()


@every_page
def test_no_barrier_and_nothing_wider_than_a_phone(page, visit):
    shown = visit(PAGES[page])
    shown.screenshot(path=SCREENSHOTS / f"site-{page}-{shown.scheme}.png")
    assert violations(shown) == []
    shown.set_viewport_size({"width": 390, "height": 844})
    assert shown.evaluate(WIDER) <= 0
    shown.screenshot(path=SCREENSHOTS / f"site-{page}-{shown.scheme}-phone.png")


def test_search_finds_bias_correction(visit):
    page = visit("index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("bias correction")
    page.keyboard.press("Enter")
    first = page.locator("#search-results li a").filter(has_text="07 Correct the bias").first
    first.click()
    expect(page.locator("h1")).to_contain_text("07 Correct the bias")


def test_an_explorer_moves(visit):
    page = visit(PAGES["lesson"])
    explorer = Recorded(page, MADE["adam_switches"])
    try:
        explorer.move(10)
        explorer.shows(explorer.made)
        explorer.preset("Show me the failure")
        explorer.shows(explorer.made)
    finally:
        explorer.made.sharpen(1)
