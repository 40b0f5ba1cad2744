"""Quizzes: the questions in data/quizzes.json, with native widgets where a kernel runs and folded answers elsewhere."""

import json
from html import escape

import ipywidgets as widgets
from IPython.display import display

from adamcourse.datasets import data_file


def questions(lesson):
    """Return the questions of a lesson, "00" to "13": each a question and its choices, one of them right.

    Raises ValueError when there is no quiz for the lesson.
    """
    quizzes = json.loads(data_file("quizzes.json").read_text(encoding="utf-8"))
    if lesson not in quizzes:
        raise ValueError(f"lesson = {lesson!r}: there are quizzes for {', '.join(sorted(quizzes))}")
    return quizzes[lesson]


def quiz(lesson):
    """Show the quiz of a lesson: choose an answer, and read why it is right or wrong."""
    items = questions(lesson)
    live = widgets.VBox([_asked(number, item) for number, item in enumerate(items, 1)])._repr_mimebundle_()
    still = "".join(_folded(number, item) for number, item in enumerate(items, 1))
    plain = "\n".join(f"{number}. {item['question']}" for number, item in enumerate(items, 1))
    display(live | {"text/html": still, "text/plain": plain}, raw=True)


def reply(choice):
    """Return what is said to a choice: whether it is right, and the reason."""
    return f"{'Right.' if choice.get('right') else 'Not this one.'} {choice['feedback']}"


def _asked(number, item):
    """Return one question as a widget: radio buttons, and the reply below them."""
    question = widgets.HTML(f"<b>{number}. {escape(item['question'])}</b>")
    options = [(choice["text"], i) for i, choice in enumerate(item["choices"])]
    radio = widgets.RadioButtons(options=options, value=None, layout=widgets.Layout(width="auto"))
    answer = widgets.HTML()
    radio.observe(lambda change: setattr(answer, "value", escape(reply(item["choices"][change["new"]]))), "value")
    return widgets.VBox([question, radio, answer])


def _folded(number, item):
    """Return one question as HTML that needs no kernel: each choice unfolds to its reply."""
    choices = "".join(
        f"<details><summary>{escape(choice['text'])}</summary><p>{escape(reply(choice))}</p></details>"
        for choice in item["choices"]
    )
    return f"<p><b>{number}. {escape(item['question'])}</b></p>{choices}"
