"""OpenBLAS for one processor, from Debian's source package, by the compilers of an SDK.

That source lacks LAPACK, which comes as an archive of objects: Debian's own, or one that is
compiled from Debian's source of LAPACK.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from crossbuild.core import system_packages
from crossbuild.core.command import clean_environment, run, which
from crossbuild.core.errors import ToolMissingError

#: Where the library lies in what :func:`build` leaves.
LIBRARY = "usr/lib/libopenblas.so.0"


class OpenBlas(BaseModel):
    """OpenBLAS built for the board.

    :ivar target: OpenBLAS's name of the processor (its TargetList.txt)
    :ivar threads: how many threads it uses at most: the board's cores
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: str = Field(pattern=r"^[A-Z0-9]+$")
    threads: int = Field(ge=1, le=64)


@dataclass(frozen=True)
class Compilers:
    """What compiles it.

    :ivar cc: the C compiler with its words, as make takes it; so ``fortran``
    :ivar prefix_map: GCC's option that maps names of folders (``-ffile-prefix-map`` from 8 on)
    """

    cc: str
    fortran: str
    ar: str
    ranlib: str
    strip: str
    prefix_map: str = "-ffile-prefix-map"


def require_tools() -> None:
    """Check that the build machine has what OpenBLAS is built with.

    :raises ToolMissingError: it lacks make, a C compiler or dpkg-source
    """
    env = clean_environment()
    missing = [tool for tool in ("make", "gcc", "dpkg-source") if which(tool, env) is None]
    if missing:
        raise ToolMissingError(
            f"OpenBLAS cannot be built without {', '.join(missing)}",
            evidence=f"not found on PATH={env['PATH']}",
            cure=system_packages.cure(*missing),
        )


def build(
    settings: OpenBlas,
    compilers: Compilers,
    source: Path,
    lapack: Path,
    stage: Path,
    log: Path,
    words: Sequence[str] = (),
) -> None:
    """Build the unpacked *source*, and leave ``usr/`` in *stage*.

    :param lapack: an archive of LAPACK's objects
    :param words: further ones for make
    :raises CommandError: it did not build
    """
    options = [*_options(settings, compilers, source), *words]
    make(log, source, "libs", *options)
    _add_lapack(compilers, source, lapack, options, log)
    make(log, source, "shared", *options)
    make(log, source, "install", f"DESTDIR={stage}", *options)
    shared = next(path for path in stage.glob("usr/lib/libopenblas*.so") if not path.is_symlink())
    shared.replace(stage / LIBRARY)
    run([compilers.strip, "--strip-unneeded", stage / LIBRARY])


def make(log: Path, folder: Path, *arguments: str) -> None:
    """Run make with a job for each core.

    :raises CommandError: it failed
    """
    jobs = f"--jobs={os.cpu_count() or 1}"
    run(["make", "--directory", folder, jobs, *arguments], log=log)


def _options(settings: OpenBlas, compilers: Compilers, source: Path) -> list[str]:
    # Its Arm assembly does not say that it needs no executable stack.
    flags = f"-Wa,--noexecstack {compilers.prefix_map}={source}=openblas"
    return [
        f"TARGET={settings.target}",
        f"NUM_THREADS={settings.threads}",
        f"CC={compilers.cc}",
        f"FC={compilers.fortran}",
        f"AR={compilers.ar}",
        f"RANLIB={compilers.ranlib}",
        f"CFLAGS={flags}",
        "BINARY=32",
        "COMMON_OPT=-O2",
        "CROSS=1",
        "FCOMMON_OPT=-frecursive",
        "HOSTCC=gcc",
        "NO_AFFINITY=1",
        "NO_LAPACKE=1",
        "NO_WARMUP=1",
        "PREFIX=/usr",
        "USE_OPENMP=0",
        "USE_THREAD=1",
    ]


def _add_lapack(
    compilers: Compilers, source: Path, lapack: Path, options: list[str], log: Path
) -> None:
    """Put into the archive the LAPACK routines for which OpenBLAS has none of its own."""
    objects = source / "lapack-netlib"
    objects.mkdir()
    run([compilers.ar, "x", lapack], cwd=objects, log=log)
    make(log, source / "interface", "delete-duplicate-lapack-objects", *options)
    library = next(path for path in source.glob("libopenblas*.a") if not path.is_symlink())
    names = sorted(path.name for path in objects.glob("*.o"))
    run([compilers.ar, "rD", library, *names], cwd=objects, log=log)
