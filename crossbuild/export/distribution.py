"""A proven wheel, as recipes and packages need to know it."""

import hashlib
import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from crossbuild.core import documents, files
from crossbuild.elf import file as elf
from crossbuild.export import licence
from crossbuild.papers.licence import files_of
from crossbuild.wheel.archive import Wheel, opened

_TABLE = Path(__file__).parent / "names.toml"
#: Letters.
_SUMMARY = 80
#: What bitbake takes as it stands; a wheel's author could make it run code of his own else.
_PLAIN = re.compile(r"[\w.+/-]+")


@dataclass(frozen=True)
class Distribution:
    """A wheel.

    :ivar package: what OpenEmbedded calls it
    :ivar licence: an SPDX expression
    :ivar licence_files: the MD5 of each, by its name in the wheel
    :ivar requires: what holds on the board
    :ivar is_pure: whether nothing in it is compiled
    :ivar provided: the names of its shared libraries
    :ivar needed: the names of those that it needs and has not
    :ivar static: folders with static libraries, relative to site-packages
    """

    wheel: Path
    sha256: str
    name: str
    version: Version
    package: str
    summary: str
    home: str
    licence: str
    licence_files: Mapping[str, str]
    requires: tuple[Requirement, ...]
    is_pure: bool
    provided: frozenset[str]
    needed: frozenset[str]
    static: tuple[str, ...]

    @property
    def epoch(self) -> str:
        """The version's epoch; empty where it has none."""
        return str(self.version.epoch or "")

    @property
    def package_version(self) -> str:
        """The version without its epoch, such that opkg and dpkg sort it as PEP 440 does."""
        return as_package_version(self.version)


def read(
    path: Path,
    environment: Mapping[str, str],
    licences: Mapping[str, str],
    extras: Iterable[str] = (),
) -> Distribution:
    """Read a wheel that the audit found sound.

    :param environment: the values of markers on the board
    :param extras: those of its extras that others require
    :param licences: expressions by distribution that the user named
    :raises ExportError: nobody can name its licence
    """
    with opened(path) as wheel:
        libraries = _Libraries.of(wheel)
        return Distribution(
            wheel=path,
            sha256=files.sha256(path),
            name=wheel.name,
            version=wheel.version,
            package=package(wheel.name),
            summary=_summary(wheel),
            home=_home(wheel),
            licence=licence.of_wheel(wheel, licences),
            licence_files={
                name: hashlib.md5(wheel.data(name), usedforsecurity=False).hexdigest()
                for name in files_of(wheel)
            },
            requires=requirements(wheel, environment, extras),
            is_pure=all(tag.platform == "any" for tag in wheel.tags),
            provided=libraries.provided,
            needed=libraries.needed,
            static=_static(wheel.members),
        )


def package(name: str) -> str:
    """What OpenEmbedded calls a distribution."""
    name = canonicalize_name(name)
    return _table()["distributions"].get(name, f"python3-{name}")


def recipe_of_library(soname: str) -> str:
    """The recipe that has a shared library; empty where none is known."""
    return _table()["libraries"].get(soname.partition(".so")[0], "")


def as_package_version(version: Version) -> str:
    """``1.0~rc1`` for ``1.0rc1``: what comes before a release sorts before it."""
    parts = [".".join(map(str, version.release))]
    parts += [f"~{version.pre[0]}{version.pre[1]}"] if version.pre else []
    parts += [f".post{version.post}"] if version.post is not None else []
    parts += [f"~dev{version.dev}"] if version.dev is not None else []
    parts += [f"+{version.local}"] if version.local else []
    return "".join(parts)


@dataclass(frozen=True)
class _Libraries:
    provided: frozenset[str]
    needed: frozenset[str]

    @classmethod
    def of(cls, wheel: Wheel) -> "_Libraries":
        contents = ((name, wheel.data(name)) for name in wheel.members)
        read = [elf.read(data, name=name) for name, data in contents if elf.is_elf(data)]
        provided = {name for library in read if (name := library.soname) and _PLAIN.fullmatch(name)}
        needed = {name for library in read for name in library.needed}
        return cls(frozenset(provided), frozenset(needed - provided))


def requirements(
    wheel: Wheel, environment: Mapping[str, str], extras: Iterable[str] = ()
) -> tuple[Requirement, ...]:
    """What a wheel requires of others on the board, with some of its extras."""
    texts = sorted({str(text) for text in wheel.metadata.get_all("Requires-Dist", [])})
    environments = [{**environment, "extra": extra} for extra in (extras or ("",))]
    return tuple(
        requirement
        for requirement in map(Requirement, texts)
        if requirement.marker is None
        or any(requirement.marker.evaluate(values) for values in environments)
    )


def _home(wheel: Wheel) -> str:
    urls = [str(url).partition(",") for url in wheel.metadata.get_all("Project-URL", [])]
    named = {label.strip().lower(): url.strip() for label, _, url in urls}
    told = (str(wheel.metadata.get("Home-page", "")), *map(named.get, ("homepage", "source")))
    return next((_line(url) for url in told if url and url.startswith("http")), "")


def _summary(wheel: Wheel) -> str:
    """What a wheel is, as short as recipes have it."""
    text = _line(str(wheel.metadata.get("Summary", "")))
    return textwrap.shorten(text, _SUMMARY, placeholder=" ...") or wheel.name


def _line(text: str) -> str:
    """One line in which neither bitbake nor a control file sees anything of its own."""
    return re.sub(r"""["\\$\s]+""", " ", text).strip()


def _static(members: Iterable[str]) -> tuple[str, ...]:
    folders = {str(PurePosixPath(name).parent) for name in members if name.endswith(".a")}
    return tuple(sorted(filter(_PLAIN.fullmatch, folders)))


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    return documents.read_toml(_TABLE)
