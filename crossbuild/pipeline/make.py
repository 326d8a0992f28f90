"""The order in which an SDK becomes a wheelhouse; this order stands nowhere else."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from crossbuild.build.built import Built
from crossbuild.core import files, jobserver
from crossbuild.core.defaults import Bundling
from crossbuild.core.digests import Digests
from crossbuild.core.errors import ConfigurationError, CrossbuildError
from crossbuild.index import download
from crossbuild.packages import find as find_package
from crossbuild.packages import source_tree
from crossbuild.packages.package import Package
from crossbuild.pipeline import order as plan
from crossbuild.pipeline.order import Planned
from crossbuild.pipeline.store import Finished, Store
from crossbuild.pipeline.target import Cell, Request, open_cell
from crossbuild.progress import workers
from crossbuild.progress.console import Console, Step
from crossbuild.repair.slim import LeftOut
from crossbuild.wheel import wheelhouse as wheelhouses

# What makes wheels is imported where it is used: a run that finds them made does not wait for it.
if TYPE_CHECKING:
    from crossbuild.build.workspace import Workspace
    from crossbuild.doctor import Diagnosis


@dataclass(frozen=True)
class Made:
    """A wheel in the wheelhouse; *seconds* is what its build took, now or earlier."""

    title: str
    wheel: Path
    sha256: str
    seconds: float
    reused: bool
    #: Files of the package that a slim wheel does not have.
    left_out: tuple[LeftOut, ...] = ()


def make_wheels(request: Request, console: Console) -> list[Made]:
    """Build what is missing, and fill the wheelhouse.

    :raises CrossbuildError: whatever keeps a wheel from being made or from fitting
    """
    with _explained(request):
        cell = open_cell(request)
    for note in cell.notes:
        console.say(f"note: {note}")
    packages = _packages(request, cell)
    cell = cell.reaching(packages)
    mode = (request.bundling.value, request.slim, request.keep_debug)
    planned = plan.with_keys(packages, cell.sdk, cell.target, mode)
    digests = Digests(request.work / "wheels" / "digests.json")
    store = Store(request.work / "wheels", digests)
    kept = {one.key: pair for one in planned if (pair := store.pair(one.build_key, one.key))}
    missing = [one.package for one in planned if one.key not in kept]
    if missing:
        _require_ready(cell, missing, request)
        request = _with_fit_hosts(request, cell, console)
    console.plan(len(missing))
    built: dict[str, Built] = {}
    made = []
    for batch in plan.batches(planned):
        for one in batch:
            _publish_requirements(one.package, cell, request, digests)
        lacking = [one for one in batch if one.key not in kept]
        there = kept | make_batch(lacking, built, cell, store, request, console)
        for one in batch:
            built[one.package.name], finished = there[one.key]
            landed = _publish(finished, cell, request, digests)
            made.append(
                Made(
                    title=one.package.title,
                    wheel=landed,
                    sha256=digests.of(landed),
                    seconds=built[one.package.name].seconds,
                    reused=one.key in kept,
                    left_out=finished.left_out,
                )
            )
    digests.save()
    return made


def make_batch(
    lacking: Sequence[Planned],
    built: dict[str, Built],
    cell: Cell,
    store: Store,
    request: Request,
    console: Console,
) -> dict[str, tuple[Built, Finished]]:
    """Wheels that do not link against one another, made side by side; by key."""
    with _sharing(lacking, request) as shared:
        pieces = {
            one.package.name: partial(make_missing, one, built, cell, store, shared)
            for one in lacking
        }
        pairs = workers.run(pieces, console, min(len(pieces), request.jobs))
    return {one.key: pair for one, pair in zip(lacking, pairs, strict=True)}


@contextmanager
def _sharing(lacking: Sequence[Planned], request: Request) -> Iterator[Request]:
    """The request with a pool of jobs, where several packages are built side by side."""
    if len(lacking) < 2 or request.pool is not None:
        yield request
        return
    memory = max(one.package.recipe.memory_mb for one in lacking)
    with jobserver.opened(request.work, request.at_once(memory)) as pool:
        yield replace(request, pool=pool)


def make_missing(
    one: Planned,
    built: dict[str, Built],
    cell: Cell,
    store: Store,
    request: Request,
    console: Console,
) -> tuple[Built, Finished]:
    """Make and publish a wheel that the store lacks, unless another run does so meanwhile."""
    with (
        console.step(f"{one.package.title} for Python {cell.target.version}") as step,
        files.disk_errors(cell.folder),
        files.exclusive(cell.folder / f"{one.build_key}.lock"),
    ):
        # Another run may have made it while this one waited.
        pair = store.pair(one.build_key, one.key)
        pair = pair or make_wheel(one, built, cell, store, request, step)
    # At once: what is built beside it may fail.
    _publish(pair[1], cell, request, store.digests)
    return pair


def make_wheel(
    one: Planned,
    built: dict[str, Built],
    cell: Cell,
    store: Store,
    request: Request,
    step: Step,
) -> tuple[Built, Finished]:
    """One wheel, from its source to the store: as the back end makes it, and for the board.

    :param built: wheels that it may link against, by package
    """
    from crossbuild.audit import gate
    from crossbuild.build.workspace import Workspace
    from crossbuild.repair import repair, runtime_wheel

    package = one.package
    place = Workspace(
        folder=cell.folder / f"{package.name}-{package.recipe.version}-{one.build_key[:8]}",
        sdk=cell.sdk,
        target=cell.target,
        build_python=cell.build_python,
        targets={name: built[name].unpacked for name in package.recipe.dependencies},
        cache=request.cache,
        distcc=request.farm.distcc if request.farm else None,
    )
    made = store.built(one.build_key) or build_wheel(one, place, store, request, step)
    names = package.recipe.sysroot_libraries if request.bundling is Bundling.RUNTIME else ()
    with step.phase("bundle"):
        shared = runtime_wheel.make(cell.sdk, cell.board, names, request.work / "runtime")
        companions = [shared.wheel] if shared else []
        ready = repair.bundle(
            made,
            place.folder / "finished",
            place,
            shared=shared,
            mode=request.bundling,
            slimming=package.recipe.slim if request.slim else None,
            keep_debug=request.keep_debug,
        )
    with step.phase("audit"):
        gate.require_fit(
            [ready.wheel, *companions],
            cell.board,
            wheelhouse=request.wheelhouse,
            build_paths=[str(path) for path in place.placeholders],
        )
    finished = Finished(ready.wheel, tuple(companions), ready.left_out, ready.debug)
    finished = store.put_finished(one.key, finished)
    if not request.keep:
        place.tidy()
    return made, finished


def build_wheel(
    one: Planned, place: "Workspace", store: Store, request: Request, step: Step
) -> Built:
    """The wheel as its back end makes it, from its source to the store."""
    from crossbuild.build import backend

    started = time.monotonic()
    package = one.package
    with step.phase("download"):
        fetched = download.fetch_all(
            [*package.lock.source, *package.lock.build], request.cache, offline=request.offline
        )
    origin = package.folder or fetched.pop(0)
    with step.phase("cross environment"):
        env = place.equip(package, fetched)
        if package.options.before_build:
            files.remove_tree(place.source)  # an interrupted run may have changed it half
        source = source_tree.prepare(origin, place.source)
    epoch = source_tree.epoch(place.source)
    memory = package.recipe.memory_mb
    job = backend.BuildJob(
        recipe=package.recipe,
        workspace=place,
        env=env,
        source=source,
        epoch=epoch,
        jobs=request.at_once(memory),
        options=package.options,
        pool=request.pool,
        sharing={**request.shared_cache, **_farm_variables(request, place, memory)},
    )
    place.compilers.clear()
    try:
        with step.phase("build"):
            path = backend.build(job, step)
    finally:
        step.compiles += place.compilers.read()
    return store.put_built(one.build_key, path, epoch=epoch, seconds=time.monotonic() - started)


def _farm_variables(request: Request, place: "Workspace", memory_mb: int) -> dict[str, str]:
    if request.farm is None:
        return {}
    return request.farm.variables(request.work / "distcc", place.compilers.sent, memory_mb)


def diagnose(request: Request) -> "Diagnosis":
    """What can be built of a request, and what cures the rest; nothing is compiled for it."""
    from crossbuild import doctor

    return doctor.diagnose(
        request.sdk,
        request.packages,
        environment=request.environment,
        python=request.python,
        build_python=request.build_python,
        cache=request.cache,
        work=request.work,
        jobs=request.jobs_here,
    )


@contextmanager
def _explained(request: Request) -> Iterator[None]:
    """While the block reads the SDK and its Pythons: fail as the doctor explains it.

    :raises CrossbuildError: the block raised
    """
    try:
        yield
    except (CrossbuildError, OSError, ValueError):
        from crossbuild import doctor

        with doctor.explaining(lambda: diagnose(request)):
            raise


def _require_ready(cell: Cell, packages: Sequence[Package], request: Request) -> None:
    """Stop before anything compiles, where the doctor finds a reason.

    :raises CrossbuildError: the SDK or this machine lacks what the packages need
    """
    from crossbuild import doctor

    with _explained(request):
        python = cell.build_python.version
    recipes = [package.recipe for package in packages]
    found = doctor.check(cell.sdk, python, recipes, work=request.work, jobs=request.jobs_here)
    doctor.require_ready(found)


def _with_fit_hosts(request: Request, cell: Cell, console: Console) -> Request:
    """The request with those hosts of its farm that make the same wheels as this machine."""
    if request.farm is None:
        return request
    farm, left_out = request.farm.examined(cell.sdk, debug=request.keep_debug)
    for why in left_out:
        console.say(f"note: the farm is without {why}")
    return replace(request, farm=farm)


def _packages(request: Request, cell: Cell) -> tuple[Package, ...]:
    find = find_package.finder(
        cell.target.version, request.work / "locks", request.cache, offline=request.offline
    )
    options = request.options
    if request.keep_debug:
        from crossbuild.repair import debug_info

        options = debug_info.compiling(options)
    packages = plan.in_order(request.packages, find)
    _require_apart(packages, request)
    return plan.with_options(packages, options)


def _require_apart(packages: Sequence[Package], request: Request) -> None:
    """Check that what a run writes is no part of a source folder, which is copied and hashed.

    :raises ConfigurationError: the work folder or the cache is
    """
    for folder in [package.folder for package in packages if package.folder]:
        for place in (request.work, request.cache):
            inside = place.relative_to(folder) if place.is_relative_to(folder) else None
            if inside is not None and (inside == Path() or source_tree.is_source(inside)):
                raise ConfigurationError(
                    f"{place} lies among the sources of {folder.name}",
                    evidence=f"{folder} is built, and would be copied with all that is in it",
                    cure="name a folder elsewhere, or one called build: "
                    "--work-dir build, --cache-dir ~/.cache/crossbuild",
                )


def _publish(finished: Finished, cell: Cell, request: Request, digests: Digests) -> Path:
    """The wheel in the wheelhouse, where those that came along with it are as well."""
    wheels = [finished.wheel, *finished.companions]
    landed, *_ = wheelhouses.publish(wheels, request.wheelhouse, cell.target.version, digests)
    wheelhouses.publish_debug(finished.debug, request.wheelhouse, digests)
    return landed


def _publish_requirements(package: Package, cell: Cell, request: Request, digests: Digests) -> None:
    """The pure wheels that a package needs on the board."""
    needed = download.fetch_all(package.lock.runtime, request.cache, offline=request.offline)
    wheelhouses.publish(needed, request.wheelhouse, cell.target.version, digests)
