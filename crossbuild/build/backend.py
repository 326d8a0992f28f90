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
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version
from pyproject_hooks import BackendUnavailable

from crossbuild.build import diagnosis, extension_modules, questions, settings
from crossbuild.build.job import BuildJob
from crossbuild.core import files
from crossbuild.core.command import clean_environment, run, which
from crossbuild.core.errors import BuildError, CommandError, CrossbuildError
from crossbuild.isolation import confinement, hiding
from crossbuild.isolation.namespaces import Owner
from crossbuild.packages import hooks
from crossbuild.packages.project import pyproject
from crossbuild.packages.project.build_options import run_before_build
from crossbuild.progress.console import Step

#: What numpy.distutils prints for each file: ``arm-…-gcc: numpy/core/…``.
_COMPILED = re.compile(r"^\S+-(gcc|g\+\+|gfortran)(:\w+)?: \S+$")

#: What builds write into, of the folder that all checkouts share.
_CACHES = ("cython", "f2py", "fortran")


def build(job: BuildJob, step: Step) -> Path:
    """Build the wheel and return it, as the back end made it.

    :raises BuildError: the back end failed; its first error is the evidence.  Or the wheel is not
        what its project says, or lacks extension modules
    """
    output = job.workspace.folder / "dist"
    files.remove_tree(output)
    try:
        with _backend(job, step) as (backend, told):
            wheel = made_by(backend, output, told)
    finally:
        step.notes += questions.notes(job.workspace)
    pyproject.require_stated(wheel, job.source)
    if job.package.folder is None:
        _require_locked(wheel, job)
    extension_modules.require_there(wheel, job)
    return wheel


def made_by(backend: ProjectBuilder, output: Path, told: Mapping[str, str | Sequence[str]]) -> Path:
    """The wheel that a back end makes in the folder *output*.

    :raises BuildError: what it returns is not the name of a wheel there
    """
    try:
        wheel = Path(backend.build("wheel", output, told))
        parse_wheel_filename(wheel.name)
        wrong = "" if wheel.is_file() else f"there is no {wheel}"
    except (TypeError, InvalidWheelFilename) as error:  # it returned no text, or another name
        wrong = str(error)
    if not wrong:
        return wheel
    raise BuildError(
        "the back end made no wheel",
        evidence=f"what its build_wheel returned names none: {wrong}",
        cure="build_wheel has to write a wheel into the folder that it is given, and to return "
        "its file name (PEP 517); of a back end of others, take another release",
    )


def required_for_wheel(job: BuildJob, step: Step) -> tuple[str, ...]:
    """What the back end requires for a wheel beyond what the project states, sorted.

    A ``setup.py`` states some of its build requirements in a call (``setup_requires``), and a
    back end may need more for this very project.

    :raises BuildError: the back end failed; its first error is the evidence
    """
    with _backend(job, step) as (backend, told):
        answer = sorted(backend.get_requires_for_build("wheel", told))
    try:
        return tuple(text for text in answer if Requirement(text))
    except InvalidRequirement as error:
        raise BuildError(
            f"{job.package.title} requires to build what is no requirement",
            evidence=f"its back end answered {answer}: {error}",
            cure="name it as pip does, in its setup_requires or where its back end reads it",
        ) from error


@contextmanager
def _backend(
    job: BuildJob, step: Step
) -> Iterator[tuple[ProjectBuilder, dict[str, str | list[str]]]]:
    """The package's back end, ready to be called, and its configuration settings.

    :raises BuildError: a call fails
    """
    told = settings.config_settings(job)
    environment = job.options.variables(job.env.environment(settings.variables(job)))
    if job.options.before_build:  # the user's own words, which may download and write
        sysroot, folder = job.workspace.sdk.target_sysroot, job.workspace.folder
        launcher = hiding.launcher(sysroot, folder, hiding.owner())
        variables = {**environment, "PATH": f"{job.env.python.parent}:{environment['PATH']}"}
        run_before_build(job.options, job.source, variables, job.workspace.log, launcher)
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
            raise _failure(job, cause.output, cause.what) from error
        if isinstance(cause, BackendUnavailable):
            raise _failure(job, str(cause.traceback)) from error
        if isinstance(cause, CrossbuildError | OSError):
            raise cause from error  # a full disk, a missing tool: not the package's failure
        raise
    except BuildException as error:
        raise BuildError(
            f"{job.package.title} did not build",
            evidence=f"{error}\nfull log: {job.workspace.log}",
            cure="the package's pyproject.toml must name a PEP 517 back end that works",
        ) from error


def _launcher(job: BuildJob, exchange: Path) -> tuple[str, ...]:
    """Words in front of the back end, by which it sees and may do no more than it needs.

    :param exchange: the folder by which this call's arguments and answer go
    """
    confined = () if job.options.unconfined else _confined(job, exchange)
    owner = hiding.owner()
    if confined and owner:
        owner = Owner.USER  # who is confined is no root of this machine
    space = job.workspace
    return (*confined, *hiding.launcher(space.sdk.target_sysroot, space.folder, owner))


def _confined(job: BuildJob, exchange: Path) -> tuple[str, ...]:
    space, tree = job.workspace, job.package.tree
    programs = (which("ccache", clean_environment()), space.distcc)
    return confinement.launcher(
        space.folder,
        exchange,
        writable=(*(files.made(space.cache / name) for name in _CACHES), *job.writable),
        needed=(
            *(*space.placeholders, space.cache, *space.build_python.places),
            *(space.sdk.native_sysroot, *(Path(program) for program in programs if program)),
            *((tree.folder, tree.root) if tree else ()),
        ),
        network=job.network,
    )


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
        if match := diagnosis.NINJA_PROGRESS.match(line):
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
        launcher = _launcher(job, Path(cmd[-1]))  # pyproject-hooks makes a folder for each call
        run(
            [*launcher, *job.env.with_cython(argv)],
            env={**environment, **(extra_environ or {})},
            cwd=Path(cwd) if cwd else None,
            log=job.workspace.log,
            on_line=on_line,
        )

    return runner


def _failure(job: BuildJob, output: str, ended: str = "") -> BuildError:
    """Why the back end failed, from what it printed and how it ended."""
    recipe, python = job.recipe, job.workspace.target.version
    failure = diagnosis.explain(output, ended, job.workspace.sdk)
    what = f"{job.package.title} did not build for Python {python}"
    cure = failure.cause.cure.replace("{package}", f"{recipe.package}=={recipe.version}")
    return BuildError(
        ": ".join(filter(None, (what, failure.cause.what))),
        evidence=f"{failure.error}\nfull log: {job.workspace.log}",
        cure=cure.replace("{python}", python),
    )
