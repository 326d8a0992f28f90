"""Source archives: unpacked with what pip keeps of them, and read without that.

Nothing in them is believed: a name or a link may not leave the folder, nothing is written through
a link, and members, bytes and headers are bounded.
"""

import bz2
import calendar
import errno
import gzip
import io
import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from crossbuild.core.errors import BuildError
from crossbuild.wheel import zip_safety

#: How a compressed archive begins.
_GZIP, _BZIP2, _XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"

_Stream = IO[bytes] | gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile

#: Bytes of a header at most: tarfile reads one into memory, however large it says it is.
_LARGEST_READ = 1 << 20

#: Bytes of a member that is read and not unpacked: metadata.
_LARGEST_TEXT = 16 << 20

#: 2514, beyond which a time is nonsense.
_LATEST = 1 << 34

#: What damaged archives raise, beside the system's refusals of their names.
_DAMAGE = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError),
    *(ValueError, OverflowError, LookupError, RuntimeError),
)
_REFUSED_NAMES = {
    *(None, errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EINVAL),
    *(errno.EILSEQ, errno.ELOOP),
}


def unpack(sdist: Path, stage: Path) -> None:
    """Unpack an archive whose members all stay in the folder, with times and execute bits.

    :raises BuildError: it is damaged, unsafe to unpack, or a member leaves the folder
    """
    with _told(sdist):
        if sdist.suffix == ".zip":
            with zipfile.ZipFile(sdist) as archive:
                _extract_zip(archive, sdist.stat().st_size, stage)
        else:
            with _opened(sdist) as tar:
                _extract(tar, stage)


def member(sdist: Path, name: str) -> bytes:
    """The content of a file in the archive's root folder, empty where it has none.

    :raises BuildError: it is damaged
    """
    with _told(sdist):
        return _member_of_zip(sdist, name) if sdist.suffix == ".zip" else _member(sdist, name)


