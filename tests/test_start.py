"""start.py, and the command `adamcourse`: each thing that can be missing gets one line that says what to do."""

import ast
import importlib.util
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from adamcourse import __main__ as opener
from adamcourse import environment, folder, server

ROOT = Path(__file__).parent.parent
START = ROOT / "start.py"


@pytest.fixture
def start(monkeypatch, tmp_path):
    """start.py as a module, with an environment in a folder of the test's own."""
    monkeypatch.setenv("ADAMCOURSE_VENV", str(tmp_path / "environment"))
    spec = importlib.util.spec_from_file_location("start", START)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def calls(start, monkeypatch):
    """The commands that start.py would run; an installer makes the files that it should make."""
    made = []

    def call(command, **kwargs):
        made.append([str(part) for part in command])
        if "venv" in command:
            python = Path(start.python_in(start.environment_folder()))
            python.parent.mkdir(parents=True)
            python.touch()
            (python.parent.parent / "pyvenv.cfg").touch()
        return 0

    monkeypatch.setattr(start.subprocess, "call", call)
    monkeypatch.setattr(start.shutil, "which", lambda name: None)
    return made


def test_an_old_python_can_read_it_and_is_told_what_to_do(start, capsys, monkeypatch):
    ast.parse(START.read_text(), feature_version=(3, 7))
    assert 'f"' not in START.read_text()
    monkeypatch.setattr(start.sys, "version_info", (3, 10, 4))
    assert start.main([]) == 1
    assert capsys.readouterr().err.startswith("adamcourse: Python 3.11 or newer is needed, this is 3.10. Install")


def test_it_needs_nothing_but_the_standard_library():
    imported = {
        name.name
        for node in ast.walk(ast.parse(START.read_text()))
        if isinstance(node, ast.Import)
        for name in node.names
    }
    assert imported <= set(sys.stdlib_module_names)


def test_the_first_run_installs_and_opens_the_second_only_opens(start, calls):
    assert start.main(["--no-browser"]) == 0
    assert [command[1:3] for command in calls] == [["-m", "venv"], ["-m", "pip"], ["-m", "adamcourse"]]
    assert calls[1][-4:] == ["-e", ".[teach]", "-c", str(Path("tests") / "constraints.txt")]
    assert calls[2][-1] == "--no-browser"
    calls.clear()
    assert start.main([]) == 0
    assert [command[1:] for command in calls] == [["-m", "adamcourse"]]


def test_the_tests_ask_for_more_and_serve_the_lessons_as_well(start, calls):
    start.main([])
    calls.clear()
    start.main(["test", "-x"])
    assert ".[teach,test]" in calls[1]
    assert calls[2][1:] == ["-m", "pytest", "-x"]
    calls.clear()
    start.main([])
    assert len(calls) == 1


def test_a_changed_dependency_installs_again(start, calls, monkeypatch):
    start.main([])
    calls.clear()
    monkeypatch.setattr(start, "stamp", lambda extras: "other")
    start.main([])
    assert len(calls) == 3


def test_uv_is_used_where_it_is(start, calls, monkeypatch):
    monkeypatch.setattr(start.shutil, "which", lambda name: "/bin/uv")
    start.main([])
    assert calls[0][:2] == ["/bin/uv", "venv"]
    assert calls[1][:3] == ["/bin/uv", "pip", "install"]


def test_help_sets_nothing_up_and_names_every_option(start, calls, capsys):
    for arguments in (["--help"], ["-h"], ["--no-browser", "--help"]):
        assert start.main(arguments) == 0
        printed = capsys.readouterr().out
        assert "python start.py test" in printed
    assert calls == []
    assert not Path(start.environment_folder()).exists()
    with pytest.raises(SystemExit):
        opener.main(["--help"])
    calls_and_options = r"--[a-z-]+|^    adamcourse (\w+)"
    known = set(re.findall(r"^    python start.py (\w+)", printed, flags=re.M)) | set(re.findall(r"--[a-z-]+", printed))
    called = re.finditer(calls_and_options, capsys.readouterr().out, flags=re.M)
    assert {call[1] or call[0] for call in called} <= known


def test_the_tests_have_a_help_of_their_own(start, calls):
    start.main(["test", "--help"])
    assert calls[-1][1:] == ["-m", "pytest", "--help"]


