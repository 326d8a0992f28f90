"""What a board is: a machine that runs the target's Python, reached in some way.

The emulated board, a whole emulated machine and a real one over SSH all answer to
:class:`Board`, so that installing and judging wheels is written once (verify.py).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from crossbuild.core.command import Completed
from crossbuild.core.errors import BoardError

#: Programs that run on the board: Python 3.5 and later, standard library only.
ON_BOARD = Path(__file__).parents[1] / "on_board"


@dataclass(frozen=True)
class Interpreter:
    """A board's Python, as far as it decides which wheels fit."""

    machine: str
    python: str
    python_tag: str

    @property
    def python_version(self) -> str:
        """X.Y of the Python."""
        return ".".join(self.python.split(".")[:2])


@dataclass(frozen=True)
class BoardFacts(Interpreter):
    """What a board says of itself.

    Sizes in bytes; ``child_programs`` is false where a program on the board cannot
    start another one (an emulation without binfmt); ``float_abi`` is ``hard`` where the
    hard-float loader is there; ``bits`` are those of its Python's pointers.
    """

    libc: str
    float_abi: str
    cpu: str
    cpus: int
    memory: int
    free_space: int
    child_programs: bool
    bits: int

    @property
    def is_armv7hf(self) -> bool:
        """Whether it loads our wheels: a 32-bit hard-float user land on ARMv7 or later."""
        arm = self.machine.startswith(("armv7", "armv8l"))
        return self.float_abi == "hard" and (arm or (self.machine == "aarch64" and self.bits == 32))


class Board(Protocol):
    """A place where the target's Python runs."""

    @property
    def name(self) -> str:
        """What the user called it."""

    @property
    def python(self) -> tuple[str, ...]:
        """How to start the target's Python."""

    @property
    def pip(self) -> tuple[str, ...]:
        """How to start pip."""

    @property
    def install_options(self) -> tuple[str, ...]:
        """Options of ``pip install`` that put packages where this board wants them."""

    @property
    def scratch(self) -> str:
        """A folder there that is ours and goes with the board."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What this board cannot do, for the report."""

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        log: Path | None = None,
        check: bool = True,
        timeout: float | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run a program on the board to its end.

        :param env: variables on top of the board's own
        :param timeout: seconds after which it and its children are killed
        :raises CommandError: it failed (with *check*), or ran out of time
        :raises BoardError: the board itself failed
        """

    def push(self, source: Path, target: str) -> None:
        """Copy a file or a folder to the board, at exactly *target*."""

    def pull(self, source: str, target: Path) -> None:
        """Copy a file from the board.

        :raises BoardError: there is no such file
        """


def facts(board: Board) -> BoardFacts:
    """Ask the board what it is.

    :raises BoardError: its Python does not run, or answers nonsense
    """
    script = f"{board.scratch}/facts.py"
    board.push(ON_BOARD / "facts.py", script)
    answer = board.run([*board.python, script, board.scratch], check=False, timeout=120)
    lines = answer.output.strip().splitlines()
    try:
        return BoardFacts(**json.loads(lines[-1]))
    except (IndexError, ValueError, TypeError) as error:
        raise BoardError(
            f"the Python of board {board.name} does not run",
            evidence=f"exit status {answer.status}\n{answer.output[-2000:]}",
            cure="try it by hand: " + " ".join(board.python) + " -c 'print(1)' on the board",
        ) from error
