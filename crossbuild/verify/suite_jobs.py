"""Which suites of a proof run on a board, and what pytest needs there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from crossbuild.board.protocol import Board, facts
from crossbuild.core.errors import ConfigurationError
from crossbuild.packages import lock
from crossbuild.packages.recipe import Recipe, Suite
from crossbuild.progress.console import Console
from crossbuild.report import record
from crossbuild.verify import project_tests, selection, smoke
from crossbuild.wheel import wheelhouse as wheelhouses


@dataclass(frozen=True)
class SuiteJob:
    """A suite to run.

    :ivar kind: ``fast`` or ``full``
    :ivar slices: folders or files (``numpy/linalg``) of the tests to run; none for all
    """

    package: str
    version: str
    suite: Suite
    kind: str
    slices: tuple[str, ...] = ()

    @property
    def markers(self) -> str:
        """The marker expression that chooses the tests."""
        return self.suite.fast if self.kind == "fast" else ""


def jobs(
    recipes: Iterable[Recipe], installed: Mapping[str, str], kind: str, slices: Sequence[str]
) -> tuple[SuiteJob, ...]:
    """The suites of those recipes that have one, or of which *slices* are parts.

    :param installed: the versions on the board, by package
    :raises ConfigurationError: a slice belongs to none of them
    """
    by_module = {one.suite.module: one for one in recipes if one.suite}
    versions = {canonicalize_name(name): version for name, version in installed.items()}
    asked: dict[str, list[str]] = {}
    for one in slices:
        asked.setdefault(one.partition("/")[0], []).append(one)
    if strangers := sorted(asked.keys() - by_module.keys()):
        raise ConfigurationError(
            f"no suite of these packages has tests of {strangers[0]}",
            evidence=f"suites: {', '.join(by_module) or 'none'}",
            cure="a slice is a folder or a file below such a name, e.g. numpy/linalg",
        )
    return tuple(
        SuiteJob(
            one.name,
            versions[canonicalize_name(one.name)],
            one.suite,
            kind,
            tuple(asked.get(module, ())),
        )
        for module, one in by_module.items()
        if one.suite and (module in asked or not asked)
    )


def publish_requirements(
    jobs: Sequence[SuiteJob], python: str, wheelhouse: Path, cache: Path
) -> list[Path]:
    """Put what the suites require into the wheelhouse, and return the wheels.

    :raises ConfigurationError: something of it has compiled code
    """
    published: set[Path] = set()
    for requires in {job.suite.requires for job in jobs}:
        published.update(
            project_tests.required_wheels(requires, python, wheelhouse, lock.LOCKS, cache)
        )
    landed = wheelhouses.publish(sorted(published), wheelhouse, python)
    record.taken(landed, wheelhouse, "the index, for the packages' own tests")
    return landed


def equip(
    board: Board, jobs: Sequence[SuiteJob], wheels: Sequence[Path], console: Console, *, log: Path
) -> None:
    """Install on the board what the suites require.

    :raises BoardError: it has no room, or the installation fails
    """
    requires = sorted({text for job in jobs for text in job.suite.requires})
    selection.require_space(wheels, facts(board), board.name)
    with console.step(f"install {' '.join(requires)} on {board.name}"):
        folder = smoke.push_wheels(wheels, board)
        smoke.install(board, folder, requires, log=log)
