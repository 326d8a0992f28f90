"""The native sysroot: tools that run anywhere, and see nothing of the build machine."""

import shutil
import subprocess
from pathlib import Path

import pytest

from crossbuild.sdk.reference import native


def _toolchain(root: Path) -> Path:
    """A program of the build machine in the place of a cross tool, with its libraries."""
    libraries = root / "usr/lib/x86_64-linux-gnu"
    libraries.mkdir(parents=True)
    for name in ("libc.so.6", "ld-linux-x86-64.so.2"):
        shutil.copy(f"/lib/x86_64-linux-gnu/{name}", libraries / name)
    program = root / f"usr/bin/{native.TRIPLE}-echo-12"
    program.parent.mkdir(parents=True)
    shutil.copy("/bin/echo", program)
    return program


def test_tools_with_their_own_loader_run_through_links_and_after_a_move(tmp_path: Path) -> None:
    _toolchain(tmp_path / "sdk")
    native.arrange(tmp_path / "sdk", "12", own_loader=True)
    (tmp_path / "sdk").rename(tmp_path / "moved")
    tool = tmp_path / f"moved/usr/bin/{native.TRIPLE}/{native.TRIPLE}-echo"
    done = subprocess.run([tool, "a b", "c"], capture_output=True, text=True, check=True)
    assert done.stdout == "a b c\n"


def test_tools_find_their_libraries_relative_to_themselves(tmp_path: Path) -> None:
    program = _toolchain(tmp_path / "sdk")
    native.arrange(tmp_path / "sdk", "12", own_loader=False)
    done = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True)
    assert "(RPATH)" in done.stdout
    assert "[$ORIGIN/../lib/x86_64-linux-gnu]" in done.stdout


@pytest.mark.trap(17)
def test_a_driver_cannot_see_the_build_machines_cross_gcc(tmp_path: Path) -> None:
    program = _toolchain(tmp_path / "sdk")
    path = b"/usr/lib/gcc-cross/arm-linux-gnueabihf/12/../arm-linux-gnueabihf/include/finclude/\0"
    before = program.read_bytes() + path
    program.write_bytes(before)
    native.arrange(tmp_path / "sdk", "12", own_loader=True)
    after = next(program.parent.glob(".*.real")).read_bytes()
    assert len(after) == len(before)
    assert b"/include/finclude/" not in after


@pytest.mark.trap(17)
def test_the_toolchain_links_with_the_targets_runtime_libraries(tmp_path: Path) -> None:
    tools, sysroot = tmp_path / "tools", tmp_path / "sysroot"
    gcc = tools / f"usr/lib/gcc-cross/{native.TRIPLE}/12"
    copies = tools / "usr" / native.TRIPLE / "lib"
    for folder in (gcc, copies, sysroot / "usr/lib"):
        folder.mkdir(parents=True)
    for name, soname in (("libgfortran", "libgfortran.so.5"), ("libasan", "libasan.so.8")):
        (copies / soname).touch()
        (gcc / f"{name}.so").symlink_to(f"../../../../{native.TRIPLE}/lib/{soname}")
        (gcc / f"{name}.a").touch()
    (sysroot / "usr/lib/libgfortran.so.5").touch()
    native.adopt_runtime(tools, sysroot)
    assert str((sysroot / "usr/lib/libgfortran.so").readlink()) == "libgfortran.so.5"
    assert (sysroot / "usr/lib/libgfortran.a").is_file()
    assert [path for path in tools.rglob("lib*") if path.is_file() or path.is_symlink()] == []
