"""Which wheels may be exported: one version of each, sound, and with all that they require."""

import configparser
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from crossbuild import audit
from crossbuild.audit.profile import BoardProfile
from crossbuild.core.errors import AuditError, ExportError
from crossbuild.export import distribution, install_wheel
from crossbuild.export.distribution import Distribution
from crossbuild.papers.inventory import wheels_at
from crossbuild.wheel.archive import opened

#: Refusals that an error shows; `crossbuild audit` shows all.
_SHOWN = 8


def distributions(
    paths: Sequence[Path],
    board: BoardProfile,
    *,
    licences: Mapping[str, str],
    build_paths: Sequence[str],
) -> tuple[Distribution, ...]:
    """The distributions of wheels, sorted by what OpenEmbedded calls them.

    :param paths: wheels, and folders of wheels
    :param licences: SPDX expressions by distribution that the user named
    :param build_paths: folders of the build machine that no file may name
    :raises ConfigurationError: there is no wheel at one of the paths
    :raises AuditError: a wheel does not fit the board
    :raises ExportError: a distribution is there twice, lacks what it requires, or is under a
        licence that nobody can name
    """
    wheels = [wheel for path in paths for wheel in wheels_at(path)]
    _require_single(wheels)
    _require_fit(wheels, board, build_paths)
    for wheel in wheels:
        _require_installable(wheel, board)
    extras = _extras(wheels, board.environment)
    read = [
        distribution.read(wheel, board.environment, licences, extras[_name(wheel)])
        for wheel in wheels
    ]
    _require_complete(read)
    return tuple(sorted(read, key=lambda one: one.package))


def _require_single(wheels: Sequence[Path]) -> None:
    twins = defaultdict[str, list[str]](list)
    for wheel in wheels:
        twins[_name(wheel)].append(wheel.name)
    for name, files in sorted(twins.items()):
        if len(files) > 1:
            raise ExportError(
                f"{name} is there more than once, and a board has one of each",
                evidence=", ".join(files),
                cure="name the wheels that are meant, instead of their folder: "
                "WHEELHOUSE/*-cp311-*.whl",
            )


def _name(wheel: Path) -> str:
    try:
        return parse_wheel_filename(wheel.name)[0]
    except InvalidWheelFilename:
        return wheel.name  # the audit refuses it


def _require_fit(wheels: Sequence[Path], board: BoardProfile, build_paths: Sequence[str]) -> None:
    report = audit.audit(wheels, board, wheelhouse=wheels[0].parent, build_paths=build_paths)
    if report.fits:
        return
    refusals = report.refusals
    facts = [f"{one.wheel}: {one.rule}: {one.fact}" for one in refusals[:_SHOWN]]
    more = [f"and {len(refusals) - _SHOWN} more"] * (len(refusals) > _SHOWN)
    raise AuditError(
        f"{refusals[0].wheel} does not fit the board {board.name} with Python "
        f"{board.python.version}; nothing was exported",
        evidence="\n    ".join(["", *facts, *more]),
        cure=refusals[0].cure,
    )


def _require_installable(wheel: Path, board: BoardProfile) -> None:
    try:
        for _ in install_wheel.installed(
            str(wheel), install_wheel.schemes(board.python.version), "crossbuild"
        ):
            pass
    except (ValueError, configparser.Error) as error:
        raise ExportError(
            f"{wheel.name} cannot be laid out on a board",
            evidence=str(error),
            cure="mend its entry points, or the folders in its .data, and build it again",
        ) from error


def _extras(wheels: Sequence[Path], environment: Mapping[str, str]) -> Mapping[str, set[str]]:
    """The extras of each distribution that some wheel, or an extra of one, asks for."""
    extras = defaultdict[str, set[str]](set)
    pending = list(wheels)
    while pending:
        with opened(pending.pop()) as wheel:
            required = distribution.requirements(wheel, environment, extras[wheel.name])
        for requirement in required:
            name = canonicalize_name(requirement.name)
            if not requirement.extras <= extras[name]:
                extras[name] |= requirement.extras
                pending += [path for path in wheels if _name(path) == name]
    return extras


def _require_complete(read: Sequence[Distribution]) -> None:
    names = {one.name for one in read}
    for one in read:
        lacking = [str(r) for r in one.requires if canonicalize_name(r.name) not in names]
        if lacking:
            raise ExportError(
                f"{one.wheel.name} requires what is not exported with it",
                evidence=", ".join(lacking),
                cure="give the wheels of these, too, or their whole wheelhouse",
            )
