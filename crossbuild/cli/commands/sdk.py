"""``crossbuild sdk``: reference SDKs, and how the target's Python is described."""

from pathlib import Path
from typing import Annotated

import typer

from crossbuild.cli import completion, following, inputs
from crossbuild.cli.inputs import console
from crossbuild.cli.loudness import with_loudness
from crossbuild.cli.options import (
    BuildPythonOption,
    CacheOption,
    EnvironmentOption,
    JsonOption,
    PatchVersionOption,
    PythonOption,
    SdkOption,
    SharedOption,
    WorkOption,
)
from crossbuild.core import defaults

app = typer.Typer(help="Reference SDKs, made of Debian's packages.", no_args_is_help=True)


@app.command()
@with_loudness
def create(
    name: Annotated[
        str, typer.Argument(autocompletion=completion.sdks, help="See `crossbuild sdk list`.")
    ] = defaults.REFERENCE,
    more: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="PACKAGE",
            help="A package of Debian's that is added to the target: libhdf5-dev. `--sdk "
            "NAME+PACKAGE` names the SDK then.",
        ),
    ] = None,
    destination: Annotated[
        Path | None,
        typer.Option(help="Where; by default sysroots/NAME of the checkout, else of the cache."),
    ] = None,
    mirror: Annotated[
        str | None, typer.Option(help="A Debian mirror; the one of this machine's apt by default.")
    ] = None,
    cache: CacheOption = defaults.CACHE,
) -> None:
    """Make a reference SDK, unless it is there and current."""
    from crossbuild.sdk.locate import reference_sdk

    made = reference_sdk(name, destination, cache, console, more=more or (), mirror=mirror)
    typer.echo(made)
    named = destination or "+".join([name, *(more or ())])
    console.next(following.command("doctor", (), {"--sdk": named}))


@app.command("list")
def list_all(as_json: JsonOption = False) -> None:
    """List the reference SDKs that can be made."""
    from crossbuild.sdk import reference

    definitions = reference.known()
    if as_json:
        sdks = [definition.model_dump(mode="json") for definition in definitions]
        inputs.print_json({"version": 1, "sdks": sdks})
        return
    for definition in definitions:
        folder = reference.default_destination(definition.name)
        state = "made" if reference.is_current(definition, folder) else "not made"
        typer.echo(f"{definition.name}\tPython {definition.python}\t{state}")


@app.command()
def python(
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    python: PythonOption = None,
    build_python: BuildPythonOption = None,
    patch_version: PatchVersionOption = None,
    shared: SharedOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    as_json: JsonOption = False,
) -> None:
    """Describe the target's Python: the SDK's, or one made from a build Python."""
    from crossbuild.python.target import open_target

    request = inputs.target(
        sdk or Path(defaults.REFERENCE),
        work,
        cache,
        environment=environment,
        python=python,
        build_python=build_python,
        patch_version=patch_version,
        shared_libpython=shared,
    )
    described = open_target(request.located(console)).python
    facts = {"python": described.version, **vars(described)}
    del facts["version"], facts["config"]
    if as_json:
        inputs.print_json({"version": 1, **facts})
        return
    for name, value in facts.items():
        typer.echo(f"{name}: {value}")
