"""What a package's source asked of the interpreter, and the build machine answered.

The cross interpreter answers for the target (:mod:`crossbuild.in_process.answers`), but its own
word size is that of the process.  Who asks for it may decide wrongly, so the user is told where.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from crossbuild.build.workspace import Workspace


def _log(workspace: Workspace) -> Path:
    return workspace.folder / "questions.log"


def variables(workspace: Workspace, source: Path) -> Mapping[str, str]:
    """The variables by which the cross interpreter knows whom to watch, and where to tell it."""
    return {"CROSSBUILD_SOURCE": str(source), "CROSSBUILD_QUESTIONS": str(_log(workspace))}


def notes(workspace: Workspace) -> Iterator[str]:
    """What the user is told, a note for each kind of question."""
    log = _log(workspace)
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    places: dict[str, list[str]] = {}
    for line in dict.fromkeys(lines):
        place, _, question = line.partition(": ")
        places.setdefault(question, []).append(place)
    for question, askers in sorted(places.items()):
        yield (
            f"{question} was asked by {', '.join(askers)}: it is the build machine's (64 bit), "
            "the board has 32 bit (docs/sdk-traps.md)"
        )
