"""``crossbuild lock``: the lock files of the recipes."""

from typing import Annotated

import typer

from crossbuild.cli import completion
from crossbuild.cli.inputs import console
from crossbuild.cli.options import PythonsOption


def lock(
    packages: Annotated[
        list[str] | None,
        typer.Argument(autocompletion=completion.packages, help="All recipes by default."),
    ] = None,
    python: PythonsOption = None,
) -> None:
    """Renew the lock files of recipes: which files are downloaded, with their sha256."""
    from crossbuild.packages import recipe, relock

    with console.step("lock") as step:
        paths = relock.renew_all(python or recipe.PYTHONS, packages)
        step.outcome = f"{len(paths)} locks"
