"""What nightly tests counted, for docs/reliability.md (``docs/reliability.py`` reads it)."""

import json
import os
import time
from pathlib import Path

FILE = Path(__file__).parents[2] / "build/reliability.json"


def record(what: str, result: str, seconds: float) -> None:
    """Keep what was tried, what came of it, and how long that took; the newest of each stays."""
    if not os.environ.get("CROSSBUILD_NIGHTLY"):
        return  # a few tries say little
    figures = json.loads(FILE.read_text()) if FILE.is_file() else {}
    day = time.strftime("%Y-%m-%d", time.gmtime())
    figures[what] = {"result": result, "seconds": round(seconds), "day": day}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(figures, indent=1) + "\n")
