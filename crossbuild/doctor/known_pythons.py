"""Build Pythons that answered before: a survey of nine versions need not start them all.

Only answers about Pythons that nobody asked for are taken from here; a build tries its
own afresh.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from crossbuild.core import documents, files
from crossbuild.python.build_python import BuildPython


@dataclass(frozen=True)
class KnownPythons:
    """A file of answers, each good for as long as its program is the same file."""

    path: Path

    def recall(self, key: str) -> BuildPython | None:
        """The Python that was found under that key, unless its program has changed."""
        try:
            entry = documents.read_record(self.path)[key]
            fields = entry["python"]
            paths = {name: Path(fields[name]) for name in ("executable", "home", "stdlib")}
            told = {
                "include": Path(fields["include"]) if fields["include"] else None,
                "missing": tuple(fields["missing"]),
                "libraries": tuple(map(Path, fields["libraries"])),
            }
            python = BuildPython(**{**fields, **paths, **told})
            return python if entry["stamp"] == _stamp(python.executable) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remember(self, key: str, python: BuildPython) -> None:
        """Keep an answer."""
        entries = documents.read_record(self.path)
        entries[key] = {"python": asdict(python), "stamp": _stamp(python.executable)}
        files.write_text(self.path, json.dumps(entries, default=str, indent=1))


def _stamp(program: Path) -> list[int]:
    status = program.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ino]
