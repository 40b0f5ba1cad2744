"""JupyterLab, opened at a lesson: with the course's settings, quiet, and one line with its address."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from adamcourse.places import SETTINGS

FIRST_PORT, LAST_PORT = 8888, 8987  # tried in this order where none is asked for
PATIENCE = 60  # seconds that JupyterLab may take to start
JUPYTER_FOLDERS = {  # where Jupyter, IPython and Matplotlib write when the home folder does not let them
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "IPYTHONDIR": "ipython",
    "MPLCONFIGDIR": "matplotlib",
}


def command(folder, lesson, port, browser):
    """Return the command that serves a folder and opens a lesson in it."""
    line = [sys.executable, "-m", "jupyterlab", str(folder / lesson), f"--ServerApp.root_dir={folder}"]
    line += [f"--port={port}", "--ServerApp.port_retries=0", "--Application.log_level=ERROR"]
    line += ["--ServerApp.answer_yes=True"]  # Ctrl-C ends it, without a question that nobody may see
    line += ["--KernelManager.transport_encryption=auto"]  # without it each kernel prints that it may be overheard
    if not browser:
        line += ["--no-browser"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        line += ["--allow-root"]  # in a container there is often no other user; the server listens on localhost only
    return line


def variables(home_is_writable):
    """Return the environment variables of the server: the course's settings come before the user's, and stay apart."""
    paths = [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    added = {"JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths))}
    for library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # matrices here are small: on a busy machine a second
        added[library] = os.environ.get(library, "1")  # thread makes them many times slower
    if not home_is_writable:
        folder = Path(tempfile.mkdtemp(prefix="adamcourse-"))
        print(f"Your home folder cannot be written to: Jupyter's own files go to {folder} this time.")
        added |= {name: str(folder / part) for name, part in JUPYTER_FOLDERS.items()}
    return os.environ | added


def free_port():
    """Return the first port that nobody listens on, or None if all that are tried are taken."""
    return next((port for port in range(FIRST_PORT, LAST_PORT + 1) if is_free(port)), None)


def is_free(port):
    """Can a server listen on this port?"""
    with socket.socket() as probe:
        if os.name != "nt":  # there it would let two servers have one port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def running(runtime=None):
    """Return what each JupyterLab of this user says of itself: port, pid, url, token, root_dir."""
    from jupyter_core.paths import jupyter_runtime_dir  # here: they take half a second, and only a server needs them
    from jupyter_server.serverapp import list_running_servers

    return list(list_running_servers(runtime or jupyter_runtime_dir()))


def address(found, lesson):
    """Return the address at which a lesson opens on a server that says this of itself."""
    token = f"?token={found['token']}" if found["token"] else ""
    return f"{found['url']}lab/tree/{lesson}{token}"


def already_open(folder):
    """Return what a server that serves this folder already says of itself, or None."""
    return next((found for found in running() if Path(found["root_dir"]) == folder), None)


def serve(folder, lesson, port, browser):
    """Serve a folder until the learner ends it; print the address at which the lesson opens. Return the exit code."""
    env = variables(os.access(Path.home(), os.W_OK))
    env.setdefault("JUPYTER_TOKEN", secrets.token_hex(16))  # a token that JupyterLab has chosen it prints in 20 lines
    for name in {"SIGTERM", "SIGHUP"} & set(dir(signal)):  # whoever stops the command stops the server as well
        signal.signal(getattr(signal, name), lambda *_: sys.exit(0))
    server = subprocess.Popen(command(folder, lesson, port, browser), env=env)
    try:
        found = _running(server, port, env)
        if found is not None:
            print(f"{folder / lesson} is open at {address(found, lesson)} until Ctrl-C ends it.", flush=True)
        return server.wait()
    except KeyboardInterrupt:  # in a terminal the server has got it, too
        return 0
    finally:
        server.terminate()


def _running(server, port, env):
    """Wait for the server; return what it says of itself, or None if it has ended or takes too long."""
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        for found in running(env.get("JUPYTER_RUNTIME_DIR")):
            if found["port"] == port and (os.name == "nt" or found["pid"] == server.pid):  # there another one serves
                return found
        time.sleep(0.1)
    return None
