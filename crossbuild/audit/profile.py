"""What a board has, as the audit needs to know it: CPU, libraries, Python, pip.

A profile is made from an SDK's target sysroot and a board description
(``boards/*.toml``), or read from a file that describes a board completely.
"""

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple, TypeVar

import pydantic
import tomli_w
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.version import Version

from crossbuild.audit.policy import POLICY
from crossbuild.core import abi, documents, files
from crossbuild.core.errors import ConfigurationError
from crossbuild.elf import file as elf
from crossbuild.isa.families import cpus

BOARDS = Path(__file__).parent / "boards"
#: The board that an SDK's wheels are for.
DEFAULT_KIND = "imx6q"

_Model = TypeVar("_Model", bound=pydantic.BaseModel)
_Titled = TypeVar("_Titled", bound=pydantic.BaseModel)

#: What is taken for a board's where it is not known: nothing is refused for it.
NEWEST_GLIBC, NEWEST_PIP = "2.99", "99"


class _Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class BoardDescription(_Frozen):
    """A kind of board: what its sysroot cannot tell.

    :ivar name: the name of its file
    :ivar cpu: a name of ``policy/cpus.toml``
    :ivar machine: what ``uname -m`` says
    :ivar absent: patterns on sonames of libraries that sysroots have and images have not
    :ivar page_size: of its kernel's pages, in bytes; what its C library allows for where None
    """

    name: str
    title: str
    cpu: str
    machine: str = abi.MACHINE
    absent: tuple[str, ...] = ()
    page_size: int | None = None


class BoardPython(_Frozen):
    """The board's Python.

    :ivar version: ``X.Y``
    :ivar ext_suffix: of extension modules, e.g. ``.cpython-37m-arm-linux-gnueabihf.so``
    :ivar pip: pip's version; the oldest that reads wheels is assumed where None
    :ivar symbols: what libpython, or the program itself, exports; not checked where empty
    """

    version: str = pydantic.Field(pattern=r"^3\.\d+$")
    full_version: str
    abi_tag: str
    ext_suffix: str
    pip: str | None = None
    symbols: frozenset[str] = frozenset()


class Exports(NamedTuple):
    """What a library defines for others, and the libraries that it needs itself."""

    symbols: frozenset[str]
    needed: tuple[str, ...]


