"""Is everything here that the lessons need? One line says what is missing and how to mend it."""

import sys
from importlib import metadata

from packaging.requirements import Requirement


def missing():
    """Return the requirements of the lessons that this Python does not meet, such as ["numpy>=2.0"]."""
    try:
        declared = [Requirement(line) for line in metadata.requires("adamcourse") or []]
    except metadata.PackageNotFoundError:  # it lies on the path, and was never installed
        return ["adamcourse"]
    needed = [r for r in declared if r.marker is None or r.marker.evaluate({"extra": "", "sys_platform": sys.platform})]
    return [f"{r.name}{r.specifier}" for r in needed if not _met(r)]


def report():
    """Return one line: that all is well, or what is missing and the command that mends it.

    >>> print(report())
    Everything the lessons need is here.
    """
    lacking = missing()
    if not lacking:
        return "Everything the lessons need is here."
    packages = " ".join(f'"{requirement}"' for requirement in lacking)
    return f"Missing or too old: {', '.join(lacking)}. To mend it, run: {sys.executable} -m pip install {packages}"


def _met(requirement):
    try:
        return requirement.specifier.contains(metadata.version(requirement.name), prereleases=True)
    except metadata.PackageNotFoundError:
        return False
