"""An ELF file's headers: what machine it is for, and what lies where in it.

The file's header is read by pyelftools.  It follows what the headers of sections and segments
say while it lists them, however long that takes, so these are decoded from bytes as tables are.
"""

import io
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from elftools.common.exceptions import ELFError
from elftools.construct import ConstructError
from elftools.elf.elffile import ELFFile

from crossbuild.core.errors import AuditError
from crossbuild.elf import tables

MAGIC = b"\x7fELF"
_Fact = TypeVar("_Fact")
_File = TypeVar("_File", bound="ElfHeaders")

_EF_ARM_FLOAT_SOFT = 0x200
_EF_ARM_FLOAT_HARD = 0x400
_MACHINES = {
    "EM_ARM": "Arm",
    "EM_AARCH64": "AArch64",
    "EM_386": "x86",
    "EM_X86_64": "x86-64",
    "EM_RISCV": "RISC-V",
}
#: Kinds of sections and segments that anyone asks for (System V ABI; LSB Core, 10.3.1.1.2).
_SECTION_KINDS = {
    1: "SHT_PROGBITS",
    2: "SHT_SYMTAB",
    8: "SHT_NOBITS",
    9: "SHT_REL",
    11: "SHT_DYNSYM",
    0x6FFFFFFD: "SHT_GNU_verdef",
    0x6FFFFFFE: "SHT_GNU_verneed",
}
_SEGMENT_KINDS = {1: "PT_LOAD", 2: "PT_DYNAMIC", 0x6474E551: "PT_GNU_STACK"}
_SHT_NOBITS = 8

#: Sections lie side by side in a file.  Small files whose sections share their bytes would take
#: gigabytes: they may be so many times as long together.
_OVERLAP = 2
_MALFORMED = (
    ELFError,
    ConstructError,
    struct.error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
    EOFError,
    RecursionError,
)

#: Numbers of Arm build attributes (Addenda to the ABI for the Arm Architecture, 3.3).
TAG_CPU_ARCH, TAG_FP_ARCH, TAG_VFP_ARGS = 6, 10, 28


