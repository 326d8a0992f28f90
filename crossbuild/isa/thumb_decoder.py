"""Thumb-2 control flow: where each instruction may go next, told from its half-words.

A disassembler that builds text for each of a million instructions is too slow for a
gate, and too detailed: to follow control flow, some thirty encodings matter.  They are
decoded here; capstone names the few instructions that are reported.
Encodings: Arm Architecture Reference Manual ARMv7-A/R, A6.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache, cached_property


class Flow(Enum):
    """How control leaves an instruction."""

    NEXT = auto()
    BRANCH = auto()
    CONDITIONAL = auto()
    CALL = auto()
    TABLE = auto()
    STOP = auto()


#: Condition numbers; the others are ranges that no test of an answer uses.
EQUAL, NOT_EQUAL, ALWAYS = 0, 1, 14


@dataclass(frozen=True, slots=True)
class Decoded:
    """One decoded instruction.

    :ivar size: in bytes
    :ivar target: the address that a branch or call goes to
    :ivar condition: of a conditional branch: EQUAL, NOT_EQUAL, …
    :ivar register: the register that CBZ and CBNZ test, or -1 where flags are tested
    """

    size: int
    flow: Flow = Flow.NEXT
    target: int = 0
    condition: int = ALWAYS
    register: int = -1


#: Entries of a branch table; TBB reaches 255 half-words, and compilers stay well below.
_LONGEST_TABLE = 1024

_NARROW, _WIDE = Decoded(2), Decoded(4)
_NARROW_STOP, _WIDE_STOP = Decoded(2, Flow.STOP), Decoded(4, Flow.STOP)
_TABLE = Decoded(4, Flow.TABLE)


def is_wide(half: int) -> bool:
    """Whether this half-word begins a 32-bit instruction."""
    return half >= 0xE800


def signed(value: int, bits: int) -> int:
    """The number that *bits* bits of two's complement stand for."""
    return value - (1 << bits) if value >> (bits - 1) else value


class Code:
    """A section of Thumb code: its half-words, at its address."""

    def __init__(self, data: bytes, address: int) -> None:
        self.address = address
        self.halves: Sequence[int] = struct.unpack(f"<{len(data) // 2}H", data[: len(data) & ~1])
        self.end = address + 2 * len(self.halves)

    def __contains__(self, address: int) -> bool:
        return self.address <= address < self.end

    @cached_property
    def called(self) -> frozenset[int]:
        """Targets of everything that looks like a call; data may look like one, too."""
        pairs = zip(self.halves, self.halves[1:], strict=False)
        calls = (
            i for i, (a, b) in enumerate(pairs) if a & 0xF800 == 0xF000 and b & 0xD000 == 0xD000
        )
        return frozenset(self.step(self.address + 2 * index).target for index in calls)

    def half(self, address: int) -> int:
        """The half-word at an address; 0 outside the section."""
        return self.halves[(address - self.address) >> 1] if address in self else 0

    def word(self, address: int) -> int:
        """The word at an address; 0 outside the section."""
        return self.half(address) | self.half(address + 2) << 16

    def step(self, address: int) -> Decoded:
        """Decode the control flow of the instruction at an address."""
        index = (address - self.address) >> 1
        half = self.halves[index]
        if half >= 0xE800:
            return _wide_step(half, self.half(address + 2), address)
        return _narrow_step(half, address)

    def table_targets(self, address: int) -> Iterator[int]:
        """Where a TBB or TBH may jump to; its entries end where the first target begins."""
        wide = bool(self.half(address + 2) & 0x10)
        start = address + 4
        first, position = self.end, start
        last = start + (_LONGEST_TABLE << 1 if wide else _LONGEST_TABLE)
        while position < min(first, last):
            entry = self.half(position & ~1)
            if not wide:
                entry = entry >> 8 if position & 1 else entry & 0xFF
            target = start + 2 * entry
            if target > start:
                first = min(first, target)
                yield target
            position += 2 if wide else 1

    def table_size(self, address: int) -> int:
        """The size of the table of a TBB or TBH, where a compare before it tells; else 0."""
        first, second = self.half(address), self.half(address + 2)
        if first & 0xFFF0 != 0xE8D0 or second & 0xFFE0 != 0xF000:
            return 0
        compare = 0x28 | second & 7
        for before in range(address - 2, address - 16, -2):
            half = self.half(before)
            if half >> 8 == compare and second & 8 == 0:
                return ((half & 0xFF) + 1) * (2 if second & 0x10 else 1)
        return 0

    def leaves_before(self, address: int) -> bool:
        """Whether no instruction before an address runs on into it (but for padding)."""
        if self.half(address - 2) in (0, 0xBF00):
            address -= 2
        if is_wide(self.half(address - 4)):
            leaving = (Flow.BRANCH, Flow.STOP, Flow.TABLE, Flow.CALL)  # of what never returns
            return address - 4 in self and self.step(address - 4).flow in leaving
        return address - 2 in self and self.step(address - 2).flow in (Flow.BRANCH, Flow.STOP)


