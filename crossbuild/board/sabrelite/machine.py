"""A whole i.MX6 Quad SABRE Lite: QEMU's machine, Debian's kernel, the target's user land.

Kernel, four cores and 1 GB of memory are those of the real board.  There is no network:
the root file system and the wheelhouse are in the first file system that the kernel
unpacks, commands and results go over a serial line, the kernel's messages over another.
"""

import base64
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crossbuild.board.protocol import ON_BOARD
from crossbuild.board.rootfs import pip_folder, python_program
from crossbuild.board.sabrelite import kernel as board_kernel
from crossbuild.board.sabrelite.initramfs import Archive
from crossbuild.board.sabrelite.serial_console import (
    LIFETIME,
    MACHINE,
    Line,
    connected,
    powered,
    switch_off,
)
from crossbuild.core import files, system_packages
from crossbuild.core.command import Completed, clean_environment, which
from crossbuild.core.errors import CommandError, ToolMissingError

DEVICE_TREE = "imx6q-sabrelite.dtb"

#: Seconds in which the agent must answer after power-on.
BOOT_TIMEOUT = 300.0

_TIMED_OUT = 124
_PIECE = 1500

#: What the kernel and Python need before /dev is mounted (Linux, admin-guide/devices.txt).
_DEVICES = {"console": (5, 1), "null": (1, 3), "urandom": (1, 9)}

_ENVIRONMENT = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_CACHE_DIR": "1"}


@dataclass(frozen=True)
class SabreliteBoard:
    """A running machine."""

    line: Line
    python: tuple[str, ...]
    pip: tuple[str, ...]
    name: str = MACHINE
    notes: tuple[str, ...] = ()
    install_options: tuple[str, ...] = ()
    scratch: str = "/root/crossbuild"

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        log: Path | None = None,
        check: bool = True,
        timeout: float | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run a program of the board (see :class:`crossbuild.board.protocol.Board`)."""
        seconds = timeout or LIFETIME
        pieces: list[str] = []

        def take(text: str) -> None:
            pieces.append(text)
            if log is not None:
                with log.open("a", encoding="utf-8") as sink:
                    sink.write(text)
            if on_line is not None:
                for line in text.splitlines():
                    on_line(line)

        settings = {**_ENVIRONMENT, **(env or {})}
        request = {"do": "run", "argv": list(argv), "env": settings, "seconds": seconds}
        status = self.line.ask(request, seconds=seconds + 60, on_output=take)
        output = "".join(pieces)
        if status == _TIMED_OUT or (check and status != 0):
            how = f"did not end within {seconds:.0f} s" if status == _TIMED_OUT else "failed"
            raise CommandError(f"{argv[0]} on {self.name} {how}", evidence=output[-2000:])
        return Completed(tuple(argv), status, output)

    def push(self, source: Path, target: str) -> None:
        """Copy a file or a folder to the board: from the attached image, or over the line."""
        if source.is_dir():
            for path in sorted(source.rglob("*")):
                if path.is_file():
                    self.push(path, f"{target}/{path.relative_to(source)}")
            return
        digest = files.sha256(source)
        take = {"do": "take", "name": source.name, "sha256": digest, "path": target}
        if self.line.ask(take, seconds=300):
            return
        data = source.read_bytes()
        for start in range(0, max(len(data), 1), _PIECE):
            piece = base64.b64encode(data[start : start + _PIECE]).decode()
            write = {"do": "write", "path": target, "data": piece, "first": start == 0}
            self.line.ask(write, seconds=60)

    def pull(self, source: str, target: Path) -> None:
        """Copy a file from the board."""
        data = b""
        while True:
            read = {"do": "read", "path": source, "start": len(data), "size": 48_000}
            piece = base64.b64decode(self.line.ask(read, seconds=60))
            if not piece:
                break
            data += piece
        files.write_bytes(target, data)


@contextmanager
def sabrelite_board(
    base: Path,
    python_version: str,
    *,
    wheels: Sequence[Path],
    cache: Path,
    log: Path,
    boot_timeout: float = BOOT_TIMEOUT,
) -> Iterator[SabreliteBoard]:
    """Boot the machine, and switch it off at the end.

    :param base: the root file system, from :func:`crossbuild.board.emulated.prepared_root`
    :param wheels: what the attached image holds
    :param cache: where kernels are kept
    :param log: file that gets the kernel's messages
    :raises BoardError: it does not boot in time; the evidence is the console's tail
    :raises ToolMissingError: the build machine has no ``qemu-system-arm``
    """
    _require_qemu()
    kernel = board_kernel.fetch(DEVICE_TREE, cache, cache / "kernel.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="crossbuild-") as name:
        folder = Path(name)
        image = folder / "root.cpio.gz"
        _write_root(image, base, python_version, wheels)
        argv = _qemu(kernel, image, folder, log)
        with powered(argv, folder) as ended, connected(folder, ended, log) as line:
            line.wait("ready", seconds=boot_timeout)
            board = _board(line, base, python_version)
            yield board
            switch_off(line, ended)


def _require_qemu() -> None:
    env = clean_environment()
    if which("qemu-system-arm", env) is None:
        raise ToolMissingError(
            "the program 'qemu-system-arm' is missing",
            evidence=f"not found on PATH={env['PATH']}",
            cure=system_packages.cure("qemu-system-arm"),
        )


def _board(line: Line, base: Path, python_version: str) -> SabreliteBoard:
    python = (python_program(base, python_version) or f"/usr/bin/python{python_version}",)
    folder = pip_folder(base, python_version)
    own = folder is not None and folder.is_relative_to(base / ".board")
    pip = (f"/{folder.relative_to(base)}",) if folder is not None and own else ("-m", "pip")
    return SabreliteBoard(line, python, (*python, *pip))


def _write_root(image: Path, base: Path, python_version: str, wheels: Sequence[Path]) -> None:
    """The first root file system: the user land, the agent as ``/init``, the wheels."""
    python = python_program(base, python_version)
    agent = f"#!{python} -u\n".encode() + (ON_BOARD / "agent.py").read_bytes()
    with files.disk_errors(image), image.open("wb") as stream:
        archive = Archive(stream)
        archive.add_tree(base)
        for name, minor in _DEVICES.items():
            archive.add(f"dev/{name}", stat.S_IFCHR | 0o666, device=minor)
        archive.add("init", stat.S_IFREG | 0o755, agent)
        archive.add("media", stat.S_IFDIR | 0o755)
        for wheel in wheels:
            archive.add(f"media/{wheel.name}", stat.S_IFREG | 0o644, wheel.read_bytes())
        archive.close()


def _qemu(kernel: board_kernel.Kernel, image: Path, folder: Path, log: Path) -> list[str]:
    files_of = ["-kernel", kernel.image, "-dtb", kernel.device_tree, "-initrd", image]
    arguments = ["-M", MACHINE, "-smp", "4", "-m", "1G", "-nic", "none", "-display", "none"]
    # The first serial line is the agent's (QEMU starts when we have connected), the second
    # is the console, as on the real board.
    lines = ["-serial", f"unix:{folder}/line,server=on,wait=on", "-serial", f"file:{log}"]
    monitor = ["-monitor", f"unix:{folder}/monitor,server=on,wait=off", "-no-reboot"]
    settings = ["-append", "console=ttymxc1,115200 panic=-1 rdinit=/init loglevel=5"]
    return ["qemu-system-arm", *arguments, *map(str, files_of), *lines, *monitor, *settings]
