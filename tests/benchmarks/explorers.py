"""From a key press, or a fast drag, to changed pixels: our explorer, and the same figure bound with `interact`.

    python tests/benchmarks/explorers.py

Both draw filled contours, four paths of 200 steps and their losses. They take turns in one JupyterLab and one Chromium,
each with a page and a kernel of its own. A key is held down for a second, in which nothing is asked of the browser:
questions would keep both processors busy while it draws. Each press shows a value that was not shown before; one that
brings no picture counts as a second. While nobody waits our explorer sends the browser what may be asked for next, the
whole range of its slider at last; how long a press takes whose picture is not there is told by a second explorer, which
never sends ahead. A drag moves the mouse to and fro, 60 times a second for two and a half seconds; its lag is the time
from letting go to the last picture. Then: the seconds until the whole range is there, and what Chromium's page takes of
memory while a slider is moved a thousand times. The table is also written to tests/benchmarks/explorers.md. The last
line is the time of `interact` over ours, from a key press to changed pixels.
"""

import re
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tests.benchmarks.measure import report  # noqa: E402
from tests.browser.lab import IDLE, jupyterlab, opened, visitor  # noqa: E402

ROUNDS, WARM_UP, PRESSES, MOVES = 2, 4, 24, 150
HELD = 1.0  # seconds for which a key is down
SETTLING = 5.0  # seconds for which a learner looks at the first picture
PACKAGES = ("numpy", "matplotlib", "pillow", "ipywidgets", "anywidget", "jupyterlab")

COMMON = """
import numpy as np
from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.optimizers import Adam
from adamcourse.losses import rosenbrock

def walks(rate):
    return descend(rosenbrock, Adam(rate, beta1=np.array([0.0, 0.5, 0.9, 0.95])), rosenbrock.start, 200)
"""
OURS = """
from adamcourse.explorers.controls import log_slider
from adamcourse.explorers.explorer import Explorer, Readout
fig, (left, right) = plots.figure(columns=2)
plots.contours(left, rosenbrock)
right.set(yscale="log", xlim=(0, 200), ylim=(1e-6, 1e4), xlabel="step", ylabel="loss")
lines = [(left.plot([], [])[0], right.plot([], [])[0]) for _ in range(4)]

def draw(rate):
    path = walks(rate)
    for i, (walk, curve) in enumerate(lines):
        walk.set_data(path.x[:, 0, i], path.x[:, 1, i])
        curve.set_data(np.arange(201), path.loss[:, i])
    return Readout(f"rate {rate:.3g}")

explorer = Explorer(fig, draw, {"rate": log_slider("rate", 1e-3, 1, 10**-2.2)}, about="Four paths.")
"""
SHOWN = "display(explorer)"
FILLED = """
import time, ipywidgets
ahead, begun, filled = explorer._ahead, time.perf_counter(), ipywidgets.Label()

def timed(values):
    ahead(values)
    filled.value = f"{len(explorer._kept)} pictures after {time.perf_counter() - begun:.1f} s"

explorer._ahead = timed
display(explorer, filled)
"""
NEVER_AHEAD = """
from adamcourse.explorers import prefetch
prefetch.REST = 1e6  # seconds
"""
INTERACT = """
import matplotlib.pyplot as plt
from ipywidgets import FloatLogSlider, interact

def draw(rate):
    fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.5))
    plots.contours(left, rosenbrock)
    path = walks(rate)
    for i in range(4):
        left.plot(path.x[:, 0, i], path.x[:, 1, i])
        right.plot(path.loss[:, i])
    right.set(yscale="log", xlim=(0, 200), ylim=(1e-6, 1e4), xlabel="step", ylabel="loss")
    plt.show()

_ = interact(draw, rate=FloatLogSlider(value=10**-2.2, min=-3, max=0, step=0.05))
"""
PROBE = """
window.last = {};  // when each kind of event was last seen, and when pictures were painted since a press
for (const kind of ['keydown', 'pointerdown', 'pointerup'])
    document.addEventListener(kind, () => {
        last[kind] = performance.now();
        if (kind !== 'pointerup') window.painted = [];
    }, true);
let due = false;
const note = () => {  // that something is to be painted in the next frame
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
        due = false;
        const channel = new MessageChannel();
        channel.port1.onmessage = () => painted.push(performance.now());
        channel.port2.postMessage(0);
    });
};
const draw = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (...args) {
    note();
    return draw.apply(this, args);
};
const paint = async image => {
    const src = image.src;
    if (!src || image.seen === src) return;
    image.seen = src;
    await image.decode().catch(() => {});
    if (image.src === src) note();  // else the next one came before this one was seen
};
new MutationObserver(() => document.querySelectorAll('.jp-OutputArea img').forEach(paint)).observe(
    document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['src'] });
"""
PRESSED = "held => painted.length ? painted[0] - last.keydown : held"
SETTLED = IDLE + " && performance.now() - Math.max(last.pointerup, ...painted) > 1000"
DRAGGED = """
[
    painted.filter(time => time < last.pointerup).length / (last.pointerup - last.pointerdown) * 1000,
    Math.max(last.pointerup, ...painted) - last.pointerup,
]
"""


