"""A wheel as its back end made it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from crossbuild.core import files


@dataclass(frozen=True)
class Built:
    """A wheel as the back end made it.

    :ivar epoch: its SOURCE_DATE_EPOCH, in seconds since 1970
    :ivar seconds: what the build took
    """

    wheel: Path
    epoch: int
    seconds: float

    @property
    def unpacked(self) -> Path:
        """Its content as a folder, for packages that link against it."""
        folder = self.wheel.parent / "unpacked"
        with files.exclusive(self.wheel.parent / ".lock"):
            if not folder.exists():
                from crossbuild.wheel import pack as wheel  # slow to load, and seldom needed

                with files.staged_directory(folder) as stage, wheel.unpacked(self.wheel) as tree:
                    shutil.copytree(tree, stage, dirs_exist_ok=True)
        return folder
