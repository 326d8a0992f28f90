"""What a package's own tests said on a board: by slice, as a table, as JUnit XML, as JSON."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from rich.table import Table

from crossbuild.core import files

#: How a test can end.  The last two took the interpreter with them.
OUTCOMES = ("passed", "skipped", "failed", "error", "crashed", "hung")
BAD = frozenset(OUTCOMES[2:])

#: What XML 1.0 cannot hold.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class TestResult:
    """How a test ended.

    :ivar test: pytest's name of it, relative to the folder that the package lies in
    :ivar outcome: one of :data:`OUTCOMES`
    :ivar text: why it failed or was skipped
    """

    __test__ = False  # its name means no test to pytest

    test: str
    outcome: str
    seconds: float = 0.0
    text: str = ""

    @property
    def bad(self) -> bool:
        """Whether it neither passed nor was skipped."""
        return self.outcome in BAD


@dataclass(frozen=True)
class SliceResult:
    """The tests of one folder; *seconds* on the board, *peak_memory* in bytes."""

    name: str
    tests: tuple[TestResult, ...]
    seconds: float
    peak_memory: int

    @property
    def counts(self) -> Counter[str]:
        """How many tests ended how."""
        return Counter(test.outcome for test in self.tests)


@dataclass(frozen=True)
class SuiteResult:
    """All slices of a package's suite on one board."""

    package: str
    version: str
    suite: str
    board: str
    slices: tuple[SliceResult, ...]

    @property
    def tests(self) -> tuple[TestResult, ...]:
        """Every test."""
        return tuple(test for part in self.slices for test in part.tests)

    @property
    def bad(self) -> tuple[TestResult, ...]:
        """The tests that neither passed nor were skipped."""
        return tuple(test for test in self.tests if test.bad)


def table(result: SuiteResult) -> Table:
    """Counts, seconds and peak memory of each slice."""
    title = f"{result.package} {result.version}: {result.suite} suite on {result.board}"
    shown = Table(title=title)
    shown.add_column("slice", no_wrap=True)
    for column in (*OUTCOMES, "seconds", "peak memory"):
        shown.add_column(column, justify="right")
    for part in result.slices:
        shown.add_row(part.name, *_numbers(part.counts, part.seconds, part.peak_memory))
    counts = Counter(test.outcome for test in result.tests)
    seconds = sum(part.seconds for part in result.slices)
    peak = max((part.peak_memory for part in result.slices), default=0)
    shown.add_section()
    shown.add_row("all", *_numbers(counts, seconds, peak))
    return shown


def as_json(result: SuiteResult) -> dict[str, object]:
    """The counts of each slice, and the tests that failed; JUnit XML has every test."""
    return {
        "package": result.package,
        "version": result.version,
        "suite": result.suite,
        "board": result.board,
        "slices": [
            {
                "name": part.name,
                **{outcome: part.counts[outcome] for outcome in OUTCOMES},
                "seconds": part.seconds,
                "peak_memory": part.peak_memory,
            }
            for part in result.slices
        ],
        "bad": {test.test: test.outcome for test in result.bad},
    }


def write_junit(result: SuiteResult, path: Path) -> None:
    """Write the results as JUnit XML, one ``testsuite`` a slice, as pytest names things."""
    root = ET.Element("testsuites", name=f"{result.package} {result.version}")
    for part in result.slices:
        counts = part.counts
        suite = ET.SubElement(
            root,
            "testsuite",
            name=part.name,
            tests=str(len(part.tests)),
            failures=str(counts["failed"]),
            errors=str(counts["error"] + counts["crashed"] + counts["hung"]),
            skipped=str(counts["skipped"]),
            time=f"{part.seconds:.3f}",
            hostname=result.board,
        )
        for test in part.tests:
            _add_case(suite, test)
    ET.indent(root)
    files.write_text(path, ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n")


def _add_case(suite: ET.Element, test: TestResult) -> None:
    file, _, inside = test.test.partition("::")
    plain, bracket, parameters = inside.partition("[")
    *classes, name = plain.split("::")
    module = file.removesuffix(".py").replace("/", ".")
    case = ET.SubElement(
        suite,
        "testcase",
        classname=".".join([module, *classes]),
        name=_xml(f"{name}{bracket}{parameters}") or file,
        time=f"{test.seconds:.3f}",
    )
    if test.outcome != "passed":
        kind = {"failed": "failure", "skipped": "skipped"}.get(test.outcome, "error")
        lines = _xml(test.text).strip().splitlines()
        message = lines[-1] if lines else test.outcome
        ET.SubElement(case, kind, message=message, type=test.outcome).text = _xml(test.text)


def _xml(text: str) -> str:
    return _NO_XML.sub("?", text)


def _numbers(counts: Counter[str], seconds: float, peak: int) -> Iterator[str]:
    yield from (str(counts[outcome] or "") for outcome in OUTCOMES)
    yield f"{seconds:.1f}"
    yield files.size_text(peak)
