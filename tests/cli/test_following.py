"""The command to type next."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossbuild.cli import app, following


def test_it_is_about_the_same_packages_and_sdk() -> None:
    options: dict[str, Path | str | None]
    options = {"--sdk": Path("/opt/my poky"), "--python": "3.7", "--wheelhouse": None}
    told = following.command("verify", ["numpy", "./tiny"], options, {})
    assert told == "crossbuild verify --sdk '/opt/my poky' --python 3.7 numpy ./tiny"


def test_whoever_called_make_is_told_of_make() -> None:
    options = {"--sdk": Path("/opt/poky"), "--wheelhouse": Path("wheelhouse")}
    told = following.command("verify", ["numpy", "scipy"], options, {"MAKELEVEL": "1"})
    assert told == "make verify SDK=/opt/poky 'PACKAGES=numpy scipy'"


def test_a_board_is_named_where_it_is_known() -> None:
    house = Path("wheelhouse").absolute()
    told = following.on_the_board(house, ["numpy", "scipy>=1.4"], "user@192.168.7.2")
    assert told == (
        "scp -r wheelhouse user@192.168.7.2: && ssh user@192.168.7.2 "
        "pip install --no-index -f wheelhouse numpy 'scipy>=1.4'"
    )
    assert "root@BOARD:" in following.on_the_board(house, ["numpy"], "emulated")


def test_a_new_sdk_is_looked_at_next(
    reference_sdk_root: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = reference_sdk_root("debian-bookworm")
    monkeypatch.delenv("MAKELEVEL", raising=False)
    done = CliRunner().invoke(app.app, ["sdk", "create", "debian-bookworm"])
    assert done.stdout == f"{root.absolute()}\n"
    assert done.stderr.splitlines()[-1] == "next: crossbuild doctor --sdk debian-bookworm"
