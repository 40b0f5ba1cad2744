"""Record how soon the lessons' own optimizers reach the targets of the contest, each with a search of its own.

    python data/make_contest.py             # all tasks
    python data/make_contest.py language    # one task, in the place of its older record

Writes data/contest.json, with which `contest.benchmark` compares an optimizer; the rules stand in `contest.py`.
"""

from functools import partial
from pathlib import Path

from make_language import record

# isort: split
# the line above comes first: it sets one thread for each run, which NumPy asks for when it is loaded
from adamcourse.contest import computed, tasks

FILE = Path(__file__).with_name("contest.json")


def task(name, pool):
    """Return rate and steps of each optimizer, by name."""
    return {label: [result.rate, result.steps] for label, result in computed(name).items()}


PARTS = {name: partial(task, name) for name in tasks()}

if __name__ == "__main__":
    record(FILE, PARTS)
