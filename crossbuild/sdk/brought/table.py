"""The table of what can be brought: ``brought.toml``."""

from functools import cache
from pathlib import Path

from packaging.version import Version
from pydantic import BaseModel, ConfigDict, Field

from crossbuild.core import documents
from crossbuild.sdk import model
from crossbuild.sdk.openblas import OpenBlas


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Gfortran(_Strict):
    """One of Debian's cross gfortrans.

    :ivar glibc: the oldest C library that its run-time library links against
    """

    suite: str
    gcc: str
    glibc: str
    packages: tuple[str, ...]

    @property
    def title(self) -> str:
        """For people."""
        return f"gfortran {self.gcc} of Debian {self.suite}"


class Processor(OpenBlas):
    """How OpenBLAS is built for a processor, by a word of the compiler."""

    name: str

    @property
    def has_neon(self) -> bool:
        """Whether it is one with NEON."""
        return self.name != "vfp"


class Blas(_Strict):
    """Whose sources of OpenBLAS are built, and how.

    :ivar newest: the suite that has a newer release, which is taken where it is asked for
    :ivar newest_neon: words for its make, for a processor with NEON
    """

    suite: str
    newest: str
    newest_neon: tuple[str, ...] = Field(alias="newest-neon")
    processor: tuple[Processor, ...]


class Table(_Strict):
    """The whole table."""

    gfortran: tuple[Gfortran, ...]
    openblas: Blas


@cache
def read() -> Table:
    """The table."""
    document = documents.read_toml(Path(__file__).with_name("brought.toml"))
    return documents.validated(Table, document)


def openblas_suite(policy: model.Blas) -> str:
    """The suite of Debian whose OpenBLAS is built."""
    blas = read().openblas
    return blas.newest if policy is model.Blas.NEWEST else blas.suite


def gfortran_for(glibc: str) -> Gfortran | None:
    """The first gfortran for a C library of that version; None where all ask for a newer one."""
    fitting = (one for one in read().gfortran if Version(one.glibc) <= Version(glibc))
    return next(fitting, None)
