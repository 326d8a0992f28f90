"""Which package has a library: the recipe in Yocto, and Debian's package for reference SDKs.

The knowledge is data: ``library_packages.toml``, in which a new library is a line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from crossbuild.core import documents

_TABLE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class LibraryPackage:
    """What puts a library into an SDK.

    :ivar recipe: its recipe's name in Yocto
    :ivar layer: the layer that has the recipe
    :ivar debian: the packages with its headers, for reference SDKs
    """

    recipe: str
    layer: str
    debian: str


def providing(kind: str, name: str) -> LibraryPackage | None:
    """The package of a library; None where the table does not know it.

    :param kind: what *name* is: of ``headers``, of ``libraries`` as after ``-l``, or of
        ``modules`` as pkg-config, Meson and CMake name them
    """
    for recipe, entry in table().items():
        if any(fnmatchcase(name.lower(), known.lower()) for known in entry[kind]):
            return LibraryPackage(recipe, entry.get("layer", "OE-core"), entry["debian"])
    return None


@cache
def table() -> Mapping[str, Mapping[str, Any]]:
    """All that is known, by recipe."""
    return documents.read_toml(_TABLE)
