"""A cell: an SDK with one of its Pythons, as a request names them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from crossbuild.core import defaults, files, jobserver
from crossbuild.core.defaults import Bundling
from crossbuild.core.errors import BuildPythonError, TargetPythonError
from crossbuild.core.python_version import PythonVersion
from crossbuild.packages.build_options import NO_OPTIONS, BuildOptions
from crossbuild.packages.package import Package
from crossbuild.python import build_python, target_python
from crossbuild.python.build_python import BuildPython
from crossbuild.python.target_python import TargetPython
from crossbuild.sdk import libraries
from crossbuild.sdk import read as sdk
from crossbuild.sdk.read import Sdk

if TYPE_CHECKING:  # a run that builds nothing must not wait for it
    from crossbuild.audit.profile import BoardProfile
    from crossbuild.toolchain.distcc import Farm


@dataclass(frozen=True)
class Request:
    """What the user asked for.

    :param work: folder of build trees, logs and built wheels
    :param cache: folder of downloads, shared by all checkouts
    :param keep: whether build trees stay after a success
    """

    sdk: Path
    packages: tuple[str, ...]
    wheelhouse: Path
    work: Path
    cache: Path
    jobs: int
    environment: str | None = None
    python: str | None = None
    build_python: Path | None = None
    #: The board's Python, e.g. "3.7.8", where its description must be synthesised.
    patch_version: str | None = None
    shared_libpython: bool | None = None
    offline: bool = False
    keep: bool = False
    bundling: Bundling = Bundling.RUNTIME
    #: Whether wheels are without what only developers need.
    slim: bool = False
    #: Whether modules are compiled with debug information, which is kept beside the wheels.
    keep_debug: bool = False
    #: What several builds at once share (:mod:`crossbuild.core.jobserver`).
    pool: Path | None = None
    #: What the user's project adds to builds.
    options: BuildOptions = NO_OPTIONS
    #: Other machines that compile for this one.
    farm: "Farm | None" = None
    #: The variables by which ccache uses a shared storage.
    shared_cache: Mapping[str, str] = field(default_factory=dict)

    @property
    def cores(self) -> int:
        """How many cores its compilers may use, with those of the farm."""
        return min(self.jobs, self.farm.compilers if self.farm else defaults.JOBS)

    @property
    def jobs_here(self) -> int:
        """How many of the jobs may be compilers on this machine."""
        return min(self.jobs, self.farm.here) if self.farm else self.jobs

    def at_once(self, memory_mb: int) -> int:
        """How many compilers may run at once, here and on the farm.

        :param memory_mb: what the hungriest of them needs
        """
        if self.farm is None:
            return jobserver.fitting(self.jobs, memory_mb)
        return min(self.jobs, self.farm.at_once(memory_mb))


@dataclass(frozen=True)
class Cell:
    """An SDK with one of its Pythons: what all packages of a run have in common.

    :ivar named_python: the build Python that the user named
    """

    sdk: Sdk
    target: TargetPython
    named_python: Path | None
    folder: Path
    bundling: Bundling

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know before anything is built."""
        if self.target.origin == "sysroot":
            return ()
        version = self.target.version
        return (f"the sysroot lacks a whole python3-dev of {version}: it is synthesised",)

    @cached_property
    def build_python(self) -> BuildPython:
        """The Python that builds; it is started, which a run with nothing to build saves.

        :raises BuildPythonError: there is none
        """
        return build_python.find(self.target.version, explicit=self.named_python, sdk=self.sdk)

    @cached_property
    def board(self) -> "BoardProfile":
        """The board that the SDK's sysroot tells of."""
        from crossbuild.audit import sdk_profile

        absent = () if self.bundling is Bundling.NONE else None
        return sdk_profile.board_of(self.sdk, self.target, self.build_python, absent=absent)

    def reaching(self, packages: Sequence[Package]) -> "Cell":
        """The cell with the folders of libraries that packages need, off the linker's path."""
        names = {name for package in packages for name in package.recipe.sysroot_libraries}
        return replace(self, sdk=libraries.reach(self.sdk, names))


def open_cell(request: Request) -> Cell:
    """Read the SDK and describe its target Python."""
    found = sdk.read(request.sdk, environment=request.environment, cache=request.cache)
    version = request.python or target_python.newest(found)
    synthesised = not target_python.is_complete(found, version)
    donor = (
        build_python.find(version, explicit=request.build_python, sdk=found)
        if synthesised
        else None
    )
    # A moved SDK has another place in every file of a build tree, so another folder.
    place = files.content_key(found.content_id, str(found.root))
    folder = request.work / place / PythonVersion(version).tag
    with files.exclusive(folder / "target.lock"):
        target = target_python.describe(
            found,
            version,
            folder / "target",
            build_python=donor,
            patch_version=request.patch_version,
            shared=request.shared_libpython,
        )
    return Cell(found, target, request.build_python, folder, request.bundling)


def board_for(request: Request, python: str) -> "BoardProfile":
    """The board of the SDK with one of its Pythons (its newest where empty).

    An audit needs no build Python: without one, less is known of the board's.
    """
    from crossbuild.audit import sdk_profile

    version = python or request.python
    try:
        return open_cell(replace(request, python=version)).board
    except (BuildPythonError, TargetPythonError):
        if not version:
            raise
        found = sdk.read(request.sdk, environment=request.environment, cache=request.cache)
        return sdk_profile.board_with_any_python(found, version)