def test_the_log_lies_beside_the_environment_and_goes_after_success(start, calls, monkeypatch, tmp_path):
    log = tmp_path / "environment-setup.log"
    seen = []
    call = start.subprocess.call
    monkeypatch.setattr(start.subprocess, "call", lambda command, **k: seen.append(log.exists()) or call(command, **k))
    monkeypatch.setattr(start.tempfile, "mkdtemp", None)  # nothing is left in the temporary folder
    assert start.main([]) == 0
    assert seen == [True, True, False]
    assert [path.name for path in tmp_path.iterdir()] == ["environment"]


def test_the_log_of_a_failure_stays_and_the_next_run_begins_it_anew(start, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(start.subprocess, "call", lambda command, stdout, **kwargs: stdout.write("broken") and 1)
    for _ in range(2):
        assert start.main([]) == 1
        log = tmp_path / "environment-setup.log"
        assert f"(Details: {log})" in capsys.readouterr().err
        assert log.read_text() == "broken"


def test_an_environment_that_cannot_be_replaced(start, calls, monkeypatch, capsys):
    def rename(old, new):
        raise PermissionError(13, "Permission denied")

    start.main([])
    monkeypatch.setattr(start.os, "rename", rename)
    monkeypatch.setattr(start, "stamp", lambda extras: "other")
    assert start.main([]) == 1
    error = capsys.readouterr().err
    assert "cannot replace" in error
    assert "(Permission denied). Set ADAMCOURSE_VENV to a new folder inside one that is yours." in error


@pytest.mark.parametrize("place", ["environment", "environment-before"])
@pytest.mark.parametrize("name", ["thesis.txt", "pyvenv.cfg"])
def test_what_somebody_else_has_made_is_never_deleted(start, calls, tmp_path, capsys, place, name):
    """A text, or an environment of the learner's own, which the variable may name by mistake."""
    precious = tmp_path / place / name
    precious.parent.mkdir()
    precious.write_text("years of work")
    assert start.main([]) == 1
    said = capsys.readouterr().err
    assert "holds what this script has not made. Set ADAMCOURSE_VENV to a new or empty folder." in said
    assert precious.read_text() == "years of work"


def failing(start, monkeypatch, error=None):
    """Let each installer fail; it may have made a part of the environment."""

    def call(command, **kwargs):
        (Path(start.environment_folder()) / "pyvenv.cfg").write_text("half")
        if error:
            raise error
        return 1

    monkeypatch.setattr(start.subprocess, "call", call)
    monkeypatch.setattr(start, "stamp", lambda extras: "pyproject.toml has changed")


@pytest.mark.parametrize("error", [None, KeyboardInterrupt()])
def test_a_set_up_that_fails_leaves_the_environment_from_before(start, calls, monkeypatch, tmp_path, error):
    start.main([])
    folder = tmp_path / "environment"
    old = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    failing(start, monkeypatch, error)
    assert start.main([]) == 1
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == old
    assert not (tmp_path / "environment-before").exists()


def test_a_first_set_up_that_fails_leaves_nothing_but_its_log(start, monkeypatch, tmp_path):
    failing(start, monkeypatch)
    assert start.main([]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["environment-setup.log"]


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for uv")
def test_a_set_up_that_is_killed_leaves_the_environment_from_before(start, calls, tmp_path):
    """The real thing: start.py is killed while it waits for its installer; the next run finds the old environment."""
    start.main([])
    folder, begun = tmp_path / "environment", tmp_path / "begun"
    (folder / start.STAMP).write_text("an older pyproject.toml")
    old = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(f"#!/bin/sh\ntouch {folder}/half {begun}\nexec sleep 60\n")
    uv.chmod(0o755)
    path = os.pathsep.join([str(uv.parent), os.environ["PATH"]])
    process = subprocess.Popen([sys.executable, START], env=os.environ | {"PATH": path}, start_new_session=True)
    while not begun.exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert (folder / "half").exists()
    start.bring_back(str(folder))
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == old


def test_names_and_logs_that_the_system_s_encoding_lacks(start, calls, monkeypatch, tmp_path):
    """As on Windows, where text is written in an encoding of few letters."""
    real = open
    few = lambda file, mode="r", encoding="ascii", **options: real(file, mode, encoding=encoding, **options)
    monkeypatch.setattr(start, "open", few, raising=False)
    monkeypatch.setattr(start, "HERE", str(tmp_path / "Łukasz"))
    for name in ("pyproject.toml", "tests/constraints.txt"):
        (tmp_path / "Łukasz" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "Łukasz" / name).write_text("λ", encoding="utf-8")
    folder = tmp_path / "environment"
    folder.mkdir()
    start.write_stamp(str(folder), start.stamp("teach"))
    Path(start.python_in(str(folder))).parent.mkdir(parents=True)
    Path(start.python_in(str(folder))).touch()
    assert start.is_ready(str(folder), "teach")
    (folder / start.STAMP).write_bytes(b"\xff")
    assert not start.is_ready(str(folder), "teach")


def test_a_full_disk(start, calls, monkeypatch, capsys):
    monkeypatch.setattr(start.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 1e6}))
    assert start.main([]) == 1
    assert "has less than 800 MB free. Free some, or set ADAMCOURSE_VENV elsewhere." in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_to(start, calls, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("ADAMCOURSE_VENV", str(tmp_path / "a-file" / "environment"))
    (tmp_path / "a-file").touch()
    assert start.main([]) == 1
    assert "Set ADAMCOURSE_VENV to a folder that is yours and run this again." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("printed", "remedy"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full. Free about 800 MB"),
        ("ensurepip is not available", "sudo apt install python3-venv"),
        ("PermissionError: Permission denied: '/x'", "a folder cannot be written to"),
        ("NewConnectionError: Failed to establish a new connection", "Is this machine online?"),
        ("error: error sending request for url", "Is this machine online?"),
        ("Temporary failure in name resolution", "Is this machine online?"),
        ("something never seen\nbefore", "adamcourse: before (Details: "),
    ],
)
def test_an_installer_that_fails(start, monkeypatch, capsys, printed, remedy):
    def call(command, stdout, **kwargs):
        stdout.write(printed)
        return 1

    monkeypatch.setattr(start.subprocess, "call", call)
    assert start.main([]) == 1
    error = capsys.readouterr().err
    assert remedy in error
    assert error.count("\n") == 1


