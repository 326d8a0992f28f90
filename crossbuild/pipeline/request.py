"""What the user asked for."""

from dataclasses import dataclass
from pathlib import Path

from crossbuild.index.artifact import Artifact
from crossbuild.packages.application import NO_APPLICATION, Application
from crossbuild.packages.project.build_options import NO_OPTIONS, BuildOptions
from crossbuild.packages.wanted import Wanted
from crossbuild.python.target import TargetRequest
from crossbuild.repair.options import DEFAULT, RepairOptions
from crossbuild.toolchain.capacity import Capacity


@dataclass(frozen=True)
class BuildRequest:
    """Wheels to be made: of what, for which target, and where they go.

    :ivar application: files that say what else is needed
    :ivar adopted: wheels of an index that the board takes as they are
    :ivar no_binary: packages that are built whatever wheels an index has; ``:all:`` for all
    :ivar only_binary: packages that are not to be built
    :ivar build_all: whether everything with compiled code is built
    :ivar offline: whether nothing but cached downloads is used
    :ivar keep: whether build trees stay after a success
    :ivar options: what the user's project adds to builds
    :ivar accept: findings of the audit that the user accepts, as ``RULE:FILE``
    """

    target: TargetRequest
    packages: tuple[Wanted, ...]
    wheelhouse: Path
    capacity: Capacity
    repair: RepairOptions = DEFAULT
    options: BuildOptions = NO_OPTIONS
    application: Application = NO_APPLICATION
    adopted: tuple[Artifact, ...] = ()
    no_binary: tuple[str, ...] = ()
    only_binary: tuple[str, ...] = ()
    build_all: bool = False
    offline: bool = False
    keep: bool = False
    accept: tuple[str, ...] = ()
