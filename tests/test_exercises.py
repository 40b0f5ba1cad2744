"""Every exercise: the reference against the package, every known mistake named as itself, right styles, odd answers."""

import numpy as np
import pytest

from adamcourse import optimizers
from adamcourse.exercises import EXERCISES, check, hint, solution
from adamcourse.exercises.cases import Call
from adamcourse.exercises.changes import changed
from adamcourse.exercises.diagnosis import mistakes_of
from adamcourse.exercises.exercise import Exercise, Mistake
from adamcourse.exercises.judging import judge
from adamcourse.exercises.lesson_06 import adam_step
from adamcourse.gradients import numerical_gradient
from adamcourse.losses import rosenbrock

MISTAKES = [(exercise, mistake) for exercise in EXERCISES.values() for mistake in exercise.mistakes]
every_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)


@every_exercise
def test_the_reference_is_right(exercise):
    verdict = judge(exercise.reference, exercise)
    assert verdict.kind == "right"
    assert verdict.right
    assert exercise.praise in str(verdict).replace("\n", " ")


@pytest.mark.usefixtures("answers_run_here")
@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES, ids=lambda part: part.name.replace(" ", "-"))
def test_every_mistake_is_named_as_itself(exercise, mistake):
    (change,) = [change for change in mistakes_of(exercise) if change.said == mistake.name]
    verdict = judge(changed(exercise.reference, change), exercise)
    assert verdict.kind == "known mistake"
    assert not verdict.right
    assert mistake.name in verdict.text
    assert mistake.why in verdict.text


@every_exercise
def test_there_are_three_hints_and_the_solution_is_the_reference(exercise, capsys):
    for number in (1, 2, 3, 3):
        hint(exercise.name)
        printed = capsys.readouterr().out
        assert f"Hint {number} of 3. {exercise.hints[number - 1]}" in printed
    solution(exercise.name)
    printed, names = capsys.readouterr().out, {"np": np}
    exec(printed, names)
    assert judge(names[exercise.name], exercise).right


@pytest.mark.parametrize(
    ("name", "optimizer", "hyper"),
    [
        ("gradient_step", optimizers.GradientDescent(0.02), (0.02,)),
        ("momentum_step", optimizers.Momentum(0.02, 0.7), (0.02, 0.7)),
        ("adagrad_step", optimizers.Adagrad(0.02, 1e-6), (0.02, 1e-6)),
        ("rmsprop_step", optimizers.RMSprop(0.02, 0.7, 1e-6), (0.02, 0.7, 1e-6)),
        ("adam_step", optimizers.Adam(0.02, 0.7, 0.97, 1e-6), (0.02, 0.7, 0.97, 1e-6)),
    ],
)
def test_the_solutions_are_the_optimizers_of_the_package(name, optimizer, hyper):
    """Every step, to the last bit, on gradients of many sizes."""
    exercise, rng = EXERCISES[name], np.random.default_rng(0)
    x = rng.normal(size=5)
    state, parts = optimizer.start(x), [np.zeros(5) for _ in exercise.outputs[1:]]
    for t in range(1, 20):
        g = rng.normal(size=5) * 10.0 ** rng.integers(-8, 4, 5)
        ours = exercise.reference(x, g, *parts, *([t] if "t" in exercise.parameters else []), *hyper)
        ours, *parts = ours if isinstance(ours, tuple) else (ours,)
        x, state = optimizer.update(x, g, state)
        assert (ours == x).all()
        for part, symbol in zip(parts, exercise.outputs[1:], strict=True):
            assert (part == getattr(state, symbol)).all()


def test_nesterov_walks_as_the_package_does_with_the_point_ahead_as_its_x():
    surface, package = rosenbrock, optimizers.Momentum(1e-3, 0.8, nesterov=True)
    previous = x = np.array(surface.start)
    ahead, state = x, package.start(x)
    for _ in range(50):
        ahead, state = package.update(ahead, surface.gradient(ahead), state)
        x, previous = EXERCISES["nesterov_step"].reference(x, previous, surface.gradient, 1e-3, 0.8), x
        np.testing.assert_allclose(x + 0.8 * (x - previous), ahead, rtol=1e-12)


