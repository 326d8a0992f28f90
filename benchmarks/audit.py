"""How long an audit takes, in units of unpacking and hashing the same wheels once.

.venv/bin/python -m benchmarks.audit [WHEEL …]      # the wheelhouse's by default

Times are of CPU, the best of three, so that they hold on a machine that does other things as
well.  The exit status is 1 where an audit takes as long as unpacking and hashing ten times over.
"""

import hashlib
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import report
from crossbuild.audit.gate import audit_all
from crossbuild.audit.sdk_profile import board_for
from crossbuild.core import defaults
from crossbuild.python.target import TargetRequest
from crossbuild.sdk import reference as reference_sdk
from crossbuild.wheel import pack as wheel

ROUNDS, BOUND = 3, 10


def unpack_and_hash(wheels: Sequence[Path]) -> None:
    """What every installer does with a wheel at least."""
    for path in wheels:
        with wheel.unpacked(path) as tree:
            for file in tree.rglob("*"):
                if file.is_file():
                    hashlib.sha256(file.read_bytes()).digest()


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds, the best of some rounds."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def measure(wheels: Sequence[Path]) -> tuple[float, float]:
    """CPU seconds of unpacking and hashing, and of the audit; what that says is no matter here."""
    name = reference_sdk.default_destination(defaults.REFERENCE)
    request = TargetRequest(name, defaults.WORK.absolute(), defaults.CACHE)
    boards = {python: board_for(request, python) for python in ("3.11",)}

    def audit() -> None:
        audit_all(wheels, lambda python: boards.setdefault(python, board_for(request, python)))

    audit()  # reads the boards of other Pythons, which is done once
    once, audited = seconds(lambda: unpack_and_hash(wheels)), seconds(audit)
    return once, audited


def main() -> int:
    """Measure, print, and leave the results."""
    wheels = [Path(word) for word in sys.argv[1:]] or sorted(defaults.WHEELHOUSE.glob("*.whl"))
    if not wheels:
        print(
            f"error: there is no wheel in {defaults.WHEELHOUSE}\n"
            "try: make wheels, or name wheels: .venv/bin/python -m benchmarks.audit WHEEL …",
            file=sys.stderr,
        )
        return 3
    once, audited = measure(wheels)
    rows = [
        {"what": what, "CPU [s]": took, "times unpacking and hashing": took / once}
        for what, took in {"unpack and hash": once, "audit": audited}.items()
    ]
    sizes = [f"{path.name}: {path.stat().st_size:,} bytes" for path in wheels]
    print(report.write("audit", rows, title="The audit", notes=sizes))
    return 0 if audited < BOUND * once else 1


if __name__ == "__main__":
    sys.exit(main())
