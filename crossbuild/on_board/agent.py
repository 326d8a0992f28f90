"""Process 1 of a whole emulated machine: does what is asked over a serial line.

Each line is a JSON object: a request, or what it led to.  Python 3.5 and later.
"""

import base64
import ctypes
import hashlib
import json
import mmap
import os
import select
import shutil
import signal
import subprocess
import sys
import time
import tty
from pathlib import Path

_LINE = "/dev/ttymxc0"
_WATCHDOG = 0x020BC000  # WDOG1 of the i.MX6
_WATCHDOG_ENABLE = 0x0004  # WDE, with SRS = 0
_TIMED_OUT = 124  # as timeout(1) says it

_MOUNTS = (
    ("devtmpfs", "/dev", ""),
    ("proc", "/proc", ""),
    ("sysfs", "/sys", ""),
    ("tmpfs", "/dev/shm", "mode=1777"),  # noqa: S108 - where shared memory is
)


def _mount() -> None:
    """Mount what programs expect, by the C library: an image may lack mount(8)."""
    library = ctypes.CDLL(None, use_errno=True)
    for kind, place, options in _MOUNTS:
        Path(place).mkdir(exist_ok=True)
        words = [word.encode() for word in (kind, place, kind)]
        if library.mount(*words, 0, options.encode()) != 0:
            print("cannot mount " + place + ": " + os.strerror(ctypes.get_errno()))
    for name, target in (("fd", "self/fd"), ("stdin", "self/fd/0"), ("stdout", "self/fd/1")):
        if not os.path.lexists("/dev/" + name):
            os.symlink("/proc/" + target, "/dev/" + name)


class Agent:
    """Reads requests from the line and answers on it."""

    def __init__(self, line: int) -> None:
        self._line = line
        self._reader = os.fdopen(os.dup(line), "r", encoding="ascii")

    def tell(self, answer: "dict[str, object]") -> None:
        """Send one answer."""
        data = json.dumps(answer).encode("ascii") + b"\n"
        while data:
            data = data[os.write(self._line, data) :]

    def serve(self) -> None:
        """Answer requests until the machine is switched off."""
        self.tell({"ready": True})
        while True:
            request = json.loads(self._reader.readline())
            try:
                self.tell({"done": getattr(self, "do_" + request.pop("do"))(**request)})
            except Exception as error:  # noqa: BLE001 - all of it is the asker's to judge
                self.tell({"error": str(error)})

    def do_run(self, argv: "list[str]", env: "dict[str, str]", seconds: float) -> int:
        """Run a program; its output goes out as it comes."""
        reader, writer = os.pipe()
        process = subprocess.Popen(
            argv,
            env=dict(os.environ, **env),
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer,
            start_new_session=True,
        )
        os.close(writer)
        end = time.monotonic() + seconds
        while True:
            readable, _, _ = select.select([reader], [], [], max(0.0, end - time.monotonic()))
            data = os.read(reader, 65536) if readable else b""
            if data:
                self.tell({"output": data.decode("utf-8", "replace")})
                continue
            if not readable:
                os.killpg(process.pid, signal.SIGKILL)
            status = process.wait()
            os.close(reader)
            return status if readable else _TIMED_OUT

    def do_take(self, name: str, sha256: str, path: str) -> bool:
        """Use a file of the attached image; false where it has no such one."""
        source = Path("/media") / name
        if not source.is_file() or hashlib.sha256(source.read_bytes()).hexdigest() != sha256:
            return False
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(source), path)
        return True

    def do_write(self, path: str, data: str, first: bool) -> None:
        """Write a piece of a file."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with Path(path).open("wb" if first else "ab") as stream:
            stream.write(base64.b64decode(data))

    def do_read(self, path: str, start: int, size: int) -> str:
        """A piece of a file."""
        with Path(path).open("rb") as stream:
            stream.seek(start)
            return base64.b64encode(stream.read(size)).decode("ascii")

    def do_off(self) -> None:
        """Let the watchdog stop the machine at once, which QEMU takes for its end.

        i.MX 6Dual/6Quad Reference Manual, chapter Watchdog Timer: WDOG1_WCR with SRS = 0
        asserts the reset.  QEMU 7.2 does not have this processor's power switch.
        """
        os.sync()
        memory = os.open("/dev/mem", os.O_RDWR | os.O_SYNC)
        registers = mmap.mmap(memory, mmap.PAGESIZE, offset=_WATCHDOG)
        ctypes.c_uint16.from_buffer(registers).value = _WATCHDOG_ENABLE


def main() -> None:
    """Set up the machine and serve."""
    print("crossbuild: Python " + sys.version.split()[0] + " is process 1", flush=True)
    _mount()
    os.environ.update(HOME="/root", LC_ALL="C.UTF-8")
    os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    line = os.open(_LINE, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(line)
    Agent(line).serve()


main()
