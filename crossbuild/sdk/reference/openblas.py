"""OpenBLAS for the board's processor, in the place of Debian's.

Debian's armhf library has kernels for ARMv6, the least that armhf may run on.  The
same source gives those of a given core; LAPACK comes from the objects that Debian's
own OpenBLAS is made with (``liblapack_pic.a``).
"""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crossbuild.core.command import run
from crossbuild.core.errors import BuildError, CommandError
from crossbuild.core.files import content_key, link, remove_tree, staged_directory
from crossbuild.sdk import debian, openblas
from crossbuild.sdk.openblas import Compilers, OpenBlas
from crossbuild.sdk.reference import native

#: Counts changes of this module that make other libraries from the same settings.
_RECIPE = 1
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

    @property
    def compilers(self) -> Compilers:
        """The same as make takes it."""
        return Compilers(
            cc=self._compiler("gcc"),
            fortran=self._compiler("gfortran"),
            ar=self.tool("ar"),
            ranlib=self.tool("ranlib"),
            strip=self.tool("strip"),
        )

    def _compiler(self, name: str) -> str:
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
    if not (built / openblas.LIBRARY).is_file():
        openblas.require_tools()
        tell(f"building OpenBLAS {version} for {settings.target}: some minutes, once")
        with staged_directory(built) as stage:
            _build(settings, apt, toolchain.compilers, (version, lapack), stage)
    _install(built, toolchain.target)


def _source_version(packages: list[Path]) -> str:
    """The source version of the libopenblas package (without a binary rebuild's ``+b1``)."""
    name = next(path.name for path in packages if path.name.startswith("libopenblas0-pthread_"))
    return re.sub(r"\+b\d+$", "", name.split("_")[1].replace("%3a", ":"))


def _build(
    settings: OpenBlas,
    apt: debian.Apt,
    compilers: Compilers,
    inputs: tuple[str, Path],
    stage: Path,
) -> None:
    """Build from a source version and a liblapack-dev package; leave ``usr/`` in *stage*."""
    version, lapack = inputs
    source = apt.source(f"openblas={version}", stage / "source")
    debian.unpack([lapack], stage / "lapack", apt.log)
    objects = next(stage.glob("lapack/usr/lib/*/liblapack_pic.a"))
    try:
        openblas.build(settings, compilers, source, objects, stage, apt.log)
    except CommandError as error:
        raise BuildError(
            f"OpenBLAS {version} did not build for {settings.target}",
            evidence=error.evidence,
            cure="leave [openblas] out of the definition to take Debian's own library",
        ) from error
    for name in ("source", "lapack"):
        remove_tree(stage / name)


def _install(built: Path, sysroot: Path) -> None:
    """Put the built library in the place of Debian's."""
    for pattern in ("libopenblas*", "libblas*", "liblapack*"):
        for path in [*sysroot.glob(f"usr/lib/{pattern}")]:
            path.unlink()
    shutil.copytree(built / "usr", sysroot / "usr", symlinks=True, dirs_exist_ok=True)
    for alias in _ALIASES:
        link(Path(Path(openblas.LIBRARY).name), sysroot / "usr/lib" / alias)
