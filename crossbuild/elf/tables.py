"""The tables inside an ELF file, decoded from bytes with every bound checked.

pyelftools reads headers well, but follows the counts and links of a malformed file
for as long as they lead it, and builds an object per symbol.  The tables that an audit
reads by the thousand are therefore decoded here: each loop is bounded by the bytes at
hand, and nonsense raises :class:`ValueError`.

Layouts: System V ABI, chapter 4 and 5; GNU symbol versioning (LSB Core, 10.7);
"Addenda to, and Errata in, the ABI for the Arm Architecture" (build attributes).
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

#: Attributes whose value is a string although their number is even or below 32.
_TEXT_ATTRIBUTES = frozenset({4, 5})
_ATTRIBUTE_COMPATIBILITY = 32

#: Bounds that no real file meets: of one name, and of a symbol table's names together.
#: Without them a small file whose names overlap could ask for gigabytes.
LONGEST_NAME = 1 << 16
NAMES_BUDGET = 1 << 27


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol of a symbol table.

    :ivar kind: ``STT_*`` number (2 is a function, 10 an indirect function)
    :ivar binding: ``STB_*`` number (0 local, 1 global, 2 weak)
    :ivar section: section index; 0 where the symbol is undefined
    """

    name: str
    value: int
    size: int
    kind: int
    binding: int
    section: int

    @property
    def defined(self) -> bool:
        """Whether this file defines the symbol."""
        return self.section != 0

    @property
    def weak(self) -> bool:
        """Whether the loader may leave the symbol unresolved."""
        return self.binding == 2


class SectionHeader(NamedTuple):
    """An entry of the section table."""

    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int


class ProgramHeader(NamedTuple):
    """An entry of the segment table."""

    kind: int
    flags: int
    offset: int
    address: int
    file_size: int
    memory_size: int
    alignment: int


def section_headers(
    table: bytes, size: int, order: str, *, is_64_bit: bool
) -> Iterator[SectionHeader]:
    """Each entry of a section table.

    :param size: bytes of an entry
    """
    entry = struct.Struct(order + ("IIQQQQI" if is_64_bit else "7I"))
    for start in range(0, len(table), max(size, 1)):
        yield SectionHeader(*entry.unpack_from(table, start))


def program_headers(
    table: bytes, size: int, order: str, *, is_64_bit: bool
) -> Iterator[ProgramHeader]:
    """Each entry of a segment table.

    :param size: bytes of an entry
    """
    entry = struct.Struct(order + ("IIQQ8xQQQ" if is_64_bit else "III4xIIII"))
    for start in range(0, len(table), max(size, 1)):
        values = entry.unpack_from(table, start)
        if not is_64_bit:  # where the flags stand elsewhere
            kind, offset, address, file_size, memory_size, flags, alignment = values
            values = kind, flags, offset, address, file_size, memory_size, alignment
        yield ProgramHeader(*values)


def text_at(strings: bytes, offset: int) -> str:
    """The NUL-terminated text at *offset* of a string table.

    :raises ValueError: the offset is outside the table, or the text has no end
    """
    end = strings.find(b"\0", offset, offset + LONGEST_NAME) if offset >= 0 else -1
    if end < 0:
        raise ValueError(f"no string ends within reach of offset {offset:#x} of its table")
    return strings[offset:end].decode("utf-8", "backslashreplace")


def symbols(table: bytes, strings: bytes, *, order: str, is_64_bit: bool) -> Iterator[Symbol]:
    """Each symbol of a symbol table.

    :param order: ``<`` or ``>``: the file's byte order
    :param is_64_bit: the file is of class ELF64
    """
    spent = 0
    for name, value, length, info, section in _symbol_fields(table, order, is_64_bit=is_64_bit):
        text = text_at(strings, name)
        spent += len(text)
        if spent > NAMES_BUDGET:
            raise ValueError("the names of a symbol table overlap beyond reason")
        yield Symbol(text, value, length, info & 15, info >> 4, section)


