"""What tests share: the reference SDKs, made where they are missing (15 s each)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild import reference_sdk, sdk, settings
from crossbuild.console import Console
from crossbuild.sdk import Sdk


@pytest.fixture(scope="session")
def reference_sdk_root() -> Callable[[str], Path]:
    """Gives the folder of a reference SDK, e.g. of ``debian-bookworm``."""

    def root(name: str) -> Path:
        definition = reference_sdk.load(name)
        place = reference_sdk.default_destination(name)
        if not reference_sdk.is_current(definition, place):
            reference_sdk.create(definition, place, Console(), settings.CACHE)
        return place

    return root


@pytest.fixture(scope="session")
def bookworm(reference_sdk_root: Callable[[str], Path]) -> Sdk:
    """The reference SDK of Debian bookworm, read."""
    return sdk.read(reference_sdk_root("debian-bookworm"), cache=settings.CACHE)
