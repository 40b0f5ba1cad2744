"""Open the course in JupyterLab: `python -m adamcourse`."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from adamcourse import environment

ROOT = Path(__file__).resolve().parent.parent
FIRST_LESSON = Path("notebooks") / "00_start_here.ipynb"
JUPYTER_FOLDERS = {  # where Jupyter, IPython and Matplotlib write when the home folder does not let them
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "IPYTHONDIR": "ipython",
    "MPLCONFIGDIR": "matplotlib",
}


def command(port, browser):
    """Return the command that opens lesson 00."""
    line = [sys.executable, "-m", "jupyterlab", str(ROOT / FIRST_LESSON), f"--ServerApp.root_dir={ROOT}"]
    if port is not None:
        line += [f"--port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        line += ["--no-browser"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        line += ["--allow-root"]  # in a container there is often no other user; the server listens on localhost only
    return line


def variables(home_is_writable):
    """Return the environment variables of the server: the course's settings come before the user's, and stay apart."""
    paths = [str(ROOT / ".jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    added = {"JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths))}
    for library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # matrices here are small: on a busy machine a second
        added[library] = os.environ.get(library, "1")  # thread makes them many times slower
    if not home_is_writable:
        folder = Path(tempfile.mkdtemp(prefix="adamcourse-"))
        print(f"Your home folder cannot be written to: Jupyter's own files go to {folder} this time.")
        added |= {name: str(folder / part) for name, part in JUPYTER_FOLDERS.items()}
    return os.environ | added


def main(arguments=None):
    """Open the course, or say in one line why it cannot be opened; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m adamcourse", description="Open the course in JupyterLab.")
    parser.add_argument("--no-browser", action="store_true", help="print the address instead of opening a browser")
    parser.add_argument("--port", type=int, help="the port to serve on; another one is chosen when none is given")
    options = parser.parse_args(arguments)
    if options.port is not None and not 0 < options.port < 65536:
        parser.error(f"--port {options.port}: give a number from 1 to 65535")
    if environment.missing():
        print(environment.report(), file=sys.stderr)
        return 1
    if not (ROOT / FIRST_LESSON).is_file():
        print(f"No lessons in {ROOT}: this opens a clone of the repository, not an installed wheel.", file=sys.stderr)
        return 1
    try:
        home_is_writable = os.access(Path.home(), os.W_OK)
        return subprocess.call(command(options.port, not options.no_browser), env=variables(home_is_writable))
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
