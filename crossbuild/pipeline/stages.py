"""The stages of the pipeline; :mod:`crossbuild.pipeline.make` has their order, and it alone.

A stage takes frozen values and gives one.  No stage calls another.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from crossbuild.core import files, jobserver
from crossbuild.core.digests import Digests
from crossbuild.core.errors import ConfigurationError, CrossbuildError
from crossbuild.index import download as downloads
from crossbuild.packages import source_tree
from crossbuild.packages.find import Finder
from crossbuild.packages.package import Package
from crossbuild.packages.recipe import RecipeVersion
from crossbuild.packages.wanted import SourceFolder
from crossbuild.pipeline import keys, plan, requirements
from crossbuild.pipeline.plan import Planned
from crossbuild.pipeline.request import BuildRequest
from crossbuild.pipeline.run import Made, Run, Turn
from crossbuild.pipeline.store import Store
from crossbuild.progress.console import Console
from crossbuild.python import target
from crossbuild.python.target import Target
from crossbuild.repair.options import Bundling
from crossbuild.sdk import libraries
from crossbuild.wheel import wheelhouse

# What makes wheels is imported where it is used: a run that finds them made does not wait for it.
if TYPE_CHECKING:
    from crossbuild.build.built import Built
    from crossbuild.build.job import BuildJob
    from crossbuild.doctor import Diagnosis
    from crossbuild.repair.repaired import Repaired


@dataclass(frozen=True)
class Downloads:
    """What a build takes from an index.

    :ivar source: an sdist, or a source folder of the user's own
    :ivar requirements: wheels for the build environment
    """

    source: Path
    requirements: tuple[Path, ...]


def locate_sdk(request: BuildRequest, console: Console) -> BuildRequest:
    """The request with the folder of its SDK; a reference SDK is made where it is missing.

    :raises CrossbuildError: the reference SDK cannot be made
    """
    return replace(request, target=request.target.located(console))


def open_target(request: BuildRequest, console: Console) -> Target:
    """The SDK, read, and its Python, described.

    :raises CrossbuildError: one of them cannot be used, as the doctor explains it
    """
    with _explained(request):
        opened = target.open_target(request.target)
    for note in opened.notes:
        console.say(f"note: {note}")
    return opened


def plan_run(request: BuildRequest, opened: Target) -> Run:
    """The packages with all they link against, in order, and which of their wheels are missing.

    :raises CrossbuildError: a package cannot be found, or two do not go together
    """
    _require_apart(request)
    where = request.target

    def ask(package: Package, origin: Path) -> tuple[str, ...]:
        """What its back end requires; asking needs the SDK and this machine as building does."""
        _require_ready(request, opened, [package.recipe])
        return requirements.ask(package, origin, request, opened)

    finder = Finder(
        opened.python.version,
        where.work / "locks",
        where.cache,
        offline=request.offline,
        ask=ask,
    )
    packages = plan.in_order(request.packages, finder.find)
    options = request.options
    if request.repair.keep_debug:
        from crossbuild.repair import debug_info

        options = debug_info.compiling(options)
    packages = tuple(package.with_options(options) for package in packages)
    names = {name for package in packages for name in package.recipe.sysroot_libraries}
    reaching = replace(opened, sdk=libraries.reach(opened.sdk, names))
    planned = keys.with_keys(packages, reaching, request.repair)
    wheels = where.work / "wheels"
    store = Store(wheels, Digests(wheels / "digests.json"))
    missing = tuple(entry for entry in planned if store.pair(entry.build_key, entry.key) is None)
    return Run(request, reaching, planned, missing, store)


def require_ready(run: Run, console: Console) -> Run:
    """The run with those hosts of its farm that serve, once nothing is known to be in its way.

    :raises CrossbuildError: the SDK or this machine lacks what the missing wheels need
    """
    if not run.missing:
        return run
    recipes = [planned.package.recipe for planned in run.missing]
    _require_ready(run.request, run.target, recipes)
    farm = run.capacity.farm
    if farm is None:
        return run
    farm, left_out = farm.examined(run.target.sdk, debug=run.request.repair.keep_debug)
    for why in left_out:
        console.say(f"note: the farm is without {why}")
    return run.with_capacity(replace(run.capacity, farm=farm))


def publish_requirements(batch: Sequence[Planned], run: Run) -> None:
    """Put the pure wheels that packages need on the board into the wheelhouse.

    :raises CrossbuildError: one cannot be had
    """
    request = run.request
    needed = [artifact for planned in batch for artifact in planned.package.lock.runtime]
    wheels = downloads.fetch_all(needed, request.target.cache, offline=request.offline)
    wheelhouse.publish(wheels, request.wheelhouse, run.target.python.version, run.store.digests)


@contextmanager
def sharing_compilers(missing: Sequence[Planned], run: Run) -> Iterator[Run]:
    """The run with a jobserver, where several packages are built side by side."""
    if len(missing) < 2 or run.capacity.jobserver is not None:
        yield run
        return
    memory = max(planned.package.recipe.memory_mb for planned in missing)
    with jobserver.opened(run.request.target.work, run.capacity.at_once(memory)) as path:
        yield run.with_capacity(replace(run.capacity, jobserver=path))


@contextmanager
def turn(planned: Planned, run: Run, console: Console) -> Iterator[Turn]:
    """A package's turn, which no other run takes at the same time.

    :raises DiskError: the disk is full, or the work folder cannot be written
    """
    folder = run.target.folder
    with (
        console.step(f"{planned.package.title} for Python {run.target.python.version}") as step,
        files.disk_errors(folder),
        files.exclusive(folder / f"{planned.build_key}.lock"),
    ):
        yield Turn(planned, run, step)


def download(turn: Turn) -> Downloads:
    """The source and the build requirements, by the package's lock.

    :raises CrossbuildError: a file cannot be had, or is another than was locked
    """
    lock, request = turn.package.lock, turn.run.request
    with turn.step.phase("download"):
        files_there = downloads.fetch_all(
            [*lock.source, *lock.build], request.target.cache, offline=request.offline
        )
    source = turn.package.folder or files_there.pop(0)
    return Downloads(source, tuple(files_there))


def cross_environment(fetched: Downloads, turn: Turn) -> "BuildJob":
    """The package's source and the environment that builds it.

    :raises CrossbuildError: either cannot be made
    """
    from crossbuild.build.job import BuildJob
    from crossbuild.toolchain import ccache

    package, workspace, capacity = turn.package, turn.workspace, turn.run.capacity
    with turn.step.phase("cross environment"):
        env = workspace.equip(package, fetched.requirements)
        if package.options.before_build:
            files.remove_tree(workspace.source)  # an interrupted run may have changed it half
        source = source_tree.prepare(fetched.source, workspace.source)
    memory = package.recipe.memory_mb
    sharing = {**ccache.own_cache(turn.run.request.target.cache), **capacity.ccache}
    if capacity.farm is not None:
        state = turn.run.request.target.work / "distcc"
        sharing |= capacity.farm.variables(state, workspace.compilers.sent, memory)
    return BuildJob(
        package=package,
        workspace=workspace,
        env=env,
        source=source,
        epoch=source_tree.epoch(workspace.source),
        jobs=capacity.at_once(memory),
        pool=capacity.jobserver,
        sharing=sharing,
    )


def build(job: "BuildJob", turn: Turn) -> "Built":
    """The wheel as its back end makes it, in the store.

    :raises BuildError: the back end failed
    """
    from crossbuild.build import backend

    job.workspace.compilers.clear()
    try:
        with turn.step.phase("build"):
            wheel = backend.build(job, turn.step)
    finally:
        turn.step.compiles += job.workspace.compilers.read()
    seconds = time.monotonic() - turn.began
    return turn.run.store.put_built(turn.planned.build_key, wheel, epoch=job.epoch, seconds=seconds)


def repair(built: "Built", turn: Turn) -> "Repaired":
    """The wheel made ready for the board, with the runtime wheel that it needs.

    :raises RepairError: a library is neither in the sysroot nor on the board
    """
    from crossbuild.repair import repair as repairs
    from crossbuild.repair import runtime_wheel

    run, recipe = turn.run, turn.package.recipe
    options = run.request.repair
    names = recipe.sysroot_libraries if options.bundling is Bundling.RUNTIME else ()
    with turn.step.phase("repair"):
        folder = run.request.target.work / "runtime" / keys.of_repair()
        runtime = runtime_wheel.make(run.target.sdk, run.board, names, folder)
        return repairs.repair(
            built, turn.workspace, runtime=runtime, options=options, slim=recipe.slim
        )


def audit(repaired: "Repaired", turn: Turn) -> None:
    """Hold the wheel and its companions against the board.

    :raises AuditError: one does not fit; it is kept where it was made
    """
    from crossbuild.audit import gate

    with turn.step.phase("audit"):
        gate.require_fit(
            repaired.wheels,
            turn.run.board,
            wheelhouse=turn.run.request.wheelhouse,
            build_paths=[str(path) for path in turn.workspace.placeholders],
            expected={planned.package.name for planned in turn.run.planned},
        )


def keep(repaired: "Repaired", turn: Turn) -> "Repaired":
    """The wheel in the store; its build tree goes, unless the user wants it."""
    kept = turn.run.store.put_repaired(turn.planned.key, repaired)
    if not turn.run.request.keep:
        turn.workspace.tidy()
    return kept


def publish(planned: Planned, run: Run) -> Made:
    """The wheel in the wheelhouse, where those that came along with it are as well.

    :raises DiskError: the wheelhouse cannot be written
    """
    pair = run.store.pair(planned.build_key, planned.key)
    assert pair is not None, f"{planned.package.title} was made, and is not in the store"
    built, repaired = pair
    house, digests = run.request.wheelhouse, run.store.digests
    python = run.target.python.version
    landed, *_ = wheelhouse.publish(repaired.wheels, house, python, digests)
    wheelhouse.publish_debug(repaired.debug, house, digests)
    return Made(
        title=planned.package.title,
        wheel=landed,
        sha256=digests.of(landed),
        seconds=built.seconds,
        reused=planned not in run.missing,
        left_out=repaired.left_out,
    )


def require_installable(made: Sequence[Made], run: Run) -> None:
    """Hold what the wheels require against the wheelhouse, now that all are in it.

    What passed is not read again until something changes, here or in the wheelhouse.

    :raises AuditError: pip would not find a requirement
    """
    house, digests = run.request.wheelhouse, run.store.digests
    there = {path.name: digests.of(path) for path in house.glob("*.whl")}
    key = files.content_key([planned.key for planned in run.planned], there)
    passed = run.target.folder / "installable"
    if passed.is_file() and passed.read_text() == key:
        return
    from crossbuild.audit import gate

    gate.require_installable([wheel.wheel for wheel in made], run.board, house)
    files.write_text(passed, key)


def _diagnose(request: BuildRequest) -> "Diagnosis":
    """What the doctor says of a request; nothing is compiled for it."""
    from crossbuild import doctor

    packages = [str(wanted) for wanted in request.packages]
    return doctor.diagnose(request.target, packages, jobs=request.capacity.jobs_here)


@contextmanager
def _explained(request: BuildRequest) -> Iterator[None]:
    """While the block reads the SDK and its Pythons: fail as the doctor explains it.

    :raises CrossbuildError: the block raised
    """
    try:
        yield
    except (CrossbuildError, OSError, ValueError):
        from crossbuild import doctor

        with doctor.explaining(partial(_diagnose, request)):
            raise


def _require_ready(request: BuildRequest, opened: Target, recipes: Sequence[RecipeVersion]) -> None:
    """Check that nothing is known to be in the way of packages.

    :raises CrossbuildError: the SDK or this machine lacks what they need
    """
    from crossbuild import doctor

    with _explained(request):
        python = opened.build_python.version
    work, jobs = request.target.work, request.capacity.jobs_here
    doctor.require_ready(doctor.check(opened.sdk, python, recipes, work=work, jobs=jobs))


def _require_apart(request: BuildRequest) -> None:
    """Check that what a run writes is no part of a source folder, which is copied and hashed.

    :raises ConfigurationError: the work folder or the cache is
    """
    for folder in [wanted.path for wanted in request.packages if isinstance(wanted, SourceFolder)]:
        for path in (request.target.work, request.target.cache):
            inside = path.relative_to(folder) if path.is_relative_to(folder) else None
            if inside is not None and (inside == Path() or source_tree.is_source(inside)):
                raise ConfigurationError(
                    f"{path} lies among the sources of {folder.name}",
                    evidence=f"{folder} is built, and would be copied with all that is in it",
                    cure="name a folder elsewhere, or one called build: "
                    "--work-dir build, --cache-dir ~/.cache/crossbuild",
                )
