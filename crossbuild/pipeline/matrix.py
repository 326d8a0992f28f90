"""The matrix: one cell for each Python, with the packages and the SDK that it takes.

Cells come from the recipes and are named as cibuildwheel names builds
(``cp37-linux_armv7l``); CI runs one a job, ``crossbuild matrix --build`` several side by side.
"""

import contextlib
import json
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rich.table import Table

from crossbuild.core import abi, defaults
from crossbuild.core.errors import ConfigurationError, CrossbuildError, MatrixError
from crossbuild.core.python_version import PythonVersion
from crossbuild.packages import recipe, versions
from crossbuild.packages.project import pyproject
from crossbuild.packages.project.configuration import Configuration
from crossbuild.packages.recipe import RecipeVersion
from crossbuild.packages.wanted import SourceArchive, SourceFolder, Wanted
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.pipeline.run import Made
from crossbuild.progress import workers
from crossbuild.progress.console import Console, spell
from crossbuild.sdk import reference as reference_sdk
from crossbuild.sdk.model import Sdk
from crossbuild.toolchain import jobserver

#: What GitLab's child pipeline includes: the job ``.cell``, which builds one.
GITLAB_TEMPLATE = ".gitlab/cell.yml"


@dataclass(frozen=True)
class Cell:
    """A Python with the packages and the SDK that it takes.

    :ivar versions: versions of the packages with recipes, as ``name==version``
    :ivar without: wanted packages that have no version for this Python
    :ivar sdk: a reference SDK's name, or a folder
    :ivar board: whether the SDK has this Python, so that wheels can be run on an
        emulated board; None where only the SDK can tell
    """

    identifier: str
    python: str
    tag: str
    packages: tuple[Wanted, ...]
    versions: tuple[str, ...]
    without: tuple[Wanted, ...]
    sdk: str
    board: bool | None


@dataclass(frozen=True)
class Result:
    """How a cell's build ended; *seconds* is what it took now."""

    cell: Cell
    made: tuple[Made, ...]
    seconds: float
    error: CrossbuildError | None = None


def identifier(python: str) -> str:
    """Name of the build for a Python, as cibuildwheel has it: ``cp37-linux_armv7l``."""
    return f"{PythonVersion(python).tag}-{abi.PLATFORM_TAG}"


def cells(
    packages: Sequence[Wanted],
    configuration: Configuration,
    *,
    pythons: Sequence[str] = (),
    sdk: str | None = None,
    only: str | None = None,
) -> tuple[Cell, ...]:
    """The cells for these packages, oldest Python first.

    :param pythons: these alone; all that recipes may name otherwise
    :param sdk: for all cells, whatever the configuration says
    :param only: the identifier of one cell, whatever ``build`` and ``skip`` say
    :raises ConfigurationError: there is no such Python or cell, or none is left
    """
    for python in pythons:
        if python not in recipe.PYTHONS:
            raise ConfigurationError(
                f"there is no Python {python} in the matrix",
                evidence=f"it has {', '.join(recipe.PYTHONS)}",
                cure="name a Python as 3.7",
            )
    possible = [_cell(python, packages, configuration, sdk) for python in pythons or recipe.PYTHONS]
    filled = [cell for cell in possible if cell.packages]
    selected = tuple(
        cell
        for cell in filled
        if (cell.identifier == only if only else configuration.selects(cell.identifier))
    )
    if not selected:
        raise _none_left(filled, configuration, only)
    return selected


def as_github(cells: Sequence[Cell]) -> str:
    """What ``strategy.matrix: ${{ fromJSON(…) }}`` takes, in one line."""
    return json.dumps({"include": [_variables(cell) for cell in cells]})


def as_gitlab(cells: Sequence[Cell]) -> str:
    """A child pipeline with one job for each cell: JSON, which YAML contains."""
    jobs = {
        cell.identifier: {
            "extends": ".cell",
            "variables": {
                name.upper(): str(value) for name, value in _variables(cell).items() if value
            },
        }
        for cell in cells
    }
    return json.dumps({"include": [{"local": GITLAB_TEMPLATE}], **jobs}, indent=2)


