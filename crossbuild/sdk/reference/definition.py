"""What a reference SDK is made of: ``sysroots/<name>.toml``, typed.

A name may add packages to one, ``debian-bookworm+libhdf5-dev``: so the SDK is found again by it.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from crossbuild.core import defaults, documents
from crossbuild.core.errors import ConfigurationError
from crossbuild.sdk.openblas import OpenBlas

_PACKAGE = Path(__file__).resolve().parents[2]
_INSTALLED = (_PACKAGE / "sysroots").is_dir()
#: The checkout's ``sysroots/``; a wheel of crossbuild carries it inside the package.
FOLDER = (_PACKAGE if _INSTALLED else _PACKAGE.parent) / "sysroots"

#: Debian's rule for names (Policy 5.6.1), less those that end in a plus sign: compilers.
_PACKAGE_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]*[a-z0-9.-]")
#: Between the names of two; ``libsigc++-2.0-dev`` has plus signs of its own.
_PLUS = re.compile(r"(?<!\+)\+(?=[a-z0-9])")
#: Longer names are not those of a folder.
_LONGEST = 200
#: So many further packages a message names.
_FEW = 3


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
    def more(self) -> tuple[str, ...]:
        """The target's packages that its name adds to those of the file."""
        return tuple(_PLUS.split(self.name)[1:])

    @property
    def title(self) -> str:
        """The name as messages have it, which count many further packages."""
        if len(self.more) <= _FEW:
            return self.name
        return f"{_PLUS.split(self.name)[0]} with {len(self.more)} more packages"

    def adding(self, packages: Iterable[str]) -> "Definition":
        """The same with further packages in the target sysroot.

        :raises ConfigurationError: one cannot be the name of a package of Debian's
        """
        own = [one for one in self.target.packages if one not in self.more]
        more = sorted({*self.more, *packages} - {*own})
        if wrong := [one for one in more if not _PACKAGE_NAME.fullmatch(one)]:
            raise ConfigurationError(
                f"{wrong[0]!r} is not the name of a library's package",
                evidence=f"added to the reference SDK {self.name}",
                cure="name it as Debian does, one with headers ends in -dev: libhdf5-dev",
            )
        name = "+".join([_PLUS.split(self.name)[0], *more])
        target = self.target.model_copy(update={"packages": (*own, *more)})
        return self.model_copy(update={"name": name, "target": target})

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
    return tuple(read(path) for path in sorted(FOLDER.glob("*.toml"), key=lambda path: path.stem))


def load(name: str) -> Definition:
    """The definition called *name*, with the packages that the name adds.

    :raises ConfigurationError: there is none of that name, or it is malformed
    """
    base, *more = _PLUS.split(name)
    path = FOLDER / f"{base}.toml"
    if path.is_file():
        return read(path).adding(more)
    known = sorted(path.stem for path in FOLDER.glob("*.toml"))
    raise ConfigurationError(
        f"no reference SDK is called {name!r}",
        evidence=f"looked for {name}.toml in {FOLDER}",
        cure=f"choose one of: {', '.join(known)}",
    )


def is_name(text: str) -> bool:
    """Whether a text is the name of a reference SDK."""
    return (FOLDER / f"{_PLUS.split(text)[0]}.toml").is_file()


def known() -> tuple[Definition, ...]:
    """:func:`definitions`, and those with more packages that were made where SDKs are kept."""
    records = default_destination(".").glob("*+*/reference-sdk.json")
    made = sorted(path.parent.name for path in records if is_name(path.parent.name))
    return (*definitions(), *map(load, made))


def default_destination(name: str) -> Path:
    """Where the reference SDK *name* is kept: a checkout's ``sysroots/<name>/``, else the cache.

    An installed package may lie where its user cannot write, and pip would leave the SDK behind.

    :raises ConfigurationError: the name adds too many packages to be that of a folder
    """
    if len(name) > _LONGEST:
        raise ConfigurationError(
            "a reference SDK with so many packages has too long a name for a folder",
            evidence=name,
            cure="choose one: crossbuild sdk create … --destination DIR, then --sdk DIR",
        )
    return (defaults.CACHE / "sysroots" if _INSTALLED else FOLDER) / name
