"""``crossbuild wheels``: wheels built for the board, and published in the wheelhouse."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from crossbuild.cli import following, inputs
from crossbuild.cli.inputs import console
from crossbuild.cli.options import (
    WHEELS_PANEL,
    AcceptOption,
    BlasOption,
    BuildAllOption,
    BuildPythonOption,
    CacheOption,
    ConstraintsOption,
    DistccOption,
    EnvironmentOption,
    ExtraOption,
    GroupOption,
    JobsOption,
    JsonOption,
    KeepDebugOption,
    NoBinaryOption,
    NoFetchPythonOption,
    OfflineOption,
    OnlyBinaryOption,
    PackagesArgument,
    PatchVersionOption,
    PythonOption,
    ReproduceOption,
    RequirementsOption,
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
    packages: PackagesArgument = None,
    requirement: RequirementsOption = None,
    constraint: ConstraintsOption = None,
    group: GroupOption = None,
    extra: ExtraOption = None,
    no_binary: NoBinaryOption = None,
    only_binary: OnlyBinaryOption = None,
    build_all: BuildAllOption = False,
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
    no_fetch_python: NoFetchPythonOption = False,
    bundle: Annotated[
        Bundling,
        typer.Option(
            help="Shared libraries: once for all wheels, in each, or in none.",
            rich_help_panel=WHEELS_PANEL,
        ),
    ] = Bundling.RUNTIME,
    slim: SlimOption = None,
    keep_debug: KeepDebugOption = None,
    accept: AcceptOption = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep build trees.")] = False,
    reproduce: ReproduceOption = False,
    blas: BlasOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build wheels for the board and publish them in the wheelhouse."""
    from crossbuild.pipeline import report
    from crossbuild.pipeline.make import make_wheels
    from crossbuild.pipeline.request import BuildRequest
    from crossbuild.progress import durations, trace
    from crossbuild.report import page

    configured = inputs.configuration()
    application = inputs.application(requirement, constraint, group, extra)
    request = BuildRequest(
        target=inputs.target(
            inputs.sdk_for(sdk, python, configured),
            work,
            cache,
            fetch=not (offline or no_fetch_python),
            environment=environment,
            python=python,
            build_python=build_python,
            patch_version=patch_version,
            shared_libpython=shared,
            blas=blas or configured.blas,
        ),
        packages=inputs.packages(packages, configured, application),
        application=application,
        no_binary=tuple(no_binary or ()),
        only_binary=tuple(only_binary or ()),
        build_all=build_all,
        wheelhouse=inputs.wheelhouse(wheelhouse, configured),
        capacity=inputs.capacity(jobs, distcc, ccache_storage, configured),
        repair=inputs.repair_options(bundle, slim, keep_debug, configured),
        options=configured.options(Path.cwd()),
        offline=offline,
        keep=keep,
        accept=inputs.accepted(accept, configured),
    )
    cores = request.capacity.cores
    with (
        durations.remembered(console, request.target.cache),
        page.filling(request.wheelhouse, console, cores),
        trace.recorded(console, request.target.work, cores),
    ):
        made = make_wheels(request, console)
        if reproduce:
            from crossbuild.pipeline.reproduce import require_same

            require_same(made, request, console)
    if as_json:
        inputs.print_json({"version": 1, "wheels": [asdict(wheel) for wheel in made]})
    else:
        console.summary(report.wheels_table(made))
        for table in (report.left_out_table(made), report.told_table(made)):
            if table:
                console.summary(table)
    options = {"--sdk": sdk, "--python": python, "--wheelhouse": wheelhouse}
    # verify reads no requirements files: what came of them is named.
    names = [wheel.title.partition(" ")[0] for wheel in made]
    proven = packages or () if application.is_empty else names
    console.next(following.command("verify", proven, options))
