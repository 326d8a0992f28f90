"""A project's own tests on the board: ``test-command`` and what it needs."""

import shlex
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

from crossbuild.board.protocol import Board
from crossbuild.core.errors import ConfigurationError
from crossbuild.core.python_version import PythonVersion
from crossbuild.index import download, pip_settings
from crossbuild.index.artifact import Artifact
from crossbuild.packages import lock, relock
from crossbuild.packages.project import cibuildwheel
from crossbuild.packages.project.build_options import filled
from crossbuild.packages.source import tree as source_tree
from crossbuild.progress.console import Console
from crossbuild.verify import smoke
from crossbuild.verify.smoke import ScriptResult
from crossbuild.wheel import wheelhouse as wheelhouses


@dataclass(frozen=True)
class ProjectTests:
    """What a project says of its tests.

    :ivar command: shell command; empty where there are none
    :ivar requires: requirements of pure packages
    :ivar project: the folder that ``{project}`` means
    :ivar packages: source folders that are packages; ``{package}`` means each in turn
    """

    command: str = ""
    requires: tuple[str, ...] = ()
    project: Path = Path()
    packages: tuple[Path, ...] = ()


NO_TESTS = ProjectTests()


def on(tests: ProjectTests, python: str) -> list[ProjectTests]:
    """The tests for a Python: of source folders that speak to cibuildwheel alone, their own.

    :param python: the board's
    :raises ConfigurationError: a folder says what cannot be read
    """
    said = {folder: cibuildwheel.read(folder, python) for folder in tests.packages}
    own = [
        ProjectTests(settings.test_command, settings.test_requires, folder, (folder,))
        for folder, settings in said.items()
        if settings
    ]
    others = tuple(folder for folder, settings in said.items() if not settings)
    common = [] if own and not others else [replace(tests, packages=others)]
    return [one for one in (*common, *own) if one.command]


def required_wheels(
    requires: Sequence[str], python: str, wheelhouse: Path, locks: Path, cache: Path
) -> list[Path]:
    """The wheels that tests need beside those of the wheelhouse, locked at the first run.

    :raises ConfigurationError: one has compiled code and is not in the wheelhouse
    """
    if not requires:
        return []
    path = lock.path_of_tests(requires, python, folder=locks)
    if not path.exists():
        lock.write(relock.lock_of_tests(requires, python, pip_settings.read()), path)
    tag = PythonVersion(python).tag
    built = [parse_wheel_filename(wheel.name) for wheel in wheelhouses.contents(wheelhouse)]
    there = {name for name, _, _, tags in built if any(entry.interpreter == tag for entry in tags)}
    wanted = [
        entry for entry in lock.read(path).build if canonicalize_name(entry.name) not in there
    ]
    _require_pure(wanted)
    return download.fetch_all(wanted, cache)


def run(
    tests: ProjectTests, board: Board, wheels: Sequence[Path], console: Console, *, log: Path
) -> None:
    """Install what the tests need on the board, and run them there.

    :param wheels: what :func:`required_wheels` gave
    :raises BoardError: a requirement cannot be installed, or the command fails
    """
    if tests.requires:
        with console.step(f"install {' '.join(tests.requires)} on {board.name}"):
            folder = smoke.push_wheels(wheels, board)
            smoke.install(board, folder, tests.requires, log=log)
    for package in tests.packages or (tests.project,):
        with console.step(f"tests of {package.name} on {board.name}"):
            result = _run_command(tests, package, board, log)
            if not result.passed:
                raise smoke.failure(f"the tests of {package.name} failed", result, log)


def _require_pure(wanted: Sequence[Artifact]) -> None:
    compiled = [artifact for artifact in wanted if not artifact.filename.endswith("-any.whl")]
    if compiled:
        raise ConfigurationError(
            f"test-requires needs {compiled[0].name}, which has compiled code",
            evidence=", ".join(artifact.filename for artifact in compiled),
            cure=f"build its wheel too: crossbuild wheels {compiled[0].name}",
        )


def _run_command(tests: ProjectTests, package: Path, board: Board, log: Path) -> ScriptResult:
    """Run the command in a folder of its own, where the source is not on Python's path."""
    folder = f"{board.scratch}/tests"
    places = _pushed(tests, package, board)
    script = "\n".join(
        [
            f"mkdir -p {folder} && cd {folder} || exit 1",
            f'python() {{ {shlex.join(board.python)} "$@"; }}',
            f'pip() {{ {shlex.join(board.pip)} "$@"; }}',
            filled(tests.command, project=places["project"], package=places["package"]),
        ]
    )
    return smoke.run_timed(board, ["sh", "-c", script], log)


def _pushed(tests: ProjectTests, package: Path, board: Board) -> Mapping[str, str]:
    """Copy the folders that the command names, and tell where they are on the board."""
    project = f"{board.scratch}/project"
    inside = package.is_relative_to(tests.project)
    relative = package.relative_to(tests.project).as_posix() if inside else ""
    places = {
        "project": project,
        "package": f"{project}/{relative}".rstrip("/.") if inside else f"{board.scratch}/package",
    }
    if "{project}" in tests.command or (inside and "{package}" in tests.command):
        _push(tests.project, project, board)
    if not inside and "{package}" in tests.command:
        _push(package, places["package"], board)
    return places


def _push(folder: Path, target: str, board: Board) -> None:
    with tempfile.TemporaryDirectory() as stage:
        copy = Path(stage) / "copy"
        source_tree.read_alone(folder).copy(copy)
        board.push(copy, target)
