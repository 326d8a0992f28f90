"""Archives that the Linux kernel unpacks as its first root file system (cpio "newc").

Format: Documentation/driver-api/early-userspace/buffer-format.rst of Linux.  Written here
because device nodes and root's ownership need no root that way.
"""

import gzip
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_TRAILER = "TRAILER!!!"


class Archive:
    """A gzip-compressed archive under construction."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._gzip = gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=1, mtime=0)
        self._inode = 0

    def add(
        self, name: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0)
    ) -> None:
        """Add an entry.

        :param mode: file type and permissions, as in ``st_mode``
        :param data: a file's content, or a symbolic link's target
        :param device: major and minor number of a device node
        """
        self._inode += 1
        encoded = name.encode() + b"\0"
        fields = (
            self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(encoded), 0,
        )  # fmt: skip
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._gzip.write(_padded(header + encoded) + _padded(data))

    def add_tree(self, root: Path) -> None:
        """Add all that lies below *root*."""
        for path in _walk(root):
            name = str(path.relative_to(root))
            if path.is_symlink():
                self.add(name, stat.S_IFLNK | 0o777, str(path.readlink()).encode())
            elif path.is_dir():
                self.add(name, stat.S_IFDIR | stat.S_IMODE(path.stat().st_mode))
            else:
                self.add(name, stat.S_IFREG | stat.S_IMODE(path.stat().st_mode), path.read_bytes())

    def close(self) -> None:
        """Write the end of the archive."""
        self.add(_TRAILER, 0)
        self._gzip.close()


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _walk(folder: Path) -> Iterator[Path]:
    """Every path below *folder*, parents before children, in a stable order."""
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
