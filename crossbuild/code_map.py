"""Which bytes of a code section are Arm, Thumb or data.

Files with symbols say so themselves (mapping symbols ``$a``, ``$t``, ``$d``: ELF for the Arm
Architecture, 5.5.5).  In a stripped file it is inferred, from rules that compiled code
always keeps: where an instruction must begin, and what a program loads as a constant.
"""

import bisect
import re
from collections.abc import Iterator

from crossbuild.elf import Elf, Section
from crossbuild.thumb import Code, is_wide

#: How far a load can reach a literal before or behind it, in bytes.
_REACH = 4096 + 8
#: Bytes on each side that tell Arm from Thumb code: most Arm instructions are unconditional
#: and have 0xE as their top digit; in Thumb code as many lower half-words look so.
_WINDOW = 128
_FUNCTION_KINDS = (2, 10)
#: Half-words in a row that could all begin a wide instruction: more are data.
_LONGEST_RUN = 4096


class CodeMap:
    """Tells what stands at an address of a code section."""

    def __init__(self, elf: Elf, section: Section) -> None:
        self._data = elf.content(section)
        self._code = Code(self._data, section.address)
        self._starts, self._kinds = _mapping(elf, section)
        self._functions = _functions(elf, section)
        self._states = {"t" if thumb else "a" for _, thumb, _ in self._functions}

    def holds(self, address: int, *, thumb: bool) -> bool:
        """Whether an instruction of this state begins at the address."""
        if self._starts:
            index = bisect.bisect_right(self._starts, address) - 1
            if index < 0 or self._kinds[index] != ("t" if thumb else "a"):
                return False
            return not thumb or self._begins_instruction(address, self._starts[index])
        if self._looks_arm(address) == thumb:
            return False
        if thumb and not self._begins_instruction(address, self._code.address):
            return False
        return not any(
            start < address + 4 and address < start + size
            for start, size in (_thumb_loads if thumb else _arm_loads)(self._code, address)
        )

    def _begins_instruction(self, address: int, limit: int) -> bool:
        """Whether a Thumb instruction begins here, and not in the middle of a wide one.

        A half-word that cannot begin a wide instruction ends one, whichever it is: the
        next begins behind it.  So an even number of "wide" half-words precedes a start.
        """
        count, here = 0, address - 2
        while here >= limit and is_wide(self._code.half(here)):
            count, here = count + 1, here - 2
            if count > _LONGEST_RUN:
                return False
        return count % 2 == 0

    def _looks_arm(self, address: int) -> bool:
        if len(self._states) == 1:
            return "a" in self._states
        index = bisect.bisect_right(self._functions, (address, True, 0)) - 1
        start, thumb, size = self._functions[index] if index >= 0 else (0, False, 0)
        if start <= address < start + size:
            return not thumb
        offset = address - self._code.address
        start = max(0, offset - _WINDOW) & ~3
        tops = self._data[start + 3 : offset + _WINDOW : 4]
        lower = self._data[start + 1 : offset + _WINDOW : 4]
        always = sum(top >> 4 == 0xE for top in tops)
        return 2 * always > len(tops) and 5 * sum(top >= 0xE8 for top in lower) < len(lower)


def _functions(elf: Elf, section: Section) -> list[tuple[int, bool, int]]:
    """(start, is Thumb, size) of the functions in a section that the loader knows."""
    end = section.address + section.size
    return sorted(
        (symbol.value & ~1, bool(symbol.value & 1), symbol.size)
        for symbol in elf.dynamic_symbols
        if symbol.defined
        and symbol.kind in _FUNCTION_KINDS
        and section.address <= symbol.value < end
    )


def _mapping(elf: Elf, section: Section) -> tuple[list[int], list[str]]:
    """The mapping symbols of a section, by address."""
    end = section.address + section.size
    found = {
        symbol.value: symbol.name[1]
        for symbol in elf.static_symbols
        if section.address <= symbol.value < end and re.match(r"\$[atd](\.|$)", symbol.name)
    }
    return sorted(found), [found[start] for start in sorted(found)]


def _thumb_loads(code: Code, address: int) -> Iterator[tuple[int, int]]:
    """(address, size) of the literals that Thumb code around *address* refers to."""
    for here in range(max(code.address, address - _REACH) & ~1, address + _REACH, 2):
        half = code.half(here)
        base = here + 4 & ~3
        if half & 0xF800 == 0x4800:  # ldr
            yield base + 4 * (half & 0xFF), 4
        elif half & 0xF800 == 0xA000:  # adr
            yield base + 4 * (half & 0xFF), 16
        elif is_wide(half):
            yield from _wide_literal(half, code.half(here + 2), base)


def _wide_literal(first: int, second: int, base: int) -> Iterator[tuple[int, int]]:
    if first & 0xFF7F == 0xF85F:  # ldr.w
        yield base + _signed(second & 0xFFF, up=first & 0x80), 4
    elif first & 0xFE7F == 0xE85F or (first & 0xFF3F == 0xED1F and second & 0xE00 == 0xA00):
        yield base + _signed(4 * (second & 0xFF), up=first & 0x80), 8  # ldrd, vldr
    elif first & 0xFBFF in (0xF20F, 0xF2AF):  # adr.w
        amount = second & 0xFF | second >> 4 & 0x700 | (first & 0x400) << 1
        yield base + _signed(amount, up=not first & 0xA0), 16


def _signed(amount: int, *, up: int | bool) -> int:
    return amount if up else -amount


def _arm_loads(code: Code, address: int) -> Iterator[tuple[int, int]]:
    """(address, size) of the literals that Arm code around *address* refers to."""
    for here in range(max(code.address, address - _REACH) & ~3, address + _REACH, 4):
        word = code.word(here)
        if word & 0x0F7F0000 == 0x051F0000:  # ldr
            yield here + 8 + _signed(word & 0xFFF, up=word & 0x800000), 4
        elif word & 0x0F3F0E00 == 0x0D1F0A00:  # vldr
            yield here + 8 + _signed(4 * (word & 0xFF), up=word & 0x800000), 8
        elif word & 0x0FFF0F00 in (0x028F0000, 0x024F0000):  # adr
            yield here + 8 + _signed(word & 0xFF, up=word & 0x800000), 16
