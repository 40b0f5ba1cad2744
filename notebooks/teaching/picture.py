"""Write race.gif, the moving picture of the README: the explorer of lesson 00, played once from step to step.

python notebooks/teaching/picture.py
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from adamcourse.explorers.race import race

PICTURE = Path(__file__).resolve().parent / "race.gif"
STEPS = np.unique(np.geomspace(1, 60, 36).round().astype(int)).tolist()  # the first ones one by one: there most happens
WIDTH, MILLISECONDS = 780, 160


def frames():
    """Return the pictures of the race after each of some steps, as images in colour."""
    explorer, pictures = race(), []
    for steps in STEPS:
        explorer.set(steps=steps)
        explorer.update()
        explorer.shown()
        picture = Image.fromarray(np.asarray(explorer.fig.canvas.buffer_rgba())).convert("RGB")
        pictures.append(picture.resize((WIDTH, WIDTH * picture.height // picture.width), Image.Resampling.LANCZOS))
    return pictures


def moving(pictures):
    """Return images as the bytes of a GIF that plays once and stops at the last one, all in the colours of that one."""
    colours = pictures[-1].quantize(256, Image.Quantize.FASTOCTREE, dither=0)
    first, *others = (picture.quantize(palette=colours, dither=0) for picture in pictures)
    file = io.BytesIO()
    first.save(file, "gif", save_all=True, append_images=others, duration=MILLISECONDS, optimize=True)
    return file.getvalue()


if __name__ == "__main__":
    PICTURE.write_bytes(moving(frames()))
