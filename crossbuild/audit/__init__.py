"""Whether a wheel fits the board: the gate between build and wheelhouse.

Facts (:mod:`.facts`), rules (:mod:`.elf_rules`, :mod:`.wheel_rules`, :mod:`.set_rules`, with
``rules.toml``) and the verdict (:mod:`.report`) are separate; a verdict is a pure
function of facts and a board profile.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from crossbuild.audit import elf_rules, set_rules, wheel_rules
from crossbuild.audit.facts import Gatherer, Unreadable, WheelFacts
from crossbuild.audit.profile import BoardProfile
from crossbuild.audit.report import AuditReport, Violation, report_table

__all__ = ["AuditReport", "Violation", "audit", "report_table", "requirements"]


def audit(
    wheels: Sequence[Path],
    profile: BoardProfile,
    *,
    wheelhouse: Path | None = None,
    build_paths: Sequence[str] = (),
    expected: Collection[str] = (),
) -> AuditReport:
    """Hold wheels against a board.

    :param wheelhouse: folder with the other wheels that the board installs from;
        requirements are not checked where None
    :param build_paths: folders of the build machine that no file may name
    :param expected: canonical names of packages whose wheels are being made: that these meet
        requirements is judged when they are there (:func:`requirements`)
    :raises ConfigurationError: the profile's CPU is unknown
    """
    gatherer = Gatherer(profile.features, build_paths)
    read = [gatherer.wheel(path) for path in wheels]
    audited = [facts for facts in read if isinstance(facts, WheelFacts)]
    others = wheel_rules.acceptable(_others(wheels, wheelhouse, gatherer), profile)
    available = [*wheel_rules.acceptable(audited, profile), *others]
    findings = [
        Violation.of("archive", facts.file, facts.file, facts.fact)
        for facts in read
        if isinstance(facts, Unreadable)
    ]
    for facts in audited:
        findings += wheel_rules.findings(facts, profile)
        findings += wheel_rules.requirements(
            facts, profile, available, complete=wheelhouse is not None, expected=expected
        )
        findings += elf_rules.findings(facts, profile, available)
        findings += set_rules.findings(facts, available)
    return AuditReport(profile.name, tuple(facts.file for facts in read), tuple(findings))


def requirements(wheels: Sequence[Path], profile: BoardProfile, wheelhouse: Path) -> AuditReport:
    """Whether what wheels require is in a wheelhouse, where they lie themselves."""
    gatherer = Gatherer(profile.features, ())
    read = [gatherer.brief(path) for path in sorted(wheelhouse.glob("*.whl"))]
    available = [facts for facts in read if isinstance(facts, WheelFacts)]
    acceptable = wheel_rules.acceptable(available, profile)
    names = [wheel.name for wheel in wheels]
    findings = [
        finding
        for facts in available
        if facts.file in names
        for finding in wheel_rules.requirements(facts, profile, acceptable, complete=True)
    ]
    return AuditReport(profile.name, tuple(names), tuple(findings))


def _others(
    wheels: Sequence[Path], wheelhouse: Path | None, gatherer: Gatherer
) -> list[WheelFacts]:
    """Brief facts of the wheelhouse's wheels that are not audited themselves."""
    if wheelhouse is None:
        return []
    names = {path.name for path in wheels}
    there = sorted(path for path in wheelhouse.glob("*.whl") if path.name not in names)
    read = (gatherer.brief(path) for path in there)
    return [facts for facts in read if isinstance(facts, WheelFacts)]
