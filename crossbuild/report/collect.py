"""What commands left behind that is worth keeping: a run's steps, and what boards said."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from crossbuild.core import documents, files
from crossbuild.progress.console import Step as Done
from crossbuild.progress.trace import Trace
from crossbuild.report.record import (
    Outcomes,
    Parity,
    Phase,
    Place,
    Proof,
    Record,
    Run,
    Slice,
    Step,
    Suite,
)
from crossbuild.wheel import wheelhouse


def run(steps: Sequence[Done], cores: int) -> Run | None:
    """The steps of a run that just ended; None where it had nothing to do."""
    ended = [step for step in steps if step.ended]
    if not ended:
        return None
    origin = min(step.started for step in ended)
    return Run(
        when=time.time(),
        summary=Trace(tuple(steps), cores).summary,
        steps=tuple(
            Step(
                title=step.title,
                began=step.started - origin,
                ended=(step.ended or step.started) - origin,
                phases=tuple(
                    Phase(name=part.name, began=part.began - origin, ended=part.ended - origin)
                    for part in step.phases
                ),
                compiles=len(step.compiles),
            )
            for step in sorted(ended, key=lambda step: step.started)
        ),
    )


def stamps(work: Path) -> Mapping[Path, int]:
    """When each result of a board in a work folder was written."""
    patterns = ("verify.json", "suite-*.json", "parity-*.json")
    return {path: path.stat().st_mtime_ns for pattern in patterns for path in work.glob(pattern)}


def results(
    work: Path, before: Mapping[Path, int], house: Path
) -> Callable[[Record], Record] | None:
    """What boards said since then, as a change of the wheelhouse's record; None for nothing."""
    new = [path for path, stamp in stamps(work).items() if before.get(path) != stamp]
    if not new:
        return None
    wheels = _Wheels(house)
    read = {path.stem: documents.read_record(path) for path in sorted(new)}
    smoke = read.pop("verify", {})
    python_tag = smoke["facts"]["python_tag"] if smoke else ""
    proofs = tuple(_proofs(smoke, wheels))
    suites = tuple(_suites(_named(read, "suite-"), python_tag, wheels))
    parities = tuple(_parities(_named(read, "parity-"), wheels))

    def add(record: Record) -> Record:
        return record.with_proofs(proofs).with_suites(suites).with_parities(parities)

    return add


def _named(read: Mapping[str, dict[str, Any]], prefix: str) -> list[dict[str, Any]]:
    return [document for name, document in read.items() if name.startswith(prefix)]


class _Wheels:
    """The wheels of a wheelhouse, found by what was installed of them."""

    def __init__(self, house: Path) -> None:
        self._paths = wheelhouse.contents(house)

    def find(self, name: str, version: str, python_tag: str = "") -> str:
        """The SHA-256 of the one wheel that it can have been; empty where that is in doubt.

        :param python_tag: as ``cp311``; any where empty
        """
        found = [path for path in self._paths if _is(path, name, version, python_tag)]
        return self._digests[found[0]] if len(found) == 1 else ""

    @cached_property
    def _digests(self) -> Mapping[Path, str]:
        return {path: files.sha256(path) for path in self._paths}


def _is(path: Path, name: str, version: str, python_tag: str) -> bool:
    own, known, _, tags = parse_wheel_filename(path.name)
    try:
        same = own == canonicalize_name(name) and known == Version(version)
    except InvalidVersion:
        return False
    return same and any(
        not python_tag or tag.interpreter in (python_tag, "py3") or tag.abi == "abi3"
        for tag in tags
    )


def _proofs(report: Mapping[str, Any], wheels: _Wheels) -> Iterator[Proof]:
    if not report:
        return
    facts = report["facts"]
    place = Place(
        board=report["board"], cpu=facts["cpu"], python=facts["python"], libc=facts["libc"]
    )
    scripts = {canonicalize_name(one["package"]): one for one in report["scripts"]}
    found = {
        canonicalize_name(name): wheels.find(name, version, facts["python_tag"])
        for name, version in report["installed"].items()
    }
    beside = tuple(sorted(filter(None, found.values())))
    for name, sha256 in found.items():
        if not sha256:
            continue  # the board had it already
        proof = Proof(
            wheel=sha256, place=place, when=time.time(), outcome="installed", beside=beside
        )
        if script := scripts.get(name):
            measured = {
                "outcome": "passed" if script["passed"] else "failed",
                "imported": len(script["imported"]),
                "not_imported": len(script["not_imported"]),
                "seconds": script["seconds"],
                "peak_memory": script["peak_memory"],
            }
            proof = proof.model_copy(update=measured)
        yield proof


def _suites(
    documents_: Sequence[Mapping[str, Any]], python_tag: str, wheels: _Wheels
) -> Iterator[Suite]:
    for document in documents_:
        sha256 = wheels.find(document["package"], document["version"], python_tag)
        if sha256:
            yield Suite(
                wheel=sha256,
                package=document["package"],
                version=document["version"],
                suite=document["suite"],
                board=document["board"],
                when=time.time(),
                slices=_slices(document),
                new=tuple(document["new"]),
            )


def _parities(documents_: Sequence[Mapping[str, Any]], wheels: _Wheels) -> Iterator[Parity]:
    for document in documents_:
        ours = document["ours"]
        sha256 = wheels.find(ours["package"], ours["version"])
        if sha256:
            yield Parity(
                wheel=sha256,
                package=ours["package"],
                version=ours["version"],
                when=time.time(),
                ours=_slices(ours),
                theirs=_slices(document["theirs"]),
                both=len(document["failed on both"]),
                ours_alone=tuple(document["failed on ours alone"]),
                theirs_alone=len(document["failed on theirs alone"]),
            )


def _slices(document: Mapping[str, Any]) -> tuple[Slice, ...]:
    """The slices of a suite; what they have beside their measures are outcomes."""
    return tuple(
        Slice(
            name=part["name"],
            outcomes=Outcomes.model_validate(part),
            seconds=part["seconds"],
            peak_memory=part["peak_memory"],
        )
        for part in document["slices"]
    )
