"""A wheel of others under a platform tag that an old pip takes; nothing else of it changes.

pip before 19.3 knows no manylinux tag of this machine (``audit/pip_tags.toml``), and runs what such
a wheel holds as well as a newer pip does.
"""

from pathlib import Path

from packaging.tags import Tag

from crossbuild.core import files
from crossbuild.wheel.archive import opened
from crossbuild.wheel.pack import ZIP_EPOCH, pack, unpacked

#: The line of WHEEL that says which file it was.
ORIGIN = "Retagged-From"


def retagged(path: Path, platform: str, folder: Path) -> Path:
    """The wheel with another platform in its name and in WHEEL, and RECORD made anew.

    WHEEL keeps the name and the sha256 of the file that it was.

    :param platform: ``linux_armv7l``
    :param folder: where it is put; equal content gives equal bytes
    :raises WheelError: the archive is unsafe or damaged
    """
    with opened(path) as wheel:
        tags = sorted({str(Tag(tag.interpreter, tag.abi, platform)) for tag in wheel.tags})
        dist_info = wheel.dist_info
    stem = path.stem.rpartition("-")[0]
    destination = folder / f"{stem}-{platform}.whl"
    with unpacked(path) as content:
        file = content / dist_info / "WHEEL"
        kept = [
            line
            for line in file.read_text(encoding="utf-8").splitlines()
            if line.strip() and not line.lower().startswith("tag:")
        ]
        origin = f"{ORIGIN}: {path.name} sha256={files.sha256(path)}"
        lines = [*kept, *(f"Tag: {tag}" for tag in tags), origin]
        files.write_text(file, "".join(f"{line}\n" for line in lines))
        return pack(content, destination, ZIP_EPOCH)
