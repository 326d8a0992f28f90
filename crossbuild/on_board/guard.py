"""Run a program for someone far away, and clean up when the connection is lost.

    guard.py FOLDER SECONDS PROGRAM [ARGUMENT...]

FOLDER is removed when nobody is left to read what this prints.  The program and its
children are killed then, and after SECONDS (exit status 124).  Python 3.5 and later.
"""

import os
import select
import shutil
import signal
import sys
import time
from contextlib import suppress

_INTERVAL = 1000  # milliseconds between two looks at the connection
_AT_END = 50  # milliseconds in which a lost connection shows after the program's end
_TIMED_OUT = 124  # as timeout(1) says it


def _deserted(poll: "select.poll", milliseconds: int) -> bool:
    """Whether the other end of standard output is gone."""
    events = dict(poll.poll(milliseconds))
    return bool(events.get(1, 0) & (select.POLLERR | select.POLLHUP))


def _wake_at_child() -> int:
    """A file descriptor that becomes readable when a child ends."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer)
    return reader


def _kill(group: int) -> None:
    with suppress(OSError):
        os.killpg(group, signal.SIGKILL)


def _start(argv: "list[str]") -> int:
    child = os.fork()
    if child:
        return child
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - the very purpose
    except OSError as error:
        sys.stderr.write(argv[0] + ": " + str(error.strerror) + "\n")
    finally:
        os._exit(127)


def main() -> int:
    """Guard the program that the arguments name and return its exit status."""
    folder, seconds, argv = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    output = select.poll()
    output.register(1, 0)
    either = select.poll()
    either.register(1, 0)
    either.register(_wake_at_child(), select.POLLIN)
    end = time.monotonic() + seconds  # a board without a battery sets its clock at any time
    child = _start(argv)
    while True:
        gone = _deserted(either, _INTERVAL)
        ended, status = os.waitpid(child, os.WNOHANG)
        if gone or (ended and _deserted(output, _AT_END)):
            _kill(child)
            shutil.rmtree(folder, ignore_errors=True)
            return 1
        if ended:
            _kill(child)  # what it left behind holds our output, and the other end waits for that
            return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        if time.monotonic() > end:
            _kill(child)
            return _TIMED_OUT
        with suppress(OSError):
            os.utime(folder)  # later visitors remove what is old


sys.exit(main())
