"""Where the time of a run went: a trace for Chrome's viewers, and a picture of it.

``trace.json`` opens in chrome://tracing and in Perfetto; ``trace.svg`` in any browser.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossbuild.core import files, templates
from crossbuild.core.errors import DiskError
from crossbuild.progress.console import Console, Step
from crossbuild.progress.timeline import Span, idle_share, lanes

_TEMPLATE = Path(__file__).parent / "trace.svg.j2"

#: The picture's measures, in pixels; as many marks on its axis as fit.
_WIDTH, _ROW, _LEFT, _MARKS = 1200, 16, 8, 10
#: Narrower spans are drawn so wide, or nobody would see them.
_NARROWEST = 0.3
#: A name is written into a bar that is as wide as this, in pixels for each letter.
_LETTER = 6.5


@dataclass(frozen=True)
class Trace:
    """A run's steps, on a machine with so many cores for it."""

    steps: tuple[Step, ...]
    cores: int

    @property
    def whole(self) -> tuple[Span, ...]:
        """Each ended step as one span."""
        return tuple(
            Span(step.title, step.started, step.ended) for step in self.steps if step.ended
        )

    @property
    def compiles(self) -> tuple[Span, ...]:
        """The compilers' calls of all steps."""
        return tuple(span for step in self.steps for span in step.compiles)

    @property
    def idle(self) -> float:
        """The share of the cores' time that was left unused, from 0 to 1."""
        return idle_share(self.whole, self.compiles, self.cores)

    @property
    def summary(self) -> str:
        """What the run's report says of it."""
        begin, end = self._bounds()
        cached = [span.facts["cache"] for span in self.compiles if "cache" in span.facts]
        hits = f", {cached.count('hit')} of {len(cached)} cached" if cached else ""
        shared = self._told("storage", "hit")
        hits += f" ({shared} by others)" if shared else ""
        sent = sum("host" in span.facts for span in self.compiles)
        hosts = f", {sent} on the farm" if sent else ""
        cores = "1 core" if self.cores == 1 else f"{self.cores} cores"
        return (
            f"{end - begin:.1f} s on {cores}, {self.idle:.0%} idle; "
            f"{len(self.compiles)} calls of compilers{hits}{hosts}"
        )

    @property
    def unanswered(self) -> int:
        """How many calls of ccache had no answer from the storage that it shares."""
        return self._told("storage", "error") + self._told("storage", "timeout")

    def write(self, folder: Path) -> Path:
        """Write both files into a folder; return the picture.

        :raises DiskError: it cannot be written
        """
        files.write_text(folder / "trace.json", json.dumps(self.as_chrome()))
        files.write_text(folder / "trace.svg", self.as_svg())
        return folder / "trace.svg"

    def as_chrome(self) -> dict[str, Any]:
        """Chrome's trace events: a process for each step, a thread for each lane of it."""
        origin, _ = self._bounds()
        events: list[dict[str, Any]] = []
        for number, step in enumerate(self.steps, start=1):
            name = {"name": step.title}
            events.append({"ph": "M", "pid": number, "name": "process_name", "args": name})
            for thread, (kind, lane) in enumerate(_lanes_of(step)):
                common = {"ph": "X", "pid": number, "tid": thread, "cat": kind}
                events += [{**common, **_event(span, origin)} for span in lane]
        return {"traceEvents": events, "displayTimeUnit": "ms"}

    def as_svg(self) -> str:
        """The same as a picture: time from left to right, a row for each lane."""
        begin, end = self._bounds()
        scale = (_WIDTH - 2 * _LEFT) / max(end - begin, 1e-3)
        bars, row = [], 2
        for step in self.steps:
            for kind, lane in _lanes_of(step):
                bars += [_bar(span, kind, row, begin, scale) for span in lane]
                row += 1
            row += 1
        every = _round_seconds((end - begin) / _MARKS)
        marks = [
            (n * every, _LEFT + n * every * scale) for n in range(int((end - begin) / every) + 1)
        ]
        return templates.render(
            _TEMPLATE,
            title=self.summary,
            bars=bars,
            marks=marks,
            width=_WIDTH,
            height=(row + 2) * _ROW,
            row=_ROW,
        )

    def _told(self, fact: str, value: str) -> int:
        return sum(span.facts.get(fact) == value for span in self.compiles)

    def _bounds(self) -> tuple[float, float]:
        ends = [span.ended for span in self.whole]
        return min((step.started for step in self.steps), default=0.0), max(ends, default=0.0)


@contextmanager
def recorded(console: Console, folder: Path, cores: int) -> Iterator[None]:
    """Write the trace of the block's steps into a folder, also of a block that fails.

    A run without a step leaves an earlier trace alone.

    :param cores: how many cores compilers may use
    """
    try:
        yield
    finally:
        if console.steps:
            _leave(Trace(tuple(console.steps), cores), folder, console)


def _leave(trace: Trace, folder: Path, console: Console) -> None:
    if trace.unanswered:
        console.note(
            f"ccache's storage did not answer {trace.unanswered} of {len(trace.compiles)} "
            "calls, which went on without it: is it up, and its address right?"
        )
    try:
        picture = trace.write(folder)
    except DiskError as error:  # no reason for a run to fail, nor to hide why it did
        console.note(f"no timeline: {error.what}")
    else:
        console.aside(f"timeline: {trace.summary} ({os.path.relpath(picture)})")


def _lanes_of(step: Step) -> Iterator[tuple[str, Sequence[Span]]]:
    """A step's rows: itself, its phases, its compilers' calls."""
    if step.ended:
        yield "step", [Span(step.title, step.started, step.ended)]
    yield "phase", step.phases
    for lane in lanes(step.compiles):
        yield "compile", lane


def _event(span: Span, origin: float) -> dict[str, object]:
    """A span in microseconds from the run's beginning."""
    began, took = round((span.began - origin) * 1e6), round(span.seconds * 1e6)
    return {"name": span.name, "ts": began, "dur": took, "args": dict(span.facts)}


def _bar(span: Span, kind: str, row: int, begin: float, scale: float) -> dict[str, object]:
    width = max(span.seconds * scale, _NARROWEST)
    name = span.name if kind != "compile" else Path(span.name).name
    facts = ", ".join(f"{key} {value}" for key, value in span.facts.items())
    cached = span.facts.get("cache") == "hit"
    return {
        "kind": f"{kind} hit" if cached else kind,
        "x": _LEFT + (span.began - begin) * scale,
        "y": row * _ROW,
        "width": width,
        "label": name if len(name) * _LETTER < width else "",
        "told": f"{span.name}: {span.seconds:.2f} s" + (f" ({facts})" if facts else ""),
    }


def _round_seconds(least: float) -> float:
    """The first of 0.1, 0.2, 0.5, 1, 2, 5 … that is no less."""
    unit = 0.1
    while True:
        for step in (1, 2, 5):
            if unit * step >= least:
                return unit * step
        unit *= 10
