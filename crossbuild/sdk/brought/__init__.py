"""What an SDK lacks, brought along: a Fortran compiler, and OpenBLAS.

Nothing is written into the user's SDK.  What is made lies in the cache, under a key of all that
decides it, and the SDK as the rest of crossbuild sees it has it beside its own.
"""

from collections.abc import Collection

from crossbuild.sdk.brought.store import Store
from crossbuild.sdk.model import Blas, Sdk

__all__ = ["FORTRAN", "OPENBLAS", "Store", "bring", "offer"]

#: What can be brought.
FORTRAN, OPENBLAS = "fortran", "openblas"


def bring(sdk: Sdk, lacking: Collection[str], store: Store, policy: Blas = Blas.AUTO) -> Sdk:
    """The SDK with what it lacks.

    :param lacking: FORTRAN, OPENBLAS or both; OpenBLAS's LAPACK needs a Fortran compiler
    :param policy: which release of OpenBLAS
    :raises SdkError: none of Debian's compilers is for the SDK's C library
    :raises BuildError: OpenBLAS did not build
    :raises IndexUnreachableError: what is needed is neither in the cache nor to be had
    """
    from crossbuild.sdk.brought import gfortran, openblas  # slow to load: most runs lack nothing

    if FORTRAN in lacking or (OPENBLAS in lacking and sdk.tools.fortran is None):
        sdk = gfortran.bring(sdk, store)
    if OPENBLAS in lacking:
        sdk = openblas.bring(sdk, store, policy)
    return sdk


def offer(sdk: Sdk, what: str, policy: Blas = Blas.AUTO) -> str:
    """What would be brought, for people; empty where no Fortran compiler fits the SDK."""
    from crossbuild.sdk.brought import openblas, table

    release = table.gfortran_for(sdk.glibc_version)
    blas = openblas.title(sdk, policy)
    if what == OPENBLAS and sdk.tools.fortran:
        return blas
    if release is None:
        return ""
    return release.title if what == FORTRAN else f"{blas} by {release.title}"
