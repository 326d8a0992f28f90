"""Examining an SDK: each defect is named with its cure, whatever shape the SDK has."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild import doctor
from crossbuild.core.errors import RecipeError
from crossbuild.doctor.catalogue import entries
from crossbuild.doctor.needs import Needs
from crossbuild.packages.project.build_options import BuildOptions
from crossbuild.packages.wanted import parse_all
from crossbuild.pipeline.request import BuildRequest
from crossbuild.sdk.model import Blas, Sdk
from crossbuild.sdk.read import read_sdk
from tests.support import sdk_copy
from tests.support.diagnoses import assert_nothing_compiles, diagnose, names
from tests.support.requests import run
from tests.support.sdk_copy import SdkCopy
from tests.support.sdk_defects import DEFECTS, Defect
from tests.support.sdk_shapes import SHAPES

TRAPS = Path(__file__).parents[2] / "docs/sdk-traps.md"
#: Quick ones run in `make check`, all of them in `make test`.
QUICK = {"fortran-missing"}

#: What a project says that has scipy built without a Fortran compiler.
WITHOUT_FORTRAN = BuildOptions(packages={"scipy": BuildOptions(fortran=False)})

#: Findings that come from something else than a spoilt SDK, in tests of their own.
OTHERS = {
    *("sdk-missing", "sdk-path-spaces", "environment-unknown", "library-missing"),
    "file-unreadable",
    *("ld-library-path", "time64", "build-python-missing", "build-python-fetched"),
    *("recipe-unfit", "package-unknown"),
    *("disk-too-small", "memory-too-small", "jobs-too-many", "tool-missing"),
    *("pkg-config-missing", "qemu-missing", "ccache-missing", "back-end-incomplete"),
}


def _marks(defect: Defect) -> list[pytest.MarkDecorator]:
    slow = [] if defect.finding in QUICK else [pytest.mark.slow]
    return [*slow, *([pytest.mark.trap(defect.trap)] if defect.trap else [])]


@pytest.mark.parametrize(
    "defect",
    [pytest.param(each, marks=_marks(each), id=each.finding) for each in DEFECTS],
)
def test_a_defect_is_named_with_its_cure(
    defect: Defect, copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    defect.spoil(copy)
    request = request_for(copy.root, *defect.packages, python=defect.python)
    diagnosis = diagnose(request)
    assert defect.finding in names(diagnosis)
    finding = next(one for one in diagnosis.findings if one.name == defect.finding)
    brought = "brought" in entries()[defect.finding]
    assert finding.severity == ("note" if brought else defect.severity)
    assert ("; crossbuild brings " in finding.what) == brought
    assert defect.cure in finding.cure
    assert finding.evidence or finding.severity == "note"
    if finding.severity == "error":
        assert diagnosis.errors[0] == finding
        assert_nothing_compiles(request, finding.what, defect.finding)
    else:
        assert not diagnosis.errors
        assert all(not reasons for reasons in diagnosis.ready[diagnosis.python or ""].values())


@pytest.fixture(scope="session", params=SHAPES)
def shaped_copy(
    request: pytest.FixtureRequest, bookworm: Sdk, tmp_path_factory: pytest.TempPathFactory
) -> SdkCopy:
    copy = sdk_copy.make(bookworm, tmp_path_factory.mktemp(request.param))
    SHAPES[request.param](copy)
    return copy


@pytest.mark.slow
@pytest.mark.parametrize(
    ("patterns", "cures"),
    [
        ((), {}),
        (
            ("usr/bin/**/*-gfortran", "usr/lib/**/libopenblas*", "usr/include/python3*"),
            {
                "fortran-missing": 'FORTRAN:forcevariable = ",fortran"',
                "openblas-headers-only": '" openblas openblas-dev"',
                "python-headers-missing": '" python3-dev"',
            },
        ),
        (
            ("usr/lib/**/libgfortran*", "usr/lib/**/libopenblas*.so*"),
            {
                "fortran-library-missing": " libgfortran libgfortran-dev",
                "openblas-static-only": "NO_SHARED",
            },
        ),
        (("usr/lib/**/crti.o",), {"c-does-not-link": '" libc6-dev libgcc-dev"'}),
    ],
    ids=["healthy", "nothing", "half", "no-libc"],
)
def test_defects_are_named_in_sdks_of_other_shapes(
    patterns: tuple[str, ...],
    cures: dict[str, str],
    shaped_copy: SdkCopy,
    request_for: Callable[..., BuildRequest],
) -> None:
    with sdk_copy.spoilt(shaped_copy) as copy:
        copy.hide(*(f"sysroots/*/{pattern}" for pattern in patterns))
        findings = diagnose(request_for(copy.root)).findings
    harmless = {"qemu-missing", "ccache-missing", "openblas-below-board"}
    assert {one.name for one in findings} - harmless == cures.keys()
    assert all(cures.get(one.name, "") in one.cure for one in findings)


def test_each_finding_has_its_defect() -> None:
    assert {defect.finding for defect in DEFECTS} | OTHERS == set(entries())
    assert len({defect.finding for defect in DEFECTS} - OTHERS) >= 14


def test_each_trap_is_shown_by_a_test() -> None:
    """The marks in the tests' text, and those of the defects."""
    told = set(re.findall(r"^\| (\d+) \|", TRAPS.read_text(), re.MULTILINE))
    text = "".join(path.read_text() for path in Path(__file__).parents[1].rglob("test_*.py"))
    marks = re.findall(r"^@pytest\.mark\.trap\(([\d, ]+)\)$", text, re.MULTILINE)
    shown = {number for mark in marks for number in mark.split(", ")}
    assert len(told) == 17
    assert shown | {str(defect.trap) for defect in DEFECTS if defect.trap} == told