class BoardProfile(_Frozen):
    """All that an audit holds a wheel against.

    :ivar libraries: symbol versions that each shared library offers, by soname; not compared
        where empty
    :ivar page_size: the largest that its kernel's pages may have, in bytes; 0 where not known
    :ivar folders: the same of libraries where the loader does not look by itself, by folder
    :ivar files: where a sysroot has the libraries, by soname; what they export is not written down
    :ivar origin: where the facts come from, for messages
    """

    name: str
    cpu: str
    machine: str
    libraries: dict[str, frozenset[str]]
    python: BoardPython
    page_size: int = 0
    folders: dict[str, dict[str, frozenset[str]]] = {}
    files: dict[str, Path] = pydantic.Field(default={}, exclude=True)
    origin: str = ""

    @cached_property
    def features(self) -> frozenset[str]:
        """What the CPU can execute beyond ARMv7-A.

        :raises ConfigurationError: the CPU is not in ``policy/cpus.toml``
        """
        known = cpus()
        if self.cpu not in known:
            raise ConfigurationError(
                f"the board's CPU {self.cpu!r} is unknown",
                evidence=f"profile {self.name}; known: {', '.join(known)}",
                cure="choose the one with the same instructions, or add it to policy/cpus.toml",
            )
        return known[self.cpu]

    @cached_property
    def glibc(self) -> str:
        """The version of the C library, ``2.x``; ``2.0`` where its file is not known.

        Where nothing is known of the libraries it is one that has all.
        """
        if not self.libraries:
            return NEWEST_GLIBC
        names = self.libraries.get("libc.so.6", frozenset())
        minors = [
            int(minor)
            for prefix, _, minor in (name.partition("_2.") for name in names)
            if prefix == "GLIBC" and minor.isdecimal()
        ]
        return f"2.{max(minors, default=0)}"

    @cached_property
    def tags(self) -> frozenset[Tag]:
        """The wheel tags that the board's pip accepts."""
        major, minor = (int(part) for part in self.python.version.split("."))
        platforms = self._platforms()
        abis = [self.python.abi_tag]
        own = cpython_tags((major, minor), abis, platforms)
        return frozenset((*own, *compatible_tags((major, minor), f"cp{major}{minor}", platforms)))

    def exports(self, soname: str) -> Exports | None:
        """What one of its libraries exports; None where that is not known."""
        path = self.files.get(soname)
        return _exports(path) if path else None

    @property
    def native_platform(self) -> str:
        """The platform tag that every pip of such a board accepts."""
        return f"linux_{self.machine}"

    def with_newest_pip(self) -> "BoardProfile":
        """The same board, had it a pip of today."""
        # A copy would have what is cached of this one's pip.
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        python = self.python.model_copy(update={"pip": NEWEST_PIP})
        return type(self)(**{**fields, "python": python})

    def _platforms(self) -> list[str]:
        pip = Version(self.python.pip or "0")
        table = documents.read_toml(POLICY / "pip_tags.toml")
        accepted = [e["platforms"] for e in table["pip"] if Version(e["since"]) <= pip][-1]
        minors = range(17, int(self.glibc.partition(".")[2]) + 1)
        return [
            name
            for pattern in accepted
            for name in (
                [pattern.format(minor=minor) for minor in minors]
                if "{minor}" in pattern
                else [pattern]
            )
        ]

    @cached_property
    def environment(self) -> dict[str, str]:
        """The values of environment markers on the board (PyPA, "Dependency specifiers")."""
        return abi.marker_environment(self.python.full_version, self.machine)


@cache
def _exports(path: Path) -> Exports:
    library = elf.read(path)
    return Exports(library.defined, library.needed)


def boards() -> Iterator[str]:
    """The names of the boards that crossbuild knows."""
    return (path.stem for path in sorted(BOARDS.glob("*.toml")))


def description(name: str) -> BoardDescription:
    """The board of that name.

    :raises ConfigurationError: there is none
    """
    path = BOARDS / f"{name}.toml"
    if not path.is_file():
        raise ConfigurationError(
            f"no board is called {name!r}",
            evidence=f"known: {', '.join(boards())}",
            cure="choose one of them, or give the path of a profile (NAME.toml)",
        )
    return _read(path, BoardDescription, BoardDescription)


def load(path: Path) -> BoardProfile | BoardDescription:
    """Read a file that describes a board: completely, or a kind of board, which has a title.

    :raises ConfigurationError: it cannot be read, or a key is missing, unknown or wrong
    """
    return _read(path, BoardProfile, BoardDescription)


def save(profile: BoardProfile, path: Path) -> None:
    """Write a profile to a file that :func:`load` reads."""
    data = profile.model_dump(mode="json", exclude_none=True)
    data["libraries"] = _sorted(profile.libraries)
    data["folders"] = {folder: _sorted(there) for folder, there in profile.folders.items()}
    data["python"]["symbols"] = sorted(profile.python.symbols)
    files.write_text(path, tomli_w.dumps(data))


def _sorted(libraries: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    return {name: sorted(versions) for name, versions in libraries.items()}


def _read(path: Path, model: type[_Model], titled: type[_Titled]) -> _Model | _Titled:
    cure = "compare it with crossbuild/audit/boards/imx6q.toml and docs/audit.md"
    with documents.refused_as(
        ConfigurationError, "the board's file cannot be used", path, cure=cure
    ):
        document = {"name": path.stem, **documents.read_toml(path)}
        return documents.validated(titled if "title" in document else model, document)
