"""Execute the lessons and store them in one normal form: the executed notebook is the only source.

    python notebooks/teaching/refresh.py            execute and store every lesson
    python notebooks/teaching/refresh.py 01 06      only these
    python notebooks/teaching/refresh.py --check    execute, store nothing, and say where a stored lesson differs

The normal form keeps outputs and pictures, so that a reader without a kernel sees every figure. It drops what depends
on time, machine or kernel: timestamps, widget state and the views of live widgets, the version of Python.

Some trainings magnify every difference until even the order in which a processor adds is seen. A cell that shows one
has the tag "chaotic": of its picture only the size is compared, and of its text only that there is one. If it prints
some, it has nbval's own tag "nbval-ignore-output" besides.
"""

import argparse
import base64
import copy
import io
import os
import sys
from contextlib import contextmanager
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient
from PIL import Image

LESSONS = Path(__file__).resolve().parent.parent
WIDGET = "application/vnd.jupyter.widget-view+json"
KEPT_METADATA = {"tags", "slideshow", "nbgrader"}
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}
TIMEOUT = 60  # seconds a cell may take
PIXEL_SHARE, PIXEL_STEP = 0.002, 48  # of two pictures, so few pixels may differ by more than so many of 255 grey levels


class Client(NotebookClient):
    """Executes a notebook without following Output widgets, which the course does not use and nbclient stalls on."""

    def on_comm_open_jupyter_widget(self, msg):
        return None


def lessons(numbers=()):
    """Return the files of the lessons, in order; only those whose number is given, if any is."""
    return [file for file in sorted(LESSONS.glob("[0-9][0-9]_*.ipynb")) if not numbers or file.name[:2] in numbers]


def executed(notebook):
    """Return a copy of a notebook, executed from the start in a new kernel of this environment."""
    with running(notebook) as client:
        return client.nb


@contextmanager
def running(notebook):
    """Give the client that has executed a copy of a notebook from the start; its kernel lives as long as the block."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata.kernelspec = dict(KERNEL)
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    os.environ["TQDM_DISABLE"] = "1"  # a progress bar is different in every run
    os.environ["ADAMCOURSE_PROGRESS"] = "off"  # and what is done, for every learner
    client = Client(notebook, timeout=TIMEOUT, resources={"metadata": {"path": str(LESSONS)}})
    with client.setup_kernel():
        client.execute(cleanup_kc=False)
        yield client


def normalised(notebook):
    """Return a notebook in normal form, changed in place."""
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": LANGUAGE})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in KEPT_METADATA & cell.metadata.keys()})
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
        if cell.cell_type == "code":
            cell.outputs = _merged(cell.outputs)
    return notebook


def _merged(outputs):
    """Join what a cell printed in several pieces: where it is cut depends on the moment."""
    merged = []
    for output in outputs:
        if merged and output.output_type == "stream" and merged[-1].get("name") == output.name:
            merged[-1].text += output.text
        else:
            merged.append(output)
    return merged


def text_of(notebook):
    """Return a notebook as it is stored, with a newline at the end."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def differences(stored, fresh):
    """Yield a line for each cell of a stored notebook that differs from a fresh one, pictures compared by pixels."""
    if len(stored.cells) != len(fresh.cells):
        yield f"{len(stored.cells)} cells stored, {len(fresh.cells)} executed"
        return
    if stored.metadata != fresh.metadata:
        yield "the notebook's metadata is not in normal form"
    for old, new in zip(stored.cells, fresh.cells, strict=True):
        old_pictures, new_pictures = _take_pictures(old), _take_pictures(new)
        chaotic = "chaotic" in new.metadata.get("tags", [])
        share = np.inf if chaotic else PIXEL_SHARE
        if chaotic:
            _take_text(old), _take_text(new)
        if old != new:
            yield f"cell {new.id}: source, metadata or text of the output"
        elif not all(_alike(*pair, share) for pair in zip(old_pictures, new_pictures, strict=True)):
            yield f"cell {new.id}: a picture"


def _take_pictures(cell):
    """Remove the pictures from a cell's outputs and return them; a mark stays in their place."""
    pictures = []
    for output in cell.get("outputs", []):
        if "image/png" in output.get("data", {}):
            pictures.append(output.data["image/png"])
            output.data["image/png"] = "picture"
    return pictures


def _take_text(cell):
    """Put a mark in the place of what a cell has printed."""
    for output in cell.get("outputs", []):
        if output.output_type == "stream" and output.text.strip():
            output.text = "text"


def _alike(a, b, share):
    """Do two pictures differ in a small share of their pixels, as another version of the font library may make them?"""
    if a.strip() == b.strip():
        return True
    a, b = (np.asarray(Image.open(io.BytesIO(base64.b64decode(p))).convert("L"), int) for p in (a, b))
    return a.shape == b.shape and (np.abs(a - b) > PIXEL_STEP).mean() < share


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Execute the lessons and store them in normal form.")
    parser.add_argument("numbers", nargs="*", help="of the lessons, such as 01 06; without any, all")
    parser.add_argument("--check", action="store_true", help="store nothing, and say where a stored lesson differs")
    options = parser.parse_args(arguments)
    found = False
    for file in lessons(options.numbers):
        stored = nbformat.read(file, as_version=4)
        fresh = normalised(executed(stored))
        if options.check:
            for line in differences(stored, fresh):
                found = True
                print(f"{file.name}: {line}")
        else:
            file.write_text(text_of(fresh), encoding="utf-8")
            print(f"{file.name}: stored")
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
