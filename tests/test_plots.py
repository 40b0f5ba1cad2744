"""What a figure must show whoever looks at it: marks that differ in grey, divergence, a caption."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from adamcourse import plots
from adamcourse.descent import descend
from adamcourse.losses import bowl, ravine
from adamcourse.optimizers import ALL, Adam, GradientDescent


def luminance(color):
    """Relative luminance by the definition of WCAG 2.1."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_optimizers_are_told_apart_without_colour():
    looks = list(plots.STYLES.values())
    for attribute in ("label", "color", "line", "marker"):
        assert len({getattr(look, attribute) for look in looks}) == len(looks)


@pytest.mark.parametrize("style", plots.STYLES.values(), ids=plots.STYLES)
def test_colours_stand_out_from_white(style):
    """3:1 is WCAG's least contrast for graphics."""
    assert 1.05 / (luminance(style.color) + 0.05) >= 3


def test_every_optimizer_has_a_style_and_a_name():
    for kind in ALL:
        style = plots.style_of(kind(lr=0.1))
        assert style.label
    assert plots.style_of(Adam()).label == "Adam"


def test_a_figure_is_shown_with_its_caption(monkeypatch):
    shown = []
    monkeypatch.setattr(plots, "display", lambda *args, **kwargs: shown.append((args[0], kwargs)))
    fig, ax = plots.figure()
    plots.contours(ax, bowl)
    plots.show(fig, "The bowl from above.")
    (bundle, options), (caption, _) = shown
    picture = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert picture.size == (2000, 900)  # two pixels for each dot of the page
    alt = {"alt": "The bowl from above.", "width": 1000, "height": 450}
    assert options["metadata"]["image/png"] == alt
    assert bundle["text/plain"] == "The bowl from above."
    assert caption["text/markdown"] == "*The bowl from above.*"


def test_stored_pictures_keep_white_white_and_thin_lines_in_their_colour(monkeypatch):
    shown = []
    monkeypatch.setattr(plots, "display", lambda *args, **kwargs: shown.append(args[0]))
    fig, ax = plots.figure()
    plots.contours(ax, bowl)
    for style in plots.STYLES.values():
        plots.trajectory(ax, descend(bowl, Adam(0.1), (-0.5, 0.5), 5), style)
    plots.show(fig, "Six steps, in all colours.")
    before = np.asarray(fig.canvas.buffer_rgba())[..., :3].astype(int)
    after = Image.open(io.BytesIO(base64.b64decode(shown[0]["image/png"]))).convert("RGB")
    after = np.asarray(after, int)
    for color in ("#FFFFFF", plots.TARGET_COLOR, plots.STYLES["Momentum"].color, plots.STYLES["Adam"].color):
        rgb = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
        exact = (before == rgb).all(axis=2)
        assert exact.any()
        assert np.abs(after[exact] - rgb).mean() <= 8
    assert (after[(before == 255).all(axis=2)] == 255).all()


def test_a_diverged_run_is_marked():
    path = descend(ravine(100), GradientDescent(0.03), (0.0, 1.0), 60)
    fig, (left, right) = plots.figure(columns=2)
    plots.trajectory(left, path, plots.style_of(GradientDescent(0.03)))
    plots.loss_curve(right, path, plots.style_of(GradientDescent(0.03)))
    assert [text.get_text() for text in left.texts] == ["diverged at step 20"]
    assert right.lines[1].get_marker() == "x"
    fig.canvas.draw()


def test_the_axes_are_labelled():
    fig, (left, right) = plots.figure(columns=2)
    plots.contours(left, bowl)
    plots.loss_curve(right, descend(bowl, Adam(0.1), (0.5, 0.5), 5), plots.STYLES["Adam"])
    assert (left.get_xlabel(), left.get_ylabel()) == ("x", "y")
    assert (right.get_xlabel(), right.get_ylabel(), right.get_yscale()) == ("step", "loss", "log")
    fig, ax = plots.figure(projection="3d")
    plots.surface_3d(ax, bowl)
    assert ax.get_zlabel() == "f(x, y)"
