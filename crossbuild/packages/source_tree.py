"""A package's source: what belongs to it, its digest, and a copy of it to build in."""

import calendar
import hashlib
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.errors import BuildError

#: Folders at the top of a project that hold what is made of its source.
_MADE = {"build", "dist", "wheelhouse"}

#: Folders of tools and of version control, wherever they lie.
_NO_SOURCE = {
    *(".git", ".hg", ".venv", ".tox", ".nox", "__pycache__", ".pytest_cache"),
    *(".cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".eggs"),
}

#: File beside the source's root, with the time of its newest file.
_EPOCH = "epoch"


def digest(folder: Path) -> str:
    """The digest of a source folder's files; version control and caches do not count."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and is_source(path.relative_to(folder)):
            total.update(f"{path.relative_to(folder)} {files.sha256(path)}\n".encode())
    return total.hexdigest()


def is_source(path: Path) -> bool:
    """Whether a path in a source folder belongs to the source.

    ``build``, ``dist`` and ``wheelhouse`` hold what is made of it, but a package may have a
    folder of such a name inside.
    """
    return path.parts[0] not in _MADE and not _NO_SOURCE & set(path.parts)


def prepare(origin: Path, folder: Path) -> Path:
    """Unpack an sdist, or copy a source folder, to *folder*; return the source's root.

    What an interrupted run left there whole is kept, so that a build goes on.

    :raises BuildError: the archive is damaged or has no single root folder
    """
    if not folder.exists():
        with files.staged_directory(folder) as stage:
            if origin.is_dir():
                copy(origin, stage / origin.name)
            else:
                _unpack(origin, stage)
            # Now, since a build that is interrupted leaves newer files in the source.
            files.write_text(stage / _EPOCH, str(newest_file(stage)))
    roots = [path for path in folder.iterdir() if path.is_dir()]
    if len(roots) != 1:
        raise BuildError(
            f"{origin.name} is no source distribution",
            evidence=f"it has {len(roots)} folders at its top, not one",
            cure="an sdist has one folder, NAME-VERSION, with all else in it",
        )
    return roots[0]


def copy(origin: Path, target: Path) -> None:
    """Copy a source folder without what is made of it, and without version control."""

    def ignored(folder: str, names: list[str]) -> set[str]:
        inside = Path(folder).relative_to(origin)
        return {name for name in names if not is_source(inside / name)}

    shutil.copytree(origin, target, symlinks=True, ignore=ignored)


def _unpack(sdist: Path, stage: Path) -> None:
    try:
        if sdist.suffix == ".zip":
            with zipfile.ZipFile(sdist) as archive:
                _extract_zip(archive, stage)
        else:
            with tarfile.open(sdist) as tar:
                _extract(tar, stage)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise BuildError(
            f"the source archive {sdist.name} is damaged",
            evidence=f"{sdist}: {error}",
            cure="remove the file and run the command again: it is downloaded anew",
        ) from error


def _extract_zip(archive: zipfile.ZipFile, stage: Path) -> None:
    """Unpack with the files' own times, which zipfile leaves out."""
    for info in archive.infolist():
        path = archive.extract(info, stage)  # strips .. and absolute names
        seconds = calendar.timegm((*info.date_time, 0, 0, 0))
        os.utime(path, (seconds, seconds))


def _extract(tar: tarfile.TarFile, stage: Path) -> None:
    """Unpack an archive whose members and links all stay in the folder.

    Debian 12's Python 3.11.2 has no ``filter="data"`` yet (PEP 706 came in 3.11.4).

    :raises TarError: a member leaves the folder, or is a device
    """
    top = stage.resolve()
    for member in tar:
        if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
            raise tarfile.TarError(f"{member.name} is no file, folder or link")
        workspace = top / member.name
        # A hard link names its target from the archive's root, a symbolic one from itself.
        base = workspace.parent if member.issym() else top
        targets = [workspace, base / member.linkname] if member.linkname else [workspace]
        for target in targets:
            if not Path(os.path.normpath(target)).is_relative_to(top):
                raise tarfile.TarError(f"{member.name} leads out of the archive")
        member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
        tar.extract(member, stage, set_attrs=True)


def newest_file(source: Path) -> int:
    """Seconds since 1970 of the newest file of a source; folders and links are always new."""
    paths = (path for path in source.rglob("*") if path.is_file() and not path.is_symlink())
    times = (path.stat().st_mtime for path in paths)
    return max(int(max(times, default=0)), 315_532_800)  # zip archives begin in 1980


def epoch(folder: Path) -> int:
    """The SOURCE_DATE_EPOCH of what :func:`prepare` put into *folder*."""
    return int((folder / _EPOCH).read_text())
