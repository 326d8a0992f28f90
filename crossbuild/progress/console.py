"""What the user sees: steps with their position and duration, notes, errors, tables.

On a terminal a running step is a line that moves; elsewhere every step is two plain lines and one
for each minute between, so that a CI log stays readable, and no CI takes the job for dead.  A step
that was done before tells how long it took then.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from crossbuild.core.errors import CrossbuildError
from crossbuild.progress.timeline import Span

if TYPE_CHECKING:  # slow to load, and `crossbuild --version` says nothing by it
    from rich.console import Console as RichConsole
    from rich.table import Table
    from rich.text import Text


#: How often a step is told of where no line can move, in seconds.
_PULSE = 60.0


#: Control characters as people see them: C0 but for newline and tab, C1, and those that turn the
#: direction of text (Unicode, 23.2).  Carriage returns go: logs of other systems end lines so.
_COMMANDS: dict[int, str | None] = {
    **{code: f"\\x{code:02x}" for code in (*range(9), *range(11, 32), *range(127, 160))},
    **{code: f"\\u{code:x}" for code in (0x200E, 0x200F, *range(0x202A, 0x202F))},
    **{code: f"\\u{code:x}" for code in range(0x2066, 0x206A)},
    ord("\r"): None,
}


@dataclass
class Step:
    """A piece of work under way; :meth:`progress` shows how far it is.

    :ivar name: what it does, by which the next run knows it
    :ivar title: the same with its place among the run's steps
    :ivar expected: how long it took the last time, in seconds; None where that is not known
    :ivar notes: what the user is told when it ends
    :ivar reached: how far it is, as :meth:`progress` was told last
    :ivar phases: its parts, as far as they have ended
    :ivar compiles: the compilers' calls in it
    :ivar ended: when it ended, as ``time.monotonic`` tells; None while it runs
    :ivar succeeded: whether it ended well
    """

    title: str
    started: float
    name: str = ""
    expected: float | None = None
    outcome: str = ""
    say: Callable[[str], None] | None = None
    notes: list[str] = field(default_factory=list)
    reached: str = ""
    phases: list[Span] = field(default_factory=list)
    compiles: list[Span] = field(default_factory=list)
    ended: float | None = None
    succeeded: bool = False

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
        self.reached = text

    def shown(self) -> str:
        """What there is to say of it while it runs."""
        elapsed = time.monotonic() - self.started
        words = (f"{self.title}:", self.reached, spell(elapsed), self._left(elapsed))
        return " ".join(filter(None, words))

    def _left(self, elapsed: float) -> str:
        if self.expected is None:
            return ""
        if elapsed > self.expected:
            return f"(the last time {spell(self.expected)})"
        return f"(about {spell(self.expected - elapsed)} left)"


@dataclass
class Console:
    """Talks to the user on standard error; standard output is left to results."""

    position: int = 0
    total: int = 0
    #: From 1 on, logs are shown as they grow; below 0, nothing but notes, errors and results.
    verbosity: int = 0
    #: The same, as the command line says it; what it says outranks what the project does.
    asked: int | None = None
    #: How long steps took the last time, in seconds, by name.
    expected: Mapping[str, float] = field(default_factory=dict)
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

    @property
    def quiet(self) -> bool:
        """Whether the user wants no more than notes, errors and results."""
        return self._verbosity < 0

    @property
    def _verbosity(self) -> int:
        return self.verbosity if self.asked is None else self.asked

    def plan(self, names: Sequence[str]) -> None:
        """Say which steps are to come, so that each shows ``[3/12]``; and how long all may take."""
        self.position, self.total = 0, len(names)
        took = [self.expected[name] for name in names if name in self.expected]
        if len(names) > 1 and len(took) == len(names):
            self.aside(f"{len(names)} wheels to make; the last time that took {spell(sum(took))}")

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show *title* while the block runs, then ✓ or ✗ and the seconds it took."""
        name = title
        if self.total:
            self.position += 1
            title = f"[{self.position}/{self.total}] {title}"
        say = self.say if self._verbosity > 0 else None
        step = Step(title, time.monotonic(), name, self.expected.get(name), say=say)
        self.steps.append(step)
        try:
            with self._showing(step):
                yield step
            step.succeeded = True
        finally:
            step.ended, step.say = time.monotonic(), None
            elapsed = step.ended - step.started
            outcome = f" - {step.outcome}" if step.outcome else ""
            self.aside(f"{'✓' if step.succeeded else '✗'} {title}{outcome} ({elapsed:.1f} s)")
            for note in step.notes:
                self.say(f"  note: {note}")

    @contextmanager
    def _showing(self, step: Step) -> Iterator[None]:
        if self.quiet:
            yield
        elif self.rich.is_terminal:
            with self.rich.status(_Moving(step)):
                yield
        else:
            expected = f" (the last time {spell(step.expected)})" if step.expected else ""
            self.say(f"• {step.title}{expected}")
            with _pulsing(step, self.say):
                yield

    def say(self, text: str) -> None:
        """Print one plain line."""
        self._line(text)

    def note(self, text: str) -> None:
        """Print something that the user should know, also one who wants it quiet."""
        self._line(f"note: {text}")

    def aside(self, text: str) -> None:
        """Print one plain line, unless the user wants it quiet."""
        if not self.quiet:
            self._line(text)

    def next(self, command: str) -> None:
        """Print what the user may type next."""
        if not self.quiet:
            self._line(f"next: {command}", "green")

    def _line(self, text: str, style: str = "") -> None:
        self.rich.print(plain(self.label) + plain(text, style), soft_wrap=True)

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

    def summary(self, table: "Table") -> None:
        """Print a table of what was done, unless the user wants it quiet."""
        if not self.quiet:
            self.table(table)


@dataclass(frozen=True)
class _Moving:
    """A running step as a line, made anew each time it is drawn."""

    step: Step

    def __rich__(self) -> "Text":
        return plain(self.step.shown())


@contextmanager
def _pulsing(step: Step, say: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, tell each minute how far the step is."""
    ended = threading.Event()
    thread = threading.Thread(target=pulse, args=(step, say, ended.wait), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def pulse(step: Step, say: Callable[[str], None], ended: Callable[[float], bool]) -> None:
    """Tell again and again how far a step is and how long it has run, until it has ended.

    :param ended: waits so many seconds, and tells whether the step has ended
    """
    while not ended(_PULSE):
        say(f"… {step.shown()}")


def spell(seconds: float) -> str:
    """A duration as people say it: ``0.4 s``, ``40 s``, ``3 min 12 s``, ``2 h 05 min``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    if minutes < 10:
        return f"{minutes} min {rest:02} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"


def plain(text: str, style: str = "") -> "Text":
    """A text in which nothing is markup, nor a command of the terminal.

    Of a stranger's wheel it could hide what stands above it.
    """
    from rich.text import Text

    return Text(text.translate(_COMMANDS), style)
