"""The modules of a wheel that a board can be asked to import, where no script says more."""

import re
from collections.abc import Iterator
from pathlib import Path

from crossbuild.elf import file as elf
from crossbuild.wheel import pack as wheel

_ELSEWHERE = re.compile(r"^[^/]+\.data/(?:purelib|platlib)/")
_TOP = re.compile(r"^([^\W\d]\w*)(?:/__init__)?\.py$")
_EXTENSION = re.compile(r"^((?:[^\W\d]\w*/)*)([^\W\d]\w*)(?:\.(?:cpython-|abi3)[^/]*)?\.so$")

#: What lies beside packages, or in them, and needs what only developers have.
_NOT_INSTALLED_FOR_USE = {"conftest", "docs", "examples", "setup", "test", "tests"}


def modules(path: Path) -> tuple[str, ...]:
    """Names of a wheel's top-level modules, and of its extension modules, sorted."""
    with wheel.opened(path) as opened:
        members = {_ELSEWHERE.sub("", member): member for member in opened.members}
        top = {match[1] for name in members if (match := _TOP.match(name))}
        found = {name for name in _extensions(opened, members) if not _beside(name)}
        return tuple(sorted((top - _NOT_INSTALLED_FOR_USE) | found))


def _beside(module: str) -> bool:
    return not _NOT_INSTALLED_FOR_USE.isdisjoint(module.split(".")[:-1])


def _extensions(opened: wheel.Wheel, members: dict[str, str]) -> Iterator[str]:
    """Those files that export an extension module's function; others are plain libraries."""
    for name, member in members.items():
        match = _EXTENSION.match(name)
        if match and f"PyInit_{match[2]}" in elf.read(opened.data(member), name=name).defined:
            yield f"{match[1].replace('/', '.')}{match[2]}"
