"""What is to be proven, and on which board."""

from dataclasses import dataclass
from pathlib import Path

from crossbuild.packages.wanted import Wanted, installed_as
from crossbuild.python.target import TargetRequest
from crossbuild.verify.project_tests import NO_TESTS, ProjectTests

#: The boards that are made of the SDK's own sysroot: its user land, and a whole machine.
EMULATED, SABRELITE = "emulated", "sabrelite"

#: The suite that is no more than the smoke scripts.
SMOKE = "smoke"


@dataclass(frozen=True)
class OnRealBoard:
    """How a real board is used.

    :ivar user_site: whether wheels go to a user site, not to a virtual environment
    :ivar folder: where our folder is made
    """

    user_site: bool = False
    folder: str = "/tmp"  # noqa: S108 - the folder made in it has a random name


IN_VENV = OnRealBoard()


@dataclass(frozen=True)
class Question:
    """What is to be proven, and where.

    :ivar target: the SDK, which the emulated boards alone read, and the board's Python
    :ivar board: ``emulated``, ``sabrelite``, or what ``ssh`` takes: ``user@host``, a name of
        its config
    :ivar tests: the project's own, which run after the smoke scripts
    :ivar suite: ``smoke``, or which tests of the packages' own suites: ``fast``, ``full``
    :ivar slices: folders or files of those (``numpy/linalg``); none for all
    """

    target: TargetRequest
    packages: tuple[Wanted, ...]
    wheelhouse: Path
    board: str = EMULATED
    on_real_board: OnRealBoard = IN_VENV
    tests: ProjectTests = NO_TESTS
    suite: str = SMOKE
    slices: tuple[str, ...] = ()

    @property
    def requirements(self) -> tuple[str, ...]:
        """What pip installs of the packages, of which some may be source folders."""
        return tuple(str(installed_as(wanted)) for wanted in self.packages)

    @property
    def board_kind(self) -> str:
        """``emulated``, ``sabrelite`` or ``ssh``."""
        return self.board if self.board in (EMULATED, SABRELITE) else "ssh"

    @property
    def work(self) -> Path:
        """The folder of logs and results."""
        return self.target.work

    @property
    def cache(self) -> Path:
        """The folder of downloads and prepared boards."""
        return self.target.cache
