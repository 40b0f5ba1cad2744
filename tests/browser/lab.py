"""Start JupyterLab with the course's own command, for a test or a benchmark, with the settings of a new user."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
IDLE = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"


@contextmanager
def jupyterlab(home):
    """Give the address of a JupyterLab whose user has the empty folder home; it is stopped at the end."""
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


def open_page(browser, address, name):
    """Return a page of JupyterLab that shows a notebook in notebooks/, with a kernel that is ready."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{address}/lab/tree/notebooks/{name}?reset")
    page.wait_for_function(IDLE, timeout=60_000)
    return page


def close_page(page):
    """Stop the kernel of a page and close it."""
    page.evaluate("jupyterapp.shell.currentWidget?.sessionContext?.shutdown()")
    page.close()
