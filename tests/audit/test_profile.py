"""Board profiles: from a sysroot, from a file, and what pip on the board takes."""

from pathlib import Path

import pytest

from crossbuild.audit import profile as board_profile
from crossbuild.audit import sysroot_profile
from crossbuild.audit.profile import BoardProfile
from crossbuild.core.errors import ConfigurationError
from crossbuild.sdk.model import Sdk
from tests.support.sample_wheels import PYTHON


def profile(libc: str = "GLIBC_2.28", **python: str | None) -> BoardProfile:
    return BoardProfile(
        name="x",
        cpu="cortex-a9",
        machine="armv7l",
        libraries={"libc.so.6": frozenset({"GLIBC_2.4", libc, "GLIBC_PRIVATE"})},
        python=PYTHON.model_copy(update=python),
    )


@pytest.mark.trap(6)
def test_from_the_reference_sdk(bookworm: Sdk) -> None:
    found = sysroot_profile.from_sysroot(bookworm.target_sysroot, PYTHON)
    assert found.glibc == "2.36"
    assert found.features == {"neon", "fp16"}
    assert "GLIBCXX_3.4.30" in found.libraries["libstdc++.so.6"]
    assert "GCC_3.5" in found.libraries["libgcc_s.so.1"]
    assert {"libz.so.1", "ld-linux-armhf.so.3"} <= set(found.libraries)
    # for development alone: an image has neither
    assert not {"libopenblas.so.0", "libblas.so.3", "libgfortran.so.5"} & set(found.libraries)


def test_libraries_to_exclude_can_be_named(bookworm: Sdk) -> None:
    found = sysroot_profile.from_sysroot(bookworm.target_sysroot, PYTHON, exclude=["libz*"])
    assert "libz.so.1" not in found.libraries
    assert {"libgfortran.so.5", "libblas.so.3"} <= set(found.libraries)
    assert "libgfortran.so" not in found.libraries  # only for linking


def test_python_and_pip_of_the_sysroot(bookworm: Sdk) -> None:
    symbols = sysroot_profile.python_symbols(bookworm.target_sysroot, "3.11")
    assert {"PyModule_Create2", "_Py_NoneStruct", "PyUnicode_FromString"} <= symbols
    assert "PyInt_FromLong" not in symbols
    assert sysroot_profile.pip_version(bookworm.target_sysroot, "3.11") == "23.0.1"
    assert sysroot_profile.pip_version(bookworm.target_sysroot / "usr", "3.11") is None


def test_a_profile_survives_its_file(tmp_path: Path) -> None:
    board_profile.save(profile(), tmp_path / "x.toml")
    assert board_profile.load(tmp_path / "x.toml") == profile()


@pytest.mark.parametrize(
    ("pip", "accepted", "not_accepted"),
    [
        (None, "cp311-cp311-linux_armv7l", "cp311-cp311-manylinux2014_armv7l"),
        ("19.2.3", "py3-none-linux_armv7l", "cp311-cp311-manylinux2014_armv7l"),
        ("19.3", "cp311-cp311-manylinux2014_armv7l", "cp311-cp311-manylinux_2_17_armv7l"),
        ("20.3", "cp311-cp311-manylinux_2_28_armv7l", "cp311-cp311-manylinux_2_29_armv7l"),
        ("23.0", "cp39-abi3-linux_armv7l", "cp312-abi3-linux_armv7l"),
        ("23.0", "py3-none-any", "cp311-cp311-linux_x86_64"),
        ("23.0", "cp311-cp311-linux_armv7l", "cp311-cp311-linux_armv6l"),
    ],
)
def test_tags(pip: str | None, accepted: str, not_accepted: str) -> None:
    tags = {str(tag) for tag in profile(pip=pip).tags}
    assert accepted in tags
    assert not_accepted not in tags


def test_tags_of_a_python_with_pymalloc_in_its_abi() -> None:
    old = profile(version="3.7", full_version="3.7.8", abi_tag="cp37m", pip="19.2.3")
    assert "cp37-cp37m-linux_armv7l" in {str(tag) for tag in old.tags}
    assert old.environment["python_full_version"] == "3.7.8"
    assert old.environment["platform_machine"] == "armv7l"


def test_a_board_that_is_not_known() -> None:
    with pytest.raises(ConfigurationError, match=r"(?s)'rpi9'.*known: .*imx6q.*try: choose"):
        board_profile.description("rpi9")


def test_a_cpu_that_is_not_known() -> None:
    strange = profile().model_copy(update={"cpu": "z80"})
    with pytest.raises(ConfigurationError, match=r"(?s)'z80' is unknown.*known: .*cortex-a9"):
        strange.features  # noqa: B018


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("name = ", "Invalid value"),
        ('name = "x"', "cpu: Field required"),
        ('colour = "red"', "colour: Extra inputs are not permitted"),
        ('name = "x"\n[python]\nversion = 3.7', "python.version: Input should be a valid string"),
        ("libraries = { libc = [1] }", "libraries.libc[0]: Input should be a valid string"),
    ],
)
def test_a_file_that_is_wrong(tmp_path: Path, text: str, evidence: str) -> None:
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        board_profile.load(tmp_path / "p.toml")
    assert f"{tmp_path / 'p.toml'}: {evidence}" in caught.value.evidence
    assert "imx6q.toml" in caught.value.cure


def test_every_board_can_be_read() -> None:
    names = list(board_profile.boards())
    assert "imx6q" in names
    for name in names:
        assert board_profile.description(name).title
