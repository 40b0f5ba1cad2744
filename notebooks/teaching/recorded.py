"""Record an explorer for pages and slides, where no Python runs: its main slider, its presets, and what they show.

The pictures are those of the live explorer, as sharp as LIMIT allows: the still part once, and what moves for each
place of the slider, the other controls at their first values, and for each preset. templates/page/recorded.js shows it.
"""

import base64
import io
import itertools
import json
from functools import cache
from importlib import import_module
from pathlib import Path

from PIL import Image

from adamcourse.explorers import controls, picture

PLACES = 61  # of the slider, and those of presets; of a longer range every second, third, ... step is recorded
PICTURES = Path(picture.__file__).with_name("pictures.js")
PLAYER = Path(__file__).parent / "templates" / "page" / "recorded.js"
LIMIT = 1_400_000  # characters of all pictures; with words, a record is shorter than 1.5 MB


@cache
def record(name):
    """Return what `recorded.js` needs to show the explorer with a name, as a dictionary.

    size : width and height of the picture.
    label : of the slider.
    note : what is recorded, in a sentence.
    playable : whether the slider can be played.
    challenge : task and praise, or None if no frame meets it.
    stills : PNG of what stands still, as base64.
    frames : a dictionary for each place of the slider, in order, and for each preset that is not one of them: `place`
        and `value` of the slider, the `others`, and what a browser is sent of a picture: `text`, `won`, `x`, `y`, the
        number of its `still`, and `png`, as base64.
    presets : numbers of frames by the name of a button.
    """
    explorer = getattr(import_module(f"adamcourse.explorers.{name}"), name)()
    least = -(-len(controls.steps(explorer.controls[explorer.main])) // PLACES)
    ways = itertools.chain([(2, least)], ((1, stride) for stride in itertools.count(least)))
    return next(found for pixels, stride in ways if (found := _recorded(explorer, pixels, stride)))


def _recorded(explorer, pixels, stride):
    """Return a record with so many pixels for each one of the page, of every so many steps; None if it is too long."""
    explorer.sharpen(pixels)
    slider, challenge = explorer.controls[explorer.main], explorer.challenge
    presets = {name: _settings(explorer, values) for name, values in explorer.presets.items()}
    places = _places(explorer, presets, stride)
    settings = [presets["Reset"] | {explorer.main: place} for place in places]
    settings += [values for values in presets.values() if values not in settings]
    stills, frames = {}, []
    for values in settings:
        shown = explorer.shown(**values)
        if shown.still not in stills:
            stills[shown.still] = _base64(shown.still)
        frames.append(_frame(explorer, values, places, shown, list(stills).index(shown.still)))
        if sum(map(len, stills.values())) + sum(len(frame["png"]) for frame in frames) > LIMIT:
            return None
    met = any(frame["won"] for frame in frames)
    note = f"Recorded: {len(places)} places of the slider, and the buttons; in JupyterLab all controls move."
    return {
        "size": explorer.picture.size,
        "label": slider.description,
        "note": note if met or challenge is None else f"{note} A challenge for there: {challenge.task}",
        "playable": isinstance(slider, controls.PlayedSlider),
        "challenge": challenge if met else None,
        "stills": list(stills.values()),
        "frames": frames,
        "presets": {name: settings.index(values) for name, values in presets.items()},
    }


def _settings(explorer, values):
    """Return the values of all controls: those of a preset, and the first ones of the others."""
    return {name: controls.rounded(value) for name, value in (explorer.presets["Reset"] | values).items()}


def _places(explorer, presets, stride):
    """Return every so many steps of the main slider, its end, and its places in presets that move nothing else."""
    steps = controls.steps(explorer.controls[explorer.main])
    alone = [x[explorer.main] for x in presets.values() if x == presets["Reset"] | {explorer.main: x[explorer.main]}]
    return sorted({*steps[::stride], steps[-1], *alone})


def _frame(explorer, values, places, shown, still):
    """Return a frame of a record: where the controls stand, and what is shown."""
    said = {name: _said(value) for name, value in values.items()}
    others = [f"{explorer.controls[name].description}: {said[name]}" for name in values if name != explorer.main]
    nearest = min(range(len(places)), key=lambda i: abs(places[i] - values[explorer.main]))
    controls_say = {"place": nearest, "value": said[explorer.main], "others": "; ".join(others)}
    picture = {"x": shown.overlay.x, "y": shown.overlay.y, "still": still, "png": _base64(shown.overlay.png)}
    return controls_say | shown.readout._asdict() | picture


def _said(value):
    """Return a control's value in words: three digits of a number, and 1,000 rather than 1e+03.

    >>> [_said(value) for value in (1258.9254, 3e-05, 60, True, "Adam")]
    ['1,260', '3e-05', '60', 'on', 'Adam']
    """
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{float(f'{value:.3g}'):,.10g}" if isinstance(value, float) else f"{value}"


def _base64(png):
    """Return a PNG, compressed as far as possible, as text."""
    file = io.BytesIO()
    Image.open(io.BytesIO(png)).save(file, "png", compress_level=9)
    return base64.b64encode(file.getvalue()).decode()


def html(record, still):
    """Return a record as a part of a page: the still picture, whose place the controls take, and the scripts for that.

    The scripts are not files of their own: from a folder, without a server, a browser does not load modules.
    """
    data = json.dumps(record).replace("<", r"\u003c")  # no text ends the script
    imports = json.dumps({"imports": {"pictures": f"data:text/javascript;base64,{_text64(PICTURES)}"}})
    return f"""<div class="explorer" data-prevent-swipe>{still}<script type="application/json">{data}</script></div>
<script type="importmap">{imports}</script>
<script type="module">{PLAYER.read_text(encoding="utf-8")}</script>"""


def _text64(file):
    return base64.b64encode(file.read_bytes()).decode()
