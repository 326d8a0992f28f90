"""A board profile read off a board itself, which needs no more than a shell and Python."""

import json

from crossbuild.audit.profile import BoardProfile, description
from crossbuild.board.protocol import ON_BOARD, Board
from crossbuild.core.errors import BoardError


def probe(board: Board, *, kind: str = "imx6q") -> BoardProfile:
    """Ask a board what an audit needs to know of it.

    :param kind: the board description that tells the CPU where the board does not
    :raises BoardError: the board's Python does not run, or answers nonsense
    """
    script = f"{board.scratch}/probe.py"
    board.push(ON_BOARD / "probe.py", script)
    answer = board.run([*board.python, script], check=False, timeout=600)
    try:
        facts = json.loads(answer.output.strip().splitlines()[-1])
        facts["cpu"] = facts["cpu"] or description(kind).cpu
        return BoardProfile.model_validate({**facts, "name": board.name, "origin": board.name})
    except (IndexError, ValueError, KeyError, TypeError) as error:
        raise BoardError(
            f"the board {board.name} could not be probed",
            evidence=f"exit status {answer.status}\n{answer.output[-2000:]}",
            cure="try it by hand: " + " ".join(board.python) + " -c 'print(1)' on the board",
        ) from error
