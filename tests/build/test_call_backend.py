"""The hook caller for Python 3.5, tried in place of pyproject_hooks's own."""

import sys
from pathlib import Path

import pytest
from build import BuildBackendException, ProjectBuilder

from crossbuild import in_process
from crossbuild.build import backend
from crossbuild.core.command import run
from crossbuild.core.errors import BuildError

BACKEND = """
import pathlib
import queue

WHEEL = "made-1.0-py3-none-any.whl"

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    (pathlib.Path(wheel_directory) / WHEEL).write_text(config_settings["word"])
    return {"": WHEEL, "nothing": None}.get(config_settings.get("returned", ""), "x.whl")
"""


@pytest.fixture
def builder(tmp_path: Path) -> ProjectBuilder:
    source = tmp_path / "project"
    (source / "tools").mkdir(parents=True)
    (source / "tools/backend.py").write_text(BACKEND)
    (source / "queue.py").write_text("raise ImportError('a module of the project, not Python's')\n")
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["tools"]\n'
    )

    def runner(cmd: list[str], cwd: str | None = None, extra_environ: object = None) -> None:
        words = [cmd[0], str(in_process.FOLDER / "call_backend.py"), *cmd[2:]]
        assert isinstance(extra_environ, dict)
        run(words, cwd=Path(cwd or "."), env=extra_environ)

    return ProjectBuilder(source, python_executable=sys.executable, runner=runner)  # type: ignore[arg-type]


def test_it_builds_with_the_settings_given(builder: ProjectBuilder, tmp_path: Path) -> None:
    made = builder.build("wheel", tmp_path / "out", {"word": "hello"})
    assert Path(made).read_text() == "hello"


def test_a_missing_hook_is_told(builder: ProjectBuilder, tmp_path: Path) -> None:
    with pytest.raises(BuildBackendException):
        builder.build("sdist", tmp_path / "out")


@pytest.mark.parametrize("returned", ["nothing", "another name"])
def test_a_back_end_that_names_no_wheel(
    builder: ProjectBuilder, tmp_path: Path, returned: str
) -> None:
    told = {"word": "hello", "returned": returned}
    with pytest.raises(BuildError, match="made no wheel"):
        backend.made_by(builder, tmp_path / "out", told)
    made = backend.made_by(builder, tmp_path / "out", {"word": "hello"})
    assert made.read_text() == "hello"
