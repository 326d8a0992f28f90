"""The board's root file system: what an image has, and nothing of what builds."""

import zipfile
from pathlib import Path

import pytest

from crossbuild.board.rootfs import make_root, pip_folder
from crossbuild.core.errors import BoardError

IN_IMAGE = [
    "bin/sh",
    "usr/bin/python3.7",
    "usr/lib/libz.so.1",
    "usr/lib/libstdc++.so.6",
    "usr/lib/python3.7/os.py",
    "usr/lib/python3.7/config-3.7m/Makefile",
    "usr/include/python3.7m/pyconfig.h",
    "usr/lib/python3.7/site-packages/pip/__main__.py",
]
NOT_IN_IMAGE = [
    "usr/bin/gcc",
    "usr/bin/arm-poky-linux-gnueabi-gfortran",
    "usr/bin/ld.bfd",
    "usr/bin/python3.7-config",
    "usr/include/stdio.h",
    "usr/include/python3.7m/Python.h",
    "usr/lib/libopenblas.so.0",
    "usr/lib/arm-linux-gnueabihf/openblas-pthread/libblas.so.3",
    "usr/lib/libgfortran.so.5",
    "usr/lib/libm.a",
    "usr/lib/crt1.o",
    "usr/lib/pkgconfig/zlib.pc",
    "usr/lib/python3.7/site-packages/numpy/__init__.py",
    "usr/lib/python3.7/site-packages/numpy-1.21.6.dist-info/METADATA",
    "usr/lib/python3.7/EXTERNALLY-MANAGED",
]


@pytest.fixture
def sysroot(tmp_path: Path) -> Path:
    for name in [*IN_IMAGE, *NOT_IN_IMAGE]:
        path = tmp_path / "sysroot" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\x7fELF")
    library = tmp_path / "sysroot/usr/lib"
    (library / "libz.so").symlink_to("libz.so.1")
    (library / "libc.so").write_text("/* GNU ld script */\n")
    return tmp_path / "sysroot"


def test_image_without_what_builds(sysroot: Path, tmp_path: Path) -> None:
    root = make_root(sysroot, "3.7", tmp_path / "root")
    assert [name for name in IN_IMAGE if not (root / name).exists()] == []
    assert [name for name in NOT_IN_IMAGE if (root / name).exists()] == []
    assert not (root / "usr/lib/libz.so").is_symlink()
    assert not (root / "usr/lib/libc.so").exists()
    assert "root:x:0:0" in (root / "etc/passwd").read_text()
    assert (root / "tmp").stat().st_mode & 0o7777 == 0o1777


def test_board_cannot_write_into_sdk(sysroot: Path, tmp_path: Path) -> None:
    root = make_root(sysroot, "3.7", tmp_path / "root")
    (root / "usr/lib/python3.7/os.py").write_text("changed on the board")
    assert (sysroot / "usr/lib/python3.7/os.py").read_bytes() == b"\x7fELF"


def test_other_python_named(sysroot: Path, tmp_path: Path) -> None:
    with pytest.raises(BoardError) as caught:
        make_root(sysroot, "3.9", tmp_path / "root")
    assert "no Python 3.9" in caught.value.what
    assert "python3.7" in caught.value.evidence
    assert "--board user@host" in caught.value.cure
    assert not (tmp_path / "root").exists()


def test_pip_from_wheel_where_sysroot_has_none(sysroot: Path, tmp_path: Path) -> None:
    (sysroot / "usr/lib/python3.7/site-packages/pip/__main__.py").unlink()
    with pytest.raises(BoardError, match="no pip") as caught:
        make_root(sysroot, "3.7", tmp_path / "root")
    assert "add python3-pip to the image" in caught.value.cure
    wheel = tmp_path / "pip-20.3.4-py2.py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("pip/__main__.py", "")
    root = make_root(sysroot, "3.7", tmp_path / "root", pip_wheel=wheel)
    assert pip_folder(root, "3.7") == root / ".board/pip/pip"


def test_pip_wheel_is_checked(sysroot: Path, tmp_path: Path) -> None:
    (sysroot / "usr/lib/python3.7/site-packages/pip/__main__.py").unlink()
    broken = tmp_path / "pip-20.3.4-py2.py3-none-any.whl"
    broken.write_bytes(b"<html>404</html>")
    with pytest.raises(BoardError, match="is no wheel"):
        make_root(sysroot, "3.7", tmp_path / "root", pip_wheel=broken)
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("../outside", "")
    with pytest.raises(BoardError, match="is no wheel") as caught:
        make_root(sysroot, "3.7", tmp_path / "root", pip_wheel=broken)
    assert "leaves the folder" in caught.value.evidence
