"""A small package of each back end that has a way of its own to a compiled module, and to a tag."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import which

import pytest

from crossbuild.core.errors import ToolMissingError
from crossbuild.pipeline.request import BuildRequest
from tests.support import projects, requests

pytestmark = pytest.mark.slow

_MODULE = projects.EXTENSION["{name}.c"].replace("{name}", "_fast")

_COMPILE = """
from setuptools import Distribution, Extension
command = Distribution({"ext_modules": [Extension("tiny._fast", ["fast.c"])]})
command = command.get_command_obj("build_ext")
command.inplace = True
command.ensure_finalized()
command.run()
"""

_PROJECT = """
[project]
name = "tiny"
version = "1.0"
description = "tiny"
requires-python = ">=3.7"
"""


def _project(requires: str, backend: str, more: str = "") -> str:
    system = f'[build-system]\nrequires = [{requires}]\nbuild-backend = "{backend}"\n'
    return f"{system}{_PROJECT}{more}"


POETRY = {
    "pyproject.toml": _project(
        '"poetry-core>=2,<3", "setuptools<75"',
        "poetry.core.masonry.api",
        '[tool.poetry]\ninclude = [{ path = "tiny/*.so", format = "wheel" }]\n'
        '[tool.poetry.build]\nscript = "compile.py"\ngenerate-setup-file = false\n',
    ),
    "compile.py": _COMPILE,
}

HATCHLING = {
    "pyproject.toml": _project(
        '"hatchling<2", "setuptools<75"',
        "hatchling.build",
        '[tool.hatch.build.targets.wheel]\nartifacts = ["*.so"]\n'
        "[tool.hatch.build.targets.wheel.hooks.custom]\n",
    ),
    "compile.py": _COMPILE,
    "hatch_build.py": """
        import subprocess, sys
        from hatchling.builders.hooks.plugin.interface import BuildHookInterface
        class Compile(BuildHookInterface):
            def initialize(self, version, build_data):
                subprocess.check_call([sys.executable, "compile.py"])
                build_data.update(infer_tag=True, pure_python=False)
        """,
}

PDM = {
    "pyproject.toml": _project(
        '"pdm-backend<3", "setuptools<75"',
        "pdm.backend",
        "[tool.pdm.build]\nrun-setuptools = true\n",
    ),
    "pdm_build.py": """
        from setuptools import Extension
        def pdm_build_update_setup_kwargs(context, setup_kwargs):
            setup_kwargs.update(ext_modules=[Extension("tiny._fast", ["fast.c"])])
        """,
}


@pytest.mark.parametrize("files", [POETRY, HATCHLING, PDM], ids=["poetry", "hatchling", "pdm"])
def test_a_module_compiled_by_a_hook_is_the_boards_and_so_is_the_tag(
    files: Mapping[str, str], request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    shared = {"tiny/__init__.py": "", "fast.c": _MODULE}
    (made,) = requests.run(request_in(projects.of(tmp_path / "tiny", {**shared, **files})))
    assert made.wheel.name == "tiny-1.0-cp311-cp311-linux_armv7l.whl"
    with zipfile.ZipFile(made.wheel) as archive:
        modules = [name for name in archive.namelist() if name.endswith(".so")]
    assert modules == ["tiny/_fast.cpython-311-arm-linux-gnueabihf.so"]


def test_a_pure_package_of_flit(request_in: Callable[..., BuildRequest], tmp_path: Path) -> None:
    files = {
        "pyproject.toml": _project('"flit_core>=3.2,<4"', "flit_core.buildapi"),
        "tiny/__init__.py": "",
    }
    (made,) = requests.run(request_in(projects.of(tmp_path / "tiny", files)))
    assert made.wheel.name == "tiny-1.0-py3-none-any.whl"


@pytest.mark.skipif(
    which("cargo", path="/usr/local/bin:/usr/bin") is not None, reason="it is there"
)
def test_a_package_of_setuptools_rust_says_what_it_needs(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    files = {
        "pyproject.toml": _project('"setuptools<75", "setuptools-rust<2"', "setuptools.build_meta")
        + '[tool.setuptools]\npackages = ["tiny"]\n'
        '[[tool.setuptools-rust.ext-modules]]\ntarget = "tiny._fast"\n',
        "tiny/__init__.py": "",
        "Cargo.toml": """
            [package]
            name = "tiny"
            version = "1.0.0"
            edition = "2021"
            [lib]
            crate-type = ["cdylib"]
            """,
        "src/lib.rs": "",
    }
    request = request_in(projects.of(tmp_path / "tiny", files))
    with pytest.raises(ToolMissingError, match="armv7-unknown-linux-gnueabihf") as caught:
        requests.run(request)
    assert "pip download" in caught.value.cure
    assert not list(request.wheelhouse.glob("*"))
