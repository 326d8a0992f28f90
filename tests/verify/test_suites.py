"""A package's own tests on the emulated board, with the index's pytest: whatever they do."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from crossbuild.board.emulated import EmulatedBoard, emulated_board
from crossbuild.core import defaults
from crossbuild.core.errors import BoardError, ConfigurationError
from crossbuild.packages.recipe import Suite
from crossbuild.progress.console import Console
from crossbuild.verify import smoke, suite_jobs, suite_results, suites
from crossbuild.verify.suite_jobs import SuiteJob
from crossbuild.verify.suite_results import SuiteResult
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
