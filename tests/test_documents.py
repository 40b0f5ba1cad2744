"""README and its companions: every link leads somewhere, every command and number is true."""

import io
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import yaml
from PIL import Image

import adamcourse
from adamcourse.datasets import SHA256
from adamcourse.exercises import EXERCISES
from notebooks.teaching import picture, refresh
from tests.test_architecture import MODULES, code_lines
from tests.test_notebooks import HEADINGS, LESSONS
from tests.test_optimizers import CASES, EXPRESSIBLE, nearest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    file
    for place in ("*", "data/*", "notebooks/*", "notebooks/teaching/*")
    for file in sorted(ROOT.glob(f"{place}.md"))
]
PLACES = (ROOT, ROOT / "adamcourse", ROOT / "notebooks" / "teaching", ROOT / "data")
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_files_that_are_named_exist(document):
    text = document.read_text(encoding="utf-8")
    for name in re.findall(r"`((?![\w./-]*NN)[\w./-]+\.(?:py|md|toml|yml|txt|json|npz|png|cff))`", text):
        assert any((place / name).exists() for place in PLACES), name
    for script in re.findall(r"python ((?:[\w]+/)*\w+\.py)", text):
        assert (ROOT / script).exists(), script


def test_the_two_commands_come_first_and_stand_alone():
    block = README.split("```")[1].strip().splitlines()
    assert [line.split("  ")[0] for line in block] == ["python start.py", "python start.py test"]
    assert README.index("```") < 1000


def test_the_table_lists_every_lesson():
    linked = re.findall(r"\(notebooks/(\d\d_\w+\.ipynb)\)", README)
    assert linked == [file.name for file in refresh.lessons()]


def test_the_minutes_in_the_table_are_those_of_the_lessons():
    for file in refresh.lessons():
        minutes = re.search(r"\*\*It takes\*\* (\d+) minutes", file.read_text(encoding="utf-8")).group(1)
        assert re.search(rf"{file.name}\) \| {minutes} \|", README), file.name


def test_the_example_runs(capsys):
    exec(re.search(r"```python\n(.*?)```", README, flags=re.S).group(1), {})
    assert capsys.readouterr().out.startswith("[1. 1.]")


def test_the_numbers():
    agree = sum(nearest(case)[1] is None for _, case in EXPRESSIBLE)
    assert f"agree with {agree} recorded runs" in README
    assert f"differ from {len(EXPRESSIBLE) - agree} others" in README
    assert f"reproduces all {len(CASES)} runs" in README  # each is a test in test_dialects.py
    assert f"{len(EXERCISES['adam_step'].mistakes)} wrong ways to write Adam" in README


def test_the_package_is_as_small_as_it_says():
    lines = sum(map(code_lines, MODULES))
    assert f"{round(lines, -2):,} lines of code" in README


def test_the_moving_picture_is_small_plays_once_and_shows_the_race():
    assert re.search(r"!\[.{60,}\]\(notebooks/teaching/race.gif\)", README)
    assert picture.PICTURE.stat().st_size < 500_000
    stored, drawn = Image.open(io.BytesIO(picture.PICTURE.read_bytes())), picture.frames()
    assert "loop" not in stored.info
    assert stored.n_frames == len(drawn) and len(drawn) * picture.MILLISECONDS < 5000  # longer ones need a pause button
    for number, frame in enumerate(drawn):
        stored.seek(number)
        far = np.abs(np.asarray(stored.convert("L"), int) - np.asarray(frame.convert("L"), int)) > 40
        assert far.mean() < 0.002, f"frame {number}: run python notebooks/teaching/picture.py"


SHOWN_LATER = {"seven-1", "short", "loop"}  # the first of seven steps; a training; a loop that PyTorch has run, too


def shows_something(cell):
    return cell.cell_type == "markdown" or cell.outputs or cell.id in SHOWN_LATER


def titles_above(cells):
    """Return for each cell, by its id, the title of the section in which it stands."""
    sections, title = {}, None
    for cell in cells:
        found = re.findall(r"^#+ (.+)$", cell.source, flags=re.M) if cell.cell_type == "markdown" else []
        sections[cell.id] = title = found[-1] if found else title
    return sections


@pytest.mark.parametrize("document", ["article.md", "guide.md", "questions.md"])
def test_cells_that_are_named_beside_a_lesson_show_something_and_lead_to_their_section(document):
    text = (ROOT / "notebooks" / "teaching" / document).read_text(encoding="utf-8")
    named = re.findall(r"\[`([a-z0-9-]+)`\]\(\.\./(\w+)\.ipynb#([^)]+)\)", text)
    assert len(named) > 30
    for name, lesson, section in named:
        cells = LESSONS[lesson].cells
        assert any(map(shows_something, [cell for cell in cells if cell.id == name])), (lesson, name)
        assert section == titles_above(cells)[name].replace(" ", "-"), (lesson, name)
    rows = [row for row in text.splitlines() if ".ipynb" in row]
    cells = {cell.id for lesson in LESSONS.values() for cell in lesson.cells}
    assert cells & set(re.findall(r"(?<!\[)`([a-z0-9-]+)`", "\n".join(rows))) == set()  # none is named without its way


