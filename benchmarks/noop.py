"""How long it takes to do nothing: the command line's start, and a build that is up to date.

.venv/bin/python -m benchmarks.noop       # needs the reference SDK
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import report
from tests import projects

CROSSBUILD = Path(sys.executable).with_name("crossbuild")
REPEATS = 7


@dataclass(frozen=True)
class Cost:
    """Seconds of the wall clock, and of all processors."""

    wall: float
    cpu: float


def cost(command: Sequence[str | Path]) -> Cost:
    """What one run of a command takes, its children included."""
    used, started = _used(), time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return Cost(time.monotonic() - started, _used() - used)


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def least(command: Sequence[str | Path]) -> Cost:
    """The least of several runs: what others do on the machine only adds."""
    costs = [cost(command) for _ in range(REPEATS)]
    return Cost(min(one.wall for one in costs), min(one.cpu for one in costs))


def main() -> None:
    """Measure, and write results/noop.json and results/noop.md."""
    with tempfile.TemporaryDirectory() as folder:
        project = projects.write(Path(folder, "tiny"))
        words = f"PACKAGES={project} --work-dir {folder}/work"
        wheels = ["make", "-s", "wheels", words, f"WHEELHOUSE={folder}/wheelhouse"]
        python = least([sys.executable, "-c", "pass"])
        version = least([CROSSBUILD, "--version"])
        cold = cost(wheels)
        time.sleep(3)  # files settle, so that their digests are remembered
        cost(wheels)
        warm = least(wheels)
    named = {
        "python -c pass": python,
        "crossbuild --version": version,
        "make wheels, nothing made": cold,
        "make wheels, all made": warm,
    }
    rows = [
        {
            "what": what,
            "wall [s]": one.wall,
            "CPU [s]": one.cpu,
            "wall, times python -c pass": one.wall / python.wall,
            "wall, share of a first make wheels": one.wall / cold.wall,
        }
        for what, one in named.items()
    ]
    _, table = report.write("noop", rows, report.machine())
    print(table.read_text())


if __name__ == "__main__":
    main()
