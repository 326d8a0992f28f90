"""A wheel as an archive, read with suspicion.

Nothing in it is believed: names may not leave the folder that it is unpacked to, and sizes
are bounded before a byte is.  Format: PyPA, "Binary distribution format" (PEP 427).
"""

import email
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import Message
from functools import cached_property
from pathlib import Path

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, NormalizedName, parse_wheel_filename
from packaging.version import Version

from crossbuild.core.errors import AuditError
from crossbuild.wheel import zip_safety
from crossbuild.wheel.record import RecordEntry, parse

#: What :mod:`zipfile` raises for archives that are damaged, beside its own error.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    OverflowError,
    RuntimeError,
)


class WheelError(AuditError):
    """The file is no wheel, or one that must not be unpacked."""


class Wheel:
    """An open wheel whose archive has been found safe to read.

    Made by :func:`opened`.  Texts that the metadata lacks are empty.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path = path
        self._archive = archive
        self.name, self.version, self.build, self.tags = _parse_name(path.name)
        self._infos = {info.filename: info for info in _checked(path, archive)}

    @property
    def members(self) -> tuple[str, ...]:
        """Names of all files, in the archive's order."""
        return tuple(self._infos)

    def size(self, member: str) -> int:
        """The unpacked size of a file, in bytes."""
        return self._infos[member].file_size

    def executable(self, member: str) -> bool:
        """Whether the archive gives its owner the right to execute the file."""
        return bool(self._infos[member].external_attr >> 16 & stat.S_IXUSR)

    def data(self, member: str) -> bytes:
        """The content of a file.

        :raises WheelError: it is damaged
        """
        info = self._infos[member]
        try:
            with self._archive.open(info) as stream:
                # No more than the directory says: a stream may go on, and fill the memory.
                return stream.read(info.file_size)
        except _DAMAGE as error:
            raise _damaged(self.path, f"{member}: {error}") from error

    @cached_property
    def dist_info(self) -> str:
        """The name of the one ``.dist-info`` folder.

        :raises WheelError: there is none, or more than one
        """
        tops = {name.split("/")[0] for name in self._infos if ".dist-info/" in name}
        named = sorted(top for top in tops if top.endswith(".dist-info"))
        if len(named) != 1:
            raise WheelError(
                f"{self.path.name} is not a wheel",
                evidence=f"it has {len(named)} .dist-info folders: {', '.join(named) or 'none'}",
                cure="build the wheel again with a current build back end",
            )
        return named[0]

    def _headers(self, member: str) -> Message:
        name = f"{self.dist_info}/{member}"
        text = self.data(name) if name in self._infos else b""
        return email.message_from_string(text.decode("utf-8", "replace"))

    @cached_property
    def metadata(self) -> Message:
        """The headers of METADATA."""
        return self._headers("METADATA")

    @cached_property
    def wheel_headers(self) -> Message:
        """The headers of WHEEL."""
        return self._headers("WHEEL")

    @cached_property
    def record(self) -> tuple[RecordEntry, ...]:
        """The lines of RECORD; none where the file is missing."""
        name = f"{self.dist_info}/RECORD"
        if name not in self._infos:
            return ()
        return parse(self.data(name).decode("utf-8", "replace"))


@contextmanager
def opened(path: Path) -> Iterator[Wheel]:
    """Open a wheel for reading.

    :raises WheelError: it is no zip archive, its name is no wheel's, a member's name leaves
        the folder, or its sizes are absurd
    """
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise WheelError(
            f"cannot read {path}", evidence=str(error), cure="check the path"
        ) from error
    except _DAMAGE as error:
        raise _damaged(path, str(error)) from error
    with archive:
        yield Wheel(path, archive)


def _parse_name(
    name: str,
) -> tuple[NormalizedName, Version, tuple[int, str] | tuple[()], frozenset[Tag]]:
    try:
        return parse_wheel_filename(name)
    except (InvalidWheelFilename, ValueError) as error:
        raise WheelError(
            f"{name} is not a wheel's file name",
            evidence=str(error),
            cure="name it NAME-VERSION-PYTHON-ABI-PLATFORM.whl, as its build back end did",
        ) from error


def _checked(path: Path, archive: zipfile.ZipFile) -> Sequence[zipfile.ZipInfo]:
    """The files of the archive, once names and sizes are known to be harmless."""
    fact = zip_safety.refusal(archive.infolist(), path.stat().st_size)
    if fact:
        raise _unsafe(path, fact)
    return [info for info in archive.infolist() if not zip_safety.is_folder(info)]


def _unsafe(path: Path, fact: str) -> WheelError:
    return WheelError(
        f"{path.name} is not safe to unpack",
        evidence=fact,
        cure="do not install it; get the wheel from its author, or build it again",
    )


def _damaged(path: Path, fact: str) -> WheelError:
    return WheelError(
        f"{path.name} is no readable wheel",
        evidence=fact,
        cure="download or build it again: the archive is damaged",
    )
