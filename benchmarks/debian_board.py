"""Debian's side of the benchmarks: its native armhf packages, and a QEMU that takes plug-ins."""

from collections.abc import Iterable
from pathlib import Path

from crossbuild.core import defaults, files
from crossbuild.sdk import debian

SUITE = "bookworm"

#: What Debian installs for numpy and scipy, beside Python and its C library.
NATIVE = ("python3-numpy", "python3-scipy", "libopenblas0-pthread", "libgfortran5")

#: Where its BLAS lies, below /usr/lib of the board.
OPENBLAS = "arm-linux-gnueabihf/openblas-pthread"

_CACHE = defaults.CACHE / "benchmarks"


def fetched(packages: Iterable[str], architecture: str, *, dependencies: bool) -> list[Path]:
    """The .deb files of some packages, with all that they need or alone."""
    mirror = debian.build_machine_mirror()
    apt = debian.Apt(mirror, SUITE, architecture, _CACHE / "apt", _CACHE / "apt.log")
    with files.exclusive(_CACHE / "lock"):
        return apt.download([*packages], omit=(), dependencies=dependencies)


def unpacked(packages: Iterable[Path], name: str) -> Path:
    """A folder with the content of .deb files, made once."""
    packages = [*packages]
    folder = _CACHE / f"{name}-{files.content_key([path.name for path in packages])}"
    if not folder.exists():
        with files.staged_directory(folder) as stage:
            debian.unpack(packages, stage, _CACHE / "apt.log")
            _choose_blas(stage / "usr/lib/arm-linux-gnueabihf", stage / "usr/lib" / OPENBLAS)
    return folder


def _choose_blas(libraries: Path, openblas: Path) -> None:
    """What update-alternatives does when Debian installs the package."""
    for library in openblas.glob("*.so.*"):
        (libraries / library.name).symlink_to(library.relative_to(libraries))
