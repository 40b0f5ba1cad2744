"""What of the course is done, what comes next, and questions to review.

    from adamcourse import progress
    progress               # at the end of a cell: the map of the course
    progress.review()      # up to five questions that are due again
    progress.off()         # note nothing from here on; progress.on() begins again

What is done stands in the file progress.jsonl beside the lessons (see journal), and nowhere else.

A question is due again one day after it was answered, then six days after that, then each time after 2.5 times as
long, at most a year: the intervals of P. A. Woźniak's SM-2 (1990) with its first factor. An answer that was wrong
begins anew.
"""

import json
from datetime import date, timedelta
from html import escape
from typing import NamedTuple
from urllib.parse import quote

from adamcourse import journal
from adamcourse.checks import whole_number
from adamcourse.exercises.questions import all_questions
from adamcourse.exercises.quizzes import show
from adamcourse.exercises.standing import Standing, lesson_file, standing

FIRST, SECOND, FACTOR, LONGEST = 1, 6, 2.5, 365  # days, days, how many times as long each further one is, days
COLUMNS = ("lesson", "exercises", "questions answered", "challenge", "state")
NOT_HERE = "Nothing is noted here. What you do is noted where the lessons lie together, unless that is turned off."
OFF = "What you have done is not noted at present: progress.on() begins again."


class Row(NamedTuple):
    """A lesson on the map."""

    name: str
    title: str
    standing: Standing


def rows(folder, entries):
    """Return a Row for each lesson in a folder, in order."""
    numbers = sorted({name[:2] for name in all_questions()})  # a prediction is called 06 predict
    files = filter(None, (lesson_file(folder, number) for number in numbers))
    return [Row(file.name, _title(file), standing(file, entries)) for file in files]


def next_of(rows):
    """Return the Row that comes next: the first one not complete after the last one begun, or else before it, or None.

    >>> next_of([]) is None
    True
    """
    last = max((i for i, row in enumerate(rows) if row.standing.begun), default=0)
    return next((row for row in rows[last:] + rows[:last] if not row.standing.complete), None)


def text(folder):
    """Return the map of the course in a folder as text for a terminal."""
    entries, complaint = journal.read(folder)
    lessons = rows(folder, entries)
    after = next_of(lessons)
    lines = [f"{'>' if row is after else ' '} {row.title:<38}{row.standing}" for row in lessons]
    lines += [_next_in_words(after), *([complaint] if complaint else []), *([] if journal.is_on(entries) else [OFF])]
    return "\n".join(lines)


def html(folder):
    """Return the map of the course in a folder as HTML for a notebook."""
    entries, complaint = journal.read(folder)
    lessons = rows(folder, entries)
    after = next_of(lessons)
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    body = "".join(_row(row, row is after) for row in lessons)
    said = [_next_in_words(after), complaint, "" if journal.is_on(entries) else OFF]
    return (
        f'<table aria-label="What of the course is done"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        f"<p>{escape(' '.join(filter(None, said)))}</p>"
    )


def review(most=5):
    """Ask questions that are due again, those first that have been due for longest.

    Arguments
    ---------
    most : how many at most, at least 1. Default 5.

    Raises ValueError when `most` is not such a number.
    """
    whole_number("most", most, 1)
    folder = journal.place()
    entries, complaint = journal.read(folder) if folder else ((), "")
    waiting = _dates(entries)
    if complaint:
        print(complaint)
    due = sorted((day, question) for question, day in waiting.items() if day <= date.today())
    if due:
        items = {item["question"]: item for items in all_questions().values() for item in items}
        show([items[question] for _, question in due[:most]])
    elif waiting:
        print(f"Nothing is due today. The next question is due on {min(waiting.values())}.")
    else:
        print("There is nothing to review yet: answer the quiz of a lesson first." if folder else NOT_HERE)


def off():
    """Note nothing from here on; what was noted stays in the file, which can be deleted."""
    print(journal.turn(False) or (OFF if journal.place() else NOT_HERE))


def on():
    """Note again what is done."""
    print(journal.turn(True) or ("What you do is noted again." if journal.place() else NOT_HERE))


def interval(streak):
    """Return after how many days a question is due again that was answered rightly so many times in a row.

    I(0) = I(1) = 1, I(2) = 6, I(n) = 2.5 I(n - 1), at most a year

    Arguments
    ---------
    streak : number of right answers since the last wrong one, 0 or more.

    Source: P. A. Woźniak 1990, *Optimization of learning*, algorithm SM-2, whose factor stays 2.5 here.

    >>> [interval(streak) for streak in range(6)]
    [1, 1, 6, 15, 38, 94]
    """
    return FIRST if streak < 2 else round(min(SECOND * FACTOR ** min(streak - 2, 9) + 1e-9, LONGEST))  # 37.5 is 38


def _dates(entries):
    """Return for each question that was answered and that there is still the day on which it is due again.

    Whoever gives the right answer again before that day has not remembered it for any longer: it does not count.
    """
    known = {item["question"] for items in all_questions().values() for item in items}
    streaks, due = {}, {}
    for entry in [entry for entry in entries if entry.kind == "question" and entry.name in known]:
        day = min(entry.when, date.today())  # a clock may have been wrong
        if not entry.right or day >= due.get(entry.name, day):
            streaks[entry.name] = streaks.get(entry.name, 0) + 1 if entry.right else 0
            due[entry.name] = day + timedelta(days=interval(streaks[entry.name]))
    return due


def _title(file):
    """Return a lesson's title, which its first cell begins with, or its name where it is not there."""
    try:
        line = "".join(json.loads(file.read_text(encoding="utf-8"))["cells"][0]["source"]).split("\n")[0]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return file.stem
    return line.removeprefix("# ") if line.startswith("# ") else file.stem


def _next_in_words(row):
    return "Everything is done." if row is None else f"Next: {row.title}."


def _row(row, is_next):
    """Return a lesson as a row of the table, with a link to it; the next one is marked in words, not in colour only."""
    exercises, questions, challenges = (f"{part.done} of {part.all}" if part.all else "" for part in row.standing)
    title = f'<a href="{quote(row.name)}">{escape(row.title)}</a>'
    mark = "next" if is_next else "done" if row.standing.complete else ""
    title = f'<th scope="row" style="text-align: left">{title}</th>'
    cells = "".join(f"<td>{cell}</td>" for cell in (exercises, questions, challenges, f"<b>{mark}</b>"))
    return f"<tr>{title}{cells}</tr>"


def _repr_mimebundle_(include=None, exclude=None):
    """Show this module at the end of a cell as the map; where nothing is noted, one sentence says so."""
    folder = journal.place()
    if folder is None:
        return {"text/plain": NOT_HERE}
    return {"text/plain": text(folder), "text/html": html(folder)}
