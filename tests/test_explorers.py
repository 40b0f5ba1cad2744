"""Explorers without a browser: every control at its ends, every preset, every challenge won and lost, errors."""

import asyncio
import base64
import gc
import html
import io
import itertools
import re
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import ipywidgets
import nbformat
import numpy as np
import pytest
from matplotlib import pyplot
from nbconvert import HTMLExporter
from PIL import Image

from adamcourse import explorers, plots
from adamcourse.explorers.adam_switches import adam_of_parts
from adamcourse.explorers.controls import checkbox, choice, log_slider, play_slider, slider, steps, whole_slider
from adamcourse.explorers.explorer import KEPT, Explorer, Readout
from adamcourse.explorers.prefetch import REST, to_come
from adamcourse.optimizers import GradientDescent, Momentum
from notebooks.teaching import refresh

NAMES = re.findall(r"^(\w+) +lesson \d\d: ", explorers.__doc__, flags=re.M)
MODULES = {name: import_module(f"adamcourse.explorers.{name}") for name in NAMES}
MADE = {name: getattr(module, name)() for name, module in MODULES.items()}  # made once: a race takes most of a second
for made in MADE.values():
    made.sharpen(1)  # as the display of the tests' browser
every_explorer = pytest.mark.parametrize("explorer", MADE.values(), ids=MADE)
WON = {
    "race": {"factor": 10**0.4},
    "rate_and_condition": {"rate": 10**-0.75, "condition": 10.0},
    "batch_and_rate": {"batch": 8, "rate": 10**-1.3},
    "momentum_phases": {"rate": 10**-1.5, "beta": 0.67},
    "rare_word": {"optimizer": "Adagrad", "rate": 10**-0.4, "every": 100},
    "rmsprop_memory": {"memory": 10.0, "factor": 100.0},
    "bias_multiplier": {"beta1": 0.9, "memory": 10**1.3, "t": 1.0},
    "hyperparameter_map": {"name": "β1", "rate": 10**0.15, "share": 0.45},
    "learning_digits": {"optimizer": "Adagrad", "rate": 10**-1.5, "steps": 40},
    "failing_adam": {"steep": 5, "beta2": 0.8, "amsgrad": False},
    "overfitting": {"dropout": 0.0, "decay": 10**-0.5},
    "adam_switches": {"bias_correction": False, "rate": 10**-0.85},
    "rare_classes": {"optimizer": "Adam", "rate": 10**-0.5, "power": 1.0},
    "learning_to_write": {"optimizer": "momentum", "init": "Glorot's, last layer 0.02", "step": 600},
    "one_outlier": {"size": 1e3, "memory": 1e3, "norm": 10**0.5},
    "newton_schulz": {"matrix": "a gradient of lesson 14", "coefficients": "1.5, -0.5, 0, which converge", "steps": 12},
    "circling_game": {"beta1": 0.0, "beta2": 0.999, "optimistic": True},
    "what_a_search_buys": {"task": "pole", "tries": 5},
    "two_dialects": {"optimizer": "Nadam", "second": "Optax", "size": 1.0},
}
CALLS = re.compile(rf"^({'|'.join(MADE)})\(", flags=re.M)
PICTURES = re.compile(r'<img [^>]*"data:image/png;base64,([^"]+)"[^>]*>(.*?)(?=<img |\Z)', flags=re.S)
NOT_SPARED = {"momentum": False, "scaling": True, "bias_correction": True}


@pytest.fixture(autouse=True)
def begin_at_reset():
    for explorer in MADE.values():
        explorer.set(**explorer.presets["Reset"])


def in_lesson(stem):
    """Return the names of the explorers that a lesson shows, in order."""
    lesson = nbformat.read(refresh.LESSONS / f"{stem}.ipynb", as_version=4)
    return [name for cell in lesson.cells if cell.cell_type == "code" for name in CALLS.findall(cell.source)]


def test_every_explorer_is_shown_in_a_lesson():
    assert sorted(name for file in refresh.lessons() for name in in_lesson(file.stem)) == sorted(MADE)


