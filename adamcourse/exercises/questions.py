"""The questions of data/quizzes.json: each has choices, of which one is right, and a reason for every choice."""

import json
from functools import cache

from adamcourse.datasets import data_file


@cache
def all_questions():
    """Return the questions by quiz, such as "06" at the end of lesson 06 and "06 predict" at its beginning."""
    return json.loads(data_file("quizzes.json").read_text(encoding="utf-8"))


def questions(quiz):
    """Return the questions of a quiz: each a question and its choices, one of them right.

    Raises ValueError when there is no such quiz.
    """
    if quiz not in all_questions():
        raise ValueError(f"lesson = {quiz!r}: there are quizzes for {', '.join(sorted(all_questions()))}")
    return all_questions()[quiz]


def questions_of(lesson):
    """Return the questions of a lesson, in all of its quizzes."""
    return [item for quiz, items in all_questions().items() if quiz[:2] == lesson for item in items]
