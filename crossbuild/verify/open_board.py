"""Which board a proof runs on: emulated, a whole emulated machine, or a real one over SSH."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from crossbuild.board import rootfs
from crossbuild.board.emulated import emulated_board, prepared_root
from crossbuild.board.protocol import Board, Interpreter
from crossbuild.board.sabrelite.machine import sabrelite_board
from crossbuild.board.ssh import ssh_board
from crossbuild.core import abi
from crossbuild.core.python_version import PythonVersion
from crossbuild.index import download
from crossbuild.packages import find as find_package
from crossbuild.progress.console import Console
from crossbuild.python import target_python
from crossbuild.sdk import read as sdk
from crossbuild.sdk.read import Sdk
from crossbuild.verify import selection
from crossbuild.verify.project_tests import NO_TESTS, ProjectTests

#: The boards that are made of the SDK's own sysroot: its user land, and a whole machine.
EMULATED, SABRELITE = "emulated", "sabrelite"

#: The suite that is no more than the smoke scripts.
SMOKE = "smoke"


@dataclass(frozen=True)
class Question:
    """What is to be proven, and where.

    :param board: ``emulated``, ``sabrelite``, or what ``ssh`` takes: ``user@host``, a name of
        its config
    :param sdk: gives the SDK's folder; asked by the emulated boards alone
    :param user_site: on a real board, install to a user site, not a virtual environment
    :param board_folder: where on a real board our folder is made
    :param tests: the project's own, which run after the smoke scripts
    :param suite: ``smoke``, or which tests of the packages' own suites: ``fast``, ``full``
    :param slices: folders or files of those (``numpy/linalg``); none for all
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
    board_folder: str = "/tmp"  # noqa: S108 - the folder made in it has a random name
    tests: ProjectTests = NO_TESTS
    suite: str = SMOKE
    slices: tuple[str, ...] = ()

    @property
    def requirements(self) -> tuple[str, ...]:
        """What pip installs of the packages, of which some may be source folders."""
        return tuple(
            find_package.project_name(Path(text)) if find_package.is_folder(text) else text
            for text in self.packages
        )

    @property
    def board_kind(self) -> str:
        """``emulated``, ``sabrelite`` or ``ssh``."""
        return self.board if self.board in (EMULATED, SABRELITE) else "ssh"


def open_board(question: Question, console: Console) -> AbstractContextManager[Board]:
    """The board of a question, for as long as the context lasts.

    :raises BoardError: it cannot be had
    """
    if question.board == EMULATED:
        return _emulated(question, console)
    if question.board == SABRELITE:
        return _sabrelite(question, console)
    python = f"python{question.python}" if question.python else "python3"
    return ssh_board(
        question.board,
        python=python,
        folder=question.board_folder,
        user_site=question.user_site,
    )


@contextmanager
def _emulated(question: Question, console: Console) -> Iterator[Board]:
    base, version = user_land(question, console)
    with emulated_board(base, version, work=question.work / "boards") as board:
        yield board


@contextmanager
def _sabrelite(question: Question, console: Console) -> Iterator[Board]:
    """A whole machine; the wheels lie in its first file system."""
    base, version = user_land(question, console)
    about = Interpreter(abi.MACHINE, version, PythonVersion(version).tag)
    with ExitStack() as power:
        with console.step(f"boot {SABRELITE}"):
            machine = sabrelite_board(
                base,
                version,
                wheels=selection.select(question.wheelhouse, question.requirements, about),
                cache=question.cache / "boards",
                log=question.work / "sabrelite.log",
            )
            board = power.enter_context(machine)
        yield board


def user_land(question: Question, console: Console) -> tuple[Path, str]:
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
    if rootfs.pip_folder(found.target_sysroot, version):
        return None
    find = find_package.finder(version, question.work / "locks", question.cache)
    return download.fetch(find(question.packages[0]).lock.board[0], question.cache)
