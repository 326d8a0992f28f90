"""The wheelhouse gets its wheels, and is held against what they require on the board."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from crossbuild.core import files
from crossbuild.index import download as downloads
from crossbuild.packages.application import Application
from crossbuild.papers import provenance
from crossbuild.pipeline import invocation
from crossbuild.pipeline.plan import Planned
from crossbuild.pipeline.request import BuildRequest
from crossbuild.pipeline.run import Made, Run
from crossbuild.progress.console import Console
from crossbuild.wheel import wheelhouse


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


def publish(planned: Planned, run: Run) -> Made:
    """The wheel in the wheelhouse, with those that came along and the pure ones that it needs.

    :raises DiskError: the wheelhouse cannot be written
    :raises CrossbuildError: a pure wheel cannot be had
    """
    pair = run.store.pair(planned.build_key, planned.key)
    assert pair is not None, f"{planned.package.title} was made, and is not in the store"
    built, repaired = pair
    request, digests = run.request, run.store.digests
    house, python = request.wheelhouse, run.target.python.version
    along = downloads.fetch_all(
        planned.package.lock.runtime, request.target.cache, offline=request.offline
    )
    published = wheelhouse.publish([*repaired.wheels, *along], house, python, digests)
    wheelhouse.publish_debug(repaired.debug, house, digests)
    landed = published[0]
    # A wheel that came along with several has the statement of the first.
    unstated = [
        one
        for one in published[: len(repaired.wheels)]
        if not provenance.is_current(one, digests.of(one), planned.key if one == landed else None)
    ]
    for one in unstated:
        provenance.write(one, digests.of(one), invocation.of(planned, run, landed))
    if unstated:
        wheelhouse.list_again(house, digests)
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
