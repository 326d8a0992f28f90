"""Where crossbuild keeps things, unless told otherwise."""

import os
from pathlib import Path

#: The SDK that ``wheels`` makes itself where none is given.
REFERENCE = "debian-bookworm"

WHEELHOUSE = Path("wheelhouse")
WORK = Path("build")


def _cache() -> Path:
    """The user's folder of caches; in the work folder for a user who has no home."""
    if own := os.environ.get("XDG_CACHE_HOME"):
        return Path(own) / "crossbuild"
    try:
        return Path.home() / ".cache/crossbuild"
    except RuntimeError:  # no HOME, and no entry in /etc/passwd
        return WORK / "cache"


#: Downloads and prepared boards, shared by all checkouts.
CACHE = _cache()

#: How many compilers may run at once: one per core that this process may use.
JOBS = len(os.sched_getaffinity(0))
