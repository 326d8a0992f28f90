"""``crossbuild doctor``: what an SDK can build."""

from pathlib import Path
from typing import Annotated

import typer

from crossbuild.cli import completion, following, inputs
from crossbuild.cli.inputs import console
from crossbuild.cli.options import (
    BlasOption,
    BuildPythonOption,
    CacheOption,
    CoresOption,
    EnvironmentOption,
    JsonOption,
    PythonOption,
    SdkOption,
    WorkOption,
)
from crossbuild.core import defaults


def doctor(
    packages: Annotated[
        list[str] | None,
        typer.Argument(
            autocompletion=completion.packages, help="As for `wheels`; all recipes by default."
        ),
    ] = None,
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    python: PythonOption = None,
    build_python: BuildPythonOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    jobs: CoresOption = defaults.JOBS,
    blas: BlasOption = None,
    machine: Annotated[
        bool, typer.Option("--machine", help="Check only this machine's programs, without an SDK.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what the SDK can build, and how to fix what it cannot."""
    if machine:
        _machine(as_json)
        return
    from crossbuild import doctor as examination

    configured = inputs.configuration()
    request = inputs.target(
        inputs.sdk_for(sdk, python, configured),
        work,
        cache,
        environment=environment,
        python=python,
        build_python=build_python,
        blas=blas or configured.blas,
    )
    diagnosis = examination.diagnose(
        request.located(console),
        tuple(packages or ()),
        jobs=jobs,
        options=configured.options(Path.cwd()),
    )
    if as_json:
        inputs.print_json(diagnosis.as_json())
    else:
        if diagnosis.ready:
            console.say(diagnosis.title)
            console.table(diagnosis.table())
        console.say(diagnosis.text())
        if not diagnosis.errors:
            options = {"--sdk": sdk, "--python": python}
            console.next(following.command("wheels", packages or (), options))
    if diagnosis.errors:
        raise typer.Exit(examination.exit_code(diagnosis))


def _machine(as_json: bool) -> None:
    from crossbuild.doctor import build_machine

    found = build_machine.examine()
    if as_json:
        inputs.print_json(found.as_json())
    else:
        console.table(found.table())
        console.say(found.verdict())
    if found.exit_code:
        raise typer.Exit(found.exit_code)
