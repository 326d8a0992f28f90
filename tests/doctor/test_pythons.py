"""A Python that the build machine lacks."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.pipeline.request import BuildRequest
from crossbuild.sdk.model import Sdk
from tests.support.diagnoses import assert_nothing_compiles, diagnose
from tests.support.requests import changed


@pytest.mark.slow
def test_without_a_build_python(
    bookworm: Sdk, request_for: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    request = changed(request_for(bookworm.root), build_python=tmp_path / "python3.11")
    [error] = diagnose(request).errors
    assert error.name == "build-python-missing"
    assert "docker/build-python 3.11" in error.cure
    assert str(tmp_path) in error.evidence
    assert_nothing_compiles(request, error.what, error.name)
