"""Facts of an ELF file: what it runs on, what it needs, what it offers.

Every fact comes from the file itself; nothing is asked of the build machine.  Headers are
in :mod:`crossbuild.elf.headers`, tables in :mod:`crossbuild.elf.tables`; each is read only
when asked for.
"""

import re
from functools import cached_property
from pathlib import Path

from crossbuild.core import files
from crossbuild.elf import tables as elf_tables
from crossbuild.elf.headers import (
    MAGIC,
    TAG_CPU_ARCH,
    TAG_FP_ARCH,
    ElfError,
    ElfHeaders,
    Section,
    guarded,
)
from crossbuild.elf.tables import Symbol

__all__ = [
    "TAG_CPU_ARCH",
    "TAG_FP_ARCH",
    "Elf",
    "ElfError",
    "Section",
    "from_origin",
    "is_elf",
    "is_shared_object",
    "read",
]

#: No library or program of a board comes near it; a file of which more is read is not one.
_LARGEST = 2**30

_ORIGIN = re.compile(r"\$(?:ORIGIN|\{ORIGIN\})(?:/+|$)")

_PF_X = 1
_DT = {"needed": 1, "strtab": 5, "symtab": 6, "soname": 14, "rpath": 15, "textrel": 22}
_DT_FLAGS, _DT_RUNPATH, _DF_TEXTREL = 30, 29, 4


class Elf(ElfHeaders):
    """An ELF file's facts, each read on first use.

    Every attribute raises :class:`ElfError` where the file is malformed.
    """

    # -- dynamic linking ------------------------------------------------------

    @cached_property
    @guarded
    def _dynamic(self) -> tuple[tuple[int, int], ...]:
        segment = next((s for s in self.segments if s.kind == "PT_DYNAMIC"), None)
        if segment is None:
            return ()
        table = self.data[segment.offset : segment.offset + segment.file_size]
        return tuple(elf_tables.dynamic_tags(table, order=self.order, is_64_bit=self.is_64_bit))

    def _offset(self, address: int) -> int:
        for segment in self.segments:
            if segment.kind == "PT_LOAD" and 0 <= address - segment.address < segment.file_size:
                return segment.offset + address - segment.address
        raise ValueError(f"address {address:#x} is in no loaded segment")

    @cached_property
    @guarded
    def _dynamic_strings(self) -> bytes:
        tags = dict(self._dynamic)
        start = self._offset(tags[_DT["strtab"]])
        return self.data[start : start + tags[10]]  # DT_STRSZ

    def _texts(self, tag: int) -> tuple[str, ...]:
        wanted = [value for number, value in self._dynamic if number == tag]
        if not wanted:
            return ()
        return tuple(elf_tables.text_at(self._dynamic_strings, value) for value in wanted)

    @property
    def is_dynamic(self) -> bool:
        """Whether the loader can load it: it has a dynamic table."""
        return bool(self._dynamic)

    @cached_property
    @guarded
    def needed(self) -> tuple[str, ...]:
        """DT_NEEDED: the sonames of the libraries that it is linked with."""
        return self._texts(_DT["needed"])

    @cached_property
    @guarded
    def soname(self) -> str | None:
        """DT_SONAME."""
        return next(iter(self._texts(_DT["soname"])), None)

    @cached_property
    @guarded
    def search_path(self) -> tuple[str, ...]:
        """The entries of DT_RUNPATH and DT_RPATH, as they stand (``$ORIGIN`` unexpanded)."""
        texts = self._texts(_DT_RUNPATH) + self._texts(_DT["rpath"])
        return tuple(entry for text in texts for entry in text.split(":"))

    @cached_property
    @guarded
    def rpath(self) -> tuple[str, ...]:
        """DT_RPATH's entries, which the libraries that it needs inherit; none beside RUNPATH."""
        texts = () if self._texts(_DT_RUNPATH) else self._texts(_DT["rpath"])
        return tuple(entry for text in texts for entry in text.split(":"))

    @cached_property
    @guarded
    def text_relocations(self) -> bool:
        """Whether the loader has to write into code (DT_TEXTREL or DF_TEXTREL)."""
        return any(
            tag == _DT["textrel"] or (tag == _DT_FLAGS and value & _DF_TEXTREL)
            for tag, value in self._dynamic
        )

    @cached_property
    @guarded
    def executable_stack(self) -> bool:
        """Whether loading it makes the stack executable.

        A file without PT_GNU_STACK counts: glibc then takes the architecture's default,
        which on 32-bit Arm is an executable stack.
        """
        stack = next((s for s in self.segments if s.kind == "PT_GNU_STACK"), None)
        return self.is_dynamic and (stack is None or bool(stack.flags & _PF_X))

    @cached_property
    @guarded
    def alignment(self) -> int:
        """The least alignment of its loaded segments, in bytes: 0 where none is loaded."""
        loaded = (s.alignment for s in self.segments if s.kind == "PT_LOAD")
        return min(loaded, default=0)

    @cached_property
    @guarded
    def build_id(self) -> str:
        """The linker's digest of the file, in hexadecimal; empty where it wrote none."""
        section = self.section(".note.gnu.build-id")
        if section is None:
            return ""
        note = self.content(section)  # three words (name's size, digest's size, type), "GNU\0"
        return note[16:].hex()

    # -- symbols --------------------------------------------------------------

    def _table(self, kind: str) -> tuple[bytes, bytes] | None:
        """The bytes of a section and of the string table that it is linked with."""
        section = next((s for s in self.sections if s.kind == kind), None)
        if section is None:
            return None
        return self.content(section), self.content(self.sections[section.link])

    def _symbols(self, kind: str) -> tuple[Symbol, ...]:
        tables = self._table(kind)
        if tables is None:
            return ()
        return tuple(elf_tables.symbols(*tables, order=self.order, is_64_bit=self.is_64_bit))

    @cached_property
    @guarded
    def dynamic_symbols(self) -> tuple[Symbol, ...]:
        """The symbols that the loader sees."""
        return self._symbols("SHT_DYNSYM")

    @cached_property
    @guarded
    def static_symbols(self) -> tuple[Symbol, ...]:
        """The symbols for debuggers and the static linker; none in a stripped file."""
        return self._symbols("SHT_SYMTAB")

    @cached_property
    def undefined(self) -> frozenset[str]:
        """Names that another library has to define (weak ones are not among them)."""
        return frozenset(s.name for s in self.dynamic_symbols if not s.defined and not s.weak) - {
            ""
        }

    @cached_property
    def defined(self) -> frozenset[str]:
        """Names that it defines for others."""
        return frozenset(s.name for s in self.dynamic_symbols if s.defined and s.binding)

    @cached_property
    @guarded
    def versions_needed(self) -> tuple[tuple[str, str], ...]:
        """(library, symbol version) pairs that must exist at load time."""
        tables = self._table("SHT_GNU_verneed")
        return tuple(elf_tables.versions_needed(*tables, self.order)) if tables else ()

    @cached_property
    @guarded
    def versions_defined(self) -> tuple[str, ...]:
        """Symbol versions that it offers, its own soname first."""
        tables = self._table("SHT_GNU_verdef")
        return tuple(elf_tables.versions_defined(*tables, self.order)) if tables else ()


