"""From a key press on a slider to changed pixels: our explorer, and the same figure bound with `interact`.

    python tests/benchmarks/explorers.py

Both draw filled contours, four paths of 200 steps and their losses. They take turns in one JupyterLab and one Chromium,
each with a page and a kernel of its own, and every key is pressed once the picture of the last one is on the screen.
"""

import statistics
import sys
import tempfile
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tests.browser.lab import CHROMIUM, FLAGS, IDLE, ROOT, close_page, jupyterlab, open_page  # noqa: E402

ROUNDS, WARM_UP, PRESSES = 4, 4, 24

COMMON = """
import numpy as np
from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.optimizers import Adam
from adamcourse.surfaces import rosenbrock

def walks(rate):
    return descend(rosenbrock, Adam(rate, beta1=np.array([0.0, 0.5, 0.9, 0.95])), rosenbrock.start, 200)
"""
OURS = """
from adamcourse.explorers.explorer import Explorer, Seen, log_slider
fig, (left, right) = plots.figure(columns=2)
plots.contours(left, rosenbrock)
right.set(yscale="log", xlim=(0, 200), ylim=(1e-6, 1e4), xlabel="step", ylabel="loss")
lines = [(left.plot([], [])[0], right.plot([], [])[0]) for _ in range(4)]

def draw(rate):
    path = walks(rate)
    for i, (walk, curve) in enumerate(lines):
        walk.set_data(path.x[:, 0, i], path.x[:, 1, i])
        curve.set_data(np.arange(201), path.loss[:, i])
    return Seen(f"rate {rate:.3g}")

Explorer(fig, draw, {"rate": log_slider("rate", 1e-3, 1, 0.05)}, about="Four paths.")
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

_ = interact(draw, rate=FloatLogSlider(value=10**-1.3, min=-3, max=0, step=0.05))
"""
PROBE = """
window.times = [];
document.addEventListener('keydown', () => { window.pressed = performance.now(); }, true);
const painted = async image => {
    if (!image.src || image.seen === image.src) return;
    image.seen = image.src;
    await image.decode().catch(() => {});
    requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => {
            if (window.pressed) times.push(performance.now() - pressed);
            window.pressed = 0;
        };
        channel.port2.postMessage(0);
    });
};
new MutationObserver(() => document.querySelectorAll('.jp-OutputArea img').forEach(painted)).observe(
    document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['src'] });
"""


def measure(browser, address, name, code):
    """Return the milliseconds from key to pixels of each press, on a new page with a new kernel."""
    file = ROOT / "notebooks" / f"benchmark-{name}.ipynb"
    cells, kernel = [nbformat.v4.new_code_cell(COMMON + code)], {"name": "python3", "display_name": "Python 3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), file)
    page = open_page(browser, address, file.name)
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    page.locator(".jp-OutputArea img").first.wait_for()
    page.wait_for_function(IDLE)
    page.evaluate(PROBE)
    page.locator(".noUi-handle").first.focus()
    for press in range(WARM_UP + PRESSES):
        page.keyboard.press("ArrowRight" if press % 8 < 4 else "ArrowLeft")
        page.wait_for_function(f"times.length > {press}", timeout=20_000)
    times = page.evaluate("times")[WARM_UP:]
    close_page(page)
    file.unlink()
    return times


def main():
    results = {"ours": [], "interact": []}
    with tempfile.TemporaryDirectory() as home, jupyterlab(Path(home)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for _ in range(ROUNDS):
            for name, code in (("ours", OURS), ("interact", INTERACT)):
                results[name] += measure(browser, address, name, code)
        browser.close()
    print("| | presses | median ms | p95 ms |\n|---|---|---|---|")
    for name, times in results.items():
        print(
            f"| {name} | {len(times)} | {statistics.median(times):.0f} | {statistics.quantiles(times, n=20)[-1]:.0f} |"
        )
    print(f"ratio: {statistics.median(results['interact']) / statistics.median(results['ours']):.2f}")


if __name__ == "__main__":
    main()
