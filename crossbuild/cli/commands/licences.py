"""``crossbuild licences``: what each wheel, and each library in one, is under."""

from dataclasses import asdict

from crossbuild.cli import inputs
from crossbuild.cli.options import JsonOption, LicenceOption, WheelsArgument


def licences(
    wheels: WheelsArgument, licence: LicenceOption = None, as_json: JsonOption = False
) -> None:
    """List the licences of wheels and of the libraries in them."""
    from crossbuild.papers import inventory, report
    from crossbuild.papers import licence as known

    rows = report.rows(inventory.read(wheels, known.named(licence or ())))
    if as_json:
        inputs.print_json({"version": 1, "licences": [asdict(row) for row in rows]})
    else:
        inputs.console.table(report.table(rows))
