"""Yocto's self-extracting installer of an SDK, run once (toolchain-shar-extract.sh of oe-core).

It is a shell script with an archive behind the line ``MARKER:``, and writes the place that it is
installed at into the SDK's programs.  So it is installed where it stays, and a note beside the SDK
tells of which installer it is, and whether that came to its end.
"""

import json
import mmap
import shutil
from collections.abc import Mapping
from pathlib import Path

from crossbuild.core import documents, files
from crossbuild.core.command import clean_environment, run
from crossbuild.core.errors import CommandError, ConfigurationError, DiskError, SdkError
from crossbuild.progress.console import Console

_MARKER = b"\nMARKER:\n"
#: What is in the script of an extensible SDK alone.
_EXTENSIBLE = b"ext-sdk-prepare"
#: How much larger an SDK is than its archive (xz), at most.
_RATIO = 6
#: The installer's words, or those of tar and xz in it, and what they mean.
_COPY = "copy it anew, and compare its checksum with the original's"
_WORDS: Mapping[str, tuple[str, str]] = {
    "Incompatible SDK installer": (
        "is for another build machine",
        "make the SDK for this one: SDKMACHINE in local.conf, then bitbake -c populate_sdk IMAGE",
    ),
    "Unexpected end of input": ("is cut off", _COPY),
    "Unexpected EOF": ("is cut off", _COPY),
    "corrupt": ("is damaged", _COPY),
    "not recoverable": ("is damaged", _COPY),
}


def is_installer(path: Path) -> bool:
    """Whether a file is a shell script with an archive in it."""
    if path.suffix != ".sh" or not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(2) == b"#!" and _position(path) >= 0


def install(installer: Path, destination: Path, console: Console) -> Path:
    """Install an SDK, unless it is there.

    :param destination: its folder; one that was installed there before is replaced where the
        installer is another one, or did not come to its end
    :returns: *destination*
    :raises SdkError: the installer is extensible, damaged or for another build machine
    :raises DiskError: there is too little room
    :raises ConfigurationError: *destination* has a space in it, or holds something else
    """
    note = destination.with_name(f".{destination.name}.installer.json")
    status = installer.stat()
    stamp = {"installer": str(installer.resolve()), "of": [status.st_size, status.st_mtime_ns]}
    with files.exclusive(destination.with_name(f".{destination.name}.lock")):
        known = documents.read_record(note)
        if known == {**stamp, "whole": True} and destination.is_dir():
            return destination
        _require_fit(installer, destination, ours=bool(known))
        files.write_text(note, json.dumps({**stamp, "whole": False}))
        files.remove_tree(destination)
        with console.step(f"installing {installer.name} in {destination}"):
            _run(installer, destination)
        files.write_text(note, json.dumps({**stamp, "whole": True}))
    return destination


def _position(path: Path) -> int:
    """Where the archive begins, or -1; the file is not read, for it has a gigabyte."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
        found = text.find(_MARKER, 0, 1_000_000)
        return found + len(_MARKER) if found >= 0 else -1


def _require_fit(installer: Path, destination: Path, *, ours: bool) -> None:
    """Check what can be told before anything is written."""
    if " " in str(destination):
        raise ConfigurationError(
            f"an SDK's path must not have a space in it: {destination}",
            evidence="Yocto's installer refuses such a path",
            cure="move the checkout or the cache to a path without spaces",
        )
    if destination.exists() and not ours:
        raise ConfigurationError(
            f"{destination} holds something else than the SDK of {installer.name}",
            evidence="crossbuild did not install it",
            cure=f"if it is the SDK, give it instead: --sdk {destination} "
            f"(make: SDK={destination}); else remove it",
        )
    with installer.open("rb") as stream:
        script = stream.read(_position(installer))
    if _EXTENSIBLE in script:
        raise SdkError(
            f"{installer.name} installs an extensible SDK, with a whole build system",
            evidence=f"its script runs {_EXTENSIBLE.decode()}.py",
            cure="use the standard SDK, which bitbake -c populate_sdk IMAGE makes; or install this "
            f"one yourself and give its folder: sh {installer} -y -d DIR",
        )
    needed, free = _RATIO * installer.stat().st_size, _free(destination)
    if free < needed:
        raise DiskError(
            f"there is too little room to install {installer.name}",
            evidence=f"{files.size_text(free)} are free at {destination.parent}; an SDK takes up "
            f"to {files.size_text(needed)}, {_RATIO} times its installer",
            cure="free some space; or install it on another disk and give its folder: "
            f"sh {installer} -y -d DIR",
        )


def _free(destination: Path) -> int:
    there = next(folder for folder in destination.parents if folder.exists())
    return shutil.disk_usage(there).free


def _run(installer: Path, destination: Path) -> None:
    """Run the installer; nothing stays of an SDK that is not whole."""
    argv = ["sh", str(installer.resolve()), "-y", "-d", str(destination)]
    log = destination.with_name(f".{destination.name}.installer.log")
    log.unlink(missing_ok=True)
    try:
        run(argv, env=clean_environment(), log=log)
    except BaseException as error:
        files.remove_tree(destination)
        if isinstance(error, CommandError):
            raise _explained(installer, error) from error
        raise


def _explained(installer: Path, error: CommandError) -> SdkError:
    """What the installer's last words mean."""
    by_hand = f"sh {installer} -y -d DIR, then --sdk DIR (make: SDK=DIR)"
    otherwise = ("failed", f"its last words tell why; to run it yourself: {by_hand}")
    meanings = (meaning for words, meaning in _WORDS.items() if words in error.evidence)
    what, cure = next(meanings, otherwise)
    return SdkError(f"{installer.name} {what}", evidence=error.evidence, cure=cure)
