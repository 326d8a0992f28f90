"""The SHA-256 of files, quick for those that are as they were when last hashed.

As git's index does, it remembers each file's digest beside its size, inode and times, and
hashes again only where one of these differs.
"""

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from crossbuild.core import files

#: A file that changed so short a time ago, in seconds, may change again unseen: the clock
#: of a file system is coarse.
_SETTLED = 2.0


@dataclass
class Digests:
    """Digests of files by a name of the caller's choice.

    :param index: the file that remembers what was hashed; None: this object alone does
    """

    index: Path | None = None
    _known: dict[str, list[object]] = field(init=False, repr=False)
    _changed: bool = field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        self._known = self._load()

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

    def _load(self) -> dict[str, list[object]]:
        """What was hashed before; an unreadable index counts as none."""
        if self.index is None:
            return {}
        try:
            known = json.loads(self.index.read_text())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}
