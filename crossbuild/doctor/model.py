"""What a diagnosis is: findings, and which recipe can be built for which Python."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rich.table import Table

from crossbuild.sdk.model import Sdk

#: Version of the JSON form (docs/doctor.md); it grows when a reader would have to change.
FORMAT = 1

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing.

    :ivar name: stable: a section of docs/doctor.md has it for a title
    :ivar severity: "error": the recipes cannot be built
    :ivar cure: ready to paste where that is possible; empty for some notes
    :ivar recipes: the recipes concerned ("scipy 1.7.3"); all where empty
    :ivar pythons: the Pythons concerned; all where empty
    """

    name: str
    severity: Severity
    what: str
    evidence: str = ""
    cure: str = ""
    recipes: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """What an SDK can build, and what keeps it from more.

    :ivar sdk: None where it cannot be read at all
    :ivar python: the Python that was asked for, else the one that ``wheels`` would take
    :ivar ready: Python -> recipe -> names of the errors in its way, none where it is ready
    """

    findings: tuple[Finding, ...]
    ready: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    sdk: Sdk | None = None
    release: str = ""
    python: str | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps something that was asked for from being built."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def unhindered(self) -> tuple[str, ...]:
        """The recipes for the one Python that have no error in their way."""
        return tuple(_ready(self.ready.get(self.python or "", {})))

    @property
    def title(self) -> str:
        """Which SDK this is about."""
        if self.sdk is None:
            return "SDK: cannot be read"
        release = f", {self.release}" if self.release else ""
        versions = f"GCC {self.sdk.gcc_version}, glibc {self.sdk.glibc_version}{release}"
        return f"SDK {self.sdk.name}: {versions}"

    def table(self) -> Table:
        """For people: for each Python what can be built, and what keeps the rest from it.

        A column for each package would not fit a terminal where there are many.
        """
        table = Table("Python", "ready", "not ready")
        for python, row in self.ready.items():
            table.add_row(python, ", ".join(_ready(row)), ", ".join(_spoilt(row)))
        return table

    def text(self) -> str:
        """For people: the findings, their cures unbroken so that they can be copied.

        Last, because it is read first on a terminal, stands what can be built.
        """
        return "\n\n".join([*map(_paragraph, self.findings), *self._verdict()])

    def as_json(self) -> dict[str, Any]:
        """For machines (docs/doctor.md)."""
        sdk = self.sdk and {
            "root": str(self.sdk.root),
            "name": self.sdk.name,
            "gcc": self.sdk.gcc_version,
            "glibc": self.sdk.glibc_version,
            "release": self.release,
        }
        return {
            "version": FORMAT,
            "sdk": sdk,
            "python": self.python,
            "can_build": not self.errors,
            "ready": {
                python: {
                    title: {"ready": not names, "reasons": list(names)}
                    for title, names in row.items()
                }
                for python, row in self.ready.items()
            },
            "findings": [asdict(finding) for finding in self.findings],
        }

    def _verdict(self) -> list[str]:
        row = self.ready.get(self.python or "", {})
        kinds = {"ready": _ready(row), "not ready": _spoilt(row)}
        lines = [
            f"{kind} for Python {self.python}: {', '.join(titles)}"
            for kind, titles in kinds.items()
            if titles
        ]
        return ["\n".join(lines)] if lines else []


def _ready(row: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [title for title, names in row.items() if not names]


def _spoilt(row: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [f"{title} ({', '.join(names)})" for title, names in row.items() if names]


def _paragraph(finding: Finding) -> str:
    concerned = ", ".join((*finding.recipes, *(f"Python {python}" for python in finding.pythons)))
    lines = [f"{finding.severity}: {finding.name}: {finding.what}"]
    lines += [f"  concerns: {concerned}"] if concerned else []
    lines += [f"  evidence: {finding.evidence}"] if finding.evidence else []
    lines += [f"  try: {finding.cure}"] if finding.cure else []
    return "\n".join(lines)
