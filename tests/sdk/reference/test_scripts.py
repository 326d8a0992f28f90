"""The environment script, sourced by a shell."""

import os
import subprocess
from pathlib import Path

from crossbuild.sdk import reference as reference_sdk
from crossbuild.sdk.reference import scripts

BOOKWORM = reference_sdk.load("debian-bookworm")

#: What an environment script of every Yocto release exports, with those added up to kirkstone.
_NAMES = """
AR ARCH AS CC CFLAGS CONFIGURE_FLAGS CONFIG_SITE CPP CPPFLAGS CROSS_COMPILE CXX CXXFLAGS GDB
KCFLAGS LD LDFLAGS M4 NM OBJCOPY OBJDUMP OECORE_ACLOCAL_OPTS OECORE_DISTRO_VERSION
OECORE_NATIVE_SYSROOT OECORE_SDK_VERSION OECORE_TARGET_SYSROOT PATH PKG_CONFIG_PATH
PKG_CONFIG_SYSROOT_DIR RANLIB SDKTARGETSYSROOT STRIP TARGET_PREFIX OECORE_BASELIB
OECORE_TARGET_ARCH OECORE_TARGET_OS READELF OECORE_TUNE_CCARGS
"""
EXPORTED = frozenset(_NAMES.split())


def _skeleton(root: Path) -> Path:
    """An SDK's three files and empty sysroots; returns the environment script."""
    (root / "sysroots" / BOOKWORM.target_system).mkdir(parents=True)
    (root / "sysroots" / BOOKWORM.native_system).mkdir()
    scripts.write(root, BOOKWORM)
    return root / "environment-setup-cortexa9hf-neon-debian-linux-gnueabi"


def _source(script: Path, shell: str = "bash", **env: str) -> subprocess.CompletedProcess[str]:
    command = '. "$1" && env -0'
    argv = [shell, "-c", command, shell, str(script)]
    return subprocess.run(
        argv, env={"PATH": os.defpath, **env}, capture_output=True, text=True, check=False, cwd="/"
    )


def test_the_script_exports_what_yoctos_does_and_no_fortran(tmp_path: Path) -> None:
    done = _source(_skeleton(tmp_path))
    variables = dict(item.split("=", 1) for item in done.stdout.split("\0") if item)
    shells_own = {"PWD", "SHLVL", "_", "OLDPWD"}
    assert set(variables) - shells_own == EXPORTED
    sysroot = tmp_path / "sysroots" / BOOKWORM.target_system
    assert variables["CC"] == (
        "arm-linux-gnueabihf-gcc  -mthumb -mfpu=neon -mfloat-abi=hard -mcpu=cortex-a9 "
        f"--sysroot={sysroot}"
    )
    assert variables["AR"] == "arm-linux-gnueabihf-ar"


def test_the_script_finds_the_sdk_after_a_move(tmp_path: Path) -> None:
    script = _skeleton(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    done = _source(tmp_path / "new" / script.name)
    assert f"SDKTARGETSYSROOT={tmp_path}/new/sysroots/" in done.stdout


def test_the_script_refuses_ld_library_path(tmp_path: Path) -> None:
    done = _source(_skeleton(tmp_path), LD_LIBRARY_PATH="/opt")
    assert done.returncode == 1
    assert "unset LD_LIBRARY_PATH" in done.stdout


def test_a_shell_that_does_not_tell_the_scripts_place_is_told_so(tmp_path: Path) -> None:
    done = _source(_skeleton(tmp_path), shell="dash")
    assert done.returncode == 1
    assert "from the SDK's folder" in done.stdout
