"""gfortran for an SDK without one: Debian's cross compiler, between the SDK's own tools.

Debian's compiler proper makes assembly; the SDK's assembler, linker, libgcc and C library make
the rest.  Debian's shared libgfortran wants Debian's C library, so one is linked by the SDK's gcc
out of the static one.  Its name is its own: a board that has a libgfortran keeps it.
"""

import re
import shutil
from dataclasses import replace
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.command import attempt, clean_environment, run
from crossbuild.core.errors import CommandError, SdkError
from crossbuild.sdk import compiler, debian
from crossbuild.sdk.brought import table
from crossbuild.sdk.brought.store import Store
from crossbuild.sdk.brought.table import Gfortran
from crossbuild.sdk.model import Brought, Sdk
from crossbuild.sdk.reference import native

#: Count changes of this module that make another compiler or library of the same packages.
_TOOLCHAIN, _LIBRARY = 2, 2
SONAME = "libgfortran-crossbuild.so.5"
#: In the folder of the compiler: what its run-time library is made of.
_RUNTIME = "runtime"
#: The same: the packages that it was unpacked from, with their versions.
_PACKAGES = "packages.txt"
#: The object that :file:`async_io.c` stands for.
_UNFIT = "async.o"
#: Programs of Debian's gcc package that no compile runs, and a plug-in for another linker's libc.
_DROPPED = ("usr/bin/*-lto-dump-*", "usr/bin/*-gcov*", "usr/lib/gcc-cross/*/*/lto1")
#: What gcc links by itself: the SDK's takes the place of Debian's.
_OF_GCC = ("crt*.o", "libgcc.a", "libgcc_eh.a", "libgcc_s.so*")


def bring(sdk: Sdk, store: Store) -> Sdk:
    """The SDK with a Fortran compiler.

    :raises SdkError: none of Debian's compilers is for the SDK's C library
    :raises IndexUnreachableError: it is neither in the cache nor to be had
    """
    release = table.gfortran_for(sdk.glibc_version)
    if release is None:
        oldest = table.read().gfortran[-1].glibc
        raise SdkError(
            "no gfortran can be brought along for the SDK's C library",
            evidence=f"the SDK has glibc {sdk.glibc_version}; {oldest} is the oldest that does",
            cure="have gfortran in the SDK: crossbuild doctor has the lines for local.conf",
        )
    toolchain = _toolchain(release, store)
    key = files.content_key(_LIBRARY, (toolchain / _PACKAGES).read_text(), identity(sdk))
    library = store.keep(
        f"libgfortran-{release.gcc}-{key}",
        f"linking libgfortran {release.gcc} against the SDK's C library",
        lambda stage: _fill_library(stage, sdk, toolchain / _RUNTIME, store),
        fetched=False,
    )
    tools = _tools(sdk)
    links = store.keep(
        f"tools-{files.content_key(sorted((name, str(path)) for name, path in tools.items()))}",
        "linking to the SDK's assembler and linker",
        lambda stage: _fill_tools(stage, tools),
        fetched=False,
    )
    brought = Brought("gfortran", release.title, key, (library, toolchain, links))
    compiling = _with_driver(sdk, toolchain, (library / "usr/lib", links))
    return with_libraries(compiling, brought, library / "usr")


def identity(sdk: Sdk) -> str:
    """What tells an SDK's compilers and C library from another's, wherever it lies."""
    tools = sdk.tools
    version = run([tools.cc[0], "--version"], env=_environment(sdk)).output
    said = "\n".join([" ".join(tools.cc), " ".join(tools.fortran or ()), version])
    places = [sdk.root, *(folder for one in sdk.brought for folder in one.folders)]
    for place in places:
        said = said.replace(str(place), "")
    return files.content_key(said, sdk.glibc_version, [one.key for one in sdk.brought])


def _toolchain(release: Gfortran, store: Store) -> Path:
    """Debian's compiler, for any SDK."""
    key = files.content_key(_TOOLCHAIN, release.model_dump())
    return store.keep(
        f"gfortran-{release.gcc}-{key}",
        f"fetching {release.title}: 40 MB, once",
        lambda stage: _fill_toolchain(stage, release, store),
        fetched=True,
    )


def _fill_toolchain(stage: Path, release: Gfortran, store: Store) -> None:
    with store.apt(release.suite, "amd64") as apt:
        packages = apt.download(release.packages, omit=(), dependencies=False)
        debian.unpack(packages, stage, apt.log)
    _set_runtime_aside(stage)
    for pattern in _DROPPED:
        for path in stage.glob(pattern):
            path.unlink()
    native.arrange(stage, release.gcc, own_loader=True)
    names = sorted(path.stem for path in packages)
    files.write_text(stage / _PACKAGES, "".join(f"{name}\n" for name in names))


def _set_runtime_aside(stage: Path) -> None:
    """Keep of Debian's run-time library what ours is made of, where no linker finds it."""
    runtime = stage / _RUNTIME
    runtime.mkdir()
    own = next(stage.glob("usr/lib/gcc-cross/*/*"))
    for path in [*own.glob("lib*.a"), *own.glob("lib*.so*")]:
        if path.name == "libgfortran.a":
            path.rename(runtime / path.name)
        else:
            path.unlink()
    header = own / "include/ISO_Fortran_binding.h"
    header.rename(runtime / header.name)
    licence = next(stage.glob("usr/share/doc/gcc-*-cross-base/copyright"))
    licence.rename(runtime / licence.name)


