"""Do the SDK's compilers compile and link?  Asked of them, each by one small library."""

import os
from collections.abc import Iterator
from pathlib import Path

from packaging.specifiers import SpecifierSet

from crossbuild.doctor.bench import Bench, tail
from crossbuild.doctor.catalogue import Catalogue
from crossbuild.doctor.model import Finding
from crossbuild.doctor.needs import Need, title
from crossbuild.packages import recipe
from crossbuild.packages.recipe import RecipeVersion
from crossbuild.sdk.model import Sdk
from crossbuild.toolchain import gfortran

_C = "#include <math.h>\ndouble crossbuild_probe(double x) { return sin(x); }\n"
_CXX = "#include <new>\nint *crossbuild_probe() { return new int(1); }\n"
#: Writing needs libgfortran, which plain arithmetic does not.
_FORTRAN = "subroutine crossbuild_probe(x)\n real(8) :: x\n print *, x**0.5d0\nend subroutine\n"
_OF_THE_BUILD_MACHINE = {"/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"}
_SHARED = ("-shared", "-fPIC", "-Wl,-z,defs")


def notes(bench: Bench, catalogue: Catalogue) -> Iterator[Finding]:
    """What is good to know of the SDK and of the user's session."""
    flags = [word for word in bench.sdk.tools.cc if word.startswith("-D_TIME_BITS=")]
    if "-D_TIME_BITS=64" in flags:
        yield catalogue.finding("time64", evidence=f"CC has {' '.join(flags)}")
    if value := os.environ.get("LD_LIBRARY_PATH"):
        yield catalogue.finding("ld-library-path", evidence=f"LD_LIBRARY_PATH={value}")


def own_tools(bench: Bench, catalogue: Catalogue) -> Iterator[Finding]:
    """Tools that are the SDK's: one of the build machine on PATH is another compiler's."""
    tools = bench.sdk.tools
    lines = (tools.cc, tools.cxx, tools.fortran or (), tools.ld)
    programs = [command[0] for command in lines if command]
    programs += [tools.ar, tools.ranlib, tools.strip, tools.nm, tools.objcopy, tools.objdump]
    foreign = [name for name in programs if str(Path(name).parent) in _OF_THE_BUILD_MACHINE]
    if foreign:
        evidence = f"not in the SDK, but found as {', '.join(dict.fromkeys(foreign))}"
        yield catalogue.finding("toolchain-incomplete", evidence=evidence)


def links(sdk: Sdk, catalogue: Catalogue) -> Iterator[Finding]:
    """Links of the libraries' folders: one as a board has it, ``/usr/lib/libz.so.1``, leads out."""
    astray = [path for path in _links(sdk) if _leads_out(path, sdk.target_sysroot)]
    if astray:
        more = f", and {len(astray) - 1} more" if len(astray) > 1 else ""
        evidence = f"{astray[0]} -> {astray[0].readlink()}{more}"
        fields = {"sysroot": str(sdk.target_sysroot)}
        yield catalogue.finding("links-absolute", evidence=evidence, fields=fields)


def _links(sdk: Sdk) -> list[Path]:
    folders = {folder.resolve() for folder in sdk.library_dirs}
    patterns = ("*.so", "*.so.*", "*.a")
    found = (path for folder in folders for pattern in patterns for path in folder.glob(pattern))
    return sorted(path for path in found if path.is_symlink())


def _leads_out(link: Path, sysroot: Path) -> bool:
    """Whether a link names a file of the board by its place there, which is in the sysroot too."""
    goal = str(link.readlink())
    inside = goal.startswith("/") and not Path(goal).is_relative_to(sysroot)
    return inside and os.path.lexists(f"{sysroot}{goal}")


def c_family(bench: Bench, catalogue: Catalogue) -> Iterator[Finding]:
    """C and C++."""
    c = bench.compile("c", "c", _C, *_SHARED, after=["-lm"])
    if c.status != 0:
        yield catalogue.finding("c-does-not-link", evidence=tail(c))
        return
    cxx = bench.compile("cxx", "c++", _CXX, *_SHARED)
    if cxx.status != 0:
        yield catalogue.finding("cxx-does-not-link", evidence=tail(cxx))


def gcc_versions(sdk: Sdk, catalogue: Catalogue, need: Need) -> Iterator[Finding]:
    """Recipes whose builds refuse this GCC."""
    gcc = sdk.gcc_version
    for version in need.recipes:
        if SpecifierSet(version.gcc).contains(gcc):
            continue
        others = ", ".join(
            f"{version.package}=={other}" for other in _others(version, need.python, gcc)
        )
        yield catalogue.finding(
            "gcc-unfit",
            evidence=f"{sdk.tools.cc[0]} -dumpfullversion says {gcc}",
            recipes=(title(version),),
            pythons=(need.python,),
            fields={
                "gcc": gcc,
                "title": title(version),
                "wanted": f"GCC {version.gcc}",
                "package": version.package,
                "versions": others,
            },
        )


def _others(unfit: RecipeVersion, python: str, gcc: str) -> list[str]:
    """Versions of the package that this GCC compiles."""
    return [
        version.version
        for version in recipe.load(unfit.package).for_python_all(python)
        if SpecifierSet(version.gcc).contains(gcc)
    ]


def fortran_compiler(
    bench: Bench, catalogue: Catalogue, titles: tuple[str, ...]
) -> Iterator[Finding]:
    """Gfortran: there, whole, and linking.

    :param titles: the recipes that need it
    """
    parts = gfortran.parts(bench.sdk)
    if parts is None:
        yield catalogue.finding(
            "fortran-missing",
            evidence=f"no gfortran beside {bench.sdk.tools.cc[0]}; one of the build machine "
            "would make code for another machine or float ABI",
            recipes=titles,
        )
        return
    done = bench.compile("fortran", "fortran", _FORTRAN, *_SHARED)
    if done.status != 0:
        yield catalogue.finding(_fortran_failure(bench, parts), evidence=tail(done), recipes=titles)
        return
    yield from _healed(bench, parts, catalogue)


def _fortran_failure(bench: Bench, parts: gfortran.Parts) -> str:
    if bench.compile("object", "fortran", _FORTRAN, "-c", "-fPIC").status != 0:
        return "fortran-does-not-compile"
    if parts.library is None:
        return "fortran-library-missing"
    return "fortran-does-not-link"


def _healed(bench: Bench, parts: gfortran.Parts, catalogue: Catalogue) -> Iterator[Finding]:
    """What crossbuild's own folder supplies."""
    if parts.spec is None:
        strays = ", ".join(str(path) for path in parts.strays)
        where = f"gfortran does not look where it lies: {strays}" if strays else "it is nowhere"
        evidence = f"not in gfortran's folders; in {bench.sdk.target_sysroot}: {where}"
        yield catalogue.finding("fortran-spec-missing", evidence=evidence)
    if parts.library is None:
        yield catalogue.finding(
            "fortran-link-name-missing",
            evidence=f"{parts.runtime} is there, libgfortran.so is not",
        )
    if parts.quadmath_lacking:
        yield catalogue.finding(
            "fortran-quadmath-unneeded", evidence=f"{parts.spec} has -lquadmath"
        )
