"""What lies where in a linked file's memory: imports behind PLT entries, entry points."""

import bisect
import struct
from collections.abc import Iterator, Mapping
from functools import cached_property

from crossbuild.elf.file import Elf, Section

_R_ARM_RELATIVE, _R_ARM_JUMP_SLOT = 23, 22
_FUNCTION_KINDS = (2, 10)


class Memory:
    """The loaded image of a 32-bit Arm module."""

    def __init__(self, elf: Elf) -> None:
        self._elf = elf
        self._sections = sorted((s for s in elf.sections if s.address), key=lambda s: s.address)
        self._starts = [section.address for section in self._sections]

    def section_at(self, address: int) -> Section | None:
        """The section that an address lies in."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        section = self._sections[index]
        return section if address < section.address + section.size else None

    def writable(self, address: int) -> bool:
        """Whether a program may keep data at this address."""
        section = self.section_at(address)
        return section is not None and section.name.startswith((".bss", ".data"))

    def _word(self, address: int) -> int:
        section = self.section_at(address)
        if section is None or section.kind == "SHT_NOBITS":
            return 0
        at = section.offset + address - section.address
        return int.from_bytes(self._elf.data[at : at + 4], "little")

    @cached_property
    def _relocations(self) -> tuple[tuple[int, int], ...]:
        """(address, info) of each dynamic relocation."""
        relocations: list[tuple[int, int]] = []
        for section in self._elf.sections:
            if section.kind == "SHT_REL":
                data = self._elf.content(section)
                relocations += struct.iter_unpack("<II", data[: len(data) & ~7])
        return tuple(relocations)

    @cached_property
    def _slots(self) -> dict[int, str]:
        """The imported names by the address of their slot in the global offset table."""
        symbols = self._elf.dynamic_symbols
        return {
            address: symbols[info >> 8].name
            for address, info in self._relocations
            if info & 0xFF == _R_ARM_JUMP_SLOT and info >> 8 < len(symbols)
        }

    @cached_property
    def _imports(self) -> dict[int, str]:
        """The imported names by the address of their PLT entry, and of its Thumb prefix."""
        section = self._elf.section(".plt")
        if section is None:
            return {}
        data = self._elf.content(section)
        imports = dict[int, str]()
        words = struct.unpack(f"<{len(data) // 4}I", data[: len(data) & ~3])
        start, pointer = section.address, 0
        for index, word in enumerate(words):
            address = section.address + 4 * index
            if word & 0xFFFFF000 == 0xE28FC000:  # add ip, pc, #imm
                start, pointer = address, address + 8 + arm_immediate(word)
            elif word & 0xFFFFF000 == 0xE28CC000:  # add ip, ip, #imm
                pointer += arm_immediate(word)
            elif word & 0xFFFFF000 == 0xE5BCF000:  # ldr pc, [ip, #imm]!
                name = self._slots.get(pointer + (word & 0xFFF), "")
                imports[start] = imports[start - 4] = name
        return imports

    def import_at(self, address: int) -> str:
        """The name that the PLT entry at an address stands for; empty for other addresses."""
        return self._imports.get(address, "")

    @cached_property
    def pointers(self) -> Mapping[int, int]:
        """Pointers in data, by where they stand: what relative relocations fill in."""
        return {
            address: self._word(address)
            for address, info in self._relocations
            if info == _R_ARM_RELATIVE
        }

    def pointer_in_table(self, slot: int) -> int | None:
        """The pointer in a slot of the global offset table; None elsewhere."""
        value = self.pointers.get(slot)
        section = self.section_at(slot) if value is not None else None
        return value if section is not None and section.name == ".got" else None

    def entries(self) -> Iterator[int]:
        """Addresses that can be called from outside (bit 0 set: Thumb code)."""
        for symbol in self._elf.dynamic_symbols:
            if symbol.defined and symbol.kind in _FUNCTION_KINDS:
                yield symbol.value
        for slot, value in self.pointers.items():
            section = self.section_at(slot)
            if section is not None and section.name in (".init_array", ".fini_array"):
                yield value


def arm_immediate(word: int) -> int:
    """The value of an Arm instruction's modified immediate: a byte, rotated."""
    value, turn = word & 0xFF, (word >> 8 & 15) * 2
    return (value >> turn | value << (32 - turn)) & 0xFFFFFFFF
