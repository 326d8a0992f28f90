"""The digest of a folder's content, quick when little has changed.

As git's index does, it remembers each file's hash beside its size, inode and change
time, and hashes again only where one of these differs; the digest itself depends on
nothing but names and content.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from crossbuild import files

#: Folders whose content no wheel is made of.
_SKIPPED = {"site-packages", "dist-packages", "__pycache__", ".debug", "locale", "test", "tests"}


@dataclass(frozen=True)
class TreeDigest:
    """Digests trees; *index* is the file that remembers what was hashed (or None)."""

    index: Path | None

    def of(self, root: Path, folders: Iterable[Path]) -> str:
        """The digest of *folders* (relative to *root*) as 64 hexadecimal digits."""
        known = self._load()
        seen: dict[str, list[object]] = {}
        total = hashlib.sha256()
        for folder in folders:
            for relative, path in _walk(root, folder):
                if path.is_symlink():
                    total.update(f"{relative} -> {path.readlink()}\n".encode())
                    continue
                status = path.stat()
                stamp = [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]
                entry = known.get(relative)
                digest = entry[1] if entry and entry[0] == stamp else files.sha256(path)
                seen[relative] = [stamp, digest]
                total.update(f"{relative} {digest}\n".encode())
        if self.index is not None and seen != known:
            files.write_text(self.index, json.dumps(seen))
        return total.hexdigest()

    def _load(self) -> dict[str, list[object]]:
        """What was hashed before; an unreadable index counts as none."""
        if self.index is None:
            return {}
        try:
            known = json.loads(self.index.read_text())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}


def _walk(root: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Regular files and links below root/folder, in a stable order."""
    for parent, folders, names in os.walk(root / folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted([*names, *(d for d in folders if Path(parent, d).is_symlink())]):
            path = Path(parent, name)
            if path.is_symlink() or path.is_file():
                yield str(path.relative_to(root)), path