def _narrow_step(half: int, address: int) -> Decoded:
    top = half >> 8
    if 0xD0 <= top <= 0xDD:
        return Decoded(2, Flow.CONDITIONAL, address + 4 + 2 * signed(half & 0xFF, 8), top & 15)
    if top & 0xF5 == 0xB1:
        distance = (half >> 3 & 0x1F | half >> 4 & 0x20) * 2
        condition = NOT_EQUAL if half & 0x800 else EQUAL
        return Decoded(2, Flow.CONDITIONAL, address + 4 + distance, condition, half & 7)
    if 0xE0 <= top <= 0xE7:
        return Decoded(2, Flow.BRANCH, address + 4 + 2 * signed(half & 0x7FF, 11))
    leaves = top in (0xBD, 0xDE) or half & 0xFF80 == 0x4700 or half & 0xFD87 == 0x4487
    return _NARROW_STOP if leaves else _NARROW


def _wide_step(first: int, second: int, address: int) -> Decoded:
    if first & 0xF800 == 0xF000 and second & 0x8000:
        return _wide_branch(first, second, address)
    if first & 0xFFF0 == 0xE8D0 and second & 0xFFE0 == 0xF000:
        return _TABLE
    loads_pc = first & 0xFF70 == 0xF850 and second >> 12 == 15
    pops_pc = second & 0x8000 and (first & 0xFFD0 == 0xE890 or first & 0xFFD0 == 0xE910)
    return _WIDE_STOP if loads_pc or pops_pc else _WIDE


def _wide_branch(first: int, second: int, address: int) -> Decoded:
    kind = second & 0x5000
    if kind == 0:
        condition = first >> 6 & 15
        if condition >= ALWAYS:
            return _WIDE  # hints, barriers, system registers
        distance = (first & 0x3F) << 12 | (second & 0x7FF) << 1
        distance |= (second & 0x2000) << 5 | (second & 0x800) << 8 | (first & 0x400) << 10
        return Decoded(4, Flow.CONDITIONAL, address + 4 + signed(distance, 21), condition)
    sign = first >> 10 & 1
    high = (second >> 13 & 1) ^ sign ^ 1
    low = (second >> 11 & 1) ^ sign ^ 1
    distance = sign << 24 | high << 23 | low << 22 | (first & 0x3FF) << 12 | (second & 0x7FF) << 1
    target = address + 4 + signed(distance, 25)
    if kind == 0x4000:  # BLX: to Arm code, as procedure linkage tables are
        return Decoded(4, Flow.CALL, target & ~3)
    return Decoded(4, Flow.CALL if kind == 0x5000 else Flow.BRANCH, target)


#: What :func:`actions` says of an instruction's first half-word: only its size matters; it
#: forms addresses or tests; it may also branch.
PLAIN_NARROW, PLAIN_WIDE, NARROW_DATA, SPECIAL = 0, 1, 2, 3

#: Top bytes of the 16-bit instructions that matter though they do not branch: compare,
#: add, move, load, IT.
OBSERVED = frozenset(
    (
        *range(0x1C, 0x20),  # adds, subs Rd, Rn, #imm3
        *range(0x28, 0x40),  # cmp, adds, subs Rdn, #imm8
        *(0x42, 0x44, 0x45, 0x46),  # tst, cmp, add, cmp, mov with high registers
        *range(0x48, 0x50),  # ldr Rt, [pc, #imm]
        *range(0x56, 0x5A),  # ldrsb, ldr Rt, [Rn, Rm]
        *range(0x5C, 0x5E),  # ldrb Rt, [Rn, Rm]
        *range(0x68, 0x70),  # ldr Rt, [Rn, #imm]
        *range(0x78, 0x80),  # ldrb Rt, [Rn, #imm]
        0xBF,  # it
    )
)


@cache
def actions() -> bytes:
    """For each first half-word, which of the four it begins."""
    return bytes(_action(half) for half in range(1 << 16))


def _action(half: int) -> int:
    if not is_wide(half):
        if _narrow_step(half, 0).flow is not Flow.NEXT:
            return SPECIAL
        return NARROW_DATA if half >> 8 in OBSERVED else PLAIN_NARROW
    special = (
        half & 0xF800 == 0xF000  # branches, immediates
        or half & 0xFFD0 in (0xE890, 0xE910, 0xE8D0)  # ldm, tbb
        or half & 0xFE10 == 0xF810  # ldrb, ldrsb, ldr
    )
    return SPECIAL if special else PLAIN_WIDE
