"""What is not exported, and what is said of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.audit.profile import BoardProfile
from crossbuild.core.errors import (
    AuditError,
    ConfigurationError,
    CrossbuildError,
    ExportError,
)
from crossbuild.export import licence, target
from crossbuild.papers.licence import named
from tests.export.conftest import read
from tests.support.elf_files import header
from tests.support.sample_wheels import EXT_SUFFIX, Sample

_MIT = "License-Expression: MIT\n"


def _other_python(folder: Path) -> None:
    Sample("other", tag="cp37-cp37m-linux_armv7l", headers=_MIT).build(folder)


def _other_machine(folder: Path) -> None:
    tag = "cp311-cp311-linux_aarch64"
    Sample("other", tag=tag, headers=_MIT, files={"x.so": header(183)}).build(folder)


def _damaged_module(folder: Path) -> None:
    Sample("other", headers=_MIT, files={f"x{EXT_SUFFIX}": b"no module"}).build(folder)


def _two_versions(folder: Path) -> None:
    Sample("quick", "2.0", "py3-none-any", headers=_MIT).build(folder)


def _no_licence(folder: Path) -> None:
    headers = "License: BSD\nClassifier: License :: OSI Approved :: BSD License\n"
    Sample("other", tag="py3-none-any", headers=headers).build(folder)


def _lacking(folder: Path) -> None:
    next(folder.glob("quick-*.whl")).unlink()


def _no_wheel(folder: Path) -> None:
    for path in folder.glob("*.whl"):
        path.unlink()


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (_other_python, AuditError, "tag: the tag is cp37-cp37m-linux_armv7l"),
        (_other_machine, AuditError, "tag: the tag is cp311-cp311-linux_aarch64"),
        (_damaged_module, AuditError, "is no ELF file although its name says so"),
        (_two_versions, ExportError, "quick is there more than once"),
        (_no_licence, ExportError, "nobody can name the licence of other-1.0"),
        (_lacking, AuditError, "quick"),
        (_no_wheel, ConfigurationError, "there is no wheel at"),
    ],
)
def test_what_is_refused(
    spoil: Callable[[Path], None],
    error: type[CrossbuildError],
    words: str,
    samples: Path,
    profile: BoardProfile,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "wheelhouse"
    shutil.copytree(samples, folder)
    spoil(folder)
    with pytest.raises(error) as caught:
        read([folder], profile)
    assert words in str(caught.value)
    assert caught.value.evidence
    assert caught.value.cure


def test_a_wheel_that_is_not_given_is_not_taken_from_beside(
    samples: Path, profile: BoardProfile
) -> None:
    (wheel,) = samples.glob("sample-*.whl")
    with pytest.raises(ExportError, match="requires what is not exported with it") as caught:
        read([wheel], profile)
    assert "python-dateutil[quick]" in caught.value.evidence


@pytest.mark.parametrize(
    ("headers", "expression"),
    [
        ("License-Expression: apache-2.0 or mit\n", "Apache-2.0 OR MIT"),
        ("License: MIT License\n", "MIT"),
        ("License: UNKNOWN\nClassifier: License :: OSI Approved :: ISC License (ISCL)\n", "ISC"),
        ("License: All\n  that is\n  allowed\n" + _MIT, "MIT"),
    ],
)
def test_how_a_licence_is_named(
    headers: str, expression: str, profile: BoardProfile, tmp_path: Path
) -> None:
    Sample("other", tag="py3-none-any", headers=headers).build(tmp_path)
    (one,) = read([tmp_path], profile)
    assert one.licence == expression
    assert list(one.licence_files) == ["other-1.0.dist-info/METADATA"]


def test_the_user_names_what_nobody_else_can(profile: BoardProfile, tmp_path: Path) -> None:
    _no_licence(tmp_path)
    (one,) = read([tmp_path], profile, named(["Other=bsd-3-clause"]))
    assert one.licence == "BSD-3-Clause"


def test_an_extra_may_ask_for_extras(profile: BoardProfile, tmp_path: Path) -> None:
    for name, requires in (
        ("first", ("second[more]",)),
        ("second", ("third[most]; extra == 'more'",)),
        ("third", ("fourth; extra == 'most'", "fifth; extra == 'never'")),
        ("fourth", ()),
    ):
        Sample(name, tag="py3-none-any", requires=requires, headers=_MIT).build(tmp_path)
    (third,) = (one for one in read([tmp_path], profile) if one.name == "third")
    assert [requirement.name for requirement in third.requires] == ["fourth"]


@pytest.mark.parametrize(
    ("release_name", "words"),
    [
        ("zeus", "GPLv3+ & (PSF | GPL-3.0-with-GCC-exception)"),
        ("kirkstone", "GPL-3.0-or-later & (PSF-2.0 | GPL-3.0-with-GCC-exception)"),
    ],
)
def test_a_licence_in_the_words_of_a_release(release_name: str, words: str) -> None:
    expression = "GPL-3.0-or-later AND (PSF-2.0 OR GPL-3.0-or-later WITH GCC-exception-3.1)"
    found = target.named_release(release_name)
    assert licence.for_release(expression, found) == words


def test_an_entry_point_that_leaves_its_folder(profile: BoardProfile, tmp_path: Path) -> None:
    text = b"[console_scripts]\n../../etc/passwd = x:y\n"
    files = {"other-1.0.dist-info/entry_points.txt": text}
    Sample("other", tag="py3-none-any", files=files, headers=_MIT).build(tmp_path)
    with pytest.raises(ExportError, match="cannot be laid out on a board") as caught:
        read([tmp_path], profile)
    assert "passwd" in caught.value.evidence


@pytest.mark.parametrize("text", ["numpy", "numpy=free", "numpy=MIT AND"])
def test_what_names_no_licence(text: str) -> None:
    with pytest.raises(ConfigurationError, match="names no licence"):
        named([text])
