"""One package becomes a wheel: downloads, environment, back end, repair, audit, store."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from crossbuild.core import files
from crossbuild.index import download as downloads
from crossbuild.packages.source import tree as source_tree
from crossbuild.packages.source.tree import SourceTree
from crossbuild.pipeline import keys
from crossbuild.pipeline.plan import Planned
from crossbuild.pipeline.run import Run, Turn
from crossbuild.progress.console import Console
from crossbuild.repair.options import Bundling
from crossbuild.toolchain import jobserver

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
    # The last are published beside the wheel: that one cannot be had is found before it compiles.
    locked = [*lock.source, *lock.build, *lock.runtime]
    with turn.step.phase("download"):
        fetched = downloads.fetch_all(locked, request.target.cache, offline=request.offline)
    files_there = fetched[: len(lock.source) + len(lock.build)]
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
