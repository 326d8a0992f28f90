"""Whether a wheel fits the board: the gate between build and wheelhouse.

Facts (:mod:`.facts`), rules (:mod:`.elf_rules`, :mod:`.wheel_rules`, :mod:`.set_rules`, with
``rules.toml``) and the verdict (:mod:`.report`) are separate; a verdict is a pure
function of facts and a board profile.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from packaging.requirements import Requirement

from crossbuild.audit import accepted, elf_rules, set_rules, wheel_rules
from crossbuild.audit.facts import Gatherer, Unreadable, WheelFacts
from crossbuild.audit.profile import BoardProfile
from crossbuild.audit.report import AuditReport, Violation, report_table
from crossbuild.wheel import pack as wheel

__all__ = ["AuditReport", "Violation", "audit", "report_table", "requirements", "unmet"]


def audit(
    wheels: Sequence[Path],
    profile: BoardProfile,
    *,
    wheelhouse: Path | None = None,
    build_paths: Sequence[str] = (),
    judge_requirements: bool = True,
    built: Path | None = None,
    accept: Sequence[str] = (),
) -> AuditReport:
    """Hold wheels against a board.

    :param wheelhouse: folder with the other wheels that the board installs from;
        requirements are not checked where None
    :param judge_requirements: whether what they require is judged at all; of wheels that others
        are still to join, :func:`requirements` judges it at the end
    :param build_paths: folders of the build machine that no file may name
    :param built: a wheel of which they are made, whose files are not stripped yet
    :param accept: what is accepted, as ``RULE:FILE``
    :raises ConfigurationError: the profile's CPU is unknown
    """
    gatherer = Gatherer(profile.features, build_paths)
    with nullcontext() if built is None else wheel.opened(built) as whole:
        read = [gatherer.wheel(path, whole) for path in wheels]
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
        if judge_requirements:
            complete = wheelhouse is not None
            findings += wheel_rules.requirements(facts, profile, available, complete=complete)
        findings += elf_rules.findings(facts, profile, available)
        findings += set_rules.findings(facts, available)
    told = tuple(accepted.marked(findings, accept))
    return AuditReport(profile.name, tuple(facts.file for facts in read), told)


def requirements(
    wheels: Sequence[Path], profile: BoardProfile, wheelhouse: Path, accept: Sequence[str] = ()
) -> AuditReport:
    """Whether what wheels require is in a wheelhouse, where they lie themselves."""
    names = [wheel.name for wheel in wheels]
    own, acceptable = _in_wheelhouse(names, profile, wheelhouse)
    findings = [
        finding
        for facts in own
        for finding in wheel_rules.requirements(facts, profile, acceptable, complete=True)
    ]
    return AuditReport(profile.name, tuple(names), tuple(accepted.marked(findings, accept)))


def unmet(wheels: Sequence[Path], profile: BoardProfile, wheelhouse: Path) -> list[Requirement]:
    """What wheels of a wheelhouse require, and no wheel in it meets."""
    names = [wheel.name for wheel in wheels]
    own, acceptable = _in_wheelhouse(names, profile, wheelhouse)
    return [one for facts in own for one in wheel_rules.unmet(facts, profile, acceptable)]


def _in_wheelhouse(
    names: Sequence[str], profile: BoardProfile, wheelhouse: Path
) -> tuple[list[WheelFacts], list[WheelFacts]]:
    """The named wheels of a wheelhouse, and all that the board's pip would consider."""
    gatherer = Gatherer(profile.features, ())
    read = [gatherer.brief(path) for path in sorted(wheelhouse.glob("*.whl"))]
    available = [facts for facts in read if isinstance(facts, WheelFacts)]
    own = [facts for facts in available if facts.file in names]
    return own, wheel_rules.acceptable(available, profile)


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
