"""The verdict: findings, as JSON for machines and as a table for people."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from rich.table import Table

from crossbuild.audit.policy import rules
from crossbuild.progress.console import plain

#: Version of the JSON form; see docs/audit.md.  It grows when a reader has to change.
FORMAT = 1


@dataclass(frozen=True, order=True)
class Violation:
    """One thing that a rule has found.

    :ivar rule: the rule's stable name, a key of ``rules.toml``
    :ivar wheel: the wheel's file name
    :ivar file: the file inside the wheel, or the wheel itself
    :ivar fact: what was found there
    :ivar cure: what to try
    :ivar verdict: ``refuse``, ``note``, or ``accepted`` where the user knows better
    """

    wheel: str
    verdict: str
    rule: str
    file: str
    fact: str
    cure: str

    @classmethod
    def of(cls, rule: str, wheel: str, file: str, fact: str) -> "Violation":
        """A finding with the verdict and the cure of its rule."""
        entry = rules()[rule]
        return cls(wheel, entry.verdict, rule, file, fact, entry.cure)


@dataclass(frozen=True)
class AuditReport:
    """What an audit has found.

    :ivar board: the name of the board profile
    :ivar wheels: the wheels that were audited
    """

    board: str
    wheels: tuple[str, ...]
    findings: tuple[Violation, ...]

    @property
    def refusals(self) -> tuple[Violation, ...]:
        """The findings for which a wheel must not be published."""
        return tuple(finding for finding in self.findings if finding.verdict == "refuse")

    @property
    def refused(self) -> frozenset[str]:
        """The file names of the wheels that must not be published."""
        return frozenset(finding.wheel for finding in self.refusals)

    @property
    def fits(self) -> bool:
        """Whether every wheel fits the board."""
        return not self.refusals

    def to_json(self) -> str:
        """The report for machines, in the form that docs/audit.md describes."""
        wheels = [
            {
                "wheel": wheel,
                "fits": wheel not in self.refused,
                "findings": [_plain(f) for f in sorted(self.findings) if f.wheel == wheel],
            }
            for wheel in self.wheels
        ]
        document = {"format": FORMAT, "board": self.board, "fits": self.fits, "wheels": wheels}
        return json.dumps(document, indent=2, ensure_ascii=False)


def _plain(finding: Violation) -> dict[str, str]:
    return {key: value for key, value in asdict(finding).items() if key != "wheel"}


def report_table(report: AuditReport) -> Table:
    """The report for people: a row per wheel, and one per fact and the files that share it."""
    table = Table(title=f"audit for board {report.board}", title_justify="left")
    for column in ("verdict", "rule", "file", "fact", "try"):
        table.add_column(column, overflow="fold")
    for wheel in report.wheels:
        fits = wheel not in report.refused
        style = "green" if fits else "bold red"
        table.add_row(plain("fits" if fits else "refused", style), "", plain(wheel), "", "")
        for row in _rows(finding for finding in report.findings if finding.wheel == wheel):
            table.add_row(*(plain(word) for word in row))
        table.add_section()
    return table


def _rows(findings: Iterable[Violation]) -> Iterator[tuple[str, ...]]:
    same: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for finding in findings:
        cure = finding.cure if finding.verdict == "refuse" else ""
        same[finding.verdict, finding.rule, finding.fact, cure].append(finding.file)
    for (verdict, rule, fact, cure), names in sorted(same.items(), reverse=True):
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield verdict, rule, f"{min(names)}{more}", fact, cure
