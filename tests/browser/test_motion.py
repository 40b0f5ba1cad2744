"""Pictures that follow a fast drag, and steps that are played: no queue, no blank frame, the last value is drawn."""

import base64
import io
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.benchmarks.explorers import COMMON, OURS, SHOWN
from tests.browser.conftest import SCREENSHOTS
from tests.browser.lab import IDLE
from tests.browser.shown import SLIDER, Shown
from tests.test_explorers import MADE

RACE = "from adamcourse.explorers.race import race\n\nrace()"
FAILURE = "Show me the failure"
AT_MOST = 20  # drags to and fro
AHEAD = """
import ipywidgets
from adamcourse import plots
from adamcourse.explorers.controls import log_slider, slider, whole_slider
from adamcourse.explorers.explorer import Explorer, Readout

fig, ax = plots.figure(width=4, height=3)
sliders = {"whole": whole_slider("", 0, 9, 5), "linear": slider("", -1, 1, 0, 0.1), "log": log_slider("", 1, 10, 2)}
asked = ipywidgets.Label("")

def draw(**values):
    return Readout(", ".join(f"{x:.3g}" for x in values.values()))

explorer = Explorer(fig, draw, sliders, about="Nothing moves.")
explorer.picture.on_msg(lambda picture, content, buffers: setattr(asked, "value", f"{asked.value}{content} "))
display(explorer, asked)
"""
LATE = """
import contextvars, itertools, threading, time, ipywidgets
from adamcourse.explorers.picture import Picture
from adamcourse.explorers.rare_classes import rare_classes

delays = itertools.cycle([0.5, 0.02, 0.3, 0.1])

def late(handle):
    def later(*args):
        threading.Timer(next(delays), contextvars.copy_context().run, (handle, *args)).start()
    return later

def slow(handle):
    return lambda *args: time.sleep(next(delays)) or handle(*args)

kind, name, hinder = {which}
setattr(kind, name, hinder(getattr(kind, name)))
rare_classes()
"""
ALONE = """
import time
from adamcourse.explorers import prefetch
from adamcourse.explorers.race import race

prefetch.REST = 1e6  # what is there is what was asked for
explorer = race()
draw = explorer.draw
explorer.draw = lambda steps, factor: time.sleep(3 * (steps == 59)) or draw(steps, factor)
explorer
"""
WATCH = """
canvas => {
    canvas.drawings = 0;
    const context = canvas.getContext('2d'), draw = context.drawImage;
    context.drawImage = (...args) => { canvas.drawings += 1; return draw.apply(context, args); };
}
"""
PICTURES = "canvas => canvas.drawings / 2"  # the still one, and over it what moved
MISSING = "This picture is not drawn yet: Python is busy, or it was stopped."
WATCH_TOOLBAR = """
() => {
    window.toolbarChanges = 0;
    new MutationObserver(changes => { toolbarChanges += changes.length; })
        .observe(document.querySelector('.jp-NotebookPanel-toolbar'), { subtree: true, childList: true });
}
"""


@pytest.fixture(scope="module")
def page(open_notebook):
    """A page with the race, which has most lines, and the figure of the benchmark."""
    with open_notebook("test-motion", RACE, COMMON + OURS + SHOWN) as page:
        yield page


@pytest.fixture(scope="module")
def figures(page):
    """The two explorers on the page, each with the same one in this process."""
    made = {}
    exec(COMMON + OURS, made)
    made["explorer"].sharpen(1)
    both = {"race": MADE["race"], "benchmark": made["explorer"]}
    shown = {name: Shown(page, number) for number, name in enumerate(both)}
    for each in shown.values():
        each.picture.evaluate(WATCH)
    return {name: (shown[name], both[name]) for name in both}


@pytest.fixture(scope="module")
def ahead(open_notebook):
    """An explorer whose next pictures have come, and the words below it, which say what the browser asked."""
    with open_notebook("test-ahead", AHEAD) as page:
        yield Shown(page), page.locator(".jp-OutputArea .widget-label").last


@pytest.fixture(
    scope="module",
    params=[
        "Picture, '_handle_custom_msg', late",
        "Picture, 'send', late",
        "ipywidgets.Dropdown, 'set_state', slow",  # ipywidgets sends one at a time, so that these keep their order
    ],
    ids=["question", "answer", "list"],
)
def overtaken(request, open_notebook):
    """An explorer of which one kind of message is handled late, often in another order than it was sent in."""
    with open_notebook("test-late", LATE.replace("{which}", request.param)) as page:
        yield Shown(page)


@pytest.fixture
def race(figures):
    """The race at its first values."""
    shown, made = figures["race"]
    shown.click("Reset")
    made.set(**made.presets["Reset"])
    shown.shows(made)
    return shown, made


