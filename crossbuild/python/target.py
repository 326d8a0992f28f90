"""The target: an SDK with one of its Pythons, as a request names them and as they are found."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.python_version import PythonVersion
from crossbuild.progress.console import Console
from crossbuild.python import build_python, target_python
from crossbuild.python.build_python import BuildPython
from crossbuild.python.target_python import TargetPython
from crossbuild.sdk.brought import Store
from crossbuild.sdk.model import Blas, Sdk
from crossbuild.sdk.read import read_sdk


@dataclass(frozen=True)
class TargetRequest:
    """Which SDK, and which of its Pythons.

    :ivar sdk: its folder or script, or a reference SDK's name; the SDK itself where it has been
        read already
    :ivar work: folder of build trees, logs and built wheels
    :ivar cache: folder of downloads, shared by all checkouts
    :ivar environment: which environment script, where the SDK has several
    :ivar python: the target's Python, ``3.7``; the sysroot's newest where None
    :ivar build_python: the build machine's Python of the same X.Y; looked for where None
    :ivar patch_version: the board's Python, ``3.7.8``, where its description is synthesised
    :ivar shared_libpython: whether the board's Python has a shared libpython (same case)
    :ivar pythons: where a build Python is kept that this machine lacks; none is fetched where None
    :ivar blas: whether OpenBLAS is the SDK's own or built for it
    """

    sdk: Path | Sdk
    work: Path
    cache: Path
    environment: str | None = None
    python: str | None = None
    build_python: Path | None = None
    patch_version: str | None = None
    shared_libpython: bool | None = None
    pythons: Store | None = None
    blas: Blas = Blas.AUTO

    @property
    def root(self) -> Path:
        """The SDK's folder, or what the user named."""
        return self.sdk.root if isinstance(self.sdk, Sdk) else self.sdk

    def located(self, console: Console) -> "TargetRequest":
        """The request with the SDK's folder; a reference SDK is made where it is missing.

        :raises CrossbuildError: the reference SDK cannot be made
        """
        if isinstance(self.sdk, Sdk):
            return self
        from crossbuild.sdk.locate import locate  # slow to load, beside all that makes an SDK

        return replace(self, sdk=locate(self.sdk, self.cache, console))

    def read_sdk(self) -> Sdk:
        """The SDK.

        :raises SdkError: it cannot be used
        """
        if isinstance(self.sdk, Sdk):
            return self.sdk
        return read_sdk(self.sdk, environment=self.environment, cache=self.cache)


@dataclass(frozen=True)
class Target:
    """An SDK with one of its Pythons: what all wheels of a run are made for.

    :ivar folder: where what is built for it lies
    :ivar named_python: the build Python that the user named
    :ivar pythons: where one is kept that this machine lacks
    """

    sdk: Sdk
    python: TargetPython
    folder: Path
    named_python: Path | None
    pythons: Store | None

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know before anything is built."""
        if self.python.origin == "sysroot":
            return ()
        version = self.python.version
        return (f"the sysroot lacks a whole python3-dev of {version}: it is synthesised",)

    @cached_property
    def build_python(self) -> BuildPython:
        """The Python that builds; it is started, which a run with nothing to build saves.

        Where this machine has none, it is fetched.

        :raises BuildPythonError: there is none
        """
        return build_python.find(
            self.python.version, explicit=self.named_python, sdk=self.sdk, store=self.pythons
        )


def open_target(request: TargetRequest) -> Target:
    """Read the SDK and describe its Python.

    :raises SdkError: the SDK cannot be used
    :raises TargetPythonError: its Python cannot be described
    :raises BuildPythonError: it must be synthesised, and this machine has none to do so from
    """
    sdk = request.read_sdk()
    version = PythonVersion(request.python or target_python.newest(sdk))
    # A moved SDK has another place in every file of a build tree, so another folder.
    folder = request.work / files.content_key(sdk.content_id, str(sdk.root)) / version.tag
    files.tag_as_cache(request.work)
    with files.exclusive(folder / "target.lock"):
        python = target_python.describe(
            sdk,
            version,
            folder / "target",
            build_python=_donor(request, sdk, version),
            patch_version=request.patch_version,
            shared=request.shared_libpython,
        )
    return Target(sdk, python, folder, request.build_python, request.pythons)


def _donor(request: TargetRequest, sdk: Sdk, version: str) -> BuildPython | None:
    """The Python from which the target's is synthesised, where the sysroot has not all of it."""
    if target_python.is_complete(sdk, version):
        return None
    return build_python.find(version, explicit=request.build_python, sdk=sdk, store=request.pythons)
