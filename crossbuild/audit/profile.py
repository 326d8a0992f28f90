"""What a board has, as the audit needs to know it: CPU, libraries, Python, pip.

A profile is made from an SDK's target sysroot and a board description
(``boards/*.toml``), or read from a file that describes a board completely.
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import pydantic
import tomli_w
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.version import Version

from crossbuild.audit.policy import POLICY
from crossbuild.core import abi, documents, files
from crossbuild.core.errors import ConfigurationError
from crossbuild.isa.families import cpus

BOARDS = Path(__file__).parent / "boards"

_Model = TypeVar("_Model", bound=pydantic.BaseModel)


class _Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class BoardDescription(_Frozen):
    """A kind of board: what its sysroot cannot tell.

    :ivar cpu: a name of ``policy/cpus.toml``
    :ivar machine: what ``uname -m`` says
    :ivar absent: patterns on sonames of libraries that sysroots have and images have not
    """

    title: str
    cpu: str
    machine: str = abi.MACHINE
    absent: tuple[str, ...] = ()


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


class BoardProfile(_Frozen):
    """All that an audit holds a wheel against.

    :ivar libraries: symbol versions that each shared library offers, by soname
    :ivar origin: where the facts come from, for messages
    """

    name: str
    cpu: str
    machine: str
    libraries: dict[str, frozenset[str]]
    python: BoardPython
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
        """The version of the C library, ``2.x``; ``2.0`` where its file is not known."""
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
        return {
            "implementation_name": "cpython",
            "implementation_version": self.python.full_version,
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": self.python.full_version,
            "python_version": self.python.version,
            "sys_platform": "linux",
            "extra": "",
        }


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
    return _read(path, BoardDescription)


def load(path: Path) -> BoardProfile:
    """Read a complete profile from a file.

    :raises ConfigurationError: it cannot be read, or a key is missing, unknown or wrong
    """
    return _read(path, BoardProfile)


def save(profile: BoardProfile, path: Path) -> None:
    """Write a profile to a file that :func:`load` reads."""
    data = profile.model_dump(mode="json", exclude_none=True)
    data["libraries"] = {name: sorted(data["libraries"][name]) for name in profile.libraries}
    data["python"]["symbols"] = sorted(profile.python.symbols)
    files.write_text(path, tomli_w.dumps(data))


def _read(path: Path, model: type[_Model]) -> _Model:
    cure = "compare it with crossbuild/audit/boards/imx6q.toml and docs/audit.md"
    with documents.refused_as(
        ConfigurationError, "the board's file cannot be used", path, cure=cure
    ):
        return documents.validated(model, documents.read_toml(path))
