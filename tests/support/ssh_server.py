"""A real sshd for tests, and what a user of this machine needs to reach it."""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crossbuild.board.emulated import EmulatedBoard
from tests.support.programs import answers, free_port, program
from tests.support.waiting import PATIENCE, PAUSE, until

#: Mounts of our own, which end with the process that holds them.
APART = ("unshare", "--user", "--map-root-user", "--mount")


@dataclass(frozen=True)
class Server:
    """An sshd of this test, and the folder ``.ssh`` of a user who reaches it."""

    folder: Path
    port: int
    daemon: int

    @property
    def ssh(self) -> tuple[str, ...]:
        return ("ssh", "-F", str(self.folder / "config"))

    def cut(self) -> None:
        """Cut all connections, and take no new one: a pulled plug."""
        for process in [self.daemon, *sessions_of(self.daemon)]:
            os.kill(process, signal.SIGKILL)

    def refuse(self) -> None:
        """Give the user another key than the one that the board knows."""
        (self.folder / "id").unlink()
        make_key(self.folder / "id")


def sessions_of(daemon: int) -> list[int]:
    """The sshd processes below *daemon*."""
    children = Path(f"/proc/{daemon}/task/{daemon}/children").read_text().split()
    named = [int(pid) for pid in children if Path(f"/proc/{pid}/comm").read_text() == "sshd\n"]
    return [*named, *(pid for child in named for pid in sessions_of(child))]


@contextmanager
def serve(home: Path, login: Sequence[str] = ()) -> Iterator[Server]:
    """Run an sshd, and make the folder ``.ssh`` in *home* that reaches it.

    :param login: each login runs this with its command as last word; none: this machine
    """
    sshd = program("sshd", "openssh-server")
    folder = home / ".ssh"
    folder.mkdir(mode=0o700)
    Path("/run/sshd").mkdir(exist_ok=True)
    port = free_port()
    write_configuration(folder, port, forced(folder, login) if login else "none")
    with (folder / "sshd.log").open("w") as log:
        words = [sshd, "-D", "-e", "-f", str(folder / "sshd_config")]
        with subprocess.Popen(words, stderr=log) as daemon:
            try:
                until(lambda: answers(port))
                yield Server(folder, port, daemon.pid)
            finally:
                daemon.terminate()


@contextmanager
def landing(board: EmulatedBoard, home: Path, enter: Sequence[str] = ()) -> Iterator[Server]:
    """An sshd whose every login lands on the board, which in the end is as it was.

    :param enter: words before the board's own command line
    """
    before = everything(board)
    login = board.command(["/bin/sh", "-c", "COMMAND"], tied=False)[:-1]
    with serve(home, [*enter, *login]) as server:
        yield server
        end = time.monotonic() + PATIENCE
        while (left := everything(board) - before) and time.monotonic() < end:
            time.sleep(PAUSE)
        assert left == set()


def everything(board: EmulatedBoard) -> set[Path]:
    """All files and folders of the board, also while some of them vanish."""
    walk = os.walk(board.root)
    return {Path(place, name) for place, folders, files in walk for name in (*folders, *files)}


def forced(folder: Path, login: Sequence[str]) -> str:
    script = folder / "login"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(login)} "$SSH_ORIGINAL_COMMAND"\n')
    script.chmod(0o755)
    return str(script)


def write_configuration(folder: Path, port: int, command: str) -> None:
    host_key = make_key(folder / "host")
    (folder / "authorized").write_text(make_key(folder / "id"))
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host\n"
        f"AuthorizedKeysFile {folder}/authorized\nForceCommand {command}\n"
        "PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\n"
    )
    (folder / "known").write_text(f"[127.0.0.1]:{port} {host_key}")
    (folder / "config").write_text(
        f"Host *\n  Port {port}\n  IdentityFile {folder}/id\n  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {folder}/known\n  IdentityAgent none\n"
    )


def make_key(path: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[tuple[Path, list[str]]]:
    """A disk of *size* (as mount takes it) on *folder*, for those who enter.

    Gives the folder as one sees it from outside, and the words that run a program inside.
    """
    mount = 'mount -t tmpfs -o mode=1777,size="$1" small "$0" && echo && exec sleep infinity'
    words = [*APART, "sh", "-c", mount, str(folder), size]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout
            assert holder.stdout.readline() == b"\n"
            enter = ["nsenter", "--preserve-credentials", "--user", "--mount"]
            yield Path(f"/proc/{holder.pid}/root{folder}"), [*enter, "--target", str(holder.pid)]
        finally:
            holder.kill()


def at_home(home: Path) -> list[str]:
    """The words that run a program of a user whose home is *home*.

    For ``~/.ssh``, OpenSSH asks the user database, never $HOME.
    """
    database = home / "passwd"
    database.write_text(f"root:x:0:0::{home}:/bin/sh\n")
    script = 'mount --bind "$0" /etc/passwd && exec "$@"'
    return [*APART, "sh", "-c", script, str(database)]
