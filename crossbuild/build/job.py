"""One build: what, where, and with what."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crossbuild.build.crossenv import CrossEnv
from crossbuild.build.workspace import Workspace
from crossbuild.packages import recipe
from crossbuild.packages.package import Package
from crossbuild.packages.project.build_options import BuildOptions
from crossbuild.packages.recipe import RecipeVersion


@dataclass(frozen=True)
class BuildJob:
    """One build.

    :param source: the root of the package's source
    :param epoch: SOURCE_DATE_EPOCH, in seconds since 1970
    :param jobs: how many compilers may run at once
    :param pool: the pool that its compilers share with those of other builds
    :param sharing: variables by which its compilers share objects or machines with others
    :param writable: folders of the caches that it shares
    :param network: whether it shares them by the network
    """

    package: Package
    workspace: Workspace
    env: CrossEnv
    source: Path
    epoch: int
    jobs: int
    pool: Path | None = None
    sharing: Mapping[str, str] = field(default_factory=dict)
    writable: tuple[Path, ...] = ()
    network: bool = False

    @property
    def recipe(self) -> RecipeVersion:
        """How the package is built."""
        return self.package.recipe

    @property
    def options(self) -> BuildOptions:
        """What the user's project adds to the build."""
        return self.package.options

    def values(self) -> dict[str, str | Path | int]:
        """What stands for the names in a recipe's templates."""
        sdk = self.workspace.sdk
        fixed: dict[str, str | Path | int] = {
            "sysroot": sdk.target_sysroot,
            "library-dirs": os.pathsep.join(map(str, sdk.library_dirs)),
            "include-dirs": os.pathsep.join(map(str, sdk.include_dirs)),
            "build": self.env.site_packages,
            "source": self.source,
            "jobs": self.jobs,
        }
        return {**fixed, **{f"target:{name}": path for name, path in self.workspace.links.items()}}

    def rendered(self, texts: Mapping[str, str]) -> dict[str, str]:
        """A recipe's table with its templates filled."""
        values = self.values()
        return {key: recipe.render(text, values) for key, text in texts.items()}
