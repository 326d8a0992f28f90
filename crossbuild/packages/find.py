"""From what the user names to what is built: a recipe, an index's package, a folder."""

import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from crossbuild.core import files
from crossbuild.core.errors import ConfigurationError, IndexUnreachableError, RecipeError
from crossbuild.core.python_version import PythonVersion
from crossbuild.index import download
from crossbuild.index.artifact import Artifact
from crossbuild.packages import lock, pyproject, recipe, requirement, source_tree
from crossbuild.packages.lock import Lock
from crossbuild.packages.package import Package
from crossbuild.packages.recipe import RecipeVersion


def finder(
    python: str, locks: Path, cache: Path, *, offline: bool = False
) -> Callable[[str], Package]:
    """A function that finds the package for a requirement or a source folder.

    :param python: the target's Python, e.g. ``"3.11"``
    :param locks: folder for the locks of packages without a recipe
    :param cache: folder of downloads
    """

    def find(text: str) -> Package:
        if is_folder(text):
            return _from_folder(Path(text), python, locks, offline=offline)
        wanted = requirement.parse(text)
        if canonicalize_name(wanted.name) in recipe.names():
            return _from_recipe(wanted, python)
        return _from_index(wanted, python, locks, cache, offline=offline)

    return find


def _from_recipe(wanted: Requirement, python: str) -> Package:
    found = recipe.load(wanted.name)
    for version in found.for_python_all(python):
        if wanted.specifier.contains(version.version, prereleases=True):
            return Package(version, lock.load(version, python))
    if wanted.specifier and (having := found.for_python_all(python)):
        raise RecipeError(
            f"the recipe of {wanted.name} has no version {wanted.specifier} for Python {python}",
            evidence=f"it has {', '.join(version.version for version in having)}",
            cure="choose one of these, or add a [[version]] to the recipe",
        )
    return Package(found.for_python(python), lock.load(found.for_python(python), python))


def _from_index(
    wanted: Requirement, python: str, locks: Path, cache: Path, *, offline: bool
) -> Package:
    """A package that behaves: built from its own ``build-system.requires``.

    What the index gave is locked at the first build, so that the next one is the same.
    """

    def make() -> Lock:
        source = download.find_sdist(wanted.name, str(wanted.specifier), python)
        requires = _requires_in_archive(download.fetch(source, cache, offline=offline))
        return _resolved(requires, python, source)

    made = _locked(str(wanted), python, _place(locks, python, str(wanted)), make, offline=offline)
    sdist = made.source[0]
    return Package(_plain(sdist.name, sdist.version, python, made), made)


def _from_folder(folder: Path, python: str, locks: Path, *, offline: bool) -> Package:
    folder = folder.expanduser().absolute()
    if not ((folder / "pyproject.toml").exists() or (folder / "setup.py").exists()):
        raise ConfigurationError(
            f"{folder} is no Python project",
            evidence="it has neither pyproject.toml nor setup.py",
            cure="give the folder that holds one of them",
        )
    stated = pyproject.stated(folder)
    name = project_name(folder)
    requires = stated.build_system.requires
    place = _place(locks, python, str(folder), requires)
    made = _locked(name, python, place, lambda: _resolved(requires, python), offline=offline)
    version = stated.project.version or f"0+{source_tree.digest(folder)[:8]}"
    return Package(_plain(name, version, python, made), made, folder)


def _resolved(requires: Sequence[str], python: str, source: Artifact | None = None) -> Lock:
    from crossbuild.packages import (
        relock,  # slow to load, and not needed where there is a lock
    )

    return relock.resolve_on_the_fly(requires, python, source=source)


def _place(locks: Path, python: str, *what: object) -> Path:
    return locks / f"pylock.{PythonVersion(python).tag}-{files.content_key(*what)}.toml"


def _locked(what: str, python: str, path: Path, make: Callable[[], Lock], *, offline: bool) -> Lock:
    """The lock at *path*, made where it is missing.

    :raises IndexUnreachableError: it is missing, and *offline*
    """
    if not path.exists():
        if offline:
            raise IndexUnreachableError(
                f"{what} was never built for Python {python} here",
                evidence=f"--offline, and there is no lock {path}",
                cure="run the same command once without --offline",
            )
        lock.write(make(), path)
    return lock.read(path)


def project_name(folder: Path) -> str:
    """The name of the package in a source folder: its metadata's, else the folder's."""
    stated = pyproject.stated(folder)
    return stated.project.name or folder.absolute().name


def is_folder(text: str) -> bool:
    """Whether the user named a folder, not a requirement."""
    return text.startswith((".", "/")) or "/" in text


def _plain(name: str, version: str, python: str, made: Lock) -> RecipeVersion:
    """The recipe of a package that needs none."""
    try:
        Version(version)
    except InvalidVersion as error:
        raise ConfigurationError(
            f"{name} has the version {version!r}", evidence=str(error), cure="see PEP 440"
        ) from error
    requires = tuple(f"{artifact.name}=={artifact.version}" for artifact in made.build)
    # Meson takes the compilers of a cross file alone, and meson-python hands it on.
    meson = any(artifact.name == "meson-python" for artifact in made.build)
    backend = "meson-python" if meson else "plain"
    fields = {"package": name, "version": version, "python": python, "backend": backend}
    return RecipeVersion.model_validate({**fields, "build-requires": requires})


def _requires_in_archive(sdist: Path) -> tuple[str, ...]:
    path = sdist / "pyproject.toml"
    try:
        document = files.toml(_member(sdist, path.name))
    except files.TomlError as error:
        raise pyproject.malformed(path, error) from error
    return pyproject.metadata(document, path).build_system.requires


def _member(sdist: Path, name: str) -> str:
    """The text of a file in the archive's root folder, empty where it has none."""
    if sdist.suffix == ".zip":
        with zipfile.ZipFile(sdist) as archive:
            for member in archive.namelist():
                if PurePosixPath(member).parts[1:] == (name,):
                    return archive.read(member).decode()
        return ""
    with tarfile.open(sdist) as tar:
        for info in tar:
            stream = tar.extractfile(info)
            if PurePosixPath(info.name).parts[1:] == (name,) and stream:
                return stream.read().decode()
    return ""
