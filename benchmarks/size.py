"""Installed bytes on the board: ours, slim and whole, against Debian's native armhf packages.

.venv/bin/python -m benchmarks.size [WHEELHOUSE]      # builds nothing: what is there is measured

Bytes of files, as the wheels and .deb files hold them; .pyc files, which both sides write
when they are installed, do not count.  Writes results/size.json and .md.
"""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks import debian_board, sides
from crossbuild.core import defaults
from crossbuild.packages import recipe
from crossbuild.repair import slim
from crossbuild.wheel import pack as wheel

PYTHON = "3.11"

#: Debian's packages that hold what each of our wheels holds.
COUNTERPARTS = {
    "numpy": ("python3-numpy",),
    "scipy": ("python3-scipy",),
    "crossbuild_runtime": ("libopenblas0-pthread", "libgfortran5"),
}


def size(paths: Iterable[Path]) -> int:
    """The bytes of regular files; links count nothing."""
    return sum(path.stat().st_size for path in paths if path.is_file() and not path.is_symlink())


def wheel_sizes(path: Path) -> tuple[str, int, int]:
    """A wheel's project and version, its bytes as it is, and those that are left when slim.

    A slim wheel's RECORD is shorter as well, so it is packed for real.
    """
    project, version, *_ = path.name.split("-")
    own = recipe.load(project).slim if project in recipe.names() else recipe.Slim()
    with wheel.unpacked(path) as tree, tempfile.TemporaryDirectory() as folder:
        whole = size(tree.rglob("*"))
        slim.slim(tree, **own.model_dump())
        packed = wheel.pack(tree, Path(folder) / path.name, epoch=wheel.ZIP_EPOCH)
        with wheel.unpacked(packed) as slimmed:
            return version, whole, size(slimmed.rglob("*"))


def debian_size(packages: Iterable[str]) -> int:
    """The bytes in .deb files."""
    found = debian_board.fetched(packages, "armhf", dependencies=False)
    return sum(size(debian_board.unpacked([deb], deb.name).rglob("*")) for deb in found)


def main() -> None:
    """Measure the wheels that are there, and all together where none is missing."""
    wheelhouse = Path(sys.argv[1]) if len(sys.argv) > 1 else defaults.WHEELHOUSE
    values: dict[str, dict[str, int]] = {"slim": {}, "whole": {}, "Debian": {}}
    versions: dict[str, str] = {}
    for path in sides.wheels_for(wheelhouse, PYTHON):
        name = path.name.partition("-")[0]
        versions[name], values["whole"][name], values["slim"][name] = wheel_sizes(path)
        values["Debian"][name] = debian_size(COUNTERPARTS[name])
    if versions.keys() == COUNTERPARTS.keys():
        for sizes in values.values():
            sizes["together"] = sum(sizes.values())
    print(sides.write("size", "Installed bytes", {"ours": versions}, values))


if __name__ == "__main__":
    main()
