"""Pieces of work side by side, each in a process of its own that ends with this one.

Processes, not threads: what one does to its interpreter (warnings, signals, the folder that
it is in) is no other's business, and a piece that dies takes nothing along.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from typing import Generic, TypeVar

from crossbuild.console import Console, Step

T = TypeVar("T")

_FORK = get_context("fork")

#: prctl(2): the signal that this process gets when its parent ends.
_PR_SET_PDEATHSIG = 1


def run(pieces: Mapping[str, Callable[[Console], T]], console: Console, at_once: int) -> list[T]:
    """Do all pieces and return their results, in order; their steps become the console's.

    An interrupt, or a piece that dies, ends the others before it is passed on.

    :param pieces: by the label that their lines bear; each gets a console of its own
    :raises ChildProcessError: a piece died without a result; its traceback was shown
    """
    waiting = [*pieces.items()]
    running: list[_Piece[T]] = []
    results: dict[str, T] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                running.append(_start(*waiting.pop(0), console))
            ready = connection.wait([piece.receiver for piece in running])
            for piece in [piece for piece in running if piece.receiver in ready]:
                running.remove(piece)
                results[piece.label], steps = piece.received()
                console.steps += steps
    finally:
        for piece in running:
            os.kill(piece.process.pid or os.getpid(), signal.SIGINT)
        for piece in running:
            piece.process.join()
    return [results[label] for label in pieces]


@dataclass(frozen=True)
class _Piece(Generic[T]):
    """A piece that runs."""

    label: str
    receiver: Connection
    process: ForkProcess

    def received(self) -> tuple[T, list[Step]]:
        """Its result and its steps."""
        try:
            answer: tuple[T, list[Step]] = self.receiver.recv()
        except EOFError:
            self.process.join()
            code = self.process.exitcode
            raise ChildProcessError(f"{self.label} died with exit code {code}") from None
        self.process.join()
        return answer


def _start(label: str, piece: Callable[[Console], T], console: Console) -> _Piece[T]:
    receiver, sender = _FORK.Pipe(duplex=False)
    arguments = (piece, console.labelled(f"{label}: "), sender, os.getpid())
    process = _FORK.Process(target=_work, args=arguments)
    process.start()
    sender.close()  # or its end would never be seen
    return _Piece(label, receiver, process)


def _work(
    piece: Callable[[Console], object], console: Console, sender: Connection, parent: int
) -> None:
    """What the new process does."""
    # The terminal's Ctrl-C reaches the parent alone, which passes it on to each once.
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent:
        sys.exit(130)
    try:
        sender.send((piece(console), console.steps))
    except KeyboardInterrupt:
        sys.exit(130)
