"""``crossbuild wheels``: wheels built for the board, and published in the wheelhouse."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from crossbuild.cli import inputs
from crossbuild.cli.inputs import console
from crossbuild.cli.options import (
    BuildPythonOption,
    CacheOption,
    DistccOption,
    EnvironmentOption,
    JobsOption,
    JsonOption,
    KeepDebugOption,
    OfflineOption,
    PatchVersionOption,
    PythonOption,
    ReproduceOption,
    SdkOption,
    SharedOption,
    SlimOption,
    StorageOption,
    WheelhouseOption,
    WorkOption,
)
from crossbuild.core import defaults
from crossbuild.repair.options import Bundling


def wheels(
    packages: Annotated[
        list[str] | None, typer.Argument(help="Packages or source folders.")
    ] = None,
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    python: PythonOption = None,
    build_python: BuildPythonOption = None,
    patch_version: PatchVersionOption = None,
    shared: SharedOption = None,
    wheelhouse: WheelhouseOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    jobs: JobsOption = None,
    distcc: DistccOption = None,
    ccache_storage: StorageOption = None,
    offline: OfflineOption = False,
    bundle: Annotated[
        Bundling, typer.Option(help="Shared libraries: once for all wheels, in each, or in none.")
    ] = Bundling.RUNTIME,
    slim: SlimOption = None,
    keep_debug: KeepDebugOption = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep build trees.")] = False,
    reproduce: ReproduceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Build wheels for the board and publish them in the wheelhouse."""
    from crossbuild.pipeline import report
    from crossbuild.pipeline.make import make_wheels
    from crossbuild.pipeline.request import BuildRequest
    from crossbuild.progress import trace

    configured = inputs.configuration()
    request = BuildRequest(
        target=inputs.target(
            inputs.sdk_for(sdk, python, configured),
            work,
            cache,
            environment=environment,
            python=python,
            build_python=build_python,
            patch_version=patch_version,
            shared_libpython=shared,
        ),
        packages=inputs.packages(packages, configured),
        wheelhouse=inputs.wheelhouse(wheelhouse, configured),
        capacity=inputs.capacity(jobs, distcc, ccache_storage, configured),
        repair=inputs.repair_options(bundle, slim, keep_debug, configured),
        options=configured.options(Path.cwd()),
        offline=offline,
        keep=keep,
    )
    with trace.recorded(console, request.target.work, request.capacity.cores):
        made = make_wheels(request, console)
        if reproduce:
            from crossbuild.pipeline.reproduce import require_same

            require_same(made, request, console)
    if as_json:
        inputs.print_json({"version": 1, "wheels": [asdict(wheel) for wheel in made]})
    else:
        console.table(report.wheels_table(made))
        if left_out := report.left_out_table(made):
            console.table(left_out)
