"""Definitions of reference SDKs, and what is wrong with one."""

from pathlib import Path

import pytest

from crossbuild.core.errors import ConfigurationError
from crossbuild.sdk import reference as reference_sdk
from crossbuild.sdk.reference.definition import read


def test_each_suite_has_a_definition_with_its_python() -> None:
    found = {each.name: each.python for each in reference_sdk.definitions()}
    assert found == {
        "debian-bookworm": "3.11",
        "debian-bullseye": "3.9",
        "debian-trixie": "3.13",
    }


def test_every_definition_is_tuned_for_the_cortex_a9() -> None:
    for each in reference_sdk.definitions():
        assert {"-mcpu=cortex-a9", "-mfpu=neon", "-mfloat-abi=hard", "-mthumb"} <= set(
            each.target.cc_arguments
        )


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('packages = ["g++', 'pakages = ["g++', "native.pakages"),
        ('"bash",', "7,", "target.packages[10]"),
        ('suite = "bookworm"', "", "suite"),
    ],
)
def test_a_wrong_key_is_named_with_its_path(tmp_path: Path, old: str, new: str, where: str) -> None:
    text = (reference_sdk.default_destination("debian-bookworm.toml")).read_text()
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as caught:
        read(path)
    assert f"{path}: {where}: " in caught.value.evidence


def test_text_that_is_no_toml_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("suite = \n")
    with pytest.raises(ConfigurationError, match=r"mine\.toml does not define") as caught:
        read(path)
    assert f"{path}: Invalid value (at line 1" in caught.value.evidence
    assert "sysroots/README.md" in caught.value.cure


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="debian-sid") as caught:
        reference_sdk.load("debian-sid")
    assert "debian-bookworm" in caught.value.cure
