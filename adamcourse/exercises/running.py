"""An answer is run where it can do no harm: in a process of its own where processes can be forked, else under a watch.

A process of its own is ended from outside, whatever it does, and leaves nothing behind. It is used on Linux, where
Binder, JupyterHub and Colab run, too. Elsewhere the answer runs here: it is stopped between two instructions of Python,
and what it has changed of the interpreter is put back. There a single call into C that takes long, such as a sleep, is
waited for; and on Python 3.11 an answer is stopped once, so that a bare `except:` can go on.
"""

import contextlib
import io
import os
import pickle
import random
import select
import signal
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np

APART = sys.platform == "linux"  # may work be done in a process of its own?
LONGEST = 2000  # characters of what an answer prints that are shown


class Overtime(BaseException):
    """The work has taken longer than it may."""


class Ended(Exception):
    """The process that did the work has ended without a result."""


def run_safely(work, seconds):
    """Return what work() returns, which must be plain data, or raise Overtime or Ended; work raises nothing itself."""
    if APART:
        with contextlib.suppress(OSError):  # no further process may be had: do it here
            return run_apart(work, seconds)
    return run_here(work, seconds)


# --- in a process of its own ---------------------------------------------------------------------------------------


def run_apart(work, seconds):
    """Return what work() returns in a copy of this process, and print what it has printed there."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this process has threads: the copy runs the work alone, and ends
        child = os.fork()
    if child == 0:
        _do_and_end(work, writer)
    os.close(writer)
    try:
        sent = _received(reader, time.monotonic() + seconds)
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if not sent:
        raise Ended
    result, printed, warned = pickle.loads(sent)
    print(printed, end="")
    print(warned, end="", file=sys.stderr)
    return result


def _do_and_end(work, writer):
    """Do the work, send the result and what was printed, and end this process whatever happens."""
    try:
        printed, warned = _Short(), _Short()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(warned):
            result = work()
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(pickle.dumps((result, printed.getvalue(), warned.getvalue())))
    finally:
        os._exit(0)


def _received(reader, deadline):
    """Return all that comes until the other side ends, or raise Overtime."""
    parts, poll = [], select.poll()
    poll.register(reader)
    while poll.poll(max(0.0, 1000 * (deadline - time.monotonic()))):
        part = os.read(reader, 1 << 16)
        if not part:
            return b"".join(parts)
        parts.append(part)
    raise Overtime


class _Short(io.StringIO):
    """A text that keeps its beginning."""

    def write(self, text):
        room = LONGEST - self.tell()
        if len(text) > room > 0:
            super().write(f"{text[:room]}\n... and more is printed\n")
        elif room > 0:
            super().write(text)
        return len(text)


# --- here ----------------------------------------------------------------------------------------------------------


def run_here(work, seconds):
    """Return what work() returns, and leave the interpreter as it was."""
    with _as_it_was(), _watched(seconds):
        return work()


@contextlib.contextmanager
def _as_it_was():
    """Put back what an answer may change: the folder, the limit of recursion, how arrays are printed, random states."""
    folder, limit, options = Path.cwd(), sys.getrecursionlimit(), np.get_printoptions()
    states = random.getstate(), np.random.get_state()  # noqa: NPY002 - an answer may use it
    try:
        with warnings.catch_warnings():
            yield
    finally:
        os.chdir(folder)
        sys.setrecursionlimit(limit)
        np.set_printoptions(**options)
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002


def _watched(seconds):
    return _monitored(seconds) if hasattr(sys, "monitoring") else _traced(seconds)


@contextlib.contextmanager
def _monitored(seconds):
    """Raise Overtime before every instruction that comes after so many seconds: from Python 3.12 on."""
    monitoring, deadline = sys.monitoring, time.monotonic() + seconds
    tool = next(n for n in range(6) if monitoring.get_tool(n) is None)
    spared, ours = {__file__, contextlib.__file__}, threading.get_ident()

    def look(code, _):
        if time.monotonic() > deadline and threading.get_ident() == ours and code.co_filename not in spared:
            raise Overtime

    monitoring.use_tool_id(tool, "adamcourse")
    monitoring.register_callback(tool, monitoring.events.INSTRUCTION, look)
    monitoring.set_events(tool, monitoring.events.INSTRUCTION)
    try:
        yield
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)


@contextlib.contextmanager
def _traced(seconds):
    """Raise Overtime before an instruction that comes after so many seconds, once: on Python 3.11."""
    deadline, before = time.monotonic() + seconds, sys.gettrace()

    def look(frame, event, argument):
        frame.f_trace_opcodes = True
        if time.monotonic() > deadline:
            raise Overtime
        return look

    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)
