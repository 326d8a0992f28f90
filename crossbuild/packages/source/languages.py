"""Which languages a source folder is written in, by the names of its files."""

from pathlib import PurePosixPath

from crossbuild.packages.source.tree import SourceTree

#: What gfortran compiles (GCC manual, "GNU Fortran and GCC"), in small letters.
_FORTRAN = {".f", ".for", ".ftn", ".fpp", ".f77", ".f90", ".f95", ".f03", ".f08"}


def has_fortran(tree: SourceTree) -> bool:
    """Whether a package's folder has files for a Fortran compiler."""
    paths = (PurePosixPath(entry.name) for entry in tree.entries)
    return any(
        path.suffix.lower() in _FORTRAN and path.is_relative_to(tree.inner) for path in paths
    )
