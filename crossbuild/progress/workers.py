"""Pieces of work side by side, each in a process of its own that ends with this one.

They are processes, not threads: a piece may set warnings, signals or its working folder without
any effect on the others, and a piece that dies takes no other with it.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from crossbuild.core import processes
from crossbuild.core.errors import CrossbuildError
from crossbuild.progress.console import Console, Step

if TYPE_CHECKING:  # a run with nothing to do must not wait for them
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

T = TypeVar("T")

#: prctl(2): the signal that this process gets when its parent ends.
_PR_SET_PDEATHSIG = 1

#: How long a process that was interrupted may tidy up, in seconds.
_GRACE = 5.0


def run(pieces: Mapping[str, Callable[[Console], T]], console: Console, at_once: int) -> list[T]:
    """Do all pieces and return their results, in order; their steps become the console's.

    An interrupt, or a piece that fails, ends the others within seconds before it is passed on.

    :param pieces: by the label that their lines bear; each gets a console of its own
    :param at_once: how many run side by side; 1: they run here, one after another
    :raises CrossbuildError: what a piece raised
    :raises ChildProcessError: a piece died without a result; its traceback was shown
    """
    if at_once <= 1:
        return [piece(console) for piece in pieces.values()]
    from multiprocessing import connection

    pending = [*pieces.items()]
    running: list[_Piece[T]] = []
    results: dict[str, T] = {}
    try:
        while pending or running:
            while pending and len(running) < at_once:
                running.append(_start(*pending.pop(0), console))
            ready = connection.wait([piece.receiver for piece in running])
            for piece in [piece for piece in running if piece.receiver in ready]:
                running.remove(piece)
                results[piece.label] = piece.received(console)
    finally:
        _end([piece.process for piece in running])
    return [results[label] for label in pieces]


@dataclass(frozen=True)
class _Piece(Generic[T]):
    """A piece that runs."""

    label: str
    receiver: "Connection"
    process: "ForkProcess"

    def received(self, console: Console) -> T:
        """Its result; *console* gets its steps."""
        answer: tuple[T | None, CrossbuildError | None, list[Step]]
        try:
            answer = self.receiver.recv()
        except EOFError:
            self.process.join()
            code = self.process.exitcode
            raise ChildProcessError(f"{self.label} died with exit code {code}") from None
        self.process.join()
        result, error, steps = answer
        console.steps += steps
        if error is not None:
            raise error
        return cast("T", result)


def _end(running: "Sequence[ForkProcess]") -> None:
    """Interrupt processes; one that does not end soon is killed with all that it started.

    One that just runs a destructor prints the interrupt, and goes on as if there had been none.
    """
    for process in running:
        os.kill(process.pid or os.getpid(), signal.SIGINT)
    until = time.monotonic() + _GRACE
    for process in running:
        process.join(max(0.0, until - time.monotonic()))
        if process.exitcode is None:
            processes.kill_tree(process.pid or os.getpid())
            process.join()


def _start(label: str, piece: Callable[[Console], T], console: Console) -> _Piece[T]:
    from multiprocessing import get_context

    fork = get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    arguments = (piece, console.labelled(f"{label}: "), sender, os.getpid())
    process = fork.Process(target=_work, args=arguments)
    process.start()
    sender.close()  # or its end would never be seen
    return _Piece(label, receiver, process)


def _work(
    piece: Callable[[Console], object], console: Console, sender: "Connection", parent: int
) -> None:
    """What the new process does."""
    import ctypes

    # The terminal's Ctrl-C reaches the parent alone, which passes it on to each once.
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job's is ignored
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent:
        sys.exit(130)
    try:
        sender.send((piece(console), None, console.steps))
    except CrossbuildError as error:
        sender.send((None, error, console.steps))
    except KeyboardInterrupt:
        sys.exit(130)
