"""A shared connection by the user's own OpenSSH: configuration, agent, jump hosts and all."""

import os
import shlex
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crossbuild.board.diagnosis import diagnose
from crossbuild.core.command import Completed, clean_environment, ssh_agent, tethered, try_run
from crossbuild.core.errors import BoardError, ConfigurationError

#: Seconds that a small command may take.
SHORT = 120.0

#: ssh's own exit status where there is no connection.
_NO_CONNECTION = 255

#: No question on the terminal; a dead network is noticed within a minute.
_OPTIONS = (
    "-oBatchMode=yes",
    "-oConnectTimeout=20",
    "-oServerAliveInterval=15",
    "-oServerAliveCountMax=4",
)


@dataclass(frozen=True)
class SshConnection:
    """An open connection: *words* start an ssh that uses it."""

    destination: str
    words: tuple[str, ...]

    def shell(
        self,
        command: str,
        *,
        stdin: Path | None = None,
        stdout: Path | None = None,
        log: Path | None = None,
        timeout: float = 3600.0,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run a shell command on the board, whatever its exit status.

        :param stdin: file that it reads; nothing where None
        :param stdout: file that gets its output
        :raises BoardError: there is no connection any more
        :raises CommandError: it ran out of time
        """
        redirect = f"<{shlex.quote(str(stdin or os.devnull))}"
        redirect += f" >{shlex.quote(str(stdout))}" if stdout else ""
        ended = try_run(
            [
                "sh",
                "-c",
                f'exec "$@" {redirect}',
                "sh",
                *tethered(),
                *self.words,
                self.destination,
                command,
            ],
            env=_environment(),
            log=log,
            timeout=timeout,
            on_line=on_line,
        )
        if ended.status == _NO_CONNECTION:
            # A shared connection that breaks often ends without a word.
            raise _unreachable(self.destination, ended.output or "Connection closed")
        return ended

    def require(self, ended: Completed, what: str) -> None:
        """Check that a command succeeded.

        :raises BoardError: it did not
        """
        if ended.status != 0:
            cause = diagnose(ended.output)
            raise BoardError(
                f"{what} on {self.destination}" + (f": {cause.what}" if cause.what else ""),
                evidence=ended.output.strip()[-2000:] or f"exit status {ended.status}",
                cure=cause.cure,
            )


@contextmanager
def connected(destination: str, ssh: Sequence[str]) -> Iterator[SshConnection]:
    """Open the connection that all commands share, and close it at the end.

    Should crossbuild be killed, it closes a minute after its last command.

    :raises BoardError: the board cannot be reached
    :raises ConfigurationError: the destination is an option
    """
    if destination.startswith("-"):
        raise ConfigurationError(f"{destination!r} is no board", cure="give user@host")
    with tempfile.TemporaryDirectory(prefix="crossbuild-") as folder:
        arguments = (*ssh, *_OPTIONS, f"-oControlPath={folder}/ssh")
        log = Path(folder) / "log"
        # The background process must not hold our pipes, so it writes to a file.
        shell = ["sh", "-c", 'exec "$@" >"$0" 2>&1 </dev/null', str(log)]
        master = [*arguments, "-M", "-N", "-f", "-oControlPersist=60", destination]
        ended = try_run([*shell, *master], env=_environment(), timeout=SHORT)
        if ended.status != 0:
            raise _unreachable(destination, log.read_text(errors="replace"))
        try:
            yield SshConnection(destination, arguments)
        finally:
            try_run([*arguments, "-O", "exit", destination], env=_environment())


def _environment() -> dict[str, str]:
    return clean_environment(**ssh_agent())


def _unreachable(destination: str, output: str) -> BoardError:
    cause = diagnose(output, about="connection")
    return BoardError(
        f"{destination} cannot be reached" + (f": {cause.what}" if cause.what else ""),
        evidence=output.strip()[-2000:],
        cure=cause.cure,
    )
