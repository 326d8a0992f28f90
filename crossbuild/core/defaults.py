"""Where crossbuild keeps things, unless told otherwise, and the choices that a user has."""

import enum
import os
from pathlib import Path

#: The SDK that ``wheels`` makes itself where none is given.
REFERENCE = "debian-bookworm"

WHEELHOUSE = Path("wheelhouse")
WORK = Path("build")

#: Downloads and prepared boards, shared by all checkouts.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crossbuild"

#: How many compilers may run at once: one per core that this process may use.
JOBS = len(os.sched_getaffinity(0))


class Bundling(enum.Enum):
    """Where the shared libraries go that wheels need and images lack."""

    RUNTIME = "runtime"  #: once, into a runtime wheel that the others require
    EACH = "each"  #: into every wheel that needs them, as auditwheel does
    NONE = "none"  #: nowhere: the image has them
