"""Write the links that open the course on Binder, and print those that bring it to the learners of a JupyterHub.

    python notebooks/teaching/links.py                                 into README.md and hosting.md
    python notebooks/teaching/links.py --hub https://hub.example.org   print one for each lesson, for that hub

Both are made from the repository and the version in pyproject.toml, under [tool.adamcourse].
"""

import argparse
import re
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import nbformat

from notebooks.teaching import refresh

ROOT = refresh.LESSONS.parent
PLACEHOLDER = "OWNER"
BEGIN, END = "<!-- links.py writes from here -->", "<!-- to here -->"
UNSET = (
    "There is no Binder link yet: put the repository's owner in the place of `OWNER` in `pyproject.toml`, run "
    "`python notebooks/teaching/links.py`, and it stands here."
)
BADGE = "https://mybinder.org/badge_logo.svg"


class Published(NamedTuple):
    """Where the course is published: a repository on GitHub, as owner/name, and a branch or tag of it."""

    repository: str
    version: str

    @property
    def is_set(self):
        """Whether an owner has taken the placeholder's place."""
        return not self.repository.startswith(f"{PLACEHOLDER}/")


def published(project):
    """Return what [tool.adamcourse] says in the text of a pyproject.toml.

    Raises ValueError when the repository is not owner/name, or the version cannot be one of git's.
    """
    setting = Published(**tomllib.loads(project)["tool"]["adamcourse"])
    if not re.fullmatch(r"[\w-]+/[\w.-]+", setting.repository):
        raise ValueError(f"repository = {setting.repository!r}: give owner/name, such as {PLACEHOLDER}/adamcourse")
    if not re.fullmatch(r"\w[\w./-]*", setting.version):
        raise ValueError(f"version = {setting.version!r}: give a branch or a tag, such as main")
    return setting


def binder(course, lesson):
    """Return the address that opens a lesson on Binder.

    >>> binder(Published("someone/adamcourse", "v1.0"), "00_start_here.ipynb")
    'https://mybinder.org/v2/gh/someone/adamcourse/v1.0?urlpath=lab/tree/notebooks/00_start_here.ipynb'
    """
    return f"https://mybinder.org/v2/gh/{course.repository}/{course.version}?urlpath=lab/tree/notebooks/{lesson}"


def nbgitpuller(course, lesson, hub):
    """Return the address that brings the course to a learner of a JupyterHub with nbgitpuller, and opens a lesson."""
    folder = course.repository.split("/")[1]
    query = {
        "repo": f"https://github.com/{course.repository}",
        "urlpath": f"lab/tree/{folder}/notebooks/{lesson}",
        "branch": course.version,
    }
    return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(query)}"


def badge(course):
    """Return Binder's badge, which opens the first lesson; or, unseen by readers, the line that says how to get one."""
    first = refresh.lessons()[0].name
    return f"[![Open lesson 00 on Binder]({BADGE})]({binder(course, first)})" if course.is_set else f"<!-- {UNSET} -->"


def list_of_lessons(course):
    """Return a list with a Binder link for each lesson; or the line that says how to get one."""
    if not course.is_set:
        return UNSET
    return "\n".join(f"- [{title(file)}]({binder(course, file.name)})" for file in refresh.lessons())


def title(file):
    """Return the title of a lesson, its first line."""
    return nbformat.read(file, as_version=4).cells[0].source.splitlines()[0].removeprefix("# ")


def documents(course):
    """Return the text of each document that has links, by file."""
    parts = {ROOT / "README.md": badge(course), Path(__file__).with_name("hosting.md"): list_of_lessons(course)}
    return {file: _with_part(file.read_text(encoding="utf-8"), part) for file, part in parts.items()}


def _with_part(text, part):
    """Return a text with a part of its own between the two marks."""
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    return f"{before}{BEGIN}\n{part}\n{END}{after}"


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Write the links that open the course elsewhere.")
    parser.add_argument("--hub", help="the address of a JupyterHub with nbgitpuller: print links for its learners")
    hub = parser.parse_args(arguments).hub
    try:
        course = published((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    except ValueError as error:
        parser.error(f"pyproject.toml, [tool.adamcourse]: {error}")
    if hub:
        if not course.is_set:
            parser.error(f"pyproject.toml, [tool.adamcourse]: put the repository's owner in the place of {PLACEHOLDER}")
        print(*(nbgitpuller(course, file.name, hub) for file in refresh.lessons()), sep="\n")
        return 0
    for file, text in documents(course).items():
        file.write_text(text, encoding="utf-8")
        print(f"{file}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
