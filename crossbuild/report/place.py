"""Where a wheelhouse's page and record lie; read also by a run that has nothing to do."""

from pathlib import Path

from crossbuild.core import documents

#: The folder of both in a wheelhouse.  pip parses every HTML file that lies beside the wheels of
#: ``-f``, and looks into no folder.
FOLDER = "report"

PAGE = f"{FOLDER}/index.html"
FILE = f"{FOLDER}/record.json"
LOCK = f"{FOLDER}/.lock"


def known_wheels(wheelhouse: Path) -> frozenset[str]:
    """The SHA-256 of the wheels that a wheelhouse's record is about."""
    wheels = documents.read_record(wheelhouse / FILE).get("wheels")
    return frozenset(wheels) if isinstance(wheels, dict) else frozenset()
