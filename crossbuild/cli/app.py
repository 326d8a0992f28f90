"""The command line: its commands, and the one place that exits."""

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from crossbuild import __version__
from crossbuild.cli.commands import board, export, sdk
from crossbuild.cli.commands.audit import audit
from crossbuild.cli.commands.clean import clean
from crossbuild.cli.commands.doctor import doctor
from crossbuild.cli.commands.licences import licences
from crossbuild.cli.commands.lock import lock
from crossbuild.cli.commands.matrix import matrix
from crossbuild.cli.commands.parity import parity
from crossbuild.cli.commands.report import report
from crossbuild.cli.commands.reproduce import reproduce
from crossbuild.cli.commands.sbom import sbom
from crossbuild.cli.commands.sign import sign, verify_signature
from crossbuild.cli.commands.verify import verify
from crossbuild.cli.commands.wheels import wheels
from crossbuild.cli.inputs import console
from crossbuild.cli.loudness import with_loudness
from crossbuild.core import files
from crossbuild.core.errors import NO_SPACE_CURE, CrossbuildError, DiskError

app = typer.Typer(
    name="crossbuild",
    help="A wheel factory for Arm boards.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

#: The commands by the headings of ``--help``.
_COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {
    "Build wheels": (doctor, wheels, matrix),
    "Test them": (audit, verify, parity, reproduce),
    "Publish them": (sbom, licences, sign, verify_signature),
    "Maintain": (report, lock, clean),
}
#: Those that work step by step.
_STEPWISE = {wheels, matrix, verify, parity, reproduce, lock}
for heading, commands in _COMMANDS.items():
    for command in commands:
        own = with_loudness(command) if command in _STEPWISE else command
        app.command(rich_help_panel=heading)(own)
for name, group in {"sdk": sdk.app, "board": board.app, "export": export.app}.items():
    app.add_typer(group, name=name, rich_help_panel="SDKs, boards and Yocto")

#: The status with which typer ends a command after Ctrl-C.
_INTERRUPTED = 130


def main() -> None:
    """Run the command line; the one place that exits."""
    try:
        app()
    except CrossbuildError as error:
        console.error(error)
        sys.exit(error.exit_code)
    except OSError as error:
        if not files.is_full(error):
            raise
        full = DiskError("no space left", evidence=str(error), cure=NO_SPACE_CURE)
        console.error(full)
        sys.exit(full.exit_code)
    except SystemExit as ended:
        if ended.code == _INTERRUPTED:
            console.say("interrupted; the same command goes on where this one stopped")
        raise


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crossbuild {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """A wheel factory for Arm boards."""
