"""Families of instructions that not every board's CPU has, and a fast search for them.

The table is data (``policy/instructions.toml``).  The search goes through the code at the
speed of a byte search: it looks for the one byte that all encodings of a group share.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from crossbuild.core import documents

POLICY = Path(__file__).parent


@dataclass(frozen=True)
class Family:
    """A group of instructions that one CPU feature brings.

    :ivar thumb: (mask, value) of 32-bit encodings, the first half-word in the high half
    :ivar arm: (mask, value) of Arm encodings
    """

    feature: str
    name: str
    mnemonics: tuple[str, ...]
    thumb: tuple[tuple[int, int], ...]
    arm: tuple[tuple[int, int], ...]

    def names(self, mnemonic: str) -> bool:
        """Whether a disassembled instruction belongs to the family."""
        return any(fnmatchcase(mnemonic, pattern) for pattern in self.mnemonics)

    def holds(self, data: bytes, *, thumb: bool) -> bool:
        """Whether one of the family's own encodings stands at the beginning of *data*."""
        word = int.from_bytes(data[:4], "little")
        if thumb:
            word = word >> 16 | word << 16 & 0xFFFF0000
        return any(word & mask == value for mask, value in (self.thumb if thumb else self.arm))


@cache
def families() -> tuple[Family, ...]:
    """All families of ``policy/instructions.toml``."""
    table = documents.read_toml(POLICY / "instructions.toml")
    return tuple(
        Family(
            feature=entry["feature"],
            name=entry["name"],
            mnemonics=tuple(entry["mnemonics"]),
            thumb=tuple((mask, value) for mask, value in entry["thumb"]),
            arm=tuple((mask, value) for mask, value in entry["arm"]),
        )
        for entry in table["family"]
    )


@cache
def cpus() -> Mapping[str, frozenset[str]]:
    """The features of each CPU of ``policy/cpus.toml``."""
    table = documents.read_toml(POLICY / "cpus.toml")
    return {name: frozenset(entry["features"]) for name, entry in table.items()}


class Search:
    """Finds where code may hold instructions of some families."""

    def __init__(self, wanted: Sequence[Family], *, thumb: bool) -> None:
        pairs = [pair for family in wanted for pair in (family.thumb if thumb else family.arm)]
        layouts = [_bytes_of(mask, value, thumb=thumb) for mask, value in pairs]
        self._step = 2 if thumb else 4
        self._key = 1 if thumb else 3  # the byte with the encoding's top bits
        self._patterns = _compile(layouts, self._key)

    def offsets(self, data: bytes) -> Iterator[int]:
        """Offsets of aligned matches; some may lie in data or inside another instruction."""
        for pattern in self._patterns:
            for match in pattern.finditer(data):
                offset = match.start() - self._key
                if offset >= 0 and offset % self._step == 0:
                    yield offset


def _bytes_of(mask: int, value: int, *, thumb: bool) -> list[tuple[int, int]]:
    """(mask, value) of the four bytes, in memory order."""
    order = (16, 24, 0, 8) if thumb else (0, 8, 16, 24)
    return [(mask >> shift & 0xFF, value >> shift & 0xFF) for shift in order]


def _compile(layouts: Sequence[list[tuple[int, int]]], key: int) -> list[re.Pattern[bytes]]:
    """One pattern per value of the key byte, which comes first so that it is searched for.

    What precedes the key is looked at backwards; what follows, forwards, without
    consuming it, so that no match hides another.
    """
    by_byte: dict[int, list[bytes]] = defaultdict(list)
    for layout in layouts:
        mask, value = layout[key]
        before = b"".join(_class(*pair) for pair in layout[:key])
        after = b"".join(_class(*pair) for pair in layout[key + 1 :])
        for byte in range(256):
            if byte & mask == value:
                literal = re.escape(bytes([byte]))
                by_byte[byte].append(b"(?<=" + before + literal + b")" + after)
    return [
        re.compile(re.escape(bytes([byte])) + b"(?=" + b"|".join(rests) + b")")
        for byte, rests in by_byte.items()
    ]


def _class(mask: int, value: int) -> bytes:
    """A pattern for the bytes that fit."""
    if mask == 0:
        return rb"[\x00-\xff]"
    fitting = [byte for byte in range(256) if byte & mask == value]
    return b"[" + b"".join(re.escape(bytes([byte])) for byte in fitting) + b"]"
