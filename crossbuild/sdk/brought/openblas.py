"""OpenBLAS for an SDK without one that its board can run: built by the SDK's own compilers."""

import re
import shutil
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.command import attempt, clean_environment, run_own
from crossbuild.core.errors import BuildError, CommandError
from crossbuild.sdk import openblas
from crossbuild.sdk.brought import gfortran, table
from crossbuild.sdk.brought.store import Store
from crossbuild.sdk.brought.table import Processor
from crossbuild.sdk.model import Blas, Brought, Sdk
from crossbuild.sdk.openblas import Compilers

#: Counts changes of this module that make another library of the same sources.
_RECIPE = 1
#: In the folder of the library: the source packages that it was built from, with their versions.
_SOURCES = "sources.txt"
SONAME = "libopenblas-crossbuild.so.0"
#: As a sysroot would have it: paths of the target, which the compilers know already.
_PC = """\
libdir=/usr/lib
includedir=/usr/include
Name: openblas
Description: BLAS and LAPACK
Version: {version}
Libs: -lopenblas
"""


def processor(sdk: Sdk) -> Processor:
    """How OpenBLAS is built for the processor that the SDK compiles for."""
    words = " ".join(sdk.tools.cc)
    named = re.search(r"-m(?:cpu|tune)=([\w-]+)", words)
    dump = attempt([*sdk.tools.cc, "-dM", "-E", "-x", "c", "/dev/null"], env=_path(sdk), timeout=60)
    unit = "neon" if "__ARM_NEON " in dump.output else "vfp"
    rows = {row.name: row for row in table.read().openblas.processor}
    return rows.get(named[1] if named and unit == "neon" else unit, rows[unit])


def title(sdk: Sdk, policy: Blas) -> str:
    """What would be built, for people."""
    suite = table.openblas_suite(policy)
    return f"OpenBLAS of Debian {suite}'s source, built for {processor(sdk).target}"


def bring(sdk: Sdk, store: Store, policy: Blas) -> Sdk:
    """The SDK, which has a Fortran compiler, with OpenBLAS.

    :param policy: which release
    :raises BuildError: it did not build
    :raises ToolMissingError: the build machine lacks what it is built with
    :raises IndexUnreachableError: it is neither in the cache nor are its sources to be had
    """
    suite, row = table.openblas_suite(policy), processor(sdk)
    words = table.read().openblas.newest_neon if policy is Blas.NEWEST and row.has_neon else ()
    key = files.content_key(_RECIPE, suite, row.model_dump(), gfortran.identity(sdk), *words)
    built = store.keep(
        f"openblas-{row.target.lower()}-{key}",
        f"building OpenBLAS for {row.target}: about ten minutes, once",
        lambda stage: _fill(stage, sdk, store, suite, row, words),
        fetched=True,
    )
    content = files.content_key(key, (built / _SOURCES).read_text())
    brought = Brought("openblas", title(sdk, policy), content, (built,))
    return gfortran.with_libraries(sdk, brought, built / "usr")


def _fill(
    stage: Path, sdk: Sdk, store: Store, suite: str, row: Processor, words: tuple[str, ...]
) -> None:
    """Build the OpenBLAS of a suite for a processor, with further words for make."""
    openblas.require_tools()
    compilers = _compilers(sdk)
    with store.apt(suite, "armhf") as apt:
        source = apt.source("openblas", stage / "source")
        lapack = apt.source("lapack", stage / "lapack-source")
    try:
        objects = _lapack(lapack, compilers, store.log)
        openblas.build(row, compilers, source, objects, stage, store.log, words)
    except CommandError as error:
        raise BuildError(
            f"OpenBLAS did not build for {row.target}",
            evidence=error.evidence,
            cure="have it in the SDK (crossbuild doctor has the lines) and say --blas sdk",
        ) from error
    _finish(stage, source)
    names = sorted(path.stem for path in stage.glob("*/*.dsc"))
    files.write_text(stage / _SOURCES, "".join(f"{name}\n" for name in names))
    for folder in (source.parent, lapack.parent):
        files.remove_tree(folder)


def _lapack(source: Path, compilers: Compilers, log: Path) -> Path:
    """Compile LAPACK; the archive of its objects, deprecated routines included."""
    archive = source / "liblapack.a"
    (source / "make.inc").touch()  # a file of variables, which stand on the command line here
    flags = f"-O2 -frecursive -fPIC {compilers.prefix_map}={source}=lapack"
    openblas.make(
        log,
        source / "SRC",
        f"FC={compilers.fortran}",
        f"FFLAGS={flags}",
        f"FFLAGS_NOOPT={flags} -O0",
        f"AR={compilers.ar}",
        "ARFLAGS=cr",
        f"RANLIB={compilers.ranlib}",
        "TIMER=INT_ETIME",
        "BUILD_DEPRECATED=yes",
        f"LAPACKLIB={archive}",
        "all",
    )
    return archive


def _finish(stage: Path, source: Path) -> None:
    """Give the library a name of its own, its names for linking, and its licence."""
    folder = stage / "usr/lib"
    library = (stage / openblas.LIBRARY).rename(folder / SONAME)
    run_own(["patchelf", "--set-soname", SONAME, library])
    for path in folder.iterdir():
        if path != library:
            files.remove_tree(path)
    files.link(Path(SONAME), folder / "libopenblas.so")
    version = re.search(r"^VERSION *= *(\S+)", (source / "Makefile.rule").read_text(), re.MULTILINE)
    pc = _PC.format(version=version[1] if version else "0")
    files.write_text(folder / "pkgconfig/openblas.pc", pc)
    (stage / "licences").mkdir()
    shutil.copyfile(source / "LICENSE", stage / "licences" / SONAME)


def _compilers(sdk: Sdk) -> Compilers:
    tools = sdk.tools
    old = int(sdk.gcc_version.partition(".")[0] or 0) < 8
    return Compilers(
        cc=" ".join(tools.cc),
        fortran=" ".join(tools.fortran or ()),
        ar=tools.ar,
        ranlib=tools.ranlib,
        strip=tools.strip,
        prefix_map="-fdebug-prefix-map" if old else "-ffile-prefix-map",
    )


def _path(sdk: Sdk) -> dict[str, str]:
    return clean_environment(PATH=f"{Path(sdk.tools.cc[0]).parent}:/usr/bin:/bin")
