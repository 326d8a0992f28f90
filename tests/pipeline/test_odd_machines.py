"""Machines on which something is odd: the clock, the home."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.core.errors import DiskError
from crossbuild.pipeline.request import BuildRequest
from tests.support import projects
from tests.support.requests import changed, command, run

pytestmark = pytest.mark.slow


def _shift(folder: Path, seconds: float) -> None:
    """Let all files below have been written at another time, as a clock that jumped leaves them."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            moment = path.stat().st_mtime + seconds
            os.utime(path, (moment, moment))


def test_a_clock_that_jumps_and_a_home_that_cannot_be_written(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    request = request_in(projects.write(tmp_path / "tiny"))
    (first,) = run(request)
    for days in (+300, -600):
        for folder in (request.target.work, request.wheelhouse):
            _shift(folder, days * 86_400)
        (again,) = run(request)
        assert again.reused
        assert again.sha256 == first.sha256

    home = tmp_path / "home"
    home.mkdir()
    house = tmp_path / "house"
    there = changed(request, wheelhouse=house, cache=home / ".cache/crossbuild")
    script = f'mount --bind {home} {home} && mount -o remount,bind,ro {home}; "$@"'
    before = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "-"]
    told = subprocess.run(command(there, *before), capture_output=True, text=True, check=False)
    assert told.returncode == DiskError.exit_code, told.stderr
    assert "cannot write" in told.stderr
    assert "Read-only file system" in told.stderr
    assert "choose another" in told.stderr
    elsewhere = command(changed(request, wheelhouse=house), *before)
    env = {**os.environ, "HOME": str(home)}
    began = time.monotonic()
    subprocess.run(elsewhere, env=env, capture_output=True, check=True)
    assert time.monotonic() - began < 120
    assert [path.name for path in house.glob("*.whl")] == [first.wheel.name]