def test_the_answers_that_are_numbers():
    """Any other rate or momentum has a larger spectral radius; the floor is measured; the gradient is a difference."""
    lr, beta = EXERCISES["best_momentum"].reference(0.5, 8.0)

    def radius(lr, beta):
        return max(
            np.abs(np.linalg.eigvals([[beta, lam], [-lr * beta, 1 - lr * lam]])).max() for lam in (0.5, 2.0, 8.0)
        )

    assert radius(lr, beta) == pytest.approx(np.sqrt(beta), rel=1e-6)
    for other in ((1.05 * lr, beta), (0.95 * lr, beta), (lr, 1.05 * beta), (lr, 0.95 * beta)):
        assert radius(*other) > 1.005 * radius(lr, beta)

    rng, x, squares = np.random.default_rng(1), np.zeros(4000), []
    for k in range(600):
        x = x - 0.3 * (1.5 * x + 2.0 * rng.normal(size=4000))
        squares.append((x**2).mean() if k >= 100 else np.nan)
    assert EXERCISES["noise_floor"].reference(0.3, 1.5, 2.0) == pytest.approx(np.nanmean(squares), rel=0.01)

    assert 0.9 ** EXERCISES["steps_to_forget"].reference(0.9, 0.2) == pytest.approx(0.2)
    X, y, w = rng.normal(size=(9, 3)), rng.normal(size=9), rng.normal(size=3)
    chosen = np.array([7, 0, 4, 4])
    slope = numerical_gradient(lambda w: 0.5 * ((X[chosen] @ w - y[chosen]) ** 2).mean(), w)
    np.testing.assert_allclose(EXERCISES["minibatch_gradient"].reference(X, y, w, chosen), slope, rtol=1e-6)
    ada, state = optimizers.Adagrad(0.3, eps=0), optimizers.Adagrad(0.3).start(w)
    for g in X:
        before = w
        w, state = ada.update(w, g, state)
    np.testing.assert_allclose(EXERCISES["effective_rates"].reference(X, 0.3), (before - w) / X[-1])


# --- right answers in other styles ---------------------------------------------------------------------------------


def on_copies(x, gradient, m, v, t, lr, beta1, beta2, eps):
    x, m, v = x.copy(), m.copy(), v.copy()
    m *= beta1
    m += (1 - beta1) * gradient
    v *= beta2
    v += (1 - beta2) * gradient**2
    x -= lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return [x, m, v]


def folded_form(x, gradient, m, v, t, lr, beta1, beta2, eps):
    m = m + (1 - beta1) * (gradient - m)
    v = v + (1 - beta2) * (gradient * gradient - v)
    root = (1 - beta2**t) ** 0.5
    return x - lr * root / (1 - beta1**t) * m / (v**0.5 + eps * root), m, v


def one_coordinate_at_a_time(x, gradient, m, v, t, *hyper):
    parts = [adam_step(*four, t, *hyper) for four in zip(x.flat, gradient.flat, m.flat, v.flat, strict=True)]
    return tuple(np.reshape(column, x.shape) for column in zip(*parts, strict=True))


def in_float32(x, gradient, m, v, t, *hyper):
    return adam_step(*(part.astype(np.float32) for part in (x, gradient, m, v)), t, *hyper)


class Callable:
    def __call__(self, *arguments):
        return adam_step(*arguments)


@pytest.mark.parametrize("answer", [on_copies, folded_form, one_coordinate_at_a_time, in_float32, Callable()])
def test_right_answers_in_other_styles(answer):
    assert judge(answer, EXERCISES["adam_step"]).kind == "right"


# --- odd answers ---------------------------------------------------------------------------------------------------


def blank(x, gradient, lr): ...


def in_place(x, gradient, lr):
    x -= lr * gradient
    return x


def crashing(x, gradient, lr):
    return x - lr * gradients  # noqa: F821


def one_number(x, gradient, lr):
    return float(np.sum(x - lr * gradient))


def a_word(x, gradient, lr):
    return "x"


def a_list(x, gradient, lr):
    return (x - lr * gradient).tolist()


def often_blank(x, gradient, lr):
    return x - lr * gradient if lr == 0.3 else None


def two_things(x, gradient, lr):
    return x - lr * gradient, lr


def complex_numbers(x, gradient, lr):
    return x - 1j * gradient


def caret(x, gradient, lr):
    return x - lr * gradient ^ 2


def endlessly_deep(x, gradient, lr):
    return endlessly_deep(x, gradient, lr)


def too_few_arguments(x):
    return x


def nearly(x, gradient, lr):
    return x - lr * gradient * (1 + 1e-6)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (blank, "not attempted", "gradient_step returns nothing so far. Does it end with return and the new x?"),
        (in_place, "mutated inputs", "changes its argument x, which the caller still needs"),
        (crashing, "crash", "return x - lr * gradients"),
        (crashing, "crash", "NameError: name 'gradients' is not defined"),
        (one_number, "known mistake", "all of the result is added up to one number. x must have shape (3,), yours has"),
        (a_word, "wrong shape", "x must hold real numbers, yours holds str"),
        (often_blank, "wrong shape", "returns nothing in some cases"),
        (two_things, "wrong shape", "return x alone; yours returns 2 things"),
        (a_list, "right", "With this line you can descend"),
        (complex_numbers, "wrong shape", "x must hold real numbers, yours holds complex128"),
        (lambda x, gradient, lr: True, "wrong shape", "x must hold real numbers, yours holds bool"),
        (lambda x, gradient, lr: 10**30, "wrong shape", "x must hold real numbers, yours holds int"),
        (endlessly_deep, "crash", "RecursionError"),
        (caret, "crash", "A power is written ** in Python."),
        (too_few_arguments, "crash", "cannot be called with the arguments of the exercise"),
        (nearly, "different", "For x = 1, gradient = 0.1, lr = 0.3, x should be 0.97; yours is 0.96999997."),
    ],
)
def test_odd_answers(answer, kind, words):
    verdict = judge(answer, EXERCISES["gradient_step"])
    assert verdict.kind == kind
    assert words in verdict.text
    assert verdict.text.count("\n") < 6


