"""A build Python for a machine that has none: fetched, and good for a build."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.core import defaults
from crossbuild.core.command import run
from crossbuild.core.errors import BuildPythonError
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress.console import Console
from crossbuild.python import build_python, fetched
from crossbuild.sdk.brought import Store
from tests.support import projects

#: Of a suite other than the build machine's.
VERSION = "3.13"


@pytest.fixture
def machine_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build machine with all of its programs but that Python."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for path in Path("/usr/bin").iterdir():
        if path.name != f"python{VERSION}":
            (programs / path.name).symlink_to(path)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))


@pytest.mark.slow
@pytest.mark.usefixtures("machine_without_it")
def test_what_is_fetched_has_its_own_c_library_and_builds(
    request_in: Callable[..., BuildRequest],
    reference_sdk_root: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    store = Store(defaults.CACHE)
    python = build_python.find(VERSION, headers=True, store=store)
    assert python.origin == "Debian"
    mapped = run([python.executable, "-c", "print(open('/proc/self/maps').read())"]).output
    libraries = {line.split()[-1] for line in mapped.splitlines() if ".so" in line}
    assert libraries
    assert all(path.startswith(str(store.cache)) for path in libraries)
    request = request_in(projects.write(tmp_path / "tiny"), python=VERSION)
    root = reference_sdk_root("debian-trixie")
    request = replace(request, target=replace(request.target, sdk=root, pythons=store))
    [made] = make_wheels(request, Console())
    assert made.wheel.name == "tiny-1.0-cp313-cp313-linux_armv7l.whl"


@pytest.mark.usefixtures("machine_without_it")
def test_where_nothing_may_be_fetched_the_cure_says_so(tmp_path: Path) -> None:
    with pytest.raises(BuildPythonError) as caught:
        build_python.find(VERSION, store=Store(tmp_path / "cache", offline=True))
    assert "Debian: not in the cache: python-3.13-" in caught.value.evidence
    assert "uv: none may be fetched" in caught.value.evidence
    assert "without --offline and --no-fetch-python: Python 3.13 of Debian" in caught.value.cure
    assert "apt-get install python3.13" not in caught.value.cure


def test_what_is_offered_is_what_somebody_has() -> None:
    assert fetched.offer("3.11") == "Python 3.11 of Debian bookworm"
    assert fetched.offer("3.12") == "uv's Python 3.12"
    assert fetched.offer("3.7") == ""
