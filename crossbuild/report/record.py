"""What crossbuild knows of the wheels in a wheelhouse, beside what they tell themselves.

It lies in the wheelhouse, so it goes where the wheels go.  All of it is about wheels by their
SHA-256: of another wheel with the same name it says nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict

from crossbuild.core import documents, files
from crossbuild.core.errors import DiskError
from crossbuild.report.place import FILE, LOCK

#: How many earlier states of the wheelhouse are kept.
_STATES = 20


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class Source(_Fact):
    """A file that a wheel was built from, or that built it; *host* is the one that served it."""

    file: str
    sha256: str
    host: str = ""


class Environment(_Fact):
    """The SDK with its Python, as far as people ask for it.

    :ivar content: the SDK's content id: equal for SDKs of which equal wheels come
    :ivar brought: what the SDK lacks and crossbuild brought along
    """

    sdk: str
    content: str
    triple: str
    gcc: str
    glibc: str
    python: str
    synthesised: bool
    brought: tuple[str, ...] = ()


class Built(_Fact):
    """How a wheel was built.

    :ivar folder: the digest of the user's own source folder; empty where the source is an sdist
    :ivar links: name and version of the packages whose headers and libraries it was built against
    :ivar key: the content key of all that decided it
    :ivar options: how it was made ready for the board, for people
    :ivar when: in seconds since 1970
    :ivar seconds: what the build took
    """

    environment: Environment
    sources: tuple[Source, ...]
    folder: str
    requirements: tuple[Source, ...]
    links: tuple[str, ...]
    options: tuple[str, ...]
    key: str
    crossbuild: str
    when: float
    seconds: float


class Finding(_Fact):
    """What the audit tells of a wheel.

    :ivar verdict: ``refuse``, ``note``, or ``accepted`` where the user knows better
    """

    verdict: str
    rule: str
    file: str
    fact: str


class Audit(_Fact):
    """What the audit said of a wheel the last time."""

    board: str
    findings: tuple[Finding, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether it let the wheel pass."""
        return all(one.verdict != "refuse" for one in self.findings)


class LeftOut(_Fact):
    """Files of a kind that a slim wheel does not have; *size* in bytes."""

    kind: str
    files: int
    size: int


class Wheel(_Fact):
    """What is known of one wheel.

    :ivar origin: where it was taken from, if it was not built here
    """

    file: str
    origin: str = ""
    built: Built | None = None
    audit: Audit | None = None
    left_out: tuple[LeftOut, ...] = ()


class Place(_Fact):
    """A board with its Python."""

    board: str
    cpu: str
    python: str
    libc: str


class Proof(_Fact):
    """What became of one wheel on a board.

    :ivar wheel: its SHA-256
    :ivar beside: the SHA-256 of all wheels that were installed with it
    :ivar imported: how many modules were imported, where it has no smoke script
    :ivar not_imported: how many were not, which gave up or failed
    :ivar peak_memory: in bytes
    """

    wheel: str
    place: Place
    when: float
    outcome: Literal["passed", "failed", "installed"]
    beside: tuple[str, ...]
    imported: int = 0
    not_imported: int = 0
    seconds: float = 0.0
    peak_memory: int = 0


class Outcomes(_Fact):
    """How many tests ended how; the last two took the interpreter with them."""

    passed: int = 0
    skipped: int = 0
    failed: int = 0
    error: int = 0
    crashed: int = 0
    hung: int = 0


class Slice(_Fact):
    """The tests of one folder; *seconds* on the board, *peak_memory* in bytes."""

    name: str
    outcomes: Outcomes
    seconds: float
    peak_memory: int

    @property
    def bad(self) -> int:
        """How many tests neither passed nor were skipped."""
        ends = self.outcomes
        return ends.failed + ends.error + ends.crashed + ends.hung


class Suite(_Fact):
    """A package's own tests on a board.

    :ivar new: the tests that failed, and were not known to
    """

    wheel: str
    package: str
    version: str
    suite: str
    board: str
    when: float
    slices: tuple[Slice, ...]
    new: tuple[str, ...] = ()

    @property
    def known(self) -> int:
        """How many tests failed that were known to, or for what the board lacks."""
        return sum(part.bad for part in self.slices) - len(self.new)

    def after(self, older: "Suite") -> "Suite":
        """The same with those folders of an older run that this one passed over."""
        own = {part.name for part in self.slices}
        slices = [*self.slices, *(part for part in older.slices if part.name not in own)]
        new = [*self.new, *(test for test in older.new if _folder(test) not in own)]
        by_name = sorted(slices, key=lambda part: part.name)
        return self.model_copy(update={"slices": tuple(by_name), "new": tuple(new)})


class Parity(_Fact):
    """A package's own tests beside a native build's."""

    wheel: str
    package: str
    version: str
    when: float
    ours: tuple[Slice, ...]
    theirs: tuple[Slice, ...]
    both: int
    ours_alone: tuple[str, ...]
    theirs_alone: int

    @property
    def pairs(self) -> tuple[tuple[Slice, Slice | None], ...]:
        """Each folder on ours, and on theirs where it was there."""
        theirs = {part.name: part for part in self.theirs}
        return tuple((part, theirs.get(part.name)) for part in self.ours)


class Count(_Fact):
    """Instructions of one operation."""

    what: str
    ours: int
    theirs: int


