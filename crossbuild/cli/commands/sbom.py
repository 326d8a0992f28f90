"""``crossbuild sbom``: the bill of materials of a wheelhouse."""

from pathlib import Path
from typing import Annotated

import typer

from crossbuild.cli import inputs
from crossbuild.cli.options import LicenceOption, SbomFormat, WheelsArgument


def sbom(
    wheels: WheelsArgument,
    form: Annotated[
        SbomFormat, typer.Option("--format", help="CycloneDX 1.6 or SPDX 2.3, as JSON.")
    ] = SbomFormat.CYCLONEDX,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file; standard output by default.")
    ] = None,
    licence: LicenceOption = None,
) -> None:
    """Write the bill of materials of a whole wheelhouse."""
    from crossbuild.core import files
    from crossbuild.papers import inventory
    from crossbuild.papers import licence as licences

    entries = inventory.read(wheels, licences.named(licence or ()))
    strangers = [entry.path.name for entry in entries if not entry.bill]
    if strangers:
        names = ", ".join(strangers)
        inputs.console.say(f"note: crossbuild did not make, and so knows no source of: {names}")
    if form is SbomFormat.SPDX:
        from crossbuild.papers import spdx

        text = spdx.text(entries)
    else:
        from crossbuild.papers import cyclonedx

        text = cyclonedx.text(entries)
    if output is None:
        typer.echo(text, nl=False)
    else:
        files.write_text(output, text)
        inputs.console.say(f"{len(entries)} wheels: {output}")
