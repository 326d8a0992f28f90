"""A wheel made ready for the board."""

from dataclasses import dataclass
from pathlib import Path

from crossbuild.repair.slim import LeftOut


@dataclass(frozen=True)
class Told:
    """What the audit tells of a wheel that it does not refuse.

    :ivar verdict: ``note`` or ``accepted``
    """

    wheel: str
    verdict: str
    rule: str
    file: str
    fact: str


@dataclass(frozen=True)
class Repaired:
    """A wheel for the board, and those that it requires and that were made along with it.

    :ivar left_out: the built wheel's files that it does not have, or has shortened
    :ivar debug: its modules' debug information, each file named after a build id
    """

    wheel: Path
    companions: tuple[Path, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    debug: tuple[Path, ...] = ()
    told: tuple[Told, ...] = ()

    @property
    def wheels(self) -> tuple[Path, ...]:
        """The wheel itself, then its companions."""
        return (self.wheel, *self.companions)
