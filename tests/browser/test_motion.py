"""Pictures that follow a fast drag, and steps that are played: no queue, no blank frame, the last value is drawn."""

import base64
import io
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.benchmarks.explorers import COMMON, OURS
from tests.browser.conftest import SCREENSHOTS
from tests.browser.lab import IDLE, write_notebook
from tests.browser.shown import SLIDER, Shown
from tests.test_explorers import MADE

RACE = "from adamcourse.explorers.race import race\n\nrace()"
FAILURE = "Show me the failure"
AT_MOST = 20  # drags to and fro
AHEAD = """
import ipywidgets
from math import isclose
from adamcourse import plots
from adamcourse.explorers.explorer import Explorer, Readout, log_slider, slider, whole_slider

fig, ax = plots.figure(width=4, height=3)
sliders = {"whole": whole_slider("", 0, 9, 5), "linear": slider("", -1, 1, 0, 0.1), "log": log_slider("", 1, 10, 2)}
last = ipywidgets.Label()

def draw(**values):
    asked = all(isclose(sliders[name].value, x, rel_tol=1e-6) for name, x in values.items())
    last.value = "drawn ahead: "[: 6 if asked else None] + ", ".join(f"{x:.3g}" for x in values.values())
    return Readout(last.value)

display(Explorer(fig, draw, sliders, about="Nothing moves."), last)
"""
LATE = """
import contextvars, threading, ipywidgets
from adamcourse.explorers.rare_classes import rare_classes

def late(handle):
    def later(*args):
        threading.Timer(0.5, contextvars.copy_context().run, (handle, *args)).start()
    return later

kind, name = {which}
setattr(kind, name, late(getattr(kind, name)))
rare_classes()
"""
WATCH = """
picture => {
    picture.sources = [];
    picture.widths = [];
    new MutationObserver(() => picture.sources.push(picture.getAttribute('src')))
        .observe(picture, { attributeFilter: ['src'] });
    picture.addEventListener('load', () => picture.widths.push(picture.naturalWidth));
    picture.addEventListener('error', () => picture.widths.push(0));
}
"""
PICTURES = "picture => picture.sources.length"
BYTES = """
async picture => {
    const bytes = new Uint8Array(await (await fetch(picture.src)).arrayBuffer());
    return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));
}
"""
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
    with open_notebook(write_notebook("browser-test-motion", RACE, COMMON + OURS)) as page:
        yield page


@pytest.fixture(scope="module")
def figures(page):
    """The two explorers on the page, each with the same one in this process."""
    made = {}
    exec(COMMON + OURS.replace("\nExplorer(", "\nexplorer = Explorer("), made)
    both = {"race": MADE["race"], "benchmark": made["explorer"]}
    shown = {name: Shown(page, number) for number, name in enumerate(both)}
    for each in shown.values():
        each.picture.evaluate(WATCH)
    return {name: (shown[name], both[name]) for name in both}


@pytest.fixture(scope="module")
def ahead(open_notebook):
    """An explorer that says whether it was drawn ahead, and the words below it, which say what was drawn last."""
    with open_notebook(write_notebook("browser-test-ahead", AHEAD)) as page:
        yield Shown(page), page.locator(".jp-OutputArea .widget-label").last


@pytest.fixture(
    scope="module",
    params=["ipywidgets.Button, '_handle_button_msg'", "ipywidgets.Dropdown, 'set_state'"],
    ids=["button", "list"],
)
def overtaken(request, open_notebook):
    """An explorer whose buttons, or whose list, are handled half a second late, in another thread."""
    with open_notebook(write_notebook("browser-test-late", LATE.replace("{which}", request.param))) as page:
        yield Shown(page), request.param


@pytest.fixture
def race(figures):
    """The race at its first values."""
    shown, made = figures["race"]
    shown.click("Reset")
    made.set(**made.presets["Reset"])
    shown.says(made.readout.text)
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
    shown.picture.evaluate("picture => { picture.sources.length = picture.widths.length = 0; }")
    with dragged(shown, handle) as move:
        to_and_fro(move, lambda: shown.picture.evaluate(PICTURES) >= 5)
        move(0.7)
        on_the_way = shown.picture.evaluate(PICTURES)

    value = shown.value(handle, made.controls[control])
    made.set(**made.presets["Reset"] | {control: value})
    shown.says(made.readout.text)
    expect(shown.picture).to_have_js_property("complete", True)
    assert base64.b64decode(shown.picture.evaluate(BYTES)) == made.picture.value
    sources, widths = shown.picture.evaluate("picture => [picture.sources, picture.widths]")
    assert len(sources) <= on_the_way + 2  # one that was being drawn when the mouse stopped, and the last one
    assert all(sources)
    assert set(widths) == {made.fig.bbox.width}


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


@pytest.mark.parametrize(
    ("number", "key", "foreseen"),
    [
        (0, "ArrowUp", "7, 0, 2"),
        (0, "ArrowDown", "3, 0, 2"),
        (1, "ArrowUp", "5, 0.2, 2"),
        (1, "ArrowDown", "5, -0.2, 2"),
        (2, "ArrowUp", "5, 0, 2.51"),
        (2, "ArrowDown", "5, 0, 1.58"),
    ],
)
def test_the_next_press_of_a_key_shows_what_was_drawn_while_nobody_waited(number, key, foreseen, ahead):
    """Python must foresee the very number that the browser sends."""
    shown, last = ahead
    shown.click("Reset")
    shown.says("drawn 5, 0, 2")
    _, handle = shown.controls()[number]
    handle.press(key)
    expect(last).to_have_text(f"drawn ahead: {foreseen}")
    handle.press(key)
    shown.says(f"drawn ahead: {foreseen}")


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
    assert base64.b64decode(shown.picture.evaluate(BYTES)) == made.picture.value


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
    shown.says(made.readout.text)  # else the preset may come after what is typed now
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


def test_what_was_done_last_counts_in_whatever_order_the_kernel_handles_it(overtaken):
    """The kernel handles the messages of widgets in two threads (ipykernel 7.4, JupyterLab 4.6)."""
    shown, which = overtaken
    chosen = shown.box.locator("select").first
    if "Button" in which:
        shown.click("Reset")
        chosen.select_option(label="Adam")
        last = "Adam, "
    else:
        chosen.select_option(label="Adam")
        shown.click("Reset")
        last = "gradient descent, "
    shown.page.wait_for_timeout(2000)  # what is late has come
    expect(shown.sentence).to_contain_text(last)
    expect(chosen.locator("option:checked")).to_have_text(last.rstrip(", "))
