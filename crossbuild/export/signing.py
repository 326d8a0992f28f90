"""A wheelhouse that is signed: who vouches for all of it, and that it is not an older one.

What is signed is its list of files, ``SHA256SUMS``.  Two files are in it for boards:
``install.sh``, which checks all this there, and ``SERIAL``, a number that only grows, by which
a board knows a wheelhouse that is older than what it has.
"""

import fnmatch
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.errors import SignatureError
from crossbuild.export import signers
from crossbuild.export.signers import Trust
from crossbuild.wheel import wheelhouse as house

_INSTALLER = Path(__file__).with_name(house.INSTALLER)
_LINE = re.compile(r"([0-9a-f]{64}) [ *]([^/\s]+)")

#: What pip takes from a folder: archives, pages of links, requirements; as install.sh has it.
_TAKEN_BY_PIP = ("*.whl", "*.zip", "*.t*", "*.*htm*")


@dataclass(frozen=True)
class Signed:
    """What a signature says.

    :ivar signer: the name that the allowed signers have for the key, or minisign's key file
    :ivar serial: the larger, the newer
    :ivar names: the files that are as they were signed
    """

    signer: str
    serial: int
    names: tuple[str, ...]


def sign(wheelhouse: Path, key: Path, *, serial: int | None = None) -> int:
    """Sign a wheelhouse, and put the installer into it; return its serial number.

    One that was signed and is as it was keeps its number, so that several keys may sign it.

    :param key: see :func:`crossbuild.export.signers.sign`
    :param serial: by default the seconds since 1970, and more than that of the last signature
    :raises SignatureError: the files are not those that its list names, or cannot be signed
    """
    with files.exclusive(_lock(wheelhouse)):
        sums = _sums(_text(wheelhouse))
        _check_files(wheelhouse, sums)
        number = _next_serial(wheelhouse, serial)
        texts = {house.SERIAL: f"{number}\n".encode(), house.INSTALLER: _INSTALLER.read_bytes()}
        there = {path.name: files.sha256(path) for path in house.listed(wheelhouse)}
        new = {**there, **{name: sha256(text).hexdigest() for name, text in texts.items()}}
        listing = "".join(f"{new[name]}  {name}\n" for name in sorted(new))
        name, signature = signers.sign(listing.encode(), key)
        for each, text in texts.items():
            files.write_bytes(wheelhouse / each, text)
        house.write_sums(wheelhouse, listing)
        files.write_bytes(wheelhouse / name, signature)
    return number


def verify(wheelhouse: Path, trust: Trust) -> Signed:
    """Check a wheelhouse: its signature, and that its files are those that were signed.

    :raises SignatureError: nobody trusted signed it, or a file is missing, changed or added
    """
    text = _text(wheelhouse)
    signature = wheelhouse / trust.signature
    if not signature.is_file():
        raise SignatureError(
            f"{wheelhouse} is not signed",
            evidence=f"there is no {signature}; what is published after signing takes it away",
            cure=f"crossbuild sign {wheelhouse} --key FILE",
        )
    signer = trust.check(text, signature)
    sums = _sums(text)
    _check_files(wheelhouse, sums)
    return Signed(signer, _serial(wheelhouse) if house.SERIAL in sums else 0, tuple(sums))


def _lock(wheelhouse: Path) -> Path:
    _text(wheelhouse)  # a lock makes its folder, and a wrong name must not
    return wheelhouse / ".lock"


def _text(wheelhouse: Path) -> bytes:
    try:
        return (wheelhouse / house.SUMS).read_bytes()
    except OSError as error:
        raise SignatureError(
            f"{wheelhouse} is no wheelhouse",
            evidence=str(error),
            cure="name the folder that `crossbuild wheels` filled",
        ) from error


def _sums(text: bytes) -> dict[str, str]:
    """The hash of each file that a list names."""
    lines = text.decode("utf-8", "replace").splitlines()
    found = [_LINE.fullmatch(line) for line in lines]
    bad = [line for line, match in zip(lines, found, strict=True) if match is None]
    if bad or not lines:
        raise SignatureError(
            f"{house.SUMS} is no list of a wheelhouse's files",
            evidence=repr(bad[0]) if bad else "it is empty",
            cure="`crossbuild wheels` writes it",
        )
    return {match[2]: match[1] for match in found if match}


def _check_files(wheelhouse: Path, sums: Mapping[str, str]) -> None:
    """Check that the files are those of the list, and that pip would find no others."""
    there = {name for name in sums if (wheelhouse / name).is_file()}
    changed = (name for name in there if files.sha256(wheelhouse / name) != sums[name])
    added = (path.name for path in wheelhouse.iterdir() if _is_taken_by_pip(path.name))
    problems = [
        *(f"{name} is missing" for name in sums.keys() - there),
        *(f"{name} has other bytes" for name in changed),
        *(f"{name} is not listed" for name in added if name not in sums),
    ]
    if problems:
        raise SignatureError(
            f"{wheelhouse} is not what its {house.SUMS} lists",
            evidence="\n".join(sorted(problems)),
            cure="remove what is foreign, and get what changed again: `crossbuild wheels` "
            "publishes its own wheels anew",
        )


def _is_taken_by_pip(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name.lower(), glob) for glob in _TAKEN_BY_PIP)


def _next_serial(wheelhouse: Path, wanted: int | None) -> int:
    last = _serial(wheelhouse) if (wheelhouse / house.SERIAL).is_file() else 0
    signatures = (house.SSH_SIGNATURE, house.MINISIGN_SIGNATURE)
    if wanted is None and any((wheelhouse / name).is_file() for name in signatures):
        return last
    number = max(int(time.time()), last + 1) if wanted is None else wanted
    if number < last:
        raise SignatureError(
            f"the serial number {number} is smaller than that of the last signature",
            evidence=f"{wheelhouse / house.SERIAL} has {last}; boards refuse a smaller one",
            cure="leave --serial away, or name a larger number",
        )
    return number


def _serial(wheelhouse: Path) -> int:
    text = (wheelhouse / house.SERIAL).read_bytes()
    if not re.fullmatch(rb"[0-9]{1,18}\n", text):
        raise SignatureError(
            f"{wheelhouse / house.SERIAL} has no number",
            evidence=repr(text[:50]),
            cure="remove it, and sign again",
        )
    return int(text)
