"""From a board's output to what it means; the knowledge is in ``diagnoses.toml``."""

import re
from dataclasses import dataclass
from pathlib import Path

from crossbuild.core import documents

_KNOWLEDGE = Path(__file__).parent / "diagnoses.toml"


@dataclass(frozen=True)
class Cause:
    """The cause of a failure in a sentence, and what to try."""

    what: str
    cure: str


UNKNOWN = Cause("", "the log shows all that the board printed")


def diagnose(output: str, *, about: str = "diagnosis") -> Cause:
    """What *output* shows, or :data:`UNKNOWN`.

    :param about: ``diagnosis`` for programs on a board, ``connection`` for ssh's own words
    """
    for entry in documents.read_toml(_KNOWLEDGE)[about]:
        match = re.search(entry["pattern"], output)
        if match:
            first = match.group(1) if match.re.groups else ""
            return Cause(*(entry[key].replace("{1}", first) for key in ("what", "cure")))
    return UNKNOWN
