"""The proof that wheels are reproducible: all are built again elsewhere, to the same bytes.

Elsewhere is another folder, at another depth, at a later time, with another number of compilers
at once, and nothing is taken from a cache of objects.  Who has a wheel and its statement alone
builds it again by what that says.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import crossbuild
from crossbuild.core import files
from crossbuild.core.command import clean_environment, try_run, which
from crossbuild.core.errors import ConfigurationError, ReproducibilityError
from crossbuild.packages import lock
from crossbuild.packages.find import Finder
from crossbuild.packages.wanted import SourceArchive
from crossbuild.papers import about, provenance
from crossbuild.papers.provenance import Statement
from crossbuild.pipeline import invocation
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.pipeline.run import Made
from crossbuild.progress.console import Console
from crossbuild.sdk.model import Sdk
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
    console.aside(f"built again in {again.target.work}")
    make_wheels(again, console)
    for second in wheelhouses.contents(again.wheelhouse):
        _require_equal(request.wheelhouse / second.name, second, folder)
    for wheel in made:
        console.aside(f"{wheel.wheel.name}: the same bytes")
    files.remove_tree(folder)


def elsewhere(request: BuildRequest) -> BuildRequest:
    """The same request for another folder, another number of jobs, and real compiles."""
    folder = request.target.work / "again"
    # Not CCACHE_DISABLE: ccache makes some names of files relative, which a module may hold.
    environment = {**request.options.environment, "CCACHE_RECACHE": "1"}
    return replace(
        request,
        wheelhouse=folder / "wheelhouse",
        target=replace(request.target, work=folder / "in-another-folder"),
        capacity=replace(request.capacity, jobs=request.capacity.jobs + 1),
        options=replace(request.options, environment=environment),
    )


def require_stated(
    wheel: Path, statement: Statement, request: BuildRequest, source: Path | None, console: Console
) -> None:
    """Build a wheel again by the statement of where it came from, and compare.

    :param request: where to work, and with which SDK
    :param source: the wheel's source, where no index has it
    :raises ReproducibilityError: the statement is another wheel's, or the new one differs; both
        are kept
    :raises ConfigurationError: it was built with another SDK, or its source is needed
    :raises CrossbuildError: whatever keeps a wheel from being made
    """
    _require_subject(wheel, statement)
    again = invocation.again(statement, request, source)
    again = elsewhere(again)
    again = replace(again, target=again.target.located(console))
    sdk = again.target.read_sdk()
    _require_sdk(statement, sdk)
    own = crossbuild.__version__
    if statement.builder != own:
        console.say(f"note: built by crossbuild {statement.builder}; this is {own}")
    folder = again.wheelhouse.parent
    files.remove_tree(folder)
    _take_lock(statement, again)
    console.say(f"built again in {again.target.work}")
    make_wheels(replace(again, target=replace(again.target, sdk=sdk)), console)
    second = again.wheelhouse / wheel.name
    _require_equal(wheel, second, folder, _differing(statement, second))
    console.say(f"{wheel.name}: the same bytes")
    files.remove_tree(folder)


def _take_lock(statement: Statement, again: BuildRequest) -> None:
    """What has no lock in crossbuild is built by the statement's, whatever is new by now."""
    wanted = again.packages[-1]
    archive = wanted.path if isinstance(wanted, SourceArchive) else None
    python, stated = statement.parameters.python, statement.definition.internal_parameters.lock
    others = invocation.others(statement)
    place = Finder(python, again.target.work / "locks", again.target.cache)
    lock.write(provenance.unlocked(stated, python, archive), place.lock_path(wanted, others))


def _require_subject(wheel: Path, statement: Statement) -> None:
    digest = files.sha256(wheel)
    stated = [one.digest.get("sha256", "") for one in statement.subject]
    if digest not in stated:
        raise ReproducibilityError(
            f"the statement is not that of {wheel.name}",
            evidence=f"the wheel's SHA-256 is {digest}, the statement's {', '.join(stated)}",
            cure="take wheel and statement of the same wheelhouse; if they are, one was changed",
        )


def _require_sdk(statement: Statement, sdk: Sdk) -> None:
    """Refuse an SDK that cannot make the same, before anything compiles."""
    said = (statement.sdk.annotations if statement.sdk else None) or {}
    here = about.sdk(sdk)
    differing = [name for name, value in said.items() if here.get(name) != value]
    if differing:
        told = "; ".join(f"{name}: {said[name]}, here {here.get(name)}" for name in differing)
        raise ConfigurationError(
            "the wheel was built with another SDK",
            evidence=f"{told} ({sdk.root})",
            cure="give that SDK: --sdk PATH",
        )


def _differing(statement: Statement, second: Path) -> list[str]:
    """What the statement on the second build says of its materials that the first does not."""
    path = provenance.path_of(second)
    if not path.is_file():
        return []
    first, other = (
        {one.name: ", ".join(one.digest.values()) for one in said.definition.resolved_dependencies}
        for said in (statement, provenance.read(path))
    )
    return [
        f"{name}: {first.get(name, 'not there')} then, {other.get(name, 'not there')} now"
        for name in {**first, **other}
        if first.get(name) != other.get(name)
    ]


def _take_locks(request: BuildRequest, again: BuildRequest) -> None:
    """A package without a recipe is built with the same requirements, whatever is new by now."""
    locks = request.target.work / "locks"
    for path in locks.glob("*"):
        files.write_bytes(again.target.work / "locks" / path.name, path.read_bytes())


def _require_equal(first: Path, second: Path, folder: Path, materials: Sequence[str] = ()) -> None:
    """Compare.

    :param materials: what is known to differ in what the wheels were made of
    """
    differences = _differences(first, second)
    if not differences:
        return
    more = [f"… and {len(differences) - _SHOWN} files more"] if len(differences) > _SHOWN else []
    lines = [*materials, *differences[:_SHOWN], *more, f"first: {first}", f"second: {second}"]
    raise ReproducibilityError(
        f"{second.name} has other bytes when it is built again",
        evidence="\n".join([*lines, *_explained(first, second, folder / "diffoscope.txt")]),
        cure="docs/reproducible.md tells what makes packages differ, and what cures it; "
        f"`diffoscope {first} {second}` shows all (Debian: diffoscope-minimal)",
    )


def _differences(first: Path, second: Path) -> list[str]:
    times = {first: "the first time", second: "now"}
    missing = [path for path in times if not path.exists()]
    if missing:
        return [f"no wheel of this name was made {times[p]} in {p.parent}" for p in missing]
    return compare.between(first, second)


def _explained(first: Path, second: Path, report: Path) -> list[str]:
    """Where diffoscope's report is, if this machine has diffoscope."""
    program = which("diffoscope", clean_environment())
    if program is None or not (first.exists() and second.exists()):
        return []
    try_run([program, "--text", report, first, second])
    return [f"diffoscope's report: {report}"]
