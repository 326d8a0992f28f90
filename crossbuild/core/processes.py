"""Processes with all that they started, whatever groups and sessions those are in.

Ninja gives each compiler a process group of its own, and a back end may start sessions: so a
signal to a group leaves some behind.
"""

import contextlib
import os
import signal
from pathlib import Path

_PROC = Path("/proc")


def kill_tree(pid: int) -> None:
    """Kill a process and its descendants; all stop first, so that none starts another meanwhile."""
    tree: set[int] = set()
    found = {pid}
    while found:
        for one in found:
            _signal(one, signal.SIGSTOP)
        tree |= found
        found = _children(tree) - tree
    for one in tree:
        _signal(one, signal.SIGKILL)


def _children(parents: set[int]) -> set[int]:
    return {int(path.name) for path in _PROC.glob("[0-9]*") if _parent(path) in parents}


def _parent(process: Path) -> int:
    """The parent's number, the second field after the name in parentheses (proc(5))."""
    try:
        return int((process / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except OSError:  # it has ended
        return 0


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
