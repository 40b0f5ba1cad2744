"""Write the course as a static site on which Python runs in the browser alone, with JupyterLite and Pyodide.

    python notebooks/teaching/browser_site.py            into the folder lite
    python notebooks/teaching/browser_site.py FOLDER     into another one, which is replaced

The site has the lessons, the package with its data, and what the package needs and Pyodide lacks, in the versions that
are installed here. Pyodide itself, which is Python and NumPy for browsers, the visitor's browser fetches.
"""

import argparse
import copy
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path

import nbformat

from notebooks.teaching import refresh

ROOT = refresh.LESSONS.parent
FOLDER = ROOT / "lite"
GLOSSARY = Path(refresh.__file__).parent.parent / "glossary.md"
SETTINGS = ROOT / ".jupyter" / "labconfig" / "default_setting_overrides.json"
PYODIDE_KERNEL = "@jupyterlite/pyodide-kernel-extension"
EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "anywidget", PYODIDE_KERNEL)  # what the lessons use
CARRIED = ("ipywidgets", "jupyterlab_widgets", "anywidget", "psygnal", "typing_extensions", "comm", "tqdm")
IN_THE_WHEEL = "adamcourse/lessons/"
COMPILED = (".pyc", ".so", ".pyd")
CONFIG = {
    "jupyter-lite-schema-version": 0,
    "jupyter-config-data": {
        "appName": "adamcourse",
        "litePluginSettings": {f"{PYODIDE_KERNEL}:kernel": {"disablePyPIFallback": True}},  # all it needs is carried
    },
}
KERNEL = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
INSTALL = """\
# Python runs in your browser here. This cell gives it the course.
%pip install -q adamcourse"""
LONG = "live[name].run_until(EPOCHS"  # the training of lesson 09, on 8,000 digits
SHORTER = """\
# In a browser an epoch of the next cell takes minutes. Here it has 1,200 digits, and ends farther from the record.
train = type(train)(train.images[:1200], train.labels[:1200])"""


def for_the_browser(notebook):
    """Return a copy of a lesson for a kernel in the browser: it installs the course, and trains on less where it must.

    What takes seconds on a machine may take minutes there, for want of threads and of fast products of matrices.
    """
    notebook = copy.deepcopy(notebook)
    notebook.metadata.kernelspec = nbformat.from_dict(KERNEL)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(INSTALL, id="browser-install"))
    for place, cell in enumerate(notebook.cells):
        if LONG in cell.source:
            notebook.cells.insert(place, nbformat.v4.new_code_cell(SHORTER, id="browser-shorter"))
            break
    return notebook


def write_wheel(name, folder):
    """Write an installed package as a wheel again: without network, in the version tested here, without compiled parts.

    Of these packages the same modules lie beside the compiled ones, as Python.
    """
    package = metadata.distribution(name)
    with zipfile.ZipFile(folder / f"{name}-{package.version}-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in package.files:
            if ".." not in file.parts and file.suffix not in COMPILED:  # JupyterLab's part of it lies outside
                wheel.write(file.locate(), str(file))


def leave_out_lessons(folder):
    """Write the course's wheel in a folder anew, without the lessons: on the site they lie where they are opened."""
    (file,) = folder.glob("adamcourse-*.whl")
    with zipfile.ZipFile(file) as wheel:
        contents = {name: wheel.read(name) for name in wheel.namelist() if not name.startswith(IN_THE_WHEEL)}
    (record,) = (name for name in contents if name.endswith("/RECORD"))
    lines = contents[record].splitlines(keepends=True)
    contents[record] = b"".join(line for line in lines if not line.startswith(IN_THE_WHEEL.encode()))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in contents.items():
            wheel.writestr(name, content)


def write_sources(folder):
    """Write what the site is built from: lessons, wheels, settings."""
    for part in ("lessons", "pypi"):
        (folder / part).mkdir()
    for file in refresh.lessons():
        lesson = for_the_browser(nbformat.read(file, as_version=4))
        (folder / "lessons" / file.name).write_text(refresh.text_of(lesson), encoding="utf-8")
    shutil.copy(GLOSSARY, folder / "lessons")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder / "pypi")]
    run(build, cwd=ROOT)
    leave_out_lessons(folder / "pypi")
    for name in CARRIED:
        write_wheel(name, folder / "pypi")
    (folder / "jupyter-lite.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    shutil.copy(SETTINGS, folder / "overrides.json")


def write_site(folder):
    """Write the site into a folder; one that is there is replaced."""
    extensions = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
    with tempfile.TemporaryDirectory() as sources:
        write_sources(Path(sources))
        command = [sys.executable, "-m", "jupyterlite_core", "build", "--apps", "lab", "--contents", "lessons"]
        command += ["--no-sourcemaps", "--no-unused-shared-packages", "--no-libarchive", "--ignore-sys-prefix"]
        command += [f"--LiteBuildConfig.federated_extensions={extensions / name}" for name in EXTENSIONS]
        run([*command, "--output-dir", str(Path(sources) / "site")], cwd=sources)
        replace(folder, Path(sources) / "site")


def run(command, cwd):
    """Run a command in a folder; RuntimeError with what it printed if it fails."""
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}")


def replace(folder, made):
    """Put the folder that was made in the place of one that may be there."""
    if folder.exists():
        shutil.rmtree(folder)
    shutil.move(made, folder)


def chosen_folder(arguments, description, default, mark):
    """Return the folder that a command line names, which is free or, by a file that marks one, holds such a site."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", nargs="?", type=Path, default=default, help=f"default {default.name}; it is replaced")
    folder = parser.parse_args(arguments).folder
    is_free = not folder.exists() or folder.is_dir() and not any(folder.iterdir())
    if not is_free and not (folder / mark).exists():
        parser.error(f"folder = {folder}: it holds something else; name a new or empty folder, or one with a site")
    return folder


def main(arguments=None):
    description = "Write the course as a static site that runs in the browser alone."
    folder = chosen_folder(arguments, description, FOLDER, mark="jupyter-lite.json")
    write_site(folder)
    print(f"{folder}: written. To see it: python -m http.server --directory {folder}")


if __name__ == "__main__":
    sys.exit(main())
