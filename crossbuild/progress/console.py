"""What the user sees: steps with their position and duration, notes, errors, tables.

On a terminal a running step is a line that moves; elsewhere every step is two plain
lines, so that a CI log stays readable.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from crossbuild.core.errors import CrossbuildError
from crossbuild.progress.timeline import Span

if TYPE_CHECKING:  # slow to load, and `crossbuild --version` says nothing by it
    from rich.console import Console as RichConsole
    from rich.status import Status
    from rich.table import Table
    from rich.text import Text


@dataclass
class Step:
    """A piece of work under way; :meth:`progress` shows how far it is.

    :ivar phases: its parts, as far as they have ended
    :ivar compiles: the compilers' calls in it
    :ivar ended: when it ended, as ``time.monotonic`` tells; None while it runs
    """

    title: str
    started: float
    status: "Status | None" = None
    outcome: str = ""
    say: Callable[[str], None] | None = None
    phases: list[Span] = field(default_factory=list)
    compiles: list[Span] = field(default_factory=list)
    ended: float | None = None

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Show a part of the work while the block does it, and remember how long it took."""
        began = time.monotonic()
        self.progress(name)
        try:
            yield
        finally:
            self.phases.append(Span(name, began, time.monotonic()))

    def line(self, text: str) -> None:
        """A line of the log, shown where the user asked for that."""
        if self.say is not None:
            self.say(text)

    def progress(self, text: str) -> None:
        """Show a short progress text, such as ``[ 210/1420]``, beside the title."""
        if self.status is not None:
            elapsed = time.monotonic() - self.started
            self.status.update(_text(f"{self.title} {text} {elapsed:.0f} s"))


@dataclass
class Console:
    """Talks to the user on standard error; standard output is left to results."""

    position: int = 0
    total: int = 0
    #: From 1 on, logs are shown as they grow.
    verbosity: int = 0
    #: All that were begun, the oldest first.
    steps: list[Step] = field(default_factory=list)
    #: What each line begins with, where several write side by side; these are plain lines.
    label: str = ""

    @cached_property
    def rich(self) -> "RichConsole":
        """What writes on standard error."""
        from rich.console import Console as RichConsole

        terminal = False if self.label else None  # None: ask
        return RichConsole(stderr=True, highlight=False, force_terminal=terminal)

    def labelled(self, label: str) -> "Console":
        """A console of its own for one of several that write side by side: plain lines."""
        return replace(self, position=0, total=0, steps=[], label=label)

    def plan(self, total: int) -> None:
        """Say how many steps are to come, so that each shows ``[3/12]``."""
        self.position, self.total = 0, total

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show *title* while the block runs, then ✓ or ✗ and the seconds it took."""
        if self.total:
            self.position += 1
            title = f"[{self.position}/{self.total}] {title}"
        step = Step(title, time.monotonic(), say=self.say if self.verbosity > 0 else None)
        self.steps.append(step)
        mark = "✗"
        try:
            if self.rich.is_terminal:
                with self.rich.status(_text(title)) as step.status:
                    yield step
            else:
                self.say(f"• {title}")
                yield step
            mark = "✓"
        finally:
            step.ended, step.status, step.say = time.monotonic(), None, None
            elapsed = step.ended - step.started
            outcome = f" - {step.outcome}" if step.outcome else ""
            self.say(f"{mark} {title}{outcome} ({elapsed:.1f} s)")

    def say(self, text: str) -> None:
        """Print one plain line."""
        self._line(text)

    def _line(self, text: str, style: str = "") -> None:
        self.rich.print(_text(self.label) + _text(text, style), soft_wrap=True)

    def error(self, error: CrossbuildError) -> None:
        """Print an error with its evidence and cure."""
        self._line(f"error: {error.what}", "bold red")
        if error.evidence:
            self._line(f"evidence: {error.evidence}")
        if error.cure:
            self._line(f"try: {error.cure}", "green")

    def table(self, table: "Table") -> None:
        """Print a table."""
        self.rich.print(table)


def _text(text: str, style: str = "") -> "Text":
    """A text in which nothing is markup."""
    from rich.text import Text

    return Text(text, style)
