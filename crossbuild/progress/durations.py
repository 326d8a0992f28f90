"""How long steps took the last time, so that a run can say how long it will take."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from crossbuild.core import documents, files
from crossbuild.core.errors import DiskError
from crossbuild.progress.console import Console

_FILE = "durations.json"

#: How many steps are remembered, those of the latest runs.
_REMEMBERED = 1000

#: A step that took less says nothing of how long it will take, in seconds.
_SHORT = 5.0


@contextmanager
def remembered(console: Console, folder: Path) -> Iterator[None]:
    """While the block runs, steps say how long they took the last time; then it is remembered anew.

    :param folder: where it is remembered; where that cannot be written, nothing is
    """
    known = _read(folder / _FILE)
    console.expected = known
    begun = len(console.steps)
    try:
        yield
    finally:
        now = {
            step.name: round(step.ended - step.started, 1)
            for step in console.steps[begun:]
            if step.ended and step.succeeded and step.ended - step.started >= _SHORT
        }
        if now:
            _write(folder / _FILE, {**_without(known, now), **now})


def _read(path: Path) -> dict[str, float]:
    found = documents.read_record(path)
    return {name: float(took) for name, took in found.items() if isinstance(took, int | float)}


def _without(known: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """The earlier durations, the latest last, as many as are kept beside those of now."""
    rest = [(name, took) for name, took in known.items() if name not in now]
    return dict(rest[max(0, len(rest) + len(now) - _REMEMBERED) :])


def _write(path: Path, durations: Mapping[str, float]) -> None:
    try:
        files.write_text(path, json.dumps(durations))
    except DiskError:
        return  # an estimate less, the next time
