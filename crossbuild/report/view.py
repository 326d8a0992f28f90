"""What the page says: wheels as they lie there, beside what the record knows of them."""

import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from packaging.utils import parse_wheel_filename
from packaging.version import Version

from crossbuild.report import changes, contents
from crossbuild.report.changes import Change
from crossbuild.report.contents import Contents
from crossbuild.report.record import (
    Environment,
    File,
    Instructions,
    Parity,
    Proof,
    Record,
    Run,
    State,
    Suite,
    Wheel,
)
from crossbuild.wheel import wheelhouse

#: What is told of a wheel that fits every Python.
ANY = "any"

_CPYTHON = re.compile(r"cp3\d+", re.ASCII)
_PYTHON = re.compile(r"3\.\d+", re.ASCII)


@dataclass(frozen=True)
class Segment:
    """A part of a bar, in per cent of its length."""

    kind: str
    begin: float
    share: float


@dataclass(frozen=True)
class WheelView:
    """One wheel of the page.

    :ivar known: what the record has of it; None where it has nothing
    :ivar largest: the installed size of the largest wheel, which fills a bar
    :ivar there: the SHA-256 of all wheels that are there
    """

    contents: Contents
    known: Wheel | None
    proofs: tuple[Proof, ...]
    suites: tuple[Suite, ...]
    largest: int
    there: frozenset[str]

    @property
    def anchor(self) -> str:
        """Its name in links within the page."""
        return f"wheel-{self.contents.sha256[:12]}"

    @property
    def address(self) -> str:
        """Its file's name as a part of an address."""
        return quote(os.fsencode(self.contents.path.name))

    @cached_property
    def python(self) -> str:
        """The Python that it is for: ``3.11``, ``3.8+``, :data:`ANY`, or else its tag."""
        tags = parse_wheel_filename(self.contents.path.name)[3]
        named = {tag.interpreter: tag for tag in tags if _CPYTHON.fullmatch(tag.interpreter)}
        if named:
            first = min(named, key=lambda text: (len(text), text))
            more = "+" if named[first].abi == "abi3" else ""
            return f"3.{first[3:]}{more}"
        others = sorted({tag.interpreter for tag in tags})
        return ANY if any(name.startswith("py3") for name in others) else " ".join(others)

    def suits(self, python: str) -> bool:
        """Whether a Python, ``3.11``, takes it."""
        if self.python.endswith("+"):
            return Version(self.python.removesuffix("+")) <= Version(python)
        return self.python in (python, ANY)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Its bar: the kinds of its files, as shares of the largest wheel."""
        parts, begin = [], 0.0
        for kind, size in self.contents.kinds.items():
            share = 100 * size / max(self.largest, 1)
            if size:
                parts.append(Segment(kind, begin, share))
            begin += share
        return tuple(parts)

    @property
    def audit(self) -> str:
        """``fits``, ``refused``, ``unreadable`` or ``unknown``."""
        if self.contents.fault:
            return "unreadable"
        if self.known is None or self.known.audit is None:
            return "unknown"
        return "fits" if self.known.audit.fits else "refused"

    @property
    def board(self) -> str:
        """The worst that boards said of it; ``unknown`` where none did."""
        said = {proof.outcome for proof in self.proofs}
        if any(suite.new for suite in self.suites):
            return "failed"
        order = ("failed", "passed", "installed")
        return next((outcome for outcome in order if outcome in said), "unknown")

    def is_stale(self, proof: Proof) -> bool:
        """Whether it ran beside a wheel that is no longer there."""
        return not self.there.issuperset(proof.beside)


@dataclass(frozen=True)
class PythonView:
    """What one Python's board installs: the newest wheel of each package; sizes in bytes."""

    python: str
    wheels: int
    installed: int


