"""The workflows: right by actionlint, and what they run does what they say, here, too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import adamcourse

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="actionlint comes as a program for Linux; CI has it")


@on_linux
@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_actionlint_finds_nothing(file):
    run = subprocess.run([Path(sys.executable).parent / "actionlint", file], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stdout


def step(workflow, name):
    """Return what the step with a name runs."""
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / f"{workflow}.yml").read_text(encoding="utf-8"))["jobs"]
    (found,) = [step["run"] for job in jobs.values() for step in job["steps"] if step.get("name") == name]
    return found


def run(command, tag, folder):
    environment = os.environ | {"GITHUB_REF_NAME": tag, "PYTHONPATH": str(ROOT)}
    return subprocess.run(["sh", "-ec", command], env=environment, cwd=folder, capture_output=True, text=True)


@on_linux
@pytest.mark.parametrize(("tag", "right"), [(f"v{adamcourse.__version__}", True), ("v99.0", False), ("0.1.0", False)])
def test_a_release_is_made_of_the_version_that_its_tag_names(tag, right):
    assert (run(step("release", "The tag is the version"), tag, ROOT).returncode == 0) == right


@on_linux
def test_a_release_says_what_the_changelog_says_of_it_and_no_more(tmp_path):
    changes = ["# Changelog", "", "## 0.2.0", "", "- New.", "", "## 0.1.0 (2026-01-01)", "", "- First.", "", "## 0.1"]
    (tmp_path / "CHANGELOG.md").write_text("\n".join(changes), encoding="utf-8")
    command = step("release", "What the changelog says of it")
    for tag, said in (("v0.2.0", "- New."), ("v0.1.0", "- First."), ("v0.3.0", "")):
        assert run(command, tag, tmp_path).returncode == 0
        assert (tmp_path / "news.md").read_text(encoding="utf-8").strip() == said
