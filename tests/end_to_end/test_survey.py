"""The survey: what it makes of a command's output, and six packages of its list."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from benchmarks import survey
from benchmarks.survey import Entry, Survey
from crossbuild.core import documents
from crossbuild.sdk import library_packages

LIST = documents.read_toml(Path(survey.__file__).with_suffix(".toml"))
#: None needs long: setuptools, a back end in the source, meson-python, scikit-build-core, a
#: setup.py without pyproject.toml, and cffi with a library of the sysroot.
SIX = ("markupsafe", "frozenlist", "pycairo", "pyzmq", "spidev", "cffi")


def test_the_list_is_long_enough_and_names_each_package_once() -> None:
    names = [canonicalize_name(name) for name in (*LIST["packages"], *LIST["rust"])]
    assert len(set(names)) == len(names) >= 80
    assert {*SIX} <= {*names}


def test_each_library_that_the_list_needs_is_known_to_who_reads_failed_builds() -> None:
    known = library_packages.table().values()
    packages = {name for entry in known for name in entry["debian"].split()}
    assert [name for name in LIST["libraries"] if name not in packages] == []


def test_an_error_becomes_a_reason() -> None:
    output = (
        "• [1/1] x\nerror: x 1 did not build for Python 3.11: the SDK lacks libffi\n"
        "evidence: a.c:1: fatal error: ffi.h\nlog: /x/y\ntry: add libffi-dev\n"
    )
    reason = "x 1 did not build for Python 3.11: the SDK lacks libffi (a.c:1: fatal error: ffi.h)"
    assert survey._reason(output) == reason
    assert survey._reason(f"error: x\nevidence: {survey.ROOT}/a.c: gone\n") == "x (a.c: gone)"
    raised = "error: x\nevidence: exit status: 1\n  at line\nRuntimeError: no Pi\nfull log: /x\n"
    assert survey._reason(raised) == "x (RuntimeError: no Pi)"
    assert survey._reason("Traceback\nKeyError: 'x'\n") == "Traceback KeyError: 'x'"


def test_the_page_counts_those_that_need_no_rust(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = Entry("one", "3.11", "1.0", "setuptools", 12.3, 45_678)
    fails = replace(works, name="two", verdict="is built, does not run", reason="a | b")
    rust = Entry("three", "3.11", verdict="is not built", reason="no cargo")
    monkeypatch.setattr(survey, "STATE", tmp_path / "survey.json")
    monkeypatch.setattr(survey, "PAGE", tmp_path / "packages.md")
    known = {(entry.name, entry.python): entry for entry in (works, fails, rust)}
    survey.keep(known, ["three"])
    assert survey.results() == known
    page = (tmp_path / "packages.md").read_text()
    assert "Of 2 packages that need no Rust 1 work." in page
    assert "| one | 1.0 | 3.11 | setuptools | 12 s | 45.7 kB | works |" in page
    assert "| is built, does not run: a / b |" in page
    assert "| three |  | 3.11 |  |  |  | is not built: no cargo |" in page


@pytest.mark.skipif("CROSSBUILD_NIGHTLY" not in os.environ, reason="run by `make nightly`")
@pytest.mark.parametrize("name", SIX)
def test_a_package_of_each_back_end_works(
    name: str, reference_sdk_root: Callable[[str], Path]
) -> None:
    sdk = reference_sdk_root("debian-bookworm+libcairo2-dev+libffi-dev+libzmq3-dev")
    entry = Survey("3.11", sdk, (name,), ()).entry(name)
    assert (entry.verdict, entry.reason) == ("works", "")
