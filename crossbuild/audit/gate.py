"""The gate between build and wheelhouse: what the audit refuses is not published."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from crossbuild import audit
from crossbuild.audit import AuditReport
from crossbuild.audit.profile import BoardProfile
from crossbuild.core.errors import AuditError, ConfigurationError

#: Refusals that an error shows; `crossbuild audit` shows all.
_SHOWN = 8


def require_fit(
    finished: Sequence[Path],
    profile: BoardProfile,
    *,
    wheelhouse: Path | None,
    build_paths: Sequence[str],
    built: Path | None = None,
    accept: Sequence[str] = (),
) -> AuditReport:
    """Hold a finished wheel, and those made along with it, against the board.

    What it requires is judged when all wheels are there (:func:`require_installable`).

    :param wheelhouse: where other wheels lie that the board may have beside it
    :param build_paths: folders of the build machine that no file may name
    :param built: the wheel as its back end made it, which is not stripped
    :param accept: what the user accepts, as ``RULE:FILE``
    :returns: what there is to tell all the same
    :raises AuditError: it does not fit; the wheel is kept where it was made
    """
    report = audit.audit(
        finished,
        profile,
        wheelhouse=wheelhouse,
        build_paths=build_paths,
        judge_requirements=False,
        built=built,
        accept=accept,
    )
    if not report.fits:
        raise AuditError(
            f"{finished[0].name} does not fit the board {profile.name}; it was not published",
            evidence="\n    ".join(["", *_facts(report), f"the wheel: {finished[0]}"]),
            cure=_cures(report),
        )
    return report


def require_installable(
    published: Sequence[Path], profile: BoardProfile, wheelhouse: Path, accept: Sequence[str] = ()
) -> None:
    """Hold what published wheels require against the whole wheelhouse.

    :raises AuditError: pip would not find a requirement; the wheels stay in the wheelhouse
    """
    report = audit.requirements(published, profile, wheelhouse, accept)
    if not report.fits:
        raise AuditError(
            f"{report.refusals[0].wheel} cannot be installed from the wheelhouse",
            evidence="\n    ".join(["", *_facts(report)]),
            cure=_cures(report),
        )


def _facts(report: AuditReport) -> list[str]:
    """The first refusals of a report, and how many more there are."""
    refusals = report.refusals
    shown = [f"{refusal.rule}: {refusal.file}: {refusal.fact}" for refusal in refusals[:_SHOWN]]
    return shown + ([f"and {len(refusals) - _SHOWN} more"] if len(refusals) > _SHOWN else [])


def _cures(report: AuditReport) -> str:
    """What to try, for each rule that the error shows."""
    cures = {refusal.rule: refusal.cure for refusal in report.refusals[:_SHOWN]}
    if len(cures) == 1:
        return next(iter(cures.values()))
    return "\n    ".join(["", *(f"{rule}: {cure}" for rule, cure in cures.items())])


def audit_all(
    paths: Sequence[Path],
    board_for: Callable[[str], BoardProfile],
    *,
    build_paths: Sequence[str] = (),
    accept: Sequence[str] = (),
) -> AuditReport:
    """Audit wheels and folders of wheels, each for the Python that its name tells.

    :param board_for: gives the board with a Python, e.g. ``"3.7"``; with any where empty
    :param build_paths: folders of the build machine that no file may name
    :param accept: what the user accepts, as ``RULE:FILE``
    :raises ConfigurationError: there is no wheel at one of the paths
    """
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in _wheels(paths):
        groups[_python(path)].append(path)
    # Pure wheels fit every Python: they are held against the first that others are for.
    pure = groups.pop("", [])
    first = min(groups, default="")
    if pure:
        groups[first] = [*groups.get(first, []), *pure]
    reports = [
        audit.audit(
            wheels,
            board_for(python),
            wheelhouse=_common_folder(wheels),
            build_paths=build_paths,
            accept=accept,
        )
        for python, wheels in sorted(groups.items())
    ]
    return AuditReport(
        reports[0].board,
        tuple(wheel for report in reports for wheel in report.wheels),
        tuple(finding for report in reports for finding in report.findings),
    )


def _wheels(paths: Iterable[Path]) -> list[Path]:
    wheels = []
    for path in paths:
        if path.is_file() and path.suffix != ".whl":
            raise ConfigurationError(
                f"{path.name} is not a wheel",
                evidence=_kind(path),
                cure="build it first, and audit what comes of it: crossbuild wheels NAME",
            )
        there = sorted(path.glob("*.whl")) if path.is_dir() else [path]
        if not there or not there[0].is_file():
            raise ConfigurationError(
                f"there is no wheel at {path}",
                evidence=_folder_fact(path) if path.is_dir() else "no such file",
                cure="give wheels, or folders that hold some",
            )
        wheels += there
    return wheels


def _kind(path: Path) -> str:
    is_source = path.name.endswith((".tar.gz", ".tar.bz2", ".zip"))
    return f"{path}: its name is {'a source distribution' if is_source else 'no wheel'}'s"


def _folder_fact(folder: Path) -> str:
    sources = sorted(path.name for path in folder.glob("*.tar.gz"))
    return "the folder holds no *.whl" + (f", but {', '.join(sources)}" if sources else "")


def _python(wheel: Path) -> str:
    """The Python of a wheel's tag, e.g. ``"3.7"``; empty for any, or for a malformed name."""
    try:
        tags = parse_wheel_filename(wheel.name)[3]
    except InvalidWheelFilename:
        return ""
    names = {tag.interpreter for tag in tags if tag.interpreter.startswith("cp3")}
    return f"3.{min(names)[3:]}" if names and min(names)[3:].isdecimal() else ""


def _common_folder(wheels: Sequence[Path]) -> Path | None:
    """The wheelhouse in which requirements are looked for: the folder of all, if it is one."""
    folders = {wheel.parent for wheel in wheels}
    return folders.pop() if len(folders) == 1 else None
