"""``crossbuild matrix``: wheels for several Pythons."""

from pathlib import Path
from typing import Annotated

import typer

from crossbuild.cli import completion, following, inputs
from crossbuild.cli.inputs import console
from crossbuild.cli.options import (
    TARGET_PANEL,
    AcceptOption,
    CacheOption,
    DistccOption,
    JobsOption,
    KeepDebugOption,
    MatrixFormat,
    NoFetchPythonOption,
    OfflineOption,
    PackagesArgument,
    PythonsOption,
    SlimOption,
    StorageOption,
    WheelhouseOption,
    WorkOption,
)
from crossbuild.core import defaults
from crossbuild.repair.options import Bundling


def matrix(
    packages: PackagesArgument = None,
    sdk: Annotated[
        str | None,
        typer.Option(
            "--sdk",
            envvar="CROSSBUILD_SDK",
            help="A reference SDK or a folder, for all cells.",
            rich_help_panel=TARGET_PANEL,
            autocompletion=completion.sdks,
        ),
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
    accept: AcceptOption = None,
    no_fetch_python: NoFetchPythonOption = False,
    offline: OfflineOption = False,
) -> None:
    """Print the cells (Python, packages, SDK) for CI, or build them all."""
    from crossbuild.pipeline import matrix as cells
    from crossbuild.pipeline.request import BuildRequest
    from crossbuild.progress import durations, trace
    from crossbuild.report import page

    configured = inputs.configuration()
    wanted = inputs.packages(packages, configured)
    chosen = cells.cells(wanted, configured, pythons=python or (), sdk=sdk, only=only)
    if not build:
        typer.echo(getattr(cells, f"as_{output.value}")(chosen))
        return
    fetch = not (offline or no_fetch_python)
    base = BuildRequest(
        target=inputs.target(Path(), work, cache, fetch=fetch, blas=configured.blas),
        packages=(),
        wheelhouse=inputs.wheelhouse(wheelhouse, configured),
        capacity=inputs.capacity(jobs, distcc, ccache_storage, configured),
        repair=inputs.repair_options(Bundling.RUNTIME, slim, keep_debug, configured),
        options=configured.options(Path.cwd()),
        offline=offline,
        accept=inputs.accepted(accept, configured),
    )
    cores = base.capacity.cores
    with (
        durations.remembered(console, base.target.cache),
        page.filling(base.wheelhouse, console, cores),
        trace.recorded(console, base.target.work, cores),
    ):
        results = cells.build(chosen, base, console)
    console.summary(cells.table(results))
    cells.require_all(results)
    # The oldest whose wheels can be run here.
    cell = next((one.cell for one in results if one.cell.board), results[0].cell)
    house = str(wheelhouse) if wheelhouse else None
    options = {"--sdk": sdk, "--python": cell.python, "--wheelhouse": house}
    console.next(following.command("verify", packages or (), options))
