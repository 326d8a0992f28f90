"""The layer of wheels: as bitbake reads it, and as it installs them."""

import hashlib
from pathlib import Path

import pytest

from crossbuild.export import folder, yocto
from crossbuild.export.distribution import Distribution
from tests.export.conftest import target_of
from tests.support.bitbake import TASKS, bitbake, files_below, oelint
from tests.support.pip_installs import OWN, installed

#: The releases for which a layer has to be right; bitbake of today reads the colons.
RELEASES = ("thud", "zeus", "dunfell", "kirkstone", "scarthgap", "wrynose")
PACKAGES = ("python3-dateutil", "python3-quick", "python3-sample", "python3-shared")


@pytest.fixture
def layer(distributions: tuple[Distribution, ...], tmp_path: Path) -> Path:
    folder.write(tmp_path / "meta-wheels", yocto.layer(distributions, target_of("kirkstone")))
    return tmp_path / "meta-wheels"


def test_bitbake_reads_what_a_recipe_says(layer: Path, tmp_path: Path) -> None:
    recipe = bitbake(layer, "python3-sample", tmp_path)
    assert recipe["PV"] == "1.0"
    assert recipe["SUMMARY"] == "A sample with quotes and dollars"
    assert recipe["HOMEPAGE"] == "https://example.org"
    assert recipe["LICENSE"] == "MIT & BSD-3-Clause"
    assert recipe["DEPENDS"] == "python3-shared"
    assert recipe["INSANE_SKIP:python3-sample"].split() == ["already-stripped"]
    assert recipe["RDEPENDS:python3-sample"].split() == [
        "python3-core",
        "python3-dateutil",
        "python3-modules",
        "python3-shared",
    ]
    assert recipe["FILES:python3-sample-staticdev"].split() == [
        "/usr/lib/python3.11/site-packages/sample/lib/*.a"
    ]
    group = bitbake(layer, "packagegroup-crossbuild-wheels", tmp_path)
    assert tuple(group["RDEPENDS:packagegroup-crossbuild-wheels"].split()) == PACKAGES
    dated = bitbake(layer, "python3-dateutil", tmp_path)
    assert dated["PV"] == "1.0~rc1"
    assert dated["PROVIDES"].split() == ["python3-dateutil", "python3-python-dateutil"]
    assert dated["RPROVIDES:python3-dateutil"] == "python3-python-dateutil"
    assert "python3-quick" in dated["RDEPENDS:python3-dateutil"].split()
    assert "COMPATIBLE_HOST" not in dated


@pytest.mark.parametrize("package", PACKAGES)
def test_bitbake_installs_what_pip_does(
    package: str, distributions: tuple[Distribution, ...], layer: Path, tmp_path: Path
) -> None:
    recipe = bitbake(layer, package, tmp_path / "build", *TASKS)
    there = files_below(Path(recipe["D"]))
    (wheel,) = (one.wheel for one in distributions if one.package == package)
    own = [path for path in there if path.rpartition("/")[2] in OWN]
    assert [there.pop(path) for path in own] == [(b"bitbake\n", False)]
    assert there == installed(wheel, tmp_path / "pip")
    for text in recipe["LIC_FILES_CHKSUM"].split():
        path, _, md5 = text.removeprefix("file://").partition(";md5=")
        content = (Path(recipe["S"]) / path).read_bytes()
        assert hashlib.md5(content, usedforsecurity=False).hexdigest() == md5


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("PYTHON_BASEVERSION=3.12", "is for Python 3.11, but this build has Python 3.12"),
        ("TUNE_FEATURES=arm vfp thumb", "needs the tune features 'callconvention-hard neon'"),
        ("HOST_SYS=aarch64-oe-linux", "incompatible with host"),
        ("HOST_SYS=arm-oe-linux-musleabi", "incompatible with host"),
    ],
)
def test_another_board_is_told_why_it_has_no_package(
    setting: str, reason: str, layer: Path, tmp_path: Path
) -> None:
    assert reason in bitbake(layer, "python3-sample", tmp_path, setting)["skipped"]


def test_another_file_in_the_place_of_the_wheel_is_refused(layer: Path, tmp_path: Path) -> None:
    (wheel,) = layer.glob("recipes-wheels/python3-quick/files/*.whl")
    wheel.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(AssertionError, match="is not the wheel that was exported"):
        bitbake(layer, "python3-quick", tmp_path, *TASKS)


@pytest.mark.parametrize("name", RELEASES)
def test_each_release_has_its_syntax(
    name: str, distributions: tuple[Distribution, ...], tmp_path: Path
) -> None:
    contents = yocto.layer(distributions, target_of(name))
    folder.write(tmp_path, contents)
    recipe = next(tmp_path.glob("recipes-wheels/*/python3-sample_*.bb")).read_text()
    colon = RELEASES.index(name) >= RELEASES.index("kirkstone")
    assert f"RDEPENDS{':' if colon else '_'}${{PN}} = " in recipe
    assert f'compat_crossbuild-wheels = "{name}"' in (
        tmp_path / "conf/layer.conf"
    ).read_text().replace("LAYERSERIES_COMPAT", "compat")
    assert oelint(tmp_path, name) == []


def test_the_same_bytes_twice(distributions: tuple[Distribution, ...], tmp_path: Path) -> None:
    for name in ("one", "two", "two"):
        folder.write(tmp_path / name, yocto.layer(distributions, target_of("zeus")))
    assert files_below(tmp_path / "one") == files_below(tmp_path / "two")


def test_wheels_on_a_server(distributions: tuple[Distribution, ...], tmp_path: Path) -> None:
    url = "https://example.org/wheelhouse/"
    folder.write(tmp_path, yocto.layer(distributions, target_of("wrynose"), url=url))
    assert not [*tmp_path.rglob("*.whl")]
    recipe = bitbake(tmp_path, "python3-shared", tmp_path / "build")
    address = "https://example.org/wheelhouse/shared-1+a1-py3-none-linux_armv7l.whl;unpack=0"
    assert recipe["SRC_URI"] == address