def test_a_machine_without_a_network(tmp_path):
    """The real thing: an index that nobody serves."""
    environment_variables = {name: v for name, v in os.environ.items() if not name.startswith(("PIP_", "UV_"))} | {
        "ADAMCOURSE_VENV": str(tmp_path / "environment"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_RETRIES": "0",
        "PATH": "",
    }
    run = subprocess.run([sys.executable, START], env=environment_variables, capture_output=True, text=True)
    assert run.returncode == 1
    assert "Is this machine online?" in run.stderr
    assert run.stderr.count("\n") == 1


def test_the_course_is_called_where_the_learner_is_and_the_tests_where_they_lie(start, calls, monkeypatch):
    places, call = [], start.subprocess.call
    monkeypatch.setattr(
        start.subprocess, "call", lambda command, **k: places.append(k.get("cwd")) or call(command, **k)
    )
    start.main(["test"])
    start.main(["update", "mine"])
    assert places[-2:] == [str(ROOT), None]


# --- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def served(monkeypatch, tmp_path):
    """What would be served; the command is called in an empty folder, beside no clone."""
    made = []
    monkeypatch.setattr(opener.server, "serve", lambda *arguments: made.append(arguments) or 0)
    monkeypatch.setattr(opener.server, "running", list)
    monkeypatch.chdir(tmp_path)
    return made


def test_help_names_every_call_and_option(capsys):
    for arguments in (["--help"], ["update", "-h"], ["reset", "--help"]):
        with pytest.raises(SystemExit) as stopped:
            opener.main(arguments)
        assert stopped.value.code == 0
        printed = capsys.readouterr().out
        for word in ("update", "progress", "reset 06", "doctor", "--no-browser", "--port"):
            assert word in printed


def test_the_first_call_copies_the_lessons_and_opens_lesson_00(served, tmp_path):
    assert opener.main(["mine", "--no-browser", "--port", "9999"]) == 0
    assert served == [(tmp_path / "mine", "00_start_here.ipynb", 9999, False)]
    assert (tmp_path / "mine" / "16_look_beyond_adam.ipynb").is_file()


def test_a_later_call_opens_the_lesson_that_was_changed_last(served, tmp_path):
    opener.main(["mine"])
    for number, name in enumerate(("06_assemble_adam.ipynb", "03_build_up_momentum.ipynb")):
        with (tmp_path / "mine" / name).open("a") as file:
            file.write(" ")
        os.utime(tmp_path / "mine" / name, (10**9 + number, 10**9 + number))
    opener.main(["mine"])
    assert served[-1][1] == "03_build_up_momentum.ipynb"


def test_inside_the_folder_nobody_has_to_name_it(served, tmp_path, monkeypatch):
    opener.main(["mine"])
    monkeypatch.chdir(tmp_path / "mine")
    opener.main([])
    assert served[1][0] == tmp_path / "mine"


def test_a_clone_s_lessons_are_copied_into_a_folder_that_git_does_not_see(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert folder.chosen() == ROOT / "my-lessons"
    ignored = subprocess.run(["git", "check-ignore", "-q", "my-lessons/00_start_here.ipynb"], cwd=ROOT)
    assert ignored.returncode == 0
    monkeypatch.setattr(folder, "LESSONS", tmp_path / "site-packages" / "adamcourse" / "lessons")
    assert folder.chosen() == tmp_path / "adamcourse"


def test_the_command_and_its_module_are_declared():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert declared == {"adamcourse": "adamcourse.__main__:main"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "99999"], "--port 99999: give a number from 1 to 65535"),
        (["reset"], "the following arguments are required: lesson"),
        (["update", "a", "b"], "unrecognized arguments: b"),
        (["--no-browser", "update"], "unrecognized arguments: --no-browser"),
        (["rest", "06"], "rest: is reset meant?"),
        (["updat"], "updat: is update meant? A folder of this name is ./updat"),
        (["help"], "help: is --help meant?"),
    ],
)
def test_a_call_that_cannot_be_meant(arguments, said, capsys):
    with pytest.raises(SystemExit) as stopped:
        opener.main(arguments)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def test_in_a_subfolder_of_the_learner_s_folder_it_is_found(served, tmp_path, monkeypatch):
    opener.main(["mine"])
    (tmp_path / "mine" / "notes").mkdir()
    monkeypatch.chdir(tmp_path / "mine" / "notes")
    opener.main([])
    assert served[1][0] == tmp_path / "mine"


