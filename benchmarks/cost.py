"""What commands cost, in seconds of the wall clock and of all processors."""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: The command line of the same environment.
CROSSBUILD = Path(sys.executable).with_name("crossbuild")


@dataclass
class Cost:
    """Seconds of the wall clock, and of all processors."""

    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.wall + other.wall, self.cpu + other.cpu)


@contextmanager
def measured() -> Iterator[Cost]:
    """The cost of the block's children, known when it ends."""
    cost, used, started = Cost(), _used(), time.monotonic()
    yield cost
    cost.wall, cost.cpu = time.monotonic() - started, _used() - used


def cost(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Cost:
    """What one run of a command takes, its children included."""
    with measured() as found:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=env)
    return found


def least(command: Sequence[str | Path], repeats: int) -> Cost:
    """The least of several runs: what others do on the machine only adds."""
    costs = [cost(command) for _ in range(repeats)]
    return Cost(min(one.wall for one in costs), min(one.cpu for one in costs))


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