def from_origin(entry: str) -> str | None:
    """Where an entry of a search path leads from the file's own folder; None for other entries."""
    begin = _ORIGIN.match(entry)
    return entry[begin.end() :] if begin else None


def is_elf(data: bytes) -> bool:
    """Whether the bytes begin as an ELF file does."""
    return data[:4] == MAGIC


def is_shared_object(path: Path) -> bool:
    """Whether a file is an ELF file that is linked and loaded: no object file, no archive.

    :raises ElfError: it begins as an ELF file and is malformed
    """
    with path.open("rb") as stream:
        if not is_elf(stream.read(4)):
            return False
    return read(path).kind in ("ET_DYN", "ET_EXEC")


def read(source: Path | bytes, *, name: str | None = None) -> Elf:
    """Read an ELF file from a path or from its bytes.

    :param name: what messages call it; the path where None
    :raises ElfError: it is no ELF file, or a malformed one
    """
    if isinstance(source, bytes):
        return Elf(source, name or "<bytes>")
    try:
        if (size := source.stat().st_size) > _LARGEST:
            raise ElfError(
                f"{source} is too large for a library or program",
                evidence=f"{files.size_text(size)}; at most {files.size_text(_LARGEST)} are read",
                cure="build or download the file again",
            )
        return Elf(source.read_bytes(), name or str(source))
    except OSError as error:
        raise ElfError(
            f"cannot read {source}", evidence=str(error), cure="check the path"
        ) from error
