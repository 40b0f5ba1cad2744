"""The lessons: normal form, house rules, fresh pictures, and every exercise done right in a real kernel."""

import base64
import io
import json
import re
import sys
from statistics import median

import nbformat
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image

from adamcourse.exercises import EXERCISES
from notebooks.teaching import refresh

LESSONS = {file.stem: nbformat.read(file, as_version=4) for file in refresh.lessons()}
FILES = {file.stem: file for file in refresh.lessons()}
HEADINGS = ("The question", "Exercise", "Quiz", "What you can now say")
every_lesson = pytest.mark.parametrize("name", LESSONS)


def code(name):
    return [cell for cell in LESSONS[name].cells if cell.cell_type == "code"]


def prose(name):
    return "\n\n".join(cell.source for cell in LESSONS[name].cells if cell.cell_type == "markdown")


def outputs(name):
    return [output for cell in code(name) for output in cell.outputs]


def said(name):
    """All text in the outputs of a lesson."""
    texts = []
    for output in outputs(name):
        data = {k: v for k, v in output.get("data", {}).items() if k.startswith("text/")}
        texts += [output.get("text", ""), *data.values()]
    return "\n".join(texts)


def test_there_are_lessons():
    assert {"00_start_here", "01_descend_a_slope", "06_assemble_adam"} <= LESSONS.keys()


@every_lesson
def test_stored_in_normal_form(name):
    stored = nbformat.read(FILES[name], as_version=4)
    assert refresh.text_of(refresh.normalised(stored)) == FILES[name].read_text(encoding="utf-8")


@every_lesson
def test_executed_in_order_so_that_nbval_compares_something(name):
    assert [cell.execution_count for cell in code(name)] == list(range(1, len(code(name)) + 1))
    assert sum(bool(cell.outputs) for cell in code(name)) >= len(code(name)) / 2


FIRST = "import adamcourse  # if it is missing, run this in a cell: %pip install adamcourse"


@every_lesson
def test_the_first_cell_asks_for_the_course(name):
    assert code(name)[0].source == FIRST


def test_a_python_without_the_course_is_told_what_to_run(capsys, monkeypatch):
    """As on Colab: the message shows the line, and with it the remedy."""
    monkeypatch.setitem(sys.modules, "adamcourse", None)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)  # IPython warns where it is another one than this
    assert not InteractiveShell().run_cell(FIRST).success
    printed = capsys.readouterr().out
    assert "ModuleNotFoundError" in printed and "%pip install adamcourse" in printed


@every_lesson
def test_no_error_no_warning_and_nothing_of_this_machine_in_outputs(name):
    assert all(output.output_type != "error" and output.get("name") != "stderr" for output in outputs(name))
    for trace in (r"0x[0-9a-f]{6,}", r"/(home|root|tmp|Users|work)/", r"[A-Z]:\\", r"\d\d:\d\d:\d\d", "127.0.0.1"):
        assert not re.search(trace, said(name)), trace


@every_lesson
def test_every_figure_has_a_caption_and_alternative_text(name):
    for cell in code(name):
        for i, output in enumerate(cell.outputs):
            if "image/png" in output.get("data", {}):
                caption = output.metadata["image/png"]["alt"]
                assert len(caption) > 40
                assert cell.outputs[i + 1].data["text/markdown"] == f"*{caption}*"


@every_lesson
def test_figures_are_not_blank(name):
    for output in outputs(name):
        if "image/png" in output.get("data", {}):
            picture = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).convert("L")
            assert (np.asarray(picture) < 128).mean() > 0.001


@every_lesson
def test_cells_are_short(name):
    lengths = [len([line for line in cell.source.splitlines() if line.strip()]) for cell in code(name)]
    assert median(lengths) <= 5
    assert max(lengths) <= 20
    assert max(len(line) for cell in code(name) for line in cell.source.splitlines()) <= 90


@every_lesson
def test_cells_have_names_of_their_own(name):
    ids = [cell.id for cell in LESSONS[name].cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", i) and not re.fullmatch(r"[0-9a-f]{8}", i) for i in ids)


@every_lesson
def test_headings_are_there_and_in_order(name):
    headings = re.findall(r"^(#+) (.+)$", prose(name), flags=re.M)
    levels = [len(marks) for marks, _ in headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in zip(levels, levels[1:], strict=False))
    titles = [title for _, title in headings]
    assert [title for title in titles if title in HEADINGS] == list(HEADINGS)
    assert titles[0].startswith(name[:2] + " ")


@every_lesson
def test_the_opening_and_the_close(name):
    cells = LESSONS[name].cells
    assert all(phrase in cells[0].source for phrase in ("**You will**", "**You need**", "**It takes**"))
    assert "**Left open:**" in cells[-1].source
    assert "**Sources.**" in cells[-1].source
    assert len(re.findall(r"^\d\. ", cells[-1].source, flags=re.M)) == 4


@every_lesson
def test_the_length_is_that_of_an_hour(name):
    assert 500 <= len(prose(name).split()) <= 2000


@every_lesson
def test_links_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)]+)\)", prose(name)):
        assert (FILES[name].parent / target.split("#")[0]).exists(), target


@every_lesson
def test_every_lesson_has_its_parts(name):
    sources = "\n".join(cell.source for cell in code(name))
    assert f'quiz("{name[:2]}")' in sources
    assert f'quiz("{name[:2]} predict")' in sources
    assert "from adamcourse.explorers." in sources
    assert "check(" in sources


