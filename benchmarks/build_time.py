"""A cross build beside the native build of the same source, and beside one with a warm cache.

.venv/bin/python -m benchmarks.build_time [numpy==1.26.4 | ./folder] [PYTHON]

Native: the build machine's own compiler, which must be of the SDK's release for the ratio to
mean anything (the table has both versions), with the build requirements of the same lock, the
same options, and its own OpenBLAS and gfortran.  All three start with nothing but downloads
and, for the cross builds, the target's wheels that the package links against (scipy: numpy);
the warm one has the caches that the cold one filled.
"""

import argparse
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from build import ProjectBuilder

from benchmarks import report
from benchmarks.cost import CROSSBUILD, Cost, cost, measured
from crossbuild.build import settings
from crossbuild.core import defaults
from crossbuild.core.command import clean_environment, run, try_run, which
from crossbuild.index import download
from crossbuild.packages.find import Finder
from crossbuild.packages.package import Package
from crossbuild.packages.source import tree as source_tree
from crossbuild.packages.wanted import parse
from crossbuild.python import build_python
from crossbuild.sdk import reference as reference_sdk
from crossbuild.sdk.read import read_sdk


def cross(requirement: str, links: Sequence[str], python: str, folder: Path, name: str) -> Cost:
    """One cross build in a work folder of its own, on the caches in *folder*.

    :param links: the requirements whose wheels it links against, which are built before
    """
    words: list[str | Path] = [CROSSBUILD, "wheels", "--python", python, "--offline"]
    words += ["--sdk", reference_sdk.default_destination(defaults.REFERENCE).absolute()]
    words += ["--work-dir", folder / name, "--wheelhouse", folder / f"{name}-wheels"]
    words += ["--cache-dir", folder / "cache"]
    # ccache keeps its objects below HOME.
    environment = {**os.environ, "HOME": str(folder), "CROSSBUILD_PACKAGES": ""}
    if (folder / "locks").is_dir():  # of a package without a recipe
        shutil.copytree(folder / "locks", folder / name / "locks")
    if links:
        cost([*words, *links], environment)
    return cost([*words, requirement], environment)


def native(package: Package, python: str, folder: Path) -> Cost:
    """The native build of the same source with the same build requirements and options."""
    artifacts = [*package.lock.source, *package.lock.build]
    fetched = download.fetch_all(artifacts, defaults.CACHE, offline=True)
    origin = package.folder or fetched.pop(0)
    builder = build_python.find(python, headers=True)
    options = {key: [*words] for key, words in package.recipe.config_settings.items()}
    if package.recipe.backend == "meson-python":
        options["setup-args"] = ["-Dbuildtype=release", *options.get("setup-args", [])]
        options["compile-args"] = [f"-j{defaults.JOBS}"]
    with measured() as found:
        interpreter = build_python.make_environment(builder, folder / "native")
        build_python.install_wheels(fetched, folder / "native", python, interpreter)
        source = source_tree.prepare(origin, folder / "native-source")
        environment = {
            **os.environ,
            "PATH": f"{interpreter.parent}:{os.environ['PATH']}",
            "CFLAGS": " ".join(settings.COMMON_FLAGS),
            "CXXFLAGS": " ".join(settings.COMMON_FLAGS),
            "FFLAGS": " ".join((*settings.FORTRAN_FLAGS, "-fPIC")),
            "NPY_NUM_BUILD_JOBS": str(defaults.JOBS),
            "CCACHE_DISABLE": "1",  # Meson puts a ccache that it finds before the compiler
        }
        # Cython starts for each module, and would be compiled each time.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def runner(
            cmd: Sequence[str],
            cwd: str | None = None,
            extra_environ: Mapping[str, str] | None = None,
        ) -> None:
            words = {**environment, **(extra_environ or {})}
            run(cmd, env=words, cwd=Path(cwd) if cwd else None)

        project = ProjectBuilder(source, python_executable=str(interpreter), runner=runner)
        project.build("wheel", folder / "native-wheels", options)
    return found


def require_libraries(package: Package) -> None:
    """A native build without BLAS would be another, quicker one."""
    programs = ["gfortran"] if package.recipe.fortran else []
    lacking = [name for name in programs if which(name, clean_environment()) is None]
    lacking += [
        name
        for name in package.recipe.sysroot_libraries
        if try_run(["pkg-config", "--exists", name]).status != 0
    ]
    if lacking:
        raise SystemExit(
            f"no {' and no '.join(lacking)} for the native build: "
            "apt-get install gfortran pkg-config libopenblas-dev"
        )


def main() -> None:
    """Measure, and write results/build-time-PACKAGE.json and .md."""
    parser = argparse.ArgumentParser()
    parser.add_argument("requirement", nargs="?", default="numpy==1.26.4")
    parser.add_argument("python", nargs="?", default="3.11")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        find = Finder(told.python, folder / "locks", defaults.CACHE).find
        package = find(parse(told.requirement))
        require_libraries(package)
        links = package.recipe.target_requires
        for lock in (package.lock, *(find(parse(pin)).lock for pin in links)):
            download.fetch_all([*lock.source, *lock.build, *lock.runtime], defaults.CACHE)
        (folder / "cache").mkdir()
        (folder / "cache/downloads").symlink_to(defaults.CACHE / "downloads")
        costs = {
            "cross, cold": cross(told.requirement, links, told.python, folder, "cold"),
            "cross, warm cache": cross(told.requirement, links, told.python, folder, "warm"),
            "native": native(package, told.python, folder),
        }
    rows = [
        {
            "build": what,
            "wall [s]": one.wall,
            "CPU [s]": one.cpu,
            "wall, times native": one.wall / costs["native"].wall,
            "CPU, times native": one.cpu / costs["native"].cpu,
            "wall, times cross cold": one.wall / costs["cross, cold"].wall,
            "CPU, times cross cold": one.cpu / costs["cross, cold"].cpu,
        }
        for what, one in costs.items()
    ]
    found = read_sdk(reference_sdk.default_destination(defaults.REFERENCE), cache=defaults.CACHE)
    native_gcc = run(["gcc", "-dumpfullversion"]).output.strip()
    notes = [
        f"{package.title} for Python {told.python}, {defaults.JOBS} jobs",
        f"GCC: cross {found.gcc_version}, native {native_gcc}",
    ]
    print(
        report.write(f"build-time-{package.recipe.package}", rows, title="Build time", notes=notes)
    )


if __name__ == "__main__":
    main()
