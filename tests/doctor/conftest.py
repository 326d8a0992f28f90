"""What the tests of the doctor share: requests that are examined."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.packages.wanted import parse_all
from crossbuild.pipeline.request import BuildRequest
from crossbuild.python import build_python
from crossbuild.python.build_python import BuildPython
from crossbuild.python.target import TargetRequest
from crossbuild.toolchain.capacity import Capacity


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def python311() -> BuildPython:
    return build_python.find("3.11")


@pytest.fixture
def request_for(cache: Path, tmp_path: Path, python311: BuildPython) -> Callable[..., BuildRequest]:
    def make(root: Path, *packages: str, python: str | None = "3.11") -> BuildRequest:
        builder = python311.executable if python == "3.11" else None
        return BuildRequest(
            target=TargetRequest(
                root, tmp_path / "work", cache, python=python, build_python=builder
            ),
            packages=parse_all(packages or ("numpy", "scipy")),
            wheelhouse=tmp_path / "wheelhouse",
            capacity=Capacity(1),
        )

    return make
