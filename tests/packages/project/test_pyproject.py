"""A wheel against what its project says of itself."""

from pathlib import Path

import pytest

from crossbuild.core.errors import BuildError, ConfigurationError
from crossbuild.packages.project import pyproject


def project(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "wheel"),
    [
        ('[project]\nname = "My.Tool"\nversion = "1.0-rc1"', "my_tool-1.0rc1"),
        ('[project]\nname = "tool"\ndynamic = ["version"]', "tool-7.1"),
        ('[project]\nname = "tool"\nversion = "1.0+a.b"', "tool-1.0+a.b"),
        ("", "anything-0.0.0"),
    ],
)
def test_a_wheel_that_is_what_was_stated(text: str, wheel: str, tmp_path: Path) -> None:
    """Where something else is stated, the same wheel is refused."""
    path = Path(f"{wheel}-py3-none-any.whl")
    pyproject.require_stated(path, project(tmp_path, text))
    with pytest.raises(BuildError) as caught:
        pyproject.require_stated(path, project(tmp_path, '[project]\nname = "other"'))
    assert caught.value.evidence.endswith(": other")


@pytest.mark.parametrize(
    ("text", "wheel", "said"),
    [
        ('[project]\nname = "tool"\nversion = "1.0"', "UNKNOWN-0.0.0", "tool 1.0"),
        ('[project]\nname = "tool"\nversion = "1.0"', "tool-0.0.0", "tool 1.0"),
    ],
)
def test_a_wheel_that_is_something_else(text: str, wheel: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BuildError) as caught:
        pyproject.require_stated(Path(f"{wheel}-py3-none-any.whl"), project(tmp_path, text))
    assert caught.value.what.startswith(f"{wheel}-py3-none-any.whl is not what")
    assert caught.value.evidence.endswith(f": {said}")
    assert "setup.cfg" in caught.value.cure


@pytest.mark.parametrize("made", ["UNKNOWN-0.0.0", "unknown-0.0.0"])
def test_a_project_without_a_name(made: str, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="has no name") as caught:
        pyproject.require_stated(Path(f"{made}-py3-none-any.whl"), project(tmp_path, ""))
    assert made in caught.value.evidence


def test_a_malformed_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="malformed"):
        pyproject.read(project(tmp_path, "[project\n"))


@pytest.mark.parametrize("data", [b"[project\n", b"name = '\xff'", b"project = 3"])
def test_a_malformed_file_of_an_archive_is_told(data: bytes) -> None:
    path = Path("/cache/thing-1.0.tar.gz/pyproject.toml")
    with pytest.raises(ConfigurationError, match="malformed") as caught:
        pyproject.parse(data, path)
    assert caught.value.evidence.startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[project]\nrequires-python = 3.7\n", "project.requires-python"),
        ("[project]\nrequires-python = 'newer'\n", "project.requires-python"),
        ("project = 3\n", "project"),
        ("[build-system]\nrequires = 'setuptools'\n", "build-system.requires"),
        ("[build-system]\nrequires = ['setuptools', 3]\n", "build-system.requires[1]"),
        ("[build-system]\nrequires = ['setuptools', 'no way!']\n", "build-system.requires[1]"),
    ],
)
def test_a_value_of_another_kind_is_told(text: str, key: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="malformed") as caught:
        pyproject.stated(project(tmp_path, text))
    assert f"pyproject.toml: {key}: " in caught.value.evidence
