"""What makes a zip archive unsafe to unpack: names that leave the folder, absurd sizes."""

import re
import stat
import unicodedata
import zipfile
from collections.abc import Sequence
from pathlib import PurePosixPath

MAX_MEMBERS = 100_000
#: Bytes of all members together, unpacked.
MAX_TOTAL = 2 << 30
#: Text compresses up to some 20:1 and deflate ends at 1032:1: above this ratio it is filler.
MAX_RATIO = 200
RATIO_APPLIES_FROM = 4 << 20
_LONGEST_PART, _LONGEST_PATH = 255, 2000


def refusal(infos: Sequence[zipfile.ZipInfo], archive_size: int) -> str:
    """Why these members must not be unpacked; empty where they may.

    Judged by the archive's directory alone: nothing has been unpacked yet.

    :param archive_size: in bytes
    """
    if len(infos) > MAX_MEMBERS:
        return f"{len(infos)} files, more than {MAX_MEMBERS}"
    total = sum(info.file_size for info in infos)
    if total > MAX_TOTAL:
        return f"{total} bytes unpacked, more than {MAX_TOTAL}"
    packed = sum(info.compress_size for info in infos)
    if packed > archive_size:
        return f"its files share their bytes: {packed} packed ones in {archive_size}"
    files = set[str]()
    folders = set[str]()
    spelled: dict[str, str] = {}
    for info in infos:
        name = info.filename.removesuffix("/")
        reason = _bad_name(name) or _bad_entry(info)
        if not reason and name in files:
            reason = "is there twice"
        other = spelled.setdefault(unicodedata.normalize("NFC", name), name)
        if not reason and other != name:
            reason = f"looks like another name, {other!a}, and is {name!a}"
        if reason:
            return f"{name!r} {reason}"
        (folders if is_folder(info) else files).add(name)
        folders.update(str(parent) for parent in PurePosixPath(name).parents)
    both = sorted(files & folders)
    return f"{both[0]!r} is a file and a folder" if both else ""


def is_folder(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is a folder; :meth:`zipfile.ZipInfo.is_dir` fails for an empty name."""
    return info.filename.endswith("/")


def _bad_name(name: str) -> str:
    if not name or name.startswith("/") or "\\" in name or re.match(r"[A-Za-z]:", name):
        return "is an absolute or foreign path"
    if ".." in name.split("/"):
        return "leaves the folder that it is unpacked to"
    if any(ord(letter) < 32 for letter in name) or str(PurePosixPath(name)) != name:
        return "is not a plain path"
    parts = [len(part.encode("utf-8", "replace")) for part in name.split("/")]
    if max(parts) > _LONGEST_PART or sum(parts) > _LONGEST_PATH:
        return "is too long for a file system"
    return ""


def _bad_entry(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 1:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is compressed in a way that not every pip reads"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a symbolic link"
    if info.file_size > RATIO_APPLIES_FROM and info.file_size > MAX_RATIO * info.compress_size:
        return f"unpacks from {info.compress_size} to {info.file_size} bytes"
    return ""
