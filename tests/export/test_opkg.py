"""The feed for opkg: read by another's program and by one of our own, installed on a board."""

import subprocess
from pathlib import Path

import pytest

from crossbuild.board.emulated import EmulatedBoard
from crossbuild.core.python_version import PythonVersion
from crossbuild.export import folder, opkg
from crossbuild.export.distribution import Distribution
from tests.support.bitbake import files_below
from tests.support.opkg_reader import read_feed
from tests.support.pip_installs import OWN, installed

PYTHON = PythonVersion("3.11")
TUNE = "cortexa9t2hf-neon"
PACKAGES = "/usr/lib/python3.11/site-packages"


@pytest.fixture
def feed(distributions: tuple[Distribution, ...], tmp_path: Path) -> Path:
    folder.write(tmp_path / "feed", opkg.feed(distributions, PYTHON, TUNE))
    return tmp_path / "feed"


def test_a_package_says_what_it_needs(feed: Path) -> None:
    packages = read_feed(feed)
    assert dict(packages["python3-sample"].control) == {
        "Package": "python3-sample",
        "Version": "1.0",
        "Description": "A sample with quotes and dollars",
        "Section": "devel/python",
        "Priority": "optional",
        "Maintainer": "crossbuild",
        "License": "MIT AND BSD-3-Clause",
        "Architecture": TUNE,
        "Homepage": "https://example.org",
        "Depends": "python3-core (>= 3.11), python3-core (<< 3.12), python3-modules, "
        "python3-dateutil (<< 2), python3-dateutil (>= 0.5), python3-shared (= 1+a1)",
        "Source": "sample-1.0-cp311-cp311-linux_armv7l.whl",
    }
    assert packages["python3-quick"].control["Architecture"] == "all"
    assert packages["python3-quick"].control["Version"] == "1.0~rc1"


def test_it_has_the_files_that_pip_installs(
    distributions: tuple[Distribution, ...], feed: Path, tmp_path: Path
) -> None:
    packages = read_feed(feed)
    for one in distributions:
        there = {
            path.lstrip("/"): (data, bool(mode & 0o111))
            for path, (data, mode) in packages[one.package].files.items()
            if path.rpartition("/")[2] not in OWN
        }
        assert there == installed(one.wheel, tmp_path / one.name)


def test_dpkg_reads_the_same(feed: Path, tmp_path: Path) -> None:
    for path in feed.glob("*.ipk"):
        name = subprocess.run(
            ["dpkg-deb", "--field", path, "Package"], capture_output=True, text=True, check=True
        ).stdout.strip()
        subprocess.run(["dpkg-deb", "--extract", path, tmp_path / name], check=True)
        package = read_feed(feed)[name]
        unpacked = files_below(tmp_path / name)
        assert {f"/{path}": data for path, (data, _) in unpacked.items()} == {
            path: data for path, (data, _) in package.files.items()
        }


def test_the_same_bytes_twice_and_what_is_gone_goes(
    distributions: tuple[Distribution, ...], feed: Path, tmp_path: Path
) -> None:
    folder.write(tmp_path / "two", opkg.feed(distributions, PYTHON, TUNE))
    assert files_below(tmp_path / "two") == files_below(feed)
    quick = [one for one in distributions if one.name == "quick"]
    folder.write(feed, opkg.feed(quick, PYTHON, TUNE))
    assert [path.name for path in feed.glob("*.ipk")] == ["python3-quick_1.0~rc1_all.ipk"]


def test_a_board_imports_what_was_unpacked_and_keeps_nothing_of_what_was_removed(
    feed: Path, board: EmulatedBoard
) -> None:
    before, packages = set(files_below(board.root)), read_feed(feed)
    for path in feed.glob("*.ipk"):
        subprocess.run(["dpkg-deb", "--extract", path, board.root], check=True)
    for package in packages.values():
        if "postinst" in package.scripts:
            board.run(["sh", "-c", package.scripts["postinst"]])
    place = board.root / PACKAGES[1:]
    assert {path.name.partition(".")[0] for path in place.rglob("*.pyc")} == {
        *("__init__", "tool", "sample_pure", "quick_module", "python_dateutil_module")
    }
    code = "import sample.sample, quick_module; print(sample.sample.ask(), quick_module.seven)"
    paths = {"PYTHONPATH": PACKAGES}
    assert board.run([*board.python, "-c", code], env=paths).output.split() == ["42", "7"]
    assert board.run(["sample-run"], env=paths).output == ""
    for package in packages.values():
        board.run(["sh", "-c", package.scripts["prerm"]])
        for name in package.files:
            (board.root / name[1:]).unlink()
    assert set(files_below(board.root)) == before
