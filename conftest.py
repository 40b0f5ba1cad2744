"""How all tests run: which beside each other, on how many processors, and how strictly notebooks are compared."""

import os
import re
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

ONE_LESSON = {  # the tests of a lesson in these files share its kernel, or its page and its recorded explorer
    "tests/test_notebooks.py": "kernel",
    "tests/browser/": "page",
    "tests/test_pages.py": "page",
    "tests/test_recorded.py": "page",
}
ONE_SITE = ("tests/test_site.py", "tests/browser/test_site.py")  # what these share takes a minute to build
ONE_FILE = ("notebooks/", "tests/browser/", "tests/test_class_version.py")  # here the others share what a file makes
DRAWN_BY = ("numpy", "matplotlib", "pillow", "ipywidgets")  # what the stored outputs depend on

collect_ignore = ["notebooks/teaching/site.py"]  # alone it would be Python's own module of this name; see test_site.py


def is_pinned():
    """Are the packages that make the outputs those of constraints.txt, and PyTorch, which lesson 12 asks, not there?"""
    lines = (Path(__file__).parent / "tests" / "constraints.txt").read_text().splitlines()
    pins = {match.groups() for line in lines if (match := re.match(r"([\w-]+)==([\w.]+)", line))}
    return all((package, metadata.version(package)) in pins for package in DRAWN_BY) and find_spec("torch") is None


def pytest_configure(config):
    config.option.nbval_lax = not is_pinned()
    # two threads in each of two workers get in each other's way, until cells run into their time limits
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")  # no stored output holds a progress bar
    os.environ["ADAMCOURSE_PROGRESS"] = "off"  # nor what a learner has done


def pytest_report_header(config):
    return f"notebooks: {'lax, other versions than the pinned ones' if config.option.nbval_lax else 'strict'}"


def pytest_xdist_auto_num_workers(config):
    """Run named files in this process: they do not win back what a worker takes to start."""
    return 0 if all(Path(argument.split("::")[0]).is_file() for argument in config.args) else None


def pytest_xdist_make_scheduler(config, log):
    return Companions(config, log)


class Companions(LoadScopeScheduling):
    """Sends to one worker, in order, the tests that share a kernel, a page or a graded course; the rest one by one."""

    def _split_scope(self, nodeid):  # groups by mark, xdist's own way, are not seen with pytest 9.2 and xdist 3.8
        return companions(nodeid)


def companions(nodeid):
    """Return a name that a test shares with those that must run in the same worker."""
    file, lesson = nodeid.split("::")[0], re.search(r"\[.*?(\d\d_\w+)", nodeid)
    if file in ONE_SITE:
        return "site"
    for place, shared in ONE_LESSON.items():
        if lesson and file.startswith(place):
            return shared + lesson[1]
    return file if file.startswith(ONE_FILE) else nodeid
