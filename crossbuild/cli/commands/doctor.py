"""``crossbuild doctor``: what an SDK can build."""

from typing import Annotated

import typer

from crossbuild.cli import inputs
from crossbuild.cli.inputs import console
from crossbuild.cli.options import (
    BuildPythonOption,
    CacheOption,
    EnvironmentOption,
    JsonOption,
    PythonOption,
    SdkOption,
    WorkOption,
)
from crossbuild.core import defaults


def doctor(
    packages: Annotated[
        list[str] | None, typer.Argument(help="As for `wheels`; all recipes by default.")
    ] = None,
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    python: PythonOption = None,
    build_python: BuildPythonOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    jobs: Annotated[int, typer.Option("--jobs", envvar="JOBS", min=1)] = defaults.JOBS,
    as_json: JsonOption = False,
) -> None:
    """Tell what the SDK can build, and the lines that cure what it cannot."""
    from crossbuild import doctor as examination
    from crossbuild.python.target import TargetRequest

    request = TargetRequest(
        inputs.sdk_for(sdk, python, inputs.configuration()),
        work.absolute(),
        cache.absolute(),
        environment=environment,
        python=python,
        build_python=build_python,
    )
    diagnosis = examination.diagnose(request.located(console), tuple(packages or ()), jobs=jobs)
    if as_json:
        inputs.print_json(diagnosis.as_json())
    else:
        if diagnosis.ready:
            console.say(diagnosis.title)
            console.table(diagnosis.table())
        console.say(diagnosis.text())
    if diagnosis.errors:
        raise typer.Exit(examination.exit_code(diagnosis))
