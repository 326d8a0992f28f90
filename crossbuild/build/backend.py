"""Building one package: its own PEP 517 back end, run by the cross interpreter.

Whatever the back end is, it is called in the same way; :mod:`crossbuild.build.settings` has
what it is told.
"""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from build import BuildBackendException, BuildException, ProjectBuilder, RunnerType
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from crossbuild.build import settings
from crossbuild.build.job import BuildJob
from crossbuild.core import files
from crossbuild.core.command import run
from crossbuild.core.errors import BuildError, CommandError, CrossbuildError
from crossbuild.packages import hooks, pyproject
from crossbuild.packages.build_options import run_before_build
from crossbuild.progress.console import Step
from crossbuild.toolchain.compilers import LEAK_STATUS

#: What numpy.distutils prints for each file: ``arm-…-gcc: numpy/core/…``.
_COMPILED = re.compile(r"^\S+-(gcc|g\+\+|gfortran)(:\w+)?: \S+$")

_NINJA_PROGRESS = re.compile(r"^\[\d+/\d+\]")


def build(job: BuildJob, step: Step) -> Path:
    """Build the wheel and return it, as the back end made it.

    :raises BuildError: the back end failed; the log's tail is the evidence
    """
    output = job.workspace.folder / "dist"
    files.remove_tree(output)
    with _backend(job, step) as (backend, told):
        wheel = Path(backend.build("wheel", output, told))
    pyproject.require_stated(wheel, job.source)
    if job.package.folder is None:
        _require_locked(wheel, job)
    return wheel


def required_for_wheel(job: BuildJob, step: Step) -> tuple[str, ...]:
    """What the back end requires for a wheel beyond what the project states, sorted.

    A ``setup.py`` states some of its build requirements in a call (``setup_requires``), and a
    back end may need more for this very project.

    :raises BuildError: the back end failed; the log's tail is the evidence
    """
    with _backend(job, step) as (backend, told):
        return tuple(sorted(backend.get_requires_for_build("wheel", told)))


@contextmanager
def _backend(
    job: BuildJob, step: Step
) -> Iterator[tuple[ProjectBuilder, dict[str, str | list[str]]]]:
    """The package's back end, ready to be called, and its configuration settings.

    :raises BuildError: a call fails
    """
    told = settings.config_settings(job)
    environment = job.options.variables(job.env.environment(settings.variables(job)))
    if job.options.before_build:
        variables = {**environment, "PATH": f"{job.env.python.parent}:{environment['PATH']}"}
        run_before_build(job.options, job.source, variables, job.workspace.log)
    runner = _runner(job, environment, step)
    try:
        with warnings.catch_warnings():
            # The back end's warnings stand in the log; they are its authors' business.
            warnings.simplefilter("ignore")
            python = str(job.env.python)
            yield ProjectBuilder(job.source, python_executable=python, runner=runner), told
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
