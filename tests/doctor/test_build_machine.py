"""``crossbuild doctor --machine``: the build machine without an SDK."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossbuild.cli import app
from crossbuild.core import system_packages
from tests.support.schemas import held


def test_a_machine_that_has_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(system_packages, "_release", lambda: {"ID": "fedora"})
    done = CliRunner().invoke(app.app, ["doctor", "--machine", "--json"])
    told = held("machine", done.stdout)
    assert done.exit_code == 4
    assert [one["any"] for one in told["programs"] if one["required"]] == [["bash"]]
    assert told["install"].startswith("dnf install bash gcc gcc-c++ make pkgconf-pkg-config git")
    assert "apt" not in told["install"].split(), "an SDK of one's own needs none of Debian's tools"
    assert "distcc" not in told["install"]


def test_the_line_to_type_is_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for need in system_packages.needs():
        if need.any[0] not in {"ccache", "qemu-arm-static"} and not need.any[0].startswith("/"):
            (tmp_path / need.any[0]).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(system_packages, "_release", lambda: {"ID": "arch"})
    done = CliRunner().invoke(app.app, ["doctor", "--machine"])
    assert done.exit_code == 0
    last = done.output.splitlines()[-1]
    assert last.removeprefix("next: ").removeprefix("sudo ") == (
        "pacman -S --needed ccache qemu-user-static"
    )
