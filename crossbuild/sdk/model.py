"""An SDK that was read, and its tools."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crossbuild.sdk.named_folders import NONE, NamedFolders


@dataclass(frozen=True)
class Tools:
    """The toolchain's programs: each an argument list that starts with a full path.

    ``fortran`` is None where the SDK has no gfortran.
    """

    cc: tuple[str, ...]
    cxx: tuple[str, ...]
    fortran: tuple[str, ...] | None
    ar: str
    ranlib: str
    strip: str
    nm: str
    objcopy: str
    objdump: str
    readelf: str
    ld: tuple[str, ...]


@dataclass(frozen=True)
class Sdk:
    """An SDK that was read and whose compiler answered.

    ``variables`` are those that the environment script sets or changes;
    ``library_dirs`` and ``include_dirs`` lie inside the target sysroot;
    ``content_id`` changes when, and only when, what a wheel is made of changes;
    ``named`` are folders of the sysroot that its script names, which the others contain.
    """

    root: Path
    script: Path
    name: str
    variables: Mapping[str, str]
    native_sysroot: Path
    target_sysroot: Path
    tools: Tools
    triple: str
    gcc_version: str
    glibc_version: str
    library_dirs: tuple[Path, ...]
    include_dirs: tuple[Path, ...]
    content_id: str
    named: NamedFolders = NONE

    def find_library(self, file_name: str) -> Path | None:
        """The file of that name in the sysroot's library directories, or None."""
        candidates = (folder / file_name for folder in self.library_dirs)
        return next((path for path in candidates if path.exists()), None)
