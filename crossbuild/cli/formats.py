"""The JSON documents that crossbuild prints and writes, each with its JSON Schema.

``docs/formats.md`` and ``docs/schemas`` are made of this table, by ``make reference``; tests hold
real documents against it.
"""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass as document

from crossbuild.doctor.model import Finding
from crossbuild.papers.provenance import Statement
from crossbuild.papers.report import Row
from crossbuild.pipeline.run import Made
from crossbuild.report.record import Record
from crossbuild.sdk.reference.definition import Definition
from crossbuild.verify.smoke import SmokeReport


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Wheels(_Document):
    """The wheels of a run.

    :ivar wheels: what lies in the wheelhouse now, in the order of the builds
    """

    version: Literal[1]
    wheels: tuple[Made, ...]


class Slice(_Document):
    """The tests of one folder; *seconds* on the board, *peak_memory* in bytes.

    :ivar crashed: tests that took the interpreter with them
    :ivar hung: tests that were stopped, for they took too long
    """

    name: str
    passed: int
    skipped: int
    failed: int
    error: int
    crashed: int
    hung: int
    seconds: float
    peak_memory: int


class Suite(_Document):
    """A package's own tests on a board.

    :ivar suite: ``fast`` or ``full``
    :ivar bad: each test that neither passed nor was skipped, with how it ended
    """

    package: str
    version: str
    suite: str
    board: str
    slices: tuple[Slice, ...]
    bad: Mapping[str, str]


class JudgedSuite(Suite):
    """A package's own tests on a board, held against what is known of them.

    :ivar new: tests that failed and were not known to
    :ivar known: those that were known to fail, with the reason
    :ivar boards: those that failed for what the board lacks, with what that is
    :ivar vanished: known failures that no longer fail
    """

    new: tuple[str, ...]
    known: Mapping[str, str]
    boards: Mapping[str, str]
    vanished: tuple[str, ...]


@document(frozen=True, config=_Document.model_config)
class Smoke(SmokeReport):
    """What a board said of an installation and of the smoke scripts.

    :ivar notes: what this board cannot do
    :ivar installed: name and version of all that is installed
    :ivar install_seconds: how long pip took
    :ivar hashes_checked: whether pip held the wheels against the wheelhouse's hashes
    """


@document(frozen=True, config=_Document.model_config)
class Verify(Smoke):
    """What a board said, with the packages' own tests where they ran."""

    version: Literal[1]
    suites: tuple[Suite, ...]


class Comparison(_Document):
    """A package's own tests with our wheel and with Debian's build.

    :ivar builds_differ: what the two say differently of themselves: ``-`` theirs, ``+`` ours
    """

    ours: Suite
    theirs: Suite
    both: tuple[str, ...] = Field(alias="failed on both")
    ours_alone: tuple[str, ...] = Field(alias="failed on ours alone")
    theirs_alone: tuple[str, ...] = Field(alias="failed on theirs alone")
    builds_differ: tuple[str, ...] = Field(alias="builds differ in")


class Parity(_Document):
    """The comparisons of a run, one for each package."""

    version: Literal[1]
    comparisons: tuple[Comparison, ...]


class AuditFinding(_Document):
    """One thing that a rule has found.

    :ivar file: the file inside the wheel, or the wheel itself
    :ivar rule: its stable name
    :ivar cure: what to try
    """

    verdict: Literal["refuse", "note", "accepted"]
    rule: str
    file: str
    fact: str
    cure: str


class AuditedWheel(_Document):
    """A wheel with what was found in it."""

    wheel: str
    fits: bool
    findings: tuple[AuditFinding, ...]


class Audit(_Document):
    """Whether wheels fit a board.

    :ivar board: the profile's name
    :ivar fits: whether every wheel does
    """

    format: Literal[1]
    board: str
    fits: bool
    wheels: tuple[AuditedWheel, ...]


class ExaminedSdk(_Document):
    """The SDK; *release* is Yocto's name and version, empty where nothing tells it."""

    root: str
    name: str
    gcc: str
    glibc: str
    release: str


class Readiness(_Document):
    """Whether a package can be built for a Python; *reasons* name the findings in its way."""

    ready: bool
    reasons: tuple[str, ...]


