"""A board profile from an SDK's target sysroot: its libraries, its Python, its pip."""

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from crossbuild.audit.profile import BoardProfile, BoardPython, description
from crossbuild.elf import file as elf
from crossbuild.python.target_python import TargetPython

#: Where the loader looks, in flat and in multiarch sysroots.
_LIBRARY_FOLDERS = ("lib", "usr/lib", "lib/arm-linux-gnueabi*", "usr/lib/arm-linux-gnueabi*")


def from_sysroot(
    sysroot: Path,
    python: TargetPython | BoardPython,
    *,
    board: str = "imx6q",
    exclude: Sequence[str] | None = None,
) -> BoardProfile:
    """Describe a board by the sysroot that its image has in common with an SDK.

    :param python: the target's Python, or what is known of it
    :param board: name of the board description
    :param exclude: patterns on sonames that the image lacks; the description's where None
    :raises ConfigurationError: no such board
    """
    kind = description(board)
    absent = kind.absent if exclude is None else exclude
    if not isinstance(python, BoardPython):
        python = _python(sysroot, python)
    return BoardProfile(
        name=board,
        cpu=kind.cpu,
        machine=kind.machine,
        libraries=dict(_libraries(sysroot, absent)),
        python=python,
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


def _libraries(sysroot: Path, absent: Sequence[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """(file name, symbol versions) of each library that the board's loader finds.

    It looks for names, so a link such as Debian's ``libblas.so.3`` counts under its own
    name; one without a version (``libz.so``) is for linking, and no image has it.
    """
    seen = set[str]()
    for folder in _folders(sysroot):
        for path in sorted(folder.glob("*.so*")):
            only_for_linking = path.is_symlink() and path.name.endswith(".so")
            library = None if only_for_linking or path.name in seen else _library(path)
            if library is None:
                continue
            seen.add(path.name)
            names = (path.name, library.soname or "")
            if not any(fnmatchcase(name, pattern) for name in names for pattern in absent):
                yield path.name, frozenset(library.versions_defined)


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
