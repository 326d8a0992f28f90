"""``crossbuild reproduce``: a wheel built again by the statement of where it came from."""

from pathlib import Path
from typing import Annotated

import typer

from crossbuild.cli import inputs
from crossbuild.cli.inputs import console
from crossbuild.cli.options import (
    BuildPythonOption,
    CacheOption,
    EnvironmentOption,
    JobsOption,
    OfflineOption,
    SdkOption,
    WorkOption,
)
from crossbuild.core import defaults


def reproduce(
    wheel: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="A wheel that crossbuild made.")
    ],
    statement: Annotated[
        Path | None,
        typer.Option(help="The provenance statement; by default WHEEL.provenance.json beside it."),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(help="The folder or archive that it was built from, where no index has it."),
    ] = None,
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    build_python: BuildPythonOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    jobs: JobsOption = None,
    offline: OfflineOption = False,
) -> None:
    """Build a wheel again from its provenance statement, and compare the bytes."""
    from crossbuild.papers import provenance
    from crossbuild.pipeline.reproduce import require_stated
    from crossbuild.pipeline.request import BuildRequest

    stated = provenance.read(statement or provenance.path_of(wheel))
    configured = inputs.configuration()
    request = BuildRequest(
        target=inputs.target(
            inputs.sdk_for(sdk, stated.parameters.python, configured),
            work,
            cache,
            environment=environment,
            build_python=build_python,
        ),
        packages=(),
        wheelhouse=work.absolute(),
        capacity=inputs.capacity(jobs, None, None, configured),
        offline=offline,
    )
    require_stated(wheel, stated, request, source, console)
