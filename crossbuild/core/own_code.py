"""Crossbuild's own code, and the tools that came with it, as parts of content keys.

What code has made is made anew when the code changes.  Whole packages count, not modules
that somebody listed: a list forgets, and then a wrong wheel is taken for the right one.
"""

import hashlib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

_ROOT = Path(__file__).parents[1]


def digest(names: Iterable[str]) -> str:
    """The digest of packages and modules of crossbuild, as 64 hexadecimal digits.

    :param names: packages (``build``), with their data but without packages inside them, and
        modules (``pipeline.stages``)
    :raises FileNotFoundError: there is none of that name
    """
    total = hashlib.sha256()
    for name in sorted(names):
        for path in sorted(_files(_ROOT / name.replace(".", "/"))):
            total.update(f"{path.relative_to(_ROOT)}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def tools(*distributions: str) -> dict[str, str]:
    """The versions of distributions of crossbuild's own environment, by name."""
    return {name: metadata.version(name) for name in distributions}


def _files(place: Path) -> Iterator[Path]:
    """A module's file, or all files of a package but its byte code."""
    if not place.is_dir():
        yield place.with_suffix(".py")
        return
    for path in place.iterdir():
        if path.is_file():
            yield path
        elif path.name != "__pycache__" and not (path / "__init__.py").exists():
            yield from _files(path)
