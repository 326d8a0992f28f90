"""The stages of the pipeline; :mod:`crossbuild.pipeline.make` has their order, and it alone.

A stage takes frozen values and gives one.  No stage calls another.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from crossbuild.build import hiding
from crossbuild.core import confinement, files, jobserver
from crossbuild.core.digests import Digests
from crossbuild.index import download as downloads
from crossbuild.packages import cibuildwheel
from crossbuild.packages import wanted as wanted_packages
from crossbuild.packages.application import Application
from crossbuild.packages.build_options import BuildOptions
from crossbuild.packages.find import Finder
from crossbuild.packages.package import Package
from crossbuild.packages.source import tree as source_tree
from crossbuild.packages.source.tree import SourceTree
from crossbuild.packages.wanted import SourceFolder
from crossbuild.papers import provenance
from crossbuild.pipeline import configuration, invocation, keys, plan, readiness, requirements
from crossbuild.pipeline.plan import Planned
from crossbuild.pipeline.request import BuildRequest
from crossbuild.pipeline.run import Made, Run, Turn, board_of
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
    from crossbuild.repair.repaired import Repaired


@dataclass(frozen=True)
class Downloads:
    """What a build takes from an index.

    :ivar source: an sdist, or the source in a folder of the user's own
    :ivar requirements: wheels for the build environment
    """

    source: SourceTree | Path
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
    with readiness.explained(request):
        opened = target.open_target(request.target)
    for note in opened.notes:
        console.note(f"{note}")
    return opened


def apply_markers(request: BuildRequest, opened: Target, console: Console) -> BuildRequest:
    """The request without the packages whose markers leave the board out."""
    python = opened.python.full_version
    chosen = tuple(wanted for wanted in request.packages if wanted_packages.applies(wanted, python))
    for wanted in request.packages:
        if wanted not in chosen:
            console.note(f"passed over for the board's Python {python}: {wanted}")
    return replace(request, packages=chosen)


def read_projects(request: BuildRequest, opened: Target, console: Console) -> BuildRequest:
    """The request with what source folders say to cibuildwheel alone of their builds.

    :raises ConfigurationError: one says what cannot be read
    """
    packages = dict[str, BuildOptions]()
    for wanted in request.packages:
        folder = wanted.path if isinstance(wanted, SourceFolder) else None
        settings = cibuildwheel.read(folder, opened.python.version) if folder else None
        if settings is None:
            continue
        own, passed_over = configuration.of_cibuildwheel(settings)
        packages[canonicalize_name(wanted.name)] = own
        where = f"[{cibuildwheel.TABLE}] of {wanted}"
        if passed_over:
            console.say(f"note: {where}: passed over: {'; '.join(passed_over)}")
        if not settings.selected:
            console.say(f"note: {where} leaves {settings.identifier} out; it is built all the same")
    if packages and (variables := cibuildwheel.variables_passed_over(os.environ)):
        console.say(f"note: not read: {', '.join(variables)}; what they say belongs in the table")
    options = replace(request.options, packages={**packages, **request.options.packages})
    return replace(request, options=options)


def resolve_application(request: BuildRequest, opened: Target, console: Console) -> BuildRequest:
    """The request with all that its requirements files need, of which an index has some wheels.

    :raises CrossbuildError: requirements cannot be read or met
    """
    if request.application.is_empty:
        return request
    from crossbuild.pipeline import closure

    named = (*request.application.chosen, *wanted_packages.versions(request.packages))
    request = replace(request, application=replace(request.application, chosen=named))
    found = closure.resolve(request, opened, board_of(request, opened), console)
    packages = (*request.packages, *wanted_packages.parse_all(found.built))
    return replace(request, packages=packages, adopted=found.adopted)


def adopt(run: Run) -> list[Made]:
    """The wheels of an index that the board takes as they are, in the wheelhouse.

    :raises CrossbuildError: one cannot be had
    """
    request, digests = run.request, run.store.digests
    if not request.adopted:
        return []
    from crossbuild.pipeline import closure

    fetched = downloads.fetch_all(request.adopted, request.target.cache, offline=request.offline)
    paths = [closure.as_taken(path, run.board, request.target.work) for path in fetched]
    python = run.target.python.version
    landed = wheelhouse.publish(paths, request.wheelhouse, python, digests)
    return [
        Made(
            title=f"{artifact.name} {artifact.version}",
            wheel=wheel,
            sha256=digests.of(wheel),
            seconds=0.0,
            reused=True,
            origin=f"of {artifact.server}{'' if path in fetched else ', retagged'}",
        )
        for artifact, path, wheel in zip(request.adopted, paths, landed, strict=True)
    ]


def choose_packages(request: BuildRequest, opened: Target) -> tuple[Package, ...]:
    """The packages with all they link against, in order.

    :raises CrossbuildError: a package cannot be found, or two do not go together
    """
    where = request.target

    def ask(package: Package, origin: SourceTree | Path) -> tuple[str, ...]:
        """What its back end requires; asking needs the SDK and this machine as building does."""
        readiness.require(request, opened, [package.recipe])
        return requirements.ask(package, origin, request, opened)

    finder = Finder(
        opened.python.version,
        where.work / "locks",
        where.cache,
        offline=request.offline,
        ask=ask,
        apart=tuple(
            path.resolve() for path in (where.work, where.cache, where.root, request.wheelhouse)
        ),
    )
    packages = plan.in_order(request.packages, finder.find)
    options = request.options
    if request.repair.keep_debug:
        from crossbuild.repair import debug_info

        options = debug_info.compiling(options)
    return tuple(package.with_options(options) for package in packages)


def bring_along(
    request: BuildRequest, opened: Target, packages: Sequence[Package], console: Console
) -> Target:
    """The target with what its SDK lacks of what the packages need.

    :raises CrossbuildError: it cannot be had, or not be made with the SDK's compilers
    """
    if request.repair.bundling is Bundling.NONE:  # what is brought, no image has
        return opened
    lacking = readiness.lacking(request, opened, [package.recipe for package in packages])
    if not lacking:
        return opened
    from crossbuild.sdk import brought

    store = brought.Store(request.target.cache, offline=request.offline, tell=console.say)
    sdk = brought.bring(opened.sdk, lacking, store, request.target.blas)
    for one in sdk.brought:
        console.note(f"crossbuild brings {one.title}")
    return replace(opened, sdk=sdk)


def plan_run(request: BuildRequest, opened: Target, packages: Sequence[Package]) -> Run:
    """What decides each package's wheel, and which of these are missing."""
    where = request.target
    names = {name for package in packages for name in package.recipe.sysroot_libraries}
    reaching = replace(opened, sdk=libraries.reach(opened.sdk, names))
    network = request.capacity.uses_network
    planned = keys.with_keys(packages, reaching, request.repair, request.accept, network=network)
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
    readiness.require(run.request, run.target, recipes)
    if hiding.owner() is None:
        console.note(f"{hiding.NOTE}")
    if obstacle := confinement.obstacle():
        console.note(f"{obstacle}")
    elif run.capacity.uses_network:
        console.note(f"{confinement.NETWORK}")
    farm = run.capacity.farm
    if farm is None:
        return run
    farm, left_out = farm.examined(run.target.sdk, debug=run.request.repair.keep_debug)
    for why in left_out:
        console.note(f"the farm is without {why}")
    return run.with_capacity(replace(run.capacity, farm=farm))


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
    folder, tree = run.target.folder, planned.package.tree
    for note in tree.notes if tree else ():
        console.note(f"{note}")
    with (
        console.step(run.name_of(planned)) as step,
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
        # What is published beside the wheel: that it cannot be had is found before it is compiled.
        _along(turn.planned, turn.run)
    source = turn.package.tree or files_there.pop(0)
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
        edits = package.recipe.edits
        source = source_tree.prepare(fetched.source, workspace.source, edits)
    memory = package.recipe.memory_mb
    sharing = {**ccache.own_cache(turn.run.request.target.cache), **capacity.ccache}
    state = turn.run.request.target.work / "distcc"
    if capacity.farm is not None:
        sharing |= capacity.farm.variables(state, workspace.compiler_log.sent, memory)
    return BuildJob(
        package=package,
        workspace=workspace,
        env=env,
        source=source,
        epoch=source_tree.epoch(workspace.source),
        jobs=capacity.at_once(memory),
        pool=capacity.jobserver,
        sharing=sharing,
        writable=(*ccache.folders(sharing), state),
        network=capacity.uses_network,
    )


def build(job: "BuildJob", turn: Turn) -> "Built":
    """The wheel as its back end makes it, in the store.

    :raises BuildError: the back end failed
    """
    from crossbuild.build import backend

    job.workspace.compiler_log.clear()
    try:
        with turn.step.phase("build"):
            wheel = backend.build(job, turn.step)
    finally:
        turn.step.compiles += job.workspace.compiler_log.read()
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
    if names:  # all wheels of a run share one runtime wheel, so it has all that was brought
        names = (*names, *(one.name for one in run.target.sdk.brought))
    with turn.step.phase("repair"):
        folder = run.request.target.work / "runtime" / keys.of_repair()
        runtime = runtime_wheel.make(run.target.sdk, run.board, names, folder)
        return repairs.repair(
            built,
            turn.workspace,
            runtime=runtime,
            options=options,
            package=turn.package,
        )


def audit(repaired: "Repaired", built: "Built", turn: Turn) -> "Repaired":
    """The wheel with what there is to tell of it, once it and its companions fit the board.

    :raises AuditError: one does not fit; it is kept where it was made
    """
    from crossbuild.audit import gate
    from crossbuild.repair.repaired import Told

    with turn.step.phase("audit"):
        report = gate.require_fit(
            repaired.wheels,
            turn.run.board,
            wheelhouse=turn.run.request.wheelhouse,
            build_paths=[str(path) for path in turn.workspace.placeholders],
            built=built.wheel,
            accept=turn.run.request.accept,
        )
    told = (Told(one.wheel, one.verdict, one.rule, one.file, one.fact) for one in report.findings)
    turn.step.outcome = repaired.wheel.name
    return replace(repaired, told=tuple(told))


def keep(repaired: "Repaired", turn: Turn) -> "Repaired":
    """The wheel in the store; its build tree goes, unless the user wants it."""
    kept = turn.run.store.put_repaired(turn.planned.key, repaired)
    if not turn.run.request.keep:
        turn.workspace.tidy()
    return kept


def publish(planned: Planned, run: Run) -> Made:
    """The wheel in the wheelhouse, with those that came along and the pure ones that it needs.

    :raises DiskError: the wheelhouse cannot be written
    :raises CrossbuildError: a pure wheel cannot be had
    """
    pair = run.store.pair(planned.build_key, planned.key)
    assert pair is not None, f"{planned.package.title} was made, and is not in the store"
    built, repaired = pair
    house, digests = run.request.wheelhouse, run.store.digests
    python = run.target.python.version
    wheels = repaired.wheels
    published = wheelhouse.publish([*wheels, *_along(planned, run)], house, python, digests)
    wheelhouse.publish_debug(repaired.debug, house, digests)
    landed = published[0]
    for one in published[: len(wheels)]:
        # A wheel that came along with several has the statement of the first.
        key = planned.key if one == landed else None
        if not provenance.is_current(one, digests.of(one), key):
            provenance.write(one, digests.of(one), invocation.of(planned, run, landed))
    name, version, *_ = parse_wheel_filename(landed.name)
    return Made(
        title=f"{name} {version}",  # a source folder's own is told by its wheel alone
        wheel=landed,
        sha256=digests.of(landed),
        seconds=built.seconds,
        reused=planned not in run.missing,
        left_out=repaired.left_out,
        told=repaired.told,
    )


def _along(planned: Planned, run: Run) -> list[Path]:
    """The pure wheels that a package needs on the board, from the cache or an index."""
    cache, offline = run.request.target.cache, run.request.offline
    return downloads.fetch_all(planned.package.lock.runtime, cache, offline=offline)


def required_along(made: Sequence[Made], run: Run, console: Console) -> BuildRequest | None:
    """A request for what the wheels require on the board and the wheelhouse has not.

    None where it has all, where what is missing was looked for already, or where no index may be
    asked.  A version of what this run makes is not taken from elsewhere.
    """
    if run.request.offline or _is_installable(run):
        return None
    from crossbuild import audit
    from crossbuild.index import resolver

    if not resolver.knows(run.target.python.version):
        return None

    ours = {planned.package.name for planned in run.planned}
    unmet = audit.unmet([wheel.wheel for wheel in made], run.board, run.request.wheelhouse)
    texts = {_bare(one) for one in unmet if canonicalize_name(one.name) not in ours}
    chosen = (one.package for one in run.planned if one.package.lock.source)
    pins = (f"{one.name}=={one.recipe.version}" for one in chosen)
    application = Application(texts=tuple(sorted(texts)), chosen=tuple(sorted(pins)))
    if application.is_empty or application.texts == run.request.application.texts:
        return None
    console.note(f"taken along, for wheels require it: {', '.join(sorted(texts))}")
    return replace(run.request, packages=(), adopted=(), application=application)


def require_installable(made: Sequence[Made], run: Run) -> None:
    """Hold what the wheels require against the wheelhouse, now that all are in it.

    What passed is not read again until something changes, here or in the wheelhouse.

    :raises AuditError: pip would not find a requirement
    """
    if _is_installable(run):
        return
    from crossbuild.audit import gate

    wheels = [wheel.wheel for wheel in made]
    gate.require_installable(wheels, run.board, run.request.wheelhouse, run.request.accept)
    files.write_text(_installable(run), _installable_key(run))


def _installable(run: Run) -> Path:
    return run.target.folder / "installable"


def _installable_key(run: Run) -> str:
    digests = run.store.digests
    there = {path.name: digests.of(path) for path in run.request.wheelhouse.glob("*.whl")}
    return files.content_key([planned.key for planned in run.planned], there)


def _is_installable(run: Run) -> bool:
    """Whether the same wheels passed in the same wheelhouse."""
    passed = _installable(run)
    return passed.is_file() and passed.read_text() == _installable_key(run)


def _bare(requirement: Requirement) -> str:
    """The requirement without the marker that holds on the board."""
    bare = copy(requirement)
    bare.marker = None
    return str(bare)
