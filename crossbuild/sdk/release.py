"""Which Yocto release made an SDK: by that, the cures are written as its bitbake reads them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from crossbuild.core import documents

_TABLE = Path(__file__).parent / "releases.toml"


@dataclass(frozen=True)
class Release:
    """A Yocto release, as far as it is known.

    :ivar name: ``zeus``; empty where only its glibc tells its age
    :ivar override: what stands between a variable and its override, ``_`` or ``:``
    :ivar doubt: when the other one is right; empty where nothing speaks for that
    """

    name: str
    override: str
    doubt: str = ""

    @property
    def other_override(self) -> str:
        """The one that :attr:`override` is not."""
        return "_" if self.override == ":" else ":"


@dataclass(frozen=True)
class _Entry:
    name: str
    poky: str
    glibc: str
    override: str

    def has_number(self, text: str) -> bool:
        """Whether *text* is poky's number of the release, or one of its point releases."""
        return re.match(rf"{re.escape(self.poky)}(\.|-|\+|$)", text) is not None


_SINCE_HONISTER = "if the SDK's Yocto is honister (3.4) or newer, write instead"
_UNTIL_HARDKNOTT = "if the SDK's Yocto is hardknott (3.3) or older, write instead"

#: For cures that are told before an SDK could be read.
UNKNOWN = Release("", ":", _UNTIL_HARDKNOTT)


def find(versions: Sequence[str], glibc_version: str) -> Release:
    """The release of an SDK.

    A code name in the version strings (``5.4-zeus``) says it; else the C library's age
    does, which distributions seldom change, while many count in numbers of their own (NXP:
    ``4.1.15-2.1.0``).  Poky's number names the release only where that agrees.

    :param versions: OECORE_DISTRO_VERSION and OECORE_SDK_VERSION
    :param glibc_version: ``2.30``; empty where it is not known
    """
    table = _table()
    for entry in table:
        if any(entry.name in text.lower() for text in versions):
            return Release(entry.name, entry.override)
    numbered = next(
        (release for release in table if any(release.has_number(text) for text in versions)), None
    )
    age = _key(glibc_version)
    if not age:
        return Release(numbered.name, numbered.override) if numbered else UNKNOWN
    likely = max(
        (release for release in table if _key(release.glibc) <= age),
        key=_by_glibc,
        default=table[0],
    )
    if numbered is None or numbered.override == likely.override:
        return Release(likely.name if numbered is likely else "", likely.override)
    doubt = _SINCE_HONISTER if numbered.override == ":" else _UNTIL_HARDKNOTT
    return Release("", likely.override, doubt)


def named(name: str) -> Release | None:
    """The release of that name; None where it is not known."""
    return next((Release(row.name, row.override) for row in _table() if row.name == name), None)


def is_before(release: Release, name: str) -> bool:
    """Whether a release is older than another one, both by name."""
    names = known()
    return names.index(release.name) < names.index(name)


def known() -> tuple[str, ...]:
    """The names of all releases, the oldest first."""
    return tuple(row.name for row in _table())


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def _by_glibc(entry: _Entry) -> tuple[int, ...]:
    return _key(entry.glibc)


@cache
def _table() -> tuple[_Entry, ...]:
    document = documents.read_toml(_TABLE)
    names = [row["name"] for row in document["release"]]
    first = names.index(document["first-with-colon"])
    return tuple(
        _Entry(row["name"], row["poky"], row["glibc"], ":" if at >= first else "_")
        for at, row in enumerate(document["release"])
    )
