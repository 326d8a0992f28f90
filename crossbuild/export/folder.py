"""A folder of exported files beside which a user keeps files of his own.

A list in it says what was written, so that the next export takes away what is gone, and finds
what somebody changed.
"""

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from crossbuild.core import files
from crossbuild.core.errors import ExportError

#: The list, in the form that ``sha256sum -c`` reads.
LIST = "exported-files.sha256"

_Hashes = dict[str, set[str]]


def write(folder: Path, contents: Mapping[str, bytes | Path]) -> None:
    """Make a folder hold these files, and none of an earlier export beside.

    :param contents: each file's bytes, or where it lies, by its path in the folder
    :raises ExportError: a file that would be replaced or removed is not as it was written; nothing
        has been changed then
    :raises DiskError: the folder cannot be written
    """
    with files.disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".export.") as stage:
            for name, content in contents.items():
                _stage(Path(stage, name), content)
            _replace(folder, Path(stage), list(contents))


def _replace(folder: Path, stage: Path, names: Sequence[str]) -> None:
    new = {name: {files.sha256(stage / name)} for name in names}
    old = _listed(folder)
    known = {name: old.get(name, set()) | new.get(name, set()) for name in old | new}
    _require_known(folder, known, old)
    # Whatever an interrupt leaves behind, the next export knows it for its own.
    _write_list(folder, known)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (stage / name).replace(folder / name)
    for name in old.keys() - new.keys():
        _remove(folder, folder / name)
    _write_list(folder, new)


def _stage(path: Path, content: bytes | Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        shutil.copyfile(content, path)


def _listed(folder: Path) -> _Hashes:
    """The hashes of what earlier exports wrote, by path."""
    listed = defaultdict[str, set[str]](set)
    path = folder / LIST
    for line in path.read_text("utf-8", "replace").splitlines() if path.is_file() else ():
        digest, _, name = line.partition("  ")
        place = PurePosixPath(name)
        if name and not place.is_absolute() and ".." not in place.parts:
            listed[name].add(digest)
    return dict(listed)


def _require_known(folder: Path, known: _Hashes, old: _Hashes) -> None:
    for name, hashes in sorted(known.items()):
        path = folder / name
        there = path.exists() or path.is_symlink()
        if there and not (path.is_file() and files.sha256(path) in hashes):
            raise ExportError(
                f"{path} is in the way; nothing was exported",
                evidence="it was changed since it was exported"
                if name in old
                else "it is no file of an earlier export",
                cure="move it away; changes to a recipe belong into a .bbappend in another layer",
            )


def _write_list(folder: Path, hashes: _Hashes) -> None:
    lines = [f"{digest}  {name}\n" for name in sorted(hashes) for digest in sorted(hashes[name])]
    files.write_text(folder / LIST, "".join(lines))


def _remove(folder: Path, path: Path) -> None:
    """Remove a file, and the folders that held it alone."""
    path.unlink(missing_ok=True)
    for parent in path.parents:
        if parent == folder or any(parent.iterdir()):
            return
        parent.rmdir()
