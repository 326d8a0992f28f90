"""A whole emulated SABRE Lite: boots, installs, runs, powers off."""

import json
import os
import signal
import stat
import subprocess
from io import BytesIO
from pathlib import Path

import pytest

from crossbuild.board.sabrelite.initramfs import Archive
from crossbuild.board.sabrelite.kernel import without_dma
from crossbuild.board.sabrelite.machine import BOOT_TIMEOUT, SabreliteBoard, sabrelite_board
from crossbuild.core import defaults
from crossbuild.core.errors import BoardError, CommandError, ToolMissingError
from crossbuild.sdk.model import Sdk
from crossbuild.verify.smoke import run_script
from tests.support.programs import CROSSBUILD

BOARDS = defaults.CACHE / "boards"


def machines() -> str:
    return subprocess.run(
        ["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.slow
def test_verify_boots_proves_and_powers_off(
    bookworm: Sdk, wheelhouse: Path, tmp_path: Path
) -> None:
    code = "import arithmetic, os; print(arithmetic.size(), os.uname().machine, os.cpu_count())"
    (tmp_path / "pyproject.toml").write_text(
        f"[tool.crossbuild]\ntest-command = {json.dumps(f'python -c {code!r}')}\n"
    )
    words = ["verify", "--board", "sabrelite", "--json", "arithmetic"]
    places = {"sdk": bookworm.root, "wheelhouse": wheelhouse, "cache-dir": defaults.CACHE}
    options = [text for name, path in places.items() for text in (f"--{name}", str(path))]
    ended = subprocess.run(
        [CROSSBUILD, *words, *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "✓ boot sabrelite" in ended.stderr
    report = json.loads(ended.stdout)
    assert report["hashes_checked"]
    assert 900e6 < report["facts"]["memory"] < 1.08e9
    assert "4 armv7l 4" in (tmp_path / "build/verify.log").read_text().splitlines()
    console = tmp_path / "build/sabrelite.log"
    assert "crossbuild: Python 3.11" in console.read_text()
    assert str(console) not in machines()


@pytest.mark.slow
def test_programs_and_files(base: Path, wheelhouse: Path, tmp_path: Path) -> None:
    (wheel,) = wheelhouse.glob("arithmetic-*.whl")
    script, module = tmp_path / "divide.py", f"{SabreliteBoard.scratch}/{wheel.name}"
    script.write_text(
        f"import sys, zipfile\nzipfile.ZipFile({module!r}).extractall('/root/module')\n"
        "sys.path.append('/root/module')\nimport arithmetic\narithmetic.divide()\n"
    )
    log = tmp_path / "console.log"
    with sabrelite_board(base, "3.11", wheels=[wheel], cache=BOARDS, log=log) as board:
        board.push(wheel, module)
        result = run_script(board, "divide", script, log=tmp_path / "board.log")
        assert result.status == -signal.SIGILL
        assert_files_and_timeouts(board, tmp_path)


def assert_files_and_timeouts(board: SabreliteBoard, tmp_path: Path) -> None:
    source = tmp_path / "random"
    source.write_bytes(os.urandom(5000))
    board.push(source, f"{board.scratch}/deep/random")
    board.pull(f"{board.scratch}/deep/random", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    with pytest.raises(CommandError, match="did not end within 2 s"):
        board.run(["sleep", "100"], timeout=2)
    with pytest.raises(BoardError, match="No such file or directory"):
        board.run(["no-such-program"])
    network = board.run([*board.python, "-c", "import socket; print(socket.if_nameindex())"])
    assert "eth" not in network.output


@pytest.mark.slow
def test_hung_boot_is_ended(base: Path, tmp_path: Path) -> None:
    """A root file system without the dynamic loader: the kernel finds no working init."""
    broken = tmp_path / "root"
    subprocess.run(["cp", "-a", str(base), str(broken)], check=True)
    for loader in broken.glob("lib/ld-linux-armhf.so.3"):
        loader.unlink()
    console = tmp_path / "console.log"
    with pytest.raises(BoardError) as caught:
        start(broken, console)
    assert "Kernel panic - not syncing: No working init found" in caught.value.what
    assert "last lines of its serial console" in caught.value.evidence
    assert str(console) not in machines()


@pytest.mark.slow
def test_slow_boot_is_ended(base: Path, tmp_path: Path) -> None:
    console = tmp_path / "console.log"
    with pytest.raises(BoardError, match="did not answer within 2 s"):
        start(base, console, boot_timeout=2)
    assert str(console) not in machines()


def start(base: Path, console: Path, boot_timeout: float = BOOT_TIMEOUT) -> None:
    with sabrelite_board(
        base, "3.11", wheels=[], cache=BOARDS, log=console, boot_timeout=boot_timeout
    ):
        pass


@pytest.mark.slow
def test_no_qemu(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start_tools = tmp_path / "bin"
    start_tools.mkdir()
    monkeypatch.setenv("PATH", str(start_tools))
    with pytest.raises(ToolMissingError) as caught:
        start(base, tmp_path / "console.log")
    assert "qemu-system-arm" in caught.value.what
    assert "apt-get install qemu-system-arm" in caught.value.cure


def test_archive_has_what_the_kernel_reads(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sh").write_text("x")
    (tmp_path / "bin/sh").chmod(0o755)
    (tmp_path / "sbin").symlink_to("bin")
    stream = BytesIO()
    archive = Archive(stream)
    archive.add_tree(tmp_path)
    archive.add("dev/null", stat.S_IFCHR | 0o666, device=(1, 3))
    archive.close()
    assert entries(stream.getvalue()) == [
        ("bin", stat.S_IFDIR | 0o755, b"", (0, 0)),
        ("bin/sh", stat.S_IFREG | 0o755, b"x", (0, 0)),
        ("sbin", stat.S_IFLNK | 0o777, b"bin", (0, 0)),
        ("dev/null", stat.S_IFCHR | 0o666, b"", (1, 3)),
        ("TRAILER!!!", 0, b"", (0, 0)),
    ]


def entries(packed: bytes) -> list[tuple[str, int, bytes, tuple[int, int]]]:
    """A reader of the format, written from the kernel's description of it."""
    import gzip

    data, at, found = gzip.decompress(packed), 0, []
    while at < len(data):
        assert data[at : at + 6] == b"070701"
        field = [int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        name = data[at + 110 : at + 110 + field[11] - 1].decode()
        at += (110 + field[11] + 3) // 4 * 4
        found.append((name, field[1], data[at : at + field[6]], (field[9], field[10])))
        at += (field[6] + 3) // 4 * 4
    return found


def test_device_tree_without_dma() -> None:
    tree = b"\xd0\x0d\xfe\xeddmas\0dma-names\0status\0"
    assert without_dma(tree) == b"\xd0\x0d\xfe\xeddmas\0-no-dma--\0status\0"
