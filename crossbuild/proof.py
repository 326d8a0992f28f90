"""The wheelhouse proven on a board: emulated, made of an SDK, or a real one over SSH."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from crossbuild import (
    board_root,
    board_wheels,
    find_package,
    index,
    project_tests,
    recipe,
    sdk,
    target_python,
    verify,
)
from crossbuild.board import Board, Interpreter
from crossbuild.console import Console
from crossbuild.emulated_board import emulated_board, prepared_root
from crossbuild.project_tests import NO_TESTS, ProjectTests
from crossbuild.sabrelite_board import sabrelite_board
from crossbuild.sdk import Sdk
from crossbuild.ssh_board import ssh_board
from crossbuild.verify import Report

#: The boards that are made of the SDK's own sysroot: its user land, and a whole machine.
EMULATED, SABRELITE = "emulated", "sabrelite"


@dataclass(frozen=True)
class Question:
    """What is to be proven, and where.

    :param board: ``emulated``, ``sabrelite``, or what ``ssh`` takes: ``user@host``, a name of
        its config
    :param sdk: gives the SDK's folder; asked by the emulated boards alone
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
    if question.board == SABRELITE:
        return _sabrelite(question, console)
    python = f"python{question.python}" if question.python else "python3"
    return ssh_board(question.board, python=python, user_site=question.user_site)


@contextmanager
def _emulated(question: Question, console: Console) -> Iterator[Board]:
    base, version = _root(question, console)
    with emulated_board(base, version, work=question.work / "boards") as board:
        yield board


@contextmanager
def _sabrelite(question: Question, console: Console) -> Iterator[Board]:
    """A whole machine; the wheels lie in its first file system."""
    base, version = _root(question, console)
    about = Interpreter("armv7l", version, f"cp{version.replace('.', '')}")
    packages = [_requirement(package) for package in question.packages]
    with ExitStack() as power:
        with console.step(f"boot {SABRELITE}"):
            machine = sabrelite_board(
                base,
                version,
                wheels=board_wheels.select(question.wheelhouse, packages, about),
                cache=question.cache / "boards",
                log=question.work / "sabrelite.log",
            )
            board = power.enter_context(machine)
        yield board


def _root(question: Question, console: Console) -> tuple[Path, str]:
    """The target's user land, without compilers, OpenBLAS and libgfortran; its Python."""
    found = sdk.read(question.sdk(), environment=question.environment, cache=question.cache)
    version = question.python or target_python.newest(found)
    with console.step(f"board with Python {version}"):
        base = prepared_root(
            found.target_sysroot,
            version,
            question.cache / "boards",
            pip_wheel=_pip_for_board(found, version, question),
        )
    return base, version


def _pip_for_board(found: Sdk, version: str, question: Question) -> Path | None:
    """The pip that a board without one is given; None where the image has its own."""
    if board_root.pip_folder(found.target_sysroot, version):
        return None
    find = find_package.finder(version, question.work / "locks", question.cache)
    return index.fetch(find(question.packages[0]).lock.board[0], question.cache)
