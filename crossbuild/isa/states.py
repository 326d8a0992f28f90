"""In which state the code of a stripped section is, Arm or Thumb.

A place alone tells little: dense floating-point code looks alike in both states, two bytes
apart.  So all words of a section have a say, most of them none, and the functions that the
loader knows have the last.  Taken are the states that agree with the words best and change
seldom: the likeliest path through a model of two states (Viterbi).
"""

import bisect
import re
from collections.abc import Iterator

from crossbuild.elf.file import Elf, Section

#: Kinds of symbols that can be called; assembly often leaves its functions without a type.
_CALLABLE = (0, 2, 10)
#: What every module gets from crti.o, in Arm state whatever the rest is: ``call_weak_fn``, by
#: its CMP and BXEQ, with the offsets of its begin and end from there.
_CRTI = (bytes.fromhex("000052e31eff2f01"), -16, 20)

#: What words say; in capitals what is certain.
_ARM, _THUMB, _NOTHING = b"atn"
_SURE_ARM, _SURE_THUMB = b"AT"
#: Top bytes of unconditional data processing, loads and stores.  They begin a quarter of all
#: Arm words even in dense floating-point code; of Thumb code, read as words, one in a hundred.
_ARM_TOPS = (*range(0xE0, 0xE4), 0xE5)
#: What begins half of the words of Thumb code: moves, loads, calls.  To Arm these are conditions
#: that compilers hardly use, but for some instructions after a comparison of floats (MI, PL, HI,
#: LS), or nothing at all.
_THUMB_TOPS = frozenset(
    top
    for top in (*range(0x20, 0x3E), *range(0x42, 0xA0), 0xEF, 0xF0, 0xF1, 0xF6, 0xF7, 0xF8)
    if top >> 4 not in (4, 5, 8, 9) or top & 15 not in (1, 3, 5, 10, 13, 14)
)
_SAYS = bytes(
    _ARM if top in _ARM_TOPS else _THUMB if top in _THUMB_TOPS else _NOTHING for top in range(256)
)
#: The upper halves of B and BL to what lies up to 256 KiB before them, as the table of external
#: functions does.  In Thumb code nothing begins with them.
_BACKWARD = re.compile(rb"\xff[\xea\xeb]")
_RUNS = re.compile(rb"A+|T+|a[an]*|t[tn]*|n+")
#: How much a word says that is certain, and how much must be said for a change of state.
_CERTAIN, _CHANGE = 1 << 30, 4

#: The upper halves of LDR and VLDR relative to the program counter, in Arm code.
_LOADS = re.compile(rb"[\x1f\x9f][\x05-\xe5]|[\x1f\x5f\x9f\xdf][\x0d-\xed]")


class States:
    """Arm or Thumb, by address."""

    def __init__(self, elf: Elf, section: Section) -> None:
        data = elf.content(section)
        words = bytearray(data[3::4].translate(_SAYS))
        for match in _BACKWARD.finditer(data):
            if match.start() % 4 == 2:
                words[match.start() >> 2] = _ARM
        for word in _constants(data):
            words[word] = _NOTHING
        for begin, end, thumb in _known(elf, section, data):
            span = slice(begin - section.address >> 2, end - section.address >> 2)
            words[span] = bytes([_SURE_THUMB if thumb else _SURE_ARM]) * len(words[span])
        self._address = section.address
        self._starts, self._arm = _path(words)

    def is_arm(self, address: int) -> bool:
        """Whether code at the address is Arm's."""
        index = bisect.bisect_right(self._starts, address - self._address >> 2) - 1
        return index >= 0 and self._arm[index]


def _constants(data: bytes) -> Iterator[int]:
    """The words that Arm code loads from near it: they are no code, whatever they look like."""
    count = len(data) >> 2
    for match in _LOADS.finditer(data):
        at, top = match.start() - 2, data[match.start() + 1] & 0xF
        if at % 4 or top not in (0x5, 0xD):
            continue
        low = int.from_bytes(data[at : at + 2], "little")
        distance = low & 0xFFF if top == 0x5 else 4 * (low & 0xFF)
        first = at + 8 + (distance if data[at + 2] & 0x80 else -distance) >> 2
        double = top == 0xD and low & 0x100
        yield from range(max(0, first), min(count, first + (2 if double else 1)))


def _known(elf: Elf, section: Section, data: bytes) -> Iterator[tuple[int, int, bool]]:
    """(begin, end, is Thumb) of the functions that the loader knows, and of crti.o's."""
    limit = section.address + section.size
    functions = sorted(
        (symbol.value & ~1, symbol.size, bool(symbol.value & 1))
        for symbol in elf.dynamic_symbols
        if symbol.defined and symbol.kind in _CALLABLE and section.address <= symbol.value < limit
    )
    following = [*(begin for begin, _, _ in functions[1:]), limit]
    for (begin, size, thumb), after in zip(functions, following, strict=False):
        # Assembly often gives no size: what follows is its code up to the next function.
        yield begin, min(begin + size, limit) if size else after, thumb
    at = data.find(_CRTI[0])
    if at >= 0:
        yield section.address + max(0, at + _CRTI[1]), section.address + at + _CRTI[2], False


def _path(words: bytes | bytearray) -> tuple[list[int], list[bool]]:
    """Where each stretch of one state begins, in words, and whether it is Arm's."""
    begins, leads, lead = list[int](), [0], 0
    for run in _RUNS.finditer(words):
        begins.append(run.start())
        # By how much the best path that is in Arm state here is ahead of the other's.
        lead = max(-_CHANGE, min(_CHANGE, lead)) + _said(run[0])
        leads.append(lead)
    arm, starts, states = lead > 0, list[int](), list[bool]()
    for begin, before in zip(reversed(begins), reversed(leads[:-1]), strict=True):
        was_arm = before >= -_CHANGE if arm else before > _CHANGE
        if was_arm != arm or begin == 0:
            starts.append(begin)
            states.append(arm)
        arm = was_arm
    return starts[::-1], states[::-1]


def _said(run: bytes) -> int:
    """What a run of words says for Arm; what it says for Thumb is negative."""
    if run[0] in (_SURE_ARM, _SURE_THUMB):
        return _CERTAIN if run[0] == _SURE_ARM else -_CERTAIN
    return run.count(_ARM) - run.count(_THUMB)
