"""Which Yocto release made an SDK: by that, the cures are written as its bitbake reads them."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).parent / "releases.toml"


@dataclass(frozen=True)
class Release:
    """A Yocto release, as far as it is known.

    :ivar name: ``zeus``; empty where only its glibc tells its age
    :ivar override: what stands between a variable and its override, ``_`` or ``:``
    :ivar doubt: why the syntax may be the other one; empty where nothing speaks for that
    """

    name: str
    override: str
    doubt: str = ""


@dataclass(frozen=True)
class _Entry:
    name: str
    poky: str
    glibc: str
    override: str


#: For cures that are told before an SDK could be read.
UNKNOWN = Release("", ":", "before honister (3.4) write _ for each : between these words")


def find(versions: Sequence[str], glibc_version: str) -> Release:
    """The release of an SDK.

    A code name in the version strings (``5.4-zeus``) says it; then poky's number; then
    the glibc, for distributions that count in numbers of their own.

    :param versions: OECORE_DISTRO_VERSION and OECORE_SDK_VERSION
    :param glibc_version: ``2.30``
    """
    table = _table()
    for entry in table:
        if any(entry.name in text.lower() for text in versions):
            return Release(entry.name, entry.override)
    by_glibc = [entry for entry in table if _key(entry.glibc) <= _key(glibc_version)]
    likely = by_glibc[-1] if by_glibc else table[0]
    for entry in table:
        if any(re.match(rf"{re.escape(entry.poky)}(\.|-|\+|$)", text) for text in versions):
            return Release(entry.name, entry.override, _doubt(entry, likely, glibc_version))
    return Release("", likely.override)


def _doubt(chosen: _Entry, likely: _Entry, glibc_version: str) -> str:
    if chosen.override == likely.override:
        return ""
    return (
        f"the SDK calls itself {chosen.poky}, but its glibc {glibc_version} is "
        f"{likely.name}'s: if bitbake refuses these lines, write {likely.override} for each "
        f"{chosen.override} before an override"
    )


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


@cache
def _table() -> tuple[_Entry, ...]:
    document = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    names = [row["name"] for row in document["release"]]
    first = names.index(document["first-with-colon"])
    return tuple(
        _Entry(row["name"], row["poky"], row["glibc"], ":" if at >= first else "_")
        for at, row in enumerate(document["release"])
    )
