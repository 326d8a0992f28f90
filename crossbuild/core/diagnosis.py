"""From what a program printed to what it means.

The knowledge is in tables beside those who start programs: ``board/diagnoses.toml`` and
``build/diagnoses.toml``.  An entry has a pattern, the cause and the cure, in which ``{1}`` stands
for what the pattern's first group matched.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cause:
    """The cause of a failure in a sentence, and what to try."""

    what: str
    cure: str


@dataclass(frozen=True)
class Match:
    """An entry whose pattern was found, and what the pattern's first group matched."""

    entry: Mapping[str, str]
    first: str

    @property
    def cause(self) -> Cause:
        """What the entry says, about this output."""
        return Cause(*(self.entry[key].replace("{1}", self.first) for key in ("what", "cure")))


def match(output: str, entries: Iterable[Mapping[str, Any]]) -> Match | None:
    """The first entry, in the table's order, whose pattern the output has."""
    for entry in entries:
        found = re.search(entry["pattern"], output, re.MULTILINE)
        if found:
            return Match(entry, next((group for group in found.groups() if group), ""))
    return None