def mean_and_sign(x, factor, f):
    """Return the mean of f at factor times x, and the sign of x."""
    return f(factor * x).mean(), np.sign(x)


CALLED = Exercise(
    reference=mean_and_sign,
    cases=(Call({"x": ((1.0, -2.0), (0.5, 3.0)), "factor": 3.0, "f": np.abs}),),
    mistakes=(Mistake("the factor is missing", lambda x, factor, f: (f(x).mean(), np.sign(x)), "Multiply by it."),),
    hints=("a", "b", "c"),
    praise="Good.",
    outputs=("mean", "sign"),
)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (mean_and_sign, "Right. Good."),
        (lambda x, factor, f: (f(x).mean(), np.sign(x)), "Not yet: the factor is missing. Multiply by it."),
        (
            lambda x, factor, f: (f(factor * x).mean(), np.abs(np.sign(x))),
            "For x = [[ 1. , -2. ], [ 0.5,  3. ]], factor = 3, sign at [0, 1] should be -1; yours is 1.",
        ),
        (lambda x, factor, f: (1.7, np.sign(x)), "mean should be 4.875; yours is 1.7."),
        (lambda x, factor, f: (x, np.sign(x)), "mean must be a single number, yours has shape (2, 2)"),
    ],
)
def test_an_exercise_that_is_one_call(answer, words):
    assert words in judge(answer, CALLED).text.replace("\n", "")


def test_where_coordinates_depend_on_each_other_all_are_shown():
    """One score alone has the gradient 0, whatever it is; a coordinate of Adam's step is a problem by itself."""
    verdict = judge(lambda scores, label: scores, EXERCISES["softmax_gradient"])
    assert "For scores = [" in verdict.text and "gradient at [0] should be" in verdict.text
    verdict = judge(lambda x, *a: (x, *a[1:3]), EXERCISES["adam_step"])
    assert "For x = 1, gradient = 0.1, m = 0" in verdict.text and " at [" not in verdict.text


def test_an_answer_that_forgets_an_output():
    verdict = judge(lambda *a: adam_step(*a)[0], EXERCISES["adam_step"])
    assert verdict.kind == "wrong shape"
    assert verdict.text == "Not yet: return x, m, v, in this order; yours returns one ndarray."


def test_what_is_right_is_said_and_where_the_rest_comes_from():
    """The larger of root and eps, to the fourth power or so: no change of the library, and right without eps."""

    def answer(x, g, m, v, t, lr, beta1, beta2, eps):
        _, m, v = adam_step(x, g, m, v, t, lr, beta1, beta2, eps)
        root = np.sqrt(v / (1 - beta2**t))
        return x - lr * m / (1 - beta1**t) / (root**4 + eps**4) ** 0.25, m, v

    verdict = judge(answer, EXERCISES["adam_step"])
    assert verdict.kind == "located"
    assert "Your m and v are right. With eps = 0 your function is right: look at where eps stands." in verdict.text


def test_of_three_mistakes_those_are_named_that_show_in_an_output_of_their_own():
    verdict = judge(
        lambda x, gradient, m, v, t, lr, beta1, beta2, eps: (x - lr * gradient, m, v), EXERCISES["adam_step"]
    )
    assert verdict.kind == "known mistake"
    assert verdict.text.startswith("Not yet: your m and v come out so if the state is not handed on. For x = 1,")


def test_a_ragged_answer():
    ragged = judge(lambda x, *a: (x, [[1], [2, 3]], x), EXERCISES["adam_step"])
    assert (ragged.kind, "m must hold real numbers" in ragged.text) == ("wrong shape", True)


@pytest.mark.parametrize("what", [np.zeros(3), [], None, 3, "no_such_exercise"], ids=str)
def test_check_never_raises(what, capsys):
    assert check(what).kind == "not attempted"
    hint(what)
    solution(what)
    assert "The exercises are: adagrad_step," in capsys.readouterr().out.replace("\n", " ")


def test_check_prints_the_verdict_and_returns_it(capsys):
    def gradient_step(x, gradient, lr):
        return x - lr * gradient

    verdict = check(gradient_step)
    assert verdict.right
    assert capsys.readouterr().out == f"{verdict}\n"


def test_an_unknown_exercise_is_named(capsys):
    assert check(blank).kind == "not attempted"
    said = capsys.readouterr().out.replace("\n", " ")
    assert f"There is no exercise blank. The exercises are: {', '.join(sorted(EXERCISES))}." in said


def test_the_same_answer_gets_the_same_text_every_time():
    texts = {judge(nearly, EXERCISES["gradient_step"]).text for _ in range(3)}
    assert len(texts) == 1
