"""A package to build: its recipe, its lock, and what the user's project adds."""

from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name

from crossbuild.packages.lock import Lock
from crossbuild.packages.project.build_options import NO_OPTIONS, BuildOptions
from crossbuild.packages.recipe import RecipeVersion
from crossbuild.packages.source.tree import SourceTree

#: What the version begins with of a source folder that states none: what it is is in its digest.
UNSTATED = "0+"


@dataclass(frozen=True)
class Package:
    """One wheel to build: how, from which files, and whether it was asked for by name."""

    recipe: RecipeVersion
    lock: Lock
    #: A source folder of the user's own, instead of a locked sdist.
    tree: SourceTree | None = None
    #: What the user's project adds to this build.
    options: BuildOptions = NO_OPTIONS

    @property
    def name(self) -> str:
        """The canonical name."""
        return canonicalize_name(self.recipe.package)

    @property
    def folder(self) -> Path | None:
        """The user's own folder that it is built from; None where its source is an sdist."""
        return self.tree.folder if self.tree else None

    @property
    def title(self) -> str:
        """Name and version as people write them; the name alone where only the wheel tells that."""
        known = not self.recipe.version.startswith(UNSTATED)
        return f"{self.recipe.package} {self.recipe.version}" if known else self.recipe.package

    def with_options(self, options: BuildOptions) -> "Package":
        """The package with what of a project's options is meant for it.

        :raises RecipeError: it is to be built without Fortran, and cannot be
        """
        own = options.for_package(self.name, self.tree)
        recipe = self.recipe if own.fortran else self.recipe.sparing_fortran()
        return replace(self, recipe=recipe, options=own)
