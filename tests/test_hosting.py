"""Binder and JupyterHubs: what Binder builds from environment.yml, and links that say what the setting says."""

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from adamcourse.server import variables
from notebooks.teaching import links, refresh

ROOT = Path(__file__).parent.parent
COURSE = links.Published("someone/adamcourse", "main")


# --- Binder's recipe -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recipe():
    """What Binder's own builder says and would do with this repository; neither Docker nor network is needed."""
    if os.name == "nt":
        pytest.skip("repo2docker does not run on Windows")
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    return run.stdout


def test_binder_reads_the_version_of_python(recipe):
    assert "Building conda environment for python=3.12\n" in recipe
    assert "unspecified" not in recipe


def test_binder_installs_environment_yml_and_the_course(recipe):
    """The repository is there before its environment only where the builder saw an entry such as `-e .`."""
    repository, environment = recipe.index("COPY --chown=0:0 src/ ${REPO_DIR}/"), recipe.index("env update")
    assert '--file "environment.yml"' in recipe
    assert repository < environment


def test_on_binder_jupyterlab_finds_the_course_s_settings(recipe):
    """The repository is the visitor's home folder there, so that its .jupyter is the visitor's own."""
    assert "ARG REPO_DIR=${HOME}\n" in recipe
    env = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")} | {"HOME": str(ROOT)}
    command = [sys.executable, "-m", "jupyter", "--paths", "--json"]
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    folders = [Path(folder) for folder in json.loads(run.stdout)["config"]]
    assert (ROOT / ".jupyter") in [folder for folder in folders if (folder / "labconfig").is_dir()]


def test_conda_and_binder_set_the_variables_that_the_course_s_command_sets(monkeypatch):
    monkeypatch.setattr(os, "environ", {})
    added = variables(home_is_writable=True)
    del added["JUPYTER_CONFIG_PATH"]  # for other places of the clone than the home folder
    assert yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["variables"] == added


# --- links -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("remote", "repository"),
    [
        ("https://github.com/someone/adamcourse.git", "someone/adamcourse"),
        ("https://github.com/someone/adam.course", "someone/adam.course"),
        ("git@github.com:some-one/adamcourse.git", "some-one/adamcourse"),
        ("https://git.example.org/someone/adamcourse", None),
        (None, None),
    ],
)
def test_a_clone_s_remote_says_whose_course_it_is(remote, repository, tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    if remote:
        subprocess.run(["git", "-C", str(tmp_path), "remote", "add", "origin", remote], check=True)
    assert links.published({}, tmp_path) == (repository and links.Published(repository, "main"))


def test_where_there_is_no_git_no_link_pretends_to_be_one(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert links.published({}, tmp_path) is None


def test_each_lesson_is_where_its_links_say():
    for file in refresh.lessons():
        (path,) = parse_qs(urlsplit(links.binder(COURSE, file.name)).query)["urlpath"]
        assert (ROOT / path.removeprefix("lab/tree/")).is_file()
        assert (ROOT / links.colab(COURSE, file.name).split("/blob/main/")[1]).is_file()


def test_nbgitpuller_is_called_as_its_documentation_says():
    """The address is what the link generator in nbgitpuller's documentation makes of the same entries."""
    assert links.nbgitpuller(COURSE, "00_start_here.ipynb", "https://hub.example.org/") == (
        "https://hub.example.org/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2Fsomeone%2Fadamcourse"
        "&urlpath=lab%2Ftree%2Fadamcourse%2Fnotebooks%2F00_start_here.ipynb&branch=main"
    )


@pytest.mark.parametrize(("hub", "mark"), [(["--hub", "https://hub.example.org"], "%2F"), ([], "/")])
def test_a_link_for_each_lesson_is_printed(hub, mark, monkeypatch, capsys):
    monkeypatch.setattr(links, "published", lambda: COURSE)
    assert links.main(hub) == 0
    printed = capsys.readouterr().out.split()
    assert [line.split(mark)[-1].split("&")[0] for line in printed] == [file.name for file in refresh.lessons()]


def test_without_a_remote_there_are_no_links(monkeypatch, capsys):
    monkeypatch.setattr(links, "published", lambda: None)
    with pytest.raises(SystemExit):
        links.main([])
    assert links.UNKNOWN in capsys.readouterr().err


def test_vs_code_is_told_what_it_needs_and_finds_the_widgets_in_the_environment():
    """With a kernel on the same machine it loads a widget's script from the environment, not from a network."""
    extensions = json.loads((ROOT / ".vscode" / "extensions.json").read_text(encoding="utf-8"))
    assert extensions == {"recommendations": ["ms-python.python", "ms-toolsai.jupyter"]}
    scripts = Path(sys.prefix) / "share" / "jupyter" / "nbextensions"
    for widget in ("anywidget", "jupyter-js-widgets"):
        assert (scripts / widget / "extension.js").is_file()


# --- what a class needs ----------------------------------------------------------------------------------------------


def test_what_a_class_needs_follows_from_what_one_learner_was_measured_to_need():
    hosting = (ROOT / "notebooks" / "teaching" / "hosting.md").read_text(encoding="utf-8").replace("\n", " ")
    measured = (ROOT / "tests" / "benchmarks" / "learner.md").read_text(encoding="utf-8")
    median = {name: float(number) for name, number in re.findall(r"^\| (.+?) \| ([\d.]+) \w+ \|", measured, flags=re.M)}
    server, first, second = (
        median[name] for name in ("JupyterLab's server, at the end", "kernel after lesson 00", "kernel after lesson 06")
    )
    seconds = median["processor time of server and kernel until then"]
    assert f"takes {server:.0f} MB" in hosting
    assert f"after lesson 00 takes {first:.0f} MB and after lesson 06 takes {second:.0f} MB" in hosting
    assert f"{seconds:.1f} s of processor time" in hosting
    gigabytes = round((server + first + second) / 1000, 1)
    assert f"{gigabytes} GB each" in hosting
    for learners in (30, 300, 3000):
        needed = f"| {learners * gigabytes:,.0f} GB | {math.ceil(learners * seconds / 300)} |"
        assert needed in hosting
