"""A real board, reached by the user's own OpenSSH.

Everything lies in one folder of the board that is removed at the end; where the
connection is lost, the board's ``guard.py`` removes it.
"""

import secrets
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from crossbuild.board.protocol import ON_BOARD, BoardFacts, facts
from crossbuild.board.ssh_connection import SHORT, SshConnection, connected
from crossbuild.core import files
from crossbuild.core.command import Completed
from crossbuild.core.errors import BoardError, CommandError

#: How much longer than the board itself we wait for a program, in seconds.
_GRACE = 30.0

#: What guard.py says of a program that ran out of time.
_TIMED_OUT = 124

_ENVIRONMENT = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_CACHE_DIR": "1",
    # What the board's own packages lack of .pyc files is not ours to leave there.
    "PYTHONDONTWRITEBYTECODE": "1",
    # Debian marks its Python "externally managed"; this user site is our own.
    "PIP_BREAK_SYSTEM_PACKAGES": "1",
}


@dataclass(frozen=True)
class SshBoard:
    """A board behind ``ssh DESTINATION``.

    :param user_site: install to a user site instead of a virtual environment
    """

    connection: SshConnection
    scratch: str
    host_python: str = "python3"
    user_site: bool = False
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The destination, as ssh takes it."""
        return self.connection.destination

    @property
    def python(self) -> tuple[str, ...]:
        """The virtual environment's Python, or the board's own."""
        return (self.host_python if self.user_site else f"{self.scratch}/venv/bin/python3",)

    @property
    def pip(self) -> tuple[str, ...]:
        """The board's own pip, which the virtual environment sees."""
        return (*self.python, "-m", "pip")

    @property
    def install_options(self) -> tuple[str, ...]:
        """Never count what the board had before as the wheel that is to be proven."""
        return ("--ignore-installed", *(["--user"] if self.user_site else []))

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
        seconds = timeout or 24 * 3600.0
        settings = {**_ENVIRONMENT, "TMPDIR": f"{self.scratch}/temporary", **(env or {})}
        if self.user_site:
            settings["PYTHONUSERBASE"] = f"{self.scratch}/user"
        pairs = [f"{name}={value}" for name, value in settings.items()]
        ended = self.connection.shell(
            self._guarded(["env", *pairs, *argv], seconds),
            log=log,
            timeout=seconds + _GRACE,
            on_line=on_line,
        )
        if ended.status == _TIMED_OUT:
            raise CommandError(
                f"{argv[0]} on {self.name} did not end within {seconds:.0f} s and was killed",
                evidence=ended.output[-2000:],
            )
        if check and ended.status != 0:
            raise CommandError(
                f"{argv[0]} on {self.name} failed with exit status {ended.status}",
                evidence=ended.output[-2000:],
            )
        return ended

    def push(self, source: Path, target: str) -> None:
        """Copy a file or a folder to the board, unless the same is there already."""
        if source.is_dir():
            for path in sorted(source.rglob("*")):
                if path.is_file():
                    self.push(path, f"{target}/{path.relative_to(source)}")
            return
        quoted = shlex.quote(target)
        known = self.connection.shell(f"sha256sum {quoted} 2>/dev/null").output
        if known.split()[:1] != [files.sha256(source)]:
            folder = shlex.quote(str(Path(target).parent))
            write = ["sh", "-c", f"mkdir -p {folder} && cat > {quoted}"]
            ended = self.connection.shell(self._guarded(write, 3600), stdin=source)
            self.connection.require(ended, f"{target} cannot be written")

    def pull(self, source: str, target: Path) -> None:
        """Copy a file from the board."""
        with files.disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        ended = self.connection.shell(f"cat {shlex.quote(source)}", stdout=target)
        self.connection.require(ended, f"{source} cannot be read")

    def _guarded(self, argv: Sequence[str], seconds: float) -> str:
        """The shell command that runs *argv* under the board's guard."""
        guard = [self.host_python, f"{self.scratch}/guard.py", self.scratch, str(seconds)]
        return shlex.join([*guard, *argv])


@contextmanager
def ssh_board(
    destination: str,
    *,
    ssh: Sequence[str] = ("ssh",),
    python: str = "python3",
    folder: str = "/tmp",  # noqa: S108 - the folder made in it has a random name and mode 700
    user_site: bool = False,
) -> Iterator[SshBoard]:
    """Connect to a board, prepare a folder there, and remove it at the end.

    :param destination: what ``ssh`` takes: ``user@host``, a name of ~/.ssh/config, an ssh:// URL
    :param ssh: the ssh program and options of the user's choice
    :param python: the board's Python
    :param folder: where on the board the folder is made
    :param user_site: install to a user site (in our folder) instead of a virtual environment
    :raises BoardError: no connection, no Python, another architecture
    :raises ConfigurationError: the destination is an option
    """
    with connected(destination, ssh) as connection:
        scratch = f"{folder}/crossbuild-{secrets.token_hex(8)}"
        board = SshBoard(connection, scratch, python, user_site)
        try:
            _prepare(board)
            yield board
        finally:
            _leave(board)


def _prepare(board: SshBoard) -> None:
    """Make the folder and what must be in it; remove what others left behind long ago.

    :raises BoardError: the board cannot run our wheels
    """
    parent, scratch = (
        shlex.quote(path) for path in (str(Path(board.scratch).parent), board.scratch)
    )
    stale = f"find {parent} -maxdepth 1 -name 'crossbuild-????????????????' -mmin +720"
    made = f"umask 077 && mkdir -p {scratch}/temporary && cat >{scratch}/guard.py"
    tidy = f"{stale} -exec rm -rf {{}} + 2>/dev/null"
    ended = board.connection.shell(f"{tidy}; {made}", stdin=ON_BOARD / "guard.py")
    board.connection.require(ended, f"{board.scratch} cannot be made")
    version = board.connection.shell(shlex.join([board.host_python, "--version"]))
    board.connection.require(version, f"{board.host_python} does not run")
    about = facts(replace(board, user_site=True))
    _require_arm(about, board.name)
    if not board.user_site:
        environment = ["-m", "venv", "--without-pip", "--system-site-packages"]
        venv = [board.host_python, *environment, f"{board.scratch}/venv"]
        made_venv = board.run(venv, check=False, timeout=600)
        board.connection.require(made_venv, "a virtual environment cannot be made")


def _require_arm(about: BoardFacts, name: str) -> None:
    if not about.is_armv7hf:
        raise BoardError(
            f"{name} cannot run wheels for armv7hf",
            evidence=f"its Python has {about.bits} bits on {about.machine}, "
            f"float ABI {about.float_abi}",
            cure="choose a board with a 32-bit hard-float user land",
        )


def _leave(board: SshBoard) -> None:
    """Remove our folder; without a connection the board's guard has done so."""
    try:
        board.connection.shell(f"rm -rf {shlex.quote(board.scratch)}", timeout=SHORT)
    except (BoardError, CommandError):
        return
