"""From a board's output to what it means; the knowledge is in ``diagnoses.toml``."""

from pathlib import Path

from crossbuild.core import diagnosis, documents
from crossbuild.core.diagnosis import Cause

_KNOWLEDGE = Path(__file__).parent / "diagnoses.toml"

UNKNOWN = Cause("", "the log shows all that the board printed")


def diagnose(output: str, *, about: str = "diagnosis") -> Cause:
    """What *output* shows, or :data:`UNKNOWN`.

    :param about: ``diagnosis`` for programs on a board, ``connection`` for ssh's own words
    """
    found = diagnosis.match(output, documents.read_toml(_KNOWLEDGE)[about])
    return found.cause if found else UNKNOWN
