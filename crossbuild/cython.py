"""Cython in a build: what it makes of a module is kept, and found again by all that decides it."""

from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crossbuild import compile_cache, files, inside
from crossbuild.plan import Package

#: What Cython is run by.
RUNNER = inside.FOLDER / "run_cython.py"

#: What runs a command within which Cython need not start for each module.
SERVER = inside.FOLDER / "cython_server.py"

#: How large the cache may grow, in bytes; numpy's and scipy's modules are 80 MB.
CACHE_SIZE = 500_000_000


def cached(package: Package, folder: Path, root: Path) -> tuple[str, ...]:
    """Words in front of Cython that keep what it makes; none for a folder of the user's own.

    Such a folder changes from build to build, and all of it may decide what a module becomes.

    :param folder: the cache, shared by all checkouts; it is brought to its size
    :param root: the folder that the package is built in
    """
    if package.folder:
        return ()
    with files.exclusive(folder / "lock"):
        compile_cache.trim(str(folder / "modules"), CACHE_SIZE)
    words = (str(folder / "modules"), _identity(package), str(root))
    return (*compile_cache.program("cython_cache"), *words)


def _identity(package: Package) -> str:
    """Tells all that decides what Cython reads, beside the module and its words.

    Wheels count by their versions, not by their hashes: those of two Pythons differ.
    """
    names = {canonicalize_name(Requirement(text).name) for text in package.recipe.build_requires}
    required = {one.name: one.version for one in package.lock.build if one.name in names}
    source = sorted(artifact.sha256 for artifact in package.lock.source)
    recipe = package.recipe.model_dump(mode="json", exclude={"python"})
    runners = [files.sha256(path) for path in (RUNNER, SERVER)]
    return files.content_key(source, required, recipe, package.additions.facts, runners)