@pytest.mark.slow
def test_what_was_not_asked_for_does_not_matter(
    copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    """An SDK whose gfortran nothing heals, as its C library is older than all that is brought."""
    copy.hide("sysroots/*/usr/bin/arm*/*-gfortran")
    copy.edit(copy.sysroot / "usr/include/features.h", "__GLIBC_MINOR__\t36", "__GLIBC_MINOR__\t20")
    assert not diagnose(request_for(copy.root, "numpy")).errors
    both = diagnose(request_for(copy.root))
    assert both.ready["3.11"] == {"numpy 1.26.4": (), "scipy 1.11.4": ("fortran-missing",)}
    assert not diagnose(request_for(copy.root, "markupsafe", "./somewhere")).errors


@pytest.mark.slow
def test_what_is_brought_follows_what_recipes_need_and_the_users_choice(
    copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    def lacking(policy: Blas, *packages: str) -> set[str]:
        need = Needs(packages, request_for(copy.root).target.cache).on("3.11")
        return set(doctor.lacking(read_sdk(copy.root), need.recipes, policy))

    assert not lacking(Blas.AUTO, "scipy")
    assert lacking(Blas.BUILD, "scipy") == lacking(Blas.BUILD, "markupsafe") == {"openblas"}
    assert lacking(Blas.NEWEST, "numpy") == {"openblas"}
    copy.hide("sysroots/*/usr/bin/arm*/*-gfortran", "sysroots/*/usr/lib/libopenblas*")
    assert lacking(Blas.AUTO, "scipy") == lacking(Blas.BUILD, "scipy") == {"fortran", "openblas"}
    assert lacking(Blas.AUTO, "numpy") == {"openblas"}
    assert lacking(Blas.SDK, "scipy") == {"fortran"}
    assert not lacking(Blas.AUTO, "markupsafe")


def test_what_is_built_without_fortran_needs_none(
    copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    def lacking(options: BuildOptions) -> set[str]:
        cache = request_for(copy.root).target.cache
        need = Needs(("scipy==1.18.1",), cache, options).on("3.13")
        assert not need.unfit
        return set(doctor.lacking(read_sdk(copy.root), need.recipes, Blas.AUTO))

    copy.hide("sysroots/*/usr/bin/arm*/*-gfortran")
    assert lacking(BuildOptions()) == {"fortran"}
    assert not lacking(WITHOUT_FORTRAN)


@pytest.mark.slow
def test_what_cannot_be_built_without_fortran_is_told_as_the_build_tells_it(
    copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    copy.hide("sysroots/*/usr/bin/arm*/*-gfortran")
    request = replace(request_for(copy.root), options=WITHOUT_FORTRAN)
    diagnosis = diagnose(request)
    assert diagnosis.ready["3.11"] == {"numpy 1.26.4": (), "scipy 1.11.4": ("recipe-unfit",)}
    assert [one.name for one in diagnosis.findings if "ortran" in one.what] == ["recipe-unfit"]
    with pytest.raises(RecipeError) as caught:
        run(request)
    [error] = diagnosis.errors
    assert caught.value.what == error.what == "scipy 1.11.4 cannot be built without Fortran"
    only_numpy = diagnose(replace(request, packages=parse_all(["numpy"])))
    assert not only_numpy.errors


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "name"),
    [("numpy==1.0", "recipe-unfit"), ("num py", "package-unknown"), ("=", "package-unknown")],
)
def test_words_that_are_no_package(
    package: str, name: str, bookworm: Sdk, request_for: Callable[..., BuildRequest]
) -> None:
    diagnosis = doctor.diagnose(request_for(bookworm.root).target, [package], jobs=1)
    assert [one.name for one in diagnosis.errors] == [name]
