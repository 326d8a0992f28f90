"""Our wheels beside a native build: what is compared, and the board with Debian's packages."""

import json
from pathlib import Path

import pytest

from crossbuild.board.debian_rootfs import native_root
from crossbuild.board.emulated import emulated_board
from crossbuild.core import defaults
from crossbuild.core.errors import ConfigurationError, SuiteError
from crossbuild.packages.wanted import parse_all
from crossbuild.progress.console import Console
from crossbuild.python.target import TargetRequest
from crossbuild.sdk import reference as reference_sdk
from crossbuild.verify import parity
from crossbuild.verify.parity import Comparison, Side
from crossbuild.verify.question import Question
from crossbuild.verify.suite_results import SliceResult, SuiteResult, TestResult
from tests.support.schemas import held


def side(about: list[str], **outcomes: str) -> Side:
    tests = tuple(TestResult(name, outcome) for name, outcome in outcomes.items())
    slices = (SliceResult("tiny", tests, 2.0, 10**7),)
    return Side(SuiteResult("tiny", "1.0", "fast", "emulated", slices), tuple(about))


OURS, THEIRS = ["sizes: 4", "blas: ours"], ["sizes: 4", "blas: theirs", "blas: theirs"]
COMPARED = Comparison(
    side(OURS, a="passed", b="failed", c="crashed", d="passed", f="failed"),
    side(THEIRS, a="passed", b="failed", c="passed", d="error", e="passed"),
)


def test_what_failed_where() -> None:
    assert COMPARED.both == ["b"]
    assert COMPARED.ours_alone == ["c", "f"]
    assert COMPARED.theirs_alone == ["d"]
    assert COMPARED.differences == ["- blas: theirs", "+ blas: ours"]
    told = held("comparison", json.dumps(COMPARED.as_json()))
    held("parity", json.dumps({"version": 1, "comparisons": [told]}))
    assert [told[side]["slices"][0]["passed"] for side in ("ours", "theirs")] == [2, 3]
    assert told["theirs"]["slices"][0]["peak_memory"] == 10**7
    assert told["failed on ours alone"] == ["c", "f"]


def test_table_has_both_sides() -> None:
    cells = [next(iter(column.cells)) for column in parity.table(COMPARED).columns]
    assert cells == ["tiny", "5", "5", "1", "2", "1", "2.0", "2.0"]


def test_failures_on_ours_alone_are_an_error() -> None:
    with pytest.raises(SuiteError) as caught:
        parity.require_none_alone([COMPARED], Path("build"))
    assert caught.value.what.startswith("2 tests failed on our wheels alone")
    assert caught.value.evidence == "c\nf\nall results: build/parity-*.json"
    assert "the lines with + (ours)" in caught.value.cure
    parity.require_none_alone([Comparison(COMPARED.theirs, COMPARED.theirs)], Path("build"))


def test_nothing_to_compare_with(tmp_path: Path) -> None:
    question = Question(TargetRequest(tmp_path, tmp_path, tmp_path), parse_all(["tiny"]), tmp_path)
    with pytest.raises(ConfigurationError, match="no native build is known of tiny") as caught:
        parity.compare(question, reference_sdk.load("debian-bookworm"), Console(), at_once=1)
    assert "crossbuild parity numpy" in caught.value.cure


@pytest.mark.slow
def test_debians_packages_run_on_a_board_of_their_own(base: Path, tmp_path: Path) -> None:
    definition = reference_sdk.load("debian-bookworm")
    log = tmp_path / "log"
    root = native_root(base, definition, ["python3-six"], defaults.CACHE, log)
    assert native_root(base, definition, ["python3-six"], defaults.CACHE, log) == root
    code = (
        "import ctypes, six; print(six.__file__, ctypes.CDLL('liblapack.so.3').dgesv_ is not None)"
    )
    with emulated_board(root, "3.11", work=tmp_path / "work") as board:
        answer = board.run([*board.python, "-c", code]).output
        assert answer == "/usr/lib/python3/dist-packages/six.py True\n"
    assert not list(base.glob("usr/lib/python3/dist-packages/six*"))
