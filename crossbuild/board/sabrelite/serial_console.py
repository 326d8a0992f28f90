"""A whole machine in QEMU, and the serial line to the agent that runs in it."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossbuild.core import documents
from crossbuild.core.command import run, tethered
from crossbuild.core.errors import BoardError, CrossbuildError

MACHINE = "sabrelite"

#: Seconds after which the machine is killed, whatever it does.
LIFETIME = 6 * 3600.0

#: Seconds in which the power goes off.
_OFF_TIMEOUT = 60.0

#: Seconds between two looks at the console while the agent says nothing.
_LOOK = 1.0

#: What the kernel says when it gives up; after that nothing answers any more.
_PANIC = "Kernel panic - not syncing"

_TAIL = 30


@dataclass(frozen=True)
class Line:
    """The serial line to the board's agent.

    :param console: the file that gets the kernel's messages
    """

    stream: socket.socket
    console: Path

    def ask(
        self,
        request: Mapping[str, Any],
        *,
        seconds: float,
        on_output: Callable[[str], None] | None = None,
    ) -> Any:
        """Send a request and return what was done.

        :raises BoardError: no answer within *seconds*, or the machine stopped or panicked
        """
        self.stream.sendall(json.dumps(request).encode() + b"\n")
        return self.wait("done", seconds=seconds, on_output=on_output)

    def wait(
        self,
        key: str,
        *,
        seconds: float,
        on_output: Callable[[str], None] | None = None,
    ) -> Any:
        """Read answers until one has *key*, and return its value."""
        end = time.monotonic() + seconds
        rest = b""
        while True:
            data = self._received()
            if not data and time.monotonic() > end:
                raise self._failed(f"did not answer within {seconds:.0f} s")
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                answer = documents.json_object(line)  # noise on the line counts as none
                if "error" in answer:
                    raise BoardError(f"{MACHINE}: {answer['error']}", evidence=self.tail())
                if "output" in answer and on_output is not None:
                    on_output(answer["output"])
                if key in answer:
                    return answer[key]

    def tail(self) -> str:
        """The last lines of the kernel's messages."""
        return "\n".join(self._console_text().splitlines()[-_TAIL:])

    def _received(self) -> bytes:
        """What has come since the last look; nothing where the agent is silent.

        :raises BoardError: nothing will come any more
        """
        self.stream.settimeout(_LOOK)
        try:
            data = self.stream.recv(65536)
        except TimeoutError:
            _, panic, reason = self._console_text().partition(_PANIC)
            if panic:
                raise self._failed(f"stopped: {panic}{reason.splitlines()[0]}") from None
            return b""
        except OSError as error:
            raise self._failed(f"stopped ({error})") from error
        if not data:
            raise self._failed("stopped")
        return data

    def _console_text(self) -> str:
        return self.console.read_text(errors="replace") if self.console.exists() else ""

    def _failed(self, how: str) -> BoardError:
        return BoardError(
            f"the emulated machine {MACHINE} {how}",
            evidence=f"last lines of its serial console:\n{self.tail() or '(nothing)'}",
            cure="a slow or busy build machine needs more time: try again; "
            "`crossbuild verify --board emulated` does without a whole machine",
        )


@contextmanager
def powered(argv: Sequence[str], folder: Path) -> Iterator[threading.Event]:
    """Run QEMU beside us; the event is set when it has ended.

    Leaving the block ends it in any case.
    """
    ended = threading.Event()
    problems: list[CrossbuildError] = []

    def body() -> None:
        try:
            run([*tethered(), *argv], log=folder / "qemu.log", timeout=LIFETIME)
        except CrossbuildError as error:
            problems.append(error)
        finally:
            ended.set()

    thread = threading.Thread(target=body, name="qemu")
    thread.start()
    try:
        yield ended
    finally:
        _quit(folder / "monitor", ended)
        thread.join()
    if problems:
        raise problems[0]


def _quit(monitor: Path, ended: threading.Event) -> None:
    """Tell QEMU to end at once, unless it has."""
    while not ended.wait(0.2):
        with suppress(OSError), socket.socket(socket.AF_UNIX) as stream:
            stream.connect(str(monitor))
            stream.sendall(b"quit\n")
            ended.wait(5)


@contextmanager
def connected(folder: Path, ended: threading.Event, log: Path) -> Iterator[Line]:
    """Connect to the agent's serial line, which lets QEMU start the machine."""
    with socket.socket(socket.AF_UNIX) as stream:
        while True:
            try:
                stream.connect(f"{folder}/line")
                break
            except OSError as error:
                if ended.wait(0.1):
                    raise BoardError(
                        "QEMU does not start",
                        evidence=(folder / "qemu.log").read_text(errors="replace")[-2000:],
                        cure="see what QEMU says above",
                    ) from error
        yield Line(stream, log)


def switch_off(line: Line, ended: threading.Event) -> None:
    """Switch the machine off as its user would.

    :raises BoardError: it does not power off
    """
    with suppress(BoardError):  # the machine stops before it has answered
        line.ask({"do": "off"}, seconds=_OFF_TIMEOUT)
    if not ended.wait(_OFF_TIMEOUT):
        raise BoardError(
            f"the emulated machine {MACHINE} did not power off",
            evidence=f"last lines of its serial console:\n{line.tail()}",
            cure="the results above are complete; try again",
        )
