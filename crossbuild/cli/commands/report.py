"""``crossbuild report``: a page of a wheelhouse."""

import os
from pathlib import Path
from typing import Annotated

import typer

from crossbuild.cli import inputs


def report(
    wheelhouse: Annotated[
        Path | None, typer.Argument(help="A folder of wheels, whoever made them.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The page; WHEELHOUSE/report/index.html by default."),
    ] = None,
) -> None:
    """Write a web page about a wheelhouse: its wheels, their origin, and test results."""
    from crossbuild.report import page

    house = inputs.wheelhouse(wheelhouse, inputs.configuration())
    typer.echo(os.path.relpath(page.write(house, output)))
