"""A wheel of an index under the tag that an old pip takes."""

import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import parse_wheel_filename

from crossbuild.audit.profile import BoardProfile
from crossbuild.core import files
from crossbuild.index import pip_settings
from crossbuild.index.pip_settings import PipSettings
from crossbuild.pipeline import closure
from crossbuild.wheel.pack import opened, record_faults
from crossbuild.wheel.record import digest
from crossbuild.wheel.retag import retagged
from tests.support.sample_wheels import PYTHON, Sample
from tests.support.simple_index import SimpleIndex

THEIRS = "cp311-cp311-manylinux_2_17_armv7l.manylinux2014_armv7l"
OLD = BoardProfile(
    name="board",
    cpu="cortex-a9",
    machine="armv7l",
    libraries={"libc.so.6": frozenset({"GLIBC_2.4", "GLIBC_2.28"})},
    python=PYTHON.model_copy(update={"pip": "18.1"}),
)


def test_name_tags_and_record_agree_and_the_origin_is_kept(tmp_path: Path) -> None:
    lines = "cp311-cp311-manylinux_2_17_armv7l\nTag: cp311-cp311-manylinux2014_armv7l"
    files_there = {"sample.py": b"x = 1\n", "sample-1.0.data/scripts/run": b"#!python\n"}
    theirs = Sample(tag=THEIRS, wheel_tag=lines, files=files_there).build(tmp_path)
    ours = retagged(theirs, "linux_armv7l", tmp_path / "out")
    assert ours.name == "sample-1.0-cp311-cp311-linux_armv7l.whl"
    with opened(ours) as wheel:
        contents = {name: digest(wheel.data(name)) for name in wheel.members}
        assert record_faults(wheel, contents) == ()
        about = wheel.data("sample-1.0.dist-info/WHEEL").decode().splitlines()
        assert wheel.executable("sample-1.0.data/scripts/run")
    assert [line for line in about if line.startswith("Tag:")] == ["Tag: cp311-cp311-linux_armv7l"]
    assert f"Retagged-From: {theirs.name} sha256={files.sha256(theirs)}" in about
    with zipfile.ZipFile(theirs) as one, zipfile.ZipFile(ours) as other:
        info = "sample-1.0.dist-info"
        assert {*one.namelist()} == {*other.namelist()}
        for name in {*one.namelist()} - {f"{info}/WHEEL", f"{info}/RECORD"}:
            assert one.read(name) == other.read(name)
    again = retagged(theirs, "linux_armv7l", tmp_path / "again")
    assert again.read_bytes() == ours.read_bytes()


def test_an_old_pip_gets_what_a_newer_one_would_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its glibc cannot run stays where it is; what it takes as it is, is not touched."""
    index = SimpleIndex(tmp_path / "index")
    for name, tag in {
        "compiled": THEIRS,
        "newer": "cp311-cp311-manylinux_2_31_armv7l",
        "own": "cp311-cp311-linux_armv7l",
        "pure": "py3-none-any",
    }.items():
        index.wheel(name, "1.0", tag=tag)
    monkeypatch.setattr(pip_settings, "read", lambda: PipSettings(index_urls=(index.url,)))
    pins = [Requirement(f"{name}==1.0") for name in ("compiled", "newer", "own", "pure")]
    found = closure._of_index(pins, OLD, {})
    assert sorted(found) == ["compiled", "own", "pure"]
    taken = {
        name: closure.as_taken(tmp_path / "index/files" / artifact.filename, OLD, tmp_path / "work")
        for name, artifact in found.items()
    }
    assert all(parse_wheel_filename(path.name)[3] & OLD.tags for path in taken.values())
    assert [name for name, path in taken.items() if "retagged" in path.parts] == ["compiled"]
    today = OLD.with_newest_pip()
    theirs = tmp_path / "index/files" / found["compiled"].filename
    assert closure.as_taken(theirs, today, tmp_path / "work") == theirs
