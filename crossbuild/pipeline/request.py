"""What the user asked for."""

from dataclasses import dataclass
from pathlib import Path

from crossbuild.packages.build_options import NO_OPTIONS, BuildOptions
from crossbuild.packages.wanted import Wanted
from crossbuild.python.target import TargetRequest
from crossbuild.repair.options import DEFAULT, RepairOptions
from crossbuild.toolchain.capacity import Capacity


@dataclass(frozen=True)
class BuildRequest:
    """Wheels to be made: of what, for which target, and where they go.

    :ivar offline: whether nothing but cached downloads is used
    :ivar keep: whether build trees stay after a success
    :ivar options: what the user's project adds to builds
    """

    target: TargetRequest
    packages: tuple[Wanted, ...]
    wheelhouse: Path
    capacity: Capacity
    repair: RepairOptions = DEFAULT
    options: BuildOptions = NO_OPTIONS
    offline: bool = False
    keep: bool = False
