"""How a built wheel is made ready for the board, as the user chooses."""

import enum
from dataclasses import dataclass


class Bundling(enum.Enum):
    """Where the shared libraries go that wheels need and images lack."""

    RUNTIME = "runtime"  #: once, into a runtime wheel that the others require
    EACH = "each"  #: into every wheel that needs them, as auditwheel does
    NONE = "none"  #: nowhere: the image has them


@dataclass(frozen=True)
class RepairOptions:
    """The user's choices.

    :ivar slim: whether wheels are without what only developers need
    :ivar keep_debug: whether modules are compiled with debug information, which is kept beside
        the wheels
    """

    bundling: Bundling = Bundling.RUNTIME
    slim: bool = False
    keep_debug: bool = False

    @property
    def facts(self) -> tuple[object, ...]:
        """All of it, for content keys."""
        return (self.bundling.value, self.slim, self.keep_debug)


DEFAULT = RepairOptions()
