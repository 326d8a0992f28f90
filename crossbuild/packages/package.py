"""A package to build: its recipe, its lock, and what the user's project adds."""

from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name

from crossbuild.packages.build_options import NO_OPTIONS, BuildOptions
from crossbuild.packages.lock import Lock
from crossbuild.packages.recipe import RecipeVersion


@dataclass(frozen=True)
class Package:
    """One wheel to build: how, from which files, and whether it was asked for by name."""

    recipe: RecipeVersion
    lock: Lock
    #: A source folder of the user's own, instead of a locked sdist.
    folder: Path | None = None
    #: What the user's project adds to this build.
    options: BuildOptions = NO_OPTIONS

    @property
    def name(self) -> str:
        """The canonical name."""
        return canonicalize_name(self.recipe.package)

    @property
    def title(self) -> str:
        """Name and version as people write them."""
        return f"{self.recipe.package} {self.recipe.version}"

    def with_options(self, options: BuildOptions) -> "Package":
        """The package with what of a project's options is meant for it."""
        return replace(self, options=options.for_package(self.folder))
