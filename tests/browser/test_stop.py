"""A training is stopped with JupyterLab's own button: it ends within a minibatch, and what was learned is kept."""

from playwright.sync_api import expect

READY = """
from adamcourse.datasets import load_digits
from adamcourse.networks import article_cnn
from adamcourse.optimizers import Adam
from adamcourse.training import Training

training, ready = Training(article_cnn(), Adam(), *load_digits()), False
"""
TRAIN = """
if ready:  # the second time that the cell is run
    first = len(training.history.minibatch_losses) + 1
    training.run_until(epochs=50, stop=lambda: len(training.history.minibatch_losses) == first and print("begun"))
ready = True
"""
KEPT = """
steps = len(training.history.minibatch_losses)
print("stopped within the run:", 0 < steps < 50 * 134, "moved:", bool((training.w != training.network.start(0)).any()))
training.run_until(epochs=50, stop=lambda: True)
print("goes on:", len(training.history.minibatch_losses) == steps + 1)
"""


def test_the_stop_button_ends_a_training_and_keeps_what_was_learned(open_notebook):
    with open_notebook("test-stop", READY, TRAIN, KEPT) as page:
        page.locator(".jp-CodeCell").nth(1).locator(".cm-line").first.click()
        page.evaluate("void jupyterapp.commands.execute('notebook:run-all-below')")  # and do not wait for its end
        expect(page.locator(".jp-OutputArea-output", has_text="begun")).to_be_visible()
        page.locator("[data-command='notebook:interrupt-kernel']").first.click()
        expect(page.locator(".jp-CodeCell").nth(2)).to_contain_text("stopped within the run: True moved: True")
        expect(page.locator(".jp-CodeCell").nth(2)).to_contain_text("goes on: True")
        expect(page.locator("[data-mime-type='application/vnd.jupyter.error']")).to_have_count(0)
