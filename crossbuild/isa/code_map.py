"""Which bytes of a code section are Arm, Thumb or data.

Files with symbols say so themselves (mapping symbols ``$a``, ``$t``, ``$d``: ELF for the Arm
Architecture, 5.5.5).  In a stripped file it is inferred, from rules that compiled code
always keeps: where an instruction must begin, and what a program loads as a constant.
"""

import bisect
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property

from crossbuild.elf.file import Elf, Section
from crossbuild.elf.memory import arm_immediate
from crossbuild.isa.states import States
from crossbuild.isa.thumb_decoder import Code, is_wide

#: The longest that code refers to at once: the size of an ADR's object is not known.
_LONGEST_LITERAL = 16
_DEPTH = 2
#: How far a load can reach a constant, and in what portions code is searched for loads.
_REACH = 4096 + 24
_PAGE = 1 << 13
_NO_TYPE = 0
#: Half-words in a row that could all begin a wide instruction: more are data.
_LONGEST_RUN = 4096


class CodeMap:
    """Tells what stands at an address of a code section."""

    def __init__(self, elf: Elf, section: Section) -> None:
        self._data = elf.content(section)
        self._code = Code(self._data, section.address)
        self._starts, self._kinds = _mapping(elf, section)
        self._pages: dict[tuple[int, bool], _Literals] = {}
        self._elf, self._section = elf, section

    @cached_property
    def _states(self) -> States:
        return States(self._elf, self._section)

    def holds(self, address: int, *, thumb: bool) -> bool:
        """Whether an instruction of this state begins at the address."""
        if self._starts:
            index = bisect.bisect_right(self._starts, address) - 1
            if index < 0 or self._kinds[index] != ("t" if thumb else "a"):
                return False
            return not thumb or self._wide_before(address, self._starts[index]) % 2 == 0
        if self._states.is_arm(address) == thumb:
            return False
        if thumb and not self._begins_instruction(address):
            return False
        return not any(
            self._loads(loader, thumb=state)
            for state in (True, False)
            for start, size, loader in self._literals(address, thumb=state)
            if start + size > address
        )

    def _begins_instruction(self, address: int, depth: int = _DEPTH) -> bool:
        """Whether a Thumb instruction of a stripped file begins here.

        :param depth: how many constants deep to ask what loads them
        """
        run = self._wide_before(address, self._code.address)
        for count in range(run + 1 if run and depth else 0):
            if self._ends_constant(address - 2 * count, depth - 1):
                return count % 2 == 0
        return run % 2 == 0

    def _wide_before(self, address: int, limit: int) -> int:
        """How many half-words in a row before a Thumb instruction could begin a wide one.

        A half-word that cannot begin a wide instruction ends one, whichever it is: the
        next begins behind it.  So an even number of others precedes a start.
        """
        count, here = 0, address - 2
        while here >= limit and is_wide(self._code.half(here)):
            count, here = count + 1, here - 2
            if count > _LONGEST_RUN:
                return 1
        return count

    def _ends_constant(self, address: int, depth: int) -> bool:
        """Whether a pool of constants ends here: Thumb code loads them, and none runs into them."""
        begin = self._constant_before(address, depth)
        while begin is not None and not self._code.leaves_before(begin):
            begin = self._constant_before(begin, depth)
        return begin is not None

    def _constant_before(self, address: int, depth: int) -> int | None:
        """Where the constant begins that ends at an address."""
        for start, size, loader in self._literals(address, thumb=True):
            exact = start + size == address and size < _LONGEST_LITERAL
            if exact and self._loads(loader, depth, thumb=True):
                return start
        return None

    def _literals(self, address: int, *, thumb: bool) -> Iterator[tuple[int, int, int]]:
        """(address, size, where from) of what may be loaded from before or at an address."""
        for page in range((address - _REACH) // _PAGE, (address + _REACH) // _PAGE + 1):
            table = self._page(page, thumb=thumb)
            for start in range(address - _LONGEST_LITERAL, address + 4):
                for size, loader in table.get(start, ()):
                    yield start, size, loader

    def _loads(self, loader: int, depth: int = _DEPTH, *, thumb: bool) -> bool:
        """Whether what looks like a load is one, and not data or half of an instruction."""
        if self._states.is_arm(loader) == thumb:
            return False
        return not thumb or self._begins_instruction(loader, depth)

    def _page(self, number: int, *, thumb: bool) -> "_Literals":
        """What the code of one page may load; most pages are never asked for."""
        key = number, thumb
        if key not in self._pages:
            loads = (_thumb_loads if thumb else _arm_loads)(self._code, number * _PAGE)
            self._pages[key] = _by_address(loads)
        return self._pages[key]


#: (size, where from) of what code may load, by address.
_Literals = Mapping[int, Sequence[tuple[int, int]]]


def _by_address(loads: Iterable[tuple[int, int, int]]) -> _Literals:
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for start, size, loader in loads:
        found[start].append((size, loader))
    return found


def _mapping(elf: Elf, section: Section) -> tuple[list[int], list[str]]:
    """The mapping symbols of a section, by address."""
    end = section.address + section.size
    found = {
        symbol.value: symbol.name[1]
        for symbol in elf.static_symbols
        if section.address <= symbol.value < end
        and symbol.kind == _NO_TYPE  # a variable of a thread has an address of another kind
        and re.match(r"\$[atd](\.|$)", symbol.name)
    }
    return sorted(found), [found[start] for start in sorted(found)]


def _thumb_loads(code: Code, page: int) -> Iterator[tuple[int, int, int]]:
    """(address, size, where from) of the constants that a page's Thumb code may refer to."""
    loading, first = _loading(), max(0, page - code.address >> 1)
    for index, half in enumerate(code.halves[first : page + _PAGE - code.address >> 1], first):
        if loading[half]:
            here = code.address + 2 * index
            for start, size in _thumb_literal(half, code.half(here + 2), here + 4 & ~3):
                yield start, size, here
            table = code.table_size(here)
            for offset in range(0, table, 8):
                yield here + 4 + offset, min(8, table - offset), here


@cache
def _loading() -> bytes:
    """For each first half-word, whether it may begin a load of a constant."""
    wide = ((0xFF7F, 0xF85F), (0xFE7F, 0xE85F), (0xFF3F, 0xED1F), (0xFBFF, 0xF20F))
    more = ((0xFBFF, 0xF2AF), (0xFFF0, 0xE8D0), (0xF800, 0x4800), (0xF800, 0xA000))
    masks = (*wide, *more)
    return bytes(any(half & mask == value for mask, value in masks) for half in range(1 << 16))


def _thumb_literal(first: int, second: int, base: int) -> Iterator[tuple[int, int]]:
    if first & 0xF800 == 0x4800:  # ldr
        yield base + 4 * (first & 0xFF), 4
    elif first & 0xF800 == 0xA000:  # adr
        yield base + 4 * (first & 0xFF), _LONGEST_LITERAL
    elif first & 0xFF7F == 0xF85F:  # ldr.w
        yield base + _signed(second & 0xFFF, up=first & 0x80), 4
    elif first & 0xFE7F == 0xE85F:  # ldrd
        yield base + _signed(4 * (second & 0xFF), up=first & 0x80), 8
    elif first & 0xFF3F == 0xED1F and second & 0xE00 == 0xA00:  # vldr
        size = 8 if second & 0x100 else 4
        yield base + _signed(4 * (second & 0xFF), up=first & 0x80), size
    elif first & 0xFBFF in (0xF20F, 0xF2AF):  # adr.w
        amount = second & 0xFF | second >> 4 & 0x700 | (first & 0x400) << 1
        yield base + _signed(amount, up=not first & 0xA0), _LONGEST_LITERAL


def _signed(amount: int, *, up: int | bool) -> int:
    return amount if up else -amount


def _arm_loads(code: Code, page: int) -> Iterator[tuple[int, int, int]]:
    """(address, size, where from) of the constants that a page's Arm code may refer to."""
    for here in range(max(page, code.address + 3 & ~3), min(page + _PAGE, code.end - 3), 4):
        word = code.word(here)
        if word & 0x0F7F0000 == 0x051F0000:  # ldr
            yield here + 8 + _signed(word & 0xFFF, up=word & 0x800000), 4, here
        elif word & 0x0F3F0E00 == 0x0D1F0A00:  # vldr
            size = 8 if word & 0x100 else 4
            yield here + 8 + _signed(4 * (word & 0xFF), up=word & 0x800000), size, here
        elif word & 0x0FFF0000 in (0x028F0000, 0x024F0000):  # adr
            up = word & 0x800000
            yield here + 8 + _signed(arm_immediate(word), up=up), _LONGEST_LITERAL, here
