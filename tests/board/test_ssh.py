"""A board over SSH: the user's own ssh, a real sshd, and a login that lands on the
emulated board."""

import os
import platform
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crossbuild.board.emulated import EmulatedBoard
from crossbuild.board.protocol import facts
from crossbuild.board.ssh import ssh_board
from crossbuild.core import defaults
from crossbuild.core.errors import BoardError, CommandError, ConfigurationError
from crossbuild.packages.recipe import Suite
from crossbuild.progress.console import Console
from crossbuild.verify import smoke, suite_jobs, suites
from crossbuild.verify.suite_jobs import SuiteJob
from tests.support import projects
from tests.support.boards import REQUIRES, write_wheel
from tests.support.programs import free_port
from tests.support.ssh_server import Server, landing, serve, small_disk
from tests.support.waiting import until

pytestmark = pytest.mark.slow


def test_copies_only_what_is_missing(
    shared_board: EmulatedBoard, server: Server, user: str, wheelhouse: Path
) -> None:
    (wheel,) = wheelhouse.glob("arithmetic-*.whl")
    with ssh_board(user, ssh=server.ssh, user_site=True) as board:
        target = f"{board.scratch}/{wheel.name}"
        board.push(wheel, target)
        copy = shared_board.root / target[1:]
        first = copy.stat().st_mtime_ns
        board.push(wheel, target)
        assert copy.stat().st_mtime_ns == first
        back = wheelhouse.parent / "back"
        board.pull(target, back)
        assert back.read_bytes() == wheel.read_bytes()
        copy.write_bytes(b"damaged")
        board.push(wheel, target)
        assert copy.read_bytes() == wheel.read_bytes()


SUITE = Suite.model_validate({"module": "tiny", "requires": REQUIRES, "fast": "not slow"})
TESTS = """
    import os, signal
    import pytest

    def test_passes(tmp_path): (tmp_path / "file").write_text("text")
    def test_fails(): assert 1 + 1 == 3
    def test_crashes(): os.kill(os.getpid(), signal.SIGSEGV)
    @pytest.mark.slow
    def test_slow(): assert False
    """


def test_a_suites_results_come_back(server: Server, user: str, tmp_path: Path) -> None:
    sources = {"tiny/__init__.py": b"", "tiny/tests/__init__.py": b"", "tiny/deep/__init__.py": b""}
    content = {"tiny/tests/test_ends.py": TESTS, "tiny/deep/tests/test_never.py": "assert False"}
    written = {name: projects.flush(text).encode() for name, text in content.items()}
    wheel = write_wheel(tmp_path, "tiny", "py3-none-any", {**sources, **written})
    job, log = SuiteJob("tiny", "1.0", SUITE, "fast", ("tiny/tests",)), tmp_path / "board.log"
    wheels = suite_jobs.publish_requirements([job], "3.11", tmp_path / "house", defaults.CACHE)
    with ssh_board(user, ssh=server.ssh) as board:
        smoke.install(board, smoke.push_wheels([wheel], board), ["tiny"], log=log)
        suite_jobs.equip(board, [job], wheels, Console(), log=log)
        result = suites.run(job, board, Console(), log=log)
    (part,) = result.slices
    assert (result.board, part.name) == (user, "tiny")
    assert {test.test.partition("::")[2]: test.outcome for test in part.tests} == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_crashes": "crashed",
    }
    assert "assert (1 + 1) == 3" in part.tests[1].text
    assert part.peak_memory > 5e6


def test_unknown_host_key(server: Server, user: str) -> None:
    (server.folder / "known").unlink()
    with (
        pytest.raises(BoardError, match="host key is unknown") as caught,
        ssh_board(user, ssh=server.ssh),
    ):
        pass
    assert "log in once by hand" in caught.value.cure


def test_no_server() -> None:
    with (
        pytest.raises(BoardError, match="no SSH server at that port") as caught,
        ssh_board(f"ssh://127.0.0.1:{free_port()}"),
    ):
        pass
    assert "Connection refused" in caught.value.evidence


def test_unknown_name() -> None:
    with pytest.raises(BoardError, match="its name is unknown"), ssh_board("board.invalid"):
        pass


def test_option_instead_of_destination() -> None:
    with pytest.raises(ConfigurationError, match="is no board"), ssh_board("-oProxyCommand=x"):
        pass


