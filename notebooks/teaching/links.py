"""Print the links that open the course's lessons elsewhere: on Binder, in Colab, or on a JupyterHub.

    python notebooks/teaching/links.py                                 on Binder
    python notebooks/teaching/links.py --hub https://hub.example.org   for the learners of a JupyterHub

Nobody types whose course it is: in GitHub's Actions the environment says it, elsewhere the remote `origin` of the
clone. So a fork's links are the fork's.
"""

import argparse
import os
import re
import subprocess
import sys
from typing import NamedTuple
from urllib.parse import urlencode

from notebooks.teaching import refresh

ROOT = refresh.LESSONS.parent
ON_GITHUB = re.compile(r"github\.com[:/]([\w-]+/[\w.-]+?)(?:\.git)?/?$")
UNKNOWN = "this clone has no remote on GitHub: links need a course that is published there"


class Published(NamedTuple):
    """Where the course is published: a repository on GitHub, as owner/name, and a branch or tag of it."""

    repository: str
    version: str


def published(environment=os.environ, folder=ROOT):
    """Return where the course in a folder is published, or None if neither the environment nor a remote says so.

    >>> published({"GITHUB_REPOSITORY": "someone/adamcourse", "GITHUB_REF_NAME": "v1.0"})
    Published(repository='someone/adamcourse', version='v1.0')
    """
    if repository := environment.get("GITHUB_REPOSITORY"):
        return Published(repository, environment.get("GITHUB_REF_NAME", "main"))
    try:
        command = ["git", "-C", str(folder), "remote", "get-url", "origin"]
        address = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:  # no git
        return None
    match = ON_GITHUB.search(address)
    return Published(match[1], "main") if match else None


def binder(course, lesson):
    """Return the address that opens a lesson on Binder.

    >>> binder(Published("someone/adamcourse", "v1.0"), "00_start_here.ipynb")
    'https://mybinder.org/v2/gh/someone/adamcourse/v1.0?urlpath=lab/tree/notebooks/00_start_here.ipynb'
    """
    return f"https://mybinder.org/v2/gh/{course.repository}/{course.version}?urlpath=lab/tree/notebooks/{lesson}"


def colab(course, lesson):
    """Return the address that opens a lesson in Colab.

    >>> colab(Published("someone/adamcourse", "main"), "00_start_here.ipynb")
    'https://colab.research.google.com/github/someone/adamcourse/blob/main/notebooks/00_start_here.ipynb'
    """
    return f"https://colab.research.google.com/github/{course.repository}/blob/{course.version}/notebooks/{lesson}"


def nbgitpuller(course, lesson, hub):
    """Return the address that brings the course to a learner of a JupyterHub with nbgitpuller, and opens a lesson."""
    folder = course.repository.split("/")[1]
    query = {
        "repo": f"https://github.com/{course.repository}",
        "urlpath": f"lab/tree/{folder}/notebooks/{lesson}",
        "branch": course.version,
    }
    return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(query)}"


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Print the links that open the lessons elsewhere.")
    parser.add_argument("--hub", help="the address of a JupyterHub with nbgitpuller; default: links to Binder")
    hub = parser.parse_args(arguments).hub
    course = published()
    if course is None:
        parser.error(UNKNOWN)
    for file in refresh.lessons():
        print(nbgitpuller(course, file.name, hub) if hub else binder(course, file.name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
