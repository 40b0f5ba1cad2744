"""Where the course's own files lie: beside the package in a clone, inside the package where a wheel was installed."""

import traceback
from importlib import resources
from pathlib import Path

PACKAGE = Path(str(resources.files("adamcourse")))
FROM_A_WHEEL = (PACKAGE / "lessons").is_dir()
ROOT = PACKAGE if FROM_A_WHEEL else PACKAGE.parent

LESSONS = ROOT / ("lessons" if FROM_A_WHEEL else "notebooks")
LESSON = "[0-9][0-9]_*.ipynb"  # what their files are called
DATA = ROOT / "data"
SETTINGS = ROOT / ".jupyter"  # for JupyterLab


def learners_frames(error):
    """Return those frames of an error's traceback that are neither the course's nor an installed package's."""
    frames = traceback.extract_tb(error.__traceback__)
    return [
        frame
        for frame in frames
        if not Path(frame.filename).is_relative_to(PACKAGE) and "site-packages" not in frame.filename
    ]
