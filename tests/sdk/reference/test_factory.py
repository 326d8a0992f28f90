"""Making a reference SDK, and what stops it."""

import json
import lzma
import urllib.request
from pathlib import Path

import pytest

from crossbuild.core import defaults
from crossbuild.core.errors import ConfigurationError, IndexUnreachableError, ToolMissingError
from crossbuild.progress.console import Console
from crossbuild.sdk import debian
from crossbuild.sdk import reference as reference_sdk
from crossbuild.sdk.reference import factory
from crossbuild.sdk.reference.definition import Definition

BOOKWORM = reference_sdk.load("debian-bookworm")
NOWHERE = "file:///no/such/mirror/"


def _create(
    destination: Path, cache: Path, definition: Definition = BOOKWORM, **options: str
) -> Path:
    return reference_sdk.create(definition, destination, Console(), cache, **options)


@pytest.mark.parametrize(
    ("mirror", "words"),
    [
        (NOWHERE, "does not have a Release file"),
        # the discard port refuses at once, but apt tries it again and again
        pytest.param("http://127.0.0.1:9/", "Could not connect", marks=pytest.mark.slow),
    ],
)
def test_a_mirror_out_of_reach_is_named_and_leaves_nothing(
    tmp_path: Path, mirror: str, words: str
) -> None:
    with pytest.raises(IndexUnreachableError, match=mirror) as caught:
        _create(tmp_path / "sdks/mine", tmp_path / "cache", mirror=mirror)
    assert words in caught.value.evidence
    assert "--mirror" in caught.value.cure
    assert list((tmp_path / "sdks").iterdir()) == []


@pytest.mark.slow
def test_a_mirror_that_is_half_updated(tmp_path: Path) -> None:
    """Its signed list is that of Debian, and its packages are not those that the list names."""
    suite = tmp_path / "mirror/dists/bookworm"
    with urllib.request.urlopen(f"{debian.build_machine_mirror()}dists/bookworm/InRelease") as real:
        (suite / "main/binary-armhf").mkdir(parents=True)
        (suite / "InRelease").write_bytes(real.read())
    (suite / "main/binary-armhf/Packages.xz").write_bytes(lzma.compress(b"Package: x\n"))
    with pytest.raises(IndexUnreachableError) as caught:
        _create(tmp_path / "sdk", tmp_path / "cache", mirror=f"file://{tmp_path}/mirror/")
    assert debian.HALF_UPDATED in caught.value.evidence
    assert "try again in an hour" in caught.value.cure


def test_a_package_that_debian_has_not_leaves_nothing(tmp_path: Path) -> None:
    definition = BOOKWORM.adding(["libnowhere-dev"])
    with pytest.raises(ConfigurationError, match="no package libnowhere-dev for armhf") as caught:
        _create(tmp_path / "sdks/mine", defaults.CACHE, definition)
    assert "packages.debian.org/bookworm" in caught.value.cure
    assert list((tmp_path / "sdks").iterdir()) == []


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    left, own = tmp_path / "sdks/.mine.abcdef.partial", tmp_path / "sdks/.mine.settings"
    for folder in (left, own):
        folder.mkdir(parents=True)
    with pytest.raises(IndexUnreachableError):
        _create(tmp_path / "sdks/mine", tmp_path / "cache", mirror=NOWHERE)
    assert not left.exists()
    assert own.exists()


def test_a_path_with_a_space_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="space"):
        _create(tmp_path / "my sdk", tmp_path / "cache")


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    with pytest.raises(ConfigurationError, match="something other than a reference SDK"):
        _create(tmp_path, tmp_path / "cache")
    assert (tmp_path / "precious").exists()


def test_a_machine_without_apt_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match="apt-get") as caught:
        _create(tmp_path / "sdk", tmp_path / "cache")
    assert "SDK=DIR" in caught.value.cure


def test_a_current_sdk_is_not_made_again_and_a_changed_definition_makes_it_stale(
    tmp_path: Path,
) -> None:
    record = {"key": factory.key(BOOKWORM)}
    (tmp_path / "reference-sdk.json").write_text(json.dumps(record))
    assert _create(tmp_path, tmp_path / "cache", mirror=NOWHERE) == tmp_path
    assert reference_sdk.is_current(BOOKWORM, tmp_path)
    other = BOOKWORM.model_copy(update={"suite": "sid"})
    assert not reference_sdk.is_current(other, tmp_path)
    elsewhere = BOOKWORM.model_copy(update={"mirror": "http://mirror.example/debian"})
    assert reference_sdk.is_current(elsewhere, tmp_path)
