"""What a back end may do on the build machine: it is foreign code, and gets what builds need.

Where the kernel allows, it runs under bubblewrap: without a network, without the user's other
processes, and with everything read-only but the build's own folders and the caches of compilers.
Of the user's home it does not see what begins with a dot (keys, tokens, histories), and of ``/run``
no socket, unless something of ours lies there.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import crossbuild
from crossbuild.core import files, system_packages
from crossbuild.core.command import clean_environment, command_line, try_run, which
from crossbuild.isolation import namespaces
from crossbuild.isolation.namespaces import MOUNTS, Owner

_PROGRAM = "bwrap"

#: Everything there is, to be read; and processes, devices and System V's memory of its own.  The
#: owner of the compilers' pool is not seen; all processes of the namespace end with it.
_SEALED = (
    *(_PROGRAM, "--die-with-parent", "--unshare-pid", "--unshare-ipc"),
    *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
    *("--setenv", "CROSSBUILD_JOB_OWNER", "1"),
)

#: Folders of all users, which are empty for a build; and where services have their sockets.
_SHARED = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108
_SERVICES = Path("/run")

#: What is said where compilers need the network.
NETWORK = "back ends keep the network, for their compilers use other machines"

_CONSEQUENCE = (
    "back ends can use the network and write wherever you can (docs/sdk-traps.md tells what allows "
    "crossbuild to confine them)"
)


@cache
def obstacle() -> str:
    """Why back ends are not confined on this machine; empty where they are."""
    if which(_PROGRAM, clean_environment()) is None:
        return f"{_PROGRAM} is missing ({system_packages.cure(_PROGRAM)}): {_CONSEQUENCE}"
    # Where back ends do not see this machine's headers, they must not for all that.
    hiding = namespaces.owner(MOUNTS) is not None
    inside = namespaces.probe(Owner.USER, MOUNTS, tied=False) if hiding else ["true"]
    tried = try_run([*_SEALED, "--unshare-net", *inside])
    return f"this kernel does not let bwrap confine: {_CONSEQUENCE}" if tried.status else ""


def launcher(
    folder: Path,
    exchange: Path,
    *,
    writable: Sequence[Path] = (),
    needed: Sequence[Path] = (),
    network: bool = False,
) -> tuple[str, ...]:
    """Words in front of a command that is to be confined; none where that cannot be.

    :param folder: its own
    :param exchange: a folder of this call, in which it is told what to do, and answers
    :param writable: others that it writes to
    :param needed: what it reads, wherever that lies
    :param network: whether it keeps the network, for compilers or objects of other machines
    :raises DiskError: the folder cannot be written
    """
    if obstacle():
        return ()
    own = [folder, *writable]
    ours = _with_links(
        *(*own, *needed, Path(crossbuild.__file__)),
        *(Path(sys.executable), Path(sys.prefix), Path(sys.base_prefix)),
        *(_way_to_hosts() if network else ()),
    )
    words: list[str | Path] = [*_SEALED, *(() if network else ("--unshare-net",))]
    for path in _all_hidden(ours, network=network):
        words += ["--tmpfs", path] if path.is_dir() else ["--ro-bind", "/dev/null", path]
    # As they are: bwrap, while it mounts, follows no link from the root.
    for path in (path.resolve() for path in (*own, exchange)):
        words += ["--bind", path, path] if path.is_dir() else []
    script = folder / "confined.sh"
    files.write_text(script, f'#!/bin/sh\nexec {command_line(words)} -- "$@"\n', mode=0o755)
    return (str(script),)


def _all_hidden(ours: Sequence[Path], *, network: bool) -> Iterator[Path]:
    yield from _hidden(_home(), ours, ".")
    whole = (*_SHARED, *(() if network else (_SERVICES,)))
    yield from (path for path in whole if path.is_dir() and not _holds(path, ours))
    if not network and _holds(_SERVICES, ours):  # a disk that was plugged in is mounted there
        yield from _hidden(_SERVICES, ours)


def _home() -> Path:
    return Path(os.path.expanduser("~")).resolve()  # noqa: PTH111 - also where this user has none


def _way_to_hosts() -> Iterator[Path]:
    """What ssh needs, by which distcc may reach its hosts."""
    yield _home() / ".ssh"
    if agent := os.environ.get("SSH_AUTH_SOCK"):
        yield Path(agent)


def _hidden(folder: Path, ours: Sequence[Path], prefix: str = "") -> Iterator[Path]:
    """What of a folder is not ours; where something of ours lies deeper, what lies beside it.

    :param prefix: what its names begin with
    """
    try:
        entries = sorted(folder.glob(f"{prefix}*"))
    except OSError:
        return
    for entry in entries:
        if entry.is_symlink() or entry in ours:
            continue  # what a link leads to has its own place
        if not _holds(entry, ours):
            if entry.is_dir() or entry.is_file() or entry.is_socket():
                yield entry
        elif not any(entry.is_relative_to(one) for one in ours):
            yield from _hidden(entry, ours)


def _holds(folder: Path, ours: Sequence[Path]) -> bool:
    """Whether something of ours lies in a folder, or the folder in ours."""
    return any(one.is_relative_to(folder) or folder.is_relative_to(one) for one in ours)


def _with_links(*paths: Path) -> list[Path]:
    """The paths as they are named and as they are."""
    return list({*(path.absolute() for path in paths), *(path.resolve() for path in paths)})
