"""A real JupyterLab, started by the course's own command, and pages of a real Chromium that show its notebooks."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parent.parent.parent
SCREENSHOTS = Path(__file__).parent / "screenshots"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
IDLE = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def chromium():
    if CHROMIUM is None and os.environ.get("CI"):
        pytest.fail("no Chromium on this machine, and CI must have one")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install it to run the browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The address of JupyterLab as `python -m adamcourse` starts it, with the settings of a new user."""
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (home / ".jupyter").mkdir()
    config = 'c.IdentityProvider.token = ""\nc.LabApp.expose_app_in_browser = True\n'
    (home / ".jupyter" / "jupyter_lab_config.py").write_text(config)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "adamcourse", "--no-browser", "--port", str(port)],
            env=variables | {"HOME": str(home), "USERPROFILE": str(home)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server, home / "log")
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)  # the command and the server that it started
        server.wait(20)


def _wait_for(address, server, log):
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(address + "/api", timeout=1).close()
            return
        except OSError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)


@pytest.fixture(scope="module")
def open_notebook(lab, chromium):
    """A function that opens a copy of a notebook in JupyterLab, with a kernel that is ready, and returns the page."""
    opened = []

    def open_it(file):
        copy = ROOT / "notebooks" / f"browser-test-{file.name}"
        shutil.copy(file, copy)
        page = chromium.new_page(viewport={"width": 1280, "height": 1000})
        opened.append((page, copy))
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
        page.goto(f"{lab}/lab/tree/notebooks/{copy.name}?reset")
        page.wait_for_function(IDLE, timeout=60_000)
        return page

    SCREENSHOTS.mkdir(exist_ok=True)
    yield open_it
    for page, copy in opened:
        page.evaluate("jupyterapp.shell.currentWidget?.sessionContext?.shutdown()")
        page.close()
        copy.unlink()
