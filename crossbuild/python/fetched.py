"""A build Python for a machine that has none of the target's X.Y: Debian's, else one of uv.

Debian's is unpacked into the cache with a C library of its own, as the reference SDK's compilers
are.  uv puts its Pythons where it has them for all its users.
"""

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from crossbuild.core import documents, files
from crossbuild.core.command import run, run_own
from crossbuild.core.errors import IndexUnreachableError
from crossbuild.core.python_version import PythonVersion
from crossbuild.sdk import debian
from crossbuild.sdk.brought import Store
from crossbuild.sdk.reference import native

#: Count changes of this module that make another Python of the same packages.
_RECIPE = 1
#: The oldest Python that uv has.
_UV_OLDEST = 8
_DROPPED = ("etc", "sbin", "usr/sbin", "usr/share")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DebianPython(_Strict):
    """The Python of one of Debian's suites.

    :ivar also: packages that it alone needs
    """

    version: str
    suite: str
    also: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """For people."""
        return f"Python {self.version} of Debian {self.suite}"


class Table(_Strict):
    """The whole of ``fetched.toml``."""

    packages: tuple[str, ...]
    omit: tuple[str, ...]
    python: tuple[DebianPython, ...]


@cache
def _table() -> Table:
    document = documents.read_toml(Path(__file__).with_name("fetched.toml"))
    return documents.validated(Table, document)


def _of_debian(version: str) -> DebianPython | None:
    return next((one for one in _table().python if one.version == version), None)


def offer(version: str) -> str:
    """What would be fetched, for people; empty where nobody has one."""
    if chosen := _of_debian(version):
        return chosen.title
    return f"uv's Python {version}" if PythonVersion(version).minor >= _UV_OLDEST else ""


def of_debian(version: str, store: Store) -> Path | None:
    """Debian's interpreter of *version* ("3.11"); None where no suite has it.

    :raises CrossbuildError: it is neither in the cache nor to be had
    """
    chosen = _of_debian(version)
    if chosen is None:
        return None
    # It names its own place, so a cache that was moved has it made anew.
    key = files.content_key(_RECIPE, chosen.model_dump(), _table().omit, str(store.cache))
    name = f"python-{version}-{key}"
    root = store.keep(
        name,
        f"fetching {chosen.title}, for this machine has none: 25 MB, once",
        lambda stage: _fill(stage, store.cache / "brought" / name, chosen, store),
        fetched=True,
    )
    return root / "usr/bin" / f"python{version}"


def _fill(stage: Path, place: Path, chosen: DebianPython, store: Store) -> None:
    table = _table()
    named = [one.format(version=chosen.version) for one in table.packages]
    with store.apt(chosen.suite, "amd64") as apt:
        packages = apt.download([*named, *chosen.also], table.omit)
        debian.unpack(packages, stage, apt.log)
    for name in _DROPPED:
        files.remove_tree(stage / name)
    for archive in stage.rglob("*.a"):
        archive.unlink()
    native.gather_libraries(stage)
    program = stage / "usr/bin" / f"python{chosen.version}"
    loader = place / native.LIBRARIES / native.LOADER
    run_own(["patchelf", "--set-interpreter", loader, program])
    native.set_rpath([program], stage)


def of_uv(version: str, store: Store) -> bool:
    """Let uv fetch a Python into its own folder; False where it has none of *version*.

    :raises CrossbuildError: it may not be fetched, or cannot
    """
    if PythonVersion(version).minor < _UV_OLDEST:
        return False
    if store.offline:
        raise IndexUnreachableError("none may be fetched")
    from uv import find_uv_bin

    store.tell(f"fetching uv's Python {version}, for this machine has none: 30 MB, once")
    run([find_uv_bin(), "python", "install", "--no-progress", "--color", "never", version])
    return True
