"""Where a wheel's files lie, and what its tags say of them."""

import re
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import parse_wheel_filename

from crossbuild.core import abi, files
from crossbuild.elf import file as elf


def normalised(name: str) -> str:
    """A wheel's file name with the project's name as today's specification writes it.

    Some back ends keep capitals (``SciPy-…``), which people and scripts do not expect.
    """
    project, dash, rest = name.partition("-")
    return f"{re.sub(r'[-_.]+', '_', project).lower()}{dash}{rest}"


def normalise_folders(tree: Path) -> None:
    """Rename the wheel's own folders, as :func:`normalised` does its file."""
    for folder in [*tree.glob("*.dist-info"), *tree.glob("*.data")]:
        folder.rename(tree / normalised(folder.name))


def move_prefix(tree: Path, prefix: Path) -> None:
    """Move what lies below the cross environment's prefix to where pip finds data for the prefix.

    A ``setup.py`` that names ``sys.prefix`` in ``data_files`` puts the build machine's folder
    into the wheel; on the board that means the board's prefix.
    """
    misplaced = tree / str(prefix).lstrip("/")
    if not misplaced.is_dir():
        return
    info = next(tree.glob("*.dist-info"))
    data = tree / f"{info.name.removesuffix('.dist-info')}.data" / "data"
    for path in sorted(misplaced.rglob("*")):
        if path.is_file():
            target = data / path.relative_to(misplaced)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
    files.remove_tree(misplaced)
    for folder in misplaced.relative_to(tree).parents:
        if folder != Path() and not any((tree / folder).iterdir()):
            (tree / folder).rmdir()


def loaded_files(tree: Path) -> list[Path]:
    """The wheel's ELF files for the board's machine that are loaded: no objects, no archives.

    A package may carry libraries for several machines; those are not ours to change.
    """
    return [
        path
        for path in sorted(tree.rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and elf.is_shared_object(path)
        and elf.read(path).machine == "Arm"
    ]


def tagged(name: str, tree: Path, loaded: Sequence[Path]) -> str:
    """The wheel's file name; with the board's platform where it has loaded files and says ``any``.

    A library for ctypes is no extension module, so back ends take its wheel for a pure one.
    """
    tags = parse_wheel_filename(name)[3]
    if not loaded or any(tag.platform != "any" for tag in tags):
        return name
    wheel = next(tree.glob("*.dist-info")) / "WHEEL"
    text = wheel.read_text(encoding="utf-8")
    text = re.sub(r"^(Tag: .*-)any$", rf"\g<1>{abi.PLATFORM_TAG}", text, flags=re.MULTILINE)
    text = re.sub(r"^(Root-Is-Purelib: )true$", r"\g<1>false", text, flags=re.MULTILINE)
    files.write_text(wheel, text)
    return name.removesuffix("any.whl") + f"{abi.PLATFORM_TAG}.whl"


def require(tree: Path, requirements: Sequence[str]) -> None:
    """Add requirements to an unpacked wheel's metadata, as the last of its headers."""
    if not requirements:
        return
    metadata = next(tree.glob("*.dist-info/METADATA"))
    headers, blank, body = metadata.read_text(encoding="utf-8").partition("\n\n")
    lines = [headers.rstrip(), *(f"Requires-Dist: {text}" for text in requirements)]
    metadata.write_text("\n".join(lines) + f"\n{blank[1:]}{body}", encoding="utf-8")
