"""Healthy SDKs are left in peace, whatever the user's session has in it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.pipeline.request import BuildRequest
from tests.support.diagnoses import diagnose, names
from tests.support.sdk_copy import SdkCopy

#: What other SDKs, and their users, leave in a shell.
PATHS_OF_A_SESSION = """
LIBRARY_PATH LD_LIBRARY_PATH CPATH C_INCLUDE_PATH COMPILER_PATH GCC_EXEC_PREFIX OPENBLAS
PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR PYTHONPATH PYTHONHOME SDKTARGETSYSROOT
OECORE_NATIVE_SYSROOT OECORE_TARGET_SYSROOT CONFIG_SITE
"""


@pytest.mark.parametrize(
    "name",
    [
        "debian-bookworm",
        pytest.param("debian-bullseye", marks=pytest.mark.slow),
        pytest.param("debian-trixie", marks=pytest.mark.slow),
    ],
)
def test_no_false_alarm_on_a_reference_sdk(
    name: str,
    reference_sdk_root: Callable[[str], Path],
    request_for: Callable[..., BuildRequest],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    diagnosis = diagnose(request_for(reference_sdk_root(name), python=None))
    assert not diagnosis.errors
    assert not [one for one in diagnosis.findings if one.severity == "warning"]
    # What Debian's own OpenBLAS is, and what the build machine of a test may lack.
    allowed = {"openblas-below-board", "qemu-missing", "ccache-missing", "time64"}
    allowed |= {"build-python-missing", "build-python-fetched"}
    assert set(names(diagnosis)) <= allowed
    assert diagnosis.python is not None
    assert len(diagnosis.ready[diagnosis.python]) == 2


@pytest.mark.trap(13)
@pytest.mark.slow
def test_the_build_machines_own_programs_and_libraries_change_no_answer(
    copy: SdkCopy,
    request_for: Callable[..., BuildRequest],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A gfortran, an OpenBLAS and a numpy of the build machine."""
    request = request_for(copy.root)
    healthy = diagnose(request)
    copy.hide("sysroots/*/usr/bin/arm*/*-gfortran", "sysroots/*/usr/lib/libopenblas*")
    spoilt = diagnose(request)
    folder = tmp_path / "own"
    for name in ("gfortran", "arm-linux-gnueabihf-gfortran"):
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        (folder / "bin" / name).write_text("#!/bin/sh\nexit 0\n")
        (folder / "bin" / name).chmod(0o755)
    (folder / "numpy").mkdir()
    (folder / "numpy/__init__.py").write_text("raise SystemExit(1)\n")
    (folder / "libopenblas.so").write_text("")
    for name in PATHS_OF_A_SESSION.split():
        monkeypatch.setenv(name, str(folder))
    for name in ("FC", "CC", "CXX", "AR", "CFLAGS", "LDFLAGS", "FFLAGS", "TARGET_PREFIX"):
        monkeypatch.setenv(name, "false")
    monkeypatch.setenv("PATH", f"{folder}/bin", prepend=":")
    again = diagnose(request)
    assert {"fortran-missing", "openblas-headers-only"} <= set(names(spoilt))
    assert set(names(again)) - {"ld-library-path"} == set(names(spoilt)) - {"ld-library-path"}
    assert again.ready == spoilt.ready
    copy.heal()
    assert diagnose(request).ready == healthy.ready


@pytest.mark.trap(9)
@pytest.mark.slow
def test_python_variables_of_the_script_are_survived(
    copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    copy.edit(copy.script, "export M4=m4", "export M4=m4 PYTHONHOME=$OECORE_NATIVE_SYSROOT/usr")
    assert not diagnose(request_for(copy.root)).errors


@pytest.mark.trap(12, 16)
@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        "-fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wformat -Werror=format-security",
        "-march=armv7-a",
        "-D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64",
    ],
    ids=["hardening", "march-and-mcpu", "64-bit-time"],
)
def test_words_in_cc_are_no_defect(
    words: str, copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    copy.edit(copy.script, "gcc  -mthumb", f"gcc  {words} -mthumb")
    diagnosis = diagnose(request_for(copy.root))
    assert not [one for one in diagnosis.findings if one.severity != "note"]
    assert ("time64" in names(diagnosis)) == ("TIME_BITS" in words)
