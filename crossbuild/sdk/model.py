"""An SDK that was read, and its tools."""

import enum
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


class Blas(enum.Enum):
    """Where OpenBLAS comes from: the SDK, a build for it, or the latter where the SDK has none.

    ``NEWEST`` is a build of a newer release.
    """

    AUTO = "auto"
    SDK = "sdk"
    BUILD = "build"
    NEWEST = "newest"

    @property
    def is_built(self) -> bool:
        """Whether it is built whatever the SDK has."""
        return self in {Blas.BUILD, Blas.NEWEST}


@dataclass(frozen=True)
class Brought:
    """Something that an SDK lacks, and that crossbuild brought along.

    :ivar name: of its library, as in ``-lopenblas``
    :ivar title: what it is, with its origin, for people
    :ivar key: of its content, wherever the SDK and the cache lie
    :ivar folders: where it lies, outside the SDK; compilers may read there
    """

    name: str
    title: str
    key: str
    folders: tuple[Path, ...]


@dataclass(frozen=True)
class Sdk:
    """An SDK that was read and whose compiler answered.

    ``variables`` are those that the environment script sets or changes;
    ``library_dirs`` and ``include_dirs`` lie inside the target sysroot, but for those of what
    was ``brought`` along, which come first;
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
    brought: tuple[Brought, ...] = ()

    def find_library(self, file_name: str) -> Path | None:
        """The file of that name in the sysroot's library directories, or None."""
        candidates = (folder / file_name for folder in self.library_dirs)
        return next((path for path in candidates if path.exists()), None)
