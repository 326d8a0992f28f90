"""Builds that fail: each says what, shows why, and publishes nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.core.errors import BuildError
from crossbuild.packages.build_options import BuildOptions
from crossbuild.pipeline.request import BuildRequest
from tests.support import projects
from tests.support.requests import run, wheels

pytestmark = pytest.mark.slow


def test_a_failing_before_build_shows_its_output(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    options = BuildOptions(before_build="echo not today; false")
    request = replace(request_in(projects.write(tmp_path / "tiny")), options=options)
    with pytest.raises(BuildError) as caught:
        run(request)
    assert caught.value.what == "before-build failed"
    assert "not today" in caught.value.evidence


def test_a_package_that_does_not_compile(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    good = projects.write(tmp_path / "good")
    bad = projects.write(tmp_path / "bad", {"{name}.c": "#error this cannot be compiled\n"})
    request = request_in(good, bad)
    with pytest.raises(BuildError) as caught:
        run(request)
    assert caught.value.what == "bad 1.0 did not build for Python 3.11"
    assert "this cannot be compiled" in caught.value.evidence
    log = Path(caught.value.evidence.rpartition("full log: ")[2])
    assert "this cannot be compiled" in log.read_text()
    assert str(log.parent) in caught.value.cure
    assert wheels(request) == ["good-1.0-cp311-cp311-linux_armv7l.whl"]


@pytest.mark.parametrize("flag", ["-I/usr/include", "-L/usr/lib/x86_64-linux-gnu"])
def test_a_look_at_the_build_machine_is_an_error(
    flag: str, request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    kind = "extra_compile_args" if flag.startswith("-I") else "extra_link_args"
    setup = f"""
        from setuptools import Extension, setup
        setup(ext_modules=[Extension("{{name}}", ["{{name}}.c"], {kind}=["{flag}"])])
        """
    request = request_in(projects.write(tmp_path / "nosy", {"setup.py": setup}))
    with pytest.raises(BuildError) as caught:
        run(request)
    assert "looked at the build machine's files" in caught.value.what
    assert flag[2:] in caught.value.evidence
    assert "dropped-paths" in caught.value.cure
    assert wheels(request) == []