class ElfError(AuditError):
    """The file is no ELF file, or a malformed one."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section: where it lies in memory and in the file."""

    name: str
    address: int
    offset: int
    size: int
    executable: bool
    link: int
    kind: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A program header: what the loader maps or reads."""

    kind: str
    address: int
    offset: int
    file_size: int
    memory_size: int
    flags: int
    alignment: int


def guarded(function: Callable[[_File], _Fact]) -> Callable[[_File], _Fact]:
    """Turn whatever a malformed file provokes into an :class:`ElfError`."""

    def fact(self: _File) -> _Fact:
        try:
            return function(self)
        except _MALFORMED as error:
            raise malformed(self.name, error) from error

    fact.__doc__ = function.__doc__
    return fact


def malformed(name: str, error: BaseException) -> ElfError:
    """The error for a file whose content contradicts itself."""
    return ElfError(
        f"{name} is a malformed ELF file",
        evidence=f"{type(error).__name__}: {error}"[:300],
        cure="build or download the file again: it is truncated or damaged",
    )


class ElfHeaders:
    """What the headers of an ELF file tell, each fact read on first use.

    Every attribute raises :class:`ElfError` where the file is malformed.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self.data = data
        self.name = name
        self._read_header()

    @guarded
    def _read_header(self) -> None:
        """Read the file header, and refuse tables that cannot lie inside the file."""
        if self.data[:4] != MAGIC:
            raise ElfError(
                f"{self.name} is not an ELF file",
                evidence=f"it begins with {self.data[:4]!r}",
                cure="give a shared object or an object file",
            )
        self._file = ELFFile(io.BytesIO(self.data))
        header: Mapping[str, Any] = self._file.header
        self.is_64_bit: bool = self._file.elfclass == 64
        self.order: str = "<" if self._file.little_endian else ">"
        self.flags = int(header["e_flags"])
        self.kind = str(header["e_type"])
        kind = str(header["e_machine"])
        self.machine = _MACHINES.get(kind, kind.removeprefix("EM_"))
        for table, least in (
            ("sh", 64 if self.is_64_bit else 40),
            ("ph", 56 if self.is_64_bit else 32),
        ):
            count, size = header[f"e_{table}num"], header[f"e_{table}entsize"]
            end = header[f"e_{table}off"] + count * size
            if count and (size < least or end > len(self.data)):
                raise ValueError(f"the {table} table lies outside the file")
        if header["e_shoff"] and header["e_shnum"] == 0:
            raise ValueError("the section table has no length")

    # -- layout ---------------------------------------------------------------

    @cached_property
    @guarded
    def sections(self) -> tuple[Section, ...]:
        """All sections, in file order."""
        return tuple(self._sections())

    def _sections(self) -> Iterator[Section]:
        heads = list(tables.section_headers(*self._table_of("sh"), is_64_bit=self.is_64_bit))
        stored = sum(head.size for head in heads if head.kind != _SHT_NOBITS)
        if stored > _OVERLAP * len(self.data):
            raise ValueError(f"its sections overlap: {stored} bytes of {len(self.data)}")
        strings = self._names(heads)
        spent = 0
        for head in heads:
            name = tables.text_at(strings, head.name) if strings else ""
            spent += len(name)
            if spent > tables.NAMES_BUDGET:
                raise ValueError("the names of sections overlap beyond reason")
            yield Section(
                name=name,
                address=head.address,
                offset=head.offset,
                size=head.size,
                executable=bool(head.flags & 4),
                link=head.link,
                kind=_SECTION_KINDS.get(head.kind, f"{head.kind:#x}"),
            )

    def _names(self, heads: Sequence[tables.SectionHeader]) -> bytes:
        """The section of the sections' names; empty where there is none."""
        index = int(self._file.header["e_shstrndx"])
        if not heads or index == 0:
            return b""
        start = heads[index].offset
        return self.data[start : start + heads[index].size]

    def _table_of(self, kind: str) -> tuple[bytes, int, str]:
        """A header table, the size of its entries, and the byte order."""
        header = self._file.header
        start, size = int(header[f"e_{kind}off"]), int(header[f"e_{kind}entsize"])
        return self.data[start : start + size * int(header[f"e_{kind}num"])], size, self.order

    @cached_property
    @guarded
    def segments(self) -> tuple[Segment, ...]:
        """All program headers."""
        heads = tables.program_headers(*self._table_of("ph"), is_64_bit=self.is_64_bit)
        return tuple(
            Segment(
                kind=_SEGMENT_KINDS.get(head.kind, f"{head.kind:#x}"),
                address=head.address,
                offset=head.offset,
                file_size=head.file_size,
                memory_size=head.memory_size,
                flags=head.flags,
                alignment=head.alignment,
            )
            for head in heads
        )

    def section(self, name: str) -> Section | None:
        """The first section of this name."""
        return next((section for section in self.sections if section.name == name), None)

    def content(self, section: Section) -> bytes:
        """The bytes of a section (none for one that only exists in memory).

        :raises ElfError: it lies outside the file
        """
        if section.kind == "SHT_NOBITS":
            return b""
        if section.offset + section.size > len(self.data):
            raise malformed(self.name, ValueError(f"section {section.name} is cut off"))
        return self.data[section.offset : section.offset + section.size]

    def code(self) -> tuple[Section, ...]:
        """The sections that hold instructions."""
        return tuple(s for s in self.sections if s.executable and s.kind == "SHT_PROGBITS")

    # -- machine --------------------------------------------------------------

    @property
    def eabi_version(self) -> int:
        """The Arm EABI version of the header's flags (5 on every current system)."""
        return self.flags >> 24 if self.machine == "Arm" else 0

    @cached_property
    @guarded
    def attributes(self) -> Mapping[int, int | str]:
        """The Arm build attributes of the whole file, by number."""
        section = self.section(".ARM.attributes")
        return tables.arm_attributes(self.content(section)) if section else {}

    @property
    def float_abi(self) -> str:
        """``hard``, ``soft`` (the base procedure call standard), or ``unmarked``.

        The header's flags speak first; the linker sets them only on linked files, so an
        object file is judged by Tag_ABI_VFP_args.
        """
        if self.machine != "Arm":
            return "unmarked"
        if self.flags & _EF_ARM_FLOAT_HARD:
            return "hard"
        if self.flags & _EF_ARM_FLOAT_SOFT:
            return "soft"
        arguments = self.attributes.get(TAG_VFP_ARGS)
        if arguments == 1:
            return "hard"
        return "soft" if self.attributes and arguments in (None, 0) else "unmarked"
