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
from adamcourse.explorers.explorer import (
    KEPT,
    Explorer,
    Readout,
    checkbox,
    choice,
    log_slider,
    play_slider,
    slider,
    whole_slider,
)
from adamcourse.explorers.prefetch import REST, next_value
from adamcourse.optimizers import GradientDescent, Momentum
from notebooks.teaching import refresh

NAMES = re.findall(r"^(\w+) +lesson \d\d: ", explorers.__doc__, flags=re.M)
MODULES = {name: import_module(f"adamcourse.explorers.{name}") for name in NAMES}
MADE = {name: getattr(module, name)() for name, module in MODULES.items()}  # made once: a race takes most of a second
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
        assert Image.open(io.BytesIO(base64.b64decode(picture))).size == tuple(made.fig.bbox.size)


def pixels(explorer):
    return np.asarray(Image.open(io.BytesIO(explorer.picture.value)).convert("L"), int)


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
            assert explorer.says.value == explorer.picture.tooltip == texts[-1]
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
        assert first.setdefault(k, (explorer.picture.value, explorer.readout)) == (
            explorer.picture.value,
            explorer.readout,
        )


@every_explorer
def test_a_button_does_what_its_preset_says(explorer):
    button = next(w for w in explorer.box().children[1].children if w.description == "Show me the failure")
    button.click()
    values = {name: explorer.controls[name].value for name in explorer.presets[button.description]}
    assert values == pytest.approx(explorer.presets[button.description])


@pytest.mark.parametrize("name", MADE)
def test_challenges_are_lost_at_first_and_can_be_won(name):
    explorer = MADE[name]
    assert not explorer.readout.won
    assert "Not yet." in explorer.verdict.value
    explorer.set(**WON[name])
    assert explorer.readout.won, explorer.readout.text
    assert explorer.challenge.praise in explorer.verdict.value


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
    assert [line.get_ydata()[-1] for line in walks] == pytest.approx([1, -1], abs=0.02)
    assert [line.get_ydata()[-1] for line in regrets] == pytest.approx([2 / 3, 0], abs=0.05)
    explorer.set(**explorer.presets["Show me the failure"])
    explorer.update()
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
    for values in explorer.presets.values():
        explorer.set(**values)
        explorer.update()
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
    drawn = np.asarray(explorer.fig.canvas.buffer_rgba())[..., :3].astype(int)
    shown = np.asarray(Image.open(io.BytesIO(explorer.picture.value)).convert("RGB"), int)
    off = np.abs(shown - drawn).max(axis=-1)
    assert (off > 24).mean() < 1e-3 and (shown[drawn.min(axis=-1) == 255] == 255).all()


# --- the mechanism -------------------------------------------------------------------------------------------------


@pytest.fixture
def line():
    """An explorer of one line, and the list of what was drawn."""
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


def test_an_error_is_shown_and_raised(line):
    explorer, _ = line
    with pytest.raises(ZeroDivisionError):
        explorer.controls["height"].value = 1.0
    assert explorer.says.value == "This explorer failed: ZeroDivisionError: too high"


def test_what_stands_still_is_drawn_once(line):
    explorer, drawn = line
    full, draw = [], explorer.fig.canvas.draw
    explorer.fig.canvas.draw = lambda: full.append(1) or draw()
    for height in (0.1, 0.2, 0.3):
        explorer.controls["height"].value = height
    assert (drawn, full) == ([0.5, 0.1, 0.2, 0.3], [])
    explorer.fig.axes[0].set_title("changed")
    explorer.controls["height"].value = 0.4
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
        colours = np.asarray(Image.open(io.BytesIO(explorer.picture.value)).convert("RGB"), int)
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
    explorer.controls["height"].value = 0.2
    assert drawn == [moved, above]


def test_what_was_seen_is_shown_again_and_not_drawn(line):
    explorer, drawn = line
    pictures = []
    for height in (0.1, 0.2, 0.1, 0.2):
        explorer.controls["height"].value = height
        pictures.append((explorer.picture.value, explorer.says.value, explorer.readout))
    assert drawn == [0.5, 0.1, 0.2]
    assert pictures[:2] == pictures[2:] and len(set(pictures)) == 2


def test_an_update_draws_anew_what_was_changed_by_other_hands(line):
    explorer, drawn = line
    before = explorer.picture.value
    explorer.fig.axes[0].set_title("changed")
    explorer.update()
    assert drawn == [0.5, 0.5]
    assert explorer.picture.value != before


