"""Functions of Thumb code: followed from their entry, each instruction once."""

from crossbuild.elf.memory import Memory
from crossbuild.isa.thumb_decoder import NARROW_DATA, SPECIAL, Code, actions
from crossbuild.isa.thumb_walk import Function, State, Tests, Walk


class Follower:
    """Follows functions of one code section.

    :param sites: addresses that :attr:`Function.sites` is asked for
    """

    def __init__(self, code: Code, memory: Memory, sites: frozenset[int]) -> None:
        self._code, self._memory, self._sites = code, memory, sites
        self._visited = bytearray(len(code.halves))
        self._mark = 0

    def follow(self, entry: int, tests: Tests | None = None) -> Function:
        """Summarise the function that begins at *entry*.

        :param tests: leave out what these tests guard, as if each of them said no
        """
        self._mark = self._mark % 255 + 1
        if self._mark == 1:
            self._visited = bytearray(len(self._code.halves))
        function = Function()
        walk = Walk(self._code, self._memory, function, entry, tests)
        walk.waiting.append((entry, State()))
        while walk.waiting:
            address, state = walk.waiting.pop()
            if address in self._code:
                self._row(address, state, walk)
        return function

    def _row(self, address: int, state: State, walk: "Walk") -> None:
        """Follow instructions in a row, until control leaves it or it has been seen."""
        base, halves, visited, mark = (
            self._code.address,
            self._code.halves,
            self._visited,
            self._mark,
        )
        kinds, end, index, steps = actions(), len(halves), (address - base) >> 1, 0
        called, sites, entry = self._code.called, self._sites, walk.entry
        while index < end and visited[index] != mark:
            visited[index] = mark
            steps += 1
            here = base + 2 * index
            if here in sites:
                walk.function.sites.add(here)
            if here in called and here != entry:  # it runs on into the next function
                walk.function.calls.add(here)
                break
            half = halves[index]
            kind = kinds[half]
            if kind == SPECIAL or state.conditions:
                size = walk.special(here, state)
                if not size:
                    break
                index += size >> 1
            elif kind == NARROW_DATA:
                walk.narrow(half, here, state)
                index += 1
            else:
                index += 1 + kind
        walk.settle(state)
        walk.function.steps += steps
