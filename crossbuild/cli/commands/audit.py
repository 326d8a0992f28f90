"""``crossbuild audit``: whether wheels fit the board."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from crossbuild.cli import inputs
from crossbuild.cli.inputs import console
from crossbuild.cli.options import (
    CacheOption,
    EnvironmentOption,
    JsonOption,
    PythonOption,
    SdkOption,
    WorkOption,
)
from crossbuild.core import defaults
from crossbuild.core.errors import AuditError


def audit(
    wheels: Annotated[list[Path], typer.Argument(help="Wheels, or folders of wheels.")],
    profile: Annotated[
        Path | None,
        typer.Option(help="A board profile's file; the board of the SDK by default."),
    ] = None,
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    python: PythonOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    as_json: JsonOption = False,
) -> None:
    """Tell whether wheels fit the board, also those that others built."""
    from crossbuild.audit import gate, report_table, sdk_profile
    from crossbuild.audit import profile as board_profile

    if profile:
        board = board_profile.load(profile)
        report = gate.audit_all(wheels, lambda _: board)
    else:
        chosen = inputs.sdk_for(sdk, python, inputs.configuration())
        request = inputs.target(chosen, work, cache, environment=environment, python=python)
        request = request.located(console)
        # Read once: wheels of several Pythons are held against the same sysroot.
        request = replace(request, sdk=request.read_sdk())
        report = gate.audit_all(
            wheels,
            partial(sdk_profile.board_for, request),
            build_paths=[str(request.work), str(request.root)],
        )
    if as_json:
        typer.echo(report.to_json())
    else:
        console.table(report_table(report))
    if not report.fits:
        raise typer.Exit(AuditError.exit_code)