class Doctor(_Document):
    """What an SDK can build, and what keeps it from more.

    :ivar sdk: null where it cannot be read at all
    :ivar python: the one asked for, else the one that ``wheels`` would take
    :ivar can_build: whether nothing is in the way of what was asked for
    :ivar ready: Python, then package with its version
    """

    version: Literal[1]
    sdk: ExaminedSdk | None
    python: str | None
    can_build: bool
    ready: Mapping[str, Mapping[str, Readiness]]
    findings: tuple[Finding, ...]


class Program(_Document):
    """What crossbuild uses of the build machine.

    :ivar any: programs, or files by their path, of which one will do
    :ivar required: whether nothing is built without it
    :ivar found: its path; null where it is missing
    """

    any: tuple[str, ...]
    purpose: str
    required: bool
    found: str | None


class Machine(_Document):
    """The build machine's programs; *install* is the line that installs what is missing."""

    version: Literal[1]
    programs: tuple[Program, ...]
    install: str


class Cell(_Document):
    """A Python with the packages and the SDK that it takes.

    :ivar identifier: as cibuildwheel names builds
    :ivar versions: of the packages with recipes, as ``name==version``
    :ivar without: packages that have no version for this Python
    :ivar sdk: a reference SDK's name, or a folder
    :ivar board: whether an emulated board has this Python; null where only the SDK can tell
    """

    identifier: str
    python: str
    tag: str
    packages: tuple[str, ...]
    versions: tuple[str, ...]
    without: tuple[str, ...]
    sdk: str
    board: bool | None


class Matrix(_Document):
    """The cells of a project."""

    version: Literal[1]
    cells: tuple[Cell, ...]


class Sdks(_Document):
    """The reference SDKs that can be made."""

    version: Literal[1]
    sdks: tuple[Definition, ...]


class Python(_Document):
    """The target's Python as builds see it.

    :ivar prefix: a folder of our own that describes it to builds
    :ivar origin: ``sysroot``, or ``synthesised`` from a Python of the build machine
    """

    version: Literal[1]
    python: str
    full_version: str
    prefix: str
    include: str
    sysconfigdata: str
    ext_suffix: str
    soabi: str
    abi_tag: str
    origin: Literal["sysroot", "synthesised"]


class Licences(_Document):
    """The licences of wheels, and after each those of the libraries in it."""

    version: Literal[1]
    licences: tuple[Row, ...]


@dataclass(frozen=True)
class Format:
    """A document that programs may read.

    :ivar name: that of its schema
    :ivar where: the command that prints it, or the file
    :ivar kind: its type
    """

    name: str
    where: str
    kind: type

    def schema(self) -> dict[str, Any]:
        """Its JSON Schema (draft 2020-12), with what our docstrings tell of each key."""
        found = TypeAdapter(self.kind).json_schema(mode="serialization", by_alias=True)
        for part in (found, *found.get("$defs", {}).values()):
            _explain(part)
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


FORMATS = (
    Format("wheels", "`crossbuild wheels --json`", Wheels),
    Format("verify", "`crossbuild verify --json`", Verify),
    Format("smoke", "`verify.json` in the work folder", Smoke),
    Format("suite", "`suite-PACKAGE.json` in the work folder", JudgedSuite),
    Format("parity", "`crossbuild parity --json`", Parity),
    Format("comparison", "`parity-PACKAGE.json` in the work folder", Comparison),
    Format("audit", "`crossbuild audit --json`", Audit),
    Format("doctor", "`crossbuild doctor --json`", Doctor),
    Format("machine", "`crossbuild doctor --machine --json`", Machine),
    Format("matrix", "`crossbuild matrix`", Matrix),
    Format("licences", "`crossbuild licences --json`", Licences),
    Format("sdks", "`crossbuild sdk list --json`", Sdks),
    Format("python", "`crossbuild sdk python --json`", Python),
    Format("record", "`report/record.json` in the wheelhouse", Record),
    Format("provenance", "`WHEEL.provenance.json` in the wheelhouse", Statement),
)


def _explain(part: dict[str, Any]) -> None:
    """Give each key the words that stand after ``:ivar KEY:`` in the docstring."""
    text = inspect.cleandoc(part.get("description", ""))
    prose, *told = re.split(r"^:ivar (\w+):", text, flags=re.MULTILINE)
    keys = part.get("properties", {})
    for key in keys.values():
        key.pop("title", None)  # the same word with a capital letter
    for name, words in zip(told[::2], told[1::2], strict=True):
        if name in keys:
            keys[name]["description"] = " ".join(words.split())
    if prose.strip():
        part["description"] = " ".join(prose.split())