def _fill_library(stage: Path, sdk: Sdk, runtime: Path, store: Store) -> None:
    """The run-time library, with what a C program includes of Fortran, and its licence."""
    library = stage / "usr/lib"
    library.mkdir(parents=True)
    _link(sdk, runtime / "libgfortran.a", library / SONAME, store)
    files.link(Path(SONAME), library / "libgfortran.so")
    for name, place in (
        ("ISO_Fortran_binding.h", "usr/include/ISO_Fortran_binding.h"),
        ("copyright", f"licences/{SONAME}"),
    ):
        (stage / place).parent.mkdir(parents=True)
        shutil.copyfile(runtime / name, stage / place)


def _link(sdk: Sdk, archive: Path, library: Path, store: Store) -> None:
    """Link a shared library out of the static one.

    :raises SdkError: the SDK's C library lacks what that needs
    """
    env, source = _environment(sdk), Path(__file__).with_name("async_io.c")
    own = library.with_name(archive.name)
    shutil.copyfile(archive, own)
    run([sdk.tools.ar, "d", own, _UNFIT], env=env, log=store.log)
    whole = ["-Wl,--whole-archive", str(own), "-Wl,--no-whole-archive", "-lm", "-lpthread"]
    checks = ["-Wl,-z,defs", "-Wl,-z,text", "-Wl,-z,noexecstack", f"-Wl,-soname,{SONAME}"]
    words = ["-shared", "-fPIC", "-O2", "-g0", *checks, "-o", str(library)]
    try:
        run([*sdk.tools.cc, *words, str(source), *whole], env=env, log=store.log)
    except CommandError as error:
        raise SdkError(
            "Debian's libgfortran does not link against the SDK's C library",
            evidence=error.evidence,
            cure="have gfortran in the SDK: crossbuild doctor has the lines for local.conf",
        ) from error
    own.unlink()
    # Old linkers put the places of crti.o and crtn.o into the table of symbols.
    run([sdk.tools.strip, "--strip-unneeded", library], env=env, log=store.log)


def _tools(sdk: Sdk) -> dict[str, Path]:
    """The SDK's assembler, linker and libgcc, by the names that GCC looks for."""
    tools = {}
    for name in ("as", "ld", "ld.bfd", "ld.gold"):
        # A gcc that finds none in its own folders answers with the bare name.
        beside = Path(re.sub(r"gcc(-[\d.]+)?$", name, sdk.tools.cc[0]))
        places = (_asked(sdk, f"-print-prog-name={name}"), beside)
        program = next((path for path in places if path.is_absolute() and path.is_file()), None)
        if program is not None:
            tools[name] = program
    own = _asked(sdk, "-print-libgcc-file-name").parent
    return tools | {path.name: path for pattern in _OF_GCC for path in own.glob(pattern)}


def _fill_tools(stage: Path, tools: dict[str, Path]) -> None:
    """A folder for ``-B``."""
    for name, path in tools.items():
        files.link(path, stage / name)


def _asked(sdk: Sdk, question: str) -> Path:
    argv = [*sdk.tools.cc, question]
    return Path(attempt(argv, env=_environment(sdk), timeout=60).output.strip())


def _environment(sdk: Sdk) -> dict[str, str]:
    """An environment in which no compiler of the build machine comes before the SDK's."""
    return clean_environment(PATH=f"{Path(sdk.tools.cc[0]).parent}:/usr/bin:/bin")


def _with_driver(sdk: Sdk, toolchain: Path, before: tuple[Path, ...]) -> Sdk:
    """The SDK with Debian's driver, which looks into the folders *before* all others."""
    [driver] = toolchain.glob(f"usr/bin/{native.TRIPLE}/{native.TRIPLE}-gfortran")
    # A plug-in of Debian's GCC would be loaded into the SDK's linker.
    own = (*(f"-B{folder}" for folder in before), "-fno-use-linker-plugin")
    fortran = (str(driver), *own, *compiler.fortran_words(sdk.tools.cc[1:]))
    return replace(sdk, tools=replace(sdk.tools, fortran=fortran))


def with_libraries(sdk: Sdk, brought: Brought, prefix: Path) -> Sdk:
    """The SDK whose compilers find the libraries and headers of a prefix as their own."""
    library, include = prefix / "lib", prefix / "include"
    link = (f"-L{library}", f"-Wl,-rpath-link,{library}")
    words = (*link, "-idirafter", str(include))
    tools = sdk.tools
    fortran = (*tools.fortran, *link) if tools.fortran else None
    return replace(
        sdk,
        tools=replace(tools, cc=(*tools.cc, *words), cxx=(*tools.cxx, *words), fortran=fortran),
        library_dirs=(library, *sdk.library_dirs),
        include_dirs=(*sdk.include_dirs, include),
        content_id=files.content_key(sdk.content_id, brought.name, brought.key),
        brought=(*sdk.brought, brought),
    )
