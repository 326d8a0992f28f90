"""The wheelhouse proven on a board: emulated, made of an SDK, or a real one over SSH."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from crossbuild import (
    board_root,
    find_package,
    index,
    project_tests,
    recipe,
    sdk,
    target_python,
    verify,
)
from crossbuild.board import Board
from crossbuild.console import Console
from crossbuild.emulated_board import emulated_board, prepared_root
from crossbuild.project_tests import NO_TESTS, ProjectTests
from crossbuild.sdk import Sdk
from crossbuild.ssh_board import ssh_board
from crossbuild.verify import Report

#: The board that is made of the SDK's own sysroot.
EMULATED = "emulated"


@dataclass(frozen=True)
class Question:
    """What is to be proven, and where.

    :param board: ``emulated``, or what ``ssh`` takes: ``user@host``, a name of its config
    :param sdk: gives the SDK's folder; asked by the emulated board alone
    :param user_site: on a real board, install to a user site, not a virtual environment
    :param tests: the project's own, which run after the smoke scripts
    """

    packages: tuple[str, ...]
    wheelhouse: Path
    work: Path
    cache: Path
    sdk: Callable[[], Path]
    board: str = EMULATED
    environment: str | None = None
    python: str | None = None
    user_site: bool = False
    tests: ProjectTests = NO_TESTS


def prove(question: Question, console: Console) -> Report:
    """Install the packages from the wheelhouse on the board, and run their smoke scripts.

    :raises BoardError: the board cannot be had, or a wheel does not install or compute
    """
    packages = tuple(_requirement(package) for package in question.packages)
    scripts = {name: recipe.load(name).smoke_script for name in packages if name in recipe.names()}
    with _board(question, console) as board:
        report = verify.verify(
            question.wheelhouse,
            board,
            packages,
            scripts,
            console,
            log=question.work / "verify.log",
            report_file=question.work / "verify.json",
        )
        _run_tests(question, board, report, console)
        return report


def _requirement(package: str) -> str:
    """What pip installs of a package that may be a source folder."""
    if find_package.is_folder(package):
        return find_package.project_name(Path(package))
    return package


def _run_tests(question: Question, board: Board, report: Report, console: Console) -> None:
    tests = question.tests
    if tests.command:
        python = ".".join(report.facts.python.split(".")[:2])
        wheels = project_tests.required_wheels(
            tests.requires, python, question.wheelhouse, question.work / "locks", question.cache
        )
        project_tests.run(tests, board, wheels, console, log=question.work / "verify.log")


def _board(question: Question, console: Console) -> AbstractContextManager[Board]:
    if question.board == EMULATED:
        return _emulated(question, console)
    python = f"python{question.python}" if question.python else "python3"
    return ssh_board(question.board, python=python, user_site=question.user_site)


@contextmanager
def _emulated(question: Question, console: Console) -> Iterator[Board]:
    """A board with the target's user land, without compilers, OpenBLAS and libgfortran."""
    found = sdk.read(question.sdk(), environment=question.environment, cache=question.cache)
    version = question.python or target_python.newest(found)
    with console.step(f"board with Python {version}"):
        base = prepared_root(
            found.target_sysroot,
            version,
            question.cache / "boards",
            pip_wheel=_pip_for_board(found, version, question),
        )
    with emulated_board(base, version, work=question.work / "boards") as board:
        yield board


def _pip_for_board(found: Sdk, version: str, question: Question) -> Path | None:
    """The pip that a board without one is given; None where the image has its own."""
    if board_root.pip_folder(found.target_sysroot, version):
        return None
    find = find_package.finder(version, question.work / "locks", question.cache)
    return index.fetch(find(question.packages[0]).lock.board[0], question.cache)
