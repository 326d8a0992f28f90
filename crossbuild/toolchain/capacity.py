"""How many compilers may run, on this machine and on others, and what they share."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from crossbuild.core import defaults
from crossbuild.toolchain import jobserver

if TYPE_CHECKING:  # a run that builds nothing must not wait for it
    from crossbuild.toolchain.distcc import Farm


@dataclass(frozen=True)
class Capacity:
    """The compilers that a run may start.

    :ivar jobs: how many at once
    :ivar farm: other machines that compile for this one
    :ivar jobserver: what several builds at once share (:mod:`crossbuild.toolchain.jobserver`)
    :ivar ccache: variables by which ccache uses a storage that machines share
    """

    jobs: int
    farm: "Farm | None" = None
    jobserver: Path | None = None
    ccache: Mapping[str, str] = field(default_factory=dict)

    @property
    def cores(self) -> int:
        """How many cores the compilers may use, with those of the farm."""
        return min(self.jobs, self.farm.compilers if self.farm else defaults.JOBS)

    @property
    def jobs_here(self) -> int:
        """How many of the jobs may be compilers on this machine."""
        return min(self.jobs, self.farm.here) if self.farm else self.jobs

    @property
    def uses_network(self) -> bool:
        """Whether compilers talk with other machines."""
        return self.farm is not None or bool(self.ccache)

    def at_once(self, memory_mb: int) -> int:
        """How many compilers may run at once, here and on the farm.

        :param memory_mb: what the hungriest of them needs
        """
        if self.farm is None:
            return jobserver.fitting(self.jobs, memory_mb)
        return min(self.jobs, self.farm.at_once(memory_mb))

    def sharing(self, path: Path) -> "Capacity":
        """The capacity of one of several builds that share a jobserver."""
        return replace(self, jobserver=path)
