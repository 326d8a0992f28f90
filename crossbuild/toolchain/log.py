"""What a build's compilers wrote down: each call, whether ccache had it, which host made it.

They write ``BEGAN ENDED STATUS TOOL UNIT`` for each call.  Times are seconds since the
machine started, from /proc/uptime: a shell can read it without starting a program.
"""

import contextlib
import re
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from pathlib import Path

from crossbuild.progress.timeline import Span

_UPTIME = Path("/proc/uptime")

#: distcc's words on where it had something compiled; the host's options are not told.
_SENT = re.compile(r"^distcc\[\d+\] compile (.+) on (?!localhost\b)([^\s/,]+)\S* completed ok$")

#: What ccache says of calls that ask the compiler something, and make no object.
_QUESTIONS = {"no_input_file", "called_for_preprocessing"}


@dataclass(frozen=True)
class CompilerLog:
    """The files of one build.

    :ivar calls: the compilers' own file
    :ivar results: ccache's own (``CCACHE_STATSLOG``, ccache 4.4 and later)
    :ivar sent: distcc's own (``DISTCC_LOG``, with ``DISTCC_VERBOSE``)
    """

    calls: Path
    results: Path
    sent: Path

    def clear(self) -> None:
        """Forget what an earlier run wrote."""
        for path in (self.calls, self.results, self.sent):
            path.unlink(missing_ok=True)

    def read(self) -> list[Span]:
        """Every call as a span, with the tool and its exit status as facts.

        Further facts: what ccache says (``cache``, and ``storage`` where a shared one was asked),
        and the ``host`` of a farm that compiled it.
        """
        shift = time.monotonic() - float(_UPTIME.read_text().split()[0])
        cached, hosts = _results(self.results), _hosts(self.sent)
        spans = []
        for line in _lines(self.calls):
            with contextlib.suppress(ValueError):  # a call that was killed while it wrote
                began, ended, status, tool, unit = line.split(" ", 4)
                facts = {"tool": tool, "status": status}
                if waiting := cached.get(unit):
                    facts |= waiting.popleft()
                if facts.get("cache") != "hit" and (sent := hosts.get(unit)):
                    facts["host"] = sent.popleft()
                spans.append(Span(unit, float(began) + shift, float(ended) + shift, facts))
        return spans


def _results(path: Path) -> dict[str, deque[dict[str, str]]]:
    """What ccache says of each source, in the order of its calls that make an object."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    facts: dict[str, str] = {}
    for line in _lines(path):
        if line.startswith("# "):
            facts = {}
            found[line[2:]].append(facts)
        else:
            facts |= _facts(line)
    return {unit: deque(filter(None, told)) for unit, told in found.items()}


def _facts(result: str) -> dict[str, str]:
    """One of ccache's words as a fact; none where another of its words says more."""
    if "_storage_" in result:
        shared = re.fullmatch(r"(?:remote|secondary)_storage_(hit|error|timeout)", result)
        return {"storage": shared[1]} if shared else {}
    if result in {"direct_cache_miss", "preprocessed_cache_miss"} or result in _QUESTIONS:
        return {}
    return {"cache": re.sub(r".*cache_(hit|miss)", r"\1", result)}


def _hosts(path: Path) -> dict[str, deque[str]]:
    """The hosts that compiled each source, in the order in which they had done so."""
    found: dict[str, deque[str]] = defaultdict(deque)
    for line in _lines(path):
        if match := _SENT.match(line):
            found[match[1]].append(match[2])
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
