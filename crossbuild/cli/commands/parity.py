"""``crossbuild parity``: our wheels beside Debian's native builds."""

from pathlib import Path
from typing import Annotated

import typer

from crossbuild.cli import completion, inputs
from crossbuild.cli.inputs import console
from crossbuild.cli.options import (
    CacheOption,
    CoresOption,
    JsonOption,
    PackagesArgument,
    SlicesOption,
    SuiteKind,
    WheelhouseOption,
    WorkOption,
)
from crossbuild.core import defaults


def parity(
    packages: PackagesArgument = None,
    reference: Annotated[
        str,
        typer.Option(
            autocompletion=completion.sdks,
            help="The reference SDK whose distribution has native builds.",
        ),
    ] = defaults.REFERENCE,
    full: Annotated[bool, typer.Option("--full", help="With the slow tests.")] = False,
    slices: SlicesOption = None,
    wheelhouse: WheelhouseOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    jobs: CoresOption = defaults.JOBS,
    as_json: JsonOption = False,
) -> None:
    """Run the packages' own tests with our wheels and with Debian's native builds, and compare."""
    from crossbuild.progress import durations
    from crossbuild.report import page
    from crossbuild.sdk import reference as reference_sdk
    from crossbuild.verify.parity import compare
    from crossbuild.verify.question import Question

    configured = inputs.configuration()
    definition = reference_sdk.load(reference)
    question = Question(
        target=inputs.target(Path(reference), work, cache),
        packages=inputs.packages(packages, configured),
        wheelhouse=inputs.wheelhouse(wheelhouse, configured),
        suite=(SuiteKind.FULL if full else SuiteKind.FAST).value,
        slices=tuple(slices or ()),
    )
    with (
        durations.remembered(console, question.target.cache),
        page.proving(question.wheelhouse, console, question.work),
    ):
        comparisons = compare(question, definition, console, at_once=jobs)
    if as_json:
        told = [comparison.as_json() for comparison in comparisons]
        inputs.print_json({"version": 1, "comparisons": told})
