"""Findings as data: their texts stand in ``findings.toml``, written for the SDK's release."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from crossbuild.core import documents, errors, templates
from crossbuild.core.errors import CrossbuildError
from crossbuild.doctor.model import Finding, Severity
from crossbuild.sdk.release import Release

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Catalogue:
    """Makes findings whose cures are in the words of one Yocto release."""

    release: Release

    def finding(
        self,
        name: str,
        *,
        evidence: str = "",
        recipes: Sequence[str] = (),
        pythons: Sequence[str] = (),
        fields: Mapping[str, object] | None = None,
    ) -> Finding:
        """A finding of ``findings.toml``.

        :param fields: values of the names in its templates
        """
        entry, fields = entries()[name], fields or {}
        return Finding(
            name=name,
            severity=cast("Severity", entry["severity"]),
            what=self._fill(entry["what"], fields),
            evidence=evidence,
            cure=self._fill(entry.get("cure", ""), fields),
            recipes=tuple(recipes),
            pythons=tuple(pythons),
        )

    def of_error(
        self, name: str, error: CrossbuildError, *, pythons: Sequence[str] = ()
    ) -> Finding:
        """A finding in the words of the error that was raised."""
        return Finding(
            name, "error", error.what, error.evidence, error.cure, pythons=tuple(pythons)
        )

    def file(self, template: str, fields: Mapping[str, object]) -> str:
        """A longer piece of a cure, from a file of its own."""
        return self._fill((_HERE / template).read_text(encoding="utf-8"), fields)

    def _fill(self, template: str, fields: Mapping[str, object]) -> str:
        text = _rendered(template, fields, self.release.override)
        if not self.release.doubt:
            return text
        other = _rendered(template, fields, self.release.other_override).splitlines()
        written = [
            line for line, twin in zip(other, text.splitlines(), strict=True) if line != twin
        ]
        return "\n".join([text, *([f"{self.release.doubt}:"] if written else []), *written])


def _rendered(template: str, fields: Mapping[str, object], override: str) -> str:
    return templates.fill(template, _HERE, {**fields, "o": override}).strip()


def raised_as(error: CrossbuildError) -> str | None:
    """The name of the finding that an error's words belong to, or None."""
    for name, entry in entries().items():
        ours = "raised" in entry and entry["error"] == type(error).__name__
        if ours and re.search(entry["raised"], error.what):
            return name
    return None


def error_class(name: str) -> type[CrossbuildError]:
    """The error that ``wheels`` stops with at a finding."""
    error = getattr(errors, entries()[name]["error"])
    return cast("type[CrossbuildError]", error)


@cache
def entries() -> Mapping[str, Mapping[str, str]]:
    """Everything that the doctor can find, by name."""
    return documents.read_toml(_HERE / "findings.toml")
