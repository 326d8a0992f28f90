"""How long an audit takes, in units of unpacking and hashing the same wheels once.

.venv/bin/python benchmarks/audit.py [WHEEL …]      # the wheelhouse's by default
"""

import hashlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from crossbuild import reference_sdk, settings, wheel
from crossbuild.cell import Request, board_for
from crossbuild.gate import audit_all


def unpack_and_hash(wheels: Sequence[Path]) -> None:
    """What every installer does with a wheel at least."""
    for path in wheels:
        with wheel.unpacked(path) as tree:
            for file in tree.rglob("*"):
                if file.is_file():
                    hashlib.sha256(file.read_bytes()).digest()


def main() -> None:
    """Print the two times in seconds of CPU, and their ratio, as JSON."""
    wheels = [Path(word) for word in sys.argv[1:]] or sorted(settings.WHEELHOUSE.glob("*.whl"))
    request = Request(
        sdk=reference_sdk.default_destination(settings.REFERENCE),
        packages=(),
        wheelhouse=settings.WHEELHOUSE,
        work=settings.WORK.absolute(),
        cache=settings.CACHE,
        jobs=1,
    )
    boards = {python: board_for(request, python) for python in ("3.11",)}
    started = time.process_time()
    unpack_and_hash(wheels)
    once = time.process_time() - started
    started = time.process_time()
    audit_all(wheels, lambda python: boards.get(python) or board_for(request, python))
    audited = time.process_time() - started
    facts = {"wheels": [path.name for path in wheels], "unpack and hash": once, "audit": audited}
    print(json.dumps({**facts, "ratio": audited / once}, indent=2))


if __name__ == "__main__":
    main()
