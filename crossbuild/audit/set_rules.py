"""Rules on wheels taken together: what one wheel does to another on the same board."""

import posixpath
from collections.abc import Iterator, Sequence

from crossbuild.audit.facts import FileFacts, WheelFacts
from crossbuild.audit.report import Violation


def findings(wheel: WheelFacts, available: Sequence[WheelFacts]) -> Iterator[Violation]:
    """Libraries of one soname with different content: the first one loaded serves both.

    :param available: the wheels that the board may have beside it
    """
    twins = [
        (other, file, _soname(file))
        for other in available
        if other.name != wheel.name
        for file in other.files
    ]
    for file in wheel.files:
        soname = _soname(file)
        for other, twin, name in twins:
            if soname and name == soname and twin.digest != file.digest:
                fact = f"{soname} differs from {twin.name} in {other.file}"
                yield Violation.of("soname-conflict", wheel.file, file.name, fact)


def _soname(file: FileFacts) -> str:
    """The name that the loader knows a library by; empty for modules and other files."""
    base = posixpath.basename(file.name)
    if file.elf is None or not base.startswith("lib"):
        return ""
    return file.elf.soname or base
