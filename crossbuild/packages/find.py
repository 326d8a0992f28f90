"""From what the user names to what is built: a recipe, an index's package, a folder."""

import tarfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from crossbuild.core import files
from crossbuild.core.errors import ConfigurationError, IndexUnreachableError, RecipeError
from crossbuild.core.python_version import PythonVersion
from crossbuild.index import download
from crossbuild.index.artifact import Artifact
from crossbuild.packages import lock, pyproject, recipe, source_tree
from crossbuild.packages.lock import Lock
from crossbuild.packages.package import Package
from crossbuild.packages.recipe import RecipeVersion
from crossbuild.packages.wanted import SourceFolder, Wanted


@dataclass(frozen=True)
class Finder:
    """Finds packages for one Python of the target.

    :ivar python: the target's Python, e.g. ``"3.11"``
    :ivar locks: folder for the locks of packages without a recipe
    :ivar cache: folder of downloads
    :ivar offline: whether nothing may be asked of an index
    :ivar ask: asks the back end of a package, whose sdist or folder is given, what it requires
        beyond what is stated (PEP 517's ``get_requires_for_build_wheel``); where None nothing can
        be built, and no lock is kept
    """

    python: str
    locks: Path
    cache: Path
    offline: bool = False
    ask: Callable[[Package, Path], Sequence[str]] | None = None

    def find(self, wanted: Wanted) -> Package:
        """The package for a requirement or a source folder.

        :raises RecipeError: its recipe has no such version for this Python
        :raises ConfigurationError: the folder holds no Python project
        :raises IndexUnreachableError: an index is needed, and cannot be asked
        """
        if isinstance(wanted, SourceFolder):
            return self._from_folder(wanted)
        if recipe.exists(wanted.name):
            return self._from_recipe(wanted)
        return self._from_index(wanted)

    def _from_recipe(self, wanted: Requirement) -> Package:
        known = recipe.load(wanted.name)
        version = known.version_for(wanted, self.python)
        if version is None and (having := known.for_python_all(self.python)):
            raise RecipeError(
                f"the recipe of {wanted.name} has no version {wanted.specifier} "
                f"for Python {self.python}",
                evidence=f"it has {', '.join(version_there.version for version_there in having)}",
                cure="choose one of these, or add a [[version]] to the recipe",
            )
        version = version or known.for_python(self.python)  # which tells that there is none
        return Package(version, lock.load(version, self.python))

    def _from_index(self, wanted: Requirement) -> Package:
        """A package that behaves: built from its own ``build-system.requires``.

        What the index gave is locked at the first build, so that the next one is the same.
        """

        def make() -> Lock:
            source = download.find_sdist(wanted.name, str(wanted.specifier), self.python)
            archive = download.fetch(source, self.cache, offline=self.offline)
            named = (source.name, source.version)
            return self._resolved(named, _requires_in_archive(archive), archive, source)

        made = self._locked(str(wanted), self._lock_path(str(wanted)), make)
        sdist = made.source[0]
        return Package(_plain(sdist.name, sdist.version, self.python, made), made)

    def _from_folder(self, wanted: SourceFolder) -> Package:
        folder = wanted.path
        if not ((folder / "pyproject.toml").exists() or (folder / "setup.py").exists()):
            raise ConfigurationError(
                f"{folder} is no Python project",
                evidence="it has neither pyproject.toml nor setup.py",
                cure="give the folder that holds one of them",
            )
        stated = pyproject.stated(folder)
        requires = stated.build_system.requires
        version = stated.project.version or f"0+{source_tree.digest(folder)[:8]}"
        path = self._lock_path(str(folder), requires, *_stating_requirements(folder))
        named = (wanted.name, version)
        made = self._locked(wanted.name, path, lambda: self._resolved(named, requires, folder))
        return Package(_plain(wanted.name, version, self.python, made), made, folder)

    def _resolved(
        self,
        named: tuple[str, str],
        requires: Sequence[str],
        origin: Path,
        source: Artifact | None = None,
    ) -> Lock:
        """A lock of what a project states, and of what its back end requires beyond that.

        :param named: the package's name and version
        :param origin: the sdist, or the source folder
        """
        from crossbuild.packages import hooks, relock  # slow to load, and seldom needed

        stated = relock.resolve_on_the_fly(requires, self.python, source=source)
        if self.ask is None:
            return stated
        recipe = _plain(*named, self.python, stated)
        package = Package(recipe, stated, origin if origin.is_dir() else None)
        versions = {artifact.name: artifact.version for artifact in stated.build}
        more = hooks.unmet(self.ask(package, origin), versions, self.python)
        if not more:
            return stated
        return relock.resolve_on_the_fly((*requires, *more), self.python, source=source)

    def _lock_path(self, *what: object) -> Path:
        return (
            self.locks / f"pylock.{PythonVersion(self.python).tag}-{files.content_key(*what)}.toml"
        )

    def _locked(self, what: str, path: Path, make: Callable[[], Lock]) -> Lock:
        """The lock at *path*, made where it is missing.

        :raises IndexUnreachableError: it is missing, and no index may be asked
        """
        if not path.exists():
            if self.offline:
                raise IndexUnreachableError(
                    f"{what} was never built for Python {self.python} here",
                    evidence=f"--offline, and there is no lock {path}",
                    cure="run the same command once without --offline",
                )
            made = make()
            if self.ask is None:
                return made
            lock.write(made, path)
        return lock.read(path)


def _stating_requirements(folder: Path) -> list[str]:
    """The digests of files in which a project states its build requirements to its back end."""
    paths = (folder / name for name in ("setup.py", "setup.cfg"))
    return [files.sha256(path) for path in paths if path.is_file()]


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
    return pyproject.parse(_member(sdist, path.name), path).build_system.requires


def _member(sdist: Path, name: str) -> bytes:
    """The content of a file in the archive's root folder, empty where it has none."""
    if sdist.suffix == ".zip":
        with zipfile.ZipFile(sdist) as archive:
            for member in archive.namelist():
                if PurePosixPath(member).parts[1:] == (name,):
                    return archive.read(member)
        return b""
    with tarfile.open(sdist) as tar:
        for info in tar:
            stream = tar.extractfile(info)
            if PurePosixPath(info.name).parts[1:] == (name,) and stream:
                return stream.read()
    return b""