class Instructions(_Fact):
    """Instructions on a board, ours and a native build's.

    :ivar wheels: the SHA-256 of ours
    :ivar versions: what was compared, a line for each side
    """

    wheels: tuple[str, ...]
    when: float
    versions: tuple[str, ...]
    counts: tuple[Count, ...]


class Phase(_Fact):
    """A part of a step, in seconds since the run began."""

    name: str
    began: float
    ended: float


class Step(_Fact):
    """A step of a run; *compiles* are calls of compilers."""

    title: str
    began: float
    ended: float
    phases: tuple[Phase, ...] = ()
    compiles: int = 0


class Run(_Fact):
    """The last run that had something to do."""

    when: float
    summary: str
    steps: tuple[Step, ...]


class File(_Fact):
    """A wheel's file at some time."""

    sha256: str
    size: int


class State(_Fact):
    """The wheels that were there at some time, by file name."""

    when: float
    wheels: Mapping[str, File]


class Record(_Fact):
    """All that is known."""

    format: Literal[1] = 1
    wheels: Mapping[str, Wheel] = {}
    proofs: tuple[Proof, ...] = ()
    suites: tuple[Suite, ...] = ()
    parities: tuple[Parity, ...] = ()
    instructions: tuple[Instructions, ...] = ()
    run: Run | None = None
    states: tuple[State, ...] = ()

    def knows(self, sha256: str) -> bool:
        """Whether it says anything of how a wheel came to be."""
        return sha256 in self.wheels

    def with_state(self, state: State) -> "Record":
        """The record with another state behind those that are known, where it is another.

        What it says of wheels that are in none of these goes.
        """
        if self.states and self.states[-1].wheels == state.wheels:
            return self
        states = (*self.states, state)[-_STATES:]
        there = {file.sha256 for one in states for file in one.wheels.values()}
        return self.model_copy(
            update={
                "states": states,
                "wheels": {sha: wheel for sha, wheel in self.wheels.items() if sha in there},
                "proofs": tuple(one for one in self.proofs if one.wheel in there),
                "suites": tuple(one for one in self.suites if one.wheel in there),
                "parities": tuple(one for one in self.parities if one.wheel in there),
                "instructions": tuple(o for o in self.instructions if there.issuperset(o.wheels)),
            }
        )

    def with_proofs(self, proofs: Iterable[Proof]) -> "Record":
        """The record with new results in the place of older ones of the same wheel and board."""
        new = tuple(proofs)
        same = {(one.wheel, one.place) for one in new}
        kept = tuple(one for one in self.proofs if (one.wheel, one.place) not in same)
        return self.model_copy(update={"proofs": (*kept, *new)})

    def with_suites(self, suites: Iterable[Suite]) -> "Record":
        """The record with a suite's new results in the place of older ones of the same folders."""
        known = {(one.wheel, one.board, one.suite): one for one in self.suites}
        for suite in suites:
            key = (suite.wheel, suite.board, suite.suite)
            known[key] = suite.after(known[key]) if key in known else suite
        return self.model_copy(update={"suites": tuple(known.values())})

    def with_parities(self, parities: Iterable[Parity]) -> "Record":
        """The record with new comparisons in the place of older ones of the same wheel."""
        new = tuple(parities)
        same = {one.wheel for one in new}
        kept = tuple(one for one in self.parities if one.wheel not in same)
        return self.model_copy(update={"parities": (*kept, *new)})


def _folder(test: str) -> str:
    """The folder in whose slice a test is."""
    return str(PurePosixPath(test.partition("::")[0]).parent).removesuffix("/tests")


def read(wheelhouse: Path) -> Record:
    """What is known of a wheelhouse; nothing where the record is missing, damaged or newer."""
    try:
        return documents.validated(Record, documents.read_record(wheelhouse / FILE))
    except documents.DocumentError:
        return Record()


def change(wheelhouse: Path, how: Callable[[Record], Record]) -> Record:
    """Bring a wheelhouse's record up to date, one process at a time.

    One that stays as it was is not written.

    :raises DiskError: it cannot be written
    """
    with files.exclusive(wheelhouse / LOCK):
        old = read(wheelhouse)
        new = how(old)
        if new != old:
            files.write_text(wheelhouse / FILE, new.model_dump_json(indent=1) + "\n")
    return new


def taken(wheels: Iterable[Path], wheelhouse: Path, origin: str) -> None:
    """Note where published wheels come from of which nothing is known yet.

    That it cannot be noted is no reason to fail.
    """
    noted = {files.sha256(path): Wheel(file=path.name, origin=origin) for path in wheels}
    with suppress(DiskError):
        change(wheelhouse, lambda old: old.model_copy(update={"wheels": {**noted, **old.wheels}}))


def audited(wheelhouse: Path, verdicts: Mapping[Path, Audit]) -> None:
    """Note what an audit said of wheels of a wheelhouse, in the place of what was said before.

    :raises DiskError: it cannot be noted
    """
    new = {files.sha256(path): (path.name, audit) for path, audit in verdicts.items()}

    def noted(old: Record) -> Record:
        wheels = {
            sha256: old.wheels.get(sha256, Wheel(file=name)).model_copy(update={"audit": audit})
            for sha256, (name, audit) in new.items()
        }
        return old.model_copy(update={"wheels": {**old.wheels, **wheels}})

    change(wheelhouse, noted)
