"""Builds that fail: each says what, shows why, and publishes nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.core.errors import BuildError
from crossbuild.packages import lock
from crossbuild.packages.project.build_options import BuildOptions
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
    assert wheels(request) == ["good-1.0-cp311-cp311-linux_armv7l.whl"]


def test_pure_wheels_that_a_package_needs_are_published_with_it_alone(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    folder = projects.write(tmp_path / "bad", {"{name}.c": "#error this cannot be compiled\n"})
    request = request_in(folder)
    with pytest.raises(BuildError):
        run(request)
    (path,) = (request.target.work / "locks").glob("*.toml")
    made = lock.read(path)
    (pure,) = (one for one in made.build if one.name == "wheel")
    lock.write(replace(made, runtime=(pure,)), path)
    with pytest.raises(BuildError):
        run(request)
    assert not request.wheelhouse.exists()
    projects.write(folder)
    run(request)
    assert wheels(request) == ["bad-1.0-cp311-cp311-linux_armv7l.whl", pure.filename]
    sums = (request.wheelhouse / "SHA256SUMS").read_text()
    assert f"{pure.sha256}  {pure.filename}" in sums


@pytest.mark.parametrize("flag", ["-I/usr/lib/gcc", "-L/usr/lib/x86_64-linux-gnu"])
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
    assert f"used the build machine's files in {flag[2:]}" in caught.value.what
    assert flag[2:] in caught.value.evidence
    assert "dropped-paths" in caught.value.cure
    assert not request.wheelhouse.exists()


EXTENSION_WITH = """
    from setuptools import Extension, setup
    setup(ext_modules=[Extension("{{name}}", ["{{name}}.c"], {words})])
    """


#: Changes to the extension project that keep it from being built, what is said of them, and what
#: of the cure.
BROKEN = {
    "header": (
        {"{name}.c": "#include <ffi.h>\n"},
        ("the SDK lacks libffi (ffi.h)", "libffi-dev"),
    ),
    "library": (
        {"setup.py": EXTENSION_WITH.format(words='libraries=["nosuch"]')},
        ("the SDK has no library nosuch", "libnosuch.so"),
    ),
    "processor": (
        {"setup.py": EXTENSION_WITH.format(words='extra_compile_args=["-msse2"]')},
        ("build machine's processor: -msse2", "option of the package"),
    ),
    "generator": (
        {
            "gen.c": "int main(void) { return 0; }\n",
            "setup.py": """
                import os, subprocess
                from setuptools import setup
                subprocess.check_call([os.environ["CC"], "gen.c", "-o", "gen"])
                subprocess.check_call(["./gen"])
                setup()
                """,
        },
        ("on the build machine that was compiled for the board: ./gen", "before-build"),
    ),
    "configure": (
        {
            "configure": """
                #!/bin/sh
                echo 'int main(void) { return 0; }' > conftest.c
                $CC conftest.c -o conftest && ./conftest 2>/dev/null && exit
                echo 'configure: error: cannot run C compiled programs.' >&2
                exit 77
                """,
            "setup.py": """
                import subprocess
                from setuptools import setup
                subprocess.check_call(["sh", "./configure"])
                setup()
                """,
        },
        ("its configure script runs a program that it compiled", "--host"),
    ),
    "memory": (
        {
            "{name}.c": "#define A(x) x + x + x + x + x + x + x + x\n"
            "int sum = A(A(A(A(A(A(A(1)))))));\n",
            "setup.py": """
                import resource
                from setuptools import Extension, setup
                resource.setrlimit(resource.RLIMIT_AS, (300_000_000, 300_000_000))
                setup(ext_modules=[Extension("{name}", ["{name}.c"])])
                """,
        },
        ("this machine ran out of memory", "JOBS=1"),
    ),
    "module": (
        {"setup.py": "import nosuch.version\n"},
        ("its build imports nosuch, which is not among its build requirements", "requires"),
    ),
    "back end": (
        {
            "pyproject.toml": """
                [build-system]
                requires = []
                build-backend = "nosuch.meta"
                """
        },
        ("its build imports nosuch", "requires"),
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_failed_build_says_why(
    case: str, request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    files, (what, cure) = BROKEN[case]
    request = request_in(projects.write(tmp_path / "broken", files))
    with pytest.raises(BuildError) as caught:
        run(request)
    assert what in caught.value.what
    assert cure in caught.value.cure
    assert "Traceback" not in str(caught.value)
    assert "full log: " in caught.value.evidence
    assert not request.wheelhouse.exists()
