"""An application's requirements become a wheelhouse from which the board installs offline."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.board.emulated import EmulatedBoard
from crossbuild.core import command
from crossbuild.core.errors import ConfigurationError
from crossbuild.packages.application import Application
from crossbuild.pipeline.request import BuildRequest
from tests.support import requests
from tests.support.boards import base, board

__all__ = ["base", "board"]

pytestmark = pytest.mark.slow


@pytest.fixture
def application(request_in: Callable[..., BuildRequest], tmp_path: Path) -> BuildRequest:
    """A pure package, one that an index has for the board, one to be built, one of Windows."""
    text = """
itsdangerous==2.2.0
markupsafe==3.0.4
spidev==3.6; platform_machine == "armv7l"
pywin32; sys_platform == "win32"
"""
    path = tmp_path / "requirements.txt"
    path.write_text(text)
    return requests.changed(request_in(), application=Application((path,)))


def test_what_an_index_has_is_taken_and_the_rest_is_built(
    application: BuildRequest, board: EmulatedBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {wheel.title: wheel.origin for wheel in requests.run(application)}
    assert list(made) == ["itsdangerous 2.2.0", "markupsafe 3.0.4", "spidev 3.6"]
    assert made["markupsafe 3.0.4"] == "of files.pythonhosted.org"
    assert made["spidev 3.6"] == ""
    names = requests.wheels(application)
    assert any(name.startswith("markupsafe") and "manylinux" in name for name in names)
    board.push(application.wheelhouse, "/tmp/house")
    options = ["--no-index", "-f", "/tmp/house", "--require-hashes", *board.install_options]
    board.run([*board.pip, "install", *options, "-r", "/tmp/house/requirements-cp311.txt"])
    code = "import itsdangerous, spidev, markupsafe._speedups as m; print(m.__file__)"
    assert "arm" in board.run([*board.python, "-c", code]).output
    # Nothing is asked of an index again, nor built.
    again = requests.run(requests.changed(application, offline=True))
    assert all(wheel.reused for wheel in again)
    (path,) = application.application.files
    argv = [*requests.command(application), "--offline", "-r", str(path)]
    monkeypatch.delenv("MAKELEVEL", raising=False)  # `make test` leaves it
    told = command.run(argv, env={**os.environ, "COLUMNS": "200"}).output
    assert "pure, of files.pythonhosted.org" in told
    assert "3.11 --wheelhouse" in told
    assert told.rstrip().endswith("itsdangerous markupsafe spidev")


def test_all_may_be_built_and_nothing_may_be(application: BuildRequest) -> None:
    with pytest.raises(ConfigurationError, match="spidev"):
        requests.run(requests.changed(application, only_binary=(":all:",)))
    made = requests.run(requests.changed(application, build_all=True))
    assert [wheel.title for wheel in made if not wheel.origin] == ["markupsafe 3.0.4", "spidev 3.6"]
