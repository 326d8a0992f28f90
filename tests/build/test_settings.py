"""What a build shares with others, and what it keeps to itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.build.crossenv import CrossEnv
from crossbuild.build.settings import cache_base
from crossbuild.build.workspace import Workspace
from crossbuild.python.target_python import TargetPython
from crossbuild.sdk.model import Sdk
from crossbuild.toolchain.compilers import Compilers


@pytest.mark.parametrize(
    ("sdk", "cwd", "base"),
    [
        ("project/sysroots/sdk", "project", "project"),
        ("poky", "project", "project/build/work/cp311"),
        ("/opt/poky", "/", "project/build/work/cp311"),
    ],
)
def test_the_base_of_the_cache_has_the_sdk_of_the_same_project(
    bookworm: Sdk, sdk: str, cwd: str, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The target's Python is always in it."""
    cell = tmp_path / "project/build/work/cp311"
    cell.mkdir(parents=True)
    monkeypatch.chdir(tmp_path / cwd)
    python = TargetPython(
        "3.11", "3.11.2", cell / "target", cell, cell, {}, ".so", "cpython-311", "cp311", "sysroot"
    )
    place = Workspace(
        cell / "numpy-1.26.4",
        replace(bookworm, root=tmp_path / sdk),
        python,
        build_python=None,  # type: ignore[arg-type]  # no path of it is compiled into anything
        targets={},
        cache=tmp_path / "cache",
    )
    assert cache_base(place) == str(tmp_path / base)


@pytest.mark.parametrize(
    ("version", "variable"),
    [("3.7", "PYTHONDONTWRITEBYTECODE"), ("3.11", "PYTHONPYCACHEPREFIX")],
)
def test_byte_code_lies_nowhere_but_in_the_environment(
    version: str, variable: str, tmp_path: Path
) -> None:
    tools = Compilers(tmp_path / "bin", "arm", has_fortran=False)
    env = CrossEnv(tmp_path, version, tmp_path, tmp_path, tmp_path, tools)
    found = env.environment({})
    names = {"PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"} & found.keys()
    assert names == {variable}
    assert found[variable] in {"1", str(tmp_path / "byte-code")}
