"""What crossbuild uses of the build machine's own system, and how that system gets it."""

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from crossbuild.core import documents

_TABLE = Path(__file__).with_suffix(".toml")

#: Whose names people know where the system is none of the table.
_BEST_KNOWN = "apt"


@dataclass(frozen=True)
class Need:
    """Something that crossbuild uses of the build machine.

    :ivar any: programs, or files by their path, of which one will do
    :ivar required: whether nothing is built without it
    :ivar extra: whether few need it
    :ivar package: which package has it, by package manager
    """

    any: tuple[str, ...]
    purpose: str
    package: Mapping[str, str]
    required: bool = False
    extra: bool = False


@dataclass(frozen=True)
class Manager:
    """A package manager.

    :ivar systems: words of ``ID`` or ``ID_LIKE`` of os-release
    :ivar install: the command that installs packages
    :ivar headers: the package of a Python's headers; empty where there is none for each version
    """

    name: str
    systems: tuple[str, ...] = field(repr=False)
    install: str
    headers: str = ""


@cache
def needs() -> tuple[Need, ...]:
    """All that crossbuild uses of the build machine and does not bring."""
    table = documents.read_toml(_TABLE)["need"]
    return tuple(Need(**{**entry, "any": tuple(entry["any"])}) for entry in table)


def manager(release: Mapping[str, str] | None = None) -> Manager | None:
    """The package manager of a system, None where the table has none for it.

    :param release: what its os-release says; this machine's where None
    """
    release = _release() if release is None else release
    words = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    return next((one for word in words for one in _managers() if word in one.systems), None)


def command(names: Iterable[str], release: Mapping[str, str] | None = None) -> str:
    """The line that installs what has programs; empty where this system has no package of any.

    Where the system is none of the table, it names Debian's packages.

    :param names: programs or files, as the table of needs has them
    :param release: see :func:`manager`
    """
    wanted = {*names}
    known = manager(release)
    source = known.name if known else _BEST_KNOWN
    packages = dict.fromkeys(
        need.package[source] for need in needs() if wanted & {*need.any} and source in need.package
    )
    if not packages:
        return ""
    if known is None:
        return f"install what Debian has as {', '.join(packages)}"
    return f"{known.install} {' '.join(packages)}"


def python_headers(version: str, release: Mapping[str, str] | None = None) -> str:
    """The line that installs the headers of a Python; empty where this system has no package.

    :param version: as ``3.11``
    :param release: see :func:`manager`
    """
    known = manager(release)
    if known is None or not known.headers:
        return ""
    package = known.headers.format(version=version, digits=version.replace(".", ""))
    return f"{known.install} {package}"


def cure(*names: str) -> str:
    """How this machine gets programs that are missing."""
    return command(names) or "`crossbuild doctor --machine` tells what this machine lacks"


def _release() -> Mapping[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


@cache
def _managers() -> tuple[Manager, ...]:
    table = documents.read_toml(_TABLE)["manager"]
    return tuple(
        Manager(name=name, **{**entry, "systems": tuple(entry["systems"])})
        for name, entry in table.items()
    )
