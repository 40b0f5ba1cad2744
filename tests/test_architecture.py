"""The promises of the layout: who may import whom, what costs nothing, and dependencies that agree."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from inspect import ismodule
from pathlib import Path

import pytest
import yaml

from conftest import companions

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "adamcourse"
# the order of the modules is told once, in the docstring of the package
ORDER = [*re.findall(r"^(\w+)  ", (PACKAGE / "__init__.py").read_text(), flags=re.M), "__main__"]
MODULES = sorted(PACKAGE.rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def imports(file):
    """Names of the course's own modules that a file imports."""
    tree = ast.parse(file.read_text())
    names = [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module]
    names += [f"{n.module}.{a.name}" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names]
    names += [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    return {name.split(".")[1] for name in names if name.startswith("adamcourse.")}


def module_of(file):
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


def test_every_module_has_its_place():
    assert {module_of(file) for file in MODULES} - {"__init__"} == set(ORDER)


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_each_module_imports_only_those_above_it(file):
    own = module_of(file)
    above = ORDER[: ORDER.index(own) + 1] if own in ORDER else []
    assert {name for name in imports(file) if name in ORDER} <= set(above)


def code_lines(file):
    """How many lines of code a file has, docstrings not counted; the exercises of a lesson are data."""
    if file.name.startswith("lesson_"):
        return 0
    owners = [
        n for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, (ast.Module, ast.ClassDef, ast.FunctionDef))
    ]
    texts = [ast.get_docstring(owner, clean=False) or "" for owner in owners]
    return filled(file.read_text()) - sum(map(filled, texts))


def filled(text):
    """How many lines of a text are not blank."""
    return sum(bool(line.strip()) for line in text.splitlines())


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_module_can_be_read_in_a_sitting(file):
    assert code_lines(file) <= 250


ROOMS = [file.parent for file in MODULES if file.name == "__init__.py" and file.parent != PACKAGE]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_lists_its_modules_and_each_imports_only_those_above_it(room):
    listed = re.findall(r"^(\w+)  +\S", ast.get_docstring(ast.parse((room / "__init__.py").read_text())), flags=re.M)
    listed = [name for name in listed if name != "lesson_NN"]  # there is one for each lesson
    names = [file.stem for file in room.glob("*.py") if not file.stem.startswith(("__", "lesson_"))]
    assert sorted(listed) == sorted(names)
    for file in room.glob("[!_]*.py"):
        used = re.findall(rf"^from adamcourse\.{room.name}(?:\.(\w+))? import (.+)$", file.read_text(), flags=re.M)
        used = {inner or name for inner, names in used for name in ([""] if inner else re.findall(r"\w+", names))}
        above = listed[: listed.index(file.stem)] if file.stem in listed else listed
        assert used & set(listed) <= set(above), file.stem


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_no_name_shadows_a_module(room):
    """With `from adamcourse.explorers import race` a reader would not know which of two they have."""
    modules = {file.stem for file in room.glob("*.py")}
    names = import_module(f"adamcourse.{room.name}")
    assert [name for name in modules if name in vars(names) and not ismodule(vars(names)[name])] == []


def test_no_ten_lines_are_written_twice():
    seen = {}
    for file in MODULES:
        lines = [line.strip() for line in file.read_text().splitlines() if line.strip()]
        for k in range(len(lines) - 9):
            window = tuple(lines[k : k + 10])
            assert window not in seen, f"{file.name} and {seen[window]}: {window[0]}"
            seen[window] = file.name


@pytest.mark.parametrize(
    "statement",
    ["import adamcourse", "from adamcourse.optimizers import Adam", "from adamcourse.datasets import load_digits"],
)
def test_importing_loads_neither_matplotlib_nor_ipywidgets(statement):
    script = f"{statement}; import sys; print(*({{'matplotlib', 'ipywidgets', 'IPython', 'PIL'}} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def bounds(requirement):
    name, rest = re.match(r"([\w-]+)([^;]*)", requirement).groups()
    return {"matplotlib-base": "matplotlib"}.get(name, name), rest