@contextmanager
def dragged(shown, handle, moves=40):
    """Press the mouse on a slider's handle and give what drags it to a share of its length, in so many moves."""
    handle.scroll_into_view_if_needed()
    track = shown.track(handle).bounding_box()
    at, mouse = handle.bounding_box(), handle.page.mouse
    y = at["y"] + at["height"] / 2
    mouse.move(at["x"] + at["width"] / 2, y)
    mouse.down()
    try:
        yield lambda share: mouse.move(track["x"] + share * track["width"], y, steps=moves)
    finally:
        mouse.up()


def to_and_fro(move, enough):
    """Drag from end to end until that is enough: how often depends on the machine and what else it does."""
    for _ in range(AT_MOST):
        move(1)
        move(0)
        if enough():
            return
    pytest.fail(f"too few pictures in {AT_MOST} drags to and fro")


def painted(shown):
    """Return the frames that Chromium has painted, cut to the picture, as a list that grows, and what ends it."""
    at, frames, cdp = shown.picture.bounding_box(), [], shown.page.context.new_cdp_session(shown.page)

    def keep(frame):
        image = Image.open(io.BytesIO(base64.b64decode(frame["data"])))
        frames.append(np.asarray(image.crop((at["x"], at["y"], at["x"] + at["width"], at["y"] + at["height"]))))
        cdp.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    cdp.on("Page.screencastFrame", keep)
    cdp.send("Page.startScreencast", {"format": "png"})
    return frames, lambda: cdp.send("Page.stopScreencast")


@pytest.mark.parametrize(
    ("figure", "control"), [("race", "steps"), ("race", "factor"), ("benchmark", "rate")], ids=lambda name: name
)
def test_a_fast_drag_leaves_no_queue_and_ends_with_its_last_value(figures, figure, control):
    shown, made = figures[figure]
    shown.click("Reset")
    handle = shown.box.locator(SLIDER).nth(list(made.controls).index(control))
    shown.picture.evaluate("canvas => { canvas.drawings = 0; }")
    with dragged(shown, handle) as move:
        to_and_fro(move, lambda: shown.picture.evaluate(PICTURES) >= 5)
        move(0.7)
        on_the_way = shown.picture.evaluate(PICTURES)

    value = shown.value(handle, made.controls[control])
    made.set(**made.presets["Reset"] | {control: value})
    shown.shows(made)
    assert shown.picture.evaluate(PICTURES) <= on_the_way + 2  # one that was on its way, and the last one


def test_no_frame_of_a_drag_is_blank(race):
    shown, _ = race
    shown.picture.scroll_into_view_if_needed()
    frames, stop = painted(shown)
    with dragged(shown, shown.box.locator(SLIDER).first, moves=8) as move:
        to_and_fro(move, lambda: len({frame.tobytes() for frame in frames}) >= 5)
        move(1)
    steps_shown(shown, 300)
    stop()
    assert max(frame.min() for frame in frames) < 100  # black lines and letters are in each of them


def test_a_moved_slider_fetches_no_icon_and_lays_out_no_toolbar(race):
    """What JupyterLab does at each busy and idle of the kernel, unless told otherwise, while the picture waits."""
    shown, made = race
    asked = []
    shown.page.on("request", lambda request: asked.append(request.url))
    shown.page.evaluate(WATCH_TOOLBAR)
    said = made.readout.text
    shown.press(*shown.controls()[1])
    expect(shown.sentence).not_to_have_text(said)
    shown.page.wait_for_function(IDLE)
    assert [address for address in asked if "/static/" in address] == []
    assert shown.page.evaluate("toolbarChanges") == 0


@pytest.mark.parametrize("number", [0, 1, 2], ids=["whole", "linear", "log"])
def test_a_key_shows_what_was_drawn_while_nobody_waited(number, ahead):
    """Python must foresee the very numbers that the browser has, up to both ends."""
    shown, asked = ahead
    shown.click("Reset")
    shown.says("5, 0, 2")
    _, handle = shown.controls()[number]
    for key in ("ArrowUp", "ArrowDown"):  # and back: this slider's range is what comes next
        handle.press(key)
    shown.page.wait_for_timeout(2000)
    before, said = asked.inner_text(), set()
    for key in ("Home", *["ArrowUp"] * 20, "End"):
        handle.press(key)
        shown.page.wait_for_timeout(50)  # the picture may have to be decoded
        said.add(shown.sentence.inner_text())
    assert len(said) == [10, 21, 21][number]
    shown.page.wait_for_timeout(500)
    assert "hello" in before and asked.inner_text() == before


