"""OpenBLAS for the board's processor, from Debian's source package.

Debian's armhf library has kernels for ARMv6, the least that armhf may run on.  The
same source gives those of a given core; LAPACK comes from the objects that Debian's
own OpenBLAS is made with (``liblapack_pic.a``), which the source package lacks.
"""

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crossbuild.core.command import clean_environment, run, which
from crossbuild.core.errors import BuildError, CommandError, ToolMissingError
from crossbuild.core.files import content_key, link, remove_tree, staged_directory
from crossbuild.sdk.reference import debian, native
from crossbuild.sdk.reference.definition import OpenBlas

#: Counts changes of this module that make other libraries from the same settings.
_RECIPE = 1
_LIBRARY = "usr/lib/libopenblas.so.0"
#: Names under which programs link or load BLAS and LAPACK.  Debian's files of these
#: names have parts of its own OpenBLAS in them, which must not meet another one's.
_ALIASES = ("libopenblas.so", "libblas.so", "libblas.so.3", "liblapack.so", "liblapack.so.3")


@dataclass(frozen=True)
class Toolchain:
    """What compiles it: an SDK's two sysroots and the words after the compilers' names."""

    native: Path
    target: Path
    arguments: tuple[str, ...]

    def tool(self, name: str) -> str:
        """Path of a tool, such as ``ar``."""
        return str(self.native / "usr/bin" / native.TRIPLE / f"{native.TRIPLE}-{name}")

    def compiler(self, name: str) -> str:
        """A compiler with its words, as make takes it."""
        return " ".join([self.tool(name), *self.arguments, f"--sysroot={self.target}"])


def provide(
    settings: OpenBlas,
    apt: debian.Apt,
    toolchain: Toolchain,
    packages: list[Path],
    cache: Path,
    tell: Callable[[str], None],
) -> None:
    """Replace the target sysroot's OpenBLAS by one built with *settings*.

    :param packages: .deb files of the target sysroot, which tell the version
    :param cache: folder that keeps built libraries by content key; no other process
        may be at work in it
    :param tell: called with a line for the user where a build is needed
    :raises BuildError: it did not build
    :raises ToolMissingError: the build machine lacks make, a C compiler or dpkg-source
    """
    version = _source_version(packages)
    lapack = apt.download(["liblapack-dev"], omit=(), dependencies=False)[0]
    compiler = run([toolchain.tool("gcc"), "--version"]).output.splitlines()[0]
    arguments = toolchain.arguments
    key = content_key(_RECIPE, settings.model_dump(), version, lapack.name, compiler, arguments)
    built = cache / "openblas" / f"{version}-{key}"
    if not (built / _LIBRARY).is_file():
        _require_tools()
        tell(f"building OpenBLAS {version} for {settings.target}: some minutes, once")
        for stale in built.parent.glob(".*"):
            remove_tree(stale)
        with staged_directory(built) as stage:
            _build(settings, apt, toolchain, (version, lapack), stage)
    _install(built, toolchain.target)


def _source_version(packages: list[Path]) -> str:
    """The source version of the libopenblas package (without a binary rebuild's ``+b1``)."""
    name = next(path.name for path in packages if path.name.startswith("libopenblas0-pthread_"))
    return re.sub(r"\+b\d+$", "", name.split("_")[1].replace("%3a", ":"))


def _require_tools() -> None:
    env = clean_environment()
    missing = [tool for tool in ("make", "gcc", "dpkg-source") if which(tool, env) is None]
    if missing:
        raise ToolMissingError(
            f"OpenBLAS cannot be built without {', '.join(missing)}",
            evidence=f"not found on PATH={env['PATH']}",
            cure="apt-get install build-essential, or leave [openblas] out of the definition",
        )


def _build(
    settings: OpenBlas,
    apt: debian.Apt,
    toolchain: Toolchain,
    inputs: tuple[str, Path],
    stage: Path,
) -> None:
    """Build from a source version and a liblapack-dev package; leave ``usr/`` in *stage*."""
    version, lapack = inputs
    apt.source("openblas", version, stage / "source")
    source = stage / "source/openblas"
    description = next((stage / "source").glob("*.dsc"))
    run(["dpkg-source", "--no-check", "--extract", description, source], log=apt.log)
    debian.unpack([lapack], stage / "lapack", apt.log)
    options = _options(settings, toolchain, source)
    try:
        _make(apt.log, source, "libs", *options)
        _add_lapack(toolchain, source, stage / "lapack", options, apt.log)
        _make(apt.log, source, "shared", *options)
        _make(apt.log, source, "install", f"DESTDIR={stage}", *options)
    except CommandError as error:
        raise BuildError(
            f"OpenBLAS {version} did not build for {settings.target}",
            evidence=error.evidence,
            cure="leave [openblas] out of the definition to take Debian's own library",
        ) from error
    shared = next(path for path in stage.glob("usr/lib/libopenblas*.so") if not path.is_symlink())
    shared.replace(stage / _LIBRARY)
    run([toolchain.tool("strip"), "--strip-unneeded", stage / _LIBRARY])
    for name in ("source", "lapack"):
        remove_tree(stage / name)


def _options(settings: OpenBlas, toolchain: Toolchain, source: Path) -> list[str]:
    # Its Arm assembly does not say that it needs no executable stack.
    flags = f"-Wa,--noexecstack -ffile-prefix-map={source}=openblas"
    return [
        f"TARGET={settings.target}",
        f"NUM_THREADS={settings.threads}",
        f"CC={toolchain.compiler('gcc')}",
        f"FC={toolchain.compiler('gfortran')}",
        f"AR={toolchain.tool('ar')}",
        f"RANLIB={toolchain.tool('ranlib')}",
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


def _make(log: Path, folder: Path, *arguments: str) -> None:
    jobs = f"--jobs={os.cpu_count() or 1}"
    run(["make", "--directory", folder, jobs, *arguments], log=log)


def _add_lapack(
    toolchain: Toolchain, source: Path, lapack: Path, options: list[str], log: Path
) -> None:
    """Put into the archive the LAPACK routines for which OpenBLAS has none of its own."""
    objects = source / "lapack-netlib"
    objects.mkdir()
    archive = next(lapack.glob("usr/lib/*/liblapack_pic.a"))
    run([toolchain.tool("ar"), "x", archive], cwd=objects, log=log)
    _make(log, source / "interface", "delete-duplicate-lapack-objects", *options)
    library = next(path for path in source.glob("libopenblas*.a") if not path.is_symlink())
    names = sorted(path.name for path in objects.glob("*.o"))
    run([toolchain.tool("ar"), "rD", library, *names], cwd=objects, log=log)


def _install(built: Path, sysroot: Path) -> None:
    """Put the built library in the place of Debian's."""
    for pattern in ("libopenblas*", "libblas*", "liblapack*"):
        for path in [*sysroot.glob(f"usr/lib/{pattern}")]:
            path.unlink()
    shutil.copytree(built / "usr", sysroot / "usr", symlinks=True, dirs_exist_ok=True)
    for alias in _ALIASES:
        link(Path(Path(_LIBRARY).name), sysroot / "usr/lib" / alias)
