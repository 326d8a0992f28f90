"""Where crossbuild keeps things, unless told otherwise."""

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