@pytest.mark.parametrize("file", refresh.lessons(), ids=lambda file: file.stem)
def test_without_a_kernel_a_stored_lesson_shows_picture_and_caption_of_each_explorer(file):
    page, _ = HTMLExporter().from_filename(file)
    assert refresh.WIDGET not in page  # a saved widget takes the picture's place, and needs the network
    below = [(picture, html.unescape(re.sub("<[^>]+>", "", rest)).lstrip()) for picture, rest in PICTURES.findall(page)]
    for made in map(MADE.get, in_lesson(file.stem)):
        caption = f"Explorer: {made.about} At first: {made.readout.text}"
        (picture,) = [picture for picture, words in below if words.startswith(caption)]
        size = tuple(plots.SHARP * length for length in made.picture.size)
        assert Image.open(io.BytesIO(base64.b64decode(picture))).size == size


def picture(explorer):
    """Return what a browser puts together: the still picture, and over it what moved."""
    shown = explorer.shown()
    whole, moved = (Image.open(io.BytesIO(png)).convert("RGBA") for png in (shown.still, shown.overlay.png))
    whole.alpha_composite(moved, (shown.overlay.x, shown.overlay.y))
    return whole.convert("RGB")


def pixels(explorer):
    return np.asarray(picture(explorer).convert("L"), int)


