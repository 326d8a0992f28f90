"""``crossbuild export``: the way back into Yocto."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossbuild.cli import inputs
from crossbuild.cli.inputs import console
from crossbuild.cli.options import (
    CacheOption,
    EnvironmentOption,
    LicenceOption,
    PythonOption,
    SdkOption,
    WorkOption,
)
from crossbuild.core import defaults

if TYPE_CHECKING:  # heavy at start-up
    from crossbuild.core.python_version import PythonVersion
    from crossbuild.export.distribution import Distribution
    from crossbuild.python.target import TargetRequest

app = typer.Typer(help="Wheels for Yocto: layers, and packages for opkg.", no_args_is_help=True)

WheelsArgument = Annotated[
    list[Path], typer.Argument(help="A wheelhouse, or wheels: one of each distribution.")
]
ReleaseOption = Annotated[
    str | None, typer.Option(help="The Yocto release; the SDK tells it by default.")
]
LayerOption = Annotated[Path, typer.Option("--output", "-o", help="The layer's folder.")]


@app.command()
def yocto(
    wheels: WheelsArgument,
    output: LayerOption,
    url: Annotated[
        str | None,
        typer.Option(help="Where a server has the wheels; they lie in the layer by default."),
    ] = None,
    release: ReleaseOption = None,
    licence: LicenceOption = None,
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    python: PythonOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
) -> None:
    """Write a layer of recipes that install wheels into an image."""
    from crossbuild.export import folder, target
    from crossbuild.export import yocto as recipes

    request = _request(sdk, python, work, cache, environment)
    chosen = target.Target(
        target.named_release(release) if release else target.release_of(request.read_sdk()),
        target.tune_of(request.read_sdk(), None),
        _python(request),
    )
    files = recipes.layer(_distributions(wheels, licence, request), chosen, url=url)
    folder.write(output.absolute(), files)
    typer.echo(output)


@app.command()
def sdk_layer(
    output: LayerOption,
    release: ReleaseOption = None,
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
) -> None:
    """Write a layer of what an SDK lacks to build numpy, scipy and their kin."""
    from crossbuild.export import folder, target
    from crossbuild.export import sdk_layer as recipes

    if release:
        chosen = target.named_release(release)
    else:
        request = _request(sdk, None, work, cache, environment)
        chosen = target.release_of(request.read_sdk())
    folder.write(output.absolute(), recipes.layer(chosen))
    typer.echo(output)


@app.command()
def opkg(
    wheels: WheelsArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="The feed's folder.")],
    architecture: Annotated[
        str | None,
        typer.Option(help="As /etc/opkg/arch.conf of the board has it; the SDK's by default."),
    ] = None,
    licence: LicenceOption = None,
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    python: PythonOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
) -> None:
    """Write packages of wheels, and the feed that a board's opkg installs them from."""
    from crossbuild.export import folder, target
    from crossbuild.export import opkg as packages

    request = _request(sdk, python, work, cache, environment)
    tune = target.tune_of(request.read_sdk(), architecture)
    read = _distributions(wheels, licence, request)
    files = packages.feed(read, _python(request), tune.architecture)
    folder.write(output.absolute(), files)
    typer.echo(output)


def _request(
    sdk: Path | None, python: str | None, work: Path, cache: Path, environment: str | None
) -> "TargetRequest":
    """The SDK, read once for all that is asked of it."""
    chosen = inputs.sdk_for(sdk, python, inputs.configuration())
    request = inputs.target(chosen, work, cache, environment=environment).located(console)
    read = request.read_sdk()
    return replace(request, sdk=read, python=python)


def _python(request: "TargetRequest") -> "PythonVersion":
    """The Python asked for, else the newest of the sysroot."""
    from crossbuild.core.python_version import PythonVersion
    from crossbuild.python import target_python

    return PythonVersion(request.python or target_python.newest(request.read_sdk()))


def _distributions(
    wheels: list[Path], licences: list[str] | None, request: "TargetRequest"
) -> "tuple[Distribution, ...]":
    """The wheels, once they are known to fit the SDK's board."""
    from crossbuild.audit import sdk_profile
    from crossbuild.export import proven
    from crossbuild.papers import licence

    return proven.distributions(
        wheels,
        sdk_profile.board_for(request, _python(request)),
        licences=licence.named(licences or ()),
        build_paths=[str(request.work), str(request.root)],
    )
