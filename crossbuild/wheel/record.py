"""RECORD: the list of a wheel's files with their hashes (PyPA, "Recording installed projects")."""

import base64
import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: Files that have no hash in RECORD: itself and its signatures.
UNRECORDED = ("RECORD", "RECORD.jws", "RECORD.p7s")
#: Installers refuse md5 and sha1.
ACCEPTED_HASHES = ("sha256", "sha384", "sha512")


@dataclass(frozen=True, slots=True)
class RecordEntry:
    """A line of RECORD; *digest* as ``algorithm=urlsafe-base64``, or empty."""

    path: str
    digest: str
    size: int | None


@dataclass(frozen=True, slots=True)
class RecordFault:
    """A file that RECORD does not tell the truth about."""

    path: str
    fact: str


def digest(data: bytes, algorithm: str = "sha256") -> str:
    """A hash as RECORD writes it: ``sha256=`` and urlsafe base64 without padding."""
    value = base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest())
    return f"{algorithm}={value.decode().rstrip('=')}"


def parse(text: str) -> tuple[RecordEntry, ...]:
    """The entries of a RECORD file; lines after one that is no CSV are lost."""
    return tuple(_entries(text))


def _entries(text: str) -> Iterator[RecordEntry]:
    try:
        for row in csv.reader(text.splitlines()):
            path, value, size = (*row, "", "", "")[:3]
            if path:
                yield RecordEntry(path, value, _size(size))
    except csv.Error:
        return


def _size(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def render(entries: Iterable[RecordEntry], own_path: str) -> str:
    """RECORD's text for these entries, its own line last."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    for entry in entries:
        writer.writerow((entry.path, entry.digest, "" if entry.size is None else entry.size))
    writer.writerow((own_path, "", ""))
    return sink.getvalue()
