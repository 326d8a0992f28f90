"""A board over SSH: the user's own ssh, a real sshd, and a login that lands on the
emulated board."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from crossbuild.board import facts
from crossbuild.console import Console
from crossbuild.emulated_board import EmulatedBoard
from crossbuild.errors import BoardError, CommandError, ConfigurationError
from crossbuild.ssh_board import ssh_board
from crossbuild.verify import Report, verify
from tests.boards.conftest import write_wheel
from tests.programs import program

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Server:
    """An sshd of this test, and how a client of the test reaches it."""

    folder: Path
    port: int
    sessions: Path
    daemon: int

    @property
    def ssh(self) -> tuple[str, ...]:
        return ("ssh", "-F", str(self.folder / "config"))

    def cut(self) -> None:
        """Cut all connections, as a pulled plug or a crashed board does."""
        for process in sessions_of(self.daemon):
            os.kill(process, signal.SIGKILL)


def sessions_of(daemon: int) -> list[int]:
    """The sshd processes below *daemon*."""
    children = Path(f"/proc/{daemon}/task/{daemon}/children").read_text().split()
    named = [int(pid) for pid in children if Path(f"/proc/{pid}/comm").read_text() == "sshd\n"]
    return [*named, *(pid for child in named for pid in sessions_of(child))]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_key(path: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text()


@pytest.fixture
def server(board: EmulatedBoard, tmp_path: Path) -> Iterator[Server]:
    """An sshd whose every login lands on the emulated board."""
    sshd = program("sshd", "openssh-server")
    folder = tmp_path / "ssh"
    folder.mkdir(mode=0o700)
    Path("/run/sshd").mkdir(exist_ok=True)
    enter = board.command(["/bin/sh", "-c", "COMMAND"], tied=False)
    login = folder / "login"
    words = shlex.join(enter).removesuffix("COMMAND")
    login.write_text(f'#!/bin/sh\nexec {words} "$SSH_ORIGINAL_COMMAND"\n')
    login.chmod(0o755)
    make_key(folder / "host")
    (folder / "authorized").write_text(make_key(folder / "id"))
    port = free_port()
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host\n"
        f"AuthorizedKeysFile {folder}/authorized\nForceCommand {login}\n"
        "PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\n"
    )
    key = (folder / "host.pub").read_text()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {key}")
    (folder / "config").write_text(
        f"Host *\n  Port {port}\n  IdentityFile {folder}/id\n  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {folder}/known\n  IdentityAgent none\n"
    )
    log = (folder / "sshd.log").open("w")
    daemon = subprocess.Popen([sshd, "-D", "-e", "-f", folder / "sshd_config"], stderr=log)
    try:
        wait_for(lambda: answers(port))
        yield Server(folder, port, board.root / "tmp", daemon.pid)
    finally:
        daemon.terminate()
        daemon.wait()
        log.close()


@pytest.fixture
def user() -> str:
    return f"{os.environ.get('USER', 'root')}@127.0.0.1"


def proof(
    server: Server,
    user: str,
    wheelhouse: Path,
    tmp_path: Path,
    *,
    user_site: bool = False,
    python: str = "python3",
) -> Report:
    script = tmp_path / "smoke.py"
    script.write_text("import arithmetic, sys\nprint(arithmetic.size(), arithmetic.__file__)\n")
    with ssh_board(user, ssh=server.ssh, user_site=user_site, python=python) as board:
        return verify(
            wheelhouse,
            board,
            ["arithmetic"],
            {"arithmetic": script},
            Console(),
            log=tmp_path / "board.log",
        )


def left_behind(server: Server) -> list[str]:
    return [path.name for path in server.sessions.iterdir()]


@pytest.mark.parametrize(("user_site", "place"), [(False, "/venv/lib/"), (True, "/user/lib/")])
def test_proof_over_ssh(
    server: Server, user: str, wheelhouse: Path, tmp_path: Path, user_site: bool, place: str
) -> None:
    report = proof(server, user, wheelhouse, tmp_path, user_site=user_site)
    assert report.passed
    assert report.hashes_checked
    assert (report.board, report.facts.machine) == (user, "armv7l")
    assert report.scripts[0].output.startswith("4 /tmp/crossbuild-")
    assert place in report.scripts[0].output
    assert left_behind(server) == []


def test_copies_only_what_is_missing(server: Server, user: str, wheelhouse: Path) -> None:
    (wheel,) = wheelhouse.glob("arithmetic-*.whl")
    with ssh_board(user, ssh=server.ssh, user_site=True) as board:
        target = f"{board.scratch}/{wheel.name}"
        board.push(wheel, target)
        (copy,) = server.sessions.glob(f"*/{wheel.name}")
        first = copy.stat().st_mtime_ns
        board.push(wheel, target)
        assert copy.stat().st_mtime_ns == first
        back = wheelhouse.parent / "back"
        board.pull(target, back)
        assert back.read_bytes() == wheel.read_bytes()
        copy.write_bytes(b"damaged")
        board.push(wheel, target)
        assert copy.read_bytes() == wheel.read_bytes()


def test_wrong_key(server: Server, user: str) -> None:
    (server.folder / "id").unlink()
    make_key(server.folder / "id")
    with pytest.raises(BoardError) as caught, ssh_board(user, ssh=server.ssh):
        pass
    assert caught.value.what == f"{user} cannot be reached: it refuses the login"
    assert "Permission denied (publickey" in caught.value.evidence
    assert "ssh-copy-id" in caught.value.cure


def test_unknown_host_key(server: Server, user: str) -> None:
    (server.folder / "known").unlink()
    with (
        pytest.raises(BoardError, match="host key is unknown") as caught,
        ssh_board(user, ssh=server.ssh),
    ):
        pass
    assert "log in once by hand" in caught.value.cure


def test_no_server(tmp_path: Path) -> None:
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
    assert left_behind(server) == []


def python_that_says(board: EmulatedBoard, code: str) -> str:
    """A python3 on the board that runs *code* before the script that asks for facts."""
    fake = board.root / "usr/bin/python-elsewhere"
    first = f"{code}; import sys; sys.argv.pop(0); exec(open(sys.argv[0]).read())"
    fake.write_text(
        "#!/bin/sh\ncase $1 in */facts.py) "
        f'exec python3.11 -c {shlex.quote(first)} "$@";; esac\nexec python3.11 "$@"\n'
    )
    fake.chmod(0o755)
    return fake.name


def test_wrong_architecture(server: Server, user: str, board: EmulatedBoard) -> None:
    python = python_that_says(board, "import platform; platform.machine = lambda: 'aarch64'")
    with pytest.raises(BoardError) as caught, ssh_board(user, ssh=server.ssh, python=python):
        pass
    assert "cannot run wheels for armv7hf" in caught.value.what
    assert "aarch64" in caught.value.evidence
    assert left_behind(server) == []


def test_full_disk(
    server: Server, user: str, board: EmulatedBoard, wheelhouse: Path, tmp_path: Path
) -> None:
    usage = "collections.namedtuple('Usage', 'free')(5000)"
    code = f"import collections, shutil; shutil.disk_usage = lambda path: {usage}"
    python = python_that_says(board, code)
    with pytest.raises(BoardError) as caught:
        proof(server, user, wheelhouse, tmp_path, python=python, user_site=True)
    assert f"{user} has 5.0 kB free, but the wheels need " in caught.value.what
    assert "arithmetic-1.0-cp311" in caught.value.evidence
    assert "--board-folder" in caught.value.cure
    assert left_behind(server) == []


def test_old_pip(
    server: Server, user: str, board: EmulatedBoard, tmp_path: Path, wheelhouse: Path
) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    write_wheel(folder, "arithmetic", "cp311-cp311-manylinux_2_31_armv7l", {})
    (package,) = board.root.glob("usr/lib/python3*/dist-packages/pip")
    init = package / "__init__.py"
    init.write_text(init.read_text().replace("__version__ = ", "__version__ = '9.0.3'  # "))
    shutil.rmtree(package / "__pycache__")
    with pytest.raises(BoardError) as caught:
        proof(server, user, folder, tmp_path)
    assert f"pip 9.0.3 on {user} is too old for arithmetic-1.0-cp311" in caught.value.what
    assert "manylinux_2_31_armv7l is known since pip 20.3" in caught.value.evidence
    assert "pip install 'pip>=20.3'" in caught.value.cure
    assert left_behind(server) == []


def test_no_pip(
    server: Server, user: str, board: EmulatedBoard, wheelhouse: Path, tmp_path: Path
) -> None:
    for folder in board.root.glob("usr/lib/python3*/dist-packages/pip"):
        shutil.rmtree(folder)
    with pytest.raises(BoardError, match="has no pip") as caught:
        proof(server, user, wheelhouse, tmp_path)
    assert "No module named pip" in caught.value.evidence
    assert "ensurepip" in caught.value.cure


def test_timeout_ends_the_program_there(server: Server, user: str) -> None:
    with ssh_board(user, ssh=server.ssh, user_site=True) as board:
        seconds = str(3_000_000 + os.getpid())
        with pytest.raises(CommandError, match="did not end within 3 s"):
            board.run(["sleep", seconds], timeout=3)
        wait_for(lambda: not running(f"sleep {seconds}"))
        assert facts(board).machine == "armv7l"


def test_connection_lost(server: Server, user: str) -> None:
    seconds = str(4_000_000 + os.getpid())
    timer = threading.Thread(target=cut_when_running, args=(server, seconds))
    with pytest.raises(BoardError) as caught:
        run_until_cut(server, user, seconds, timer)
    timer.join()
    assert caught.value.what == f"{user} cannot be reached: the connection was lost"
    assert "run the same command again" in caught.value.cure
    wait_for(lambda: not running(f"sleep {seconds}"))
    wait_for(lambda: left_behind(server) == [])


def run_until_cut(server: Server, user: str, seconds: str, timer: threading.Thread) -> None:
    with ssh_board(user, ssh=server.ssh) as board:
        timer.start()
        board.run(["sleep", seconds])


def cut_when_running(server: Server, seconds: str) -> None:
    wait_for(lambda: running(f"sleep {seconds}"))
    server.cut()


def running(words: str) -> bool:
    """Whether a program of the board runs whose command line holds *words*."""
    listed = subprocess.run(
        ["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True
    )
    lines = [line for line in listed.stdout.splitlines() if "/.board/qemu" in line]
    return any(words in line and "guard.py" not in line for line in lines)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.2)