@pytest.mark.skipif(os.name == "nt", reason="Windows makes no ring of links")
def test_a_folder_that_no_system_can_have_is_told_in_a_line(served, tmp_path, capsys):
    (tmp_path / "ring").symlink_to("ring")
    for name in ("x" * 300, "ring"):
        for word in ([], ["update"], ["progress"]):
            assert opener.main([*word, name]) == 1
            said = capsys.readouterr().err
            assert said.startswith("adamcourse: ") and said.count("\n") == 1


def test_a_package_that_is_missing_altogether_is_named(tmp_path):
    """The real thing: an interpreter that has neither nbformat nor anything else."""
    command = [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); import adamcourse.__main__"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 1
    assert re.fullmatch(r"adamcourse: \w+ is missing. To mend it, run: .* -m pip install \w+\n", run.stderr)


@pytest.mark.parametrize("word", ["update", "progress", "reset"])
def test_a_folder_without_lessons_is_named(word, served, tmp_path, capsys):
    assert opener.main([word, *(["06"] if word == "reset" else []), "nothing"]) == 1
    said = f"adamcourse: {tmp_path / 'nothing'} has no lessons of yours. The command adamcourse makes them there.\n"
    assert capsys.readouterr().err == said


def test_what_each_call_prints(served, capsys, tmp_path):
    opener.main(["mine"])
    first = f"Your own copies of the lessons are in {tmp_path / 'mine'}: write in them what you like.\n"
    assert capsys.readouterr().out == first
    opener.main(["mine"])
    assert capsys.readouterr().out == ""
    with (tmp_path / "mine" / "06_assemble_adam.ipynb").open("a") as file:
        file.write(" ")
    assert opener.main(["update", "mine"]) == 0
    assert capsys.readouterr().out.endswith("mine: all as new as the course.\n")
    assert opener.main(["reset", "6", "mine"]) == 0
    assert "06_assemble_adam.ipynb is as it was at first; yours is" in capsys.readouterr().out
    assert opener.main(["progress", "mine"]) == 0
    assert "> 00 Start here" in capsys.readouterr().out
    assert opener.main(["doctor", "mine"]) == 0
    printed = capsys.readouterr().out
    assert "jupyterlab 4." in printed and "Everything the lessons need is here." in printed
    assert "all as new as the course" in printed


def test_the_doctor_says_what_is_missing_and_that_there_are_no_lessons_yet(served, monkeypatch, capsys):
    monkeypatch.setattr(environment, "missing", lambda: ["numpy>=2.0"])
    assert opener.main(["doctor", "nothing"]) == 1
    printed = capsys.readouterr().out
    assert '-m pip install "numpy>=2.0"' in printed and "has no lessons of yours" in printed


