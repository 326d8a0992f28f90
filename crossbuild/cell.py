"""A cell: an SDK with one of its Pythons, as a request names them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from crossbuild import build_python, files, gate, libraries, sdk, target_python
from crossbuild.additions import NOTHING_ADDED, Additions
from crossbuild.board_profile import BoardProfile
from crossbuild.build_python import BuildPython
from crossbuild.bundle import Bundling
from crossbuild.errors import BuildPythonError, TargetPythonError
from crossbuild.plan import Package
from crossbuild.sdk import Sdk
from crossbuild.target_python import TargetPython


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
    #: What the user's project adds to builds.
    additions: Additions = NOTHING_ADDED


@dataclass(frozen=True)
class Cell:
    """An SDK with one of its Pythons: what all packages of a run have in common."""

    sdk: Sdk
    target: TargetPython
    build_python: BuildPython
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
    def board(self) -> BoardProfile:
        """The board that the SDK's sysroot tells of."""
        absent = () if self.bundling is Bundling.NONE else None
        return gate.board_of(self.sdk, self.target, self.build_python, absent=absent)

    def reaching(self, packages: Sequence[Package]) -> "Cell":
        """The cell with the folders of libraries that packages need, off the linker's path."""
        names = {name for package in packages for name in package.recipe.sysroot_libraries}
        return replace(self, sdk=libraries.reach(self.sdk, names))


def open_cell(request: Request) -> Cell:
    """Read the SDK and find its target Python and a build Python for it."""
    found = sdk.read(request.sdk, environment=request.environment, cache=request.cache)
    version = request.python or target_python.newest(found)
    builder = build_python.find(version, explicit=request.build_python, sdk=found)
    # A moved SDK has another place in every file of a build tree, so another folder.
    place = files.content_key(found.content_id, str(found.root))
    folder = request.work / place / f"cp{version.replace('.', '')}"
    with files.exclusive(folder / "target.lock"):
        target = target_python.describe(
            found,
            version,
            folder / "target",
            build_python=builder,
            patch_version=request.patch_version,
            shared=request.shared_libpython,
        )
    return Cell(found, target, builder, folder, request.bundling)


def board_for(request: Request, python: str) -> BoardProfile:
    """The board of the SDK with one of its Pythons (its newest where empty).

    An audit needs no build Python: without one, less is known of the board's.
    """
    version = python or request.python
    try:
        return open_cell(replace(request, python=version)).board
    except (BuildPythonError, TargetPythonError):
        if not version:
            raise
        found = sdk.read(request.sdk, environment=request.environment, cache=request.cache)
        return gate.board_with_any_python(found, version)
