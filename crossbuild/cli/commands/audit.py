"""``crossbuild audit``: whether wheels fit the board."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache as once
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossbuild.cli import inputs
from crossbuild.cli.inputs import console
from crossbuild.cli.options import (
    AcceptOption,
    CacheOption,
    EnvironmentOption,
    JsonOption,
    PythonOption,
    SdkOption,
    WorkOption,
)
from crossbuild.core import defaults
from crossbuild.core.errors import AuditError, DiskError

if TYPE_CHECKING:
    from crossbuild.audit import AuditReport
    from crossbuild.audit.profile import BoardDescription, BoardProfile
    from crossbuild.python.target import TargetRequest


def audit(
    wheels: Annotated[list[Path], typer.Argument(help="Wheels, or folders of wheels.")],
    profile: Annotated[
        Path | None,
        typer.Option(
            help="A board's file: a complete profile, or a description to combine with the SDK; "
            "i.MX6 by default."
        ),
    ] = None,
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    python: PythonOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    accept: AcceptOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check whether wheels fit the board, also those that others built."""
    from crossbuild.audit import gate, report_table
    from crossbuild.audit import profile as board_profile

    configured = inputs.configuration()
    accepted = inputs.accepted(accept, configured)
    board = board_profile.load(profile) if profile else None
    paths = list[str]()
    if isinstance(board, board_profile.BoardProfile):
        boards = _always(board)
    else:
        chosen = inputs.sdk_for(sdk, python, configured)
        request = inputs.target(chosen, work, cache, environment=environment, python=python)
        # As builds would name it: a word such as "sdk" is in many files.
        paths = [str(request.work), str(request.root.expanduser().absolute())]
        boards = _boards(request, board or board_profile.description(board_profile.DEFAULT_KIND))
    report = gate.audit_all(wheels, boards, build_paths=paths, accept=accepted)
    _note(wheels, report)
    if as_json:
        typer.echo(report.to_json())
    else:
        console.table(report_table(report))
    if not report.fits:
        raise typer.Exit(AuditError.exit_code)


def _note(wheels: list[Path], report: "AuditReport") -> None:
    """Let the page of a wheelhouse tell what was said of its wheels, where it has one."""
    from crossbuild.report import page, place, record

    house = wheels[0]
    if len(wheels) > 1 or not (house / place.FILE).is_file():
        return
    told = defaultdict(list)
    for one in report.findings:
        finding = record.Finding(verdict=one.verdict, rule=one.rule, file=one.file, fact=one.fact)
        told[one.wheel].append(finding)
    verdicts = {
        house / name: record.Audit(board=report.board, findings=tuple(told[name]))
        for name in report.wheels
    }
    # It may be somebody else's, which is no reason to judge no wheel.
    with suppress(DiskError):
        record.audited(house, verdicts)
        page.write(house)


def _always(board: "BoardProfile") -> "Callable[[str], BoardProfile]":
    return lambda _: board


def _boards(request: "TargetRequest", kind: "BoardDescription") -> "Callable[[str], BoardProfile]":
    """Gives the board with a Python: of the SDK that is there, else what its description tells.

    The SDK is read when the first board is asked for, and once: wheels of several Pythons are
    held against the same sysroot.
    """
    from crossbuild.audit import sdk_profile
    from crossbuild.sdk import locate, reference

    @once
    def there() -> "TargetRequest | None":
        folder = locate.existing(request.root)
        if folder is not None:
            return replace(request, sdk=replace(request, sdk=folder).read_sdk())
        console.note(
            f"the SDK {request.root} has not been made, so wheels are held against the "
            f"{kind.title} alone: libraries, pip and Python's symbols are not compared; "
            f"`crossbuild sdk create {request.root}` makes it, --sdk names another"
        )
        return None

    def board_for(python: str) -> "BoardProfile":
        known = there()
        if known is not None:
            return sdk_profile.board_for(known, python, kind)
        version = python or request.python or reference.load(defaults.REFERENCE).python
        return sdk_profile.board_alone(kind, version)

    return board_for
