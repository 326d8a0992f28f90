"""The proof that wheels are reproducible: all are built again elsewhere, to the same bytes.

Elsewhere is another folder, at another depth, at a later time, with another number of
compilers at once and without a cache of objects.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.command import clean_environment, try_run, which
from crossbuild.core.errors import ReproducibilityError
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.pipeline.run import Made
from crossbuild.progress.console import Console
from crossbuild.wheel import compare
from crossbuild.wheel import wheelhouse as wheelhouses

#: Lines of differences that an error shows.
_SHOWN = 20


def require_same(made: Sequence[Made], request: BuildRequest, console: Console) -> None:
    """Build what a run has made again, and compare.

    :raises ReproducibilityError: a wheel differs; both builds are kept
    :raises CrossbuildError: whatever keeps a wheel from being made
    """
    again = elsewhere(request)
    folder = again.wheelhouse.parent
    files.remove_tree(folder)
    _take_locks(request, again)
    console.say(f"built again in {again.target.work}")
    make_wheels(again, console)
    for second in wheelhouses.contents(again.wheelhouse):
        _require_equal(request.wheelhouse / second.name, second, folder)
    for wheel in made:
        console.say(f"{wheel.wheel.name}: the same bytes")
    files.remove_tree(folder)


def elsewhere(request: BuildRequest) -> BuildRequest:
    """The same request for another folder, another number of jobs, and real compiles."""
    folder = request.target.work / "again"
    environment = {**request.options.environment, "CCACHE_DISABLE": "1"}
    return replace(
        request,
        wheelhouse=folder / "wheelhouse",
        target=replace(request.target, work=folder / "in-another-folder"),
        capacity=replace(request.capacity, jobs=request.capacity.jobs + 1),
        options=replace(request.options, environment=environment),
    )


def _take_locks(request: BuildRequest, again: BuildRequest) -> None:
    """A package without a recipe is built with the same requirements, whatever is new by now."""
    locks = request.target.work / "locks"
    for lock in locks.glob("*"):
        files.write_bytes(again.target.work / "locks" / lock.name, lock.read_bytes())


def _require_equal(first: Path, second: Path, folder: Path) -> None:
    differences = (
        compare.between(first, second)
        if first.exists()
        else [f"no wheel of this name was made the first time in {first.parent}"]
    )
    if not differences:
        return
    more = [f"… and {len(differences) - _SHOWN} files more"] if len(differences) > _SHOWN else []
    lines = [*differences[:_SHOWN], *more, f"first: {first}", f"second: {second}"]
    raise ReproducibilityError(
        f"{second.name} has other bytes when it is built again",
        evidence="\n".join([*lines, *_explained(first, second, folder / "diffoscope.txt")]),
        cure="docs/reproducible.md tells what makes packages differ, and what cures it; "
        f"`diffoscope {first} {second}` shows all (Debian: diffoscope-minimal)",
    )


def _explained(first: Path, second: Path, report: Path) -> list[str]:
    """Where diffoscope's report is, if this machine has diffoscope."""
    program = which("diffoscope", clean_environment())
    if program is None or not first.exists():
        return []
    try_run([program, "--text", report, first, second])
    return [f"diffoscope's report: {report}"]
