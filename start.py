"""Set up the course in an environment of its own, then open it or test it.

    python start.py                              open the lesson where you left off in JupyterLab, at first lesson 00
    python start.py --no-browser --port 8899     print its address instead, and choose the port
    python start.py update                       bring new versions of the lessons; what you have written stays
    python start.py progress                     what is done, and what comes next
    python start.py reset 06                     a fresh copy of lesson 06; yours is kept
    python start.py doctor                       versions, what is missing, and what to do
    python start.py test                         run every test, the notebooks included
    python start.py test tests/test_start.py     run these; what follows test is handed to pytest
    python start.py --help                       show this

You work in copies of the lessons, in the folder my-lessons, so that the repository stays clean.

The first run creates .venv beside this file (or where the variable ADAMCOURSE_VENV says) with uv, if it is there, or
with pip. Later runs start at once, until pyproject.toml changes; the old environment goes when the new one is there.
Nothing is deleted that this script has not made: what it makes bears a stamp.
"""

# Standard library only, and written so that an old Python can still read it and say what is wrong.

import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
OLDEST = (3, 11)
NEWEST_PINNED = (3, 14)  # tests/constraints.txt was resolved for Python versions up to this one
SPACE = 800e6  # bytes; what the environment takes, and some air
STAMP = "adamcourse-stamp.txt"  # in every environment that this script has made, from its beginning on

TROUBLE = [  # what an installer prints, and what to do about it
    ("No space left", "the disk is full. Free about 800 MB, or set ADAMCOURSE_VENV to a folder on another disk."),
    ("ensurepip", "this Python cannot create environments. On Debian or Ubuntu: sudo apt install python3-venv."),
    ("Permission denied", "a folder cannot be written to. Set ADAMCOURSE_VENV to a folder that is yours."),
    ("onnection", "packages cannot be downloaded. Is this machine online? Connect it and run this again."),
    ("error sending request", "packages cannot be downloaded. Is this machine online? Connect it and run this again."),
    ("name resolution", "packages cannot be downloaded. Is this machine online? Connect it and run this again."),
    ("No matching distribution", "a package was not found. Is this machine online? Connect it and run this again."),
]


class Stop(Exception):
    """The set-up cannot go on; the message is one line that says what to do."""


def check_python(version):
    if tuple(version[:2]) < OLDEST:
        raise Stop(
            "Python %d.%d or newer is needed, this is %d.%d. Install a newer one from python.org and use it here."
            % (OLDEST + tuple(version[:2]))
        )


def environment_folder():
    return os.path.abspath(os.environ.get("ADAMCOURSE_VENV") or os.path.join(HERE, ".venv"))


def python_in(folder):
    return os.path.join(folder, "Scripts", "python.exe") if os.name == "nt" else os.path.join(folder, "bin", "python")


def read(file):
    """What a file says, whatever encoding this system likes; where it is none, with question marks."""
    with open(file, encoding="utf-8", errors="replace") as stream:
        return stream.read()


def stamp(extras):
    """What the environment was made from; where it differs, the environment is made again."""
    parts = [extras, sys.version, HERE]
    parts += [read(os.path.join(HERE, name)) for name in ("pyproject.toml", os.path.join("tests", "constraints.txt"))]
    return "\n".join(parts).encode("utf-8", "replace").decode("utf-8")  # as it is read again


def is_ready(folder, extras):
    """Is there an environment for these extras? One with the tests serves the lessons as well."""
    try:
        found = read(os.path.join(folder, STAMP))
    except OSError:
        return False
    return found in (stamp(extras), stamp("teach,test")) and os.path.exists(python_in(folder))


def write_stamp(folder, text):
    with open(os.path.join(folder, STAMP), "w", encoding="utf-8", errors="replace") as file:
        file.write(text)


