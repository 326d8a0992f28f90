"""What a word on the command line means."""

from pathlib import Path

import pytest

from crossbuild.core.errors import ConfigurationError
from crossbuild.packages import wanted
from crossbuild.packages.find import Finder
from crossbuild.packages.wanted import SourceArchive, SourceFolder, parse


def test_a_path_names_a_folder_or_an_archive(tmp_path: Path) -> None:
    assert isinstance(parse("./x"), SourceFolder)
    for text in ("./x-1.0.tar.gz", "x-1.0.tar.gz", "../dist/My_X-1.0.zip"):
        assert isinstance(parse(text), SourceArchive)
    (tmp_path / "folder.zip").mkdir()
    assert isinstance(parse(str(tmp_path / "folder.zip")), SourceFolder)
    assert str(wanted.installed_as(parse("./My_X-1.0.zip"))) == "my-x==1.0"


@pytest.mark.parametrize(
    ("text", "what"),
    [("./none-1.0.tar.gz", "there is no source distribution"), ("./main.zip", "is not called as")],
)
def test_an_archive_that_is_none_is_refused(text: str, what: str, tmp_path: Path) -> None:
    if "none" not in text:
        (tmp_path / text).write_bytes(b"")
    finder = Finder("3.11", tmp_path / "locks", tmp_path / "cache", offline=True)
    with pytest.raises(ConfigurationError, match=what) as caught:
        finder.find(parse(str(tmp_path / text)))
    assert "NAME-VERSION.tar.gz" in caught.value.cure