def test_how_to_write_a_lesson_is_written_like_one():
    text = (ROOT / "notebooks" / "teaching" / "writing.md").read_text(encoding="utf-8")
    titles = re.findall(r"^## (.+)$", text, flags=re.M)
    assert [title for title in titles if title in HEADINGS] == list(HEADINGS)
    opening, close = text.split("## ")[0], text.split("## ")[-1]
    assert all(phrase in opening for phrase in ("**You will**", "**You need**", "**It takes**"))
    assert "**Left open:**" in close and "**Sources.**" in close
    assert len(re.findall(r"^\d\. ", close, flags=re.M)) == 4
    frame = re.search(r"keep the cells (.+) as a frame", text)[1]
    cells = {cell.id for cell in nbformat.read(refresh.lessons(["06"])[0], as_version=4).cells}
    assert set(re.findall(r"`([\w-]+)`", frame)) <= cells


def test_the_vendored_library_is_the_one_that_is_named():
    script = ROOT / "notebooks" / "teaching" / "templates" / "deck" / "reveal.js"
    version = re.search(r"reveal\.js (\d+\.\d+)", script.read_text(encoding="utf-8"))[1]
    assert f"reveal.js {version}." in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert (script.parent / "reveal-LICENSE").read_text(encoding="utf-8").startswith("Copyright (C) 2011-2024 Hakim")


def test_versions_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == adamcourse.__version__
    assert f"## {adamcourse.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_checksums_in_the_text_are_those_that_are_checked():
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    assert all(checksum in text for checksum in SHA256.values())
    assert all(f"| `{name}` |" in text for name in SHA256 if not name.startswith("recorded/"))


GLOSSARY = (ROOT / "notebooks" / "glossary.md").read_text(encoding="utf-8")
TERMS = re.findall(
    r"^\| ([^|]{3,}) \| [^|]+ \| \[(\d\d)\]\((\w+\.ipynb)\) \|$", GLOSSARY.split("## Letters")[0], flags=re.M
)
LETTERS = re.findall(r"^\| ([^|]+) \| [^|]+ \| \[(\d\d)\]", GLOSSARY.split("## Letters")[1], flags=re.M)
NAMED = {
    "α": r"\alpha",
    "β": r"\beta",
    "ε": r"\varepsilon",
    "κ": r"\kappa",
    "λ": r"\lambda",
    "ρ": r"\rho",
    "σ": r"\sigma",
    "m̂": r"\hat m",
}
PREVIEWED = {"momentum", "ravine", "Muon"}  # lessons 00 and 15 name them, and say that they come later


def prose(number):
    """Return the text cells of a lesson, without its frame of links."""
    (file,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    cells = [cell.source for cell in nbformat.read(file, as_version=4).cells if cell.cell_type == "markdown"]
    return "\n".join(text for text in cells if not text.startswith(("# ", "**Left open", "## What you can now do")))


@pytest.mark.parametrize(("term", "number", "file"), TERMS)
def test_a_lesson_explains_each_term_of_the_glossary_and_none_uses_it_before(term, number, file):
    assert (ROOT / "notebooks" / file).exists() and file.startswith(number)
    longer = [
        other for other, *_ in TERMS if term in other and term != other
    ]  # softmax regression comes before softmax
    word = re.escape(term)
    assert re.search(rf"\*\*{word}\*\*", prose(number), flags=re.I), f"{term} does not stand in bold"
    for earlier in range(int(number)):
        text = re.sub("|".join(longer) or "$^", "", prose(f"{earlier:02}"))
        assert term in PREVIEWED or not re.search(rf"\b{word}\b", text, flags=re.I), (term, earlier)


def test_the_glossary_is_in_order_and_says_each_term_once():
    terms = [term.lower() for term, *_ in TERMS]
    assert len(terms) > 60 and terms == sorted(set(terms))


@pytest.mark.parametrize(("letters", "number"), LETTERS)
def test_a_letter_of_the_glossary_comes_first_in_its_lesson(letters, number):
    letter = letters.split(",")[0]
    sign = re.escape(NAMED[letter]) + r"(?![a-z])" if letter in NAMED else rf"(?<![\\a-z{{]){letter}(?![a-z}}])"
    numbers = [file.name[:2] for file in refresh.lessons()]
    used = [n for n in numbers if any(re.search(sign, part) for part in prose(n).split("$")[1::2])]
    assert used[0] == number
