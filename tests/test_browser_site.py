"""The static site: the lessons, a wheel with its data, all that Pyodide lacks; and code that runs without threads."""

import ast
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from adamcourse import environment
from notebooks.teaching import browser_site, refresh
from tests.test_architecture import MODULES

ROOT = Path(__file__).parent.parent
IN_PYODIDE = {  # what the package and ipywidgets need of Pyodide 314.0.6, from its pyodide-lock.json
    "ipython": "9.12.0",
    "matplotlib": "3.10.8",
    "numpy": "2.4.6",
    "packaging": "26.1",
    "pillow": "12.2.0",
    "traitlets": "5.14.3",
}
ON_A_MACHINE = ("__main__", "server")  # the command, which opens a JupyterLab there
BEYOND_PYODIDE = {"concurrent", "ctypes", "multiprocessing", "select", "socket", "subprocess", "_thread"}


def read_json(file):
    return json.loads(file.read_text(encoding="utf-8"))


def indexed(index):
    """The wheels of an index: pairs of version and file by name."""
    wheels = {}
    for name, project in read_json(index).items():
        for version, ((release),) in project["releases"].items():
            wheels[name] = (version, index.parent / release["filename"], release)
    return wheels


# --- the site --------------------------------------------------------------------------------------------------------


def test_the_site_lists_every_lesson_and_the_glossary(site):
    listed = read_json(site / "api" / "contents" / "all.json")["content"]
    assert sorted(entry["path"] for entry in listed) == [*(file.name for file in refresh.lessons()), "glossary.md"]


def test_a_lesson_of_the_site_first_installs_the_course_and_then_is_the_lesson(site):
    for file in refresh.lessons():
        first, *others = nbformat.read(site / "files" / file.name, as_version=4).cells
        assert "%pip install -q adamcourse" in first.source
        shorter = [cell.id for cell in others if cell.source == browser_site.SHORTER]
        assert len(shorter) == (file.name[:2] == "09")
        assert [cell for cell in others if cell.id not in shorter] == nbformat.read(file, as_version=4).cells


def test_the_long_training_is_shorter_in_a_browser_and_the_lesson_goes_on():
    (file,) = refresh.lessons(["09"])
    names = {}
    for cell in browser_site.for_the_browser(nbformat.read(file, as_version=4)).cells[1:]:
        if cell.cell_type == "code":
            exec(cell.source, names)
        if cell.id == "recorded":
            break
    assert {len(training.history.minibatch_losses) for training in names["live"].values()} == {1200 // 60}


def test_the_wheel_is_indexed_with_its_data(site):
    _, wheel, release = indexed(site / "pypi" / "all.json")["adamcourse"]
    assert release["digests"]["sha256"] == hashlib.sha256(wheel.read_bytes()).hexdigest()
    with zipfile.ZipFile(wheel) as archive:
        for file in (ROOT / "data").glob("*.*"):
            assert archive.read(f"adamcourse/data/{file.name}") == file.read_bytes()
        (record,) = (archive.read(name).decode() for name in archive.namelist() if name.endswith("/RECORD"))
        assert sorted(line.split(",")[0] for line in record.splitlines()) == sorted(archive.namelist())
        assert not [name for name in archive.namelist() if name.endswith(".ipynb")]


def test_the_kernel_looks_at_the_index_and_nowhere_else(site):
    settings = read_json(site / "jupyter-lite.json")["jupyter-config-data"]["litePluginSettings"]
    kernel = settings[f"{browser_site.PYODIDE_KERNEL}:kernel"]
    assert kernel["disablePyPIFallback"] is True
    for address in kernel["pipliteUrls"]:
        assert (site / address.split("?")[0]).is_file()
    assert kernel["pipliteUrls"][0].startswith("./pypi/all.json")


def test_all_that_the_package_needs_is_on_the_site_or_in_pyodide(site):
    kernel_wheels = site / "extensions" / browser_site.PYODIDE_KERNEL / "static" / "pypi" / "all.json"
    found = {name: version for name, (version, *_) in indexed(kernel_wheels).items()} | IN_PYODIDE
    carried = indexed(site / "pypi" / "all.json")
    found |= {name: version for name, (version, *_) in carried.items()}
    for name, (_, wheel, _) in carried.items():
        for needed in requirements(wheel):
            version = found.get(canonicalize_name(needed.name))
            assert version, f"{name} needs {needed}, which the visitor's browser does not find"
            assert needed.specifier.contains(version), f"{name} needs {needed}, found {version}"


def requirements(wheel):
    """What a wheel needs in the browser, extras left out."""
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(metadata).decode().splitlines()
    declared = [Requirement(line.removeprefix("Requires-Dist: ")) for line in lines if line.startswith("Requires-Dist")]
    browser = {"extra": "", "sys_platform": "emscripten", "platform_system": "Emscripten"}
    return [needed for needed in declared if needed.marker is None or needed.marker.evaluate(browser)]


@pytest.mark.parametrize(("name", "public"), [("comm", "create_comm"), ("psygnal", "Signal")])
def test_a_wheel_that_is_written_again_holds_what_was_installed(name, public, tmp_path):
    """Also where compiled parts were left out, as of psygnal."""
    browser_site.write_wheel(name, tmp_path)
    (wheel,) = tmp_path.glob(f"{name}-*-py3-none-any.whl")
    script = f"import sys; sys.path.insert(0, {str(wheel)!r}); import {name}; print({name}.__file__, {name}.{public})"
    run = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True)
    assert run.stdout.startswith(str(wheel)), run.stderr


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(SystemExit):
        browser_site.main([str(tmp_path)])
    assert "it holds something else" in capsys.readouterr().err
    assert (tmp_path / "thesis.tex").exists()


