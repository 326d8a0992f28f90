"""Draws ``docs/packages.svg``: crossbuild's packages and their imports, read from the code.

Rows are those of the contract in pyproject.toml.  An arrow leads from a package to one that it
imports; where a longer way leads there as well, the direct one is left out.

    python docs/picture.py            writes the picture
    python docs/picture.py --check    ends with 1 where the picture is not the code's
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

import grimp

from crossbuild.core import documents

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/packages.svg"

WIDTH, ROW, BOX, HEIGHT = 1240, 92, 300, 54
Place = tuple[float, float]


def rows() -> list[list[str]]:
    """The packages by row, the highest first."""
    document = documents.read_toml(ROOT / "pyproject.toml")
    (contract,) = document["tool"]["importlinter"]["contracts"]
    return [layer.split(" | ") for layer in contract["layers"]]


def imports(packages: Iterable[str]) -> set[tuple[str, str]]:
    """Importer and imported, without those that a longer way connects as well."""
    graph = grimp.build_graph("crossbuild")
    names = list(packages)
    direct = {
        (one, other)
        for one in names
        for other in names
        if one != other
        and graph.direct_import_exists(
            importer=f"crossbuild.{one}", imported=f"crossbuild.{other}", as_packages=True
        )
    }
    return {(one, other) for one, other in direct if not _leads(one, other, direct)}


def _leads(one: str, other: str, direct: set[tuple[str, str]]) -> bool:
    """Whether a way of more than one step leads from one package to the other."""
    pending = [to for start, to in direct if start == one and to != other]
    while pending:
        here = pending.pop()
        if here == other:
            return True
        pending += [to for start, to in direct if start == here]
    return False


def purpose(package: str) -> str:
    """The first part of the line in which a package says what is in it."""
    text = (ROOT / "crossbuild" / package / "__init__.py").read_text(encoding="utf-8")
    line = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    return re.split(r"[:,]", line)[0].rstrip(".")


def drawn() -> str:
    """The picture."""
    places: dict[str, Place] = {}
    for number, row in enumerate(rows()):
        for column, package in enumerate(row):
            step = WIDTH / len(row)
            places[package] = (step * (column + 0.5), ROW * (number + 0.5))
    height = ROW * len(rows())
    shapes = "\n".join([*_arrows(places), *_boxes(places)])
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" \
font-family="sans-serif" text-anchor="middle">
<title>The packages of crossbuild: each imports those below it</title>
<rect width="100%" height="100%" fill="#fff"/>
<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" \
orient="auto"><path d="M0 0 8 4 0 8z" fill="#789"/></marker>
{shapes}
</svg>
"""


def _arrows(places: dict[str, Place]) -> Iterator[str]:
    for one, other in sorted(imports(places)):
        (x, y), (to_x, to_y) = places[one], places[other]
        y, to_y = y + HEIGHT / 2, to_y - HEIGHT / 2
        middle = (y + to_y) / 2
        yield (
            f'<path d="M{x:.0f} {y:.0f}C{x:.0f} {middle:.0f} {to_x:.0f} {middle:.0f} '
            f'{to_x:.0f} {to_y:.0f}" fill="none" stroke="#789" marker-end="url(#tip)"/>'
        )


def _boxes(places: dict[str, Place]) -> Iterator[str]:
    for package, (x, y) in places.items():
        yield (
            f'<rect x="{x - BOX / 2:.0f}" y="{y - HEIGHT / 2:.0f}" width="{BOX}" '
            f'height="{HEIGHT}" rx="6" fill="#eef4fa" stroke="#456"/>'
        )
        yield f'<text x="{x:.0f}" y="{y - 4:.0f}" font-weight="bold">{escape(package)}</text>'
        yield (
            f'<text x="{x:.0f}" y="{y + 15:.0f}" font-size="12" fill="#345">'
            f"{escape(purpose(package))}</text>"
        )


def main() -> int:
    """Write the picture, or check it."""
    text = drawn()
    if sys.argv[1:] != ["--check"]:
        PICTURE.write_text(text, encoding="utf-8")
        return 0
    if PICTURE.is_file() and PICTURE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PICTURE.relative_to(ROOT)} is not what the code says\ntry: make picture")
    return 1


if __name__ == "__main__":
    sys.exit(main())
