"""``crossbuild clean``: room on the disk."""

from typing import Annotated

import typer

from crossbuild.cli.options import WorkOption
from crossbuild.core import defaults


def clean(
    work: WorkOption = defaults.WORK,
    everything: Annotated[
        bool, typer.Option("--all", help="Built wheels and the reference SDKs as well.")
    ] = False,
) -> None:
    """Remove build trees; wheels in the wheelhouse and downloads stay."""
    from crossbuild.core import files
    from crossbuild.sdk import reference

    for folder in work.glob("*"):
        if everything or folder.name not in {"wheels", "locks"}:
            files.remove_tree(folder)
    if everything:
        for definition in reference.known():
            files.remove_tree(reference.default_destination(definition.name))
