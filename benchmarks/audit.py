"""How long an audit takes, in units of unpacking and hashing the same wheels once.

.venv/bin/python benchmarks/audit.py [WHEEL …]      # the wheelhouse's by default

Prints JSON, and leaves it with a Markdown table in build/bench.  Times are of CPU, the best
of three, so that they hold on a machine that does other things as well.  The exit status is
1 where an audit takes as long as unpacking and hashing ten times over.
"""

import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from crossbuild import files, reference_sdk, settings, wheel
from crossbuild.cell import Request, board_for
from crossbuild.gate import audit_all

RESULTS = Path("build/bench")
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


def measure(wheels: Sequence[Path]) -> dict[str, object]:
    """Both times and their ratio; what the audit says is no matter here."""
    name = reference_sdk.default_destination(settings.REFERENCE)
    request = Request(
        sdk=name,
        packages=(),
        wheelhouse=settings.WHEELHOUSE,
        work=settings.WORK.absolute(),
        cache=settings.CACHE,
        jobs=1,
    )
    boards = {python: board_for(request, python) for python in ("3.11",)}

    def audit() -> None:
        audit_all(wheels, lambda python: boards.setdefault(python, board_for(request, python)))

    audit()  # reads the boards of other Pythons, which is done once
    once, audited = seconds(lambda: unpack_and_hash(wheels)), seconds(audit)
    return {
        "wheels": {path.name: path.stat().st_size for path in wheels},
        "unpack_and_hash_seconds": round(once, 3),
        "audit_seconds": round(audited, 3),
        "ratio": round(audited / once, 2),
        "bound": BOUND,
        "holds": audited < BOUND * once,
    }


def table(facts: dict[str, object]) -> str:
    """The measurement in Markdown."""
    rows = [f"| {key.replace('_', ' ')} | {facts[key]} |" for key in facts if key != "wheels"]
    sizes = [f"| {name} | {size} bytes |" for name, size in dict(facts["wheels"]).items()]
    return "\n".join(["| | |", "|---|---|", *sizes, *rows, ""])


def main() -> int:
    """Measure, print, and leave the results."""
    wheels = [Path(word) for word in sys.argv[1:]] or sorted(settings.WHEELHOUSE.glob("*.whl"))
    if not wheels:
        print(
            f"error: there is no wheel in {settings.WHEELHOUSE}\n"
            "try: make wheels, or name wheels: .venv/bin/python benchmarks/audit.py WHEEL …",
            file=sys.stderr,
        )
        return 3
    facts = measure(wheels)
    text = json.dumps(facts, indent=2)
    RESULTS.mkdir(parents=True, exist_ok=True)
    files.write_text(RESULTS / "audit.json", text + "\n")
    files.write_text(RESULTS / "audit.md", table(facts))
    print(text)
    return 0 if facts["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
