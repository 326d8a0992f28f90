"""Several packages at once."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.core.errors import BuildError
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress.console import Console
from tests.support import projects
from tests.support.requests import changed, run, wheels

pytestmark = pytest.mark.slow


def test_independent_packages_are_built_side_by_side(
    request_in: Callable[..., BuildRequest], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    request = changed(request_in(*(projects.write(tmp_path / name) for name in "ab")), jobs=2)
    console = Console()
    assert [made.reused for made in make_wheels(request, console)] == [False, False]
    assert [path.partition("-")[0] for path in wheels(request)] == ["a", "b"]
    first, second = console.steps
    assert max(first.started, second.started) < min(first.ended or 0, second.ended or 0)
    shown = capfd.readouterr().err
    assert "a: ✓ a 1.0 for Python 3.11" in shown
    assert "b: ✓ b 1.0 for Python 3.11" in shown
    assert not list(request.target.work.glob("jobs-*"))
    assert [made.reused for made in run(request)] == [True, True]


def test_one_of_several_that_fails_ends_the_others(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    lasting = """
        import signal, subprocess, sys
        if 'bdist_wheel' in sys.argv:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            subprocess.call(["setsid", "sleep", "300"])
        """
    slow = projects.write(tmp_path / "slow", {"setup.py": lasting})
    wrong = projects.write(tmp_path / "wrong", {"{name}.c": "no C\n"})
    request = changed(request_in(slow, wrong), jobs=2)
    started = time.monotonic()
    with pytest.raises(BuildError, match=r"wrong 1\.0 did not build"):
        run(request)
    assert time.monotonic() - started < 200
    assert wheels(request) == []
    left = [path for path in Path("/proc").glob("[0-9]*/cwd") if is_below(path, tmp_path)]
    assert left == []


def is_below(link: Path, folder: Path) -> bool:
    try:
        return link.readlink().is_relative_to(folder)
    except OSError:  # it has ended
        return False
