"""What a command works on: its options, else the project's configuration, else the default."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from crossbuild.core import defaults
from crossbuild.core.errors import ConfigurationError
from crossbuild.progress.console import Console

if TYPE_CHECKING:  # heavy at start-up, and no command's business before it runs
    from crossbuild.pipeline.configuration import Configuration
    from crossbuild.toolchain.distcc import Farm
    from crossbuild.verify.project_tests import ProjectTests

#: What every command tells people by.
console = Console()


def configuration() -> "Configuration":
    """The project's configuration, which is that of the current folder."""
    from crossbuild.pipeline import configuration

    found = configuration.read(Path.cwd(), os.environ)
    console.verbosity = found.build_verbosity
    return found


def packages(wanted: list[str] | None, configured: "Configuration") -> tuple[str, ...]:
    """The packages asked for, else those of the project, else all that have a recipe."""
    from crossbuild.packages import recipe

    return tuple(wanted or configured.packages or recipe.names())


def tests(wanted: list[str] | None, configured: "Configuration") -> "ProjectTests":
    """The project's own tests, for those of its source folders that are asked for."""
    from crossbuild.packages import find as find_package
    from crossbuild.verify.project_tests import ProjectTests

    chosen = filter(find_package.is_folder, packages(wanted, configured))
    return ProjectTests(
        configured.test_command,
        configured.test_requires,
        Path.cwd(),
        tuple(Path(text).absolute() for text in chosen),
    )


def wheelhouse(wanted: Path | None, configured: "Configuration") -> Path:
    """The wheelhouse asked for, else the project's, else the current folder's."""
    return (wanted or configured.wheelhouse or defaults.WHEELHOUSE).absolute()


def farm(wanted: str | None, configured: "Configuration") -> "Farm | None":
    """The farm asked for, else the project's, else none.

    :raises CrossbuildError: distcc is missing, or its words cannot be used
    """
    words = configured.distcc if wanted is None else wanted.split()
    if not words:
        return None
    from crossbuild.toolchain import distcc

    return distcc.named(words)


def jobs(wanted: int | None, farm: "Farm | None") -> int:
    """The number asked for, else one for each core and for each compiler of the farm."""
    return wanted or (farm.compilers if farm else defaults.JOBS)


def shared_cache(wanted: str | None, configured: "Configuration") -> Mapping[str, str]:
    """Variables for the storage asked for, else the project's; none without one.

    :raises CrossbuildError: ccache is missing, too old, or does not take the address
    """
    storage = configured.ccache_storage if wanted is None else wanted
    if not storage:
        return {}
    from crossbuild.toolchain import ccache

    return ccache.variables(storage)


def sdk_for(sdk: Path | None, python: str | None, configured: "Configuration", cache: Path) -> Path:
    """The SDK asked for, else the project's, else the reference SDK."""
    from crossbuild.pipeline import matrix

    own = configured.sdk_for(matrix.identifier(python) if python else "")
    return sdk_root(str(sdk or own or defaults.REFERENCE), cache)


def sdk_root(sdk: str, cache: Path) -> Path:
    """The folder of an SDK, or that of a reference SDK by its name."""
    from crossbuild.sdk import reference as reference_sdk

    named = not Path(sdk).exists() and any(
        definition.name == sdk for definition in reference_sdk.definitions()
    )
    return made_reference_sdk(sdk, None, cache) if named else Path(sdk)


def made_reference_sdk(
    name: str, destination: Path | None, cache: Path, mirror: str | None = None
) -> Path:
    """The reference SDK's folder, made where it is missing or out of date."""
    from crossbuild.sdk import reference as reference_sdk

    definition = reference_sdk.load(name)
    place = (destination or reference_sdk.default_destination(name)).absolute()
    if not reference_sdk.is_current(definition, place):
        reference_sdk.create(definition, place, console, cache.absolute(), mirror=mirror)
    return place


def without_spaces(folder: Path) -> Path:
    """The folder by its real path, by which builds name their own files.

    :raises ConfigurationError: the path has a space, where compilers and build systems split it
    """
    path = folder.resolve()
    if any(character.isspace() for character in str(path)):
        raise ConfigurationError(
            "the work folder's path must not contain spaces",
            evidence=repr(str(path)),
            cure="move the checkout, or choose another folder with --work-dir",
        )
    return path
