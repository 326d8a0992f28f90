"""How wheels came to be, for the wheelhouse's record: told of what the record does not know yet.

An equal key means an equal wheel, so what a run knows of a package is true of a wheel that an
earlier run built under the same key.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from crossbuild import __version__
from crossbuild.core.errors import DiskError
from crossbuild.index.artifact import Artifact
from crossbuild.pipeline.plan import Planned
from crossbuild.pipeline.run import Made, Run
from crossbuild.report import place

if TYPE_CHECKING:  # slow to load, and a run with nothing to do records nothing
    from crossbuild.report.record import Built, Environment, LeftOut, Source, Wheel


def record(batch: Sequence[Planned], made: Sequence[Made], run: Run) -> None:
    """Keep how the published wheels of a batch, and those that came along, were made."""
    house = run.request.wheelhouse
    known = place.known_wheels(house)
    new = [pair for pair in zip(batch, made, strict=True) if pair[1].sha256 not in known]
    if new:
        _add(run, {sha: wheel for pair in new for sha, wheel in _described(*pair, run)})


def record_adopted(made: Sequence[Made], run: Run) -> None:
    """Keep where wheels were taken from that were not built here."""
    known = place.known_wheels(run.request.wheelhouse) if made else frozenset()
    new = [one for one in made if one.sha256 not in known]
    if new:
        from crossbuild.report.record import Audit, Wheel

        audit = Audit(board=run.board.name)
        _add(
            run,
            {
                one.sha256: Wheel(
                    file=one.wheel.name, origin=one.origin.removeprefix("of "), audit=audit
                )
                for one in new
            },
        )


def _add(run: Run, wheels: "Mapping[str, Wheel]") -> None:
    from crossbuild.report import record as records

    # No reason for a run to fail; where the page cannot be written either, that is told.
    with suppress(DiskError):
        records.change(
            run.request.wheelhouse,
            lambda old: old.model_copy(update={"wheels": {**old.wheels, **wheels}}),
        )


def _described(planned: Planned, made: Made, run: Run) -> "Iterator[tuple[str, Wheel]]":
    """The wheel, those that were made along with it, and pure ones that it needs; by SHA-256."""
    from crossbuild.report.record import Audit, Finding, Wheel

    pair = run.store.pair(planned.build_key, planned.key)
    assert pair is not None, f"{made.title} was published, and is not in the store"
    built, repaired = pair
    facts = _built(planned, run, built.wheel.stat().st_mtime, built.seconds)
    for path in repaired.wheels:
        told = [one for one in repaired.told if one.wheel == path.name]
        findings = tuple(
            Finding(verdict=one.verdict, rule=one.rule, file=one.file, fact=one.fact)
            for one in told
        )
        yield (
            run.store.digests.of(path),
            Wheel(
                file=path.name,
                built=facts if path == repaired.wheel else None,
                origin="" if path == repaired.wheel else f"made along with {made.title}",
                audit=Audit(board=run.board.name, findings=findings),
                left_out=_left_out(made) if path == repaired.wheel else (),
            ),
        )
    for artifact in planned.package.lock.runtime:
        yield artifact.sha256, Wheel(file=artifact.filename, origin=artifact.server)


def _built(planned: Planned, run: Run, when: float, seconds: float) -> "Built":
    from crossbuild.report.record import Built

    package = planned.package
    versions = {one.package.name: one.package.title for one in run.planned}
    return Built(
        environment=_environment(run),
        sources=tuple(map(_source, package.lock.source)) if package.tree is None else (),
        folder=package.tree.digest if package.tree else "",
        requirements=tuple(map(_source, package.lock.build)),
        links=tuple(versions[name] for name in package.recipe.dependencies),
        options=_options(run),
        key=planned.key,
        crossbuild=__version__,
        when=when,
        seconds=seconds,
    )


def _environment(run: Run) -> "Environment":
    from crossbuild.report.record import Environment

    sdk, python = run.target.sdk, run.target.python
    return Environment(
        sdk=sdk.name,
        content=sdk.content_id,
        triple=sdk.triple,
        gcc=sdk.gcc_version,
        glibc=sdk.glibc_version,
        python=python.full_version,
        synthesised=python.origin != "sysroot",
        brought=tuple(one.title for one in sdk.brought),
    )


def _options(run: Run) -> tuple[str, ...]:
    repair = run.request.repair
    told = {
        f"shared libraries: {repair.bundling.value}": True,
        "slim": repair.slim,
        "debug information kept": repair.keep_debug,
        **{f"accepted: {one}": True for one in run.request.accept},
    }
    return tuple(text for text, holds in told.items() if holds)


def _source(artifact: Artifact) -> "Source":
    from crossbuild.report.record import Source

    return Source(file=artifact.filename, sha256=artifact.sha256, host=artifact.server)


def _left_out(made: Made) -> "tuple[LeftOut, ...]":
    from crossbuild.report.record import LeftOut

    numbers = Counter(file.kind for file in made.left_out)
    return tuple(
        LeftOut(
            kind=kind,
            files=number,
            size=sum(file.size for file in made.left_out if file.kind == kind),
        )
        for kind, number in sorted(numbers.items())
    )
