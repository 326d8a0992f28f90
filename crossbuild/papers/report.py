"""Under which licences wheels and what they bring along are: as a table, and for machines."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from rich.table import Table
from rich.text import Text

from crossbuild.papers.inventory import Entry, Part
from crossbuild.papers.sbom import Role

_UNKNOWN = "not known"


@dataclass(frozen=True)
class Row:
    """A wheel, or a shared library in it.

    :ivar library: empty for the wheel itself
    :ivar licence: an SPDX expression; empty where nobody can name it
    :ivar texts: the files in the wheel that have the texts
    """

    wheel: str
    library: str
    version: str
    licence: str
    texts: tuple[str, ...]


def rows(entries: Sequence[Entry]) -> list[Row]:
    """A row for each wheel, and after it one for each library that it brings along."""
    found = []
    for entry in entries:
        libraries = [_row(entry, part) for part in entry.parts(Role.LIBRARY)]
        theirs = {text for row in libraries for text in row.texts}
        own = tuple(text for text in entry.texts if text not in theirs)
        found.append(Row(entry.path.name, "", entry.version, entry.licence, own))
        found += libraries
    return found


def _row(entry: Entry, library: Part) -> Row:
    names = library.facts.get("licence-texts", "").split()
    texts = [text for text in entry.texts if text.partition("/licenses/")[2] in names]
    return Row(entry.path.name, library.name, library.version, library.licence, tuple(texts))


def table(found: Sequence[Row]) -> Table:
    """The rows for people."""
    shown = Table(title="Licences")
    for name in ("wheel", "library in it", "version", "licence", "texts"):
        shown.add_column(name, overflow="fold")
    for row in found:
        wheel = "" if row.library else row.wheel
        texts = ", ".join(PurePosixPath(text).name for text in row.texts) or "none in the wheel"
        words = (wheel, row.library, row.version, row.licence or _UNKNOWN, texts)
        shown.add_row(*map(Text, words))
    return shown
