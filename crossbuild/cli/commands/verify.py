"""``crossbuild verify``: the wheelhouse proven on a board."""

from dataclasses import asdict
from typing import Annotated

import typer

from crossbuild.cli import completion, following, inputs
from crossbuild.cli.inputs import console
from crossbuild.cli.options import (
    CacheOption,
    EnvironmentOption,
    JsonOption,
    PackagesArgument,
    PythonOption,
    SdkOption,
    SlicesOption,
    SuiteKind,
    WheelhouseOption,
    WorkOption,
)
from crossbuild.core import defaults


def verify(
    packages: PackagesArgument = None,
    board: Annotated[
        str,
        typer.Option(
            "--board",
            autocompletion=completion.boards,
            help="`emulated`, `sabrelite` (a whole machine), or user@host through ssh.",
        ),
    ] = "emulated",
    suite: Annotated[
        SuiteKind,
        typer.Option(
            "--suite", envvar="CROSSBUILD_SUITE", help="Smoke scripts, or the packages' own tests."
        ),
    ] = SuiteKind.SMOKE,
    slices: SlicesOption = None,
    user_site: Annotated[
        bool, typer.Option("--user", help="On a real board: into a user site, not a venv.")
    ] = False,
    board_folder: Annotated[str, typer.Option(help="Temporary folder on a real board.")] = "/tmp",  # noqa: S108 - the folder made in it has a random name and mode 700
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    python: PythonOption = None,
    wheelhouse: WheelhouseOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    as_json: JsonOption = False,
) -> None:
    """Install from the wheelhouse on a board, run the smoke scripts and the packages' own tests."""
    from crossbuild.progress import durations
    from crossbuild.report import page
    from crossbuild.verify import suite_results
    from crossbuild.verify.prove import prove
    from crossbuild.verify.question import OnRealBoard, Question

    configured = inputs.configuration()
    chosen = inputs.sdk_for(sdk, python, configured)
    wanted = inputs.packages(packages, configured)
    question = Question(
        target=inputs.target(chosen, work, cache, environment=environment, python=python),
        packages=wanted,
        wheelhouse=inputs.wheelhouse(wheelhouse, configured),
        board=board,
        on_real_board=OnRealBoard(user_site, board_folder),
        tests=inputs.tests(wanted, configured),
        suite=suite.value,
        slices=tuple(slices or ()),
    )
    with (
        durations.remembered(console, question.target.cache),
        page.proving(question.wheelhouse, console, question.work),
    ):
        proof = prove(question, console)
    if as_json:
        suites = [suite_results.as_json(result) for result in proof.suites]
        inputs.print_json({"version": 1, **asdict(proof.report), "suites": suites})
    console.next(following.on_the_board(question.wheelhouse, question.requirements, board))
