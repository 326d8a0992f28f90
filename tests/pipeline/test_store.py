"""What is made is kept, and not made again."""

import shutil
import signal
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.pipeline.request import BuildRequest
from tests.support import projects
from tests.support.requests import changed, command, run, wheels
from tests.support.schemas import held
from tests.support.waiting import until

pytestmark = pytest.mark.slow


def test_what_is_built_is_not_built_again(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    one, two = projects.write(tmp_path / "one"), projects.write(tmp_path / "two")
    request = request_in(one, two)
    assert [made.reused for made in run(request)] == [False, False]
    stamps = {path: path.stat().st_mtime_ns for path in request.wheelhouse.rglob("*")}
    assert [made.reused for made in run(request)] == [True, True]
    assert stamps == {path: path.stat().st_mtime_ns for path in request.wheelhouse.rglob("*")}
    source = two / "two.c"
    source.write_text(source.read_text() + "int another;\n")
    assert [made.reused for made in run(request)] == [True, False]


#: A package with what developers want beside what a board needs.
PACKAGE = {
    "setup.py": """
        from setuptools import Extension, setup
        setup(
            packages=["{name}", "{name}.tests"],
            package_data={"{name}": ["*.h", "*.pxd"], "{name}.tests": ["*.txt"]},
            ext_modules=[Extension("{name}.inner", ["inner.c"])],
        )
        """,
    "inner.c": projects.EXTENSION["{name}.c"].replace("{name}", "inner"),
    "{name}/__init__.py": "from {name}.inner import __name__ as inner",
    "{name}/tests/__init__.py": "",
    "{name}/tests/big.txt": "x" * 1000,
    "{name}/api.h": "",
    "{name}/api.pxd": "",
}


def test_a_slim_wheel_is_of_the_same_build(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    request = request_in(projects.write(tmp_path / "tiny", PACKAGE))
    (whole,) = run(request)
    assert not whole.left_out
    whole_names = set(zipfile.ZipFile(whole.wheel).namelist())
    slim = [*command(request), "--slim", "--json"]
    for reused in (False, True):
        finished = subprocess.run(slim, capture_output=True, text=True, check=True)
        (told,) = held("wheels", finished.stdout)["wheels"]
        assert told["reused"] is reused
        assert [(one["path"], one["kind"]) for one in told["left_out"]] == [
            ("tiny/api.h", "headers"),
            ("tiny/api.pxd", "cython"),
            ("tiny/tests/__init__.py", "tests"),
            ("tiny/tests/big.txt", "tests"),
        ]
        assert told["left_out"][-1]["size"] == 1001
    names = set(zipfile.ZipFile(told["wheel"]).namelist())
    assert whole_names - names == {one["path"] for one in told["left_out"]}
    assert len(list((request.target.work / "wheels/built").iterdir())) == 1
    shown = subprocess.run(
        command(request, "env", "CROSSBUILD_SLIM=1", "COLUMNS=200"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Left out" in shown.stderr
    (line,) = (line for line in shown.stderr.splitlines() if "tests" in line)
    assert [cell.strip() for cell in line.split("│")[2:5]] == ["tests", "2", "1.0 kB"]


def test_a_killed_build_goes_on(trusting: Callable[..., BuildRequest], tmp_path: Path) -> None:
    started = tmp_path / "started"
    setup = f"""
        import pathlib, time
        from setuptools import Extension, setup
        from setuptools.command.build_ext import build_ext

        class Slow(build_ext):
            def build_extension(self, ext):
                super().build_extension(ext)
                if not pathlib.Path({str(started)!r}).exists():
                    pathlib.Path({str(started)!r}).touch()
                    time.sleep(20)
                    print("still here", flush=True)

        setup(ext_modules=[Extension("{{name}}", ["{{name}}.c"])], cmdclass={{"build_ext": Slow}})
        """
    request = trusting(projects.write(tmp_path / "slow", {"setup.py": setup}))
    process = subprocess.Popen(command(request), stderr=subprocess.DEVNULL)
    until(started.exists)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert wheels(request) == []
    assert [made.reused for made in run(request)] == [False]
    assert [made.reused for made in run(request)] == [True]
    assert wheels(request) == ["slow-1.0-cp311-cp311-linux_armv7l.whl"]
    fresh = changed(request, work=tmp_path / "another", wheelhouse=tmp_path / "other")
    run(fresh)
    sums = (request.wheelhouse / "SHA256SUMS").read_text()
    assert (fresh.wheelhouse / "SHA256SUMS").read_text() == sums
    # As if it was killed after the wheel had landed, and before its statement had.
    (statement,) = request.wheelhouse.glob("*.provenance.json")
    statement.unlink()
    run(request)
    assert statement.name in sums
    assert (request.wheelhouse / "SHA256SUMS").read_text() == sums


def test_two_runs_at_once_build_once(trusting: Callable[..., BuildRequest], tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    setup = f"""
        import sys
        from setuptools import Extension, setup
        if "bdist_wheel" in sys.argv:  # and not only asked what it requires
            with open({str(counter)!r}, "a") as stream:
                stream.write("x")
        setup(ext_modules=[Extension("{{name}}", ["{{name}}.c"])])
        """
    request = trusting(projects.write(tmp_path / "tiny", {"setup.py": setup}))
    run(request)
    assert counter.read_text() == "x"
    counter.unlink()
    shutil.rmtree(request.target.work)
    both = [subprocess.Popen(command(request), stderr=subprocess.PIPE) for _ in range(2)]
    errors = [process.communicate()[1].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    assert counter.read_text() == "x"
