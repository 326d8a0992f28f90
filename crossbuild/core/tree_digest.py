"""The digest of a folder's content: of nothing but names and content."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from crossbuild.core.digests import Digests

#: Folders whose content no wheel is made of.
_SKIPPED = {"site-packages", "dist-packages", "__pycache__", ".debug", "locale", "test", "tests"}


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
                    told = f"-> {os.readlink(entry.path)}"  # noqa: PTH115 - see Digests.of
                else:
                    told = digests.of(entry.path, relative)
                total.update(f"{relative} {told}\n".encode())
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
