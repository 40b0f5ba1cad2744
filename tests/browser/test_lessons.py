"""Each lesson as a learner uses it: open it in JupyterLab, run it, answer the quiz, do the exercise."""

import re

import pytest
from playwright.sync_api import expect

from adamcourse.exercises.quizzes import questions

ONLY_ON_THE_SITE = "Shared module @jupyterlite/services"  # the builder of the static site brings an extension for it
ERROR = "[data-mime-type='application/vnd.jupyter.error']"


def cell(page, text):
    """The cell whose editor holds a text."""
    return page.locator(".jp-CodeCell").filter(has=page.locator(".cm-content", has_text=text)).first


def test_runs_without_an_error_in_page_or_kernel(lesson):
    expect(lesson.locator(ERROR)).to_have_count(0)
    ours = [error for error in lesson.errors if "404" not in error and ONLY_ON_THE_SITE not in error]
    assert not ours, lesson.errors


def test_no_dialog_and_no_news_in_the_way(lesson):
    expect(lesson.locator(".jp-Dialog")).to_have_count(0)
    expect(lesson.locator(".Toastify__toast")).to_have_count(0)


@pytest.mark.parametrize("kind", ["", " predict"], ids=["quiz", "prediction"])
def test_every_question_is_answered_with_tab_and_space_alone(lesson, kind):
    quiz = cell(lesson, f'quiz("{lesson.lesson[:2]}{kind}")')
    quiz.locator("input[type=radio]").first.focus()
    for item in questions(lesson.lesson[:2] + kind):
        for choice in item["choices"]:
            if choice.get("right"):
                lesson.keyboard.press("Space")
                expect(quiz).to_contain_text(f"Right. {choice['feedback']}")
            lesson.keyboard.press("Tab")


ANSWERS = {
    "00_start_here": ("halfway", "x - gradient", "you went the whole way", "x - gradient / 2"),
    "06_assemble_adam": (
        "adam_step",
        "x - lr * gradient, m, v",
        "Not yet: your m and v come out so if the state is not handed on.",
        "x - lr * (m := beta1 * m + (1 - beta1) * gradient) / (1 - beta1**t) "
        "/ (((v := beta2 * v + (1 - beta2) * gradient**2) / (1 - beta2**t)) ** 0.5 + eps), m, v",
    ),
    "02_descend_with_noise": (
        "noise_floor",
        "lr * sigma**2 / (2 * curvature)",
        "this holds for small rates only",
        "lr * sigma**2 / (curvature * (2 - lr * curvature))",
    ),
    "03_build_up_momentum": (
        "nesterov_step",
        "x + beta * (x - previous) - lr * gradient_at(x)",
        "the gradient is taken at x",
        "(y := x + beta * (x - previous)) - lr * gradient_at(y)",
    ),
    "04_give_each_coordinate_its_own_step": (
        "adagrad_step",
        "x - lr * gradient / ((s := s + gradient**2) + eps) ** 0.5, s",
        "eps is inside the root",
        "x - lr * gradient / ((s := s + gradient**2) ** 0.5 + eps), s",
    ),
    "05_forget_old_gradients": (
        "rmsprop_step",
        "x - lr * gradient / ((v := v + gradient**2) ** 0.5 + eps), v",
        "the squares are added up",
        "x - lr * gradient / ((v := rho * v + (1 - rho) * gradient**2) ** 0.5 + eps), v",
    ),
    "07_correct_the_bias": (
        "bias_corrected",
        "moment / (1 - beta)",
        "the exponent is missing",
        "moment / (1 - beta**t)",
    ),
    "08_turn_the_knobs": (
        "mean_step",
        "mean / deviation",
        "this is the ratio of mean and deviation",
        "mean / (mean**2 + deviation**2) ** 0.5",
    ),
    "09_train_a_network": (
        "conv_parameters",
        "9 * channels * filters",
        "the biases are missing",
        "(9 * channels + 1) * filters",
    ),
    "10_regularise": ("dropout", "x * kept", "nothing makes up for what is silenced", "x * kept / (1 - rate)"),
    "11_know_when_adam_fails": (
        "projected_rate",
        "p @ p / (p @ g)",
        "the sign is turned round",
        "p @ p / -(p @ g)",
    ),
    "12_read_your_framework": (
        "eps_hat",
        "eps * (1 - beta2**t)",
        "the root is missing",
        "eps * (1 - beta2**t) ** 0.5",
    ),
    "13_ask_why_adam_wins": (
        "sharpness_limit",
        "2 / lr",
        "this is the limit of gradient descent",
        "(2 + 2 * beta1) / ((1 - beta1) * lr)",
    ),
    "14_train_a_language_model": (
        "softmax_backward",
        "a * da",
        "this is softmax as if each weight stood alone",
        "a * (da - (a * da).sum(axis=-1, keepdims=True))",
    ),
    "15_run_a_real_training": (
        "bytes_a_parameter",
        "(weights + gradients + state) / workers",
        "everything is cut among the workers",
        "weights + gradients + state / workers",
    ),
    "16_look_beyond_adam": (
        "newton_schulz_step",
        "a * X + b * X**3 + c * X**5",
        "the powers are of each number, not of the matrix",
        "a * X + b * X @ X.T @ X + c * X @ X.T @ X @ X.T @ X",
    ),
    "17_follow_a_moving_target": (
        "optimistic_step",
        "x - lr * gradient",
        "this is an ordinary step",
        "x - 2 * lr * gradient + lr * previous",
    ),
    "18_choose_for_yourself": (
        "geometric_score",
        "np.mean(yours / best)",
        "this is the arithmetic mean of the quotients",
        "np.exp(np.mean(np.log(yours / best)))",
    ),
    "01_descend_a_slope": ("gradient_step", "x + lr * gradient", "you walk uphill", "x - lr * gradient"),
}


def test_an_exercise_done_wrong_and_then_right(lesson):
    function, wrong, mistake, right = ANSWERS[lesson.lesson]
    blank, check = cell(lesson, f"def {function}("), cell(lesson, f"check({function})")
    for answer, words in ((wrong, mistake), (right, "Right.")):
        blank.scroll_into_view_if_needed()
        blank.locator(".cm-line").last.click()
        lesson.keyboard.press("End")
        lesson.keyboard.press("Shift+Home")
        lesson.keyboard.type(f"return {answer}")
        lesson.keyboard.press("Shift+Enter")
        lesson.keyboard.press("Shift+Enter")
        expect(check).to_contain_text(words)


def test_the_glossary_opens_as_a_page_and_not_as_source(open_notebook):
    with open_notebook("test-glossary", "1") as page:
        page.locator(".jp-DirListing-item", has_text="glossary.md").dblclick()
        row = page.locator(".jp-MarkdownViewer tr", has_text="bias correction")
        expect(row.get_by_role("link")).to_have_attribute("href", re.compile("06_assemble_adam.ipynb"))
