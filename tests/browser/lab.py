"""Start JupyterLab with the course's own command, for a test or a benchmark, as a new learner has it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import nbformat

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
TESTS_ONLY = ("@jupyterlite/pyodide-kernel-extension", "@jupyter/nbgrader", "@jupyter-notebook/lab-extension")
LIVE = r"adamcourse\.explorers|\bquiz\(|\bcheck\("  # and what has the tag of an exercise
OPEN = """
async (name) => {
    const panel = await jupyterapp.commands.execute('docmanager:open', {path: name});
    await panel.revealed;
    await panel.sessionContext.ready;
}
"""
CLOSE = """
async () => {
    const panel = jupyterapp.shell.currentWidget;
    await panel.sessionContext.shutdown();
    panel.dispose();  // closed by hand, it would ask whether to save
}
"""
READY = """
import numpy as np
from adamcourse.explorers import prefetch
prefetch.REST = 3600  # nothing is drawn ahead: it would be drawn for nobody, and test_motion.py has tests of that
"""
RUN = """
async ([live, ready]) => {
    const panel = jupyterapp.shell.currentWidget, notebook = panel.content, touched = new RegExp(live);
    const isLive = ({ type, sharedModel }) =>
        type === 'code' &&
        (touched.test(sharedModel.getSource()) || sharedModel.getMetadata('tags')?.includes('exercise'));
    await panel.sessionContext.session.kernel.requestExecute({code: ready}).done;
    for (const [i, cell] of notebook.widgets.entries()) {
        if (!isLive(cell.model)) continue;
        notebook.deselectAll();
        notebook.activeCellIndex = i;
        await jupyterapp.commands.execute('notebook:run-cell');
    }
}
"""
IDLE = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"


class Lab(NamedTuple):
    """A JupyterLab: its address, the folder with the learner's lessons, and what the command has printed."""

    address: str
    folder: Path
    log: Path


@contextmanager
def jupyterlab(home):
    """Give the Lab of a user who has the empty folder home; it is stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = home / ".jupyter" / "labconfig"
    settings.mkdir(parents=True)
    without = {"disabledExtensions": dict.fromkeys(TESTS_ONLY, True)}  # what the tests need, a learner does not have
    (settings / "page_config.json").write_text(json.dumps(without))
    config = 'c.IdentityProvider.token = ""\nc.LabApp.expose_app_in_browser = True\n'
    (home / ".jupyter" / "jupyter_lab_config.py").write_text(config)
    ours = ("JUPYTER", "IPYTHON", "ADAMCOURSE")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    lab = Lab(f"http://localhost:{port}", home / "lessons", home / "log")
    with lab.log.open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "adamcourse", str(lab.folder), "--no-browser", "--port", str(port)],
            env=variables | {"HOME": str(home), "USERPROFILE": str(home)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_for(lab, server)
        yield lab
    finally:
        os.killpg(server.pid, signal.SIGTERM)  # the command and the server that it started
        server.wait(20)


def _wait_for(lab, server):
    """Wait until the command prints the address."""
    deadline = time.monotonic() + 60
    while lab.address not in lab.log.read_text():
        assert server.poll() is None and time.monotonic() < deadline, lab.log.read_text()
        time.sleep(0.1)


def visitor(playwright):
    """Return a new Chromium whose pages share what they have loaded."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    return browser.new_context(viewport={"width": 1280, "height": 1000})


def write_notebook(file, *cells):
    """Write a notebook of code cells and return its file."""
    kernel = {"name": "python3", "display_name": "Python 3"}
    cells = [nbformat.v4.new_code_cell(code) for code in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), file)
    return file


def open_page(visitor, address, name):
    """Return a page of JupyterLab that shows a notebook, with a kernel that is ready."""
    page = empty_page(visitor, f"{address}/lab/tree/{name}?reset")
    page.wait_for_function(IDLE, timeout=60_000)
    return page


def empty_page(visitor, address):
    """Return a page of JupyterLab, with the errors that it and its console tell of."""
    page = visitor.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
    page.goto(address)
    return page


def run_all(page):
    """Run every cell of the notebook and wait for the kernel."""
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(IDLE, timeout=60_000)


def run_live(page):
    """Run what a learner touches, explorers, quizzes and exercises, and wait for the kernel: nbval runs every cell."""
    page.evaluate(RUN, [LIVE, READY])
    page.wait_for_function(IDLE, timeout=60_000)


def close_page(page):
    """Stop the kernel of a page and close it."""
    page.evaluate("jupyterapp.shell.currentWidget?.sessionContext?.shutdown()")
    page.close()


@contextmanager
def opened_in(page, name, run):
    """Give a page of JupyterLab that shows a lesson, which has been run; the lesson is closed afterwards."""
    page.errors = []
    page.evaluate(OPEN, name)
    page.wait_for_function(IDLE, timeout=60_000)
    try:
        run(page)
        yield page
    finally:
        page.evaluate(CLOSE)


@contextmanager
def opened(visitor, lab, name, *cells):
    """Give the page of a notebook of code cells that has been run to its end; its file is removed afterwards."""
    file = write_notebook(lab.folder / f"{name}.ipynb", *cells)
    page = open_page(visitor, lab.address, file.name)
    try:
        run_all(page)
        yield page
    finally:
        close_page(page)
        file.unlink()
