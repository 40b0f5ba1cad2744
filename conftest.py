"""Which tests run beside each other."""

import re
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

ONE_LESSON = ("tests/browser/", "tests/test_notebooks.py")  # here the tests of a lesson share its page or its kernel
ONE_FILE = ("notebooks/", "tests/browser/", "tests/test_class_version.py")  # here the others share what a file makes


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
    for place in ONE_LESSON:
        if lesson and file.startswith(place):
            return place + lesson[1]
    return file if file.startswith(ONE_FILE) else nodeid
