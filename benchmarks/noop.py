"""How long it takes to do nothing: the command line's start, and a build that is up to date.

.venv/bin/python -m benchmarks.noop       # needs the reference SDK
"""

import sys
import tempfile
import time
from pathlib import Path

from benchmarks import report
from benchmarks.cost import CROSSBUILD, cost, least
from tests.support import projects

REPEATS = 7


def main() -> None:
    """Measure, and write results/noop.json and results/noop.md."""
    with tempfile.TemporaryDirectory() as folder:
        project = projects.write(Path(folder, "tiny"))
        words = f"PACKAGES={project} --work-dir {folder}/work"
        cost(["make", "-s", "setup"])
        wheels = ["make", "-s", "wheels", words, f"WHEELHOUSE={folder}/wheelhouse"]
        python = least([sys.executable, "-c", "pass"], REPEATS)
        version = least([CROSSBUILD, "--version"], REPEATS)
        cold = cost(wheels)
        time.sleep(3)  # files settle, so that their digests are remembered
        cost(wheels)
        warm = least(wheels, REPEATS)
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
            "CPU, times python -c pass": one.cpu / python.cpu,
            "CPU, share of a first make wheels": one.cpu / cold.cpu,
        }
        for what, one in named.items()
    ]
    print(report.write("noop", rows, title="Doing nothing"))


if __name__ == "__main__":
    main()