def test_environment_and_pyproject_agree():
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    conda = dict(bounds(entry) for entry in entries if isinstance(entry, str))
    assert entries[-1] == {"pip": ["-e ."]}
    assert conda.pop("pip")
    python = conda.pop("python")
    assert re.fullmatch(r"=3\.\d+", python)  # Binder's builder reads no other form
    assert tuple(map(int, python[1:].split("."))) >= (3, 11)
    assert PROJECT["requires-python"] == ">=3.11"
    assert conda == dict(map(bounds, PROJECT["dependencies"] + PROJECT["optional-dependencies"]["teach"]))


def test_every_dependency_has_a_lower_bound_and_a_reason():
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    declared = PROJECT["dependencies"] + [r for extra in PROJECT["optional-dependencies"].values() for r in extra]
    for requirement in declared:
        assert ">=" in requirement
        assert any(re.search(rf'"{re.escape(requirement)}",\s+# \S.{{10,}}', line) for line in lines), requirement
    for line in (ROOT / "environment.yml").read_text().splitlines():
        if re.match(r"  - [\w-]+[>=]", line):
            assert re.search(r"  # \S.{10,}", line), line


def test_constraints_pin_every_dependency_and_name_no_host():
    pins = (ROOT / "tests" / "constraints.txt").read_text()
    assert "://" not in pins
    for requirement in PROJECT["dependencies"] + [r for e in PROJECT["optional-dependencies"].values() for r in e]:
        assert re.search(rf"^{bounds(requirement)[0]}==", pins, flags=re.M), requirement


def test_start_knows_the_oldest_python():
    oldest = re.search(r"OLDEST = \((\d), (\d+)\)", (ROOT / "start.py").read_text()).groups()
    assert PROJECT["requires-python"] == ">=" + ".".join(oldest)


def test_code_is_formatted_and_linted():
    for command in (["format", "--check"], ["check"]):
        run = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", ROOT], capture_output=True, text=True
        )
        assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("notebooks/00_a.ipynb::Cell 0", "notebooks/00_a.ipynb::Cell 9", True),
        ("notebooks/00_a.ipynb::Cell 0", "notebooks/01_b.ipynb::Cell 0", False),
        ("tests/browser/test_lessons.py::test_x[00_a]", "tests/browser/test_explorers.py::test_y[dark-00_a]", True),
        ("tests/browser/test_lessons.py::test_x[00_a]", "tests/browser/test_lessons.py::test_x[01_b]", False),
        ("tests/browser/test_lessons.py::test_x[00_a]", "tests/test_notebooks.py::test_z[00_a]", False),
        ("tests/browser/test_recorded.py::test_x[00_a]", "tests/test_pages.py::test_z[00_a]", True),
        ("tests/browser/test_recorded.py::test_x[00_a]", "tests/test_recorded.py::test_z[00_a]", True),
        ("tests/browser/test_motion.py::test_x", "tests/browser/test_motion.py::test_y[race-steps]", True),
        ("tests/test_notebooks.py::test_x[00_a]", "tests/test_notebooks.py::test_y[00_a]", True),
        ("tests/test_notebooks.py::test_x[00_a]", "tests/test_notebooks.py::test_x[01_b]", False),
        ("tests/test_site.py::test_x[00_a]", "tests/browser/test_site.py::test_y[06_b]", True),
        ("tests/test_class_version.py::test_x[00_a]", "tests/test_class_version.py::test_y[hints-01_b]", True),
        ("tests/test_plots.py::test_x[00_a]", "tests/test_plots.py::test_y[00_a]", False),
    ],
)
def test_what_shares_something_slow_goes_to_one_worker(one, other, together):
    assert (companions(one) == companions(other)) == together


def public_objects():
    """Every public function and class of the package; wrong answers to exercises are explained by their Mistake."""
    for file in MODULES:
        if file.name.startswith("lesson_"):
            continue
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                yield f"{file.relative_to(PACKAGE)}:{node.name}", node


@pytest.mark.parametrize(
    ("where", "node"), list(public_objects()), ids=lambda part: part if isinstance(part, str) else ""
)
def test_public_names_have_docstrings_that_begin_with_a_sentence(where, node):
    text = ast.get_docstring(node)
    assert text, where
    assert re.match(r"[A-Z0-9].*?[.?:](\s|$)", text, flags=re.S), where


def test_no_function_is_long():
    for file in MODULES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                assert length <= 60, f"{file.name}:{node.name} has {length} lines"
