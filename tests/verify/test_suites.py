"""A package's own tests on the emulated board, with the index's pytest: whatever they do."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from crossbuild.board.emulated import EmulatedBoard, emulated_board
from crossbuild.core import defaults, files
from crossbuild.core.errors import BoardError, ConfigurationError, RecipeError, SuiteError
from crossbuild.packages import lock
from crossbuild.packages.recipe import Suite, load
from crossbuild.progress.console import Console
from crossbuild.verify import known_failures, smoke, suite_jobs, suite_results, suites
from crossbuild.verify.known_failures import Known
from crossbuild.verify.suite_jobs import SuiteJob
from crossbuild.verify.suite_results import SliceResult, SuiteResult, TestResult
from tests.support import projects
from tests.support.boards import REQUIRES, write_wheel

SUITE = Suite.model_validate(
    {
        "module": "tiny",
        "requires": REQUIRES,
        "fast": "not slow",
        "exclude": ["tiny/elsewhere"],
        "test-seconds": 30,
    }
)
SOURCES = {
    "tiny/__init__.py": "",
    "tiny/tests/__init__.py": "",
    "tiny/tests/test_ends.py": """
        import os, signal, time
        import pytest

        def test_before(): pass
        def test_crashes(): os.kill(os.getpid(), signal.SIGSEGV)
        @pytest.mark.parametrize("text", ["a[b]", "\\x00"])
        def test_between(text): pass
        def test_hangs(): time.sleep(1000)
        class TestMore:
            def test_fails(self): assert 1 + 1 == 3
            def test_skips(self): pytest.skip("no reason")
            @pytest.mark.xfail(strict=True)
            def test_expected(self): assert False
        @pytest.fixture
        def broken(): raise RuntimeError("broken fixture")
        def test_error(broken): pass
        @pytest.mark.slow
        def test_slow(): assert False
        """,
    "tiny/deep/tests/__init__.py": "",
    "tiny/deep/tests/test_import.py": "import no_such_module\n",
    "tiny/deep/tests/test_fine.py": """
        import os, subprocess
        def test_place(): assert os.listdir(".") == []
        def test_board(): subprocess.check_call(["no-such-ldd"])
        """,
    "tiny/elsewhere/tests/test_never.py": "raise SystemExit\n",
}


@dataclass(frozen=True)
class Ready:
    """A board on which the package and what its tests require are installed."""

    board: EmulatedBoard
    log: Path


@pytest.fixture(scope="module")
def ready(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    folder = tmp_path_factory.mktemp("suites")
    content = {name: projects.flush(text).encode() for name, text in SOURCES.items()}
    tiny = write_wheel(folder, "tiny", "py3-none-any", content)
    with emulated_board(base, "3.11", work=folder / "work") as board:
        house, log = folder / "house", folder / "board.log"
        wheels = suite_jobs.publish_requirements([job()], "3.11", house, defaults.CACHE)
        assert (house / "requirements-cp311.txt").read_text().count("--hash=sha256:") == len(wheels)
        smoke.install(board, smoke.push_wheels([tiny], board), ["tiny"], log=log)
        suite_jobs.equip(board, [job()], wheels, Console(), log=log)
        yield Ready(board, log)


def job(*slices: str, kind: str = "fast") -> SuiteJob:
    return SuiteJob("tiny", "1.0", SUITE, kind, slices)


@pytest.fixture(scope="module")
def result(ready: Ready) -> SuiteResult:
    return suites.run(job(), ready.board, Console(), log=ready.log)


@pytest.mark.slow
def test_every_test_has_its_outcome(result: SuiteResult) -> None:
    deep, ends = result.slices
    assert {test.test: test.outcome for test in ends.tests} == {
        "tiny/tests/test_ends.py::test_before": "passed",
        "tiny/tests/test_ends.py::test_crashes": "crashed",
        "tiny/tests/test_ends.py::test_between[a[b]]": "passed",
        "tiny/tests/test_ends.py::test_between[\\x00]": "passed",
        "tiny/tests/test_ends.py::test_hangs": "hung",
        "tiny/tests/test_ends.py::TestMore::test_fails": "failed",
        "tiny/tests/test_ends.py::TestMore::test_skips": "skipped",
        "tiny/tests/test_ends.py::TestMore::test_expected": "skipped",
        "tiny/tests/test_ends.py::test_error": "error",
    }
    assert {test.test: test.outcome for test in deep.tests} == {
        "tiny/deep/tests/test_import.py": "error",
        "tiny/deep/tests/test_fine.py::test_place": "passed",
        "tiny/deep/tests/test_fine.py::test_board": "failed",
    }
    assert [one.name for one in result.slices] == ["tiny/deep", "tiny"]
    assert ends.seconds > 30
    assert ends.peak_memory > 5e6


@pytest.mark.slow
def test_failures_say_why(result: SuiteResult) -> None:
    said = {test.test.rpartition("::")[2]: test.text for test in result.bad}
    assert "assert (1 + 1) == 3" in said["test_fails"]
    assert "the interpreter's end: ended by signal 11" in said["test_crashes"]
    assert "Segmentation fault" in said["test_crashes"]
    assert re.match("(Current t|T)hread 0x", said["test_hangs"])
    assert "in test_hangs" in said["test_hangs"]
    assert "broken fixture" in said["test_error"]
    assert "No module named 'no_such_module'" in said["tiny/deep/tests/test_import.py"]


@pytest.mark.slow
def test_junit_and_table(result: SuiteResult, tmp_path: Path) -> None:
    path = tmp_path / "suite.xml"
    suite_results.write_junit(result, path)
    deep, ends = ET.parse(path).getroot()
    counts = [ends.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == ["9", "1", "3", "2"]
    names = {(case.get("classname"), case.get("name")) for case in ends}
    assert ("tiny.tests.test_ends.TestMore", "test_fails") in names
    assert ("tiny.tests.test_ends", "test_between[a[b]]") in names
    assert {kind.tag for case in deep for kind in case} == {"failure", "error"}
    table = suite_results.table(result)
    assert table.row_count == 3
    assert list(table.columns[1].cells) == ["1", "3", "4"]


@pytest.mark.slow
def test_a_full_suite_runs_slow_tests_too(ready: Ready) -> None:
    one = suites.run(
        job("tiny/deep/tests/test_fine.py", kind="full"), ready.board, Console(), log=ready.log
    )
    assert [test.outcome for test in one.tests] == ["passed", "failed"]
    assert job(kind="full").markers == ""
    assert job().markers == "not slow"


@pytest.mark.slow
def test_no_such_slice(ready: Ready) -> None:
    with pytest.raises(ConfigurationError) as caught:
        suites.run(job("tiny/none"), ready.board, Console(), log=ready.log)
    assert caught.value.what == "tiny 1.0 has no tests in tiny/none"
    assert "tiny, tiny/deep" in caught.value.evidence


@pytest.mark.slow
def test_a_package_that_is_not_there(ready: Ready) -> None:
    other = SuiteJob("other", "1.0", Suite(module="other", requires=REQUIRES), "fast")
    with pytest.raises(BoardError, match="the tests of other cannot be found") as caught:
        suites.run(other, ready.board, Console(), log=ready.log)
    assert "there is no package other" in caught.value.evidence


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
    for path in known_failures.KNOWN.glob("*.toml"):
        suite = load(path.stem).suite
        assert suite
        for entry in known_failures.load(path.stem):
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


def test_jobs_follow_the_slices() -> None:
    recipes, installed = [load("numpy"), load("scipy")], {"numpy": "1.26.4", "scipy": "1.11.4"}
    found = suite_jobs.jobs(recipes, installed, "fast", ["scipy/fft", "scipy/special"])
    assert [(one.package, one.version, one.slices) for one in found] == [
        ("scipy", "1.11.4", ("scipy/fft", "scipy/special"))
    ]
    assert len(suite_jobs.jobs(recipes, installed, "full", [])) == 2
    with pytest.raises(ConfigurationError, match="has tests of pandas") as caught:
        suite_jobs.jobs(recipes, installed, "fast", ["pandas/core"])
    assert "numpy, scipy" in caught.value.evidence


@pytest.mark.parametrize("name", ["numpy", "scipy"])
def test_what_suites_require_is_locked_and_pure(name: str) -> None:
    suite = load(name).suite
    assert suite
    for python in ("3.5", "3.7", "3.13"):
        found = lock.read(lock.path_of_tests(suite.requires, python)).build
        assert {"pytest", "hypothesis"} <= {one.name for one in found}
        assert all(one.filename.endswith("-any.whl") for one in found)
