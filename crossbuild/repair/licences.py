"""Licence texts of the libraries that a wheel brings along, beside its metadata."""

from collections.abc import Iterable
from pathlib import Path

from crossbuild.core import files
from crossbuild.papers.libraries import Library


def add(libraries: Iterable[Library], info: Path) -> None:
    """Put the texts beside a wheel's metadata.

    :param info: the wheel's ``.dist-info`` folder
    """
    for library in libraries:
        for name, text in library.papers.items():
            files.write_bytes(info / "licenses" / name, text)
