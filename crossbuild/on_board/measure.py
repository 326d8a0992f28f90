"""Run a Python script and print, as a last line, how it ended (Python 3.5 and later).

    measure.py MARK SCRIPT [ARGUMENT...]

The line is MARK and JSON: exit status (minus the signal's number where one ended it),
seconds, peak resident memory in bytes.  The script runs in a forked child, without a
second start of an interpreter: a board may be unable to start programs.
"""

import json
import os
import runpy
import sys
import time
from pathlib import Path


def _child(arguments: "list[str]") -> None:
    sys.argv[:] = arguments
    sys.path[0] = str(Path(arguments[0]).resolve().parent)
    runpy.run_path(arguments[0], run_name="__main__")


def main() -> None:
    """Measure the script that the arguments name."""
    mark, arguments = sys.argv[1], sys.argv[2:]
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        _child(arguments)
        return
    _, status, usage = os.wait4(child, 0)
    result = {
        "status": -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
        "seconds": round(time.monotonic() - start, 3),
        "peak_memory": usage.ru_maxrss * 1024,
    }
    sys.stdout.write("\n" + mark + json.dumps(result) + "\n")


main()