@every_lesson
def test_the_file_is_small(name):
    assert FILES[name].stat().st_size <= 600_000


# --- in a kernel ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=LESSONS)
def run(request):
    """A lesson executed from its start, for all tests that use it: its name, the outcome, the client of its kernel.

    Matrices are multiplied as on a processor of 2008, whose last digits differ: what is stored must not show them.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENBLAS_CORETYPE", "Nehalem")
        with refresh.running(LESSONS[request.param]) as client:
            yield request.param, json_copy(client.nb), client


@pytest.mark.usefixtures("pinned")
def test_stored_outputs_and_pictures_are_those_of_the_code(run):
    name, fresh, _ = run
    assert list(refresh.differences(json_copy(LESSONS[name]), refresh.normalised(fresh))) == []


def json_copy(notebook):
    return nbformat.from_dict(json.loads(json.dumps(notebook)))


def with_answers(run, answered):
    """Fill in the blanks, go on in the kernel from the first of them to the end, and return what the checks say."""
    name, _, client = run
    notebook = json_copy(LESSONS[name])
    blanks = [i for i, cell in enumerate(notebook.cells) if "exercise" in cell.metadata.get("tags", [])]
    for i in blanks:
        notebook.cells[i].source = answered(notebook.cells[i].source)
    for i in range(blanks[0], len(notebook.cells)):
        client.execute_cell(notebook.cells[i], i)
    return verdicts(notebook)


def verdicts(notebook):
    checks = [cell for cell in notebook.cells if cell.cell_type == "code" and re.search(r"\bcheck\(", cell.source)]
    return [cell.outputs[0].text for cell in checks]


def test_with_the_reference_answers_every_verdict_is_right(run):
    def reference(blank):
        return "import numpy as np\n" + EXERCISES[re.match(r"def (\w+)", blank)[1]].source

    printed = with_answers(run, reference)
    assert printed
    assert all(text.startswith("Right.") for text in printed)


def test_with_wrong_answers_the_lesson_still_runs_to_its_end(run):
    printed = with_answers(run, lambda blank: blank + "\n    return 1 / 0")
    assert printed
    assert all("ZeroDivisionError" in text for text in printed)


# --- the machinery -------------------------------------------------------------------------------------------------


def test_differences_are_found():
    """A changed text and a changed picture are both seen; a handful of changed pixels is not."""
    name = "01_descend_a_slope"
    stored = json_copy(LESSONS[name])
    assert list(refresh.differences(json_copy(stored), json_copy(stored))) == []
    changed = json_copy(stored)
    next(c for c in changed.cells if c.id == "rates").outputs[0].text += " "
    assert list(refresh.differences(json_copy(stored), changed)) == [
        "cell rates: source, metadata or text of the output"
    ]
    for pixels, expected in ((3, []), (60, ["cell bowl-contours: a picture"])):
        changed = json_copy(stored)
        output = next(c for c in changed.cells if c.id == "bowl-contours").outputs[0]
        picture = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).convert("RGB")
        picture.paste((255, 0, 0), (200, 200, 200 + pixels, 200 + pixels))
        file = io.BytesIO()
        picture.save(file, "png")
        output.data["image/png"] = base64.b64encode(file.getvalue()).decode()
        assert list(refresh.differences(json_copy(stored), changed)) == expected


@pytest.mark.parametrize(("size", "expected"), [((9, 9), []), ((9, 8), ["cell drawn: a picture"])])
def test_of_a_chaotic_picture_the_size_is_compared(size, expected):
    both = []
    for shape, colour in (((9, 9), "white"), (size, "black")):
        file = io.BytesIO()
        Image.new("RGB", shape, colour).save(file, "png")
        output = nbformat.v4.new_output("display_data", {"image/png": base64.b64encode(file.getvalue()).decode()})
        cell = nbformat.v4.new_code_cell("", id="drawn", metadata={"tags": ["chaotic"]}, outputs=[output])
        both.append(nbformat.v4.new_notebook(cells=[cell]))
    assert list(refresh.differences(*both)) == expected


@pytest.mark.parametrize(("printed", "same"), [("Call me", True), ("", False)])
def test_of_chaotic_text_is_compared_only_that_there_is_one(printed, same):
    for tags in ([], ["chaotic"]):
        cells = [
            nbformat.v4.new_code_cell("", id="c", metadata={"tags": tags}, outputs=[_stream(text)])
            for text in ("Loomings", printed)
        ]
        both = [nbformat.v4.new_notebook(cells=[cell]) for cell in cells]
        assert (list(refresh.differences(*both)) == []) == (same and bool(tags))


def _stream(text):
    return nbformat.v4.new_output("stream", name="stdout", text=text)


def test_what_depends_on_the_moment_is_dropped():
    cell = nbformat.v4.new_code_cell("1", metadata={"execution": {"iopub": "2026"}, "tags": ["exercise"]})
    stream = nbformat.v4.new_output("stream", name="stdout", text="a")
    view = nbformat.v4.new_output("display_data", data={refresh.WIDGET: {"model_id": "1"}, "text/plain": "b"})
    cell.outputs = [stream, json_copy(stream), view]
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})
    (cell,) = refresh.normalised(notebook).cells
    assert cell.metadata == {"tags": ["exercise"]}
    assert [output.get("text") or output.data for output in cell.outputs] == ["aa", {"text/plain": "b"}]
    assert notebook.metadata == {"kernelspec": refresh.KERNEL, "language_info": refresh.LANGUAGE}
