"""Quizzes: the questions in data/quizzes.json, with native widgets where a kernel runs and folded answers elsewhere."""

from html import escape

import ipywidgets as widgets
from IPython.display import display

from adamcourse import journal
from adamcourse.exercises.questions import questions
from adamcourse.exercises.standing import line


def quiz(lesson):
    """Show the quiz of a lesson: choose an answer, and read why it is right or wrong."""
    show(questions(lesson), lesson)


def show(items, lesson=None):
    """Show questions as a quiz; below the quiz that ends a lesson, a line says what of the lesson is done.

    The line is renewed whenever something is noted, by an exercise or an explorer, too.
    """
    standing = widgets.HTML(_said(lesson))
    journal.follow(lesson, lambda: setattr(standing, "value", _said(lesson)))
    numbered = list(enumerate(items, 1))
    asked = [_asked(number, item) for number, item in numbered]
    live = widgets.VBox([*asked, standing])._repr_mimebundle_()
    still = "".join(_folded(number, item) for number, item in numbered)
    plain = "\n".join(f"{number}. {item['question']}" for number, item in numbered)
    display(live | {"text/html": still, "text/plain": plain}, raw=True)


def _said(lesson):
    """Return the line below the quiz that ends a lesson, as HTML; nothing for other quizzes."""
    return escape(line(lesson)) if lesson is not None and len(lesson) == 2 else ""


def reply(choice):
    """Return what is said to a choice: whether it is right, and the reason."""
    return f"{'Right.' if choice.get('right') else 'Not this one.'} {choice['feedback']}"


def _asked(number, item):
    """Return one question as a widget: radio buttons, and the reply below them.

    The first choice is noted as the learner's answer: whoever reads the other replies afterwards does not change it.
    """
    question = widgets.HTML(f"<b>{number}. {escape(item['question'])}</b>")
    options = [(choice["text"], i) for i, choice in enumerate(item["choices"])]
    radio = widgets.RadioButtons(options=options, value=None, layout=widgets.Layout(width="auto"))
    answer = widgets.HTML()

    def chosen(change):
        choice = item["choices"][change["new"]]
        answer.value = escape(reply(choice))
        if change["old"] is None:
            complaint = journal.note("question", item["question"], choice.get("right", False))
            answer.value += f" {escape(complaint)}" if complaint else ""

    radio.observe(chosen, "value")
    return widgets.VBox([question, radio, answer])


def _folded(number, item):
    """Return one question as HTML that needs no kernel: each choice unfolds to its reply."""
    choices = "".join(
        f"<details><summary>{escape(choice['text'])}</summary><p>{escape(reply(choice))}</p></details>"
        for choice in item["choices"]
    )
    return f"<p><b>{number}. {escape(item['question'])}</b></p>{choices}"
