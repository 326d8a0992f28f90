"""What tests share: the reference SDKs, made where they are missing (15 s each)."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.core import defaults
from crossbuild.packages.project.build_options import BuildOptions
from crossbuild.packages.wanted import parse_all
from crossbuild.pipeline.request import BuildRequest
from crossbuild.python.target import TargetRequest
from crossbuild.sdk import reference as reference_sdk
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.read import read_sdk
from crossbuild.toolchain.capacity import Capacity
from tests.support.reference_sdks import create_sdk

#: These have fixtures that the tests of several packages ask for.
pytest_plugins = [
    "tests.support.boards",
    "tests.support.elf_files",
    "tests.support.sdk_copy",
    "tests.support.statements",
]


@pytest.fixture(scope="session")
def reference_sdk_root() -> Callable[[str], Path]:
    """Gives the folder of a reference SDK, e.g. of ``debian-bookworm``."""

    def root(name: str) -> Path:
        definition = reference_sdk.load(name)
        place = reference_sdk.default_destination(name)
        if not reference_sdk.is_current(definition, place):
            create_sdk(definition, place)
        return place

    return root


@pytest.fixture(scope="session")
def bookworm(reference_sdk_root: Callable[[str], Path]) -> Sdk:
    """The reference SDK of Debian bookworm, read."""
    return read_sdk(reference_sdk_root("debian-bookworm"), cache=defaults.CACHE)


@pytest.fixture
def request_in(
    reference_sdk_root: Callable[[str], Path], tmp_path: Path
) -> Callable[..., BuildRequest]:
    """Gives a request for source folders that works in a folder of its own."""
    root = reference_sdk_root("debian-bookworm")

    def make(*folders: Path, python: str = "3.11", within: Path = tmp_path) -> BuildRequest:
        return BuildRequest(
            target=TargetRequest(root, within / "work", defaults.CACHE, python=python),
            packages=parse_all(map(str, folders)),
            wheelhouse=within / "wheelhouse",
            capacity=Capacity(1),
        )

    return make


@pytest.fixture
def trusting(
    request_in: Callable[..., BuildRequest], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., BuildRequest]:
    """Gives such requests whose builds may write where a test reads."""
    monkeypatch.setenv("CROSSBUILD_UNCONFINED", ":all:")
    options = BuildOptions(unconfined=(":all:",))
    return lambda *folders: replace(request_in(*folders), options=options)