def test_no_python(server: Server, user: str) -> None:
    with pytest.raises(BoardError) as caught, ssh_board(user, ssh=server.ssh, python="python3.99"):
        pass
    assert caught.value.what == f"python3.99 does not run on {user}"
    assert "not found" in caught.value.evidence


def test_wrong_architecture(user: str, tmp_path: Path) -> None:
    """A login on the build machine itself."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    with (
        serve(tmp_path) as server,
        pytest.raises(BoardError) as caught,
        ssh_board(user, ssh=server.ssh, python=sys.executable, folder=str(place)),
    ):
        pass
    assert caught.value.what == f"{user} cannot run wheels for armv7hf"
    assert f"64 bits on {platform.machine()}, float ABI unknown" in caught.value.evidence
    assert "32-bit hard-float user land" in caught.value.cure
    assert list(place.iterdir()) == []


def test_no_pip(board: EmulatedBoard, user: str, tmp_path: Path) -> None:
    for folder in board.root.glob("usr/lib/python3*/dist-packages/pip"):
        shutil.rmtree(folder)
    with (
        landing(board, tmp_path) as server,
        ssh_board(user, ssh=server.ssh) as connected,
        pytest.raises(BoardError, match="has no pip") as caught,
    ):
        smoke.pip_version(connected)
    assert "No module named pip" in caught.value.evidence
    assert "ensurepip" in caught.value.cure


def test_timeout_ends_the_program_there(server: Server, user: str) -> None:
    with ssh_board(user, ssh=server.ssh, user_site=True) as board:
        seconds = str(3_000_000 + os.getpid())
        with pytest.raises(CommandError, match="did not end within 3 s"):
            board.run(["sleep", seconds], timeout=3)
        until(lambda: not running(f"sleep {seconds}"))
        assert facts(board).machine == "armv7l"


def test_disk_full_in_a_copy(shared_board: EmulatedBoard, user: str, tmp_path: Path) -> None:
    source = tmp_path / "wheel"
    source.write_bytes(os.urandom(4_000_000))
    with (
        small_disk(shared_board.root / "tmp", "3m") as (disk, enter),
        landing(shared_board, tmp_path, enter) as server,
    ):
        with (
            pytest.raises(BoardError) as caught,
            ssh_board(user, ssh=server.ssh) as board,
        ):
            board.push(source, f"{board.scratch}/wheelhouse/wheel")
        assert list(disk.iterdir()) == []
    assert caught.value.what.endswith(
        f"/wheelhouse/wheel cannot be written on {user}: the board's disk is full"
    )
    assert "No space left on device" in caught.value.evidence
    assert "free some space on the board" in caught.value.cure


def test_connection_lost(server: Server, user: str) -> None:
    words = ["sleep", str(4_000_000 + os.getpid())]
    with (
        lost(user, server, lambda: running(" ".join(words))),
        ssh_board(user, ssh=server.ssh) as board,
    ):
        board.run(words)
    until(lambda: not running(" ".join(words)))


def test_connection_lost_in_a_copy(
    shared_board: EmulatedBoard, server: Server, user: str, tmp_path: Path
) -> None:
    source = tmp_path / "wheel"
    with source.open("wb") as stream:
        stream.truncate(200_000_000)  # a copy takes long enough to be met in the middle
    copies = "tmp/*/wheelhouse/wheel"
    with (
        lost(user, server, lambda: any(shared_board.root.glob(copies))),
        ssh_board(user, ssh=server.ssh) as board,
    ):
        board.push(source, f"{board.scratch}/wheelhouse/wheel")


@contextmanager
def lost(user: str, server: Server, when: Callable[[], bool]) -> Iterator[None]:
    """Cut the connection as soon as *when* holds, which the block must tell."""

    def cut() -> None:
        until(when)
        server.cut()

    thread = threading.Thread(target=cut)
    thread.start()
    with pytest.raises(BoardError) as caught:
        yield
    thread.join()
    assert caught.value.what == f"{user} cannot be reached: the connection was lost"
    assert "run the same command again" in caught.value.cure


def running(words: str) -> bool:
    """Whether a program of the board runs whose command line holds *words*."""
    listed = subprocess.run(
        ["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True
    )
    lines = [line for line in listed.stdout.splitlines() if "/.board/qemu" in line]
    return any(words in line and "guard.py" not in line for line in lines)
