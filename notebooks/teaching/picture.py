"""Write race.png, the picture of the README: it is the one that lesson 00 stores for its explorer.

python notebooks/teaching/picture.py
"""

import base64
from pathlib import Path

import nbformat

HERE = Path(__file__).resolve().parent
PICTURE = HERE / "race.png"


def picture():
    """Return the stored picture of the race, as the bytes of a PNG."""
    lesson = nbformat.read(HERE.parent / "00_start_here.ipynb", as_version=4)
    race = next(cell for cell in lesson.cells if cell.id == "race")
    return base64.b64decode(race.outputs[0].data["image/png"])


if __name__ == "__main__":
    PICTURE.write_bytes(picture())
