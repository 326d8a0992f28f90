"""Waiting for what other processes do."""

import time
from collections.abc import Callable

#: Seconds that a busy machine may take, and between two looks.
PATIENCE, PAUSE = 120.0, 0.05


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for a condition, and fail where it does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(PAUSE)
