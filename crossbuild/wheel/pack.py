"""Wheels as archives: read with suspicion, unpacked, edited, packed again reproducibly.

A wheel may come from anywhere, so nothing in it is believed: names may not leave the
folder, sizes are bounded before a byte is unpacked, and RECORD is checked, not trusted.
Format: PyPA "Binary distribution format" (PEP 427) and "Recording installed projects".
"""

import io
import stat
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from crossbuild.core.files import disk_errors, write_bytes
from crossbuild.wheel.archive import Wheel, WheelError, opened
from crossbuild.wheel.record import (
    ACCEPTED_HASHES,
    UNRECORDED,
    RecordEntry,
    RecordFault,
    digest,
    render,
)

__all__ = ["ZIP_EPOCH", "Wheel", "WheelError", "opened", "pack", "record_faults", "unpacked"]

#: The first day that a zip archive can name.
ZIP_EPOCH = 315_532_800


@contextmanager
def unpacked(path: Path, *, into: Path | None = None) -> Iterator[Path]:
    """Unpack a wheel to a temporary folder, which is removed afterwards.

    :param into: the folder to make it in; the system's temporary folder where None
    :raises WheelError: the archive is unsafe or damaged
    """
    with (
        disk_errors(into or Path(tempfile.gettempdir())),
        tempfile.TemporaryDirectory(prefix="wheel-", dir=into) as name,
    ):
        folder = Path(name)
        with opened(path) as wheel:
            for member in wheel.members:
                _unpack(wheel, member, folder / member)
        yield folder


def _unpack(wheel: Wheel, member: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(wheel.data(member))
    if wheel.executable(member):
        target.chmod(0o755)


def pack(folder: Path, destination: Path, epoch: int, *, compressed: bool = True) -> Path:
    """Pack an unpacked wheel, with a new RECORD, so that equal content gives equal bytes.

    Names are sorted (the ``.dist-info`` folder last, as installers prefer), times are the
    epoch's, modes are 0644, or 0755 for files with an executable bit.

    :param destination: the wheel's path; written whole or not at all
    :param epoch: seconds since 1970 (SOURCE_DATE_EPOCH); 1980 is the earliest a zip can name
    :param compressed: not needed of a wheel that is unpacked again at once
    :raises WheelError: the folder has no single ``.dist-info``, or holds a symbolic link
    """
    names = _files(folder)
    dist_info = _only_dist_info(folder, names)
    unrecorded = {f"{dist_info}/{name}" for name in UNRECORDED}
    names = sorted(
        (name for name in names if name not in unrecorded),
        key=lambda name: (name.startswith(f"{dist_info}/"), name),
    )
    when = time.gmtime(max(epoch, ZIP_EPOCH))[:6]
    sink = io.BytesIO()
    entries: list[RecordEntry] = []
    level = 6 if compressed else 0
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name in names:
            data = (folder / name).read_bytes()
            executable = bool((folder / name).stat().st_mode & stat.S_IXUSR)
            archive.writestr(_info(name, when, executable=executable), data)
            entries.append(RecordEntry(name, digest(data), len(data)))
        record = f"{dist_info}/RECORD"
        archive.writestr(_info(record, when), render(entries, record))
    write_bytes(destination, sink.getvalue())
    return destination


def _only_dist_info(folder: Path, names: Sequence[str]) -> str:
    tops = {name.split("/")[0] for name in names if "/" in name}
    folders = sorted(top for top in tops if top.endswith(".dist-info"))
    if len(folders) != 1:
        raise WheelError(
            f"{folder} is not an unpacked wheel",
            evidence=f".dist-info folders: {', '.join(folders) or 'none'}",
            cure="a wheel has exactly one: build the package again",
        )
    return folders[0]


def record_faults(wheel: Wheel, contents: Mapping[str, str]) -> tuple[RecordFault, ...]:
    """Where RECORD and the archive disagree.

    :param contents: the sha256 of each member, as :func:`digest` writes it
    """
    exempt = {f"{wheel.dist_info}/{name}" for name in UNRECORDED}
    entries = {entry.path: entry for entry in wheel.record}
    faults = [
        RecordFault(name, "is in the archive but not in RECORD")
        for name in wheel.members
        if name not in entries and name not in exempt
    ]
    for path, entry in entries.items():
        fact = "" if path in exempt else _entry_fault(wheel, entry, contents)
        if fact:
            faults.append(RecordFault(path, fact))
    if f"{wheel.dist_info}/RECORD" not in wheel.members:
        faults = [RecordFault(f"{wheel.dist_info}/RECORD", "is missing")]
    return tuple(faults)


def _entry_fault(wheel: Wheel, entry: RecordEntry, contents: Mapping[str, str]) -> str:
    if entry.path not in contents:
        return "is in RECORD but not in the archive"
    algorithm = entry.digest.partition("=")[0]
    if algorithm not in ACCEPTED_HASHES:
        return f"has no accepted hash in RECORD ({entry.digest or 'empty'})"
    actual = contents[entry.path]
    if algorithm != "sha256":
        actual = digest(wheel.data(entry.path), algorithm)
    if entry.digest.rstrip("=") != actual:
        return f"has {actual}, RECORD says {entry.digest}"
    if entry.size is not None and entry.size != wheel.size(entry.path):
        return f"has {wheel.size(entry.path)} bytes, RECORD says {entry.size}"
    return ""


def _files(folder: Path) -> list[str]:
    names = []
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise WheelError(
                f"{folder} cannot become a wheel",
                evidence=f"{path} is a symbolic link",
                cure="replace the link by the file that it names",
            )
        if path.is_file():
            names.append(path.relative_to(folder).as_posix())
    return names


def _info(name: str, when: tuple[int, ...], *, executable: bool = False) -> zipfile.ZipInfo:
    year, month, day, hour, minute, second = when
    info = zipfile.ZipInfo(name, (year, month, day, hour, minute, second))
    info.create_system = 3
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
    return info
