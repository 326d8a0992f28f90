"""A run of the pipeline, and one wheel's turn in it: what the stages know."""

import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from crossbuild.packages.package import Package
from crossbuild.pipeline.plan import Planned
from crossbuild.pipeline.request import BuildRequest
from crossbuild.pipeline.store import Store
from crossbuild.progress.console import Step
from crossbuild.python.target import Target
from crossbuild.repair.options import Bundling
from crossbuild.repair.repaired import Told
from crossbuild.repair.slim import LeftOut
from crossbuild.toolchain.capacity import Capacity

# What makes wheels is imported where it is used: a run that finds them made does not wait for it.
if TYPE_CHECKING:
    from crossbuild.audit.profile import BoardProfile
    from crossbuild.build.workspace import Workspace


@dataclass(frozen=True)
class Made:
    """A wheel in the wheelhouse; *seconds* is what its build took, now or earlier."""

    title: str
    wheel: Path
    sha256: str
    seconds: float
    reused: bool
    #: Whose wheel it is, where it was not built here.
    origin: str = ""
    #: Files of the package that a slim wheel does not have.
    left_out: tuple[LeftOut, ...] = ()
    #: What the audit tells of it: notes, and what the user accepted.
    told: tuple[Told, ...] = ()


@dataclass(frozen=True)
class Run:
    """What all stages of a run know.

    :ivar planned: all packages, in order
    :ivar missing: those of them whose wheel the store did not have when the run began
    """

    request: BuildRequest
    target: Target
    planned: tuple[Planned, ...]
    missing: tuple[Planned, ...]
    store: Store

    @cached_property
    def board(self) -> "BoardProfile":
        """The board that the SDK's sysroot tells of."""
        return board_of(self.request, self.target)

    @property
    def capacity(self) -> Capacity:
        """The compilers that it may start."""
        return self.request.capacity

    def name_of(self, planned: Planned) -> str:
        """What a package's turn is called."""
        return f"{planned.package.title} for Python {self.target.python.version}"

    def with_capacity(self, capacity: Capacity) -> "Run":
        """The same run with other compilers."""
        return replace(self, request=replace(self.request, capacity=capacity))


def board_of(request: BuildRequest, target: Target) -> "BoardProfile":
    """The board that the SDK's sysroot tells of, with the libraries that wheels bring along."""
    from crossbuild.audit import sdk_profile

    bundled = request.repair.bundling is not Bundling.NONE
    return sdk_profile.board_of(target, absent=None if bundled else ())


@dataclass(frozen=True)
class Turn:
    """One package's turn to become a wheel.

    :ivar began: when, as ``time.monotonic`` tells
    """

    planned: Planned
    run: Run
    step: Step
    began: float = field(default_factory=time.monotonic)

    @property
    def package(self) -> Package:
        """The package."""
        return self.planned.package

    @cached_property
    def workspace(self) -> "Workspace":
        """Where it is built."""
        from crossbuild.build.workspace import Workspace

        target, capacity = self.run.target, self.run.capacity
        version = self.package.recipe.version
        folder = f"{self.package.name}-{version}-{self.planned.build_key[:8]}"
        return Workspace(
            folder=target.folder / folder,
            sdk=target.sdk,
            target=target.python,
            build_python=target.build_python,
            targets=self._targets(),
            cache=self.run.request.target.cache,
            distcc=capacity.farm.distcc if capacity.farm else None,
        )

    def _targets(self) -> dict[str, Path]:
        """The unpacked wheels that it links against, which were made before it."""
        keys = {entry.package.name: entry.build_key for entry in self.run.planned}
        built = {n: self.run.store.built(keys[n]) for n in self.package.recipe.dependencies}
        return {name: wheel.unpacked for name, wheel in built.items() if wheel}
