"""A board profile from an SDK's target sysroot: its libraries, its Python, its pip."""

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from crossbuild.audit.profile import (
    DEFAULT_KIND,
    BoardDescription,
    BoardProfile,
    BoardPython,
    description,
)
from crossbuild.elf import file as elf
from crossbuild.python.target_python import TargetPython
from crossbuild.sdk import libraries

#: Where the loader looks, in flat and in multiarch sysroots.
_LIBRARY_FOLDERS = ("lib", "usr/lib", "lib/arm-linux-gnueabi*", "usr/lib/arm-linux-gnueabi*")


def from_sysroot(
    sysroot: Path,
    python: TargetPython | BoardPython,
    *,
    kind: BoardDescription | None = None,
    exclude: Sequence[str] | None = None,
) -> BoardProfile:
    """Describe a board by the sysroot that its image has in common with an SDK.

    :param python: the target's Python, or what is known of it
    :param kind: the board's description; the i.MX6's where None
    :param exclude: patterns on sonames that the image lacks; the description's where None
    """
    kind = kind or description(DEFAULT_KIND)
    absent = kind.absent if exclude is None else exclude
    if not isinstance(python, BoardPython):
        python = _python(sysroot, python)
    found = _libraries(_folders(sysroot), absent)
    return BoardProfile(
        name=kind.name,
        cpu=kind.cpu,
        machine=kind.machine,
        libraries={name: versions for name, (_, versions) in found.items()},
        files={name: path for name, (path, _) in found.items()},
        folders=dict(_elsewhere(sysroot, absent)),
        python=python,
        page_size=kind.page_size or _alignment(sysroot),
        origin=str(sysroot),
    )


def _python(sysroot: Path, target: TargetPython) -> BoardPython:
    return BoardPython(
        version=target.version,
        full_version=target.full_version,
        abi_tag=target.abi_tag,
        ext_suffix=target.ext_suffix,
        pip=pip_version(sysroot, target.version),
        symbols=python_symbols(sysroot, target.version),
    )


def _elsewhere(
    sysroot: Path, absent: Sequence[str]
) -> Iterator[tuple[str, dict[str, frozenset[str]]]]:
    """Folders that a wheel's search path may name, and their libraries."""
    usual = set(_folders(sysroot))
    folders = (path for pattern in libraries.ELSEWHERE for path in sorted(sysroot.glob(pattern)))
    for folder in folders:
        there = {} if folder.resolve() in usual else _libraries([folder], absent)
        if there:
            versions = {name: versions for name, (_, versions) in there.items()}
            yield f"/{folder.relative_to(sysroot)}", versions


def _libraries(
    folders: Sequence[Path], absent: Sequence[str]
) -> dict[str, tuple[Path, frozenset[str]]]:
    """Place and symbol versions of each library that the board's loader finds in folders.

    It looks for names, so a link such as Debian's ``libblas.so.3`` counts under its own
    name; one without a version (``libz.so``) is for linking, and no image has it.
    """
    found: dict[str, tuple[Path, frozenset[str]]] = {}
    seen = set[str]()
    for path in (path for folder in folders for path in sorted(folder.glob("*.so*"))):
        only_for_linking = path.is_symlink() and path.name.endswith(".so")
        library = None if only_for_linking or path.name in seen else _library(path)
        if library is None:
            continue
        seen.add(path.name)
        names = (path.name, library.soname or "")
        if not any(fnmatchcase(name, pattern) for name in names for pattern in absent):
            found[path.name] = path, frozenset(library.versions_defined)
    return found


def _alignment(sysroot: Path) -> int:
    """What the sysroot's C library is aligned to: it loads, so no page is larger; 0 without one."""
    found = (_library(path) for folder in _folders(sysroot) for path in folder.glob("libc.so.6"))
    return next((library.alignment for library in found if library is not None), 0)


def _folders(sysroot: Path) -> list[Path]:
    folders = (folder for pattern in _LIBRARY_FOLDERS for folder in sorted(sysroot.glob(pattern)))
    return list(dict.fromkeys(folder.resolve() for folder in folders if folder.is_dir()))


def _library(path: Path) -> elf.Elf | None:
    """The library at a path; None for linker scripts, dangling links and damaged files."""
    try:
        library = elf.read(path)
        fits = library.machine == "Arm" and library.is_dynamic
    except elf.ElfError:
        return None
    return library if fits else None


def python_symbols(sysroot: Path, version: str) -> frozenset[str]:
    """What extension modules can link with: the program's exports and its libpython's."""
    candidates = [sysroot / "usr/bin" / f"python{version}", sysroot / "bin" / f"python{version}"]
    for folder in _folders(sysroot):
        candidates += sorted(folder.glob(f"libpython{version}*.so.*"))
    return exported(candidates)


def exported(files: Iterable[Path]) -> frozenset[str]:
    """The names of Python's C API that programs and libraries export."""
    names = set[str]()
    for path in files:
        if path.is_file() and elf.is_shared_object(path):
            names |= {name for name in elf.read(path).defined if name.startswith(("Py", "_Py"))}
    return frozenset(names)


def pip_version(sysroot: Path, version: str) -> str | None:
    """The version of the pip that belongs to this Python, or None."""
    for pattern in (f"usr/lib*/python{version}", "usr/lib/python3"):
        for folder in sysroot.glob(f"{pattern}/*-packages"):
            for path in (*folder.glob("pip-*.dist-info"), *folder.glob("pip-*.egg-info")):
                if match := re.match(r"pip-([\w.+!]+?)(-py[\d.]+)?\.(dist|egg)-info", path.name):
                    return match[1]
    return None
