"""Instructions on a Cortex-A9, ours against Debian's native armhf packages, in one run.

.venv/bin/python -m benchmarks.board_speed [WHEELHOUSE]

Counts, not times: they are the same on a busy machine.  Writes results/board-speed.json
and .md, and into the wheelhouse's page.  Without wheels in the wheelhouse only the SDK's
OpenBLAS is measured.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import debian_board, sides
from benchmarks.counting_board import CountingBoard, counting_board
from crossbuild.core import defaults, files
from crossbuild.report import page, record
from crossbuild.report.record import Count, Instructions, Record
from crossbuild.sdk import reference as reference_sdk
from crossbuild.sdk.read import read_sdk

PYTHON = "3.11"

#: How each side's program finds its libraries and modules.
SIDES: Mapping[str, Mapping[str, str]] = {
    "ours": {"LD_LIBRARY_PATH": "/bench/openblas", "PYTHONPATH": "/bench/ours"},
    "Debian": {
        "LD_LIBRARY_PATH": f"/usr/lib/{debian_board.OPENBLAS}",
        "PYTHONPATH": "/bench/Debian",
    },
}
PROGRAM = f"/usr/bin/python{PYTHON}"
IMPORTED = ("numpy", "scipy", "scipy.linalg", "scipy.stats")
_IMPORT = "import os; os.getsid(0); import {module}; os.getsid(0)"
_VERSION = "import {module}; print({module}.__version__, {module}.__file__)"

Counts = dict[str, int]


def library_counts(board: CountingBoard, env: Mapping[str, str]) -> Counts:
    """OpenBLAS alone, called by a C program."""
    counts, _ = board.counts(["/bench/gemm"], env)
    return dict(zip(("dgemm 256, from C", "sgemm 256, from C"), counts, strict=True))


def python_counts(board: CountingBoard, env: Mapping[str, str], packages: set[str]) -> Counts:
    """Imports, then numpy's operations."""
    found: Counts = {}
    for module in IMPORTED:
        if module.partition(".")[0] in packages:
            argv = [PROGRAM, "-c", _IMPORT.format(module=module)]
            board.counts(argv, env)  # writes the .pyc files
            found[f"import {module}"] = board.counts(argv, env)[0][0]
    counts, names = board.counts([PROGRAM, "/bench/operations.py"], env)
    return {**found, **dict(zip(names.splitlines(), counts, strict=True))}


def version(board: CountingBoard, env: Mapping[str, str], module: str) -> str:
    """A package's version on one side, after proving that it is that side's."""
    _, printed = board.counts([PROGRAM, "-c", _VERSION.format(module=module)], env)
    number, place = printed.split()
    if not place.startswith(f"{env['PYTHONPATH']}/"):
        raise SystemExit(f"{module} came from {place}, the other side's")
    return number


def keep(
    wheelhouse: Path,
    wheels: Sequence[Path],
    versions: Mapping[str, Mapping[str, str]],
    counts: Mapping[str, Counts],
) -> None:
    """Put the counts into the record of the wheels that were measured, and onto their page."""
    said = Instructions(
        wheels=tuple(map(files.sha256, wheels)),
        when=time.time(),
        versions=tuple(sides.named(versions)),
        counts=tuple(
            Count(what=what, ours=counts["ours"][what], theirs=theirs)
            for what, theirs in counts["Debian"].items()
        ),
    )

    def add(known: Record) -> Record:
        return known.model_copy(update={"instructions": (said,)})

    record.change(wheelhouse, add)
    page.write(wheelhouse)


def main() -> None:
    """Count, and write the results."""
    wheelhouse = Path(sys.argv[1]) if len(sys.argv) > 1 else defaults.WHEELHOUSE
    wheels = sides.wheels_for(wheelhouse, PYTHON)
    packages = {path.name.partition("-")[0] for path in wheels} & {"numpy", "scipy"}
    found = read_sdk(reference_sdk.default_destination(defaults.REFERENCE), cache=defaults.CACHE)
    defaults.WORK.mkdir(exist_ok=True)
    with counting_board(defaults.WORK.absolute(), found, wheels) as board:
        versions = {
            side: {name: version(board, env, name) for name in sorted(packages)}
            for side, env in SIDES.items()
        }
        counts = {side: library_counts(board, env) for side, env in SIDES.items()}
        if packages:
            for side, env in SIDES.items():
                counts[side] |= python_counts(board, env, packages)
    if wheels:
        keep(wheelhouse, wheels, versions, counts)
    print(sides.write("board-speed", "Instructions on the board", versions, counts))


if __name__ == "__main__":
    main()
