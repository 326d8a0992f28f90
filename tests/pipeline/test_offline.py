"""Builds without an index."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.core import defaults
from crossbuild.core.errors import IndexUnreachableError
from crossbuild.packages.wanted import parse_all
from crossbuild.pipeline.request import BuildRequest
from tests.support import projects
from tests.support.requests import changed, run

pytestmark = pytest.mark.slow


def test_offline_needs_a_lock(request_in: Callable[..., BuildRequest], tmp_path: Path) -> None:
    request = replace(request_in(projects.write(tmp_path / "tiny")), offline=True)
    for wanted in (request, replace(request, packages=parse_all(["markupsafe"]))):
        with pytest.raises(IndexUnreachableError) as caught:
            run(wanted)
        assert "was never built for Python 3.11 here" in caught.value.what
        assert "no lock" in caught.value.evidence
        assert "without --offline" in caught.value.cure


def test_a_download_that_changed_in_the_cache(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    request = request_in(projects.write(tmp_path / "tiny"))
    run(request)
    cache = tmp_path / "cache"
    shutil.copytree(defaults.CACHE / "downloads", cache / "downloads", copy_function=os.link)
    shutil.rmtree(request.target.work / "wheels")
    request = changed(request, cache=cache, offline=True)
    assert [made.reused for made in run(request)] == [False]  # all is in the cache
    shutil.rmtree(request.target.work / "wheels")
    (wheel,) = _downloads_of(request, "setuptools")
    whole = wheel.read_bytes()
    wheel.unlink()
    wheel.write_bytes(whole[:-1])
    with pytest.raises(IndexUnreachableError, match=wheel.name):
        run(request)
    assert [made.reused for made in run(replace(request, offline=False))] == [False]
    assert wheel.read_bytes() == whole


def _downloads_of(request: BuildRequest, name: str) -> list[Path]:
    locks = "".join(path.read_text() for path in (request.target.work / "locks").iterdir())
    found = request.target.cache.glob(f"downloads/*/*/{name}-*.whl")
    return [path for path in found if path.parent.name in locks]
