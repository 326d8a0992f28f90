"""What a command works on."""

from pathlib import Path

import pytest

from crossbuild.cli import inputs
from crossbuild.core.errors import ConfigurationError


@pytest.mark.parametrize(
    "name", ["my work", "o'brien", "a$b", "with:colon", "a{b}", "R&D", "a(b)", 'a"b', "a\\b"]
)
def test_a_work_folder_that_builds_would_misread(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match="the work folder's path must not contain"
    ) as caught:
        inputs.readable(tmp_path / name)
    assert str(tmp_path / name) in caught.value.evidence
    assert "--work-dir /" in caught.value.cure


@pytest.mark.parametrize("name", ["job_feature%2Fnew@2", "josé", "c++", "a=b", "a,b", "a#b"])
def test_a_work_folder_with_other_odd_characters(name: str, tmp_path: Path) -> None:
    assert inputs.readable(tmp_path / name) == tmp_path / name
