"""What is different between two states of a wheelhouse."""

from collections.abc import Mapping
from dataclasses import dataclass

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from crossbuild.report.record import File, State


@dataclass(frozen=True)
class Change:
    """Something that changed; *grown* is by how many bytes the file did.

    :ivar kind: ``added``, ``removed``, ``replaced`` by another version, or ``rebuilt``: other
        bytes under the same name
    """

    kind: str
    file: str
    before: str = ""
    grown: int = 0


def between(old: State, new: State) -> tuple[Change, ...]:
    """What happened to the wheels, by file name."""
    gone = {name: file for name, file in old.wheels.items() if name not in new.wheels}
    came = {name: file for name, file in new.wheels.items() if name not in old.wheels}
    changes = [
        Change("rebuilt", name, grown=file.size - old.wheels[name].size)
        for name, file in new.wheels.items()
        if name in old.wheels and old.wheels[name].sha256 != file.sha256
    ]
    for name, file in came.items():
        before = _same_package(name, gone)
        if before:
            grown = file.size - gone.pop(before).size
            changes.append(Change("replaced", name, before, grown))
        else:
            changes.append(Change("added", name, grown=file.size))
    changes += [Change("removed", name, grown=-file.size) for name, file in gone.items()]
    return tuple(sorted(changes, key=lambda change: change.file))


def _same_package(name: str, others: Mapping[str, File]) -> str:
    """The first of other wheels that is of the same package and for the same Python, or none."""
    mine = _package(name)
    return next((other for other in others if mine and _package(other) == mine), "")


def _package(name: str) -> tuple[str, frozenset[str]] | None:
    try:
        package, _, _, tags = parse_wheel_filename(name)
    except InvalidWheelFilename:
        return None
    return package, frozenset(tag.interpreter for tag in tags)
