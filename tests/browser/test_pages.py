"""Lessons as pages and slides in a real Chromium: no barriers, no network, and no slide larger than a screen."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from notebooks.teaching import pages, refresh
from tests.browser.conftest import SCREENSHOTS
from tests.test_pages import deck_of, page_of

every_lesson = pytest.mark.parametrize("file", refresh.lessons(), ids=lambda file: file.stem)
SLIDE = """
() => {  // what of the present slide lies outside its screen, in pixels, and where the slide is
    const slide = Reveal.getCurrentSlide(), screen = document.querySelector('.slides').getBoundingClientRect();
    const parts = [...slide.querySelectorAll('*')].map(part => part.getBoundingClientRect());
    const below = Math.max(...parts.map(part => part.bottom)) - screen.bottom;
    const beside = Math.max(...parts.map(part => part.right)) - screen.right;
    return [below, beside, slide.querySelector('h1, h2, p, pre')?.innerText.slice(0, 60)];
}
"""
ONCE = """
() => {  // leave one word of each kind in the code coloured: axe would look at thousands that are alike
    const seen = new Set();
    for (const word of document.querySelectorAll('pre span')) {
        if (seen.has(word.className)) word.replaceWith(...word.childNodes);
        seen.add(word.className);
    }
}
"""


def violations(page):
    """Return what axe-core finds: the rule, how grave, and the first element."""
    page.evaluate(ONCE)
    found = Axe().run(page).response["violations"]
    return [(rule["id"], rule["impact"], rule["nodes"][0]["html"][:200]) for rule in found]


@every_lesson
def test_a_lesson_as_a_page_has_no_barrier(file, shown):
    page = shown(page_of(file.stem))
    assert violations(page) == []
    assert page.evaluate("[...document.images].every(image => image.naturalWidth && image.alt.length > 20)")


@every_lesson
def test_no_slide_is_larger_than_the_screen(file, shown):
    page = shown(deck_of(file.stem))
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        below, beside, first = page.evaluate(SLIDE)
        assert below <= 0 and beside <= 0, (
            f"slide {number + 1}, {first!r}: {below:.0f} px below, {beside:.0f} px beside"
        )
        page.evaluate("Reveal.next()")  # a key may come after the next look
    assert page.evaluate("Reveal.isLastSlide()")
    page.screenshot(path=SCREENSHOTS / f"slides-{file.stem}.png")


def test_a_deck_prints_one_page_for_each_slide(shown):
    page = shown(deck_of(refresh.lessons(["00"])[0].stem))
    slides = page.evaluate("Reveal.getTotalSlides()")
    page.goto(page.url + "?print-pdf")
    page.wait_for_function("slides => document.querySelectorAll('.pdf-page').length === slides", arg=slides)
    assert printed(page, prefer_css_page_size=True) == slides


def printed(page, **options):
    """Return on how many sheets of paper a page is printed."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(**options)))


def test_the_sheet_has_no_barrier_and_prints_on_one_page(shown):
    page = shown(pages.page(pages.sheet()))
    assert violations(page) == []
    for paper in ("A4", "Letter"):
        assert printed(page, format=paper) == 1
