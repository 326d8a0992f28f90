"""The folder in which one package is built: its tools, its environment, its border.

Nothing outside it is written while a package builds, and what its compilers may read
is listed here.
"""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from crossbuild.build import codegen_cache, config_programs, crossenv, requirement_wheels
from crossbuild.build.crossenv import CrossEnv
from crossbuild.core import files
from crossbuild.core.command import clean_environment, which
from crossbuild.packages.package import Package
from crossbuild.python import build_python
from crossbuild.python.build_python import BuildPython
from crossbuild.python.target_python import TargetPython
from crossbuild.sdk import libraries
from crossbuild.sdk.model import Sdk
from crossbuild.toolchain import compilers, gfortran
from crossbuild.toolchain.compilers import Border, CompilerSpec
from crossbuild.toolchain.identity import identity
from crossbuild.toolchain.log import CompilerLog

#: The target's Python as pkg-config knows it, where SDKs have no file of it or several Pythons.
#: Meson asks so before it takes Cython.  Compilers have our headers for the sysroot's.
_PYTHON = """\
Name: Python
Description: the target's, for extension modules
Version: {version}
Cflags: -I/usr/include/{headers}
"""


@dataclass(frozen=True)
class Workspace:
    """Where a package is built, and with what.

    :param folder: the package's own folder
    :param targets: unpacked target wheels that it links against, by name
    :param cache: folder shared by all checkouts
    :param distcc: what decides where compilers run, where there is a farm
    """

    folder: Path
    sdk: Sdk
    target: TargetPython
    build_python: BuildPython
    targets: Mapping[str, Path]
    cache: Path
    distcc: str | None = None

    @property
    def log(self) -> Path:
        """The full log of the build."""
        return self.folder / "build.log"

    @property
    def compiler_log(self) -> CompilerLog:
        """What its compilers did, and when."""
        names = ("compilers.log", "ccache.log", "distcc.log")
        return CompilerLog(*(self.folder / name for name in names))

    @property
    def source(self) -> Path:
        """The folder that the source is unpacked in."""
        return self.folder / "source"

    @property
    def prefix(self) -> Path:
        """The prefix of the cross interpreter."""
        return self.folder / "env/env/cross"

    @property
    def links(self) -> dict[str, Path]:
        """Where its compilers find the target wheels: no path names what changes, as a key does.

        So a compile that reads their headers is found again by the next key or Python.
        """
        return {name: self.folder / "targets" / name for name in self.targets}

    @cached_property
    def compilers_identity(self) -> str:
        """What tells ccache the SDK's compilers: it need not read them at each call."""
        drivers = [self.sdk.tools.cc[0], self.sdk.tools.cxx[0]]
        return identity(drivers, ("cc1", "cc1plus", "as"), self.cache)

    @property
    def placeholders(self) -> dict[Path, str]:
        """The build machine's folders, and what stands for them in anything published."""
        folders = {
            self.folder: "/crossbuild",
            self.folder / compilers.SDK_LINK: "/sdk",  # after what it lies in: GCC takes the last
            self.target.prefix: "/crossbuild/python",
            self.sdk.root: "/sdk",
            self.sdk.root.resolve(): "/sdk",
            self.build_python.home: "/build-python",
            **{path: f"/crossbuild/{name}" for name, path in self.targets.items()},
            **dict.fromkeys(self._brought, "/crossbuild/brought"),
        }
        # The system's own Python lives in /usr, which every board has as well.
        return {path: name for path, name in folders.items() if len(path.parts) > 2}

    @property
    def _brought(self) -> tuple[Path, ...]:
        """Where what the SDK lacks was brought to."""
        return tuple(folder for one in self.sdk.brought for folder in one.folders)

    def equip(self, package: Package, requirements: Sequence[Path]) -> CrossEnv:
        """Make compilers and cross environment, or take those of an interrupted run.

        :param requirements: wheels of crossenv and of the build requirements, and sources of
            those that have none
        :raises BuildError: a source cannot be made into a wheel
        """
        wheels = [path for path in requirements if path.suffix == ".whl"]
        tools = compilers.write(self._compilers(package, wheels))
        config_programs.write(self.sdk.target_sysroot, tools.directory)
        for name, link in self.links.items():
            files.link(self.targets[name], link)
        stamp = self.folder / "environment-is-whole"
        python = f"{self.build_python.executable} {self.build_python.full_version}"
        contents = "\n".join([python, *(path.name for path in requirements)])
        if stamp.exists() and stamp.read_text() == contents:
            return crossenv.existing(self.target, tools, self.folder / "env")
        stamp.unlink(missing_ok=True)
        env = crossenv.create(
            self.build_python,
            self.target,
            tools,
            wheels,
            self.folder / "env",
            log=self.log,
            generators=codegen_cache.for_package(package, self.cache, self.folder),
        )
        for sdist in (path for path in requirements if path not in wheels):
            made = requirement_wheels.make(
                sdist,
                env,
                self.folder / "requirements",
                python=self.build_python,
                cache=self.cache,
                about=contents.split(),
            )
            build_python.install_wheels(
                [made], env.directory / "build", env.version, env.scripts / "python"
            )
        crossenv.make_hybrids(env, package.recipe.hybrid, self.targets)
        files.write_text(stamp, contents)
        return env

    def _compilers(self, package: Package, requirements: Sequence[Path]) -> CompilerSpec:
        described = self.folder / "pkgconfig"
        text = _PYTHON.format(version=self.target.version, headers=self.target.include.name)
        files.write_text(described / "python3.pc", text)
        ccache = which("ccache", clean_environment())
        distcc = (self.distcc,) if self.distcc else ()
        return CompilerSpec(
            self.sdk,
            self.folder,
            self._border(package, requirements),
            suffix=self.target.ext_suffix,
            headers=self.target.include,
            prefix_map=self.placeholders,
            log=self.compiler_log.calls,
            pkg_config_dirs=libraries.pkg_config_dirs(
                self.sdk, package.recipe.sysroot_libraries, described
            ),
            fortran_flags=gfortran.overlay(self.sdk, self.folder / "gfortran"),
            launcher=(ccache,) if ccache else distcc,  # ccache itself calls it (CCACHE_PREFIX)
            # It sends no Fortran, but counts the compilers that run here.
            fortran_launcher=(*distcc, *gfortran.cached(self.sdk, self.cache / "fortran")),
        )

    def _border(self, package: Package, requirements: Sequence[Path]) -> Border:
        """What compilers may read: the SDK, the target's Python, this folder.

        The native sysroot's headers are the build machine's, and so are those of build
        requirements with compiled code, unless they are hybrids.
        """
        native = self.sdk.native_sysroot
        site = self.folder / f"env/env/build/lib/python{self.target.version}/site-packages"
        compiled = [wheel for wheel in requirements if not wheel.name.endswith("-any.whl")]
        hybrids = set(package.recipe.hybrid)
        foreign = {
            site / top
            for wheel in compiled
            if wheel.name.partition("-")[0].lower().replace("_", "-") not in hybrids
            for top in _top_folders(wheel)
        }
        includes = [self.build_python.include] if self.build_python.include else []
        return Border(
            allowed=(
                *(self.sdk.root, self.sdk.target_sysroot, native, self.folder),
                *(self.target.prefix, *self.targets.values(), *self._brought),
            ),
            refused=(native / "usr/include", *includes, *sorted(foreign)),
            dropped=tuple(Path(path) for path in package.recipe.dropped_paths),
            dropped_macros=package.recipe.dropped_macros,
        )

    def tidy(self) -> None:
        """Remove everything but the log, after the wheel is in the store."""
        for path in self.folder.iterdir():
            if path != self.log:
                files.remove_tree(path)


def _top_folders(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name.partition("/")[0] for name in archive.namelist() if "/" in name}
