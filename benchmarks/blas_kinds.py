"""What a BLAS costs: the reference BLAS, Debian's OpenBLAS and the SDK's, on a Cortex-A9.

.venv/bin/python -m benchmarks.blas_kinds

Counts of instructions, not times.  Writes results/blas-kinds.json and .md, and the picture
docs/blas.svg.
"""

from collections.abc import Mapping
from pathlib import Path

from benchmarks import debian_board, sides
from benchmarks.counting_board import CountingBoard, counting_board
from crossbuild.core import defaults, files
from crossbuild.core.command import run
from crossbuild.sdk import reference as reference_sdk
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.read import read_sdk

OPERATIONS = (
    "scalar product, 65,536 numbers (ddot)",
    "256 x 256 matrix by a vector (dgemv)",
    "256 x 256 matrix by a matrix (dgemm)",
    "256 equations, 256 right sides (dgesv)",
    "eigenvalues of 256 x 256, symmetric (dsyev)",
)
#: The side that others are compared with comes last.
SIDES = {"SDK's OpenBLAS": "own", "Debian's OpenBLAS": "debian", "reference BLAS": "reference"}
NAMES = ("libblas.so.3", "liblapack.so.3")
PICTURE = Path(__file__).parents[1] / "docs/blas.svg"


def place_libraries(bench: Path, sdk: Sdk) -> None:
    """Each side's BLAS and LAPACK under the names that the program loads, and the program."""
    tree = debian_board.unpacked(
        debian_board.fetched(["libblas3", "liblapack3"], "armhf", dependencies=True), "reference"
    )
    debian = bench.parent / "usr/lib" / debian_board.OPENBLAS
    for side in SIDES.values():
        (bench / side).mkdir()
    for name in NAMES:
        folder = name.partition(".")[0].removeprefix("lib")
        found = tree / "usr/lib/arm-linux-gnueabihf" / folder / name
        files.write_bytes(bench / "reference" / name, found.read_bytes())
        files.write_bytes(bench / "debian" / name, (debian / name).read_bytes())
        (bench / "own" / name).symlink_to("../openblas/libopenblas.so.0")
    run([
        *sdk.tools.cc,
        *("-O2", str(Path(__file__).with_suffix(".c")), "-o", str(bench / "blas_kinds")),
        *(bench / "reference" / name for name in NAMES),
        "-Wl,--unresolved-symbols=ignore-in-shared-libs",
    ])  # fmt: skip


def counts(board: CountingBoard, side: str) -> dict[str, int]:
    """The instructions of each operation with one side's libraries."""
    folders = f"/bench/{side}:/bench/openblas:/usr/lib/arm-linux-gnueabihf"
    found, _ = board.counts(["/bench/blas_kinds"], {"LD_LIBRARY_PATH": folders})
    return dict(zip(OPERATIONS, found, strict=True))


def picture(values: Mapping[str, Mapping[str, int]]) -> str:
    """Bars as SVG: how many times the fewest instructions each side takes."""
    shades = dict(zip(values, ("#1b7f5c", "#6fae96", "#c25e38"), strict=True))
    parts, y = [], 30
    longest = max(
        values[s][o] / min(v[o] for v in values.values()) for s in values for o in OPERATIONS
    )
    for operation in OPERATIONS:
        fewest = min(side[operation] for side in values.values())
        parts.append(f'<text x="10" y="{y}" font-weight="bold">{operation}</text>')
        for side, of_side in values.items():
            y += 22
            ratio = of_side[operation] / fewest
            parts.append(f'<text x="10" y="{y}">{side}</text>')
            width = 420 * ratio / longest
            place = f'x="150" y="{y - 12}" width="{width:.1f}" height="15"'
            parts.append(f'<rect {place} fill="{shades[side]}"/>')
            parts.append(f'<text x="{156 + width:.1f}" y="{y}">{ratio:.1f} x</text>')
        y += 34
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 {y}" font-family="sans-serif" '
        'font-size="13" role="img" aria-label="Instructions of each BLAS, beside the best">\n'
        f'<rect width="660" height="{y}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def main() -> None:
    """Count, and write the results."""
    sdk = read_sdk(reference_sdk.default_destination(defaults.REFERENCE), cache=defaults.CACHE)
    defaults.WORK.mkdir(exist_ok=True)
    with counting_board(defaults.WORK.absolute(), sdk, []) as board:
        place_libraries(board.root / "bench", sdk)
        values = {name: counts(board, side) for name, side in SIDES.items()}
    files.write_text(PICTURE, picture(values))
    versions: dict[str, dict[str, str]] = {}
    print(sides.write("blas-kinds", "Instructions of BLAS and LAPACK", versions, values))


if __name__ == "__main__":
    main()