def check_place(folder):
    """Raise Stop when the environment cannot be written there, or something else lies there already."""
    for place in (folder, before(folder)):
        if os.path.lexists(place) and not os.path.isdir(place):
            raise Stop("%s is no folder. Set ADAMCOURSE_VENV to a new or empty one." % place)
        if os.path.isdir(place) and os.listdir(place) and not os.path.exists(os.path.join(place, STAMP)):
            raise Stop("%s holds what this script has not made. Set ADAMCOURSE_VENV to a new or empty folder." % place)
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Stop(
            "cannot write to %s (%s). Set ADAMCOURSE_VENV to a folder that is yours and run this again."
            % (folder, error.strerror)
        )
    if shutil.disk_usage(folder).free < SPACE:
        raise Stop("the disk of %s has less than 800 MB free. Free some, or set ADAMCOURSE_VENV elsewhere." % folder)


def before(folder):
    """Where the environment waits until the one that replaces it is there."""
    return folder + "-before"


def put_aside(folder, log):
    """Make room for a new environment, which bears our stamp from here on, and begin the log of its set-up."""
    try:
        if os.listdir(folder):
            os.rename(folder, before(folder))
        os.makedirs(folder, exist_ok=True)
        write_stamp(folder, "unfinished")
        open(log, "w").close()
    except OSError as error:
        raise Stop(
            "cannot replace %s (%s). Set ADAMCOURSE_VENV to a new folder inside one that is yours."
            % (folder, error.strerror)
        )


def bring_back(folder):
    """Where a set-up did not come to its end, remove what it made, and let the environment from before return."""
    try:
        unfinished = read(os.path.join(folder, STAMP)) == "unfinished"
    except OSError:
        unfinished = not os.path.exists(folder)
    if unfinished:
        shutil.rmtree(folder, ignore_errors=True)
        if os.path.exists(os.path.join(before(folder), STAMP)):
            os.rename(before(folder), folder)


def run(command, log):
    """Run an installer; raise Stop with the known cause, or the last line it printed, when it fails."""
    with open(log, "a") as file:
        failed = subprocess.call(command, stdout=file, stderr=subprocess.STDOUT, cwd=HERE, env=install_environment())
    if failed:
        printed = read(log)
        for sign, remedy in TROUBLE:
            if sign in printed:
                raise Stop(remedy + " (Details: %s)" % log)
        raise Stop("%s (Details: %s)" % ((printed.strip().splitlines() or ["it failed"])[-1], log))


def install_environment():
    """The environment variables of an installer: where the home folder cannot be written to, no cache in it."""
    variables = dict(os.environ)
    if not os.access(os.path.expanduser("~"), os.W_OK):
        variables.update(PIP_NO_CACHE_DIR="1", UV_NO_CACHE="1")
    return variables


def install(folder, extras):
    check_place(folder)
    print("Setting up the course in %s: once, about a minute, 420 MB (730 with the tests)." % folder)
    sys.stdout.flush()
    uv, python = shutil.which("uv"), python_in(folder)
    log = folder + "-setup.log"
    put_aside(folder, log)
    target = ["-e", ".[%s]" % extras]
    if sys.version_info[:2] <= NEWEST_PINNED:
        target += ["-c", os.path.join("tests", "constraints.txt")]
    try:
        if uv:
            run([uv, "venv", "--allow-existing", "--python", sys.executable, folder], log)
            run([uv, "pip", "install", "--python", python] + target, log)
        else:
            run([sys.executable, "-m", "venv", folder], log)
            run([python, "-m", "pip", "install", "--disable-pip-version-check"] + target, log)
        write_stamp(folder, stamp(extras))
    finally:
        bring_back(folder)
    shutil.rmtree(before(folder), ignore_errors=True)
    os.remove(log)


def main(arguments):
    test = arguments[:1] == ["test"]
    if not test and ("-h" in arguments or "--help" in arguments):
        print(__doc__.strip())
        return 0
    try:
        check_python(sys.version_info)
        extras, folder = "teach,test" if test else "teach", environment_folder()
        bring_back(folder)
        if not is_ready(folder, extras):
            install(folder, extras)
    except Stop as stop:
        sys.stderr.write("adamcourse: %s\n" % stop)
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("adamcourse: stopped; run this again to go on.\n")
        return 1
    command = [python_in(folder), "-m"] + (["pytest"] + arguments[1:] if test else ["adamcourse"] + arguments)
    try:
        return subprocess.call(command, cwd=HERE if test else None)
    except KeyboardInterrupt:  # JupyterLab was stopped with Ctrl-C and has said so itself
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
