"""`crossbuild verify --board user@host` as a user starts it, with a real sshd and ~/.ssh."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from crossbuild.board.emulated import EmulatedBoard
from crossbuild.core.files import size_text
from tests.support.boards import write_wheel
from tests.support.programs import CROSSBUILD
from tests.support.schemas import held
from tests.support.ssh_server import Server, at_home, landing, small_disk
from tests.support.waiting import until

pytestmark = pytest.mark.slow

NATIVE = "cp311-cp311-linux_armv7l"
BOARD_FAILED = 20


def command(home: Path, user: str, wheelhouse: Path, *options: str) -> list[str]:
    program = str(CROSSBUILD)
    words = ["verify", "--board", user, "--wheelhouse", str(wheelhouse), *options, "arithmetic"]
    return [*at_home(home), program, *words]


def verify(
    home: Path, user: str, wheelhouse: Path, *options: str
) -> subprocess.CompletedProcess[str]:
    words = command(home, user, wheelhouse, *options)
    return subprocess.run(words, cwd=home, capture_output=True, text=True, check=False)


def said(ended: subprocess.CompletedProcess[str]) -> str:
    return " ".join(ended.stderr.split())


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A wheelhouse with a wheel of 2.5 MB that unpacks to as much, and 0.5 MB compiled."""
    folder = tmp_path / "large"
    folder.mkdir()
    module = f"letters = {'x' * 500_000!r}\n".encode()
    content = {"arithmetic.dat": os.urandom(2_000_000), "arithmetic.py": module}
    wheel = write_wheel(folder, "arithmetic", NATIVE, content)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (folder / "requirements-cp311.txt").write_text(f"arithmetic==1.0 --hash=sha256:{digest}\n")
    return folder


@pytest.mark.parametrize("place", ["venv", "user"])
@pytest.mark.usefixtures("server")
def test_passes_and_reports(user: str, wheelhouse: Path, tmp_path: Path, place: str) -> None:
    code = "import arithmetic; print(arithmetic.size(), arithmetic.__file__)"
    (tmp_path / "pyproject.toml").write_text(
        f"[tool.crossbuild]\ntest-command = {json.dumps(f'python -c {code!r}')}\n"
    )
    options = ["--user"] if place == "user" else []
    ended = verify(tmp_path, user, wheelhouse, "--json", *options)
    assert ended.returncode == 0, ended.stderr
    report = held("verify", ended.stdout)
    assert (report.pop("suites"), report.pop("version")) == ([], 1)
    assert held("smoke", (tmp_path / "build/verify.json").read_text()) == report
    assert (report["board"], report["facts"]["machine"]) == (user, "armv7l")
    assert report["installed"]["arithmetic"] == "1.0"
    assert report["hashes_checked"]
    lines = (tmp_path / "build/verify.log").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("4 /tmp/crossbuild-"))
    assert f"/{place}/lib/" in line


def test_wrong_key(server: Server, user: str, wheelhouse: Path, tmp_path: Path) -> None:
    server.refuse()
    ended = verify(tmp_path, user, wheelhouse)
    assert ended.returncode == BOARD_FAILED
    assert f"error: {user} cannot be reached: it refuses the login" in said(ended)
    assert f"evidence: {user}: Permission denied (publickey" in said(ended)
    assert "`ssh-copy-id` installs your key" in said(ended)


@pytest.fixture
def old_pip(board: EmulatedBoard, tmp_path: Path) -> EmulatedBoard:
    """A board with the pip of Yocto's dunfell; older ones do not start on Python 3.11."""
    words = [sys.executable, "-m", "pip", "download", "--no-deps", "pip==20.0.2", "-d"]
    subprocess.run([*words, str(tmp_path)], check=True)
    (packages,) = board.root.glob("usr/lib/python3*/dist-packages")
    for folder in packages.glob("pip*"):
        shutil.rmtree(folder)
    with zipfile.ZipFile(tmp_path / "pip-20.0.2-py2.py3-none-any.whl") as archive:
        archive.extractall(packages)
    return board


def test_old_pip(old_pip: EmulatedBoard, user: str, tmp_path: Path) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    write_wheel(folder, "arithmetic", "cp311-cp311-manylinux_2_31_armv7l", {})
    with landing(old_pip, tmp_path):
        ended = verify(tmp_path, user, folder)
    assert ended.returncode == BOARD_FAILED
    assert f"error: pip 20.0.2 on {user} is too old for arithmetic-1.0-cp311" in said(ended)
    assert "manylinux_2_31_armv7l is known since pip 20.3" in said(ended)
    assert "pip install 'pip>=20.3'" in said(ended)
    assert list((old_pip.root / "tmp").iterdir()) == []


def test_old_pip_installs_what_has_the_plain_tag(
    old_pip: EmulatedBoard, user: str, wheelhouse: Path, tmp_path: Path
) -> None:
    with landing(old_pip, tmp_path):
        ended = verify(tmp_path, user, wheelhouse)
    assert ended.returncode == 0, ended.stderr


def test_full_disk(shared_board: EmulatedBoard, user: str, large: Path, tmp_path: Path) -> None:
    with (
        small_disk(shared_board.root / "tmp", "3m") as (disk, enter),
        landing(shared_board, tmp_path, enter),
    ):
        ended = verify(tmp_path, user, large)
        assert list(disk.iterdir()) == []
    assert ended.returncode == BOARD_FAILED
    free = size_text(3 * 1024**2).split(".")[0]
    assert f"error: {user} has {free}" in said(ended)
    assert "free, but the wheels need 5.5 MB evidence: arithmetic-1.0-cp311" in said(ended)
    assert "--board-folder" in said(ended)


def test_what_is_asked_for_is_enough(
    shared_board: EmulatedBoard, user: str, large: Path, tmp_path: Path
) -> None:
    with (
        small_disk(shared_board.root / "tmp", "5700k") as (disk, enter),
        landing(shared_board, tmp_path, enter),
    ):
        ended = verify(tmp_path, user, large)
        assert list(disk.iterdir()) == []
    assert ended.returncode == 0, ended.stderr


@pytest.mark.usefixtures("server")
def test_killed_in_a_copy(shared_board: EmulatedBoard, user: str, tmp_path: Path) -> None:
    """Whoever is left there must notice that nobody listens any more."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    wheel = write_wheel(folder, "arithmetic", NATIVE, {"arithmetic.dat": bytes(200_000_000)})
    words = command(tmp_path, user, folder)
    copies = f"tmp/*/wheelhouse/{wheel.name}"
    with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        until(lambda: any(shared_board.root.glob(copies)))
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
