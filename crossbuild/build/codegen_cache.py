"""Cython and f2py in a build: what they make is kept, and found again by all that decides it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crossbuild import in_process
from crossbuild.core import files, own_code
from crossbuild.packages.package import Package
from crossbuild.toolchain import compile_cache

#: What Cython is run by.
CYTHON_RUNNER = in_process.FOLDER / "run_cython.py"

#: What runs a command within which Cython need not start for each module.
CYTHON_SERVER = in_process.FOLDER / "cython_server.py"

#: What is appended to f2py's auxfuncs.py, and to its f2py2e.py.
F2PY_REPLACEMENT = in_process.FOLDER / "f2py_replace.py"
_F2PY_KEEPER = in_process.FOLDER / "f2py_keep.py"

#: How large the cache of each may grow, in bytes; numpy's and scipy's modules are 80 MB.
CACHE_SIZE = 500_000_000


@dataclass(frozen=True)
class CodegenCache:
    """How a build keeps what its generators make; by default it keeps nothing.

    :ivar cython_launcher: words in front of Cython's program
    :ivar f2py_keeper: code that is appended to f2py's
    """

    cython_launcher: Sequence[str] = ()
    f2py_keeper: str = ""


#: A build that keeps nothing.
NO_CACHE = CodegenCache()


def for_package(package: Package, cache: Path, root: Path) -> CodegenCache:
    """The cache of a package's generators; the parameters are those of :func:`cython_launcher`."""
    return CodegenCache(cython_launcher(package, cache, root), f2py_keeper(package, cache, root))


def cython_launcher(package: Package, cache: Path, root: Path) -> tuple[str, ...]:
    """Words in front of Cython that keep what it makes; none for a folder of the user's own.

    Such a folder changes from build to build, and all of it may decide what a module becomes.

    :param cache: folder shared by all checkouts; what it has of Cython is brought to its size
    :param root: the folder that the package is built in
    """
    if package.folder:
        return ()
    folder = _with_room(cache / "cython")
    arguments = (str(folder), _identity(package), str(root))
    return (*compile_cache.program("cython_cache"), *arguments)


def f2py_keeper(package: Package, cache: Path, root: Path) -> str:
    """Python code, to be appended to f2py's ``f2py2e.py``, by which it keeps what it makes.

    Empty for a folder of the user's own; the parameters are those of :func:`cython_launcher`.
    """
    if package.folder:
        return ""
    identity = _identity(package)
    kept = (str(_with_room(cache / "f2py")), identity, str(root))
    return f"KEPT = {kept!r}\n{_F2PY_KEEPER.read_text()}"


def _with_room(folder: Path) -> Path:
    """The folder of a generator's entries, of which no more are left than may be."""
    with files.exclusive(folder / "lock"):
        compile_cache.trim(str(folder / "modules"), CACHE_SIZE)
    return folder / "modules"


def _identity(package: Package) -> str:
    """Tells all that decides what a generator reads, beside its source and its words.

    Wheels count by their versions, not by their hashes: those of two Pythons differ.
    """
    names = {canonicalize_name(Requirement(text).name) for text in package.recipe.build_requires}
    required = {one.name: one.version for one in package.lock.build if one.name in names}
    source = sorted(artifact.sha256 for artifact in package.lock.source)
    recipe = package.recipe.model_dump(mode="json", exclude={"python"})
    ours = own_code.digest(["in_process"])  # what runs it
    return files.content_key(source, required, recipe, package.options.facts, ours)
