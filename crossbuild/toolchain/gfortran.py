"""The parts of gfortran that SDKs forget: found, or supplied from a folder of our own.

To link, gfortran reads ``libgfortran.spec`` and passes ``-lgfortran``.  Yocto's images often lack
the spec file.  The link name ``libgfortran.so`` is in a -dev package, which an SDK may lack too.
GCC looks for both in the folders of ``-B`` before all others (GCC manual, "Directory Options").
So a folder of ours supplies them, and the SDK is not touched.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.command import attempt, clean_environment
from crossbuild.sdk.model import Sdk
from crossbuild.toolchain import compile_cache
from crossbuild.toolchain.identity import identity

#: libgfortran/libgfortran.spec.in of GCC as it comes out on 32-bit Arm, which has no
#: __float128 and therefore no libquadmath.
SPEC = "%rename lib liborig\n*lib: -lm %(libgcc) %(liborig)\n"
_SPEC_NAME = "libgfortran.spec"

#: What gfortran reads before every source, where the C library has it.
_BEFORE_ALL = "finclude/math-vector-fortran.h"

#: How large the cache of objects may grow, in bytes; scipy's are 10 MB for each SDK and Python.
CACHE_SIZE = 500_000_000


@dataclass(frozen=True)
class Parts:
    """What gfortran finds of what it links with.

    :ivar spec: the ``libgfortran.spec`` that it reads
    :ivar strays: files of that name in the sysroot, where gfortran does not look
    :ivar library: what the linker takes for ``-lgfortran``; a static one only where nothing else
        is there, for it may be no code for shared libraries
    :ivar runtime: the shared library of this GCC, with or without a link name
    :ivar quadmath_lacking: the spec file asks for libquadmath, which is not there
    """

    spec: Path | None
    strays: tuple[Path, ...]
    library: Path | None
    runtime: Path | None
    quadmath_lacking: bool

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return bool(self.spec and self.library) and not self.quadmath_lacking


def parts(sdk: Sdk) -> Parts | None:
    """Look for gfortran's parts where gfortran itself does; None without gfortran."""
    if sdk.tools.fortran is None:
        return None
    folders = _search_folders(sdk, sdk.tools.fortran)
    spec = _first(folders, _SPEC_NAME)
    wants = spec is not None and b"-lquadmath" in files.beginning(spec)
    quadmath = _first(folders, "libquadmath.so", "libquadmath.a")
    runtime = _first(folders, _soname(sdk.gcc_version))
    return Parts(
        spec=spec,
        strays=tuple(sorted(sdk.target_sysroot.glob(f"usr/lib*/**/{_SPEC_NAME}"))),
        library=_first(folders, "libgfortran.so", *(() if runtime else ("libgfortran.a",))),
        runtime=runtime,
        quadmath_lacking=wants and quadmath is None,
    )


def overlay(sdk: Sdk, folder: Path) -> tuple[str, ...]:
    """Words for gfortran that supply what the SDK lacks; none where nothing is missing.

    :param folder: made, and filled, only where something is missing
    """
    found = parts(sdk)
    if found is None or found.whole:
        return ()
    if found.spec is None or found.quadmath_lacking:
        files.write_text(folder / _SPEC_NAME, SPEC)
    if found.library is None and found.runtime is not None:
        files.link(found.runtime, folder / "libgfortran.so")
    return (f"-B{folder}",) if folder.is_dir() else ()


def cached(sdk: Sdk, folder: Path) -> tuple[str, ...]:
    """Words in front of gfortran that keep what it compiles; none without gfortran.

    :param folder: the cache, shared by all checkouts; it is brought to its size
    """
    if sdk.tools.fortran is None:
        return ()
    with files.exclusive(folder / "lock"):
        compile_cache.trim(str(folder / "objects"), CACHE_SIZE)
    read = [place / _BEFORE_ALL for place in sdk.include_dirs]
    # An assembler of the SDK that is not the compiler's own (crossbuild.sdk.brought).
    named = [Path(word[2:]) / "as" for word in sdk.tools.fortran if word.startswith("-B")]
    content = identity([sdk.tools.fortran[0]], ("f951", "as"), folder, also=[*read, *named])
    return (*compile_cache.program("fortran_cache"), str(folder / "objects"), content)


def _search_folders(sdk: Sdk, words: tuple[str, ...]) -> list[Path]:
    """Where the driver looks for its files and the linker for libraries."""
    env = clean_environment(PATH=f"{Path(words[0]).parent}:/usr/bin:/bin")
    output = attempt([*words, "-print-search-dirs"], env=env, timeout=60).output
    match = re.search(r"^libraries: =?(.*)$", output, re.MULTILINE)
    listed = (match[1] if match else "").split(":")
    return [*(Path(text) for text in listed if text), *sdk.library_dirs]


def _first(folders: list[Path], *names: str) -> Path | None:
    paths = (folder / name for folder in folders for name in names)
    return next((path.resolve() for path in paths if path.is_file()), None)


def _soname(gcc_version: str) -> str:
    """The shared library's name by GCC's version (libgfortran/libtool-version)."""
    major = int(gcc_version.partition(".")[0] or 0)
    return f"libgfortran.so.{5 if major >= 8 else 4 if major == 7 else 3}"
