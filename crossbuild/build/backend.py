"""Building one package: its own PEP 517 back end, run by the cross interpreter.

Each kind of back end needs its own preparation (a cross file for Meson, ``site.cfg``
for numpy.distutils) and is called in the same way.
"""

import configparser
import io
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from build import BuildBackendException, BuildException, ProjectBuilder, RunnerType
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from crossbuild.build.crossenv import CrossEnv
from crossbuild.build.meson import write_cross_file
from crossbuild.build.workspace import Workspace
from crossbuild.core import files, jobserver
from crossbuild.core.command import run
from crossbuild.core.errors import BuildError, CommandError, CrossbuildError
from crossbuild.packages import hooks, pyproject, recipe
from crossbuild.packages.build_options import (
    FLAG_VARIABLES,
    BuildOptions,
    run_before_build,
)
from crossbuild.packages.package import Package
from crossbuild.packages.recipe import RecipeVersion
from crossbuild.progress.console import Step
from crossbuild.toolchain.compilers import LEAK_STATUS

#: What numpy.distutils prints for each file: ``arm-…-gcc: numpy/core/…``.
_COMPILED = re.compile(r"^\S+-(gcc|g\+\+|gfortran)(:\w+)?: \S+$")

_NINJA_PROGRESS = re.compile(r"^\[\d+/\d+\]")

#: Optimised, without debug information; each function apart, so that the linker leaves out
#: what nothing calls.
FORTRAN_FLAGS = ("-O2", "-g0", "-ffunction-sections")

#: For C and C++: with the overflow that CPython promises as well.
COMMON_FLAGS = (*FORTRAN_FLAGS, "-fwrapv")

_LINK_FLAGS = ("-Wl,--as-needed", "-Wl,--gc-sections")


@dataclass(frozen=True)
class BuildJob:
    """One build: what, where, and with what.

    :param source: the root of the package's source
    :param epoch: SOURCE_DATE_EPOCH, in seconds since 1970
    :param jobs: how many compilers may run at once
    :param pool: the pool that its compilers share with those of other builds
    :param sharing: variables by which its compilers share objects or machines with others
    """

    package: Package
    workspace: Workspace
    env: CrossEnv
    source: Path
    epoch: int
    jobs: int
    pool: Path | None = None
    sharing: Mapping[str, str] = field(default_factory=dict)

    @property
    def recipe(self) -> RecipeVersion:
        """How the package is built."""
        return self.package.recipe

    @property
    def options(self) -> BuildOptions:
        """What the user's project adds to the build."""
        return self.package.options

    def values(self) -> dict[str, str | Path | int]:
        """What stands for the names in a recipe's templates."""
        sdk = self.workspace.sdk
        fixed: dict[str, str | Path | int] = {
            "sysroot": sdk.target_sysroot,
            "library-dirs": os.pathsep.join(map(str, sdk.library_dirs)),
            "include-dirs": os.pathsep.join(map(str, sdk.include_dirs)),
            "build": self.env.site_packages,
            "source": self.source,
            "jobs": self.jobs,
        }
        return {**fixed, **{f"target:{name}": path for name, path in self.workspace.links.items()}}

    def rendered(self, texts: Mapping[str, str]) -> dict[str, str]:
        """A recipe's table with its templates filled."""
        values = self.values()
        return {key: recipe.render(text, values) for key, text in texts.items()}