def settings(control):
    """Both ends and the middle of a control."""
    if isinstance(control, ipywidgets.Checkbox):
        return [True, False]
    if isinstance(control, ipywidgets.Dropdown):
        return list(control.options)
    low, high = control.min, control.max
    if isinstance(control, ipywidgets.FloatLogSlider):
        return [10**low, 10 ** ((low + high) / 2), 10**high]
    return [low, (low + high) // 2 if isinstance(control, ipywidgets.IntSlider) else (low + high) / 2, high]


def ways(explorer):
    """All presets, and each control at both ends and in the middle."""
    alone = [{name: value} for name, control in explorer.controls.items() for value in settings(control)]
    return [*explorer.presets.values(), *alone]


@every_explorer
def test_every_control_changes_picture_and_sentence_at_both_ends_and_in_the_middle(explorer):
    for control in explorer.controls.values():
        pictures, texts = [], []
        for value in settings(control):
            control.value = value
            pictures.append(pixels(explorer))
            texts.append(explorer.readout.text)
        assert len(set(texts)) == len(texts)
        assert all((a != b).any() for a, b in zip(pictures, pictures[1:], strict=False))
        explorer.set(**explorer.presets["Reset"])


@every_explorer
def test_presets_change_the_picture_and_reset_brings_it_back(explorer):
    first, text = pixels(explorer), explorer.readout.text
    for name, values in explorer.presets.items():
        if name != "Reset":
            explorer.set(**values)
            assert (pixels(explorer) != first).any()
            assert explorer.readout.text != text
    explorer.set(**explorer.presets["Reset"])
    explorer.update()
    assert (pixels(explorer) == first).all()
    assert explorer.readout.text == text


@every_explorer
def test_a_picture_depends_on_the_values_alone(explorer):
    """What was drawn before, perhaps ahead, leaves no trace: a picture may be kept and shown again."""
    first, there = {}, list(enumerate(ways(explorer)))
    for k, values in there + there[::-1]:
        explorer.set(**explorer.presets["Reset"] | values)
        explorer.update()
        assert first.setdefault(k, explorer.shown()) == explorer.shown()


@pytest.mark.parametrize("name", MADE)
def test_challenges_are_lost_at_first_and_can_be_won(name):
    explorer = MADE[name]
    assert not explorer.readout.won
    explorer.set(**WON[name])
    assert explorer.readout.won, explorer.readout.text


def test_what_the_praise_claims():
    """At κ = 100 no rate meets the target; each C fails at its own β2; momentum is the part that cannot be spared."""
    one = MADE["rate_and_condition"]
    for rate in 10.0 ** np.arange(-3, 0, 0.05):
        one.set(rate=rate, condition=100.0)
        assert not one.readout.won
    eleven = MADE["failing_adam"]
    for steep in range(5, 11):
        eleven.set(steep=steep, beta2=round(1 / (1 + steep**2), 2), amsgrad=False)
        assert eleven.readout.text.startswith(f"C = {steep}") and "Adam is at x = 1.00" in eleven.readout.text
    six = MADE["adam_switches"]
    for rate in 10.0 ** np.arange(-3, 0.01, 0.05):
        six.set(**NOT_SPARED, rate=rate)
        assert not six.readout.won
    six.set(momentum=True, scaling=False, bias_correction=True, rate=10**-1.5)
    assert six.readout.won


def test_failing_adam_draws_both_walks_and_regrets_or_adam_alone():
    """At C = 3 and the theorem's β2 Adam goes to +1 and its average regret to 2/3, AMSGrad to -1 and 0."""
    explorer = MADE["failing_adam"]
    walks, regrets = (
        [line for line in ax.lines if line.get_label() in ("Adam", "AMSGrad")] for ax in explorer.fig.axes
    )
    explorer.set(**explorer.presets["The same with AMSGrad"])
    explorer.update()
    explorer.shown()
    assert [line.get_ydata()[-1] for line in walks] == pytest.approx([1, -1], abs=0.02)
    assert [line.get_ydata()[-1] for line in regrets] == pytest.approx([2 / 3, 0], abs=0.05)
    explorer.set(**explorer.presets["Show me the failure"])
    explorer.update()
    explorer.shown()
    assert [len(line.get_xdata()) > 0 for line in (*walks, *regrets)] == [True, False, True, False]


def test_two_dialects_part_where_and_with_whom_their_presets_and_praise_say():
    """At gradients near 1 only Nadam and AMSGrad end far apart; elsewhere the presets have their reasons."""
    explorer = MADE["two_dialects"]
    parted = {
        "Show me the failure": "part at step 1,",
        "The same": "never part.",
        "A rate that falls": "part at step 51,",
    }
    for name, where in parted.items():
        explorer.set(**explorer.presets[name])
        assert where in explorer.readout.text
    explorer.set(**explorer.presets["Reset"] | {"size": 1.0})
    frameworks = explorer.controls["first"].options[1:]
    far = set()
    for optimizer in explorer.controls["optimizer"].options:
        for first, second in itertools.combinations(frameworks, 2):
            explorer.set(optimizer=optimizer, first=first, second=second)
            far |= {optimizer} if explorer.readout.won else set()
    assert far == {"Nadam", "AMSGrad"}
    for outside_the_task in ({"first": "course"}, {"own": True}, {"falls": True}, {"size": 1e-2}):
        explorer.set(**explorer.presets["Reset"] | WON["two_dialects"] | {"optimizer": "AMSGrad"} | outside_the_task)
        assert not explorer.readout.won


@every_explorer
def test_the_blitted_picture_is_the_one_of_a_full_draw(explorer):
    explorer.update()
    for values in explorer.presets.values():
        explorer.set(**values)
        blitted = pixels(explorer)
    for artist in explorer._moving:
        artist.set_animated(False)
    explorer.fig.canvas.draw()
    full = np.asarray(Image.fromarray(np.asarray(explorer.fig.canvas.buffer_rgba())).convert("L"), int)
    for artist in explorer._moving:
        artist.set_animated(True)
    # axes and ticks lie above some lines; where a moving line crosses them, a few pixels come out in its colour
    assert (np.abs(blitted - full) > 60).mean() < 0.001


@every_explorer
def test_what_is_not_drawn_again_has_not_changed(explorer):
    """Not every setter of Matplotlib marks its artist as stale: without the mark, a change would not be seen."""
    canvas = explorer.fig.canvas
    for values in ways(explorer):
        explorer.set(**explorer.presets["Reset"] | values)
        explorer.update()
        explorer.shown()
        canvas.restore_region(explorer._background)
        kept = np.array(canvas.buffer_rgba())
        canvas.draw()  # without what moves, which is animated
        assert (np.asarray(canvas.buffer_rgba()) == kept).all(), values


def test_adam_without_everything_is_gradient_descent_and_without_scaling_averaged_momentum():
    gradients = np.random.default_rng(0).normal(size=(30, 4))

    def walk(optimizer):
        x = np.ones(4)
        state = optimizer.start(x)
        for g in gradients:
            x, state = optimizer.update(x, g, state)
        return x

    np.testing.assert_allclose(walk(adam_of_parts(False, False, False, 0.1)), walk(GradientDescent(0.1)), rtol=1e-9)
    averaged = Momentum(lr=0.1 * (1 - 0.9), beta=0.9)  # an average of gradients is a sum times 1 - β
    np.testing.assert_allclose(walk(adam_of_parts(True, False, False, 0.1)), walk(averaged), rtol=1e-9)


@every_explorer
def test_few_colours_are_enough(explorer):
    explorer.update()
    shown = np.asarray(picture(explorer), int)
    drawn = np.asarray(explorer.fig.canvas.buffer_rgba())[..., :3].astype(int)
    off = np.abs(shown - drawn).max(axis=-1)
    assert (off > 24).mean() < 1e-3 and (shown[drawn.min(axis=-1) == 255] == 255).all()


# --- the mechanism -------------------------------------------------------------------------------------------------


def line():
    """Return an explorer of one line, and the list of what was drawn."""
    fig, ax = plots.figure(width=4, height=3)
    ax.set(xlim=(0, 1), ylim=(0, 1))
    (artist,) = ax.plot([], [])
    drawn = []

    def draw(height):
        if height > 0.9:
            raise ZeroDivisionError("too high")
        drawn.append(height)
        artist.set_data([0, 1], [height, height])
        return Readout(f"height {height:.2f}")

    return Explorer(fig, draw, {"height": slider("height", 0.0, 1.0, 0.5, 0.1)}, about="A line."), drawn


class Browser:
    """A browser as an explorer sees it: it says hello, asks, and hears."""

    def __init__(self, explorer, ratio=1):
        self.heard, self._explorer = [], explorer
        explorer.picture.send = lambda content, buffers=None: self.heard.append((content, buffers))
        self.says(kind="hello", ratio=ratio)

    def says(self, **content):
        self._explorer._answer(self._explorer.picture, content, [])  # the widget would log an error, not raise it

    def asks(self, *values):
        self.says(kind="ask", values=list(values))

    def pictures(self):
        """Return the values of the pictures that have come."""
        return [content["values"] for content, _ in self.heard if content["kind"] == "picture"]


def test_what_stands_still_is_drawn_once():
    explorer, drawn = line()
    full, draw = [], explorer.fig.canvas.draw
    explorer.fig.canvas.draw = lambda: full.append(1) or draw()
    for height in (0.1, 0.2, 0.3):
        explorer.shown(height=height)
    assert (drawn, full) == ([0.5, 0.1, 0.2, 0.3], [])
    explorer.fig.axes[0].set_title("changed")
    explorer.shown(height=0.4)
    assert full == [1]


def test_a_colour_that_appears_later_is_shown():
    fig, ax = plots.figure(width=4, height=3)
    moved = ax.axhspan(0.2, 0.8, color="white")
    explorer = Explorer(
        fig,
        lambda blue: moved.set_color((0.9, 0.1, blue)) or Readout(f"{blue:.1f}"),
        {"blue": slider("blue", 0.0, 1.0, 0.0, 0.1)},
        about="An area.",
    )
    for blue in (0.2, 0.7, 1.0):
        explorer.controls["blue"].value = blue
        colours = np.asarray(picture(explorer), int)
        off = np.abs(colours - np.array([0.9, 0.1, blue]) * 255).max(axis=-1)
        assert (off < 9).mean() > 0.3


def test_what_lies_above_is_drawn_again_and_what_lies_below_is_not():
    fig, ax = plots.figure(width=4, height=3)
    below, moved, above = (ax.axhline(0.5, zorder=2) for _ in range(3))
    explorer = Explorer(
        fig,
        lambda height: moved.set_ydata([height, height]) or Readout(f"{height:.1f}"),
        {"height": slider("height", 0.0, 1.0, 0.5, 0.1)},
        about="Three lines of equal zorder.",
    )
    drawn = []
    for artist in (below, moved, above):
        artist.draw = lambda renderer, artist=artist: drawn.append(artist)
    explorer.shown(height=0.2)
    assert drawn == [moved, above]


def test_a_picture_in_which_nothing_moved_is_the_still_one():
    fig, ax = plots.figure(width=4, height=3)
    (artist,) = ax.plot([], [])
    explorer = Explorer(
        fig,
        lambda on: artist.set_data([0, on], [0, on]) or Readout(str(on)),
        {"on": checkbox("on", True)},
        about="A line or none.",
    )
    explorer.set(on=False)
    artist.set_visible(False)
    explorer.update()
    still = Image.open(io.BytesIO(explorer.shown().still)).convert("RGB")
    assert picture(explorer).tobytes() == still.tobytes()


def test_an_explorer_without_a_slider_answers():
    fig, _ = plots.figure(width=4, height=3)
    explorer = Explorer(fig, lambda on: Readout(str(on)), {"on": checkbox("on", True)}, about="Nothing.")
    browser = Browser(explorer)
    browser.asks(False)
    assert explorer.main == "on"
    assert browser.pictures() == [[False]]


def test_what_was_seen_is_shown_again_and_not_drawn():
    explorer, drawn = line()
    pictures = []
    for height in (0.1, 0.2, 0.1, 0.2):
        explorer.controls["height"].value = height
        pictures.append(explorer.shown())
    assert drawn == [0.5, 0.1, 0.2]
    assert pictures[:2] == pictures[2:] and pictures[0] != pictures[1]


def test_an_update_draws_anew_what_was_changed_by_other_hands():
    explorer, drawn = line()
    before = explorer.shown()
    browser = Browser(explorer, ratio=2)
    explorer.fig.axes[0].set_title("changed")
    explorer.update()
    assert browser.heard == [({"kind": "renew"}, None)]
    assert explorer.shown() != before
    assert drawn == [0.5, 0.5]


@pytest.mark.parametrize("ratio", [1, 2])
def test_pictures_are_as_sharp_as_the_display(ratio):
    explorer, _ = line()
    Browser(explorer, ratio)
    assert picture(explorer).size == (400 * ratio, 300 * ratio)
    assert explorer.picture.size == [400, 300]


def test_a_browser_is_sent_what_it_asks_for_and_the_still_picture_once():
    explorer, drawn = line()
    browser = Browser(explorer)
    for height in (0.2, 0.3):
        browser.asks(height)
    assert drawn == [0.5, 0.2, 0.3]
    ((first, (moved, still)), (second, (other,))) = browser.heard
    shown = explorer.shown(height=0.2)
    assert (moved, still) == (shown.overlay.png, shown.still) and (other, second["y"]) != (moved, first["y"])
    assert first | {"still": 0} == {
        "kind": "picture",
        "values": [0.2],
        "text": "height 0.20",
        "won": False,
        "x": shown.overlay.x,
        "y": shown.overlay.y,
        "still": 0,
    }
    assert second["still"] == first["still"]
    browser.asks(0.2)  # it was lost there: both parts come again if no other picture can have brought the still one
    assert browser.pictures() == [[0.2], [0.3], [0.2]]


def test_a_page_that_is_opened_again_is_sent_everything_again():
    explorer, _ = line()
    before = Browser(explorer)
    for height in (0.2, 0.3):  # the still picture came with the first
        before.asks(height)
    again = Browser(explorer)
    again.asks(0.2)
    ((_, buffers),) = again.heard
    assert len(buffers) == 2


def test_an_error_is_shown_in_the_browser_and_raised():
    explorer, _ = line()
    browser, words = Browser(explorer), "This explorer failed: ZeroDivisionError: too high"
    with pytest.raises(ZeroDivisionError):
        explorer.shown(height=1.0)
    assert browser.heard == []
    with pytest.raises(ZeroDivisionError):
        browser.asks(1)
    assert browser.heard == [({"kind": "error", "values": [1.0], "text": words}, None)]


def test_pictures_are_not_kept_for_ever_here_nor_in_the_browser():
    explorer, _ = line()
    browser = Browser(explorer)
    for k in range(KEPT + 3):
        browser.asks(0.9 * k / (2 * KEPT))
    assert len(explorer._kept) == KEPT
    forgotten = [content["values"] for content, _ in browser.heard if content["kind"] == "forget"]
    assert forgotten == browser.pictures()[:3]


def in_a_thread(function, *args):
    """Return what a function returns in a thread without an event loop; Playwright leaves one in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *args).result()


def at_rest(*heights):
    """Return what an explorer draws once it is shown and, on the way, moved, on an event loop as a kernel has one."""

    async def move_and_rest():
        explorer, drawn = line()
        Browser(explorer)
        for height in heights:
            explorer.controls["height"].value = height
        before = len(drawn)
        await asyncio.sleep(3 * REST)
        return drawn[before:]

    return in_a_thread(asyncio.run, move_and_rest())


@pytest.mark.parametrize(
    ("heights", "ahead"),
    [
        ([], [0.4, 0.6, 0.5, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9, 0.0]),
        ([0.8, 0.2], [0.1, 0.3, 0.5, 0.0, 0.4, 0.6, 0.7, 0.8, 0.9]),
        ([0.75], [0.7, 0.8, 0.5, 0.6, 0.9, 0.4, 0.3, 0.2, 0.1, 0.0]),
    ],
    ids=["at first", "moved twice", "between two steps"],
)
def test_neighbours_presets_and_the_whole_range_come_while_nobody_waits(heights, ahead):
    assert at_rest(*heights) == ahead


def test_nothing_is_drawn_ahead_without_a_browser_or_an_event_loop():
    async def alone():
        explorer, drawn = line()
        explorer.controls["height"].value = 0.2
        await asyncio.sleep(2 * REST)
        return drawn

    def in_a_script():
        explorer, drawn = line()
        Browser(explorer)
        explorer.controls["height"].value = 0.2
        return drawn

    assert in_a_thread(asyncio.run, alone()) == in_a_thread(in_a_script) == [0.5]


def test_who_asks_while_something_is_drawn_ahead_is_answered_next():
    async def ask_in_between():
        explorer, drawn = line()
        browser, draw = Browser(explorer), explorer.draw
        explorer.draw = lambda height: time.sleep(0.02) or draw(height)
        await asyncio.sleep(1.5 * REST)  # in the middle of the range
        before = len(browser.pictures())
        browser.asks(0.55)
        return before, browser.pictures()

    before, pictures = in_a_thread(asyncio.run, ask_in_between())
    assert 0 < before < 9
    assert pictures[before:] == [[0.55]]


def test_what_moves_together_comes_in_the_order_of_what_is_likely():
    widgets = {"a": whole_slider("", 0, 5, 1), "b": choice("", ("x", "y", "z"), "x"), "c": checkbox("", True)}
    now = {"a": 1, "b": "x", "c": True}
    came = [tuple(values.values()) for values in to_come(widgets, now, "b", {"Far": {"a": 5, "c": False}})]
    assert came == [
        (1, "y", True),
        (1, "z", True),
        (0, "x", True),
        (2, "x", True),
        (1, "x", False),
        (5, "x", False),
        (1, "y", True),
        (1, "z", True),
    ]


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        (whole_slider("", 2, 5, 3), [2, 3, 4, 5]),
        (play_slider("", 0, 3, 1), [0, 1, 2, 3]),
        (slider("", -1.0, 1.0, 0.0, 0.5), [-1, -0.5, 0, 0.5, 1]),
        (log_slider("", 1.0, 10**0.15, 1.0), [1, 10**0.05, 10**0.1, 10**0.15]),
        (checkbox("", True), [False, True]),
        (choice("", ("b", "a"), "a"), ["b", "a"]),
    ],
)
def test_the_steps_of_a_control_are_those_at_which_a_browser_stops(control, expected):
    assert steps(control) == (pytest.approx(expected, rel=1e-8) if hasattr(control, "min") else expected)


def test_a_stored_picture_is_the_one_that_is_shown_and_not_the_one_drawn_ahead(monkeypatch):
    explorer, drawn = line()
    stored = []
    monkeypatch.setattr(plots, "display", lambda bundle, **kwargs: stored.append(bundle.get("image/png")))
    explorer._ipython_display_()
    assert drawn == [0.5]  # once, when it was made
    explorer.shown(height=0.7)
    stored.clear()
    explorer._ipython_display_()
    stored_picture = Image.open(io.BytesIO(base64.b64decode(stored[0]))).convert("L")
    assert np.abs(np.asarray(stored_picture, int) - pixels(explorer)).max() < 40  # either has colours of its own choice


def test_messages_on_several_threads_are_answered_one_after_the_other():
    explorer, _ = line()
    browser, draw, inside, most = Browser(explorer), explorer.draw, [], []

    def slow(height):
        inside.append(height)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()
        return draw(height)

    explorer.draw = slow
    ways = [lambda h=h: browser.asks(h / 10) for h in range(9)] + [explorer.update] * 4
    threads = [threading.Thread(target=way) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert sorted(browser.pictures()) == [[h / 10] for h in range(9)]


COSTLY = (
    "descend",
    "multiplier",
    "trained",
)  # what takes long in a drawing and keeps nothing: its results are used again


def live_widgets():
    return sum(isinstance(thing, ipywidgets.Widget) for thing in gc.get_objects())


def use_results_again(module, drawing, monkeypatch):
    """Let a costly function of a module return what it returned during one drawing, again and again."""
    for name in set(COSTLY) & set(vars(module)):
        compute, results = getattr(module, name), []
        monkeypatch.setattr(module, name, lambda *how, f=compute, kept=results: kept.append(f(*how)) or kept[-1])
        drawing()
        again = itertools.cycle(results)
        monkeypatch.setattr(module, name, lambda *how, again=again: next(again))


@pytest.mark.parametrize("name", MADE)
def test_three_hundred_drawings_leave_nothing_behind(name, monkeypatch):
    explorer = MADE[name]
    last, control = list(explorer.controls.items())[-1]
    two = [explorer.presets["Reset"] | {last: value} for value in settings(control)[:2]]

    def draw(times):
        for k in range(times):
            explorer.draw(**two[k % 2])
        gc.collect()
        return sys.getallocatedblocks()

    use_results_again(sys.modules[f"adamcourse.explorers.{name}"], lambda: draw(2), monkeypatch)
    artists = len(explorer.fig.findobj())  # first, since it makes the ticks of axes that are never drawn
    grown = (-draw(0) + draw(300) for _ in range(4))
    # blocks of memory: one thing left behind by each drawing takes at least 300 each time; what is kept once, does not
    assert any(blocks < 150 for blocks in grown)
    assert len(explorer.fig.findobj()) == artists
    assert pyplot.get_fignums() == []


def test_a_thousand_updates_leave_nothing_behind():
    explorer, drawn = line()

    def update(times):
        for k in range(times):
            explorer.shown(height=0.9 * k / times)
        drawn.clear()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    before, artists, widgets = in_a_thread(update, 2 * KEPT), len(explorer.fig.findobj()), live_widgets()
    grown = in_a_thread(update, 1000) - before
    tracemalloc.stop()
    assert grown < 100_000  # bytes; a picture takes 1,000, and Python keeps some small things of 60 for their next use
    assert (len(explorer.fig.findobj()), live_widgets()) == (artists, widgets)


def test_values_of_a_log_slider_lie_on_its_steps():
    control = log_slider("rate", 1e-3, 1, 0.05)
    assert np.log10(control.value) / control.step == pytest.approx(round(np.log10(control.value) / control.step))


def test_readers_without_a_kernel_get_a_picture_and_a_caption(capsys, monkeypatch):
    shown = []
    monkeypatch.setattr(plots, "display", lambda *args, **kwargs: shown.append(args[0]))
    MADE["race"]._ipython_display_()
    bundle, caption = shown
    assert bundle["image/png"].startswith("iVBOR")
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert caption["text/markdown"] == f"*{bundle['text/plain']}*"
    assert "application/vnd.jupyter.widget-view+json" in caption  # which shows nothing: the live one speaks for itself
    assert bundle["text/plain"].startswith("Explorer: four optimizers walk from one start")


def test_a_control_that_is_not_there_is_named_and_nothing_is_set():
    explorer, drawn = line()
    with pytest.raises(ValueError, match="hight = 0.3: the controls of this explorer are height"):
        explorer.set(height=0.2, hight=0.3)
    assert (explorer.controls["height"].value, drawn) == (0.5, [0.5])
    with pytest.raises(ValueError, match="hight = 1: the controls of this explorer are height"):
        Explorer(explorer.fig, explorer.draw, explorer.controls, "A line.", presets={"High": {"hight": 1}})


def test_who_arrives_together_wins_together():
    """At 5.6 times its best step size Adam reaches the bottom of the bowl at the same step as momentum."""
    race = MODULES["race"].race()
    race.set(factor=10**0.75)
    assert "bowl: Adam and momentum at step 39" in race.readout.text
