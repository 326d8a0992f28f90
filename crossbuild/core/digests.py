"""The SHA-256 of files and folders, quick for what is as it was when last hashed.

As git's index does, it remembers each file's digest beside its size, inode and times, and
hashes again only where one of these differs.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crossbuild.core import documents, files

#: A file that changed so short a time ago, in seconds, may change again unseen: the clock
#: of a file system is coarse.
_SETTLED = 2.0

#: Folders whose content no wheel is made of.
_SKIPPED = {"site-packages", "dist-packages", "__pycache__", ".debug", "locale", "test", "tests"}


@dataclass
class Digests:
    """Digests of files by a name of the caller's choice.

    :param index: the file that remembers what was hashed; None: this object alone does
    """

    index: Path | None = None
    _known: dict[str, list[object]] = field(init=False, repr=False)
    _changed: bool = field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        self._known = documents.read_record(self.index) if self.index else {}

    def of(self, path: Path | str, name: str | None = None) -> str:
        """The file's SHA-256 in hexadecimal.

        :param name: what it is remembered as; its path where None
        """
        key = str(path) if name is None else name
        status = os.stat(path)  # noqa: PTH116 - for thousands of files: half the time
        stamp = [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]
        entry = self._known.get(key)
        if entry and entry[0] == stamp:
            return str(entry[1])
        digest = files.sha256(Path(path))
        if time.time() - status.st_mtime > _SETTLED:
            self._known[key], self._changed = [stamp, digest], True
        return digest

    def save(self) -> None:
        """Write the index, where there is one and something new to remember."""
        if self.index is not None and self._changed:
            files.write_text(self.index, json.dumps(self._known))


@dataclass(frozen=True)
class TreeDigest:
    """Digests trees; *index* is the file that remembers what was hashed (or None)."""

    index: Path | None

    def of(self, root: Path, folders: Iterable[Path]) -> str:
        """The digest of *folders* (relative to *root*) as 64 hexadecimal digits."""
        digests = Digests(self.index)
        total = hashlib.sha256()
        for folder in folders:
            prefix = "" if folder == Path() else f"{folder}/"
            for relative, entry in _walk(str(root / folder), prefix):
                if entry.is_symlink():
                    content = f"-> {os.readlink(entry.path)}"  # noqa: PTH115 - see Digests.of
                else:
                    content = digests.of(entry.path, relative)
                total.update(f"{relative} {content}\n".encode())
        digests.save()
        return total.hexdigest()


def _walk(folder: str, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Regular files and links below a folder, in a stable order, each with its name there."""
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError:
        return
    entries = [entry for entry in entries if entry.name not in _SKIPPED or not entry.is_dir()]
    for entry in entries:
        if entry.is_symlink() or entry.is_file(follow_symlinks=False):
            yield prefix + entry.name, entry
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{prefix}{entry.name}/")
