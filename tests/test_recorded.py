"""Recorded explorers: short enough, complete, and clear about what waits where Python runs."""

import base64
import io
import json
import re

import pytest
from PIL import Image

from adamcourse.explorers.controls import PlayedSlider, steps
from notebooks.teaching import recorded
from tests.test_explorers import MADE, in_lesson
from tests.test_pages import LESSONS

every_lesson = pytest.mark.parametrize("lesson", LESSONS)


@every_lesson
def test_it_is_short_and_has_each_place_or_at_least_thirty(lesson):
    (name,) = in_lesson(lesson)
    record, explorer = recorded.record(name), MADE[name]
    assert len(json.dumps(record)) <= 1.5e6
    places = 1 + max(frame["place"] for frame in record["frames"])
    assert places >= min(30, len(steps(explorer.controls[explorer.main])))
    assert f"{places} places" in record["note"]
    assert record["playable"] == isinstance(explorer.controls[explorer.main], PlayedSlider)


@every_lesson
def test_a_challenge_that_no_frame_meets_waits_where_python_runs(lesson):
    (name,) = in_lesson(lesson)
    record, challenge = recorded.record(name), MADE[name].challenge
    met = any(frame["won"] for frame in record["frames"])
    assert record["challenge"] == (challenge if met else None)
    assert record["note"].endswith(challenge.task) == (not met)


@pytest.mark.parametrize(("lesson", "pixels"), [("00_start_here", 1), ("06_assemble_adam", 2)])
def test_pictures_are_as_sharp_as_there_is_room_for(lesson, pixels):
    (name,) = in_lesson(lesson)
    record = recorded.record(name)
    size = Image.open(io.BytesIO(base64.b64decode(record["stills"][0]))).size
    assert size == tuple(pixels * length for length in record["size"])


def test_no_text_of_a_record_ends_the_script_that_it_stands_in():
    record = {"note": "</script>"}
    (script,) = re.findall(r'<script type="application/json">(.*?)</script>', recorded.html(record, ""))
    assert json.loads(script) == record
