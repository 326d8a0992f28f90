"""What the user says beyond packages: what is accepted, and where a requirement holds."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.core.errors import AuditError
from crossbuild.packages.wanted import parse_all
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress.console import Console
from tests.support import projects

pytestmark = pytest.mark.slow

#: An extension that divides as a Cortex-A9 cannot, with a version that only its back end tells.
DIVIDES = {
    "setup.py": """
        from setuptools import Extension, setup
        flags = ["-mcpu=cortex-a7", "-mfpu=neon-vfpv4"]
        setup(
            name="quick", version="2.5",
            ext_modules=[Extension("quick", ["quick.c"], extra_compile_args=flags)],
        )
        """,
    "quick.c": projects.EXTENSION["{name}.c"].replace("{name}", "quick")
    + "        int quotient(int a, int b) { return a / b; }\n",
}


def test_a_refused_wheel_is_published_once_it_is_accepted(
    request_in: Callable[..., BuildRequest],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    request = request_in(projects.of(tmp_path / "quick", DIVIDES))
    other = parse_all(["nonesuch; python_version < '3'"])
    request = replace(request, packages=(*request.packages, *other))
    with pytest.raises(AuditError, match="sdiv r0, r0, r1 in quotient"):
        make_wheels(request, Console())
    assert "passed over for the board's Python 3.11" in capsys.readouterr().err
    request = replace(request, accept=("instruction:quick*.so",))
    for reused in (False, True):
        (made,) = make_wheels(request, Console())
        assert made.reused == reused
        assert made.title == "quick 2.5"
        told = capsys.readouterr().err
        assert reused or "quick for Python 3.11 - quick-2.5-cp311-cp311-linux_armv7l.whl" in told
        assert "0+" not in told
        assert [(one.verdict, one.rule) for one in made.told] == [("accepted", "instruction")]