# --- what Pyodide cannot do ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file", [file for file in MODULES if file.stem not in ON_A_MACHINE], ids=lambda file: file.stem
)
def test_the_package_starts_no_thread_or_process_and_opens_no_socket(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    modules = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    spared = {"select"} if file.stem == "running" else set()  # imported there, but used beside a second process only
    assert not {name.split(".")[0] for name in modules} & BEYOND_PYODIDE - spared
    used = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    for module, allowed in {"threading": {"RLock", "get_ident"}, "asyncio": {"get_running_loop"}}.items():
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == module]
        assert {node.attr for node in used if node.value.id == module} <= allowed


WITHOUT = """
import os, signal, socket, subprocess, threading

def cannot(error):
    def raises(*arguments, **options):
        raise error
    return raises

threading.Thread.start = cannot(RuntimeError("can't start new thread"))
signal.signal = cannot(ValueError("signal only works in main thread of the main interpreter"))
subprocess.Popen.__init__ = socket.socket.__init__ = cannot(OSError("not supported"))
"""
USED = """
from adamcourse.datasets import load_digits
from adamcourse.exercises import check
from adamcourse.exercises.quizzes import quiz
from adamcourse.explorers.race import race
from adamcourse.networks import Dense
from adamcourse.networks import Network
from adamcourse.optimizers import Adam
from adamcourse.training import Training

train, test = load_digits()
training = Training(Network([Dense(10)], (784,)), Adam(), (train.images[:600], train.labels[:600]), test)
print(len(training.run_until(epochs=1, progress=True).minibatch_losses), "losses")

def gradient_step(x, gradient, lr):
    return x - lr * gradient

check(gradient_step)
quiz("00")
race()
"""


def test_training_exercises_quizzes_and_explorers_run_without_threads_processes_sockets_and_signals():
    run = subprocess.run([sys.executable, "-c", WITHOUT + USED], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "10 losses" in run.stdout and "Right." in run.stdout
    assert "Warning" not in run.stderr


def test_in_the_browser_jupyterlab_is_not_missed(monkeypatch):
    monkeypatch.setattr(environment.metadata, "version", lambda name: "1.0" if name == "jupyterlab" else "99")
    assert environment.missing() == ["jupyterlab<5,>=4.4"]
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert environment.missing() == []
