"""Every explorer of every lesson as a learner uses it: a key on each control, each preset, the challenge."""

import re

import pytest
from playwright.sync_api import expect

from adamcourse.explorers.controls import steps
from tests.browser.conftest import SCREENSHOTS
from tests.browser.shown import SLIDER, Shown
from tests.test_explorers import MADE, WON, in_lesson

WRITTEN_OUT = re.compile(r"^-?[\d.]+(e-\d+)?$")  # 1000 and not 1.00e+3


@pytest.fixture
def explorers(lesson):
    """What the page shows of each explorer, and the same explorer in this process, both at their first values."""
    names = in_lesson(lesson.lesson)
    expect(lesson.locator(".explorer-picture")).to_have_count(len(names))
    pairs = {name: (Shown(lesson, number), MADE[name]) for number, name in enumerate(names)}
    for shown, made in pairs.values():
        shown.click("Reset")
        made.set(**made.presets["Reset"])
        shown.says(made.readout.text)
    return pairs


def test_they_open(lesson, explorers):
    for name, (shown, made) in explorers.items():
        assert shown.picture.evaluate("canvas => [canvas.width, canvas.height]") == made.picture.size, name
        expect(shown.verdict).to_contain_text(made.challenge.task)
        shown.picture.scroll_into_view_if_needed()
        lesson.screenshot(path=SCREENSHOTS / f"{name}.png")


def test_a_key_press_on_each_control_changes_the_pixels_and_the_sentence(explorers):
    for name, (shown, made) in explorers.items():
        controls = shown.controls()
        assert len(controls) == len(made.controls), name
        for label, (kind, control) in zip(made.controls, controls, strict=True):
            said, before = made.readout.text, shown.pixels()
            shown.press(kind, control)
            expect(shown.sentence, f"{name}, {label}").not_to_have_text(said)
            shown.says(shown.sentence.inner_text())
            assert shown.pixels() != before, (name, label)
            shown.click("Reset")
            shown.says(said)


def test_each_slider_is_long_enough_to_drag_and_shows_what_python_draws_at_both_ends_and_in_the_middle(explorers):
    for name, (shown, made) in explorers.items():
        controls = zip(made.controls.items(), shown.controls(), strict=True)
        for label, control, handle in [(*named, handle) for named, (kind, handle) in controls if kind == SLIDER]:
            readout = shown.readout(handle)
            assert shown.track(handle).bounding_box()["width"] >= 200, name
            for place in ("Home", "End", "middle"):
                if place == "middle":
                    values = steps(control)
                    shown.set(SLIDER, handle, values[len(values) // 2], getattr(control, "base", None))
                else:
                    handle.press(place)
                expect(readout, name).to_have_text(WRITTEN_OUT)
                assert readout.evaluate("number => number.scrollWidth <= number.clientWidth"), name
                made.set(**{label: shown.value(handle, control)})
                shown.shows(made)


def test_tab_goes_through_all_controls_and_buttons_in_their_order(lesson, explorers):
    for name, (shown, _) in explorers.items():
        stops = shown.box.locator(".noUi-handle, input[type=checkbox], select, button").locator("visible=true").all()
        stops[0].focus()
        for stop in stops:
            for _ in range(3):  # beside a slider its number can be typed
                if stop.evaluate("stop => stop === document.activeElement"):
                    break
                lesson.keyboard.press("Tab")
            assert stop.evaluate("stop => stop === document.activeElement"), (name, stop.inner_text())


def test_presets_do_what_they_do_without_a_browser_and_reset_brings_the_picture_back(explorers):
    for name, (shown, made) in explorers.items():
        said, first = made.readout.text, shown.pixels()
        for preset, values in made.presets.items():
            made.set(**values)
            shown.click(preset)
            shown.shows(made)
            assert (shown.pixels() == first) == (preset == "Reset"), (name, preset)
        assert made.readout.text == said


def test_challenges_are_lost_at_first_and_can_be_won(explorers):
    for name, (shown, made) in explorers.items():
        expect(shown.verdict).to_contain_text("Not yet.")
        for label, (kind, control) in zip(made.controls, shown.controls(), strict=True):
            if label in WON[name]:
                shown.set(kind, control, WON[name][label], getattr(made.controls[label], "base", None))
        made.set(**WON[name])
        shown.says(made.readout.text)  # first: where it fails, the sentence tells which value did not arrive
        expect(shown.verdict, name).to_contain_text(f"Done. {made.challenge.praise}")
