"""The layer of what SDKs lack, as bitbake reads it."""

import re
from pathlib import Path

import pytest

from crossbuild.core.errors import ConfigurationError
from crossbuild.export import folder, sdk_layer, target
from tests.support.bitbake import bitbake, oelint

RELEASES = ("thud", "zeus", "dunfell", "kirkstone", "scarthgap", "wrynose")


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    place = tmp_path / "meta-sdk"
    folder.write(place, sdk_layer.layer(target.named_release("scarthgap")))
    return place


@pytest.mark.parametrize(
    ("words", "core"),
    [
        ("-mthumb -mfpu=neon -mfloat-abi=hard -mcpu=cortex-a9", "CORTEXA9"),
        ("-march=armv7-a -mfpu=neon -mtune=cortex-a9", "CORTEXA9"),
        ("-mcpu=cortex-a15", "CORTEXA15"),
        ("-mcpu=cortex-a7", "ARMV7"),
        ("-march=armv7-a", "ARMV7"),
    ],
)
def test_openblas_gets_the_kernels_of_the_tune(
    words: str, core: str, layer: Path, tmp_path: Path
) -> None:
    recipe = bitbake(layer, "openblas", tmp_path, f"TUNE_CCARGS={words}")
    assert recipe["OPENBLAS_TARGET"] == core
    made = recipe["EXTRA_OEMAKE"].split()
    assert {f"TARGET={core}", "NO_STATIC=1", "NUM_THREADS=4"} <= set(made)
    assert not [word for word in made if word.startswith(("NO_LAPACK", "NOFORTRAN", "ONLY_CBLAS"))]
    assert recipe["DEPENDS"] == "libgfortran"
    assert re.fullmatch(r"https://.*/OpenBLAS-0\.3\.27\.tar\.gz", recipe["SRC_URI"])
    assert recipe["S"] == f"{recipe['UNPACKDIR']}/OpenBLAS-0.3.27"


def test_the_settings_put_fortran_and_openblas_into_the_sdk(layer: Path, tmp_path: Path) -> None:
    settings = str(layer / "conf/crossbuild-sdk.inc")
    group = bitbake(
        layer, "packagegroup-crossbuild-sdk", tmp_path, "OVERRIDES=forcevariable", settings
    )
    assert group["FORTRAN"] == ",fortran"
    assert group["TOOLCHAIN_TARGET_TASK"].split() == ["packagegroup-crossbuild-sdk"]
    needs = group["RDEPENDS:packagegroup-crossbuild-sdk"].split()
    assert {"libgfortran-dev", "openblas-dev", "python3-dev"} <= set(needs)
    board = bitbake(layer, "packagegroup-crossbuild-board", tmp_path)
    assert "python3-pip" in board["RDEPENDS:packagegroup-crossbuild-board"].split()


@pytest.mark.parametrize("name", RELEASES)
def test_each_release_has_its_syntax(name: str, tmp_path: Path) -> None:
    folder.write(tmp_path, sdk_layer.layer(target.named_release(name)))
    settings = (tmp_path / "conf/crossbuild-sdk.inc").read_text()
    mark = ":" if RELEASES.index(name) >= RELEASES.index("kirkstone") else "_"
    assert f"FORTRAN{mark}forcevariable" in settings
    assert ("libquadmath" in settings) == (name in ("thud", "zeus"))
    assert oelint(tmp_path, name) == []


def test_a_release_that_nobody_knows() -> None:
    with pytest.raises(ConfigurationError, match="'jessie' is no release of Yocto") as caught:
        target.named_release("jessie")
    assert "zeus" in caught.value.evidence
