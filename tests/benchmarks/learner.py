"""What one learner takes of a server: memory of JupyterLab and of a kernel, and seconds to the first lesson.

    python tests/benchmarks/learner.py

JupyterLab is started by the course's own command, as a new user, several times. Chromium opens lesson 00 and then
lesson 06; each is run to its end. Memory is what is resident, libraries that learners of one machine share included.
Chromium stands for the learner's own machine and is not counted. Seconds on the clock depend on what else the machine
does, which is said; memory and processor time hardly do. The table is also written to tests/benchmarks/learner.md.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil  # comes with IPython
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from notebooks.teaching.refresh import lessons
from tests.benchmarks.measure import report
from tests.browser.lab import close_page, jupyterlab, open_page, run_all, visitor

ROUNDS = 3
SERVER, KERNEL = "jupyterlab", "ipykernel_launcher"  # what their command lines hold
ROWS = {
    "the server answers": "s",
    "lesson 00 is open, and its kernel ready": "s",
    "processor time of server and kernel until then": "s",
    "JupyterLab's server, lesson 00 open": "MB",
    "kernel before the first cell": "MB",
    "kernel after lesson 00": "MB",
    "kernel after lesson 06": "MB",
    "JupyterLab's server, at the end": "MB",
}


def process(part):
    """Return the newest process below this one whose command line holds a part."""
    below = psutil.Process().children(recursive=True)
    return max((p for p in below if part in " ".join(p.cmdline())), key=psutil.Process.create_time)


def resident(part):
    """Return the megabytes that such a process holds in memory."""
    return process(part).memory_info().rss / 1e6


def processor_seconds(part):
    """Return the seconds of processor time that such a process has used."""
    return sum(process(part).cpu_times()[:2])


def one_round(browser, home, first, second):
    """Return a new user's numbers, in the order of ROWS."""
    begin = time.perf_counter()
    with jupyterlab(home) as lab:
        numbers = [time.perf_counter() - begin]
        page = open_page(browser, lab.address, first)
        numbers += [time.perf_counter() - begin, processor_seconds(SERVER) + processor_seconds(KERNEL)]
        numbers += [resident(SERVER), resident(KERNEL)]
        run_all(page)
        numbers.append(resident(KERNEL))
        close_page(page)
        page = open_page(browser, lab.address, second)
        run_all(page)
        numbers += [resident(KERNEL), resident(SERVER)]
        close_page(page)
    return numbers


def main():
    rounds = []
    with sync_playwright() as playwright:
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as home:
                guest = visitor(playwright)
                rounds.append(one_round(guest, Path(home), *(file.name for file in lessons(["00", "06"]))))
                guest.browser.close()
    crowd = f"meanwhile {os.getloadavg()[2]:.0f} processes wanted the processors on average"
    table = [f"{ROUNDS} rounds; {crowd}.", "", "| | median | range |", "|---|---|---|"]
    for (name, unit), numbers in zip(ROWS.items(), zip(*rounds, strict=True), strict=True):
        digits = 1 if unit == "s" else 0
        low, middle, high = (f"{f(numbers):.{digits}f}" for f in (min, statistics.median, max))
        table.append(f"| {name} | {middle} {unit} | {low} to {high} |")
    report(__file__, "What one learner takes of a server", [[*table, ""]])


if __name__ == "__main__":
    main()
