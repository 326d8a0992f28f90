"""What a reference SDK is made of: ``sysroots/<name>.toml``, typed."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from crossbuild.core import defaults, documents
from crossbuild.core.errors import ConfigurationError

_PACKAGE = Path(__file__).resolve().parents[2]
_INSTALLED = (_PACKAGE / "sysroots").is_dir()
#: The checkout's ``sysroots/``; a wheel of crossbuild carries it inside the package.
FOLDER = (_PACKAGE if _INSTALLED else _PACKAGE.parent) / "sysroots"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(_Strict):
    """The target sysroot.

    :ivar tune: the tune's name as Yocto spells it, first part of the sysroot's name
    :ivar cc_arguments: the words after the compiler's name in CC, CXX and CPP
    :ivar packages: armhf packages; apt adds their dependencies
    :ivar omit: packages left out although something depends on them
    """

    tune: str = Field(pattern=r"^[a-z0-9-]+$")
    cc_arguments: tuple[str, ...]
    packages: tuple[str, ...] = Field(min_length=1)
    omit: tuple[str, ...] = ()


class Native(_Strict):
    """The native sysroot, which holds the toolchain.

    :ivar gcc: GCC's major version, which ends the names of Debian's programs
    :ivar packages: amd64 packages; apt adds their dependencies
    :ivar omit: packages left out although something depends on them
    :ivar own_loader: whether the tools run with the suite's dynamic loader and libc
        instead of the build machine's, which is too old for them
    """

    gcc: str = Field(pattern=r"^[0-9]+$")
    packages: tuple[str, ...] = Field(min_length=1)
    omit: tuple[str, ...] = ()
    own_loader: bool = False


class OpenBlas(_Strict):
    """OpenBLAS built for the board, in place of Debian's for any armhf machine.

    :ivar target: OpenBLAS's name of the processor (its TargetList.txt)
    :ivar threads: how many threads it uses at most: the board's cores
    """

    target: str = Field(pattern=r"^[A-Z0-9]+$")
    threads: int = Field(ge=1, le=64)


class Definition(_Strict):
    """One reference SDK.

    :ivar name: the file's name without its ending
    :ivar suite: Debian's code name
    :ivar distro_version: what OECORE_DISTRO_VERSION says
    :ivar python: X.Y of the target's Python
    :ivar openblas: how to build OpenBLAS; None for Debian's library
    :ivar mirror: Debian mirror; None for the one that the build machine's apt uses
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    suite: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    distro_version: str
    python: str = Field(pattern=r"^3\.[0-9]+$")
    target: Target
    native: Native
    openblas: OpenBlas | None = None
    mirror: str | None = None

    @property
    def target_system(self) -> str:
        """Name of the target sysroot's folder and end of the environment script's name."""
        return f"{self.target.tune}-debian-linux-gnueabi"

    @property
    def native_system(self) -> str:
        """Name of the native sysroot's folder."""
        return "x86_64-debiansdk-linux"


def read(path: Path) -> Definition:
    """Read one definition file.

    :raises ConfigurationError: no TOML, an unknown key, or a value of the wrong kind;
        the message has the key's path in the file
    """
    cure = "compare with sysroots/debian-bookworm.toml; sysroots/README.md has all keys"
    what = f"{path.name} does not define a reference SDK"
    with documents.refused_as(ConfigurationError, what, path, cure=cure):
        document = {"name": path.stem, **documents.read_toml(path)}
        return documents.validated(Definition, document)


def definitions() -> tuple[Definition, ...]:
    """All reference SDKs that crossbuild can make, by name."""
    return tuple(read(path) for path in sorted(FOLDER.glob("*.toml")))


def load(name: str) -> Definition:
    """The definition called *name*.

    :raises ConfigurationError: there is none of that name, or it is malformed
    """
    path = FOLDER / f"{name}.toml"
    if path.is_file():
        return read(path)
    known = sorted(path.stem for path in FOLDER.glob("*.toml"))
    raise ConfigurationError(
        f"no reference SDK is called {name!r}",
        evidence=f"looked for {name}.toml in {FOLDER}",
        cure=f"choose one of: {', '.join(known)}",
    )


def default_destination(name: str) -> Path:
    """Where the reference SDK *name* is kept: a checkout's ``sysroots/<name>/``, else the cache.

    An installed package may lie where its user cannot write, and pip would leave the SDK behind.
    """
    return (defaults.CACHE / "sysroots" if _INSTALLED else FOLDER) / name
