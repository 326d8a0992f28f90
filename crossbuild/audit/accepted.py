"""Findings that the user accepts, knowing better: ``RULE:FILE`` for each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from crossbuild.audit.policy import rules
from crossbuild.audit.report import Violation
from crossbuild.core.errors import ConfigurationError


def check(texts: Iterable[str]) -> None:
    """Check that each names a rule and a file.

    :raises ConfigurationError: one does not
    """
    for text in texts:
        rule, _, file = text.partition(":")
        if rule not in rules() or not file:
            raise ConfigurationError(
                f"nothing can be accepted by {text!r}",
                evidence=f"the rules are {', '.join(rules())}",
                cure="write RULE:FILE, where FILE is a glob on the wheel's files: "
                "--accept 'instruction:sample/*.so'",
            )


def marked(findings: Iterable[Violation], texts: Sequence[str]) -> Iterator[Violation]:
    """The findings, of which refusals that are accepted say so."""
    pairs = [text.partition(":")[::2] for text in texts]
    for finding in findings:
        accepted = any(
            finding.rule == rule and fnmatchcase(finding.file, file) for rule, file in pairs
        )
        refused = finding.verdict == "refuse"
        yield replace(finding, verdict="accepted") if refused and accepted else finding
