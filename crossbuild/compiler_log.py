"""What the compiler wrappers wrote down: each call, and whether ccache had the object.

A line of the wrappers' is ``BEGAN ENDED STATUS TOOL UNIT``, in seconds of the machine's uptime,
which is the one clock that a shell reads without starting a program.
"""

import contextlib
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from pathlib import Path

from crossbuild.timeline import Span

_UPTIME = Path("/proc/uptime")

#: What ccache says of calls that ask the compiler something, and make no object.
_QUESTIONS = {"no_input_file", "called_for_preprocessing"}


@dataclass(frozen=True)
class CompilerLog:
    """The files of one build.

    :ivar calls: the wrappers' file
    :ivar results: ccache's own (``CCACHE_STATSLOG``, ccache 4.4 and later)
    """

    calls: Path
    results: Path

    def clear(self) -> None:
        """Forget what an earlier run wrote."""
        for path in (self.calls, self.results):
            path.unlink(missing_ok=True)

    def read(self) -> list[Span]:
        """Every call as a span, with the tool, its exit status and ccache's result as facts."""
        shift = time.monotonic() - float(_UPTIME.read_text().split()[0])
        cached = _results(self.results)
        spans = []
        for line in _lines(self.calls):
            with contextlib.suppress(ValueError):  # a call that was killed while it wrote
                began, ended, status, tool, unit = line.split(" ", 4)
                facts = {"tool": tool, "status": status}
                if waiting := cached.get(unit):
                    facts["cache"] = waiting.popleft()
                spans.append(Span(unit, float(began) + shift, float(ended) + shift, facts))
        return spans


def _results(path: Path) -> dict[str, deque[str]]:
    """``hit``, ``miss`` or another word of ccache's for each source, in the order of its calls."""
    found: dict[str, deque[str]] = defaultdict(deque)
    source = None
    for line in _lines(path):
        if line.startswith("# "):
            source = line[2:]
        elif source is not None and (word := _word(line)):
            found[source].append(word)
            source = None
    return found


def _word(result: str) -> str:
    if result.endswith("cache_hit"):
        return "hit"
    if result in {"cache_miss", "direct_cache_miss", "preprocessed_cache_miss"}:
        return "miss"
    # Words on where ccache looked say nothing about the call.
    return "" if "storage" in result or result in _QUESTIONS else result


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
