"""The wheelhouse: whole wheels, hashes, an index and requirements that pip accepts."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from crossbuild.core import files
from crossbuild.core.errors import DiskError
from crossbuild.wheel import wheelhouse


def make_wheel(folder: Path, name: str, version: str, text: str = "") -> Path:
    """A pure wheel with one module."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", text)
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


def pip(*words: str | Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    built = [make_wheel(tmp_path / "built", name, "1.0") for name in ("one", "two")]
    wheelhouse.publish(built, tmp_path / "house", "3.11")
    return tmp_path / "house"


def test_sums_are_those_of_the_files(house: Path) -> None:
    argv = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    checked = subprocess.run(argv, cwd=house, capture_output=True, text=True, check=False)
    assert checked.stdout.splitlines() == [
        "one-1.0-py3-none-any.whl: OK",
        "requirements-cp311.txt: OK",
        "two-1.0-py3-none-any.whl: OK",
    ]
    assert checked.returncode == 0, checked.stderr


def test_pip_installs_with_hashes(house: Path, tmp_path: Path) -> None:
    requirements = wheelhouse.requirements_file(house, "3.11")
    words = ("--no-index", "-f", house, "--require-hashes", "-r", requirements)
    done = pip(*words, "-d", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_pip_reads_the_index(house: Path, tmp_path: Path) -> None:
    done = pip("--index-url", (house / "simple").as_uri(), "two", "-d", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["two-1.0-py3-none-any.whl"]


def test_publishing_again_touches_nothing(house: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in house.rglob("*") if path.is_file()}
    wheelhouse.publish(sorted((tmp_path / "built").iterdir()), house, "3.11")
    after = {path: path.stat().st_mtime_ns for path in house.rglob("*") if path.is_file()}
    assert after == before


def test_requirements_follow_a_new_version_and_keep_the_others(house: Path, tmp_path: Path) -> None:
    newer = make_wheel(tmp_path / "new", "one", "2.0")
    wheelhouse.publish([newer], house, "3.11")
    lines = wheelhouse.requirements_file(house, "3.11").read_text().splitlines()
    assert [line.split(" ")[0] for line in lines] == ["one==2.0", "two==1.0"]
    assert files.sha256(newer) in lines[0]


def test_each_python_has_requirements_of_its_own(house: Path, tmp_path: Path) -> None:
    wheelhouse.publish([make_wheel(tmp_path / "new", "three", "3.0")], house, "3.7")
    assert "three" in wheelhouse.requirements_file(house, "3.7").read_text()
    assert "three" not in wheelhouse.requirements_file(house, "3.11").read_text()


def test_a_wheel_that_changed_replaces_the_old_one_whole(house: Path, tmp_path: Path) -> None:
    changed = make_wheel(tmp_path / "new", "one", "1.0", text="x = 1\n")
    (landed,) = wheelhouse.publish([changed], house, "3.11")
    assert landed.read_bytes() == changed.read_bytes()
    assert not list(house.glob(".*.part"))


def test_a_wheelhouse_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    wheel = make_wheel(tmp_path, "one", "1.0")
    with pytest.raises(DiskError, match="cannot write"):
        wheelhouse.publish([wheel], tmp_path / "file" / "house", "3.11")
    with pytest.raises(DiskError, match="cannot write"):
        wheelhouse.publish([wheel], tmp_path / "file", "3.11")


def test_a_wheel_is_not_added_whose_lists_cannot_be_written(tmp_path: Path) -> None:
    house = tmp_path / "house"
    house.mkdir()
    (house / "simple").write_text("")
    wheel = make_wheel(tmp_path, "one", "1.0")
    with pytest.raises(DiskError, match="cannot write"):
        wheelhouse.publish([wheel], house, "3.11")
    assert list(house.glob("*.whl")) == []


def test_of_no_wheels_no_wheelhouse_is_made(house: Path, tmp_path: Path) -> None:
    assert wheelhouse.publish([], tmp_path / "none", "3.11") == []
    assert not (tmp_path / "none").exists()
    before = {path: path.read_bytes() for path in house.rglob("*") if path.is_file()}
    assert wheelhouse.publish([], house, "3.12") == []
    assert {path: path.read_bytes() for path in house.rglob("*") if path.is_file()} == before


def test_a_file_that_is_no_wheel_is_passed_by(house: Path, tmp_path: Path) -> None:
    (house / "numpy.whl").touch()
    wheelhouse.publish([make_wheel(tmp_path / "built", "three", "1.0")], house, "3.11")
    listed = (house / "SHA256SUMS").read_text()
    assert "three-1.0" in listed
    assert "numpy.whl" not in listed
