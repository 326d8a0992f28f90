"""What a command works on: its options, else the project's configuration, else the default."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from crossbuild.core import defaults, files
from crossbuild.core.errors import ConfigurationError
from crossbuild.progress.console import Console

if TYPE_CHECKING:  # heavy at start-up, and no command's business before it runs
    from crossbuild.packages.application import Application
    from crossbuild.packages.project.configuration import Configuration
    from crossbuild.packages.wanted import Wanted
    from crossbuild.python.target import TargetRequest
    from crossbuild.repair.options import Bundling, RepairOptions
    from crossbuild.toolchain.capacity import Capacity
    from crossbuild.toolchain.distcc import Farm
    from crossbuild.verify.project_tests import ProjectTests

#: What every command tells people by.
console = Console()


def configuration() -> "Configuration":
    """The project's configuration, which is that of the current folder."""
    from crossbuild.packages.project import configuration

    configured = configuration.read(Path.cwd(), os.environ)
    console.verbosity = configured.build_verbosity
    return configured


def application(
    requirements: list[Path] | None,
    constraints: list[Path] | None,
    groups: list[str] | None,
    extras: list[str] | None,
) -> "Application":
    """The files that say what the board's application needs."""
    from crossbuild.packages.application import Application

    project = [Path("pyproject.toml")] if extras else []
    return Application(
        files=(*(requirements or ()), *project),
        constraints=tuple(constraints or ()),
        groups=tuple(groups or ()),
        extras=tuple(extras or ()),
    )


def packages(
    named: list[str] | None,
    configured: "Configuration",
    application: "Application | None" = None,
) -> "tuple[Wanted, ...]":
    """The packages asked for, else those of the project, else all that have a recipe.

    Where an application is given, it stands for what is not named.

    :raises ConfigurationError: one is neither a package nor a folder
    """
    from crossbuild.packages import recipe, wanted

    if application and not application.is_empty:
        return wanted.parse_all(named or ())
    return wanted.parse_all(named or configured.packages or recipe.names())


def tests(wanted: "tuple[Wanted, ...]", configured: "Configuration") -> "ProjectTests":
    """The project's own tests, for those of its source folders that are asked for."""
    from crossbuild.packages.wanted import SourceFolder
    from crossbuild.verify.project_tests import ProjectTests

    return ProjectTests(
        configured.test_command,
        configured.test_requires,
        Path.cwd(),
        tuple(package.path for package in wanted if isinstance(package, SourceFolder)),
    )


def wheelhouse(wanted: Path | None, configured: "Configuration") -> Path:
    """The wheelhouse asked for, else the project's, else the current folder's."""
    return (wanted or configured.wheelhouse or defaults.WHEELHOUSE).absolute()


def target(
    sdk: Path, work: Path, cache: Path, *, fetch: bool = False, **options: Any
) -> "TargetRequest":
    """The SDK and its Python.

    :param fetch: whether a build Python may be fetched, where this machine has none
    :param options: further fields of the request
    :raises ConfigurationError: builds would misread the work folder's path
    """
    from crossbuild.python.target import TargetRequest
    from crossbuild.sdk.brought import Store

    pythons = Store(cache.absolute(), offline=not fetch, tell=console.say)
    return TargetRequest(sdk, readable(work), cache.absolute(), pythons=pythons, **options)


def sdk_for(sdk: Path | None, python: str | None, configured: "Configuration") -> Path:
    """The SDK asked for, else the project's, else the reference SDK's name."""
    from crossbuild.pipeline import matrix

    own = configured.sdk_for(matrix.identifier(python) if python else "")
    return sdk or Path(own or defaults.REFERENCE)


def capacity(
    jobs: int | None, distcc: str | None, storage: str | None, configured: "Configuration"
) -> "Capacity":
    """How many compilers may run: the number asked for, else one for each core and farm slot.

    :param distcc: the farm asked for, else the project's, else none
    :param storage: where ccache shares objects; the project's where None
    :raises CrossbuildError: distcc or ccache is missing, or does not take what it is told
    """
    from crossbuild.toolchain.capacity import Capacity

    farm = _farm(configured.distcc if distcc is None else tuple(distcc.split()))
    return Capacity(
        jobs=jobs or (farm.compilers if farm else defaults.JOBS),
        farm=farm,
        ccache=_shared_cache(configured.ccache_storage if storage is None else storage),
    )


def _farm(hosts: Sequence[str]) -> "Farm | None":
    if not hosts:
        return None
    from crossbuild.toolchain import distcc

    return distcc.named(hosts)


def _shared_cache(storage: str) -> Mapping[str, str]:
    if not storage:
        return {}
    from crossbuild.toolchain import ccache

    return ccache.variables(storage)


def repair_options(
    bundling: "Bundling", slim: bool | None, keep_debug: bool | None, configured: "Configuration"
) -> "RepairOptions":
    """How wheels are made ready for the board; the project's choices where None."""
    from crossbuild.repair.options import RepairOptions

    return RepairOptions(
        bundling,
        slim=configured.slim if slim is None else slim,
        keep_debug=configured.keep_debug if keep_debug is None else keep_debug,
    )


def accepted(asked: list[str] | None, configured: "Configuration") -> tuple[str, ...]:
    """The findings that the user accepts; the project's where None.

    :raises ConfigurationError: one names no rule
    """
    texts = configured.accept if asked is None else tuple(asked)
    if texts:
        from crossbuild.audit import accepted

        accepted.check(texts)
    return texts


def readable(folder: Path) -> Path:
    """The folder by its real path, by which builds name their own files.

    :raises ConfigurationError: compilers or build systems would misread the path
    """
    path = folder.resolve()
    if character := files.misread(path):
        raise ConfigurationError(
            f"the work folder's path must not contain {character}",
            evidence=str(path),
            cure="move the checkout, or choose another folder: --work-dir /var/tmp/crossbuild",
        )
    return path


def print_json(value: Any) -> None:
    """Print a document for machines on standard output."""
    typer.echo(json.dumps(value, indent=2, default=str))
