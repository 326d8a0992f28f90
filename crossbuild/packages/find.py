"""From what the user names to what is built: a recipe, an index's package, a folder."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from crossbuild.core import files
from crossbuild.core.errors import ConfigurationError, IndexUnreachableError
from crossbuild.core.python_version import PythonVersion
from crossbuild.index import download
from crossbuild.index.artifact import Artifact
from crossbuild.packages import against, lock, recipe, versions
from crossbuild.packages.lock import Lock
from crossbuild.packages.package import UNSTATED, Package
from crossbuild.packages.project import pyproject
from crossbuild.packages.recipe import Recipe, RecipeVersion
from crossbuild.packages.source import languages
from crossbuild.packages.source import tree as source_tree
from crossbuild.packages.source.tree import SourceTree
from crossbuild.packages.wanted import SourceArchive, SourceFolder, Wanted

#: Files at the top of a project in which back ends look for what it requires.
_STATING = ("*.py", "*.toml", "*.cfg", "CMakeLists.txt", "meson.build")

_NOTHING: Mapping[str, Any] = MappingProxyType({})


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
    ask: Callable[[Package, SourceTree | Path], Sequence[str]] | None = None
    apart: tuple[Path, ...] = ()

    def find(self, wanted: Wanted, chosen: Mapping[str, Package] = _NOTHING) -> Package:
        """The package for a requirement, a source folder or an sdist.

        :param chosen: packages of the run by name, against which this one is compiled if it can
        :raises RecipeError: its recipe covers no such version for this Python
        :raises ConfigurationError: the folder holds no Python project
        :raises IndexUnreachableError: an index is needed, and cannot be asked
        """
        if isinstance(wanted, Requirement) and recipe.exists(wanted.name):
            return self._from_recipe(wanted, chosen)
        package = self._from_source(wanted, {})
        others = {
            name: chosen[name].recipe.version
            for name in package.recipe.dependencies
            if name in chosen and chosen[name].folder is None
        }
        if any(f"{name}=={v}" not in package.recipe.target_requires for name, v in others.items()):
            return self._from_source(wanted, others)
        return package

    def _from_source(self, wanted: Wanted, preferred: Mapping[str, str]) -> Package:
        """A package without a recipe.

        :param preferred: versions of packages that it is compiled against, where they satisfy it
        """
        if isinstance(wanted, SourceFolder):
            return self._from_folder(wanted, preferred)
        if isinstance(wanted, SourceArchive):
            return self._from_archive(wanted, preferred)
        return self._from_index(wanted, preferred)

    def _from_recipe(self, wanted: Requirement, chosen: Mapping[str, Package]) -> Package:
        known = recipe.load(wanted.name)
        others = {p.name: p.recipe for p in chosen.values() if p.folder is None}
        version = versions.own(known, wanted, self.python, others)
        if version in known.version:
            return Package(version, lock.load(version, self.python))
        if not version and not known.ranges(self.python):
            known.for_python(self.python)  # which tells that there is none
        return self._at_first_use(known, wanted, others)

    def _at_first_use(
        self, known: Recipe, wanted: Requirement, others: Mapping[str, RecipeVersion]
    ) -> Package:
        """A version that has no lock with its recipe, or is to go with others of the run.

        :raises RecipeError: the recipe covers none that satisfies
        """

        def make() -> Lock:
            from crossbuild.packages import relock  # slow to load, and seldom needed

            own = versions.own(known, wanted, self.python, others)
            meant = own or versions.covered(known, wanted, self.python, others)
            return relock.lock_of(meant, self.python)

        if versions.without_index(known, wanted, self.python) is None:
            raise versions.none(known, wanted, self.python)
        path = self.lock_path(wanted, {name: one.version for name, one in others.items()})
        made = self._locked(str(wanted), path, make)
        version = known.at(made.source[0].version, self.python)
        assert version is not None, f"{path} is of another recipe"
        return Package(version.against(others) or version, made)

    def _from_index(self, wanted: Requirement, preferred: Mapping[str, str]) -> Package:
        """A package that behaves: built from its own ``build-system.requires``.

        What the index gave is locked at the first build, so that the next one is the same.
        """

        def make() -> Lock:
            source = download.find_sdist(wanted.name, str(wanted.specifier), self.python)
            return self._of_sdist(source, preferred)

        path = self.lock_path(wanted, preferred)
        made = self._locked(str(wanted), path, make)
        sdist = made.source[0]
        return self._against((sdist.name, sdist.version), made)

    def _from_archive(self, wanted: SourceArchive, preferred: Mapping[str, str]) -> Package:
        """The same for an sdist of the user's own."""
        if not wanted.path.is_file():
            raise ConfigurationError(
                f"there is no source distribution {wanted}",
                evidence=f"{wanted.path} is no file",
                cure="give the path of a NAME-VERSION.tar.gz, or a requirement as pip has it",
            )
        source = download.adopt(wanted.path, *wanted.named, self.cache)
        path = self.lock_path(wanted, preferred)
        made = self._locked(str(wanted), path, lambda: self._of_sdist(source, preferred))
        return self._against(wanted.named, made)

    def _of_sdist(self, source: Artifact, preferred: Mapping[str, str]) -> Lock:
        sdist = download.fetch(source, self.cache, offline=self.offline)
        requires = pyproject.of_archive(sdist).build_system.requires
        asked = self._asking((source.name, source.version), sdist)
        return self._resolved(requires, preferred, asked, source)

    def _from_folder(self, wanted: SourceFolder, preferred: Mapping[str, str]) -> Package:
        folder = wanted.path
        if folder.is_file():
            raise ConfigurationError(
                f"{wanted} is neither a source folder nor a source distribution",
                evidence=f"{folder} is a file, and is not called NAME-VERSION.tar.gz or .zip",
                cure="unpack it, and give the folder; a wheel needs no building: put it into the "
                "wheelhouse, and `crossbuild audit` tells whether it fits the board",
            )
        if not folder.exists():
            raise ConfigurationError(
                f"there is no folder {wanted}",
                evidence=f"{folder} does not exist",
                cure="give the folder of a source, or name a package of the index as pip does; "
                "what has an address is cloned or downloaded first",
            )
        if not ((folder / "pyproject.toml").exists() or (folder / "setup.py").exists()):
            raise ConfigurationError(
                f"{folder} is no Python project",
                evidence="it has neither pyproject.toml nor setup.py",
                cure="give the folder that holds one of them",
            )
        tree = source_tree.read(folder, self.apart)
        stated = pyproject.stated(folder)
        requires = stated.build_system.requires
        version = stated.project.version or f"{UNSTATED}{tree.digest[:8]}"
        path = self.lock_path(wanted, preferred)
        asked = self._asking((wanted.name, version), tree)
        made = self._locked(wanted.name, path, lambda: self._resolved(requires, preferred, asked))
        return self._against((wanted.name, version), made, tree)

    def _against(
        self, named: tuple[str, str], made: Lock, tree: SourceTree | None = None
    ) -> Package:
        """A package that is compiled against those of its build requirements that hand out headers.

        :param named: the package's name and version
        """
        more = against.fields(made.requires.get("build", ()), self.python)
        fortran = {"fortran": tree is not None and languages.has_fortran(tree)}
        return Package(_plain(*named, self.python, made, {**more, **fortran}), made, tree)

    def _asking(
        self, named: tuple[str, str], origin: SourceTree | Path
    ) -> Callable[[Lock], Sequence[str]]:
        """What asks a back end for its requirements, once those that are stated are locked.

        :param origin: the sdist, or the source of a folder
        """

        def asked(stated: Lock) -> Sequence[str]:
            package = _plain(*named, self.python, stated)
            tree = origin if isinstance(origin, SourceTree) else None
            return self.ask(Package(package, stated, tree), origin) if self.ask else ()

        return asked

    def _resolved(
        self,
        requires: Sequence[str],
        preferred: Mapping[str, str],
        asked: Callable[[Lock], Sequence[str]],
        source: Artifact | None = None,
    ) -> Lock:
        """A lock of what a project states, and of what its back end requires beyond that."""
        from crossbuild.packages import hooks, relock  # slow to load, and seldom needed

        pinned = against.pinned(requires, self.python, preferred)
        stated = relock.resolve_on_the_fly(pinned, self.python, source=source)
        versions = {artifact.name: artifact.version for artifact in stated.build}
        more = hooks.unmet(asked(stated), versions, self.python)
        if not more:
            return stated
        pinned = against.pinned((*requires, *more), self.python, preferred)
        return relock.resolve_on_the_fly(pinned, self.python, source=source)

    def lock_path(self, wanted: Wanted, others: Mapping[str, str] = _NOTHING) -> Path:
        """Where the lock lies of what has none with a recipe.

        :param others: versions of packages that it is to go with, by name
        """
        what: list[object] = [str(wanted), *others.items()]
        if isinstance(wanted, SourceFolder):
            stating = _stating_requirements(wanted.path)
            what = [str(wanted.path), *stating, *others.items()]
        elif isinstance(wanted, SourceArchive):
            what = [wanted.path.name, files.sha256(wanted.path), *others.items()]
        elif recipe.exists(wanted.name):
            known = recipe.load(wanted.name)
            linked = {name for version in known.version for name in version.dependencies}
            pins = sorted(f"{name}=={others[name]}" for name in linked & others.keys())
            environment = lock.environment_requirements(self.python)
            what = [str(wanted), pins, environment, *map(str, known.version)]
        key = files.content_key(*what)
        return self.locks / f"pylock.{PythonVersion(self.python).tag}-{key}.toml"

    def _locked(self, what: str, path: Path, make: Callable[[], Lock]) -> Lock:
        """The lock at *path*, made where it is missing.

        :raises IndexUnreachableError: it is missing, and no index may be asked
        """
        if not self._is_current(path):
            if self.offline:
                raise IndexUnreachableError(
                    f"{what} was never built for Python {self.python} here",
                    evidence=f"--offline, and there is no lock {path}",
                    cure="run the same command once without --offline",
                )
            if self.ask is None:
                return make()
            # One run asks the index and the back end; others wait for its answer.
            with files.exclusive(path.with_suffix(".lock")):
                if not self._is_current(path):
                    lock.write(make(), path)
        return lock.read(path)

    def _is_current(self, path: Path) -> bool:
        """Whether a lock is there, and what its package is compiled against can still be built."""
        if not path.exists():
            return False
        return against.is_current(lock.read(path).requires.get("build", ()), self.python)


def _stating_requirements(folder: Path) -> list[str]:
    """The digests of files that decide what a project requires to be built.

    These are the tables and the Python code at its top, what pyproject.toml names (a hook of
    hatchling), and the code of a back end of its own.
    """
    backend = pyproject.stated(folder).build_system.backend_path
    paths = {
        *(folder / text for text in _texts(pyproject.read(folder))),
        *(path for inner in backend for path in (folder / inner).rglob("*.py")),
        *(path for glob in _STATING for path in folder.glob(glob)),
    }
    # Path.is_file raises where a text is too long for a name.
    return [files.sha256(path) for path in sorted(paths) if os.path.isfile(path)]  # noqa: PTH113


def _texts(value: object) -> Iterator[str]:
    """All texts in a document, any of which may name a file."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


def _plain(
    name: str, version: str, python: str, made: Lock, more: Mapping[str, object] = _NOTHING
) -> RecipeVersion:
    """The recipe of a package that needs none.

    :param more: further fields of it
    """
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
    return RecipeVersion.model_validate({**fields, "build-requires": requires, **more})