def build(job: BuildJob, step: Step) -> Path:
    """Build the wheel and return it, as the back end made it.

    :raises BuildError: the back end failed; the log's tail is the evidence
    """
    settings = _settings(job)
    environment = job.options.variables(job.env.environment(_variables(job)))
    if job.options.before_build:
        variables = {**environment, "PATH": f"{job.env.python.parent}:{environment['PATH']}"}
        run_before_build(job.options, job.source, variables, job.workspace.log)
    output = job.workspace.folder / "dist"
    files.remove_tree(output)
    runner = _runner(job, environment, step)
    try:
        with warnings.catch_warnings():
            # The back end's warnings stand in the log; they are its authors' business.
            warnings.simplefilter("ignore")
            python = str(job.env.python)
            builder = ProjectBuilder(job.source, python_executable=python, runner=runner)
            wheel = Path(builder.build("wheel", output, settings))
    except BuildBackendException as error:
        cause = error.exception
        if isinstance(cause, CommandError):
            raise _failure(job, cause) from error
        if isinstance(cause, CrossbuildError | OSError):
            raise cause from error  # a full disk, a missing tool: not the package's failure
        raise
    except BuildException as error:
        raise BuildError(
            f"{job.recipe.package} {job.recipe.version} did not build",
            evidence=f"{error}\nfull log: {job.workspace.log}",
            cure="the package's pyproject.toml must name a PEP 517 back end that works",
        ) from error
    pyproject.require_stated(wheel, job.source)
    if job.package.folder is None:
        _require_locked(wheel, job)
    return wheel


def _require_locked(wheel: Path, job: BuildJob) -> None:
    """Hold a wheel's name and version against those of the sdist that was locked.

    :raises BuildError: they differ
    """
    name, version = parse_wheel_filename(wheel.name)[:2]
    wanted = job.recipe
    if name == job.package.name and version == Version(wanted.version):
        return
    raise BuildError(
        f"{wanted.package} {wanted.version} was built as {name} {version}",
        evidence=f"the back end made {wheel.name}\nfull log: {job.workspace.log}",
        cure="0.0.0 or unknown is what a back end says that does not find the name or version: it "
        "may need a build requirement that the package does not state (setuptools-scm and its "
        "kin), or git. State it in a recipe, or build from a checkout",
    )


def _variables(job: BuildJob) -> dict[str, str]:
    """The environment variables of a build, beside those that every cross environment has."""
    fixed = {
        "SOURCE_DATE_EPOCH": str(job.epoch),
        "CCACHE_BASEDIR": cache_base(job.workspace),
        "CCACHE_NOHASHDIR": "1",
        "CCACHE_COMPILERCHECK": f"string:{job.workspace.compilers_identity}",
        "CCACHE_STATSLOG": str(job.workspace.compilers.results),
        # The user's own files (.pydistutils.cfg, .numpy-site.cfg, .condarc) decide nothing.
        "HOME": str(_made(job.workspace.folder / "home")),
        # What configure checks leave stays in a folder of this build's own.
        "TMPDIR": str(_made(job.workspace.folder / "tmp")),
        **({jobserver.VARIABLE: str(job.pool)} if job.pool else {}),
        **job.sharing,
    }
    own = job.rendered(job.recipe.environment)
    if job.recipe.backend == "meson-python":
        return {**fixed, **own}  # flags stand in the cross file
    flags = _flags(job)
    compiler_flags = {
        "CFLAGS": flags["c"],
        "CXXFLAGS": flags["cpp"],
        "FFLAGS": [*flags["fortran"], "-fPIC"],
        "LDFLAGS": flags["link"],
    }
    joined = {
        name: " ".join(flags_of_language) for name, flags_of_language in compiler_flags.items()
    }
    return {**fixed, **joined, **own}


def cache_base(workspace: Workspace) -> str:
    """The folder below which ccache compares relative paths: another checkout hits, too.

    An SDK in the same project moves with it; any other has one path for all checkouts, which a
    path relative to one of them would hide.
    """
    own = os.path.commonpath([workspace.folder, workspace.target.prefix])
    shared = os.path.commonpath([own, workspace.sdk.root])
    project = Path.cwd()
    return shared if shared != "/" and Path(shared).is_relative_to(project) else own


