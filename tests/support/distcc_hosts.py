"""Hosts of a farm: distccd in network namespaces, each at the end of a wire of its own."""

import itertools
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.programs import program
from tests.support.waiting import until

#: No name comes twice: the kernel removes a namespace's wire some time after the namespace.
_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Host:
    """A distccd; *address* is what clients call it by."""

    address: str
    log: Path
    daemon: "subprocess.Popen[bytes]"

    @property
    def compiled(self) -> int:
        """How many objects it has made."""
        return self.log.read_text().count("COMPILE_OK")

    def stop(self) -> None:
        """It accepts connections still and answers none, as a host that hangs."""
        os.killpg(self.daemon.pid, signal.SIGSTOP)

    def kill(self) -> None:
        """It is gone, and its connections are cut."""
        os.killpg(self.daemon.pid, signal.SIGKILL)


@contextmanager
def hosts(*compilers: Sequence[Path]) -> Iterator[list[Host]]:
    """One host for each list of compilers that it lets clients use."""
    distccd, ip = program("distccd", "distcc"), program("ip", "iproute2")
    with ExitStack() as stack:
        # distccd gives up being root, and pytest's own folders are closed to others.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="farm-")))
        folder.chmod(0o755)
        yield [
            stack.enter_context(_host(next(_NUMBERS), allowed, folder, distccd, ip))
            for allowed in compilers
        ]


@contextmanager
def _host(
    number: int, compilers: Sequence[Path], folder: Path, distccd: str, ip: str
) -> Iterator[Host]:
    name = f"farm{number}-{os.getpid()}"
    # RFC 2544's addresses for tests of networks.
    network = f"198.18.{os.getpid() % 256}"
    here, there = (f"{network}.{4 * number + end}" for end in (1, 2))
    log = folder / f"{name}.log"
    allowed = folder / f"{name}.compilers"
    allowed.write_text("".join(f"{path}\n" for path in compilers))
    log.touch()
    log.chmod(0o666)
    made = subprocess.run([ip, "netns", "add", name], check=False, capture_output=True, text=True)
    if made.returncode:
        _not_here(f"network namespaces cannot be made: {made.stderr.strip()}")
    try:
        for words in (
            ["link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name],
            ["address", "add", f"{here}/30", "dev", name],
            ["link", "set", name, "up"],
            ["-n", name, "address", "add", f"{there}/30", "dev", "eth0"],
            ["-n", name, "link", "set", "eth0", "up"],
        ):
            subprocess.run([ip, *words], check=True)
        options = ["--no-detach", "--daemon", "--user", "nobody", "--jobs", "2"]
        access = ["--listen", there, "--allow", here, "--log-file", str(log), "--log-level", "info"]
        daemon = subprocess.Popen(
            [ip, "netns", "exec", name, distccd, *options, *access],
            env={"PATH": os.defpath, "DISTCC_CMDLIST": str(allowed)},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        host = Host(there, log, daemon)
        try:
            until_logged(folder, log.name, "preforking daemon started")
            yield host
        finally:
            host.kill()
            daemon.wait()
    finally:
        subprocess.run([ip, "netns", "delete", name], check=True)


def until_logged(folder: Path, log: str, text: str, times: int = 1) -> None:
    """Until a log, which need not be there yet, has a text so often.

    :param log: its name, or a glob of it
    """

    def count() -> int:
        return sum(path.read_text(errors="replace").count(text) for path in folder.glob(log))

    until(lambda: count() >= times, seconds=60)


def _not_here(reason: str) -> NoReturn:
    """CI has what the tests need; elsewhere a machine may lack it."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
