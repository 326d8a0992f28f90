"""Is an instruction reached only after a test of the CPU?  Asked of stripped modules.

In a module with symbols, code for a better CPU is known by its name (see the policy).  A
stripped module has no names, so its machine code is followed instead: from everything
that can be called from outside, with every test of the CPU's features answered "no".  What
is still reached then runs on any CPU; the rest is run-time dispatch.

A test is recognised by what it does, not by whose it is: code that asks the system
(getauxval) keeps the answers in writable memory, and a leaf function, or a load, reads
them back.  Where nothing asks the system there is no dispatch.  Followed is the Thumb code
of .text; a module with functions in Arm state has more ways than these, and is not judged.
"""

import bisect
from collections.abc import Iterable, Mapping

from crossbuild.elf.file import Elf
from crossbuild.elf.memory import Memory
from crossbuild.isa.thumb_decoder import Code
from crossbuild.isa.thumb_function import Follower
from crossbuild.isa.thumb_walk import Function, Tests

#: Functions of the C library that tell what the CPU can do.
SYSTEM_QUERIES = frozenset({"getauxval", "elf_aux_info"})

#: A function that reads one answer back is short: a bound, a load, a return.
_ACCESSOR_STEPS = 24


def guarded(elf: Elf, sites: Iterable[int]) -> frozenset[int]:
    """Those of the instructions that run only after a test of the CPU said yes.

    :param sites: addresses of Thumb instructions; others are never among the result
    """
    queries = {symbol.name for symbol in elf.dynamic_symbols} & SYSTEM_QUERIES
    section = elf.section(".text")
    if not queries or section is None or elf.machine != "Arm":
        return frozenset()
    code = Code(elf.content(section), section.address)
    wanted = frozenset(site for site in sites if site in code)
    return wanted - _Module(elf, code, wanted).plain()


class _Module:
    """The functions of a module, and how they reach each other."""

    def __init__(self, elf: Elf, code: Code, sites: frozenset[int]) -> None:
        self._memory = Memory(elf)
        self._code, self._sites = code, sites
        self._follower = Follower(code, self._memory, sites)
        self._functions: dict[int, Function] = {}

    def plain(self) -> frozenset[int]:
        """The sites that are reached when every test of the CPU says no."""
        self._reach({}, every_pointer=True)
        tests = self._tests()
        if not tests.memory or self._has_arm_functions():
            return self._sites
        pruned = {
            entry: self._follower.follow(entry, tests)
            for entry, function in self._functions.items()
            if function.calls & tests.accessors or function.addresses & tests.memory
        }
        return self._reach(pruned, every_pointer=False)

    def _has_arm_functions(self) -> bool:
        """Whether control may pass through Arm code of the module's own."""
        entered = {a for a in self._memory.entries() if not a & 1}
        for function in self._functions.values():
            entered |= function.arm_calls
        return any(address in self._code for address in entered)

    def _tests(self) -> Tests:
        asking = [f for f in self._functions.values() if f.imports & SYSTEM_QUERIES]
        memory = frozenset(a for f in asking for a in f.addresses if self._memory.writable(a))
        accessors = (
            entry
            for entry, f in self._functions.items()
            if f.addresses & memory and not f.calls | f.imports and f.steps <= _ACCESSOR_STEPS
        )
        return Tests(memory, frozenset(accessors))

    def _reach(self, instead: Mapping[int, Function], *, every_pointer: bool) -> frozenset[int]:
        """Sites reached from outside, where *instead* replaces some functions' summaries.

        :param every_pointer: take each pointer in data for one that is used
        """
        objects = _Objects(self._memory, () if every_pointer else self._functions.values())
        sites, seen = set[int](), set[int]()
        waiting = [*self._memory.entries(), *objects.unclaimed()]
        while waiting:
            address = waiting.pop()
            entry = address & ~1
            if address in seen:
                continue
            seen.add(address)
            if entry not in self._code:
                waiting += objects.pointers_at(address)
                continue
            if entry not in self._functions:
                self._functions[entry] = self._follower.follow(entry)
            function = instead.get(entry) or self._functions[entry]
            sites |= function.sites
            waiting += function.calls
            waiting += (a for a in function.addresses if a & 1 or a not in self._code)
        return frozenset(sites)


class _Objects:
    """The pointers in data, by the object that holds them.

    A stripped file does not tell where objects begin, but code and other pointers name
    their starts: an object reaches from one such address to the next.  Pointers that no
    such address precedes count as used.
    """

    def __init__(self, memory: Memory, functions: Iterable[Function]) -> None:
        self._pointers = memory.pointers
        self._slots = sorted(memory.pointers)
        sections = [s for s in map(memory.section_at, self._slots) if s is not None]
        self._bounds = {s.address for s in sections}
        named = {a for f in functions for a in f.addresses} | set(self._pointers.values())
        used = {slot for f in functions for slot in f.slots}
        starts = {a for a in named if memory.writable(a)} | used
        self._starts = sorted(starts | self._bounds)
        self._named = starts if used or named - set(self._pointers.values()) else set()

    def unclaimed(self) -> Iterable[int]:
        """Targets of the pointers that are in no object with a known start."""
        for slot in self._slots:
            start = self._starts[bisect.bisect_right(self._starts, slot) - 1]
            if start not in self._named:
                yield self._pointers[slot]

    def pointers_at(self, address: int) -> Iterable[int]:
        """Targets of the pointers in the object that begins at, or holds, *address*."""
        index = bisect.bisect_right(self._starts, address)
        if index == 0:
            return []
        start = self._starts[index - 1]
        end = self._starts[index] if index < len(self._starts) else 1 << 32
        first, last = bisect.bisect_left(self._slots, start), bisect.bisect_left(self._slots, end)
        return [self._pointers[slot] for slot in self._slots[first:last]]
