"""What boards said, bound to the very wheels that they had."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from crossbuild.board.protocol import BoardFacts
from crossbuild.core.errors import SuiteError
from crossbuild.progress.console import Console
from crossbuild.report import page, record, view
from crossbuild.report.place import PAGE
from crossbuild.verify import suite_results
from crossbuild.verify.known_failures import Verdict
from crossbuild.verify.parity import Comparison, Side
from crossbuild.verify.smoke import ScriptResult, SmokeReport
from crossbuild.verify.suite_results import SliceResult, SuiteResult, TestResult
from crossbuild.wheel import wheelhouse
from tests.support.sample_wheels import Sample
from tests.support.schemas import held

FACTS = BoardFacts(
    machine="armv7l",
    python="3.11.2",
    python_tag="cp311",
    libc="glibc 2.36",
    float_abi="hard",
    cpu="Cortex-A9",
    cpus=4,
    memory=10**9,
    free_space=10**9,
    child_programs=True,
    bits=32,
)
TESTS = (
    TestResult("numpy/linalg/tests/test_x.py::test_a", "passed"),
    TestResult("numpy/linalg/tests/test_x.py::test_b", "failed"),
)
SUITE = SuiteResult(
    "numpy", "1.26.4", "fast", "emulated", (SliceResult("numpy/linalg", TESTS, 9.5, 10**8),)
)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """numpy for two Pythons, and something pure."""
    samples = (
        Sample("numpy", "1.26.4"),
        Sample("numpy", "1.26.4", "cp39-cp39-linux_armv7l"),
        Sample("Some_Thing", "1.0", "py3-none-any"),
    )
    wheels = [sample.build(tmp_path / str(number)) for number, sample in enumerate(samples)]
    wheelhouse.publish(wheels, tmp_path / "house", "3.11")
    return tmp_path / "house"


@pytest.fixture
def proving(house: Path, tmp_path: Path) -> Callable[[], record.Record]:
    """Runs what leaves the results of a verification, and gives the record."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "parity-numpy.json").write_text("{}")  # an earlier command's

    def run() -> record.Record:
        with page.proving(house, Console(), work):
            leave(work)
        return record.read(house)

    return run


COMPUTED = ScriptResult("numpy", True, 0, 8.5, 7 * 10**7, "fine")


def leave(work: Path, numpy: ScriptResult = COMPUTED) -> None:
    scripts = (numpy,)
    installed = {"numpy": "1.26.4", "some-thing": "1.0", "pip": "23.0.1"}
    report = SmokeReport("emulated", FACTS, (), installed, 20.0, True, scripts)
    (work / "verify.json").write_text(json.dumps(asdict(report)))
    verdict = Verdict((TESTS[1],), (), (), ())
    suite = {**suite_results.as_json(SUITE), **verdict.as_json()}
    (work / "suite-numpy.json").write_text(json.dumps(suite))
    held("suite", json.dumps(suite))


def fail(work: Path) -> None:
    leave(work)
    raise SuiteError("a test failed")


def sum_of(house: Path, pattern: str) -> str:
    return next(one.sha256 for one in view.read(house) if one.path.match(pattern))


def test_a_board_speaks_of_the_wheels_that_it_had(
    proving: Callable[[], record.Record], house: Path
) -> None:
    known = proving()
    numpy, thing = sum_of(house, "numpy-*-cp311-*"), sum_of(house, "Some_Thing-*")
    assert {proof.wheel: proof.outcome for proof in known.proofs} == {
        numpy: "passed",
        thing: "installed",
    }
    assert known.proofs[0].beside == tuple(sorted((numpy, thing)))
    (suite,) = known.suites
    assert (suite.wheel, suite.new) == (numpy, (TESTS[1].test,))
    assert (suite.slices[0].outcomes.passed, suite.slices[0].bad) == (1, 1)
    assert known.parities == ()
    assert "numpy/linalg" in (house / PAGE).read_text()


def test_modules_that_gave_up_are_not_counted_as_imported(house: Path, tmp_path: Path) -> None:
    gave_up = {"numpy.gpu": "it needs gpu"}
    with page.proving(house, Console(), tmp_path):
        leave(tmp_path, replace(COMPUTED, imported=("numpy", "numpy.x"), not_imported=gave_up))
    proof = record.read(house).proofs[0]
    assert (proof.imported, proof.not_imported) == (2, 1)
    assert "2 modules imported, 1 not" in (house / PAGE).read_text()


def test_a_later_result_takes_the_place_of_an_older_one(
    proving: Callable[[], record.Record],
) -> None:
    first, second = proving(), proving()
    assert len(second.proofs) == len(first.proofs)
    assert len(second.suites) == 1
    assert second.suites[0].when >= first.suites[0].when


def test_folders_that_a_later_run_passes_over_stay(house: Path) -> None:
    def suite(name: str, *new: str) -> record.Suite:
        outcomes = record.Outcomes(passed=1, failed=len(new) + 1)
        part = record.Slice(name=name, outcomes=outcomes, seconds=1, peak_memory=1)
        facts = {"wheel": "aa", "package": "a", "version": "1", "suite": "fast", "board": "b"}
        return record.Suite(**facts, when=0, slices=(part,), new=new)

    known = record.Record().with_suites([suite("a/x", "a/x/tests/test_x.py::test")])
    known = known.with_suites([suite("a/y", "a/y/test_y.py::test")])
    (merged,) = known.suites
    assert [part.name for part in merged.slices] == ["a/x", "a/y"]
    assert (len(merged.new), merged.known) == (2, 2)
    (mended,) = known.with_suites([suite("a/x")]).suites
    assert mended.new == ("a/y/test_y.py::test",)


def test_nothing_is_said_of_a_wheel_that_was_built_again(
    proving: Callable[[], record.Record], house: Path, tmp_path: Path
) -> None:
    proving()
    again = Sample("numpy", "1.26.4", files={"numpy.py": b"x = 1"}).build(tmp_path / "again")
    wheelhouse.publish([again], house, "3.11")
    shown = view.of(house, record.read(house), None)
    numpy = next(one for one in shown.wheels if one.contents.sha256 == sum_of(house, "*cp311-*"))
    assert numpy.board == "unknown"
    assert shown.suites == ()
    thing = next(one for one in shown.wheels if one.contents.name == "some-thing")
    assert [thing.is_stale(proof) for proof in thing.proofs] == [True]


def test_tests_that_failed_are_kept_though_the_command_fails(house: Path, tmp_path: Path) -> None:
    work = tmp_path / "elsewhere"
    work.mkdir()
    with pytest.raises(SuiteError), page.proving(house, Console(), work):
        fail(work)
    assert record.read(house).suites[0].new == (TESTS[1].test,)


def test_a_comparison_is_of_the_one_wheel_that_it_can_be_of(house: Path, tmp_path: Path) -> None:
    side = Side(SUITE, ())
    document = json.dumps(Comparison(side, side).as_json())
    with page.proving(house, Console(), tmp_path):
        (tmp_path / "parity-numpy.json").write_text(document)
    assert record.read(house).parities == ()  # two Pythons have it
    next(house.glob("*-cp39-*")).unlink()
    with page.proving(house, Console(), tmp_path):
        (tmp_path / "parity-numpy.json").write_text(f"{document}\n")
    (parity,) = record.read(house).parities
    assert (parity.wheel, parity.both) == (sum_of(house, "numpy-*"), 1)
    assert [(ours.name, theirs is not None) for ours, theirs in parity.pairs] == [
        ("numpy/linalg", True)
    ]
