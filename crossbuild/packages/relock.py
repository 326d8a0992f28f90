"""Make locks: those of the recipes' cells, and of packages that have no recipe."""

import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

from packaging.utils import parse_sdist_filename, parse_wheel_filename

from crossbuild.core.errors import LockError
from crossbuild.index import download, pip_settings, resolver
from crossbuild.index.artifact import Artifact
from crossbuild.index.pip_settings import PipSettings
from crossbuild.packages import lock, recipe
from crossbuild.packages.lock import Lock
from crossbuild.packages.project import pyproject
from crossbuild.packages.recipe import RecipeVersion

_CANONICAL = "https://files.pythonhosted.org/packages"


def renew_all(
    pythons: Iterable[str] = recipe.PYTHONS,
    packages: Iterable[str] | None = None,
    *,
    recipes: Path = recipe.RECIPES,
    folder: Path = lock.LOCKS,
    settings: PipSettings | None = None,
) -> list[Path]:
    """Make the locks of every cell anew, and remove those that belong to none.

    :param packages: these alone (then nothing is removed)
    :raises LockError: requirements contradict each other, or no wheel satisfies one
    :raises IndexUnreachableError: no index can be reached
    """
    chosen = recipe.names(recipes) if packages is None else list(packages)
    pythons = list(pythons)
    loaded = [recipe.load(name, folder=recipes) for name in chosen]
    paths = [
        renew(version, python, folder=folder, settings=settings)
        for known in loaded
        for python in pythons
        for version in known.for_python_all(python)
    ]
    suites = {known.suite.requires for known in loaded if known.suite}
    paths += _renew_suites(suites, pythons, folder, settings or pip_settings.read())
    if packages is None and set(pythons) == set(recipe.PYTHONS):
        for stale in set(folder.glob("pylock.*.toml")) - set(paths):
            stale.unlink()
    return paths


def renew(
    version: RecipeVersion,
    python: str,
    *,
    folder: Path = lock.LOCKS,
    settings: PipSettings | None = None,
) -> Path:
    """Make the lock of one cell anew.

    The files come from remote indexes where one is configured: a folder of this machine may
    hold other builds, and says nothing of the Pythons that a file needs.

    :raises LockError: requirements contradict each other, or no wheel satisfies one
    :raises IndexUnreachableError: no index can be reached
    """
    made = lock_of(version, python, settings=_remote(settings or pip_settings.read()))
    made = replace(
        made,
        source=_public(made.source),
        build=_public(made.build),
        runtime=_public(made.runtime),
        board=_public(made.board),
    )
    path = lock.path_of(version.package, version.version, python, folder=folder)
    lock.write(made, path)
    return path


def lock_of(version: RecipeVersion, python: str, *, settings: PipSettings | None = None) -> Lock:
    """The lock of a cell, made anew; a version that a recipe covers has it at first use.

    :raises LockError: requirements contradict each other, or no wheel satisfies one
    :raises IndexUnreachableError: no index can be reached
    """
    settings = settings or pip_settings.read()
    requires = lock.requirements(version, python)
    source = download.find_sdist(version.package, f"=={version.version}", python, settings=settings)
    return Lock(
        python,
        f"{version.package}=={version.version}",
        requires,
        source=(source,),
        build=tuple(resolver.wheels(requires["build"], python, settings)),
        runtime=tuple(_pure_wheels(requires["runtime"], python, settings)),
        board=tuple(download.find_wheels(requires["board"], python, settings=settings)),
    )


def _pure_wheels(requires: Sequence[str], python: str, settings: PipSettings) -> list[Artifact]:
    """For each requirement the newest wheel, which must be pure: it runs on the board.

    :raises LockError: one holds code of the build machine
    """
    wheels = download.find_wheels(requires, python, settings=settings)
    for wheel in wheels:
        if not wheel.filename.endswith("-none-any.whl"):
            raise LockError(
                f"{wheel.name} is compiled, and the recipe requires it on the board",
                evidence=f"the wheel for Python {python} is {wheel.filename}",
                cure=f"write a recipe for {wheel.name}: packages with recipes are built as well",
            )
    return wheels


def _renew_suites(
    suites: Iterable[tuple[str, ...]], pythons: Iterable[str], folder: Path, settings: PipSettings
) -> list[Path]:
    """Make the locks anew of what the recipes' suites require."""
    paths = []
    for requires, python in product(suites, pythons):
        made = lock_of_tests(requires, python, _remote(settings))
        paths.append(lock.path_of_tests(requires, python, folder=folder))
        lock.write(replace(made, build=_public(made.build)), paths[-1])
    return paths


def lock_of_tests(requires: Sequence[str], python: str, settings: PipSettings) -> Lock:
    """What tests require beside the package, with all that it needs.

    :raises LockError: requirements contradict each other, or no wheel satisfies one
    :raises IndexUnreachableError: no index can be reached
    """
    artifacts = tuple(resolver.wheels(requires, python, settings))
    return Lock(python, "", {"build": tuple(requires)}, build=artifacts)


def resolve_on_the_fly(
    requires: Sequence[str],
    python: str,
    *,
    source: Artifact | None = None,
    settings: PipSettings | None = None,
) -> Lock:
    """A lock for a package without a recipe; the caller stores it with :func:`lock.write`.

    :param requires: the ``build-system.requires`` of the package's pyproject.toml
    :param source: its sdist, where it comes from an index
    :raises LockError: requirements contradict each other, or no wheel satisfies one
    :raises IndexUnreachableError: no index can be reached
    """
    settings = settings or pip_settings.read()
    environment = lock.environment_requirements(python)
    build = (*environment["build"], *requires)
    found = resolver.files_of(build, python, settings)
    if more := _required_by_sources(found, settings):
        found = resolver.files_of((*build, *more), python, settings)
    return Lock(
        python,
        f"{source.name}=={source.version}" if source else "",
        {"build": build, "board": environment["board"]},
        source=(source,) if source else (),
        build=tuple(found),
        board=tuple(download.find_wheels(environment["board"], python, settings=settings)),
    )


def _required_by_sources(found: Iterable[Artifact], settings: PipSettings) -> list[str]:
    """What those build requirements that come as sources require to be built themselves."""
    sources = [artifact for artifact in found if not artifact.is_wheel]
    with tempfile.TemporaryDirectory() as folder:
        archives = download.fetch_all(sources, Path(folder), settings=settings)
        stated = [pyproject.of_archive(archive) for archive in archives]
        return [text for one in stated for text in one.build_system.requires]


def public_url(artifact: Artifact) -> str:
    """Where PyPI serves the file: a lock names no mirror, and no folder of this machine."""
    hashed = re.search(r"/packages/([0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}/[^/]+)$", artifact.url)
    if hashed:
        return f"{_CANONICAL}/{hashed[1]}"
    # The address by name, which PyPI keeps for packagers and forwards to the hashed one.
    kind, name = "source", parse_name(artifact.filename)
    if artifact.is_wheel:
        kind = artifact.filename.split("-")[-3]
    return f"{_CANONICAL}/{kind}/{name[0]}/{name}/{artifact.filename}"


def parse_name(filename: str) -> str:
    """The normalised project name in a wheel's or sdist's file name."""
    parse = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
    return str(parse(filename)[0])


def _public(artifacts: Iterable[Artifact]) -> tuple[Artifact, ...]:
    return tuple(replace(artifact, url=public_url(artifact)) for artifact in artifacts)


def _remote(settings: PipSettings) -> PipSettings:
    remote = tuple(url for url in settings.index_urls if not url.startswith("file:"))
    return replace(settings, index_urls=remote, find_links=()) if remote else settings
