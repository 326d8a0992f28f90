"""From what the user names to what is built; the rest is in the tests of whole builds."""

from pathlib import Path

import pytest

from crossbuild.core.errors import ConfigurationError, IndexUnreachableError
from crossbuild.packages.find import Finder
from crossbuild.packages.wanted import parse
from tests.support import projects

PYPROJECT = f"""
[build-system]
requires = ["hatchling"]
build-backend = "own"
backend-path = ["tools/backend"]
[project]
name = "plain"
version = "1.0"
description = "{"a text that is too long for a file's name, " * 10}"
[tool.hatch.build.hooks.custom]
path = "tools/hook.py"
"""


def test_a_folder_is_locked_again_when_what_states_its_requirements_changes(
    tmp_path: Path,
) -> None:
    """Offline, an error names the lock that is missing."""
    project = projects.of(tmp_path / "plain", {"pyproject.toml": PYPROJECT})
    finder = Finder("3.11", tmp_path / "locks", tmp_path / "cache", offline=True)

    def lock() -> str:
        with pytest.raises(IndexUnreachableError) as caught:
            finder.find(parse(str(project)))
        return caught.value.evidence

    first = lock()
    seen = {first}
    for name in ("plain.c", "tools/other.py", "README.md", "tools/backend/data.bin"):
        projects.of(project, {name: "x"})
        assert lock() == first
    table = f"{PYPROJECT}[tool.other]\nx = 1\n"
    for changed in (
        *({"setup.py": "1"}, {"setup.cfg": "1"}, {"versioneer.py": "1"}, {"CMakeLists.txt": "1"}),
        *({"pyproject.toml": table}, {"tools/hook.py": "1"}, {"tools/hook.py": "2"}),
        {"tools/backend/deep/own.py": "1"},
    ):
        projects.of(project, changed)
        assert lock() not in seen
        seen.add(lock())


@pytest.mark.parametrize("text", ["./gone", "git+https://example.com/x", "./x[extra]"])
def test_a_folder_that_is_not_there(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no folder"):
        Finder("3.11", tmp_path / "locks", tmp_path / "cache").find(parse(text))


@pytest.mark.parametrize("name", ["x-1.0.tar.xz", "x-1.0-py3-none-any.whl", "setup.py"])
def test_a_file_that_is_no_source_distribution(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    finder = Finder("3.11", tmp_path / "locks", tmp_path / "cache", offline=True)
    with pytest.raises(ConfigurationError, match="neither a source folder") as caught:
        finder.find(parse(str(tmp_path / name)))
    assert "NAME-VERSION.tar.gz" in caught.value.evidence
