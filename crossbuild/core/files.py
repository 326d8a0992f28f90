"""Files that are whole or absent: staged writes, content keys, hashes, locks."""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from glob import escape
from pathlib import Path

from crossbuild.core.errors import NO_SPACE_CURE, DiskError

#: The file by which a folder is known as a cache (bford.info/cachedir).
CACHE_TAG = "CACHEDIR.TAG"
#: Ends the name of a directory that is not whole yet.
_PARTIAL = ".partial"
#: Bytes that are read at once.
_PIECE = 1 << 20


def beginning(path: Path) -> bytes:
    """The first 100 kB of a file: all of a text that is what its name says."""
    with path.open("rb") as stream:
        return stream.read(100_000)


def misread(path: Path, more: str = "") -> str:
    """What in a path builds take for something else, in words; empty where nothing is.

    Compilers' words split at spaces, PATH splits at colons, setuptools fills braces, and the script
    that starts a Python with a long path is one of the shell, without quotation marks.

    :param more: further characters that must not be there
    """
    found = re.search(rf"[\s'\"$`\\:{{}}&;|<>()*?[\]{re.escape(more)}]", str(path))
    if found is None:
        return ""
    return "spaces" if found[0].isspace() else f"the character {found[0]}"


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as stream:
        digest = hashlib.sha256()
        for piece in iter(partial(stream.read, _PIECE), b""):
            digest.update(piece)
    return digest.hexdigest()


def content_key(*parts: object) -> str:
    """A short stable name for a combination of values (16 hexadecimal digits).

    Equal inputs give equal keys on every machine and day; anything that JSON can
    write may be a part, and paths count as their text.
    """
    text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOTDIR, errno.EEXIST)


def is_full(error: OSError) -> bool:
    """Whether the disk had no room; shutil.copytree collects what went wrong as texts."""
    collected = str(error) if isinstance(error, shutil.Error) else ""
    return error.errno in _FULL or any(os.strerror(code) in collected for code in _FULL)


@contextmanager
def disk_errors(where: Path) -> Iterator[None]:
    """Turn a full disk or a read-only folder into an error with a cure.

    :raises DiskError: the operating system refused to write at *where*
    """
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise DiskError(
                f"no space left while writing {where}",
                evidence=str(error)[-500:],
                cure=NO_SPACE_CURE,
            ) from error
        # Below /proc and in a folder that has gone, a new one "does not exist".
        places = {str(where), *map(str, where.parents)}
        nowhere = error.errno == errno.ENOENT and str(error.filename) in places
        if error.errno in _REFUSED or nowhere:
            raise DiskError(
                f"cannot write {where}",
                evidence=str(error),
                cure="give the folder to the user who runs crossbuild, or choose another "
                "(--work-dir, --cache-dir, --wheelhouse)",
            ) from error
        raise


def write_text(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write a file so that a reader sees the old text or the new, never a part."""
    write_bytes(path, text.encode(), mode=mode)


def write_bytes(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Like :func:`write_text`, for bytes."""
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                os.fchmod(stream.fileno(), mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


@contextmanager
def staged_directory(path: Path) -> Iterator[Path]:
    """Make a directory beside *path* and rename it there when the block succeeds.

    What stood at *path* before is replaced.  A failure leaves *path* as it was; what a run that
    was killed has left is removed by the next one.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path)
        stage, lock = _new_stage(path)
        try:
            stage.chmod(0o755)
            yield stage
            remove_tree(path)
            stage.rename(path)
        except BaseException:
            remove_tree(stage)
            raise
        finally:
            os.close(lock)


def _new_stage(path: Path) -> tuple[Path, int]:
    """A new directory beside *path*, which is locked while the descriptor is open."""
    while True:
        stage = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=_PARTIAL))
        with suppress(FileNotFoundError):  # another run took it for abandoned: it had no lock yet
            lock = os.open(stage, os.O_RDONLY)
            with suppress(OSError):  # NFS locks no directories; then none is taken for abandoned
                fcntl.flock(lock, fcntl.LOCK_EX)
            if stage.exists():
                return stage, lock
            os.close(lock)


def _remove_abandoned(path: Path) -> None:
    """Remove the stages of *path* that no run has locked."""
    for stage in path.parent.glob(f".{escape(path.name)}.*{_PARTIAL}"):
        with suppress(OSError):  # it is locked, cannot be, belongs to another user, or has gone
            lock = os.open(stage, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_tree(stage)
            finally:
                os.close(lock)


def made(folder: Path) -> Path:
    """The folder, made where it is missing.

    :raises DiskError: it cannot be made
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def tag_as_cache(folder: Path) -> None:
    """Tell backups, and whoever copies sources, that a folder can be made again."""
    tag = folder / CACHE_TAG
    if not tag.exists():
        write_text(tag, "Signature: 8a477f597d28d172789f06886806bc55\n")


def remove_tree(path: Path) -> None:
    """Remove a directory tree, a file of any kind, or nothing; also read-only folders."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    for folder, _, _ in os.walk(path):
        Path(folder).chmod(0o755)
    shutil.rmtree(path)


def link(target: Path, path: Path) -> None:
    """Make a symbolic link at *path*, in the place of what is there."""
    with disk_errors(path):
        remove_tree(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold an advisory lock on *path*: one process at a time does this piece of work.

    :raises DiskError: its folder cannot be written, or its file system has no locks
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError as error:
            raise DiskError(
                f"the file system of {path.parent} gives no locks",
                evidence=f"{path}: {error.strerror}",
                cure="choose a folder on a disk of this machine (--work-dir, --cache-dir, "
                "--wheelhouse); of NFS, the lock service may be down, and the mount option "
                "local_lock=flock does without it",
            ) from error
        yield


def is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder, which need not exist yet."""
    there = next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))
    try:
        # Tried, not asked: root may write everywhere, but not in /proc or on a read-only disk.
        tempfile.TemporaryDirectory(dir=there).cleanup()
    except OSError:
        return False
    return True


def size_text(size: float) -> str:
    """A size in bytes as people read it: ``17.2 MB``."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
