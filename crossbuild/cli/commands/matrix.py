"""``crossbuild matrix``: wheels for several Pythons."""

from pathlib import Path
from typing import Annotated

import typer

from crossbuild.cli import inputs
from crossbuild.cli.inputs import console
from crossbuild.cli.options import (
    CacheOption,
    DistccOption,
    JobsOption,
    KeepDebugOption,
    MatrixFormat,
    OfflineOption,
    PythonsOption,
    SlimOption,
    StorageOption,
    WheelhouseOption,
    WorkOption,
)
from crossbuild.core import defaults
from crossbuild.repair.options import Bundling


def matrix(
    packages: Annotated[
        list[str] | None, typer.Argument(help="Packages or source folders.")
    ] = None,
    sdk: Annotated[
        str | None,
        typer.Option("--sdk", envvar="SDK", help="A reference SDK or a folder, for all cells."),
    ] = None,
    python: PythonsOption = None,
    only: Annotated[
        str | None, typer.Option("--only", help="One cell, e.g. cp37-linux_armv7l.")
    ] = None,
    output: Annotated[
        MatrixFormat, typer.Option("--format", help="What reads the cells.")
    ] = MatrixFormat.JSON,
    build: Annotated[bool, typer.Option("--build", help="Build all cells, side by side.")] = False,
    wheelhouse: WheelhouseOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    jobs: JobsOption = None,
    distcc: DistccOption = None,
    ccache_storage: StorageOption = None,
    slim: SlimOption = None,
    keep_debug: KeepDebugOption = None,
    offline: OfflineOption = False,
) -> None:
    """Print the cells (Python, packages, SDK) for CI, or build them all."""
    from crossbuild.pipeline import matrix as cells
    from crossbuild.pipeline.request import BuildRequest
    from crossbuild.progress import trace

    configured = inputs.configuration()
    wanted = inputs.packages(packages, configured)
    chosen = cells.cells(wanted, configured, pythons=python or (), sdk=sdk, only=only)
    if not build:
        typer.echo(getattr(cells, f"as_{output.value}")(chosen))
        return
    base = BuildRequest(
        target=inputs.target(Path(), work, cache),
        packages=(),
        wheelhouse=inputs.wheelhouse(wheelhouse, configured),
        capacity=inputs.capacity(jobs, distcc, ccache_storage, configured),
        repair=inputs.repair_options(Bundling.RUNTIME, slim, keep_debug, configured),
        options=configured.options(Path.cwd()),
        offline=offline,
    )
    with trace.recorded(console, base.target.work, base.capacity.cores):
        results = cells.build(chosen, base, console)
    console.table(cells.table(results))
    cells.require_all(results)
