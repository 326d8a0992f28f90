"""Where each package that an application needs comes from: built here, or an index's own wheel.

What is decided once is locked, so that a second run neither asks an index nor decides anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from crossbuild.audit import gate
from crossbuild.audit.profile import BoardProfile
from crossbuild.core import files, own_code
from crossbuild.core.errors import (
    AuditError,
    ConfigurationError,
    IndexUnreachableError,
    LockError,
)
from crossbuild.core.python_version import PythonVersion
from crossbuild.index import download, pip_settings
from crossbuild.index.artifact import Artifact
from crossbuild.packages import application, lock, recipe
from crossbuild.packages.lock import Lock
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress.console import Console
from crossbuild.python.target import Target
from crossbuild.wheel.retag import retagged

_ALL = ":all:"
#: The code that decides whether a wheel fits.
_JUDGES = ("elf", "isa", "wheel", "audit")


@dataclass(frozen=True)
class Closure:
    """What an application needs.

    :ivar built: packages to be built, as ``name==version``
    :ivar adopted: wheels of an index that the board takes as they are
    """

    built: tuple[str, ...]
    adopted: tuple[Artifact, ...]


def resolve(
    request: BuildRequest, target: Target, board: BoardProfile, console: Console
) -> Closure:
    """All that the request's application needs, locked at the first time.

    :raises CrossbuildError: its requirements cannot be read or met, or a wheel cannot be had
    """
    asked = request.application
    options = [request.no_binary, request.only_binary, request.build_all]
    # What the audit says of a wheel is locked with it.
    judged = [request.repair.bundling.value, board.python.full_version, own_code.digest(_JUDGES)]
    prefers = [str(recipe.load(name).version) for name in recipe.names()]
    key = files.content_key(asked.digest(), target.sdk.content_id, options, judged, prefers)
    path = (
        request.target.work
        / "locks"
        / f"pylock.{PythonVersion(board.python.version).tag}-{key}.toml"
    )
    if not path.exists():
        if request.offline:
            raise IndexUnreachableError(
                "these requirements were never resolved here",
                evidence=f"--offline, and there is no lock {path}",
                cure="run the same command once without --offline",
            )
        lock.write(_locked(request, board, console), path)
    locked = lock.read(path)
    return Closure(locked.requires.get("built", ()), locked.runtime)


def _locked(request: BuildRequest, board: BoardProfile, console: Console) -> Lock:
    settings, python = pip_settings.read(), board.python.version
    with console.step(f"requirements for Python {python}") as step:
        pins = application.resolve(request.application, python, board.environment, settings)
        allowed = request.application.hashes()
        wheels = _of_index([pin for pin in pins if _may_be_taken(pin, request)], board, allowed)
        adopted = [wheel for wheel in wheels.values() if _fits(wheel, request, board, console)]
        names = {wheel.name for wheel in adopted}
        built = [pin for pin in pins if canonicalize_name(pin.name) not in names]
        _require_buildable(built, request)
        _require_named_hashes(built, allowed, python)
        step.outcome = f"{len(built)} to build, {len(adopted)} of the index"
    texts = tuple(f"{pin.name}{pin.specifier}" for pin in built)
    return Lock(python, "", {"built": texts}, runtime=tuple(sorted(adopted)))


def _of_index(
    pins: Sequence[Requirement], board: BoardProfile, allowed: Mapping[str, frozenset[str]]
) -> dict[str, Artifact]:
    """The wheels that the board's pip takes, and those that a newer pip would take there."""
    found = download.find_on_board(pins, board.tags, allowed)
    others = [pin for pin in pins if canonicalize_name(pin.name) not in found]
    return {**download.find_on_board(others, board.with_newest_pip().tags, allowed), **found}


def as_taken(wheel: Path, board: BoardProfile, work: Path) -> Path:
    """A wheel of an index as the board's pip takes it: retagged, where that pip is too old.

    :param work: the run's work folder
    """
    if parse_wheel_filename(wheel.name)[3] & board.tags:
        return wheel
    return retagged(wheel, board.native_platform, work / "retagged" / files.sha256(wheel))


def _may_be_taken(pin: Requirement, request: BuildRequest) -> bool:
    """Whether an index's own wheel may do: those of recipes are always built."""
    name = canonicalize_name(pin.name)
    return not recipe.exists(name) and not _named(name, request.no_binary)


def _fits(wheel: Artifact, request: BuildRequest, board: BoardProfile, console: Console) -> bool:
    """Whether a wheel of an index runs on the board; a note says why one does not."""
    if request.build_all and not wheel.filename.endswith("-any.whl"):
        return False
    path = as_taken(download.fetch(wheel, request.target.cache), board, request.target.work)
    try:
        gate.require_fit([path], board, wheelhouse=None, build_paths=())
    except AuditError as error:
        fact = next((line.strip() for line in error.evidence.splitlines() if line.strip()), "")
        console.note(f"{wheel.filename} of the index does not fit and is built: {fact}")
        return False
    return True


def _require_buildable(built: Iterable[Requirement], request: BuildRequest) -> None:
    """Check that nothing must be built that the user wants as a wheel alone."""
    lacking = [pin for pin in built if _named(canonicalize_name(pin.name), request.only_binary)]
    if lacking:
        raise ConfigurationError(
            f"no index has a wheel of {lacking[0].name} that fits the board",
            evidence=f"--only-binary, and {', '.join(map(str, lacking))} would have to be built",
            cure="take it out of --only-binary, or name an index that has it (pip's "
            "extra-index-url)",
        )


def _require_named_hashes(
    built: Iterable[Requirement], allowed: Mapping[str, frozenset[str]], python: str
) -> None:
    """Check that what is built is made of a file that the requirements allow.

    :raises LockError: the index has another
    """
    for pin in built:
        hashes = allowed.get(canonicalize_name(pin.name))
        if hashes is None or recipe.exists(pin.name):
            continue  # a recipe's lock has hashes of its own
        source = download.find_sdist(pin.name, str(pin.specifier), python)
        if source.sha256 not in hashes:
            raise LockError(
                f"{source.filename} has none of the hashes that the requirements name",
                evidence=f"sha256 {source.sha256}; named: {', '.join(sorted(hashes))}",
                cure="name the hash of its source distribution as well, once you trust it",
            )


def _named(name: str, chosen: Sequence[str]) -> bool:
    return _ALL in chosen or name in {str(canonicalize_name(one)) for one in chosen}
