"""The installer as the SDK: installed once, or an error that tells why not, and nothing left."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.core.errors import ConfigurationError, CrossbuildError, DiskError, SdkError
from crossbuild.progress.console import Console
from crossbuild.sdk import environment_script, installer, locate
from tests.support import installers

SYSROOT = "sysroots/cortexa9hf-neon-poky-linux-gnueabi"


def install(path: Path, destination: Path) -> Path:
    return installer.install(path, destination, Console())


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return installers.write(tmp_path / "poky-glibc-x86_64-image-toolchain-3.0.sh")


def test_it_is_known_by_its_content(made: Path, tmp_path: Path) -> None:
    assert installer.is_installer(made)
    script = tmp_path / "build.sh"
    script.write_text("#!/bin/sh\necho MARKER:\n")
    (tmp_path / "empty.sh").touch()
    others = (script, tmp_path / "empty.sh", tmp_path / "none.sh", tmp_path)
    assert not any(installer.is_installer(path) for path in others)


def test_it_is_installed_where_it_stays_and_once(made: Path, tmp_path: Path) -> None:
    destination = install(made, tmp_path / "sysroots/poky")
    script = environment_script.choose(destination, None)
    assert f"{destination}/{SYSROOT}" in script.read_text()
    assert (destination / SYSROOT / "data").stat().st_size == 1_024_000
    trace = destination / "trace"
    trace.touch()
    assert install(made, destination).samefile(destination)
    assert trace.exists()
    os.utime(made, (1, 1))  # another one of that name
    install(made, destination)
    assert not trace.exists()


def test_the_command_line_takes_it(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossbuild.sdk.reference.definition.FOLDER", made.parent / "sysroots")
    found = locate.locate(made, made.parent / "cache", Console())
    assert found == made.parent / "sysroots" / made.stem
    assert environment_script.scripts(found)


def test_one_that_was_interrupted_is_installed_anew(made: Path, tmp_path: Path) -> None:
    destination = install(made, tmp_path / "poky")
    note = tmp_path / ".poky.installer.json"
    note.write_text(note.read_text().replace("true", "false"))
    (destination / SYSROOT / "data").unlink()
    install(made, destination)
    assert (destination / SYSROOT / "data").exists()


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def _damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-120:-80] = bytes(40)
    path.write_bytes(content)


def _of_another_machine(path: Path) -> None:
    installers.write(path, arch="aarch64")


def _extensible(path: Path) -> None:
    installers.write(path, extra="python3 $target_sdk_dir/ext-sdk-prepare.py")


def _failing(path: Path) -> None:
    installers.write(path, extra="echo 'relocate_sdk.sh: python3: not found'; exit 1")


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (_cut_off, "is cut off"),
        (_damaged, "is damaged|is cut off"),
        (_of_another_machine, "is for another build machine"),
        (_extensible, "installs an extensible SDK"),
        (_failing, r"3\.0\.sh failed"),
    ],
)
def test_what_keeps_it_from_being_installed_is_named(
    spoil: Callable[[Path], None], what: str, made: Path, tmp_path: Path
) -> None:
    spoil(made)
    with pytest.raises(CrossbuildError, match=what) as caught:
        install(made, tmp_path / "poky")
    assert caught.value.cure
    assert caught.value.evidence
    assert not (tmp_path / "poky").exists()


def test_too_little_room_is_told_before(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DiskError, match="too little room"):
        install(made, tmp_path / "poky")


def test_what_stands_there_already_is_kept(made: Path, tmp_path: Path) -> None:
    (tmp_path / "poky").mkdir()
    (tmp_path / "poky/mine").touch()
    with pytest.raises(ConfigurationError, match="holds something else"):
        install(made, tmp_path / "poky")
    assert (tmp_path / "poky/mine").exists()
    with pytest.raises(ConfigurationError, match="space"):
        install(made, tmp_path / "my sysroots/poky")


@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("sysroots-components/cortexa9", "a sysroot of a build tree"),
        ("recipe-sysroot", "a sysroot of a build tree"),
        ("work/numpy", "a folder of a build tree"),
        ("esdk", "an extensible SDK whose toolchain is not installed"),
    ],
)
def test_folders_of_build_systems_are_known_by_name(folder: str, told: str, tmp_path: Path) -> None:
    root = tmp_path / folder
    root.mkdir(parents=True)
    (tmp_path / "work/numpy/recipe-sysroot").mkdir(parents=True)
    (tmp_path / "esdk/conf").mkdir(parents=True)
    (tmp_path / "esdk/conf/sdk-conf-manifest.json").touch()
    with pytest.raises(SdkError, match="is no SDK") as caught:
        environment_script.choose(root, None)
    assert told in caught.value.evidence
    assert "populate_sdk" in caught.value.cure
