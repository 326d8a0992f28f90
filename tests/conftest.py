"""What tests share: the reference SDKs, made where they are missing (15 s each)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.core import defaults
from crossbuild.core.errors import IndexUnreachableError
from crossbuild.pipeline.target import Request
from crossbuild.progress.console import Console
from crossbuild.sdk import read as sdk
from crossbuild.sdk import reference as reference_sdk
from crossbuild.sdk.read import Sdk
from crossbuild.sdk.reference.debian import HALF_UPDATED
from crossbuild.sdk.reference.definition import Definition

#: Boards are what the tests of several packages run on.
pytest_plugins = ["tests.support.boards"]


def create_sdk(definition: Definition, place: Path) -> Path:
    """Make a reference SDK; where Debian's mirror is half updated, no test can have it."""
    try:
        return reference_sdk.create(definition, place, Console(), defaults.CACHE)
    except IndexUnreachableError as error:
        if HALF_UPDATED in error.evidence:
            pytest.skip(f"{error.what}: the mirror is half updated")
        raise


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
    return sdk.read(reference_sdk_root("debian-bookworm"), cache=defaults.CACHE)


@pytest.fixture
def request_in(reference_sdk_root: Callable[[str], Path], tmp_path: Path) -> Callable[..., Request]:
    """Gives a request for source folders that works in a folder of its own."""
    root = reference_sdk_root("debian-bookworm")

    def make(*folders: Path, python: str = "3.11", within: Path = tmp_path) -> Request:
        return Request(
            sdk=root,
            packages=tuple(map(str, folders)),
            wheelhouse=within / "wheelhouse",
            work=within / "work",
            cache=defaults.CACHE,
            jobs=1,
            python=python,
        )

    return make