def in_a_thread(function, *args):
    """Return what a function returns in a thread without an event loop; Playwright leaves one in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *args).result()


def drawn_at_rest(explorer, drawn, *heights):
    """Return what is drawn in the rest after the slider was moved, on an event loop as a kernel has one."""

    async def move_and_rest():
        for height in heights:
            explorer.controls["height"].value = height
        before = len(drawn)
        await asyncio.sleep(REST)  # ends after the rest of the explorer, which began earlier
        return drawn[before:]

    return in_a_thread(asyncio.run, move_and_rest())


@pytest.mark.parametrize(
    ("heights", "ahead"),
    [
        ([0.6], [0.7]),
        ([0.4], [0.3]),
        ([0.6, 0.7, 0.8], [0.9]),
        ([0.6, 0.5], [0.4]),
        ([0.0], []),
        ([0.6, 0.7, 0.6], []),
    ],
    ids=["up", "down", "only the last", "turned", "at the end", "seen before"],
)
def test_the_next_step_is_drawn_while_nobody_waits(line, heights, ahead):
    explorer, drawn = line
    assert drawn_at_rest(explorer, drawn, *heights) == ahead
    assert explorer.says.value == f"height {heights[-1]:.2f}"
    shown = explorer.picture.value
    for height in ahead:
        before = len(drawn)
        explorer.controls["height"].value = height
        assert len(drawn) == before
        assert (explorer.says.value, explorer.readout.text) == 2 * (f"height {height:.2f}",)
        assert explorer.picture.value != shown


def test_an_error_ahead_is_told_when_its_value_is_asked_for(line, caplog):
    explorer, drawn = line
    assert drawn_at_rest(explorer, drawn, 0.9) == []
    assert explorer.says.value == "height 0.90"
    assert caplog.records == []  # an event loop logs what its calls raise
    with pytest.raises(ZeroDivisionError):
        explorer.controls["height"].value = 1.0
    assert explorer.says.value == "This explorer failed: ZeroDivisionError: too high"


def test_a_stored_picture_is_the_one_that_is_shown_and_not_the_one_drawn_ahead(line, monkeypatch):
    explorer, drawn = line
    stored = []
    monkeypatch.setattr(plots, "display", lambda bundle, **kwargs: stored.append(bundle.get("image/png")))
    explorer._ipython_display_()
    assert drawn == [0.5]  # once, when it was made
    assert drawn_at_rest(explorer, drawn, 0.6) == [0.7]
    stored.clear()
    explorer._ipython_display_()
    picture = Image.open(io.BytesIO(base64.b64decode(stored[0]))).convert("L")
    assert np.abs(np.asarray(picture, int) - pixels(explorer)).max() < 40  # either has colours of its own choice


def test_pictures_are_not_kept_for_ever(line):
    explorer, _ = line
    for k in range(2 * KEPT):
        explorer.controls["height"].value = 0.9 * k / (2 * KEPT)
    assert explorer._kept.cache_info().currsize == KEPT


@pytest.mark.parametrize(
    ("control", "old", "new", "following"),
    [
        (whole_slider("", 0, 9, 5), 4, 5, 6),
        (whole_slider("", 0, 9, 5), 6, 5, 4),
        (whole_slider("", 0, 9, 5), 8, 9, 9),
        (play_slider("", 0, 9, 5), 4, 5, 6),
        (slider("", -1.0, 1.0, 0.0, 0.1), -0.3, -0.2, -0.1),
        (slider("", -1.0, 1.0, 0.0, 0.1), 0.1, 0.0, -0.1),
        (slider("", -1.0, 1.0, 0.0, 0.1), -0.9, -1.0, -1.0),
        (log_slider("", 1e-3, 1.0, 0.1), 10**-1.05, 0.1, 10**-0.95),
        (log_slider("", 1e-3, 1.0, 0.1), 0.5, 0.1, 10**-1.05),
        (log_slider("", 1e-3, 1.0, 0.1), 0.5, 1.0, 1.0),
        (checkbox("", True), False, True, True),
        (choice("", ("a", "b"), "b"), "a", "b", "b"),
    ],
)
def test_a_slider_goes_on_the_same_way_and_stays_at_its_end(control, old, new, following):
    assert next_value(control, old, new) == (following if isinstance(following, str) else pytest.approx(following))


def test_several_controls_are_drawn_once(line):
    explorer, drawn = line
    explorer.set(height=0.2)
    assert drawn == [0.5, 0.2]


@pytest.fixture
def played():
    """A race whose slider is being played, and its slider."""
    explorer = MADE["race"]
    slider = explorer.controls["steps"]
    slider.button.value = True
    yield explorer, slider
    slider.stop()


def test_ticks_move_the_slider_and_end_at_its_end(played):
    explorer, slider = played
    assert (slider.ticks.playing, slider.button.description) == (True, "Pause")
    slider.ticks.set_state({"value": 61})
    assert "61 steps shown" in explorer.says.value
    slider.ticks.set_state({"value": 300, "playing": False})  # what the browser sends at the end
    assert "300 steps shown" in explorer.says.value
    assert (slider.button.value, slider.button.description) == (False, "Play")


@pytest.mark.parametrize("preset", ["Reset", "Show me the failure"])
def test_a_preset_ends_the_playing_and_a_late_tick_changes_nothing(played, preset):
    explorer, slider = played
    explorer.set(**explorer.presets[preset])
    slider.ticks.set_state({"value": 62})
    assert (slider.value, slider.ticks.value, slider.ticks.playing) == (60, 60, False)


def test_a_hand_on_the_slider_ends_the_playing_and_the_next_begins_there(played):
    _, slider = played
    slider.value = 100
    assert (slider.ticks.value, slider.ticks.playing) == (100, False)
    slider.button.value = True
    assert (slider.value, slider.ticks.value, slider.ticks.playing) == (100, 100, True)


def test_messages_on_several_threads_are_answered_one_after_the_other(line):
    explorer, _ = line
    draw, inside, most = explorer.draw, [], []

    def slow(height):
        inside.append(height)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()
        return draw(height)

    explorer.draw = slow
    ways = [lambda h=h: explorer.set(height=h / 10) for h in range(9)] + [explorer.update] * 4
    threads = [threading.Thread(target=way) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert explorer.says.value == f"height {explorer.controls['height'].value:.2f}"


@pytest.fixture
def sent(monkeypatch):
    """A function that says when the message that is being handled was sent."""
    at = [None]
    monkeypatch.setattr("adamcourse.explorers.explorer._asked_at", lambda: at[0])
    return lambda when: at.__setitem__(0, when)


def test_a_button_that_was_clicked_first_and_is_handled_last_changes_nothing(line, sent):
    explorer, _ = line
    sent(2)
    explorer.controls["height"].value = 0.9
    sent(1)
    explorer.set(**explorer.presets["Reset"])
    assert (explorer.controls["height"].value, explorer.says.value) == (0.9, "height 0.90")
    sent(3)
    explorer.set(**explorer.presets["Reset"])
    assert (explorer.controls["height"].value, explorer.says.value) == (0.5, "height 0.50")


def test_a_move_that_was_made_before_a_click_and_is_handled_after_it_is_taken_back(line, sent):
    explorer, drawn = line
    sent(2)
    explorer.set(height=0.2)
    sent(1)
    explorer.controls["height"].value = 0.9
    assert (explorer.controls["height"].value, explorer.says.value) == (0.2, "height 0.20")
    sent(2)  # of one moment: the later one counts
    explorer.controls["height"].value = 0.8
    assert explorer.says.value == "height 0.80"
    assert 0.9 not in drawn


def test_a_preset_on_another_thread_waits_for_the_tick_that_is_being_drawn(played):
    explorer, slider = played
    begun, go, draw = threading.Event(), threading.Event(), explorer.draw

    def slow(steps, factor):
        if steps == 70:
            begun.set()
            go.wait(10)
        return draw(steps, factor)

    explorer.draw = slow
    tick = threading.Thread(target=slider.ticks.set_state, args=[{"value": 70}])
    preset = threading.Thread(target=lambda: explorer.set(**explorer.presets["Reset"]))
    tick.start()
    begun.wait(10)
    preset.start()
    preset.join(0.3)  # long enough for a preset that does not wait
    go.set()
    for thread in (tick, preset):
        thread.join()
    explorer.draw = draw
    assert (slider.value, slider.ticks.playing) == (60, False)
    assert "60 steps shown" in explorer.says.value


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
def test_a_thousand_drawings_leave_nothing_behind(name, monkeypatch):
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
    before = draw(100)
    assert draw(1000) - before < 300  # blocks of memory: one thing left behind by each drawing takes at least 1000
    assert len(explorer.fig.findobj()) == artists
    assert pyplot.get_fignums() == []


def test_a_thousand_updates_leave_nothing_behind(line):
    explorer, drawn = line

    def update(times):
        for k in range(times):
            explorer.controls["height"].value = 0.9 * k / times
        drawn.clear()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    before, artists, widgets = in_a_thread(update, 2 * KEPT), len(explorer.fig.findobj()), live_widgets()
    grown = in_a_thread(update, 1000) - before
    tracemalloc.stop()
    assert grown < 100_000  # bytes; a picture takes 3,000, and Python keeps some small things of 60 for their next use
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


def test_a_control_that_is_not_there_is_named_and_nothing_is_set(line):
    explorer, drawn = line
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