def _symbol_fields(
    table: bytes, order: str, *, is_64_bit: bool
) -> Iterator[tuple[int, int, int, int, int]]:
    size = 24 if is_64_bit else 16
    whole = memoryview(table)[: len(table) // size * size]
    if is_64_bit:
        for name, info, _, section, value, length in struct.iter_unpack(order + "IBBHQQ", whole):
            yield name, value, length, info, section
    else:
        for name, value, length, info, _, section in struct.iter_unpack(order + "IIIBBH", whole):
            yield name, value, length, info, section


def dynamic_tags(table: bytes, *, order: str, is_64_bit: bool) -> Iterator[tuple[int, int]]:
    """The (tag, value) pairs of a dynamic table, up to its DT_NULL."""
    entry = struct.Struct(order + ("qQ" if is_64_bit else "iI"))
    whole = memoryview(table)[: len(table) // entry.size * entry.size]
    for tag, value in entry.iter_unpack(whole):
        if tag == 0:
            return
        yield tag, value


def versions_needed(table: bytes, strings: bytes, order: str) -> Iterator[tuple[str, str]]:
    """The (library, version) pairs of a verneed table (``.gnu.version_r``)."""
    left = len(table) // 16
    for offset in _links(table, 0, 16, order + "12xI"):
        count, library, aux = struct.unpack_from(order + "2xHII", table, offset)
        entries = _links(table, offset + aux, 16, order + "12xI") if count else iter(())
        for _, entry in zip(range(count), entries, strict=False):
            left -= 1
            if left < 0:
                raise ValueError("the version records share their entries")
            (name,) = struct.unpack_from(order + "8xI", table, entry)
            yield text_at(strings, library), text_at(strings, name)


def versions_defined(table: bytes, strings: bytes, order: str) -> Iterator[str]:
    """The versions that a verdef table (``.gnu.version_d``) defines, its soname first."""
    for offset in _links(table, 0, 20, order + "16xI"):
        (aux,) = struct.unpack_from(order + "12xI", table, offset)
        (name,) = struct.unpack_from(order + "I", table, offset + aux)
        yield text_at(strings, name)


def _links(table: bytes, start: int, size: int, layout: str) -> Iterator[int]:
    """Follow a list of records that tell the distance to the next one; never backwards."""
    offset = start
    while True:
        if offset + size > len(table):
            raise ValueError(f"a version record at {offset:#x} is outside its table")
        yield offset
        (step,) = struct.unpack_from(layout, table, offset)
        if step == 0:
            return
        offset += step


def arm_attributes(table: bytes) -> Mapping[int, int | str]:
    """The file-scope ``aeabi`` attributes of an ``.ARM.attributes`` section, by number."""
    attributes: dict[int, int | str] = {}
    if table[:1] != b"A":
        return attributes
    offset = 1
    while offset + 4 < len(table):
        (length,) = struct.unpack_from("<I", table, offset)
        if length < 5 or offset + length > len(table):
            raise ValueError("an attribute section has an impossible length")
        vendor, end = _attribute_text(table, offset + 4)
        if vendor == "aeabi":
            attributes.update(_file_attributes(table, end, offset + length))
        offset += length
    return attributes


def _file_attributes(table: bytes, offset: int, end: int) -> Iterator[tuple[int, int | str]]:
    while offset + 5 <= end:
        scope, length = struct.unpack_from("<BI", table, offset)
        if length < 5 or offset + length > end:
            raise ValueError("an attribute subsection has an impossible length")
        if scope == 1:
            yield from _attributes(table, offset + 5, offset + length)
        offset += length


def _attributes(table: bytes, offset: int, end: int) -> Iterator[tuple[int, int | str]]:
    while offset < end:
        tag, offset = _uleb128(table, offset)
        if tag == _ATTRIBUTE_COMPATIBILITY:
            _, offset = _uleb128(table, offset)
            _, offset = _attribute_text(table, offset)
        elif tag in _TEXT_ATTRIBUTES or (tag > 32 and tag % 2):
            text, offset = _attribute_text(table, offset)
            yield tag, text
        else:
            number, offset = _uleb128(table, offset)
            yield tag, number


def _attribute_text(table: bytes, offset: int) -> tuple[str, int]:
    text = text_at(table, offset)
    return text, table.index(b"\0", offset) + 1


def _uleb128(table: bytes, offset: int) -> tuple[int, int]:
    result = 0
    for shift in range(0, 70, 7):
        if offset >= len(table):
            break
        byte = table[offset]
        offset += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, offset
    raise ValueError("a number in the attributes has no end")
