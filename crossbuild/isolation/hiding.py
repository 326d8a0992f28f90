"""What a back end does not see of the build machine: its headers and development libraries.

A ``setup.py`` that reads ``/usr/include/linux/input.h`` must find the sysroot's, and one that looks
for ``libfoo.so`` in ``/usr/lib`` nothing.  So a back end runs in a mount namespace of its own.  The
build machine's own compilers leave it again: what is compiled for this machine is compiled as ever.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from crossbuild.core import files, templates
from crossbuild.isolation import namespaces
from crossbuild.isolation.namespaces import MOUNTS, Owner

_TEMPLATE = Path(__file__).with_name("hidden.sh.j2")

#: Where build machines have headers and descriptions of libraries, and what is seen there.
_HEADERS = {
    "/usr/include": "usr/include",
    "/usr/local/include": "usr/local/include",
    "/usr/lib/pkgconfig": None,
    "/usr/share/pkgconfig": None,
    "/usr/local/share/pkgconfig": None,
}

#: Where they have libraries: Debian's folder, that of others, and what an administrator installs.
_LIBRARIES = ("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/local/lib")

_PROGRAMS = ("/usr/bin", "/usr/local/bin")
_COMPILER = re.compile(
    r"(x86_64-[\w-]+-)?(cc|c\+\+|gcc|g\+\+|cpp|c89|c99|gfortran|clang|clang\+\+)(-[\d.]+)?"
)

#: What is said where the kernel refuses.
NOTE = (
    "this kernel gives no mount namespace: the build can read the build machine's /usr/include "
    "and development libraries (docs/sdk-traps.md tells how to allow it)"
)


def owner() -> Owner | None:
    """Who may hide the build machine here; None where the kernel lets nobody."""
    return namespaces.owner(MOUNTS)


def launcher(sysroot: Path, folder: Path, allowed: Owner | None) -> tuple[str, ...]:
    """Words in front of a command that is not to see them; none where the kernel refuses.

    :param sysroot: whose headers are seen instead
    :param folder: where a package is built; nothing of it is hidden
    :param allowed: who hides it
    """
    if allowed is None:
        return ()
    place = folder / "hidden"
    place.mkdir(exist_ok=True)
    text = templates.render(
        _TEMPLATE,
        filters={"sh": lambda value: shlex.quote(str(value))},
        place=place,
        user=allowed is Owner.USER,
        headers=dict(_headers(sysroot)),
        libraries=[name for name in _LIBRARIES if _hideable(Path(name), (sysroot, folder))],
        compilers=sorted(_compilers()),
    )
    script = folder / "hidden.sh"
    files.write_text(script, text, mode=0o755)
    return (str(script),)


def _headers(sysroot: Path) -> Iterator[tuple[str, Path | None]]:
    for name, relative in _HEADERS.items():
        seen = sysroot / relative if relative else None
        if Path(name).is_dir():
            yield name, seen if seen and seen.is_dir() else None


def _hideable(folder: Path, ours: Sequence[Path]) -> bool:
    """Whether a folder has something for linking, and nothing of ours."""
    linked = any(any(folder.glob(pattern)) for pattern in ("lib*.so", "lib*.a"))
    return linked and not any(path.resolve().is_relative_to(folder.resolve()) for path in ours)


def _compilers() -> set[Path]:
    programs = (path for folder in _PROGRAMS for path in Path(folder).glob("*"))
    return {path.resolve() for path in programs if _COMPILER.fullmatch(path.name)}