@contextmanager
def _told(sdist: Path) -> Iterator[None]:
    try:
        yield
    except (*_DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _REFUSED_NAMES:
            raise  # the machine's failure, not the archive's
        raise BuildError(
            f"the source archive {sdist.name} is damaged",
            evidence=f"{sdist}: {error}",
            cure="get the file again; one in the cache is downloaded anew once it is removed",
        ) from error


class _Bounded(io.RawIOBase):
    """A stream that is not read beyond what an archive may hold, nor much at once."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LARGEST_READ:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET or not 0 <= offset <= zip_safety.MAX_TOTAL:
            raise tarfile.ReadError(f"more than {zip_safety.MAX_TOTAL} bytes unpacked")
        return self._stream.seek(offset)

    def tell(self) -> int:
        return self._stream.tell()


@contextmanager
def _opened(sdist: Path) -> Iterator[tarfile.TarFile]:
    with (
        sdist.open("rb") as file,
        _decompressed(file) as stream,
        tarfile.TarFile(fileobj=_Bounded(stream)) as tar,
    ):
        yield tar


def _decompressed(file: IO[bytes]) -> _Stream:
    beginning = file.read(len(_XZ))
    file.seek(0)
    if beginning.startswith(_GZIP):
        return gzip.open(file)
    if beginning.startswith(_BZIP2):
        return bz2.open(file)
    return lzma.open(file) if beginning.startswith(_XZ) else file


def _members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The members, as long as they are not absurdly many or large together."""
    total = 0
    for number, info in enumerate(tar, start=1):
        total += info.size
        if number > zip_safety.MAX_MEMBERS:
            raise tarfile.TarError(f"more than {zip_safety.MAX_MEMBERS} files")
        if total > zip_safety.MAX_TOTAL:
            raise tarfile.TarError(f"more than {zip_safety.MAX_TOTAL} bytes unpacked")
        yield info


def _member(sdist: Path, name: str) -> bytes:
    with _opened(sdist) as tar:
        for info in _members(tar):
            if PurePosixPath(info.name).parts[1:] == (name,) and info.isfile():
                stream = tar.extractfile(info)
                sink = io.BytesIO()
                if stream is None or info.size > _LARGEST_TEXT:
                    raise tarfile.TarError(f"{info.name} has {info.size} bytes")
                shutil.copyfileobj(stream, sink)
                return sink.getvalue()
    return b""


def _member_of_zip(sdist: Path, name: str) -> bytes:
    with zipfile.ZipFile(sdist) as archive:
        for info in archive.infolist():
            if PurePosixPath(info.filename).parts[1:] == (name,):
                if info.file_size > _LARGEST_TEXT:
                    raise zipfile.BadZipFile(f"{info.filename} has {info.file_size} bytes")
                return archive.read(info)
    return b""


def _extract_zip(archive: zipfile.ZipFile, size: int, stage: Path) -> None:
    """Unpack with the files' own times and execute bits, which zipfile leaves out."""
    fact = zip_safety.refusal(archive.infolist(), size)
    if fact:
        raise zipfile.BadZipFile(fact)
    for info in archive.infolist():
        path = Path(archive.extract(info, stage))
        seconds = _seconds(info)
        os.utime(path, (seconds, seconds))
        mode = info.external_attr >> 16  # as pip reads it; 0 where another system made it
        if stat.S_ISREG(mode) and mode & 0o111:
            path.chmod(0o755)


def _seconds(info: zipfile.ZipInfo) -> int:
    """Seconds since 1970 of a member; those of 1980 where it has no date."""
    try:
        return calendar.timegm((*info.date_time, 0, 0, 0))
    except ValueError:
        return 315_532_800


def _extract(tar: tarfile.TarFile, stage: Path) -> None:
    """Unpack an archive whose members and links all stay in the folder.

    Debian 12's Python 3.11.2 has no ``filter="data"`` yet (PEP 706 came in 3.11.4), and that of
    early releases follows links through links.

    :raises TarError: a member leaves the folder, is there twice, or is a device
    """
    top = stage.resolve()
    folders, others, links = set[str](), dict[str, bool](), list[str]()
    for info in _members(tar):
        name = _safe_name(info, top)
        if info.isdir():
            folders.add(name)
        elif name in others:
            raise tarfile.TarError(f"{name} is there twice")
        else:
            others[name] = info.isfile()
        if name in others and name in folders:
            raise tarfile.TarError(f"{name} is a file and a folder")
        if info.islnk() and not others.get(str(PurePosixPath(info.linkname))):
            raise tarfile.TarError(f"{name} is a link to {info.linkname}, which is no file of it")
        if info.issym():
            links.append(name)
        _set_attributes(info, name)
        if name != ".":
            tar.extract(info, stage, set_attrs=True)
    # Now, since where a link leads may change with those that come after it.
    for name in links:
        if not Path(os.path.realpath(top / name)).is_relative_to(top):
            raise tarfile.TarError(f"{name} leads out of the archive")


def _safe_name(info: tarfile.TarInfo, top: Path) -> str:
    """A member's name, below the folder and through none of its links."""
    path = PurePosixPath(info.name)
    if not (info.isfile() or info.isdir() or info.issym() or info.islnk()):
        raise tarfile.TarError(f"{info.name} is no file, folder or link")
    if path.is_absolute() or ".." in path.parts:
        raise tarfile.TarError(f"{info.name} leads out of the archive")
    parent = (top / path).parent
    if path.parts and os.path.realpath(parent) != str(parent):
        raise tarfile.TarError(f"{info.name} is written through a link")
    return str(path)


def _set_attributes(info: tarfile.TarInfo, name: str) -> None:
    """Let a member be its user's, with a mode and a time that mean no harm."""
    info.name = name
    info.mode = 0o755 if info.isdir() or info.mode & 0o100 else 0o644
    info.uid, info.gid, info.uname, info.gname = os.getuid(), os.getgid(), "", ""
    info.mtime = info.mtime if 0 <= info.mtime < _LATEST else 0