def as_json(found: Sequence[Cell]) -> str:
    """All that is known of the cells."""
    cells = [{**vars(cell), **_texts(cell)} for cell in found]
    return json.dumps({"version": 1, "cells": cells}, indent=2)


def build(cells: Sequence[Cell], base: BuildRequest, console: Console) -> list[Result]:
    """Build all cells into one wheelhouse, side by side; a cell that fails stops no other.

    There are as many at once as jobs, and they share the jobs: where the compilers of all
    together would be too many, or need more memory than is free, some wait.

    :param base: what the cells have in common
    """
    at_once = min(len(cells), base.capacity.jobs)
    requests = _requests(cells, base, console)
    if at_once == 1:
        return [_build_cell(cell, requests[cell.identifier], console) for cell in cells]
    tokens = base.capacity.at_once(_memory_mb(cells))
    with jobserver.opened(base.target.work, tokens) as path:
        pieces = {}
        for cell in cells:
            request = requests[cell.identifier]
            shared = replace(request, capacity=replace(request.capacity, jobserver=path))
            label = cell.identifier.partition("-")[0]
            pieces[label] = partial(_build_cell, cell, shared)
        return workers.run(pieces, console, at_once)


def _requests(
    cells: Sequence[Cell], base: BuildRequest, console: Console
) -> dict[str, BuildRequest]:
    """Each cell's request; every SDK is made where that is needed, and read once for all."""
    read: dict[str, Path | Sdk] = {}
    for name in dict.fromkeys(cell.sdk for cell in cells):
        read[name] = Path(name)
        # A cell whose SDK cannot be had tells so itself.
        with contextlib.suppress(CrossbuildError, OSError, ValueError):
            located = replace(base.target, sdk=Path(name)).located(console)
            read[name] = located.read_sdk()
    return {
        cell.identifier: replace(
            base,
            target=replace(base.target, sdk=read[cell.sdk], python=cell.python),
            packages=cell.packages,
        )
        for cell in cells
    }


def _memory_mb(cells: Sequence[Cell]) -> int:
    """What the hungriest compiler of all cells needs."""
    recipes = (
        recipe.load(name).at(version, cell.python)
        for cell in cells
        for name, _, version in (text.partition("==") for text in cell.versions)
    )
    plain = int(RecipeVersion.model_fields["memory_mb"].default)
    return max([plain, *(one.memory_mb for one in recipes if one)])


def table(results: Sequence[Result]) -> Table:
    """Cell, wheels, time and state."""
    shown = Table(title="Matrix")
    for name in ("cell", "wheels", "time", "state"):
        shown.add_column(name, overflow="fold")
    for result in results:
        wheels = "\n".join(made.wheel.name for made in result.made)
        shown.add_row(result.cell.identifier, wheels, spell(result.seconds), _state(result))
    return shown


def require_all(results: Sequence[Result]) -> None:
    """Fail where a cell has failed.

    :raises MatrixError: with what each failed of
    """
    failed = [(result.cell, result.error) for result in results if result.error]
    if failed:
        raise MatrixError(
            f"{len(failed)} of {len(results)} cells failed",
            evidence="\n".join(f"{cell.identifier}: {error.what}" for cell, error in failed),
            cure="run one alone: crossbuild matrix --build --only "
            f"{failed[0][0].identifier} {_shell(failed[0][0].packages)}",
        )


def _cell(
    python: str, packages: Sequence[Wanted], configuration: Configuration, sdk: str | None
) -> Cell:
    name, version = identifier(python), PythonVersion(python)
    fitting = [wanted for wanted in packages if _admits(wanted, python)]
    chosen = sdk or configuration.sdk_for(name) or _reference(python)
    return Cell(
        identifier=name,
        python=python,
        tag=f"{version.tag}-{version.abi_tag}-{abi.PLATFORM_TAG}",
        packages=tuple(fitting),
        versions=tuple(pin for wanted in fitting if (pin := _pin(wanted, python))),
        without=tuple(wanted for wanted in packages if wanted not in fitting),
        sdk=chosen,
        board=_has_board(chosen, python),
    )


