"""Where the course's own files lie: beside the package in a clone, inside the package where a wheel was installed."""

from importlib import resources
from pathlib import Path

PACKAGE = Path(str(resources.files("adamcourse")))
FROM_A_WHEEL = (PACKAGE / "lessons").is_dir()
ROOT = PACKAGE if FROM_A_WHEEL else PACKAGE.parent

LESSONS = ROOT / ("lessons" if FROM_A_WHEEL else "notebooks")
LESSON = "[0-9][0-9]_*.ipynb"  # what their files are called
DATA = ROOT / "data"
SETTINGS = ROOT / ".jupyter"  # for JupyterLab
