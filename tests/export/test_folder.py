"""The exported folder: what is gone goes, what is the user's stays."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from crossbuild.core.errors import DiskError, ExportError
from crossbuild.export import folder

FIRST: Mapping[str, bytes | Path] = {"a/one": b"1", "a/b/two": b"2", "three": b"3"}


def files(place: Path) -> dict[str, str]:
    found = (path for path in place.rglob("*") if path.is_file())
    return {str(path.relative_to(place)): path.read_text() for path in found}


def test_what_is_gone_from_the_wheelhouse_goes(tmp_path: Path) -> None:
    folder.write(tmp_path, FIRST)
    (tmp_path / "a/own").write_text("mine")
    folder.write(tmp_path, {"three": b"33"})
    there = files(tmp_path)
    listed = there.pop(folder.LIST)
    assert there == {"a/own": "mine", "three": "33"}
    assert not (tmp_path / "a/b").exists()
    assert listed.endswith("  three\n")
    subprocess.run(["sha256sum", "-c", "--quiet", folder.LIST], cwd=tmp_path, check=True)


@pytest.mark.parametrize("second", [{**FIRST, "three": b"33"}, {"a/one": b"1"}])
def test_what_somebody_changed_is_not_replaced(
    second: Mapping[str, bytes | Path], tmp_path: Path
) -> None:
    folder.write(tmp_path, FIRST)
    (tmp_path / "three").write_text("changed")
    before = files(tmp_path)
    with pytest.raises(ExportError, match="three is in the way") as caught:
        folder.write(tmp_path, second)
    assert caught.value.evidence == "it was changed since it was exported"
    assert files(tmp_path) == before
    assert not [*tmp_path.glob(".export*")]


def test_a_file_of_the_users_is_not_taken_for_ours(tmp_path: Path) -> None:
    (tmp_path / "three").write_text("mine")
    with pytest.raises(ExportError, match="three is in the way"):
        folder.write(tmp_path, FIRST)
    assert files(tmp_path) == {"three": "mine"}


def test_an_export_that_was_interrupted_is_gone_on_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder.write(tmp_path, FIRST)
    second: Mapping[str, bytes | Path] = {**FIRST, "a/one": b"11", "three": b"33"}
    replace = Path.replace

    def interrupted(path: Path, target: Path) -> Path:
        if target.name == "three":
            raise KeyboardInterrupt
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            folder.write(tmp_path, second)
    assert (tmp_path / "a/one").read_text() == "11"
    folder.write(tmp_path, {"three": b"333"})
    assert set(files(tmp_path)) == {"three", folder.LIST}


def test_a_list_that_names_other_folders_removes_nothing_there(tmp_path: Path) -> None:
    place = tmp_path / "layer"
    folder.write(place, FIRST)
    outside = tmp_path / "outside"
    outside.write_text("1")
    digest = (place / folder.LIST).read_text().split()[0]
    with (place / folder.LIST).open("a") as stream:
        stream.write(f"{digest}  ../outside\n{digest}  {outside}\n")
    folder.write(place, {"three": b"3"})
    assert outside.exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "layer").write_text("a file")
    with pytest.raises(DiskError):
        folder.write(tmp_path / "layer", FIRST)
