"""The explorers' JavaScript: formatted, linted, and right in what needs no browser, by Node's test runner."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable

ROOT = Path(__file__).parent.parent
SCRIPTS = [
    ROOT / "tests" / "pictures.test.mjs",
    ROOT / "adamcourse" / "explorers" / "pictures.js",
    ROOT / "notebooks" / "teaching" / "templates" / "page" / "recorded.js",
]


@pytest.mark.parametrize("tool", [["oxlint", "--deny-warnings"], ["oxfmt", "--check"]], ids=lambda tool: tool[0])
def test_it_is_formatted_and_linted(tool):
    name, *options = tool
    run = subprocess.run([Path(sys.executable).parent / name, *options, *SCRIPTS], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_what_needs_no_browser():
    node, _ = compute_driver_executable()  # Playwright brings one
    run = subprocess.run([node, "--test", SCRIPTS[0]], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert "pass 6" in run.stdout
