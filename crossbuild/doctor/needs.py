"""What is asked of the SDK: the recipes of the wanted packages and of all that they need."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from crossbuild.core.errors import RecipeError
from crossbuild.packages import recipe, versions
from crossbuild.packages.project.build_options import NO_OPTIONS, BuildOptions
from crossbuild.packages.recipe import Recipe, RecipeVersion
from crossbuild.packages.wanted import SourceArchive, SourceFolder, Wanted, parse


@dataclass(frozen=True)
class Need:
    """The recipes of one Python.

    :ivar unfit: why those cannot be built as the project's settings have it, by title
    """

    python: str
    recipes: tuple[RecipeVersion, ...]
    unfit: Mapping[str, RecipeError] = field(default_factory=dict)

    @property
    def titles(self) -> tuple[str, ...]:
        """The recipes as people write them."""
        return tuple(title(version) for version in self.recipes)


def title(version: RecipeVersion) -> str:
    """Name and version, ``scipy 1.7.3``; the name alone where no recipe tells the version."""
    return version.package if version.backend == "plain" else f"{version.package} {version.version}"


@dataclass(frozen=True)
class Needs:
    """The packages that were asked for; all that have a recipe where there are none.

    Nothing is downloaded: a package without a recipe is taken for one that needs nothing
    but compilers.
    """

    packages: tuple[str, ...]
    cache: Path
    #: What the project's settings add to builds.
    options: BuildOptions = NO_OPTIONS
    _recipes: dict[str, Recipe] = field(default_factory=dict)

    def on(self, python: str) -> Need:
        """What they are for a Python, with all that is built for them.

        :raises CrossbuildError: a recipe is malformed or has no such version, a word is no
            package
        """
        pending = [*self.packages] or [
            name for name in recipe.names() if self._load(name).for_python_all(python)
        ]
        versions: dict[str, RecipeVersion] = {}
        unfit: dict[str, RecipeError] = {}
        while pending:
            version = self._version(pending.pop(0), python)
            if version.package not in versions:
                try:
                    versions[version.package] = self._as_set(version)
                except RecipeError as error:
                    unfit[title(version)] = error
                    # Whether the SDK has Fortran does not matter to what must not use it.
                    without = version.model_copy(update={"fortran": False})
                    versions[version.package] = without
                pending.extend((*version.target_requires, *version.companions))
        ordered = sorted(
            versions.values(), key=lambda version: (len(version.dependencies), version.package)
        )
        return Need(python, tuple(ordered), unfit)

    def _version(self, text: str, python: str) -> RecipeVersion:
        wanted = parse(text)
        if isinstance(wanted, SourceFolder):
            return _plain(wanted.path.name, python)
        if isinstance(wanted, SourceArchive) or not recipe.exists(wanted.name):
            return _plain(wanted.name, python)
        version = versions.without_index(self._load(wanted.name), wanted, python)
        return version or self._as_wheels_does(wanted, python)

    def _as_wheels_does(self, wanted: Wanted, python: str) -> RecipeVersion:
        """The way that ``wheels`` goes, which says what is wrong."""
        from crossbuild.packages.find import Finder  # slow to import, and seldom needed

        return Finder(python, self.cache / "locks", self.cache, offline=True).find(wanted).recipe

    def _as_set(self, version: RecipeVersion) -> RecipeVersion:
        """The recipe with what the project's settings say of its package.

        :raises RecipeError: it cannot be built so
        """
        own = self.options.for_package(canonicalize_name(version.package), None)
        return version if own.fortran else version.sparing_fortran()

    def _load(self, name: str) -> Recipe:
        """The recipe, read once for all Pythons."""
        known = self._recipes.get(canonicalize_name(name))
        if known is None:
            known = self._recipes[canonicalize_name(name)] = recipe.load(name)
        return known


def _plain(name: str, python: str) -> RecipeVersion:
    """A package without a recipe, as far as it is known before it is fetched."""
    fields = {"package": name, "version": "0", "python": python, "backend": "plain"}
    return RecipeVersion.model_validate({**fields, "build-requires": ()})