def presses(page):
    """Return the milliseconds from key to pixels of each press."""
    times = []
    page.locator(".noUi-handle").focus()
    for _ in range(WARM_UP + PRESSES):
        page.keyboard.down("ArrowRight")
        time.sleep(HELD)
        times.append(page.evaluate(PRESSED, HELD * 1000))
        page.keyboard.up("ArrowRight")
    return times[WARM_UP:]


def drag(page):
    """Drag the slider to and fro; return the pictures per second, and the milliseconds from letting go to the last."""
    handle, track = (page.locator(part).bounding_box() for part in (".noUi-handle", ".noUi-base"))
    y = handle["y"] + handle["height"] / 2
    page.mouse.move(handle["x"] + handle["width"] / 2, y)
    page.mouse.down()
    begin = time.perf_counter()
    for move, share in enumerate(np.interp(range(MOVES), (0, 50, 100, MOVES - 1), (0.6, 1, 0, 0.7)), start=1):
        page.mouse.move(track["x"] + share * track["width"], y)
        time.sleep(max(0, begin + move / 60 - time.perf_counter()))
    page.mouse.up()
    page.wait_for_function(SETTLED, timeout=20_000)
    return page.evaluate(DRAGGED)


def whole_range(page):
    """Return what a page says of its range once it is filled."""
    label = page.locator(".jp-OutputArea .widget-label").last
    told = ""
    while not told or label.inner_text() != told:
        told = label.inner_text()
        time.sleep(2)
    return told


def resident(chromium):
    """Return the megabytes that Chromium's pages take."""
    processes = chromium.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    pages = [process["id"] for process in processes if process["type"] == "renderer"]
    status = "".join(Path(f"/proc/{page}/status").read_text() for page in pages)
    return sum(map(int, re.findall(r"VmRSS:\s+(\d+)", status))) / 1024


def moved(page, times):
    """Move the slider by so many steps, to and fro."""
    page.locator(".noUi-handle").focus()
    for k in range(times):
        page.keyboard.press("ArrowRight" if k // 30 % 2 else "ArrowLeft")


def main():
    ours = OURS + SHOWN
    figures = {"ours": ours, "ours, never ahead": NEVER_AHEAD + ours, "`interact`": INTERACT}
    pressed, dragged = {}, {}
    with tempfile.TemporaryDirectory() as home, jupyterlab(Path(home)) as lab, sync_playwright() as playwright:
        chromium = visitor(playwright)
        for name in ROUNDS * list(figures):
            with opened(chromium, lab, "benchmark-explorers", COMMON + figures[name]) as page:
                page.locator(".jp-OutputArea :is(canvas, img)").wait_for()
                page.evaluate(PROBE)
                time.sleep(SETTLING)
                pressed.setdefault(name, []).extend(presses(page))
                dragged.setdefault(name, []).append(drag(page))
        with opened(chromium, lab, "benchmark-explorers", COMMON + OURS + FILLED) as page:
            memory, filled = [resident(chromium)], whole_range(page)
            for _ in range(2):
                moved(page, 500)
                memory.append(resident(chromium))
        version = chromium.browser.version
        chromium.browser.close()
    first, later, last = (f"{megabytes:.0f}" for megabytes in memory)
    pages = f"Chromium's page: {first} MB at first, {later} after 500 moves, {last} after 1,000."
    told = f"The whole range of the slider: {filled}. {pages}"
    report(__file__, "From a slider to pixels", [table(pressed, dragged, version, told)], PACKAGES)


def table(pressed, dragged, version, told):
    """Return the lines of the table, and the ratio of the two medians."""
    keys, drags = ROUNDS * PRESSES, ROUNDS
    lines = [
        f"Milliseconds from key to pixels ({keys} presses each), pictures per second in a fast drag, and milliseconds",
        f"from letting go to its last picture ({drags} drags each). Chromium {version}.",
        told,
        "",
        "| | key, median | key, p95 | drag, pictures per second | lag, median | lag, largest |",
        "|---|---|---|---|---|---|",
    ]
    for name, times in pressed.items():
        rates, lags = np.transpose(dragged[name])
        key = f"{np.median(times):.0f} | {np.percentile(times, 95):.0f}"
        lines.append(f"| {name} | {key} | {np.median(rates):.1f} | {np.median(lags):.0f} | {max(lags):.0f} |")
    ratio = np.median(pressed["`interact`"]) / np.median(pressed["ours"])
    return [*lines, f"| `interact` over ours | {ratio:.1f} | | | | |", f"ratio: {ratio:.2f}"]


if __name__ == "__main__":
    main()
