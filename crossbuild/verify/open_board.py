"""Which board a proof runs on: emulated, a whole emulated machine, or a real one over SSH."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from crossbuild.board import rootfs
from crossbuild.board.emulated import emulated_board, prepared_root
from crossbuild.board.protocol import Board, Interpreter
from crossbuild.board.sabrelite.machine import sabrelite_board
from crossbuild.board.ssh import ssh_board
from crossbuild.core import abi
from crossbuild.core.python_version import PythonVersion
from crossbuild.index import download
from crossbuild.packages.find import Finder
from crossbuild.progress.console import Console
from crossbuild.python import target_python
from crossbuild.sdk.model import Sdk
from crossbuild.verify import selection
from crossbuild.verify.question import EMULATED, SABRELITE, Question


def open_board(question: Question, console: Console) -> AbstractContextManager[Board]:
    """The board of a question, for as long as the context lasts.

    :raises BoardError: it cannot be had
    """
    if question.board == EMULATED:
        return _emulated(question, console)
    if question.board == SABRELITE:
        return _sabrelite(question, console)
    python = f"python{question.target.python or 3}"
    return ssh_board(
        question.board,
        python=python,
        folder=question.on_real_board.folder,
        user_site=question.on_real_board.user_site,
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
    sdk = question.target.located(console).read_sdk()
    version = question.target.python or target_python.newest(sdk)
    with console.step(f"board with Python {version}"):
        base = prepared_root(
            sdk.target_sysroot,
            version,
            question.cache / "boards",
            pip_wheel=_pip_for_board(sdk, version, question),
        )
    return base, version


def _pip_for_board(sdk: Sdk, version: str, question: Question) -> Path | None:
    """The pip that a board without one is given; None where the image has its own."""
    if rootfs.pip_folder(sdk.target_sysroot, version):
        return None
    finder = Finder(version, question.work / "locks", question.cache)
    package = finder.find(question.packages[0])
    return download.fetch(package.lock.board[0], question.cache)
