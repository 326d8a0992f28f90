"""Functions that a compiler made for the callers it knew, and who these are.

GCC clones a function of a file's own for constant arguments (``f.constprop.0``), for arguments
that it passes otherwise (``f.isra.0``) or for a part of it (``f.part.0``).  Nothing but a direct
call reaches a clone (GCC, ipa-cp.cc and ipa-sra.cc: their calls are redirected one by one), so one
that is called by run-time dispatched code alone is dispatched itself.  Clones in Arm state are
judged here; Thumb code is followed (:mod:`crossbuild.isa.dispatch`).
"""

import re
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from crossbuild.elf.file import Elf

_CLONE = re.compile(r"\.(?:constprop|isra|part)\.\d+")
_FUNCTION = 2
#: The upper bytes of both half-words of a Thumb BLX to a constant, found at each place.
_BLX = re.compile(rb"(?s)(?=.[\xf0-\xf7].[\xc0-\xcf\xe0-\xef])")


def is_clone(name: str) -> bool:
    """Whether a function's name is a clone's."""
    return _CLONE.search(name) is not None


def dispatched(
    elf: Elf, name_at: Callable[[int], str], is_dispatched: Callable[[str], bool]
) -> frozenset[str]:
    """The names of clones that dispatched functions, or such clones, call, and nothing else.

    :param elf: a file with symbols
    :param name_at: the function that an address lies in, or an empty text
    :param is_dispatched: whether a function is known for one that is chosen at run time
    """
    functions = [s for s in elf.static_symbols if s.kind == _FUNCTION and s.defined]
    clones = {s.value: s.name for s in functions if is_clone(s.name) and not s.value & 1}
    callers = _callers(elf, clones, name_at)
    # What a clone needs of others is taken for granted, until one of them is called from elsewhere.
    chosen = {name for name in clones.values() if callers.get(name)}
    while plain := {
        name
        for name in chosen
        if not all(caller in chosen or is_dispatched(caller) for caller in callers[name])
    }:
        chosen -= plain
    return frozenset(name for name in chosen if not _only_each_other(name, chosen, callers))


def _callers(
    elf: Elf, clones: Mapping[int, str], name_at: Callable[[int], str]
) -> dict[str, set[str]]:
    """Who branches to each clone; what is data and looks like a branch counts as one."""
    callers: dict[str, set[str]] = defaultdict(set)
    for section in elf.code():
        data = elf.content(section)
        for here, target in (*_arm_branches(data), *_thumb_calls(data)):
            clone = clones.get(section.address + target)
            caller = name_at(section.address + here)
            if clone and caller != clone:
                callers[clone].add(caller)
    return callers


def _arm_branches(data: bytes) -> Iterator[tuple[int, int]]:
    """From where to where B and BL lead in Arm code, as offsets (Arm ARM, A8.8.18 and A8.8.25)."""
    for index, (word,) in enumerate(struct.iter_unpack("<I", data[: len(data) & ~3])):
        if word >> 25 & 7 == 0b101:
            yield 4 * index, 4 * index + 8 + 4 * _signed(word & 0xFFFFFF, 24)


def _thumb_calls(data: bytes) -> Iterator[tuple[int, int]]:
    """From where to where BLX leads in Thumb code, which goes on in Arm state (A8.8.25, T2)."""
    for match in _BLX.finditer(data):
        here = match.start()
        if here % 2:
            continue
        first, second = struct.unpack_from("<2H", data, here)
        sign = first >> 10 & 1
        high = [1 - ((second >> bit & 1) ^ sign) for bit in (13, 11)]
        field = sign << 24 | high[0] << 23 | high[1] << 22 | (first & 0x3FF) << 12
        yield here, (here + 4 & ~3) + _signed(field | (second & 0x7FE) << 1, 25)


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits if value >> bits - 1 else 0)


def _only_each_other(name: str, chosen: set[str], callers: Mapping[str, set[str]]) -> bool:
    """Whether nothing but clones that call one another reaches a clone."""
    waiting, seen = [name], set[str]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if callers[one] - chosen:
            return False
        waiting += callers[one]
    return True
