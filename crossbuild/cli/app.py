"""The command line: its commands, and the one place that exits."""

import sys
from typing import Annotated

import typer

from crossbuild import __version__
from crossbuild.cli.commands import board, sdk
from crossbuild.cli.commands.audit import audit
from crossbuild.cli.commands.clean import clean
from crossbuild.cli.commands.doctor import doctor
from crossbuild.cli.commands.lock import lock
from crossbuild.cli.commands.matrix import matrix
from crossbuild.cli.commands.parity import parity
from crossbuild.cli.commands.verify import verify
from crossbuild.cli.commands.wheels import wheels
from crossbuild.cli.inputs import console
from crossbuild.core.errors import CrossbuildError

app = typer.Typer(
    name="crossbuild",
    help="A wheel factory for Arm boards.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(sdk.app, name="sdk")
app.add_typer(board.app, name="board")
for command in (doctor, lock, wheels, audit, verify, parity, matrix, clean):
    app.command()(command)

#: The status with which typer ends a command after Ctrl-C.
_INTERRUPTED = 130


def main() -> None:
    """Run the command line; the one place that exits."""
    try:
        app()
    except CrossbuildError as error:
        console.error(error)
        sys.exit(error.exit_code)
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
