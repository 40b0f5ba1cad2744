"""The command `adamcourse`, or `python -m adamcourse`: the learner's own lessons, opened, updated, set back.

    adamcourse [FOLDER]              copy the lessons into a folder of yours, if they are not there, and open the one
                                     where you left off in JupyterLab
    adamcourse update [FOLDER]       bring new versions of the lessons; what you have written stays
    adamcourse progress [FOLDER]     what is done, and what comes next
    adamcourse reset 06 [FOLDER]     a fresh copy of lesson 06; the old one is kept under a dated name
    adamcourse doctor [FOLDER]       versions, what is missing, and what to do

    --no-browser                     print the address of the lesson instead of opening a browser
    --port PORT                      the port to serve on; default: a free one, from 8888 on
    -h, --help                       show this

Without FOLDER it is the folder you are in, if it has lessons of yours; else "adamcourse" in it, or, from a clone of the
repository, "my-lessons" in the clone.
"""

import argparse
import platform
import shutil
import sys
from difflib import get_close_matches
from importlib import metadata

from adamcourse import __version__

try:
    from adamcourse import environment, folder, server
except ModuleNotFoundError as lacking:
    remedy = f"{sys.executable} -m pip install {lacking.name}"
    sys.exit(f"adamcourse: {lacking.name} is missing. To mend it, run: {remedy}")

PROBLEM = 1  # the exit code


def open_lessons(options):
    """Copy the lessons if they are not there, and open the one where the learner left off."""
    if environment.missing():
        raise folder.FolderError(environment.report())
    if options.port is not None and not server.is_free(options.port):
        raise folder.FolderError(f"port {options.port} is taken. Name another one, or none: a free one is chosen then.")
    port = options.port or server.free_port()
    if port is None:
        raise folder.FolderError("every port that was tried is taken. Name a free one: adamcourse --port 9000")
    if folder.fill(options.folder):
        print(f"Your own copies of the lessons are in {options.folder}: write in them what you like.")
    elif found := server.already_open(options.folder):
        print(f"{options.folder} is open already, at {server.address(found, folder.left_off(options.folder))}")
        return 0
    if new := folder.outdated(options.folder):
        print(f"The course has new versions of {len(new)} of your lessons: adamcourse update brings them.")
    return server.serve(options.folder, folder.left_off(options.folder), port, not options.no_browser)


def update(options):
    """Bring new versions, and say for each lesson what was done."""
    is_new = False
    for line in folder.update(options.folder):
        is_new = True
        print(line)
    if not is_new:
        print(f"{options.folder}: all as new as the course.")
    return 0


def show_progress(options):
    """Print the map of the course."""
    from adamcourse import progress  # here: it takes half a second, and only this call needs it

    folder.check(options.folder)
    print(progress.text(options.folder))
    return 0


def reset(options):
    """Put a fresh copy of a lesson in the place of the learner's, which is kept."""
    name, kept = folder.reset(options.folder, options.lesson)
    print(f"{options.folder / name} is as it was at first{f'; yours is {kept}' if kept else ''}.")
    return 0


def doctor(options):
    """Print versions, what is missing, and what to do."""
    packages = ("jupyterlab", "numpy", "matplotlib", "ipywidgets", "anywidget")
    print(f"adamcourse {__version__}, Python {platform.python_version()}, {platform.platform()}")
    print(", ".join(f"{name} {_version(name)}" for name in packages))
    print(f"Python: {sys.executable}")
    print(environment.report())
    print(f"Lessons: {_state(options.folder)}")
    return PROBLEM if environment.missing() else 0


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


def _state(place):
    """Return what a folder holds, and what to do about it, in a sentence."""
    try:
        folder.check(place)
        new = len(folder.outdated(place))
        free = shutil.disk_usage(place).free / 1e6
    except (folder.FolderError, OSError) as error:
        return str(error)
    news = f"new versions of {new}: adamcourse update brings them" if new else "all as new as the course"
    return f"{place}, {news}; {free:,.0f} MB of the disk are free."


COMMANDS = {"update": update, "progress": show_progress, "reset": reset, "doctor": doctor}


def main(arguments=None):
    """Do what the command line says, or say in one line why that cannot be done; return the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in sys.stdout, sys.stderr:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal may lack the letters of a folder's name
    options = _parsed(list(arguments))
    try:
        options.folder = folder.chosen(options.folder)
        return options.does(options)
    except (folder.FolderError, OSError, RuntimeError) as problem:  # a folder that is gone, a ring of links
        print(f"adamcourse: {problem}", file=sys.stderr)
        return PROBLEM
    except KeyboardInterrupt:
        return 0


def _parsed(arguments):
    word = next((word for word in arguments if word in COMMANDS), None)
    if word:
        arguments.remove(word)
        return _parser_of(word).parse_args(arguments)
    parser = _Parser(prog="adamcourse")
    first = next((argument for argument in arguments if not argument.startswith("-")), "")
    if near := get_close_matches(first, [*COMMANDS, "help"], 1, 0.75):
        meant = "--help" if near == ["help"] else near[0]
        parser.error(f"{first}: is {meant} meant? A folder of this name is ./{first}")
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--port", type=int)
    parser.set_defaults(does=open_lessons)
    options = parser.parse_args(arguments)
    if options.port is not None and not 0 < options.port < 65536:
        parser.error(f"--port {options.port}: give a number from 1 to 65535")
    return options


def _parser_of(word):
    parser = _Parser(prog=f"adamcourse {word}")
    if word == "reset":
        parser.add_argument("lesson")
    parser.add_argument("folder", nargs="?")
    parser.set_defaults(does=COMMANDS[word])
    return parser


class _Parser(argparse.ArgumentParser):
    """Shows one help for all calls: the text at the top of this file."""

    def format_help(self):
        return __doc__


if __name__ == "__main__":
    sys.exit(main())
