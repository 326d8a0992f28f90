"""The object files in a static library (``ar`` archives, of GNU's and BSD's kind)."""

from collections.abc import Iterator

from crossbuild.elf.file import is_elf

MAGIC = b"!<arch>\n"
#: Begins an archive that names its members' files instead of holding them.
THIN_MAGIC = b"!<thin>\n"
_HEADER = 60


def objects(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """(name, content) of each ELF file in a static library, or of the file itself.

    What follows a damaged member header is left out; nothing is yielded for other files.
    """
    if is_elf(data):
        yield name, data
    if not data.startswith(MAGIC):
        return
    offset, long_names = len(MAGIC), b""
    while offset + _HEADER <= len(data):
        header = data[offset : offset + _HEADER]
        size_text = header[48:58].strip()
        if not size_text.isdigit() or len(size_text) > 10:
            return
        start, size = offset + _HEADER, int(size_text)
        content = data[start : start + size]
        member = header[:16].rstrip()
        if member[:3] == b"#1/" and member[3:].isdigit() and len(member) < 12:
            length = int(member[3:])  # BSD's and macOS's way: the name precedes the content
            member, content = content[:length].rstrip(b"\0"), content[length:]
        if member == b"//":
            long_names = content
        elif is_elf(content):
            yield f"{name}({_name(member, long_names)})", content
        offset = start + size + size % 2


def _name(member: bytes, long_names: bytes) -> str:
    """A member's name: ``name/``, or ``/offset`` into the table of long names."""
    text = member.rstrip(b"/")
    if member[:1] == b"/" and member[1:].isdigit():
        at = int(member[1:])
        text = long_names[at:].split(b"/\n", 1)[0]
    return text.decode("utf-8", "replace")
