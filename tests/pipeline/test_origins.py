"""How wheels came to be, in the wheelhouse's record."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.packages.application import Application
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress.console import Console
from crossbuild.report import page, record
from crossbuild.report.place import FILE, PAGE
from tests.support import projects
from tests.support.boards import write_wheel
from tests.support.requests import changed, run


def test_a_wheel_is_recorded_with_all_that_it_was_made_of(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    request = request_in(projects.write(tmp_path / "tiny"))
    console = Console()
    with page.filling(request.wheelhouse, console, 1):
        (made,) = make_wheels(request, console)
    known = record.read(request.wheelhouse)
    wheel = known.wheels[made.sha256]
    assert wheel.file == made.wheel.name
    built = wheel.built
    assert built is not None
    assert (built.environment.triple, built.environment.gcc) == ("arm-linux-gnueabihf", "12.2.0")
    assert built.environment.python == "3.11.2"
    assert len(built.folder) == 64
    assert any(one.file.startswith("setuptools-") for one in built.requirements)
    assert wheel.audit == record.Audit(board="imx6q")
    assert known.run is not None
    (step,) = known.run.steps
    assert [phase.name for phase in step.phases] == [
        *("download", "cross environment", "build", "repair", "audit")
    ]

    written = (request.wheelhouse / PAGE).stat().st_mtime_ns
    idle = Console()
    with page.filling(request.wheelhouse, idle, 1):
        make_wheels(request, idle)
    assert (request.wheelhouse / PAGE).stat().st_mtime_ns == written

    # Another wheelhouse gets the same wheel from the store, and the same is known of it there.
    other = replace(request, wheelhouse=tmp_path / "other")
    make_wheels(other, Console())
    assert record.read(other.wheelhouse).wheels == {made.sha256: wheel}


def test_no_folder_of_this_machine_is_named(
    request_in: Callable[..., BuildRequest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = tmp_path / "of-my-own"
    house.mkdir()
    write_wheel(house, "tables", "py3-none-any", {"tables.py": b""})
    monkeypatch.setenv("PIP_FIND_LINKS", str(house))
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("tables==1.0\n")
    request = changed(request_in(), application=Application((requirements,)), packages=())
    (made,) = run(request)
    assert made.origin == "of a folder of this machine"
    text = (request.wheelhouse / FILE).read_text()
    assert house.name not in text
    assert '"origin": "a folder of this machine"' in text
