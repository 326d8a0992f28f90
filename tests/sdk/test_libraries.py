"""Libraries of an SDK that its compilers and pkg-config do not find by themselves."""

from pathlib import Path

import pytest

from crossbuild.sdk import libraries
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.read import read_sdk
from tests.support.sdk_copy import SdkCopy
from tests.support.sdk_defects import BLAS, ROUTINES


def test_a_library_in_opt_is_reached(copy: SdkCopy, tmp_path: Path) -> None:
    folder = copy.sysroot / "opt/openblas/lib"
    copy.hide("sysroots/*/usr/lib/libopenblas*", "sysroots/*/usr/lib/pkgconfig/openblas.pc")
    copy.library(folder / "libopenblas.so", ROUTINES, BLAS.format(core="CORTEXA9"))
    before = read_sdk(copy.root)
    after = libraries.reach(before, ["openblas"])
    assert after.library_dirs[-1] == folder
    assert after.content_id != before.content_id
    assert libraries.reach(after, ["openblas"]) == after
    [pkgconfig] = libraries.pkg_config_dirs(after, ["openblas"], tmp_path / "pkgconfig")
    text = (pkgconfig / "openblas.pc").read_text()
    assert "libdir=/opt/openblas/lib\n" in text
    assert "Version: 0.3.21\n" in text


def test_a_library_on_the_path_needs_nothing(bookworm: Sdk, tmp_path: Path) -> None:
    assert libraries.reach(bookworm, ["openblas"]) is bookworm
    assert libraries.pkg_config_dirs(bookworm, ["openblas"], tmp_path) == (tmp_path,)
    assert not [*tmp_path.iterdir()]


@pytest.mark.trap(15)
def test_a_pc_file_with_the_build_machines_path_is_not_believed(
    copy: SdkCopy, tmp_path: Path
) -> None:
    path = copy.sysroot / "usr/lib/pkgconfig/openblas.pc"
    copy.put(path, f"prefix={copy.sysroot}/usr\nlibdir=${{prefix}}/lib\nName: openblas\n")
    libraries.pkg_config_dirs(read_sdk(copy.root), ["openblas"], tmp_path)
    assert (tmp_path / "openblas.pc").exists()
