"""What opkg does with a feed and its packages, written from their formats alone."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Package:
    """A package that was read.

    :ivar files: content and mode of each file, by its absolute path
    """

    control: Mapping[str, str]
    scripts: Mapping[str, str]
    files: Mapping[str, tuple[bytes, int]]


def read_feed(folder: Path) -> dict[str, Package]:
    """The packages of a feed, each found by its list and held against it."""
    text = (folder / "Packages").read_text()
    assert gzip.decompress((folder / "Packages.gz").read_bytes()).decode() == text
    packages = {}
    for stanza in text.split("\n\n"):
        fields = _fields(stanza)
        data = (folder / fields["Filename"]).read_bytes()
        assert len(data) == int(fields["Size"])
        assert hashlib.md5(data, usedforsecurity=False).hexdigest() == fields["MD5Sum"]
        assert hashlib.sha256(data).hexdigest() == fields["SHA256sum"]
        package = read(data)
        assert package.control.items() <= fields.items()
        packages[fields["Package"]] = package
    return packages


def read(data: bytes) -> Package:
    """Read an ``.ipk``."""
    members = _ar(data)
    assert list(members) == ["debian-binary", "control.tar.gz", "data.tar.gz"]
    assert members["debian-binary"] == b"2.0\n"
    about = _tar(members["control.tar.gz"])
    control = about.pop("/control")[0].decode()
    scripts = {path[1:]: text.decode() for path, (text, mode) in about.items() if mode == 0o755}
    assert len(scripts) == len(about)
    return Package(_fields(control), scripts, _tar(members["data.tar.gz"]))


def _fields(text: str) -> dict[str, str]:
    lines = (line.partition(": ") for line in text.splitlines())
    return {name: value for name, _, value in lines}


def _ar(data: bytes) -> dict[str, bytes]:
    assert data.startswith(b"!<arch>\n")
    members, at = {}, 8
    while at < len(data):
        head, size = data[at : at + 60], int(data[at + 48 : at + 58])
        assert head.endswith(b"`\n")
        members[head[:16].decode().rstrip(" /")] = data[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    return members


def _tar(data: bytes) -> dict[str, tuple[bytes, int]]:
    assert data[4:8] == bytes(4)
    files: dict[str, tuple[bytes, int]] = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        folders = {"."}
        for info in archive:
            assert info.name.rpartition("/")[0] in {*folders, ""}
            assert (info.uid, info.gid, info.mtime) == (0, 0, 315532800)
            if info.isdir():
                folders.add(info.name)
                continue
            stream = archive.extractfile(info)
            assert stream is not None
            files[info.name.removeprefix(".")] = (stream.read(), info.mode)
    return files
