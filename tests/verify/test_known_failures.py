"""Failures of a suite: known ones, the board's own, and new ones."""

from pathlib import Path

import pytest

from crossbuild.core import files
from crossbuild.core.errors import RecipeError, SuiteError
from crossbuild.packages.recipe import load
from crossbuild.verify import known_failures
from crossbuild.verify.known_failures import Known
from crossbuild.verify.suite_results import SliceResult, SuiteResult, TestResult


def suite_result(*tests: TestResult) -> SuiteResult:
    return SuiteResult(
        "tiny", "1.0", "fast", "root@board", (SliceResult("tiny", tests, 1.0, 10**7),)
    )


def entry(tests: str, **more: object) -> Known:
    return Known.model_validate(
        {"tests": tests, "reason": "rounding", "link": "https://example.org/1", **more}
    )


FAILS = TestResult("tiny/test_a.py::test_x[1-[y]]", "failed", 0.1, "E  assert 1 == 2")
PASSES = TestResult("tiny/test_a.py::test_z", "passed")


def test_known_and_vanished_failures() -> None:
    about, gone, other = entry("tiny/*::test_x[*]"), entry("*::test_z"), entry("*::test_nowhere")
    verdict = known_failures.judge(suite_result(FAILS, PASSES), [about, gone, other], "ssh")
    assert verdict.known == ((FAILS, about),)
    assert verdict.vanished == (gone,)
    assert verdict.new == ()
    assert verdict.lines() == [
        "known: tiny/test_a.py::test_x[1-[y]]: rounding (https://example.org/1)",
        "no longer fails: *::test_z (rounding)",
    ]
    known_failures.require_none_new([(suite_result(FAILS), verdict)], Path("build"))


@pytest.mark.parametrize("more", [{"boards": ["emulated"]}, {"version": "<1"}])
def test_a_condition_that_does_not_hold(more: dict[str, object]) -> None:
    verdict = known_failures.judge(suite_result(FAILS), [entry("*", **more)], "ssh")
    assert verdict.new == (FAILS,)


def test_a_new_failure_is_an_error() -> None:
    many = [TestResult(f"tiny/test_a.py::test_{n}", "crashed") for n in range(25)]
    result = suite_result(FAILS, *many)
    verdict = known_failures.judge(result, [], "ssh")
    with pytest.raises(SuiteError) as caught:
        known_failures.require_none_new([(result, verdict)], Path("build"))
    assert caught.value.what == "26 tests of tiny 1.0 failed on root@board"
    assert "test_x[1-[y]] failed: E  assert 1 == 2\n" in caught.value.evidence
    assert "… and 6 more\nall results: build/suite-*.xml" in caught.value.evidence
    assert "crossbuild parity" in caught.value.cure


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("FileNotFoundError: [Errno 2] No such file or directory: 'ldd'", "no program ldd"),
        ("No such file or directory: '/usr/bin/lscpu'", "no program lscpu"),
        ("/bin/sh: 1: ldd: not found", "no program ldd"),
        ("No such file or directory: '/proc/self/status'", "no /proc/self/status"),
        (
            'CompileError: Command "arm-linux-gnueabihf-gcc -c x.c" failed with exit status 127',
            "no program arm-linux-gnueabihf-gcc",
        ),
        ("OSError: [Errno 28] No space left on device: '/tmp/x'", "its /tmp, is full"),
        ("OSError: [Errno 38] Function not implemented", "no /dev/shm"),
        ("the interpreter's end: ended by signal 9", "out of memory"),
    ],
)
def test_the_boards_own_failures(text: str, why: str) -> None:
    failed = TestResult("tiny/test_a.py::test_x", "failed", 0.1, text)
    verdict = known_failures.judge(suite_result(failed), [], "ssh")
    assert verdict.new == ()
    ((test, said),) = verdict.boards
    assert why in said
    assert verdict.lines() == [f"the board's, not the wheel's: {test.test}: {said}"]


def test_a_missing_data_file_is_the_wheels() -> None:
    text = "FileNotFoundError: [Errno 2] No such file or directory: 'data.npz'"
    failed = TestResult("tiny/test_a.py::test_x", "failed", 0.1, text)
    assert known_failures.judge(suite_result(failed), [], "ssh").new == (failed,)


def test_shipped_lists_name_tests_of_their_package() -> None:
    packages = {path.stem for path in known_failures.KNOWN.glob("*.toml")}
    assert packages == {"numpy", "scipy"}
    for package in packages:
        suite = load(package).suite
        assert suite
        for entry in known_failures.load(package):
            assert all(test.startswith(f"{suite.module}/") for test in entry.tests)


def test_what_fails_everywhere_is_known() -> None:
    name = "numpy/core/tests/test_umath.py::TestSpecialFloats::test_unary_spurious_fpexception"
    failed = [TestResult(f"{name}[data16-escape16-{kind}-sqrt]", "failed") for kind in "fd"]
    result = SuiteResult("numpy", "1.24.2", "fast", "emulated", suite_result(*failed).slices)
    verdict = known_failures.judge(result, known_failures.load("numpy"), "emulated")
    assert verdict.new == (failed[1],)


@pytest.mark.parametrize(
    ("content", "evidence"),
    [
        (b"[[known]]\ntests = 'x'\nreason = 'because'\n", "known[0].link: Field required"),
        (b"known = 3\n", "known: Input should be a valid tuple"),
        (b"", "known: Field required"),
        (b"[[known\n", "Expected ']]'"),
        (b"known = '\xff'\n", "'utf-8' codec can't decode"),
    ],
)
def test_malformed_list_of_known_failures(content: bytes, evidence: str, tmp_path: Path) -> None:
    files.write_bytes(tmp_path / "tiny.toml", content)
    with pytest.raises(RecipeError) as caught:
        known_failures.load("tiny", folder=tmp_path)
    assert "tiny.toml is malformed" in caught.value.what
    assert f"{tmp_path / 'tiny.toml'}: {evidence}" in caught.value.evidence
    assert "docs/suites.md" in caught.value.cure
    assert known_failures.load("other", folder=tmp_path) == ()
