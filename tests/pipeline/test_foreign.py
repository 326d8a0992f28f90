"""A build back end is foreign code: what one tries, and what comes of it."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.core import files
from crossbuild.isolation import confinement
from crossbuild.packages.project.build_options import BuildOptions
from crossbuild.pipeline.request import BuildRequest
from tests.support import projects
from tests.support.requests import changed, run

pytestmark = pytest.mark.slow

#: Tries what a back end has no business with, tells what came of it, and builds.
FOREIGN = """
    import os, pathlib, socket
    from setuptools import Extension, setup
    home = pathlib.Path("HOME")

    def attempt(name, deed):
        try:
            print("attempt", name, "->", deed())
        except BaseException as error:
            print("attempt", name, "->", error.strerror)

    attempt("key", lambda: (home / ".ssh/id").read_text())
    attempt("home", lambda: (home / "left").write_text("by a stranger"))
    attempt("socket", lambda: socket.create_connection(("127.0.0.1", PORT)))
    attempt("parent", lambda: os.kill(PARENT, 0))
    setup(ext_modules=[Extension("{name}", ["{name}.c"])])
    """


def test_what_a_stranger_tries(
    request_in: Callable[..., BuildRequest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason := confinement.obstacle():
        pytest.skip(reason)
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh/id").write_text("my key")
    monkeypatch.setenv("HOME", str(home))
    told = {"HOME": str(home), "PORT": "9", "PARENT": str(os.getpid())}
    setup = re.sub("|".join(told), lambda match: told[match[0]], FOREIGN)
    project = projects.write(tmp_path / "foreign", {"setup.py": setup})

    request = changed(request_in(project), keep=True)
    (made,) = run(request)
    assert _attempts(request) == {
        "key": "No such file or directory",
        "home": "Read-only file system",
        "socket": "Connection refused",
        "parent": "No such process",
    }
    assert not (home / "left").exists()

    trusting = request_in(project, within=tmp_path / "trusting")
    options = BuildOptions(unconfined=("foreign",))
    trusting = replace(trusting, options=options, keep=True)
    (same,) = run(trusting)
    assert _attempts(trusting)["key"] == "my key"
    assert (home / "left").read_text() == "by a stranger"
    assert files.sha256(same.wheel) == files.sha256(made.wheel)


def _attempts(request: BuildRequest) -> dict[str, str]:
    """What came of each attempt, by the logs of a request's builds."""
    logs = "".join(path.read_text() for path in request.target.work.rglob("build.log"))
    return dict(re.findall(r"^attempt (\w+) -> (.*)$", logs, re.MULTILINE))
