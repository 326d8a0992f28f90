"""The texts of findings: whole, documented, and ready to be pasted."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.core.errors import CrossbuildError
from crossbuild.doctor.catalogue import Catalogue, entries, error_class
from crossbuild.pipeline.request import BuildRequest
from crossbuild.sdk import release
from tests.support.diagnoses import diagnose
from tests.support.sdk_copy import SdkCopy

DOCS = Path(__file__).parents[2] / "docs/doctor.md"


def test_lines_for_local_conf_can_be_pasted() -> None:
    """Bitbake takes no indented assignment: «unparsed line»."""
    catalogue = Catalogue(release.find(["4.0"], "2.35"))
    everything = {
        name: "x" for entry in entries().values() for name in re.findall(r"\w+", str(entry))
    }
    openblas = {"script": "x", "target": "ARMV7", "fortran": "NOFORTRAN=1"}
    everything["get_openblas"] = catalogue.file("openblas-cure.txt.j2", openblas)
    cures = [
        catalogue.finding(name, fields=everything | {"versions": ["3.7"]}).cure
        for name, entry in entries().items()
        if "what" in entry
    ]
    lines = [
        line for cure in cures for line in cure.splitlines() if re.search(r"\w:append\b", line)
    ]
    assert len(lines) > 15
    assert all(re.match(r"[A-Z_]+(:[\w-]+)+ = \"[^\"]*\"$", line) for line in lines), lines


@pytest.mark.parametrize("name", [name for name, entry in entries().items() if "what" in entry])
def test_a_doubtful_cure_has_both_syntaxes(name: str) -> None:
    """Each line that the syntax changes stands there twice, under the words that say when."""
    fields = dict.fromkeys(re.findall(r"\w+", str(entries()[name])), "x") | {"versions": ["3.7"]}
    doubtful = Catalogue(release.find(["4.1.15-2.1.0"], "2.24")).finding(name, fields=fields).cure
    old = Catalogue(release.find(["2.6"], "2.28")).finding(name, fields=fields).cure
    new = Catalogue(release.find(["4.0"], "2.35")).finding(name, fields=fields).cure
    if old == new:
        assert doubtful == old
        return
    head, _, tail = doubtful.partition(
        "\nif the SDK's Yocto is honister (3.4) or newer, write instead:\n"
    )
    assert head == old
    assert set(tail.splitlines()) == set(new.splitlines()) - set(old.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("distro", "lines"),
    [
        (
            "2.4.1",
            (
                'FORTRAN_forcevariable = ",fortran"',
                'RUNTIMETARGET_append_pn-gcc-runtime = " libquadmath"',
                'TOOLCHAIN_TARGET_TASK_append = " libgfortran libgfortran-dev"',
            ),
        ),
        (
            "4.0.10",
            (
                'FORTRAN:forcevariable = ",fortran"',
                'RUNTIMETARGET:append:pn-gcc-runtime = " libquadmath"',
                'TOOLCHAIN_TARGET_TASK:append = " libgfortran libgfortran-dev"',
            ),
        ),
    ],
)
def test_cures_are_written_for_the_sdks_release(
    distro: str, lines: tuple[str, ...], copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    version = re.search(r'DISTRO_VERSION=".*"', copy.script.read_text())
    assert version
    copy.edit(copy.script, version[0], f'DISTRO_VERSION="{distro}"')
    copy.hide("sysroots/*/usr/bin/arm*/*-gfortran")
    diagnosis = diagnose(request_for(copy.root))
    [found] = [one for one in diagnosis.findings if one.name == "fortran-missing"]
    # Bookworm's glibc is newer than rocko's: both syntaxes are told.
    assert ("write instead" in found.cure) == (distro == "2.4.1")
    for line in lines:
        assert f"\n{line}\n" in f"{found.cure}\n"


@pytest.mark.parametrize("name", entries())
def test_every_finding_has_texts_a_class_and_a_page(name: str) -> None:
    entry = entries()[name]
    assert "raised" in entry or "what" in entry
    assert (entry["severity"] == "error") == ("error" in entry)
    if entry["severity"] == "error":
        assert issubclass(error_class(name), CrossbuildError)
        assert "raised" in entry or "cure" in entry
    assert f"\n### {name}\n" in DOCS.read_text(), f"docs/doctor.md has no section {name}"


def test_the_page_has_no_section_of_a_finding_that_is_no_more() -> None:
    assert set(re.findall(r"^### (\S+)$", DOCS.read_text(), re.MULTILINE)) == set(entries())
