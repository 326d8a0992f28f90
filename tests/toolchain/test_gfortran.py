"""What crossbuild supplies where an SDK's gfortran lacks it."""

from pathlib import Path

import pytest

from crossbuild.core.command import run, try_run
from crossbuild.elf import file as elf
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.read import read_sdk
from crossbuild.toolchain import gfortran
from tests.support.sdk_copy import SdkCopy


@pytest.mark.trap(8, 13)
@pytest.mark.slow
@pytest.mark.parametrize(
    "lacking",
    [(), ("libgfortran.so", "libgfortran.a"), ("libgfortran.so",)],
    ids=["no-spec", "neither-spec-nor-name", "a-static-library-beside"],
)
def test_the_overlay_links_fortran(lacking: tuple[str, ...], copy: SdkCopy, tmp_path: Path) -> None:
    copy.hide("sysroots/x86*/usr/lib/**/libgfortran.spec")
    copy.hide(*(f"sysroots/cortex*/usr/lib/{name}" for name in lacking))
    found = read_sdk(copy.root)
    assert found.tools.fortran is not None
    source, made = tmp_path / "s.f90", tmp_path / "s.so"
    source.write_text("subroutine s(x)\nreal(8) :: x\nprint *, sqrt(x)\nend\n")
    argv: list[str | Path] = [
        *found.tools.fortran,
        "-shared",
        "-fPIC",
        "-Wl,-z,defs",
        source,
        "-o",
        made,
    ]
    assert "libgfortran.spec" in try_run(argv).output
    run([*argv, *gfortran.overlay(found, tmp_path / "overlay")])
    assert "libgfortran.so.5" in elf.read(made).needed


def test_nothing_is_overlaid_where_nothing_is_missing(bookworm: Sdk, tmp_path: Path) -> None:
    assert gfortran.overlay(bookworm, tmp_path / "overlay") == ()
    assert not (tmp_path / "overlay").exists()
