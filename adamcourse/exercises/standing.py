"""What of a lesson is done: its exercises, the questions of its quizzes, the challenge of its explorer."""

import re
from importlib import import_module
from typing import NamedTuple

from adamcourse import journal
from adamcourse.exercises.questions import questions_of

EXPLORER = re.compile(r"from adamcourse\.explorers\.(\w+) import \1\b")  # not those that a learner makes


class Part(NamedTuple):
    """So many are done, of so many that there are."""

    done: int
    all: int


class Standing(NamedTuple):
    """What of a lesson is done."""

    exercises: Part
    questions: Part
    challenges: Part

    @property
    def complete(self):
        return all(part.done == part.all for part in self)

    @property
    def begun(self):
        return any(part.done for part in self)

    def __str__(self):
        words = zip(self, ("exercise", "question", "challenge"), ("", " answered", ""), strict=True)
        said = [
            f"{part.done} of {part.all} {word}{'s' * (part.all != 1)}{end}" for part, word, end in words if part.all
        ]
        return ", ".join(said)


def standing(file, entries):
    """Return the Standing of the lesson in a file, as far as entries of a journal say."""
    lesson, done = file.name[:2], journal.done(entries)
    answered = {entry.name for entry in entries if entry.kind == "question"}
    exercises = [exercise.name for exercise in import_module(f"{__package__}.lesson_{lesson}").EXERCISES]
    challenges = set(EXPLORER.findall(_text(file)))
    asked = [item["question"] for item in questions_of(lesson)]
    return Standing(
        Part(sum(("exercise", name) in done for name in exercises), len(exercises)),
        Part(sum(question in answered for question in asked), len(asked)),
        Part(sum(("challenge", name) in done for name in challenges), len(challenges)),
    )


def _text(file):
    """Return the text of a lesson, nothing where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def lesson_file(folder, number):
    """Return the file of a lesson in a folder, or None; of several the one with the first name, as copies have longer.

    Arguments
    ---------
    number : the lesson's, such as "06".
    """
    return min(folder.glob(f"{number}_*.ipynb"), key=lambda file: file.stem, default=None)


def line(lesson):
    """Return a line that says what of a lesson is done here, or "" where nothing is noted.

    Arguments
    ---------
    lesson : its number, such as "06".
    """
    folder = journal.place()
    file = lesson_file(folder, lesson) if folder else None
    entries, complaint = journal.read(folder) if file else ((), "")
    if file is None or not journal.is_on(entries):
        return complaint
    return " ".join([f"Done in this lesson: {standing(file, entries)}.", *filter(None, [complaint])])
