"""Explorers on pages and slides: without Python they show what Python drew, and the keyboard is enough for all."""

import pytest
from playwright.sync_api import expect

from adamcourse.explorers.controls import steps
from notebooks.teaching import recorded as recorder
from tests.browser.conftest import SCREENSHOTS
from tests.browser.shown import Shown
from tests.browser.test_pages import SLIDE
from tests.test_explorers import MADE, in_lesson
from tests.test_pages import LESSONS, deck_of, page_of

TO_THE_EXPLORER = "() => { while (!Reveal.getCurrentSlide().querySelector('.explorer')) Reveal.next() }"
TOO_LARGE = """
async (slider, texts) => {  // what is said at those places at which something is outside of the slide
    const found = [], sentence = document.querySelector('.explorer-sentence');
    for (slider.value = 0; ; slider.stepUp()) {
        slider.dispatchEvent(new Event('input'));
        while (sentence.textContent !== texts[slider.value]) await new Promise(requestAnimationFrame);
        const [below, beside] = (SLIDE)();
        if (below > 0 || beside > 0) found.push(sentence.textContent);
        if (slider.value === slider.max) return found;
    }
}
"""
every_lesson = pytest.mark.parametrize("lesson", LESSONS)
first_lesson = pytest.mark.parametrize("lesson", ["00_start_here"])


class Recorded(Shown):
    """The explorer on a page, and the same one in this process, as sharp as its record."""

    def __init__(self, page, made):
        super().__init__(page, among=".explorer")
        self.made = made
        expect(self.sentence).not_to_be_empty()  # it is drawn, once its picture is decoded
        self.slider, self.value = self.box.get_by_role("slider"), self.box.locator("output")
        made.sharpen(self.picture.evaluate("canvas => canvas.width") // made.picture.size[0])
        self.places = int(self.slider.get_attribute("max"))

    def move(self, place):
        """Put the slider on a place, and the same one in Python on what the page says that this is."""
        self.slider.fill(str(place))
        said = self.value.inner_text()
        expect(self.slider).to_have_attribute("aria-valuetext", said)
        values = steps(self.made.controls[self.made.main])
        value = min(values, key=lambda value: abs(value - float(said.replace(",", ""))))
        self.made.set(**self.made.presets["Reset"] | {self.made.main: value})
        return values.index(value) / (len(values) - 1)

    def preset(self, name):
        self.click(name)
        self.made.set(**self.made.presets["Reset"] | self.made.presets[name])


@pytest.fixture
def recorded(shown):
    """A function that shows a lesson's explorer, on its page or among its slides, and the same one in Python."""
    made = []

    def show(lesson, written=page_of):
        page = shown(written(lesson))
        if written is deck_of:
            page.evaluate(TO_THE_EXPLORER)
        (name,) = in_lesson(lesson)
        made.append(MADE[name])
        return Recorded(page, MADE[name])

    yield show
    for explorer in made:
        explorer.sharpen(1)


@every_lesson
def test_on_a_page_the_slider_and_the_presets_show_what_python_draws(lesson, recorded):
    explorer = recorded(lesson)
    explorer.made.set(**explorer.made.presets["Reset"])
    explorer.shows(explorer.made)
    for place, share in ((0, 0), (explorer.places, 1), (explorer.places // 2, pytest.approx(0.5, abs=0.08))):
        assert explorer.move(place) == share
        explorer.shows(explorer.made)
    for preset in explorer.made.presets:
        explorer.preset(preset)
        explorer.shows(explorer.made)
    (name,) = in_lesson(lesson)
    record = recorder.record(name)
    if record["challenge"]:
        met = next(at for at, frame in enumerate(record["frames"]) if frame["won"])
        buttons = [preset for preset, at in record["presets"].items() if at == met]
        explorer.preset(buttons[0]) if buttons else explorer.move(met)
        task, praise = record["challenge"]
        expect(explorer.verdict).to_have_text(f"Challenge. {task} Done. {praise}")
    explorer.box.screenshot(path=SCREENSHOTS / f"{name}-recorded.png")


@every_lesson
def test_on_a_slide_the_arrows_move_the_slider_and_nothing_grows_out_of_the_screen(lesson, recorded):
    explorer = recorded(lesson, deck_of)
    page, slide = explorer.page, explorer.page.evaluate("Reveal.getIndices()")
    said = explorer.value.inner_text()
    explorer.slider.focus()
    page.keyboard.press("ArrowRight")
    expect(explorer.value).not_to_have_text(said)
    assert page.evaluate("Reveal.getIndices()") == slide
    (name,) = in_lesson(lesson)
    texts = [frame["text"] for frame in recorder.record(name)["frames"]]
    assert explorer.slider.evaluate(TOO_LARGE.replace("SLIDE", SLIDE), texts) == []
    for preset in explorer.made.presets:
        explorer.click(preset)
        below, beside, _ = page.evaluate(SLIDE)
        assert below <= 0 and beside <= 0, explorer.sentence.inner_text()
    page.locator("body").click(position={"x": 5, "y": 5})
    page.keyboard.press("ArrowRight")
    assert page.evaluate("Reveal.getIndices()") != slide


@first_lesson
def test_it_is_played_to_its_end(lesson, recorded):
    explorer = recorded(lesson)
    explorer.click("Play")
    expect(explorer.slider).to_have_value(str(explorer.places))
    expect(explorer.box.get_by_role("button", name="Play")).to_be_visible()


@first_lesson
def test_without_scripts_the_stored_picture_stays(lesson, chromium, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(page_of(lesson), encoding="utf-8")
    with chromium.browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(file.as_uri())
        expect(page.locator(".explorer img")).to_be_visible()
        expect(page.locator(".explorer script")).to_be_hidden()