def steps_shown(shown, steps):
    expect(shown.sentence).to_contain_text(f" {steps} steps shown")


def test_play_goes_on_to_the_end_and_stops_there(race):
    shown, made = race
    shown.set(*shown.controls()[0], 270)
    steps_shown(shown, 270)
    button = shown.box.get_by_role("button", name="Play")
    button.focus()
    shown.page.keyboard.press("Space")
    expect(shown.box.get_by_role("button", name="Pause")).to_be_visible()
    steps_shown(shown, 300)
    expect(button).to_be_visible()
    made.set(steps=300)
    shown.shows(made)


def test_pause_leaves_the_slider_where_it_is_and_the_next_play_goes_on_from_there(race):
    shown, made = race
    shown.click("Play")
    expect(shown.sentence).not_to_contain_text(" 60 steps shown")
    shown.click("Pause")
    expect(shown.box.get_by_role("button", name="Play")).to_be_visible()
    paused = round(shown.value(shown.controls()[0][1], made.controls["steps"]))
    assert 60 < paused < 300
    shown.click(FAILURE)
    made.set(**made.presets[FAILURE])
    shown.shows(made)
    shown.set(*shown.controls()[0], 290)
    shown.click("Play")
    steps_shown(shown, 300)


@pytest.mark.parametrize("preset", ["Reset", FAILURE])
def test_a_preset_ends_the_playing(race, preset):
    shown, made = race
    shown.set(*shown.controls()[0], 2)
    steps_shown(shown, 2)
    shown.click("Play")
    expect(shown.sentence).not_to_contain_text(" 2 steps shown")
    shown.click(preset)
    made.set(**made.presets[preset])
    shown.says(made.readout.text)
    expect(shown.box.get_by_role("button", name="Play")).to_be_visible()
    shown.press(*shown.controls()[1])  # the answer to this comes after all ticks that were on their way
    expect(shown.sentence).not_to_have_text(made.readout.text)
    steps_shown(shown, 60)


def test_every_button_has_a_name(figures):
    for shown, _ in figures.values():
        buttons = [button for button in shown.box.get_by_role("button").all() if button.is_visible()]
        assert buttons
        assert all(button.inner_text().strip() for button in buttons)


@pytest.fixture
def presenting(page):
    """The page as a lecturer shows it: larger letters, and nothing but the notebook."""
    for command in ("application:toggle-presentation-mode", "application:toggle-mode"):
        page.evaluate(f"jupyterapp.commands.execute('{command}')")
    page.wait_for_function("jupyterapp.shell.presentationMode")
    yield page
    for command in ("application:toggle-presentation-mode", "application:toggle-mode"):
        page.evaluate(f"jupyterapp.commands.execute('{command}')")


def test_in_presentation_mode_an_explorer_answers(presenting, race):
    shown, made = race
    assert presenting.evaluate("[jupyterapp.shell.presentationMode, jupyterapp.shell.mode]") == [
        True,
        "single-document",
    ]
    said, before = made.readout.text, shown.pixels()
    shown.press(*shown.controls()[1])
    expect(shown.sentence).not_to_have_text(said)
    assert shown.pixels() != before
    presenting.screenshot(path=SCREENSHOTS / "presentation.png")


def test_what_was_done_last_counts_in_whatever_order_python_hears_and_answers(overtaken):
    """The kernel handles the messages of widgets in two threads (ipykernel 7.4, JupyterLab 4.6)."""
    shown = overtaken
    chosen = shown.box.locator("select").first
    for last in ("gradient descent", "Adam", "gradient descent"):
        shown.click("Reset")
        for label in ("signs", "Adam", "signs", last):
            chosen.select_option(label=label)
        expect(shown.sentence).to_contain_text(f"{last}, ")
        shown.page.wait_for_timeout(1500)  # what is late has come
        expect(shown.sentence).to_contain_text(f"{last}, ")
        expect(chosen.locator("option:checked")).to_have_text(last)


def test_what_is_there_is_shown_without_python_and_what_is_not_is_said(open_notebook):
    """While Python is busy, and when it was stopped."""
    with open_notebook("test-alone", ALONE) as page:
        shown = Shown(page)
        _, handle = shown.controls()[0]

        def press(key, says):
            handle.press(key)
            expect(shown.sentence).to_contain_text(says)

        steps_shown(shown, 60)
        press("ArrowDown", MISSING)
        press("ArrowUp", " 60 steps shown")
        handle.press("ArrowDown")
        steps_shown(shown, 59)
        page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()")
        press("ArrowUp", " 60 steps shown")
        press("ArrowUp", MISSING)
        shown.click("Reset")
        steps_shown(shown, 60)