def _reference(python: str) -> str:
    """The reference SDK that has this Python, else the default one."""
    having = [
        definition.name for definition in reference_sdk.definitions() if definition.python == python
    ]
    return defaults.REFERENCE if defaults.REFERENCE in having or not having else having[0]


def _has_board(sdk: str, python: str) -> bool | None:
    return reference_sdk.load(sdk).python == python if reference_sdk.is_name(sdk) else None


def _admits(wanted: Wanted, python: str) -> bool:
    """Whether a package can be built for a Python, as far as that is known without an index."""
    if isinstance(wanted, SourceFolder):
        return _folder_admits(wanted.path, python)
    if isinstance(wanted, SourceArchive):
        return True
    if not recipe.exists(wanted.name):
        return True
    return versions.without_index(recipe.load(wanted.name), wanted, python) is not None


def _pin(wanted: Wanted, python: str) -> str | None:
    """The version by a recipe for a Python, None where there is none or an index must tell."""
    if not isinstance(wanted, Requirement) or not recipe.exists(wanted.name):
        return None
    known, named = recipe.load(wanted.name), versions.exact(wanted.specifier)
    version = known.at(named, python) if named else known.version_for(wanted, python)
    return f"{version.package}=={version.version}" if version else None


def _folder_admits(folder: Path, python: str) -> bool:
    """Whether ``requires-python`` of a source folder admits a Python."""
    stated = pyproject.stated(folder)
    # Of a minor version the newest: what asks for 3.7.1 runs on some 3.7.
    return SpecifierSet(stated.project.requires_python).contains(f"{python}.99")


def _none_left(
    filled: Sequence[Cell], configuration: Configuration, only: str | None
) -> ConfigurationError:
    known = ", ".join(cell.identifier for cell in filled) or "none"
    if only:
        return ConfigurationError(
            f"there is no cell {only}", evidence=f"cells: {known}", cure="choose one of these"
        )
    return ConfigurationError(
        "no cell is left",
        evidence=f"cells: {known}; build: {' '.join(configuration.build)}; "
        f"skip: {' '.join(configuration.skip)}",
        cure="change build and skip in [tool.crossbuild]",
    )


def _variables(cell: Cell) -> dict[str, Any]:
    """What a CI job needs to know of its cell."""
    return {
        "identifier": cell.identifier,
        "python": cell.python,
        "packages": _shell(cell.packages),
        "sdk": cell.sdk,
        "board": cell.board is True,
    }


def _texts(cell: Cell) -> dict[str, list[str]]:
    """The packages of a cell as the user wrote them."""
    return {
        "packages": [str(wanted) for wanted in cell.packages],
        "without": [str(wanted) for wanted in cell.without],
    }


def _shell(packages: Sequence[Wanted]) -> str:
    """Packages as words for a shell."""
    return shlex.join(str(wanted) for wanted in packages)


def _build_cell(cell: Cell, request: BuildRequest, console: Console) -> Result:
    started = time.monotonic()
    console.plan(())
    console.aside(f"── {cell.identifier}: {' '.join(map(str, cell.packages))}, {cell.sdk}")
    try:
        made = tuple(make_wheels(request, console))
    except CrossbuildError as error:
        console.error(error)
        return Result(cell, (), time.monotonic() - started, error)
    return Result(cell, made, time.monotonic() - started)


def _state(result: Result) -> str:
    if result.error:
        return f"failed: {result.error.what}"
    state = "up to date" if all(made.reused for made in result.made) else "built"
    return (
        f"{state}, without {' '.join(map(str, result.cell.without))}"
        if result.cell.without
        else state
    )
