"""In what two builds of one wheel differ: their files, and the sections or lines of those."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from crossbuild.elf import file as elf
from crossbuild.wheel import pack as wheel
from crossbuild.wheel.pack import Wheel

#: Longer texts are cut in messages.
_WIDTH = 120
_Part = TypeVar("_Part")
_BUILD_ID = ".note.gnu.build-id"
_TEXT = re.compile(rb"[ -~]{6,}")


def between(first: Path, second: Path) -> list[str]:
    """A line for each file in which two wheels differ; none where the wheels are the same.

    :raises WheelError: one of them is unsafe or damaged
    """
    if first.read_bytes() == second.read_bytes():
        return []
    with wheel.opened(first) as ours, wheel.opened(second) as theirs:
        differing = list(_files(ours, theirs))
    return differing or ["the archive alone: the order, times or modes of its files, or RECORD"]


def _files(ours: Wheel, theirs: Wheel) -> Iterator[str]:
    """RECORD is left out: what differs in it differs elsewhere."""
    names = dict.fromkeys([*ours.members, *theirs.members])
    for name in names:
        if name not in theirs.members:
            yield f"{name}: in the first alone"
        elif name not in ours.members:
            yield f"{name}: in the second alone"
        elif name != f"{ours.dist_info}/RECORD" and ours.data(name) != theirs.data(name):
            yield f"{name}: {_difference(ours.data(name), theirs.data(name), name)}"


def _difference(ours: bytes, theirs: bytes, name: str) -> str:
    if elf.is_elf(ours) and elf.is_elf(theirs):
        return _sections(ours, theirs, name)
    if b"\0" in ours or b"\0" in theirs:
        at, _ = _first(ours, theirs)
        return f"{len(ours)} and {len(theirs)} bytes, the first other one at {at:#x}"
    number, lines = _first(ours.splitlines(True), theirs.splitlines(True))
    return f"line {number + 1}: {' and '.join(_shown(line or b'') for line in lines)}"


def _first(ours: Iterable[_Part], theirs: Iterable[_Part]) -> tuple[int, Sequence[_Part | None]]:
    """The number of the first part that differs, and both sides' (None past the end)."""
    pairs = enumerate(itertools.zip_longest(ours, theirs))
    return next((number, pair) for number, pair in pairs if pair[0] != pair[1])


def _sections(ours: bytes, theirs: bytes, name: str) -> str:
    """The sections that differ, with the first text of each side that the other lacks."""
    one, other = _contents(ours, name), _contents(theirs, name)
    differing = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    # The linker's digest of all the others.
    differing = [key for key in differing if key != _BUILD_ID] or differing
    told = f"sections {', '.join(differing)}" if differing else "headers"
    sides = [
        [text for key in differing for text in _TEXT.findall(side.get(key, b""))]
        for side in (one, other)
    ]
    alone = (
        next((text for text in mine if text not in set(yours)), b"")
        for mine, yours in (sides, sides[::-1])
    )
    texts = [_shown(text) for text in alone if text]
    return f"{told}: {' and '.join(texts)}" if texts else told


def _contents(data: bytes, name: str) -> dict[str, bytes]:
    module = elf.read(data, name=name)
    return {section.name: module.content(section) for section in module.sections if section.name}


def _shown(text: bytes) -> str:
    shown = text.decode("utf-8", "replace").strip()
    return repr(shown if len(shown) <= _WIDTH else f"{shown[:_WIDTH]}…")
