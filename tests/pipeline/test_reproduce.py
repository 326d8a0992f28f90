"""Two builds in two folders at two times on two job counts give the same bytes."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild import in_process
from crossbuild.core import defaults
from crossbuild.core.errors import ConfigurationError, ReproducibilityError
from crossbuild.index import download
from crossbuild.index.artifact import Artifact
from crossbuild.packages import lock
from crossbuild.packages.package import Package
from crossbuild.packages.project.build_options import BuildOptions
from crossbuild.papers import provenance
from crossbuild.pipeline import reproduce
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress.console import Console
from crossbuild.repair import repair
from crossbuild.sdk.model import Sdk
from crossbuild.wheel import compare
from crossbuild.wheel import pack as wheel
from tests.support import projects
from tests.support.requests import changed
from tests.support.statements import written

#: C, Fortran and Cython, each telling what a build may leave in it: its folder and its time.
MIXED = {
    "setup.py": "",
    "pyproject.toml": """
        [build-system]
        requires = ["meson-python<0.19", "meson==1.4.1", "cython<3.1"]
        build-backend = "mesonpy"
        [project]
        name = "{name}"
        version = "1.0"
        """,
    "meson.build": """
        project('{name}', 'c', 'cython', 'fortran')
        python = import('python').find_installation(pure: false)
        python.extension_module('{name}', '{name}.pyx', 'told.c', 'total.f90', install: true)
        said = configuration_data({'name': declare_dependency().name()})
        script = configure_file(input: 'said.in', output: 'said.py', configuration: said)
        python.install_sources(script)
        """,
    "said.in": "name = '@name@'\n",
    "{name}.pyx": """
        cdef extern from *:
            '''
            extern const char *told(void);
            extern double total_(double *, int *);
            '''
            const char *told()
            double total_(double *, int *)
        def tell():
            return told()
        def total(double x):
            cdef int n = 1
            if x < 0:
                raise ValueError(x)
            return total_(&x, &n)
        """,
    "told.c": 'const char *told(void) { return __FILE__ " " __DATE__ " " __TIME__; }\n',
    "total.f90": """
        function total(x, n) result(s)
          integer, intent(in) :: n
          double precision, intent(in) :: x(n)
          double precision :: s
          if (n < 0) print *, 'negative'
          s = sum(x)
        end function
        """,
}

#: Its wheel has the time of its build in it.
HASTY = {
    "setup.py": """
        import time
        from setuptools import Extension, setup
        now = [("NOW", '"built at {:.6f}"'.format(time.time()))]
        setup(ext_modules=[Extension("{name}", ["{name}.c"], define_macros=now)])
        """,
    "{name}.c": projects.EXTENSION["{name}.c"] + "\n        const char *now = NOW;\n",
}


@pytest.mark.slow
def test_folder_time_and_jobs_leave_no_trace(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    request = request_in(projects.write(tmp_path / "mixed", MIXED))
    made = make_wheels(request, Console())
    console = Console()
    reproduce.require_same(made, request, console)
    (step,) = console.steps
    assert {"total.f90", "told.c"} <= {Path(span.name).name for span in step.compiles}
    assert caches_answers(console) == {"recache"}
    assert not (request.target.work / "again").exists()
    with wheel.unpacked(made[0].wheel) as tree:
        (module,) = tree.glob("*.so")
        assert b"told.c" in module.read_bytes()
        assert (tree / "said.py").read_text() == "name = 'dep'\n"


@pytest.mark.slow
def test_debug_information_is_the_same_compiled_anew(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    request = request_in(projects.write(tmp_path / "tiny", projects.EXTENSION))
    request = changed(request, keep_debug=True)
    first, second = Console(), Console()
    reproduce.require_same(make_wheels(request, first), request, second)
    assert [path.suffix for path in request.wheelhouse.glob("debug/.build-id/*/*")] == [".debug"]
    assert "recache" not in caches_answers(first)
    assert caches_answers(second) == {"recache"}


def caches_answers(console: Console) -> set[str]:
    (step,) = console.steps
    return {span.facts["cache"] for span in step.compiles if "cache" in span.facts}


@pytest.mark.slow
def test_what_differs_is_told(request_in: Callable[..., BuildRequest], tmp_path: Path) -> None:
    request = request_in(projects.write(tmp_path / "hasty", HASTY))
    made = make_wheels(request, Console())
    with pytest.raises(ReproducibilityError) as caught:
        reproduce.require_same(made, request, Console())
    error = caught.value
    assert error.what == f"{made[0].wheel.name} has other bytes when it is built again"
    difference, first, second, *explained = error.evidence.splitlines()
    assert difference.startswith("hasty.cpython-311-arm-linux-gnueabihf.so: sections .rodata")
    assert difference.count("built at") == 2
    assert first == f"first: {made[0].wheel}"
    kept = Path(second.removeprefix("second: "))
    assert kept.exists()
    assert f"diffoscope {made[0].wheel} {kept}" in error.cure
    for line in explained:  # where diffoscope is installed
        assert "built at" in Path(line.removeprefix("diffoscope's report: ")).read_text()


@pytest.fixture
def delivered(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> Callable[..., tuple[Path, BuildRequest]]:
    """Gives a wheel with its statement alone, and the request of somebody who has these."""

    def deliver(project: Path) -> tuple[Path, BuildRequest]:
        request = request_in(project)
        (made,) = make_wheels(request, Console())
        theirs = tmp_path / "theirs"
        theirs.mkdir()
        for path in (made.wheel, provenance.path_of(made.wheel)):
            shutil.copyfile(path, theirs / path.name)
        return theirs / made.wheel.name, request_in(within=theirs)

    return deliver


def require_stated(wheel: Path, request: BuildRequest, source: Path | None) -> Console:
    console = Console()
    statement = provenance.read(provenance.path_of(wheel))
    reproduce.require_stated(wheel, statement, request, source, console)
    return console


@pytest.mark.slow
def test_who_has_a_wheel_and_its_statement_builds_the_same(
    delivered: Callable[..., tuple[Path, BuildRequest]], tmp_path: Path
) -> None:
    project = projects.write(tmp_path / "tiny")
    wheel, request = delivered(project)
    with pytest.raises(ConfigurationError, match="is a folder that no index has") as caught:
        require_stated(wheel, request, None)
    assert "--source" in caught.value.cure
    received = shutil.copytree(project, tmp_path / "received/tiny")
    console = require_stated(wheel, request, received)
    (step,) = console.steps
    assert {Path(span.name).name for span in step.compiles} >= {"tiny.c"}
    (received / "tiny.c").write_text((received / "tiny.c").read_text() + "int more = 1;\n")
    with pytest.raises(ReproducibilityError) as differs:
        require_stated(wheel, request, received)
    source, *lines = differs.value.evidence.splitlines()
    assert source.startswith("source: ")
    assert any(line.startswith("tiny.cpython-311-arm-linux-gnueabihf.so:") for line in lines)
    wheel.write_bytes(wheel.read_bytes() + b"x")
    with pytest.raises(ReproducibilityError, match=r"is not that of tiny-1\.0"):
        require_stated(wheel, request, received)


def test_another_sdk_is_told_of_before_anything_is_built(
    numpy: Package, bookworm: Sdk, tmp_path: Path
) -> None:
    other = replace(bookworm, gcc_version="9.2.0")
    statement = provenance.read(written(numpy, other, tmp_path))
    reproduce._require_sdk(statement, other)
    with pytest.raises(ConfigurationError, match="built with another SDK") as caught:
        reproduce._require_sdk(statement, bookworm)
    assert f"gcc: 9.2.0, here {bookworm.gcc_version}" in caught.value.evidence


def test_elsewhere_shares_no_folder_and_no_object(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    own = BuildOptions(environment={"CFLAGS": "-O1"})
    request = replace(request_in(tmp_path), options=own)
    again = reproduce.elsewhere(request)
    assert len(str(again.target.work)) != len(str(request.target.work))
    assert again.capacity.jobs != request.capacity.jobs
    assert again.options.environment == {"CFLAGS": "-O1", "CCACHE_RECACHE": "1"}


def cythons() -> dict[str, Artifact]:
    """The Cython releases that recipes use for this Python, by version."""
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    locks = map(lock.read, sorted(lock.LOCKS.glob(f"pylock.{python}-*.toml")))
    wheels = (artifact for one in locks for artifact in one.build)
    return {wheel.version: wheel for wheel in wheels if wheel.name.lower() == "cython"}


def translated(cython: Path, place: Path) -> str:
    """The C that a Cython makes of a source, as it is called by Meson, in a folder."""
    (place / "source").mkdir(parents=True)
    (place / "meson").mkdir()
    # What it includes is opened by that name, so it stays.
    (place / "source/x.h").write_text("")
    source = f'cdef extern from "{place}/source/x.h":\n    pass\ndef f():\n    return 1 / 0\n'
    (place / "source/x.pyx").write_text(source)
    words = [sys.executable, str(in_process.FOLDER / "run_cython.py"), "-3", "-M"]
    subprocess.run(
        [*words, "../source/x.pyx", "-o", "x.c"],
        cwd=place / "meson",
        env={**os.environ, "PYTHONPATH": str(cython)},
        check=True,
    )
    assert "../source/x.pyx" in (place / "meson/x.c.dep").read_text()
    return (place / "meson/x.c").read_text()


@pytest.mark.parametrize("version", sorted(cythons()))
def test_generated_c_names_a_folder_only_to_include_from_it(version: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(download.fetch(cythons()[version], defaults.CACHE)) as archive:
        archive.extractall(tmp_path / "cython")
    texts = []
    for place in (tmp_path / "one", tmp_path / "and/another"):
        text = translated(tmp_path / "cython", place)
        named = [line for line in text.splitlines() if str(place) in line]
        assert [line for line in named if "#include" in line]
        assert not [line for line in named if "#include" not in line and "extern from" not in line]
        texts.append(text.replace(str(place), ""))
    assert texts[0] == texts[1]
    assert '"x.pyx"' in texts[0]


def packed(folder: Path, epoch: int, **files: bytes) -> Path:
    """A wheel of some files."""
    tree = folder / "tree"
    for name, data in {"x-1.dist-info/METADATA": b"Name: x\n", **files}.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(data)
    return wheel.pack(tree, folder / "x-1-py3-none-any.whl", epoch)


def test_files_and_lines_that_differ(tmp_path: Path) -> None:
    day = wheel.ZIP_EPOCH + 86_400
    first = packed(tmp_path / "1", day, **{"a.py": b"1\nx = 1\n", "b": b"\0a", "c": b""})
    second = packed(tmp_path / "2", day, **{"a.py": b"1\nx = 2\n", "b": b"\0b?", "d": b""})
    assert compare.between(first, first) == []
    assert compare.between(first, second) == [
        "a.py: line 2: 'x = 1' and 'x = 2'",
        "b: 2 and 3 bytes, the first other one at 0x1",
        "c: in the first alone",
        "d: in the second alone",
    ]


def test_archives_that_differ_though_their_files_do_not(tmp_path: Path) -> None:
    pair = [packed(tmp_path / str(n), wheel.ZIP_EPOCH + n * 60, a=b"") for n in (1, 2)]
    (told,) = compare.between(*pair)
    assert told.startswith("the archive alone: the order, times or modes")


def test_a_wheel_that_the_first_build_did_not_make(tmp_path: Path) -> None:
    second = packed(tmp_path / "second", wheel.ZIP_EPOCH)
    with pytest.raises(ReproducibilityError) as caught:
        reproduce._require_equal(tmp_path / "house" / second.name, second, tmp_path)
    assert f"no wheel of this name was made the first time in {tmp_path}/house" in str(caught.value)


def test_static_libraries_tell_no_maker_and_no_time(bookworm: Sdk, tmp_path: Path) -> None:
    archive = bookworm.tools.ar
    made = []
    for name, when in (("one", 1e9), ("other", 1.1e9)):
        tree = tmp_path / name
        tree.mkdir()
        (tree / "x.c").write_text("int x;\n")
        subprocess.run([*bookworm.tools.cc, "-c", "x.c", "-o", "x.o"], cwd=tree, check=True)
        os.utime(tree / "x.o", (when, when))
        subprocess.run([archive, "rcsU", "libx.a", "x.o"], cwd=tree, check=True)
        made.append((tree / "libx.a").read_bytes())
        repair._forget_archivers(tree, bookworm, tmp_path / "log")
    assert made[0] != made[1]
    assert (tmp_path / "one/libx.a").read_bytes() == (tmp_path / "other/libx.a").read_bytes()
