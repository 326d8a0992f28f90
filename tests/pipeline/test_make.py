"""From a source folder to the wheelhouse, with the reference SDK's compiler."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.core import defaults
from crossbuild.core.errors import (
    BuildError,
    ConfigurationError,
    DiskError,
    IndexUnreachableError,
    SdkError,
)
from crossbuild.elf import file as elf
from crossbuild.packages.build_options import BuildOptions
from crossbuild.packages.wanted import parse_all
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.pipeline.run import Made
from crossbuild.progress.console import Console
from tests.support import projects
from tests.support.requests import changed
from tests.support.waiting import until

pytestmark = pytest.mark.slow

CROSSBUILD = Path(sys.executable).with_name("crossbuild")
SUFFIXES = {
    "3.7": ("cp37-cp37m", ".cpython-37m-arm-linux-gnueabihf.so"),
    "3.11": ("cp311-cp311", ".cpython-311-arm-linux-gnueabihf.so"),
}


def run(request: BuildRequest) -> list[Made]:
    return make_wheels(request, Console())


def command(request: BuildRequest, *before: str) -> list[str]:
    """The same request as a command line."""
    return [
        *before,
        *(str(CROSSBUILD), "wheels", *map(str, request.packages), "--sdk", str(request.target.sdk)),
        *("--python", str(request.target.python), "--wheelhouse", str(request.wheelhouse)),
        *("--work-dir", str(request.target.work), "--cache-dir", str(request.target.cache)),
    ]


def wheels(request: BuildRequest) -> list[str]:
    return sorted(path.name for path in request.wheelhouse.glob("*.whl"))


@pytest.mark.parametrize("python", SUFFIXES)
def test_a_wheel_is_for_the_board(
    python: str, request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    request = request_in(projects.write(tmp_path / "tiny"), python=python)
    (made,) = run(request)
    tag, suffix = SUFFIXES[python]
    assert made.wheel.name == f"tiny-1.0-{tag}-linux_armv7l.whl"
    with zipfile.ZipFile(made.wheel) as archive:
        assert f"Tag: {tag}-linux_armv7l" in archive.read("tiny-1.0.dist-info/WHEEL").decode()
        archive.extract(f"tiny{suffix}", tmp_path)
        everything = b"".join(archive.read(name) for name in archive.namelist())
    module = elf.read(tmp_path / f"tiny{suffix}")
    assert module.machine == "Arm"
    assert module.float_abi == "hard"
    assert not [name for name in module.needed if name.startswith("libpython")]
    assert str(tmp_path).encode() not in everything


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


def test_a_projects_own_folders_are_no_source(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    tiny = projects.write(tmp_path / "tiny")
    request = changed(request_in(tiny), wheelhouse=tiny / "wheelhouse", work=tiny / "build")
    assert [made.reused for made in run(request)] == [False]
    assert [made.reused for made in run(request)] == [True]


def test_a_work_folder_among_the_sources_is_refused(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    tiny = projects.write(tmp_path / "tiny")
    for folder in (tiny, tiny / "w"):
        with pytest.raises(ConfigurationError, match="lies among the sources of tiny"):
            run(changed(request_in(tiny), work=folder))


def test_additions_reach_the_build_and_its_key(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    source = "#if !defined(ADDED) || !defined(__ARM_NEON)\n#error\n#endif\n#include <made.h>\n"
    changes = {"{name}.c": source + projects.flush(projects.EXTENSION["{name}.c"])}
    tiny = projects.write(tmp_path / "tiny", changes)
    request = request_in(tiny)
    with pytest.raises(BuildError):
        run(request)
    options = BuildOptions(
        environment={"CFLAGS": "$CFLAGS -DADDED=1", "CPPFLAGS": "-I."},
        before_build="python -c 'import sysconfig; print(sysconfig.get_platform())' > platform"
        " && grep armv7l platform && touch {package}/made.h && test -f {project}/made.h",
        project=tiny,
    )
    assert [made.reused for made in run(replace(request, options=options))] == [False]
    assert not (tiny / "made.h").exists()
    assert [made.reused for made in run(replace(request, options=options))] == [True]
    other = replace(options, environment={**options.environment, "ANOTHER": "1"})
    assert [made.reused for made in run(replace(request, options=other))] == [False]


MESON = {
    "setup.py": "",
    "pyproject.toml": """
        [build-system]
        requires = ["meson-python"]
        build-backend = "mesonpy"
        [project]
        name = "{name}"
        version = "1.0"
        """,
    "meson.build": """
        project('{name}', 'c')
        assert(meson.is_cross_build())
        python = import('python').find_installation(pure: false)
        assert(meson.get_compiler('c').sizeof('long') == 4)
        python.extension_module('{name}', '{name}.c', install: true)
        """,
    "{name}.c": "#if ADDED != 7\n#error no\n#endif\n"
    + projects.flush(projects.EXTENSION["{name}.c"]),
}


def test_a_meson_project_needs_no_recipe(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    options = BuildOptions(
        environment={"CFLAGS": "$CFLAGS -DADDED=7"},
        config_settings={"setup-args": ("-Dwerror=true",)},
    )
    request = replace(request_in(projects.write(tmp_path / "tiny", MESON)), options=options)
    (made,) = run(request)
    assert made.wheel.name == "tiny-1.0-cp311-cp311-linux_armv7l.whl"
    (log,) = request.target.work.glob("*/cp311/tiny-*/build.log")
    assert "-Dwerror=true" in log.read_text()


def test_a_back_end_that_does_not_read_the_projects_name(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    """setuptools 59.6 is the newest for Python 3.6."""
    text = projects.EXTENSION["pyproject.toml"].replace("setuptools<75", "setuptools<60")
    request = request_in(projects.write(tmp_path / "tiny", {"pyproject.toml": text}), python="3.7")
    with pytest.raises(BuildError) as caught:
        run(request)
    assert "is not what the project says of itself" in caught.value.what
    assert caught.value.evidence.endswith("tiny 1.0")
    assert wheels(request) == []
    (tmp_path / "tiny/setup.cfg").write_text("[metadata]\nname = tiny\nversion = 1.0\n")
    assert [made.wheel.name for made in run(request)] == ["tiny-1.0-cp37-cp37m-linux_armv7l.whl"]


def test_offline_needs_a_lock(request_in: Callable[..., BuildRequest], tmp_path: Path) -> None:
    request = replace(request_in(projects.write(tmp_path / "tiny")), offline=True)
    for wanted in (request, replace(request, packages=parse_all(["markupsafe"]))):
        with pytest.raises(IndexUnreachableError) as caught:
            run(wanted)
        assert "was never built for Python 3.11 here" in caught.value.what
        assert "no lock" in caught.value.evidence
        assert "without --offline" in caught.value.cure


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
        (told,) = json.loads(finished.stdout)["wheels"]
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
        command(request, "env", "SLIM=1", "COLUMNS=200"), capture_output=True, text=True, check=True
    )
    assert "Left out by --slim" in shown.stderr
    (line,) = (line for line in shown.stderr.splitlines() if "tests" in line)
    assert [cell.strip() for cell in line.split("│")[2:5]] == ["tests", "2", "1.0 kB"]


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


def test_a_killed_build_goes_on(request_in: Callable[..., BuildRequest], tmp_path: Path) -> None:
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
    request = request_in(projects.write(tmp_path / "slow", {"setup.py": setup}))
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
    assert (fresh.wheelhouse / "SHA256SUMS").read_text() == (
        request.wheelhouse / "SHA256SUMS"
    ).read_text()


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
    lasting = "import time\ntime.sleep(300)\n"
    slow = projects.write(tmp_path / "slow", {"setup.py": lasting})
    wrong = projects.write(tmp_path / "wrong", {"{name}.c": "no C\n"})
    request = changed(request_in(slow, wrong), jobs=2)
    started = time.monotonic()
    with pytest.raises(BuildError, match=r"wrong 1\.0 did not build"):
        run(request)
    assert time.monotonic() - started < 200
    assert wheels(request) == []


def test_two_runs_at_once_build_once(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    counter = tmp_path / "counter"
    setup = f"""
        from setuptools import Extension, setup
        with open({str(counter)!r}, "a") as stream:
            stream.write("x")
        setup(ext_modules=[Extension("{{name}}", ["{{name}}.c"])])
        """
    request = request_in(projects.write(tmp_path / "tiny", {"setup.py": setup}))
    run(request)
    once = counter.read_text()
    counter.unlink()
    shutil.rmtree(request.target.work)
    both = [subprocess.Popen(command(request), stderr=subprocess.PIPE) for _ in range(2)]
    errors = [process.communicate()[1].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    assert counter.read_text() == once


def test_a_download_that_changed_in_the_cache(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    request = request_in(projects.write(tmp_path / "tiny"))
    run(request)
    cache = tmp_path / "cache"
    shutil.copytree(defaults.CACHE / "downloads", cache / "downloads", copy_function=os.link)
    shutil.rmtree(request.target.work / "wheels")
    request = changed(request, cache=cache, offline=True)
    assert [made.reused for made in run(request)] == [False]  # all is in the cache
    shutil.rmtree(request.target.work / "wheels")
    (wheel,) = _downloads_of(request, "setuptools")
    whole = wheel.read_bytes()
    wheel.unlink()
    wheel.write_bytes(whole[:-1])
    with pytest.raises(IndexUnreachableError, match=wheel.name):
        run(request)
    assert [made.reused for made in run(replace(request, offline=False))] == [False]
    assert wheel.read_bytes() == whole


def _downloads_of(request: BuildRequest, name: str) -> list[Path]:
    locks = "".join(path.read_text() for path in (request.target.work / "locks").iterdir())
    found = request.target.cache.glob(f"downloads/*/*/{name}-*.whl")
    return [path for path in found if path.parent.name in locks]


#: Fills the file system of the work folder but for some room, then builds.
FILLING = """
    import os
    from setuptools import Extension, setup
    state = os.statvfs(".")
    left = state.f_bavail * state.f_frsize - ROOM * 1024
    with open("../filler", "wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, left)
    setup(ext_modules=[Extension("{name}", ["{name}.c"])])
    """


@pytest.mark.parametrize("room", [0, 16, 40])
def test_a_full_disk(room: int, request_in: Callable[..., BuildRequest], tmp_path: Path) -> None:
    """In the compiler, in the back end, or in what we do after it (kB that are left)."""
    setup = FILLING.replace("ROOM", str(room))
    request = request_in(projects.write(tmp_path / "tiny", {"setup.py": setup}))
    request.target.work.mkdir()
    mount = f"mount -t tmpfs -o size=250m none {request.target.work}"
    before = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f'{mount} && "$@"')
    finished = subprocess.run(
        command(request, *before, "-"), capture_output=True, text=True, check=False
    )
    assert finished.returncode == DiskError.exit_code, finished.stderr
    assert "no space left while" in finished.stderr
    assert "No space left on device" in finished.stderr
    assert "--work-dir" in finished.stderr
    assert wheels(request) == []


def test_too_little_room_is_told_before_the_build(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    request = request_in(projects.write(tmp_path / "tiny"))
    request.target.work.mkdir()
    mount = f"mount -t tmpfs -o size=20m none {request.target.work}"
    before = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f'{mount} && "$@"')
    finished = subprocess.run(
        command(request, *before, "-"), capture_output=True, text=True, check=False
    )
    assert finished.returncode == DiskError.exit_code, finished.stderr
    assert "too little room" in finished.stderr


def test_a_full_wheelhouse(request_in: Callable[..., BuildRequest], tmp_path: Path) -> None:
    request = request_in(projects.write(tmp_path / "tiny"))
    request.wheelhouse.mkdir()
    listing = tmp_path / "listing"
    mount = f"mount -t tmpfs -o size=4k none {request.wheelhouse}"
    script = f'{mount}; "$@"; status=$?; ls {request.wheelhouse} > {listing}; exit $status'
    before = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "-")
    finished = subprocess.run(
        command(request, *before), capture_output=True, text=True, check=False
    )
    assert finished.returncode == 6, finished.stderr
    assert ".whl" not in listing.read_text()


def test_names_with_spaces(request_in: Callable[..., BuildRequest], tmp_path: Path) -> None:
    spaced = projects.write(tmp_path / "tiny").rename(tmp_path / "my tiny")
    request = request_in(spaced)
    assert [made.wheel.name for made in run(request)] == ["tiny-1.0-cp311-cp311-linux_armv7l.whl"]
    with pytest.raises(ConfigurationError, match="'a b' is neither a package nor a folder"):
        run(replace(request, packages=parse_all(["a b"])))
    moved = tmp_path / "an sdk"
    moved.symlink_to(request.target.root)
    with pytest.raises(SdkError, match="space"):
        run(changed(request, sdk=moved))
