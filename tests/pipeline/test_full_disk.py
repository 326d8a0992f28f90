"""Too little room: told before a build, and wherever a build meets it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.core.errors import DiskError
from crossbuild.pipeline.request import BuildRequest
from tests.support import projects
from tests.support.requests import command, wheels

pytestmark = pytest.mark.slow

#: Fills the file system of the work folder but for some room, then builds.
FILLING = """
    import os
    from setuptools import Extension, setup
    state = os.statvfs(".")
    left = state.f_bavail * state.f_frsize - ROOM * 1024
    with open("../filler", "wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, left)
    setup(ext_modules=[Extension("{name}", ["{name}.c"])])
    """


@pytest.mark.parametrize("room", [0, 16, 40])
def test_a_full_disk(room: int, request_in: Callable[..., BuildRequest], tmp_path: Path) -> None:
    """In the compiler, in the back end, or in what we do after it (kB that are left)."""
    setup = FILLING.replace("ROOM", str(room))
    request = request_in(projects.write(tmp_path / "tiny", {"setup.py": setup}))
    request.target.work.mkdir()
    mount = f"mount -t tmpfs -o size=250m none {request.target.work}"
    before = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f'{mount} && "$@"')
    finished = subprocess.run(
        command(request, *before, "-"), capture_output=True, text=True, check=False
    )
    assert finished.returncode == DiskError.exit_code, finished.stderr
    assert "no space left while" in finished.stderr
    assert "No space left on device" in finished.stderr
    assert "--work-dir" in finished.stderr
    assert wheels(request) == []


def test_too_little_room_is_told_before_the_build(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    request = request_in(projects.write(tmp_path / "tiny"))
    request.target.work.mkdir()
    mount = f"mount -t tmpfs -o size=20m none {request.target.work}"
    before = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f'{mount} && "$@"')
    finished = subprocess.run(
        command(request, *before, "-"), capture_output=True, text=True, check=False
    )
    assert finished.returncode == DiskError.exit_code, finished.stderr
    assert "too little free space" in finished.stderr


def test_a_full_wheelhouse(request_in: Callable[..., BuildRequest], tmp_path: Path) -> None:
    request = request_in(projects.write(tmp_path / "tiny"))
    request.wheelhouse.mkdir()
    listing = tmp_path / "listing"
    mount = f"mount -t tmpfs -o size=4k none {request.wheelhouse}"
    script = f'{mount}; "$@"; status=$?; ls {request.wheelhouse} > {listing}; exit $status'
    before = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "-")
    finished = subprocess.run(
        command(request, *before), capture_output=True, text=True, check=False
    )
    assert finished.returncode == 6, finished.stderr
    assert ".whl" not in listing.read_text()