@dataclass(frozen=True)
class History:
    """What changed between two states; *before* and *after* in seconds since 1970."""

    before: float
    after: float
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class View:
    """All of the page.

    :ivar name: of the wheelhouse's folder
    :ivar wheels: the largest first
    :ivar links: what leads from the page to the wheels; None where they lie elsewhere
    """

    name: str
    when: float
    wheels: tuple[WheelView, ...]
    record: Record
    links: str | None

    @property
    def size(self) -> int:
        """The bytes of all wheel files."""
        return sum(wheel.contents.size for wheel in self.wheels)

    @cached_property
    def pythons(self) -> tuple[PythonView, ...]:
        """The Pythons that wheels are for, each with all that fits it."""
        names = {wheel.python for wheel in self.wheels if _PYTHON.fullmatch(wheel.python)}
        return tuple(self._of(name) for name in sorted(names, key=Version))

    def _of(self, python: str) -> PythonView:
        newest: dict[str, Contents] = {}
        for wheel in self.wheels:
            mine = wheel.contents
            older = newest.get(mine.name)
            if wheel.suits(python) and (
                older is None or Version(older.version) < Version(mine.version)
            ):
                newest[mine.name] = mine
        return PythonView(python, len(newest), sum(one.installed for one in newest.values()))

    def count(self, what: str, *states: str) -> int:
        """How many wheels are in one of these states of the audit or the board."""
        return sum(getattr(wheel, what) in states for wheel in self.wheels)

    @cached_property
    def environments(self) -> tuple[tuple[Environment, tuple[WheelView, ...]], ...]:
        """What wheels were built with, and which those are."""
        groups: dict[Environment, list[WheelView]] = {}
        for wheel in self.wheels:
            if wheel.known and wheel.known.built:
                groups.setdefault(wheel.known.built.environment, []).append(wheel)
        return tuple((environment, tuple(group)) for environment, group in groups.items())

    @property
    def suites(self) -> tuple[Suite, ...]:
        """The packages' own tests of wheels that are there."""
        return tuple(one for one in self.record.suites if one.wheel in self._there)

    @property
    def parities(self) -> tuple[Parity, ...]:
        """The comparisons with native builds of wheels that are there."""
        return tuple(one for one in self.record.parities if one.wheel in self._there)

    @property
    def instructions(self) -> tuple[Instructions, ...]:
        """The counts of wheels all of which are there."""
        return tuple(o for o in self.record.instructions if self._there.issuperset(o.wheels))

    @property
    def run(self) -> Run | None:
        """The last run that had something to do."""
        return self.record.run

    @cached_property
    def history(self) -> History | None:
        """What changed since the state before; None where none is known."""
        states = self.record.with_state(state_of([wheel.contents for wheel in self.wheels])).states
        if len(states) < 2:
            return None
        old, new = states[-2:]
        return History(old.when, new.when, changes.between(old, new))

    @property
    def _there(self) -> frozenset[str]:
        return frozenset(wheel.contents.sha256 for wheel in self.wheels)


def of(house: Path, known: Record, links: str | None) -> View:
    """Read a wheelhouse's wheels, and put beside them what is known."""
    return beside(house, read(house), known, links)


def read(house: Path) -> tuple[Contents, ...]:
    """The wheels of a wheelhouse, the largest first."""
    return tuple(sorted(map(contents.read, wheelhouse.contents(house)), key=_largest_first))


def beside(house: Path, read: Sequence[Contents], known: Record, links: str | None) -> View:
    """Wheels that were read, beside what is known of them."""
    there = frozenset(one.sha256 for one in read)
    largest = max((one.installed for one in read), default=0)
    wheels = tuple(
        WheelView(
            one,
            known.wheels.get(one.sha256),
            tuple(proof for proof in known.proofs if proof.wheel == one.sha256),
            tuple(suite for suite in known.suites if suite.wheel == one.sha256),
            largest,
            there,
        )
        for one in read
    )
    return View(house.absolute().name, time.time(), wheels, known, links)


def state_of(read: Sequence[Contents]) -> State:
    """The state that these wheels are, now."""
    files: Mapping[str, File] = {
        one.path.name: File(sha256=one.sha256, size=one.size) for one in read
    }
    return State(when=time.time(), wheels=files)


def _largest_first(wheel: Contents) -> tuple[int, str]:
    return -wheel.installed, wheel.path.name
