"""Where users have their sources: below a project, in a repository, behind links, in archives."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.packages import lock
from crossbuild.packages.project import configuration
from crossbuild.packages.wanted import parse_all
from crossbuild.pipeline.request import BuildRequest
from tests.end_to_end.test_own_packages import made, members, sdist
from tests.support import projects
from tests.support.repositories import committed, git
from tests.support.requests import command, run

pytestmark = pytest.mark.slow

Requests = Callable[..., BuildRequest]


def test_a_binding_of_a_library_beside_it(
    request_in: Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = projects.of(tmp_path / "project", {"lib/x.c": "int x(void) { return 8; }"})
    changes = {
        "setup.py": """
            from setuptools import Extension, setup
            setup(ext_modules=[Extension("binding", ["binding.c", "../../lib/x.c"])])
            """
    }
    binding = projects.write(project / "python/binding", changes)
    monkeypatch.chdir(project)
    request = request_in(binding)
    assert [wheel.reused for wheel in run(request)] == [False]
    assert [wheel.reused for wheel in run(request)] == [True]
    (project / "lib/x.c").write_text("int x(void) { return 9; }")
    assert [wheel.reused for wheel in run(request)] == [False]


#: A project whose version is its tag, with a module that its back end finds by git.
BY_TAG = {
    "pyproject.toml": """
        [build-system]
        requires = ["setuptools<75", "setuptools_scm>=8"]
        build-backend = "setuptools.build_meta"
        [project]
        name = "tagged"
        dynamic = ["version"]
        [tool.setuptools]
        packages = ["tagged"]
        [tool.setuptools_scm]
        """,
    "tagged/__init__.py": "",
    "tagged/table.txt": "tracked",
    ".gitignore": "made.txt",
}


def test_a_version_is_that_of_the_tag(request_in: Requests, tmp_path: Path) -> None:
    project = committed(tmp_path / "tagged", BY_TAG, tag="v2.3.4")
    (project / "tagged/made.txt").write_text("ignored")
    request = request_in(project)
    (wheel,) = made(request)
    assert wheel.name == "tagged-2.3.4-py3-none-any.whl"
    assert "tagged/table.txt" in members(wheel)
    assert "tagged/made.txt" not in members(wheel)
    git(project, "tag", "v2.4.0")
    git(project, "tag", "--delete", "v2.3.4")
    assert [wheel.name for wheel in made(request)] == ["tagged-2.4.0-py3-none-any.whl"]
    (project / "tagged/table.txt").write_text("dirty")
    (wheel,) = made(request)
    assert wheel.name.startswith("tagged-2.4.1.dev0+")


def test_a_source_distribution_of_the_users_own(request_in: Requests, tmp_path: Path) -> None:
    archive = sdist(projects.write(tmp_path / "plain").rename(tmp_path / "plain-1.0"), tmp_path)
    changed = archive.read_bytes()
    request = replace(request_in(), packages=parse_all([str(archive)]))
    (first,) = run(request)
    assert first.wheel.name == "plain-1.0-cp311-cp311-linux_armv7l.whl"
    assert [wheel.reused for wheel in run(request)] == [True]
    (tmp_path / "plain-1.0/plain.c").open("a").write("int more;\n")
    sdist(tmp_path / "plain-1.0", tmp_path)
    assert archive.read_bytes() != changed
    assert [wheel.reused for wheel in run(request)] == [False]


#: Told by a variable where its library is, as Pillow is by a setting.
TOLD = {
    "setup.py": """
        import os
        from setuptools import setup
        setup(name="told", version="1.0", py_modules=[os.environ["TOLD_MODULE"]])
        """,
    "told_one.py": "",
}


def test_a_package_of_the_index_has_settings_of_its_own(
    request_in: Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdist(projects.of(tmp_path / "told-1.0", TOLD), tmp_path / "house")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "house"))
    text = '[tool.crossbuild.package.Told.environment]\nTOLD_MODULE = "told_one"\n'
    configured = configuration.read(projects.of(tmp_path, {"pyproject.toml": text}), {})
    request = replace(request_in(), packages=parse_all(["told==1.0"]))
    (wheel,) = made(replace(request, options=configured.options(tmp_path)))
    assert "told_one.py" in members(wheel)


#: A back end of the project's own, which requires what a table says, and counts who asks.
IN_TREE = {
    "pyproject.toml": """
        [build-system]
        requires = ["setuptools<75", "wheel"]
        build-backend = "own"
        backend-path = ["backend"]
        [project]
        name = "plain"
        version = "1.0"
        [tool.own]
        requires = []
        """,
    "backend/own.py": """
        import tomllib
        from setuptools.build_meta import *
        def get_requires_for_build_wheel(config_settings=None):
            with open("{asked}", "a") as file:
                file.write("asked ")
            with open("pyproject.toml", "rb") as file:
                return tomllib.load(file)["tool"]["own"]["requires"]
        """,
}


def test_a_back_end_is_asked_once_and_again_when_what_it_reads_changes(
    trusting: Requests, tmp_path: Path
) -> None:
    asked = tmp_path / "asked"
    backend = IN_TREE["backend/own.py"].replace("{asked}", str(asked))
    project = projects.write(tmp_path / "plain", {**IN_TREE, "backend/own.py": backend})
    request = trusting(project)
    both = [subprocess.Popen(command(request)) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert asked.read_text() == "asked "
    (project / "plain.c").open("a").write("int more;\n")
    made(request)
    assert asked.read_text() == "asked "
    table = project / "pyproject.toml"
    table.write_text(table.read_text().replace("requires = []", 'requires = ["setuptools_scm"]'))
    made(request)
    assert asked.read_text() == "asked asked "
    locks = [lock.read(path) for path in (request.target.work / "locks").glob("*.toml")]
    assert sum("setuptools_scm" in found.requires["build"] for found in locks) == 1
    (project / "backend/own.py").open("a").write("# changed\n")
    made(request)
    assert asked.read_text() == "asked asked asked "
