"""install.sh on a board: dash with GNU's tools, and busybox with nothing but its own."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from crossbuild.export import signing
from tests.support.programs import program
from tests.support.signed_wheelhouses import (
    PURE,
    PYTHON,
    Keys,
    make_keys,
    signed,
    without_session,
)
from tests.support.waiting import until

SCRIPT = Path(signing.__file__).with_name("install.sh")
PINS = f"requirements-cp{PYTHON.replace('.', '')}.txt"
TOOL = f"tool-1.0-{PURE}.whl"


@dataclass(frozen=True)
class Board:
    """A folder with what a board has: a shell with its tools, keys, and the packages."""

    shell: tuple[str, ...]
    path: str
    keys: Keys
    folder: Path

    def words(self, house: Path, python: str = sys.executable) -> list[str]:
        places = ["-k", str(self.keys.trusted), "-t", str(self.folder), "-p", python]
        return [*self.shell, str(SCRIPT), *places, str(house)]

    @property
    def environment(self) -> dict[str, str]:
        return {**without_session(), "PATH": self.path}

    def install(self, house: Path, **options: str) -> subprocess.CompletedProcess[str]:
        words = self.words(house, **options)
        return subprocess.run(
            words, env=self.environment, capture_output=True, text=True, check=False
        )

    def has_already(self) -> None:
        """Let the board have version 1.0, as an installation leaves it."""
        packages = self.folder / "cp1-1/site-packages"
        packages.mkdir(parents=True)
        (packages / "tool.py").write_text("VERSION = '1.0'\n")
        (packages.parent / "SERIAL").write_text("1\n")
        (self.folder / "current").symlink_to("cp1-1")

    def version(self) -> str:
        """What a program on the board gets of ``tool``; empty where there is none."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder / "current/site-packages")}
        code = "import tool; print(tool.VERSION)"
        words = [sys.executable, "-c", code]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def leftovers(self) -> list[str]:
        """What lies in the folder beside the environment in use."""
        current = str((self.folder / "current").readlink())
        names = {path.name for path in self.folder.iterdir()} - {"current", current, ".lock"}
        return sorted(names)


@pytest.fixture(scope="session")
def busybox_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH with busybox's programs, ssh-keygen and minisign alone."""
    folder = tmp_path_factory.mktemp("busybox")
    subprocess.run([program("busybox", "busybox"), "--install", "-s", str(folder)], check=True)
    for name, package in (("ssh-keygen", "openssh-client"), ("minisign", "minisign")):
        (folder / name).symlink_to(program(name, package))
    return str(folder)


@pytest.fixture(params=["dash", "busybox"])
def board(request: pytest.FixtureRequest, tmp_path: Path, busybox_path: str) -> Board:
    keys = make_keys(tmp_path)
    keys.allow()
    if request.param == "busybox":
        return Board((f"{busybox_path}/sh",), busybox_path, keys, tmp_path / "opt")
    return Board(("dash",), os.environ["PATH"], keys, tmp_path / "opt")


def test_a_signed_wheelhouse_is_installed_then_replaced(board: Board, tmp_path: Path) -> None:
    house = signed(tmp_path / "house", board.keys.ssh)
    done = board.install(house)
    assert done.returncode == 0, done.stderr
    assert f"PYTHONPATH={board.folder}/current/site-packages" in done.stdout
    assert board.version() == "1.0"
    assert board.leftovers() == []

    assert "has it already" in board.install(house).stdout
    done = board.install(signed(house, board.keys.ssh, "2.0"))
    assert done.returncode == 0, done.stderr
    assert board.version() == "2.0"
    assert len(board.leftovers()) == 1  # the one before, which programs may still use


def test_minisign_does_where_the_board_trusts_no_ssh_key(board: Board, tmp_path: Path) -> None:
    (board.keys.trusted / "allowed_signers").unlink()
    board.keys.trust_minisign()
    house = signed(tmp_path / "house", board.keys.minisign)
    done = board.install(house)
    assert done.returncode == 0, done.stderr
    assert board.version() == "1.0"
    other = signed(tmp_path / "other", board.keys.strange_minisign, "2.0")
    refused = board.install(other)
    assert "its signature is wrong" in refused.stderr
    assert board.version() == "1.0"