def test_a_folder_that_is_open_already_is_not_served_twice(served, monkeypatch, capsys, tmp_path):
    opener.main(["mine"])
    found = {"url": "http://localhost:8888/", "token": "abc", "root_dir": str(tmp_path / "mine")}
    other = found | {"root_dir": str(tmp_path)}
    for known, said in (
        ([other], ""),
        ([other, found], "http://localhost:8888/lab/tree/00_start_here.ipynb?token=abc"),
    ):
        monkeypatch.setattr(server, "running", lambda known=known: known)
        capsys.readouterr()
        assert opener.main(["mine"]) == 0
        assert said in capsys.readouterr().out
    assert len(served) == 2


def test_new_versions_are_announced_and_not_brought_unasked(served, monkeypatch, capsys, tmp_path):
    opener.main(["mine"])
    given = tmp_path / "mine" / ".adamcourse" / "06_assemble_adam.ipynb"
    given.write_text(given.read_text(encoding="utf-8").replace("The question", "The older question"), encoding="utf-8")
    before = (tmp_path / "mine" / "06_assemble_adam.ipynb").read_bytes()
    capsys.readouterr()
    opener.main(["mine"])
    assert "has new versions of 1 of your lessons: adamcourse update brings them." in capsys.readouterr().out
    assert (tmp_path / "mine" / "06_assemble_adam.ipynb").read_bytes() == before


def test_a_port_that_is_taken_is_named_and_another_one_is_found(served, capsys, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert opener.main(["mine", "--port", str(port)]) == 1
        assert f"port {port} is taken" in capsys.readouterr().err
        monkeypatch.setattr(server, "FIRST_PORT", port)
        monkeypatch.setattr(server, "LAST_PORT", port)
        assert opener.main(["mine"]) == 1
        assert "every port that was tried is taken" in capsys.readouterr().err
    assert opener.main(["mine"]) == 0
    assert served[0][2] == port


def test_jupyterlab_is_told_where_what_and_with_which_settings(tmp_path):
    command = server.command(tmp_path, "06_assemble_adam.ipynb", 9999, browser=False)
    assert str(tmp_path / "06_assemble_adam.ipynb") in command
    assert "--ServerApp.port_retries=0" in command  # or the address that is printed would be another one
    assert {"--no-browser", "--port=9999", f"--ServerApp.root_dir={tmp_path}"} <= set(command)
    assert "--no-browser" not in server.command(tmp_path, "06_assemble_adam.ipynb", 9999, browser=True)
    assert server.variables(home_is_writable=True)["JUPYTER_CONFIG_PATH"].startswith(str(ROOT / ".jupyter"))


def test_a_home_that_cannot_be_written_to(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(server.tempfile, "mkdtemp", lambda prefix: str(tmp_path))
    variables = server.variables(home_is_writable=False)
    assert variables["JUPYTER_RUNTIME_DIR"] == str(tmp_path / "runtime")
    assert "Your home folder cannot be written to" in capsys.readouterr().out


def test_a_server_that_ends_at_once_hands_on_its_exit_code(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(server.signal, "signal", lambda *arguments: None)  # this process goes on
    monkeypatch.setattr(server, "command", lambda *arguments: [sys.executable, "-c", "raise SystemExit(3)"])
    assert server.serve(tmp_path, "00_start_here.ipynb", 9999, browser=False) == 3
    assert capsys.readouterr().out == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
def test_whoever_stops_the_command_stops_the_server(tmp_path):
    """The real thing, with a server that only sleeps."""
    script = f"""
import sys
from pathlib import Path
from adamcourse import server
server.command = lambda *a: [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"]
server.serve(Path({str(tmp_path)!r}), "00_start_here.ipynb", 1, browser=False)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as command:
        sleeper = int(command.stdout.readline())
        command.terminate()
        assert command.wait(20) == 0
    deadline = time.monotonic() + 20
    with pytest.raises(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(sleeper, 0)
            time.sleep(0.01)


def test_a_missing_package_is_named_with_its_remedy(served, monkeypatch, capsys):
    monkeypatch.setattr(environment.metadata, "version", lambda name: "1.0" if name == "numpy" else "4.99")
    assert opener.main([]) == 1
    error = capsys.readouterr().err
    assert "Missing or too old: " in error and "numpy>=2.0" in error
    assert '"numpy>=2.0"' in error.split("-m pip install")[1]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no executable bit")
def test_the_ci_script_can_be_run():
    assert (ROOT / ".ci" / "run").stat().st_mode & stat.S_IXUSR
