"""Instructions that a board's CPU does not have: illegal instructions before they happen.

A search over the code's bytes finds candidates, the code map drops data, capstone names
what is left.  Code for better CPUs is fine where it is chosen at run time: its functions
carry the target's name (numpy's ``_NEON_VFPV4``), or nothing reaches it without a test of
the CPU (see :mod:`crossbuild.isa.dispatch`).
"""

import bisect
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from crossbuild.elf.file import Elf
from crossbuild.elf.tables import Symbol
from crossbuild.isa import clones, dispatch
from crossbuild.isa.code_map import CodeMap
from crossbuild.isa.families import Family, Search, families

#: More instructions of one family in a file tell nothing new.
_ENOUGH = 4000
_FUNCTION = 2
#: Sections whose code the linker writes, in the base instruction set.
_LINKERS_OWN = frozenset((".plt", ".iplt"))
#: None of the families takes the program counter for an operand: what does is data.
_USES_PC = re.compile(r"\bpc\b")


@dataclass(frozen=True, slots=True)
class Excess:
    """An instruction above the CPU.

    :ivar function: the name of the function it is in; empty in a stripped file
    """

    family: Family
    address: int
    instruction: str
    function: str


@dataclass(frozen=True, slots=True)
class Instructions:
    """What a file holds above the CPU: what would run on it, and what is dispatched."""

    plain: tuple[Excess, ...]
    dispatched: tuple[Excess, ...]


def above(elf: Elf, features: Collection[str], dispatch_names: Sequence[str]) -> Instructions:
    """Find the instructions of an Arm file that a CPU does not have.

    :param features: what the CPU has, in the words of ``policy/cpus.toml``
    :param dispatch_names: patterns on the names of functions chosen at run time
    :raises ElfError: the file is malformed
    """
    missing = [family for family in families() if family.feature not in features]
    functions = _Functions(elf)
    found, thumb = list[Excess](), set[int]()
    for family, text, address, in_thumb in _confirmed(elf, missing):
        found.append(Excess(family, address, text, functions.name_at(address)))
        thumb |= {address} if in_thumb else set()
    named = {e.address for e in found if _matches(e.function, dispatch_names)}
    if any(e.function and e.address not in named for e in found):
        of_clones = clones.dispatched(
            elf, functions.name_at, lambda name: _matches(name, dispatch_names)
        )
        named |= {e.address for e in found if e.function in of_clones}
    rest = thumb - named
    chosen = named | dispatch.guarded(elf, rest) if rest else named
    return Instructions(
        tuple(e for e in found if e.address not in chosen),
        tuple(e for e in found if e.address in chosen),
    )


def telling_names(elf: Elf, dispatch_names: Sequence[str]) -> frozenset[str]:
    """The functions by whose names alone :func:`above` knows what is chosen at run time.

    They are in Arm state; clones are among them, which are judged by who calls them.
    """
    names = {
        symbol.name
        for symbol in elf.static_symbols
        if symbol.kind == _FUNCTION and symbol.defined and not symbol.value & 1
    }
    chosen = {name for name in names if _matches(name, dispatch_names)}
    return frozenset(chosen.union(filter(clones.is_clone, names)) if chosen else ())


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _confirmed(elf: Elf, missing: Sequence[Family]) -> Iterator[tuple[Family, str, int, bool]]:
    """Instructions of the families: as capstone writes them, where, and whether in Thumb."""
    for section in elf.code():
        if section.name in _LINKERS_OWN:
            continue
        data, code_map = elf.content(section), CodeMap(elf, section)
        counts: dict[str, int] = {}
        for thumb in (True, False):
            for offset in _search(tuple(missing), thumb).offsets(data):
                address = section.address + offset
                named = _disassembled(data[offset : offset + 4], address, missing, thumb=thumb)
                if named is None or counts.get(named[0].feature, 0) >= _ENOUGH:
                    continue
                if code_map.holds(address, thumb=thumb):
                    counts[named[0].feature] = counts.get(named[0].feature, 0) + 1
                    yield *named, address, thumb


@cache
def _search(missing: tuple[Family, ...], thumb: bool) -> Search:
    return Search(missing, thumb=thumb)


def _disassembled(
    data: bytes, address: int, missing: Sequence[Family], *, thumb: bool
) -> tuple[Family, str] | None:
    for _, size, mnemonic, operands in _disassembler(thumb).disasm_lite(data, address, 1):
        if size == 4 and not _USES_PC.search(operands):
            for family in missing:
                if family.holds(data, thumb=thumb) and family.names(mnemonic):
                    return family, f"{mnemonic} {operands}".strip()
    return None


@cache
def _disassembler(thumb: bool) -> Any:
    """A capstone disassembler; it knows the ARMv8 instructions, too."""
    import capstone

    state = capstone.CS_MODE_THUMB if thumb else capstone.CS_MODE_ARM
    return capstone.Cs(capstone.CS_ARCH_ARM, state | capstone.CS_MODE_V8)


class _Functions:
    """Function names by address, as far as the file tells them."""

    def __init__(self, elf: Elf) -> None:
        symbols = elf.static_symbols or elf.dynamic_symbols
        functions = [s for s in symbols if s.kind == _FUNCTION and s.defined]
        self._functions = sorted(functions, key=lambda s: s.value)
        self._starts = [s.value & ~1 for s in self._functions]

    def name_at(self, address: int) -> str:
        """The function that an address lies in, or an empty text."""
        index = bisect.bisect_right(self._starts, address) - 1
        for function in reversed(self._functions[max(0, index - 3) : index + 1]):
            if _covers(function, address):
                return function.name
        return ""


def _covers(function: Symbol, address: int) -> bool:
    start = function.value & ~1
    return start <= address < start + max(function.size, 4)