def _resign_with(key: str) -> Callable[[Board, Path], object]:
    return lambda board, house: signing.sign(house, getattr(board.keys, key))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda board, house: board.keys.allow('valid-before="20200101"'), "allowed today"),
        (lambda board, house: board.keys.revoke(), "or the key revoked"),
        (_resign_with("strange_ssh"), "signed by no key that is allowed"),
        (lambda board, house: (house / "SHA256SUMS.sig").unlink(), "not signed by an ssh key"),
        (lambda board, house: (house / TOOL).write_bytes(b"x"), f"changed: {TOOL}: FAILED"),
        (lambda board, house: (house / TOOL).unlink(), TOOL),
        (lambda board, house: (house / "a-1.whl").touch(), "a-1.whl is not listed"),
        (lambda board, house: (house / "tool-3.tar.gz").touch(), "tool-3.tar.gz is not listed"),
        (lambda board, house: (house / "SERIAL").write_text("9"), "SERIAL is not what was signed"),
        (lambda board, house: (house / "SERIAL").unlink(), "no SERIAL: it is not signed"),
        (lambda board, house: (house / PINS).write_text(""), f"{PINS} is not what was signed"),
        (lambda board, house: (house / PINS).unlink(), f"no {PINS}"),
        (lambda board, house: (house / "SHA256SUMS").write_text("x"), "its signature is wrong"),
        (lambda board, house: (board.keys.trusted / "allowed_signers").unlink(), "has no keys"),
    ],
)
def test_what_was_not_signed_is_refused_and_the_old_stays(
    spoil: Callable[[Board, Path], object], words: str, board: Board, tmp_path: Path
) -> None:
    board.has_already()
    new = signed(tmp_path / "new", board.keys.ssh)
    spoil(board, new)
    refused = board.install(new)
    assert refused.returncode == 1
    assert words in refused.stderr
    assert board.version() == "1.0"
    assert board.leftovers() == []


def test_an_older_wheelhouse_is_refused(board: Board, tmp_path: Path) -> None:
    board.has_already()
    (board.folder / "current/SERIAL").write_text("4000000000\n")
    refused = board.install(signed(tmp_path / "old", board.keys.ssh))
    assert "it is older" in refused.stderr
    assert "than what is installed (4000000000)" in refused.stderr
    assert board.version() == "1.0"


def test_a_module_of_the_wheelhouse_does_not_run(board: Board, tmp_path: Path) -> None:
    house = signed(tmp_path / "house", board.keys.ssh)
    for name in ("fcntl", "pip", "os", "sys"):
        (house / f"{name}.py").write_text("raise SystemExit('owned')\n")
    words = board.words(Path())
    done = subprocess.run(
        words, env=board.environment, cwd=house, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert board.version() == "1.0"


@pytest.mark.parametrize("board", ["dash"], indirect=True)
def test_a_loss_of_power_leaves_the_old_environment(board: Board, tmp_path: Path) -> None:
    """Killed while pip runs, then between the renames; each time the next run goes on."""
    board.has_already()
    house = signed(tmp_path / "house", board.keys.ssh, "2.0")
    for moment in ("-m", "-c"):
        hangs = tmp_path / "python"
        hangs.write_text(
            f'#!/bin/sh\ncase "$1$2" in -mpip | -c*rename*) [ "$1" != {moment} ] || '
            f'{{ touch {tmp_path}/reached; exec sleep 600; }} ;; esac\nexec {sys.executable} "$@"\n'
        )
        hangs.chmod(0o755)
        words = board.words(house, python=str(hangs))
        process = subprocess.Popen(words, env=board.environment, start_new_session=True)
        until((tmp_path / "reached").exists)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        (tmp_path / "reached").unlink()
        assert board.version() == "1.0"
        assert board.leftovers()
    done = board.install(house)
    assert done.returncode == 0, done.stderr
    assert board.version() == "2.0"


@pytest.mark.parametrize("board", ["dash"], indirect=True)
def test_two_installations_at_once_are_one(board: Board, tmp_path: Path) -> None:
    house = signed(tmp_path / "house", board.keys.ssh)
    board.folder.mkdir()
    with (board.folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = board.install(house)
    assert "another installation is under way" in refused.stderr
    assert board.install(house).returncode == 0
