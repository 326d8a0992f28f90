"""An SDK that makes Arm code, as those of old Yocto releases do."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.audit import audit, sysroot_profile
from crossbuild.elf import file as elf
from crossbuild.pipeline.request import BuildRequest
from crossbuild.sdk.read import read_sdk
from crossbuild.wheel import pack as wheel
from tests.isa.test_states import DENSE
from tests.support import projects
from tests.support.requests import run
from tests.support.sample_wheels import PYTHON

pytestmark = pytest.mark.slow

#: As numpy has them: a function for a better CPU, which its name alone tells in Arm state.
CHOSEN = """
        __attribute__((target("fpu=neon-vfpv4")))
        static float fused_NEON_VFPV4(float a, float b, float c)
        {
            return __builtin_fmaf(a, b, c);
        }
        float (*chosen)(float, float, float) = fused_NEON_VFPV4;
"""


def test_dense_floating_point_is_published_and_fits_as_a_strangers_wheel(
    request_in: Callable[..., BuildRequest],
    reference_sdk_root: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    root = reference_sdk_root("debian-bookworm-arm")
    source = projects.EXTENSION["{name}.c"].rstrip() + '\n        #include "dense.h"'
    files = {"{name}.c": f"{source}\n{CHOSEN}", "dense.h": DENSE}
    request = request_in(projects.write(tmp_path / "dense", files))
    request = replace(request, target=replace(request.target, sdk=root))
    (made,) = run(request)
    with wheel.opened(made.wheel) as opened:
        (name,) = (member for member in opened.members if member.endswith(".so"))
        module = elf.read(opened.data(name))
    names = [symbol.name for symbol in module.static_symbols if symbol.name]
    assert names == ["fused_NEON_VFPV4"]
    board = sysroot_profile.from_sysroot(read_sdk(root).target_sysroot, PYTHON)
    report = audit([made.wheel], board)
    assert report.fits
    assert "dispatch" in {finding.rule for finding in report.findings}