def _made(folder: Path) -> Path:
    """The folder, made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _flags(job: BuildJob) -> dict[str, list[str]]:
    """Compiler flags by Meson's names of the languages."""
    common = {"c": COMMON_FLAGS, "cpp": COMMON_FLAGS, "fortran": FORTRAN_FLAGS}
    names = {"c": "c", "cpp": "c++", "fortran": "fortran"}
    sdk = job.workspace.sdk
    # The wrappers add the tune as well; packages that choose code by CPU look for it here.
    tune = [word for word in sdk.tools.cc[1:] if word.startswith("-m")]
    flags = {
        key: [*tune, *words, *job.recipe.flags_for(names[key], sdk.gcc_version)]
        for key, words in common.items()
    }
    flags["link"] = [*_LINK_FLAGS]
    if job.recipe.backend != "meson-python":
        return flags  # the user's own variables take the workspace of these, or add to them
    variables = job.env.environment(_variables(job))
    return {
        key: [*words, *job.options.words(FLAG_VARIABLES[key], variables)]
        for key, words in flags.items()
    }


def _settings(job: BuildJob) -> dict[str, str | list[str]]:
    """PEP 517 configuration settings, after the files they name have been written."""
    values = job.values()
    settings: dict[str, str | list[str]] = {
        key: [recipe.render(word, values) for word in words]
        for key, words in job.recipe.config_settings.items()
    }
    settings.update(job.options.settings())
    if job.recipe.site_cfg:
        _write_site_cfg(job)
    if job.recipe.backend != "meson-python":
        return settings
    folder = job.workspace.folder
    cross_file = write_cross_file(
        folder / "meson-cross.ini",
        job.workspace.sdk,
        job.env,
        _flags(job),
        job.rendered(job.recipe.meson_properties),
    )
    return {
        **settings,
        # A build folder of our own: after a Ctrl-C the next run goes on in it.
        "builddir": str(folder / "meson"),
        "setup-args": [
            *(f"--cross-file={cross_file}", "-Dbuildtype=release"),
            *_list(settings.get("setup-args")),
        ],
        "compile-args": [f"-j{job.jobs}", *_list(settings.get("compile-args"))],
    }


def _list(setting: str | list[str] | None) -> list[str]:
    return [setting] if isinstance(setting, str) else setting or []


def _write_site_cfg(job: BuildJob) -> None:
    """numpy.distutils's list of where libraries are, in the source's root."""
    config = configparser.RawConfigParser()
    for section, entries in job.recipe.site_cfg.items():
        config[section] = job.rendered(entries)
    text = io.StringIO()
    config.write(text)
    files.write_text(job.source / "site.cfg", text.getvalue())


def _runner(job: BuildJob, environment: Mapping[str, str], step: Step) -> RunnerType:
    """How ``build`` starts the back end: through our door, with log and progress."""
    compiled = 0

    def on_line(line: str) -> None:
        nonlocal compiled
        if match := _NINJA_PROGRESS.match(line):
            step.progress(match[0])
        elif _COMPILED.match(line):
            compiled += 1
            step.progress(f"[{compiled} files]")
        step.line(line)

    def runner(
        cmd: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        argv = hooks.command(cmd, job.workspace.target.version)
        run(
            job.env.with_cython(argv),
            env={**environment, **(extra_environ or {})},
            cwd=Path(cwd) if cwd else None,
            log=job.workspace.log,
            on_line=on_line,
        )

    return runner


def _failure(job: BuildJob, error: CommandError) -> BuildError:
    text = job.workspace.log.read_text(errors="replace") if job.workspace.log.exists() else ""
    leaks = re.findall(r"^crossbuild: (.*is a path of the build machine.*)$", text, re.MULTILINE)
    name = f"{job.recipe.package} {job.recipe.version}"
    if leaks:
        return BuildError(
            f"{name} looked at the build machine's files (wrapper status {LEAK_STATUS})",
            evidence=f"{leaks[0]}\nfull log: {job.workspace.log}",
            cure="name the folder under dropped-paths in the recipe where the package only "
            "mentions it by habit; else point the package at the sysroot's copy",
        )
    return BuildError(
        f"{name} did not build for Python {job.workspace.target.version}",
        evidence=error.evidence,
        cure=f"the folder {job.workspace.folder} is kept; the first error in the log counts. "
        "`crossbuild doctor` tells whether the SDK lacks something",
    )
