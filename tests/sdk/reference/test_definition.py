"""Definitions of reference SDKs, and what is wrong with one."""

from pathlib import Path

import pytest

from crossbuild.core.errors import ConfigurationError
from crossbuild.sdk import reference as reference_sdk
from crossbuild.sdk.reference import factory
from crossbuild.sdk.reference.definition import read


def test_each_suite_has_a_definition_with_its_python() -> None:
    found = {each.name: each.python for each in reference_sdk.definitions()}
    assert found == {
        "debian-bookworm": "3.11",
        "debian-bookworm-arm": "3.11",
        "debian-bullseye": "3.9",
        "debian-forky": "3.14",
        "debian-trixie": "3.13",
    }


def test_every_definition_is_tuned_for_the_cortex_a9() -> None:
    for each in reference_sdk.definitions():
        state = "-marm" if each.name.endswith("-arm") else "-mthumb"
        assert {"-mcpu=cortex-a9", "-mfpu=neon", "-mfloat-abi=hard", state} <= set(
            each.target.cc_arguments
        )


def test_the_one_in_arm_state_is_bookworm_s_but_for_that() -> None:
    arm, thumb = reference_sdk.load("debian-bookworm-arm"), reference_sdk.load("debian-bookworm")
    words = tuple(word.replace("-marm", "-mthumb") for word in arm.target.cc_arguments)
    as_thumb = arm.target.model_copy(update={"cc_arguments": words})
    own = {"name": thumb.name, "target": as_thumb, "openblas": thumb.openblas}
    assert arm.model_copy(update=own) == thumb


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('packages = ["g++', 'pakages = ["g++', "native.pakages"),
        ('"bash",', "7,", "target.packages[11]"),
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


def test_a_name_adds_packages_and_is_the_same_in_any_order() -> None:
    plain = reference_sdk.load("debian-bookworm")
    more = plain.adding(["libsigc++-2.0-dev", "libffi-dev", "zlib1g-dev"])
    assert more.name == "debian-bookworm+libffi-dev+libsigc++-2.0-dev"  # zlib is there already
    assert more.target.packages == (*plain.target.packages, "libffi-dev", "libsigc++-2.0-dev")
    assert more.more == ("libffi-dev", "libsigc++-2.0-dev")
    assert reference_sdk.load(more.name) == more == more.adding(["libffi-dev"])
    assert reference_sdk.is_name(more.name)
    assert not reference_sdk.is_name("debian-nowhere+libffi-dev")
    assert plain.adding([]) == plain
    assert more.title == more.name
    many = more.adding(["libpq-dev", "libgeos-dev"])
    assert many.title == "debian-bookworm with 4 more packages"
    assert factory.key(more) != factory.key(plain)


@pytest.mark.parametrize("package", ["-oDebug=1", "libffi dev", "Foo", "g++", "a/b", ""])
def test_what_is_no_package_is_refused(package: str) -> None:
    with pytest.raises(ConfigurationError, match="is not the name of a library's package"):
        reference_sdk.load("debian-bookworm").adding([package])


def test_too_many_packages_for_a_folder_s_name() -> None:
    more = reference_sdk.load("debian-bookworm").adding(f"lib{number}-dev" for number in range(30))
    with pytest.raises(ConfigurationError, match="too long a name") as caught:
        reference_sdk.default_destination(more.name)
    assert "--destination DIR" in caught.value.cure
