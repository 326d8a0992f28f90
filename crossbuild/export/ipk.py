"""An ``.ipk`` archive: the layout of ``.deb``, as opkg-build of opkg-utils writes it.

The same content gives the same bytes: names are sorted, owners and times are fixed.
"""

import gzip
import io
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from crossbuild.wheel.pack import ZIP_EPOCH

#: A file: its path from ``/``, its content, and whether it is executable.
File = tuple[str, bytes, bool]


def pack(control: str, scripts: Mapping[str, str], files: Iterable[File]) -> bytes:
    """The archive of a package.

    :param control: the text of its control file
    :param scripts: maintainer scripts by name (``postinst``)
    """
    about: list[File] = [("control", control.encode(), False)]
    about += [(name, text.encode(), True) for name, text in scripts.items()]
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": _tar(about),
        "data.tar.gz": _tar(files),
    }
    return b"!<arch>\n" + b"".join(_member(name, data) for name, data in members.items())


def compressed(data: bytes) -> bytes:
    """The same bytes for the same data: gzip's header has no time and no name."""
    return gzip.compress(data, mtime=0)


def _member(name: str, data: bytes) -> bytes:
    """A member as GNU ``ar`` with ``D`` writes it: owners and times are zero."""
    head = f"{name + '/':<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n"
    return head.encode() + data + b"\n" * (len(data) % 2)


def _tar(files: Iterable[File]) -> bytes:
    contents = {path.lstrip("/"): (data, executable) for path, data, executable in files}
    folders = {str(parent) for path in contents for parent in PurePosixPath(path).parents}
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted({*contents, *folders}):
            data, executable = contents.get(path, (b"", True))
            info = tarfile.TarInfo("./" if path == "." else f"./{path}")
            info.type = tarfile.DIRTYPE if path in folders else tarfile.REGTYPE
            info.mode, info.size, info.mtime = 0o755 if executable else 0o644, len(data), ZIP_EPOCH
            info.uname = info.gname = "root"
            archive.addfile(info, io.BytesIO(data))
    return compressed(sink.getvalue())
