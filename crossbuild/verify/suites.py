"""A package's own tests on a board: each folder of tests in an interpreter of its own.

The board records each result at once (``on_board/suite.py``).  A test that crashes or hangs
ends the interpreter; another one then goes on behind it.
"""

import json
import re
import secrets
import signal
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from crossbuild.board.protocol import ON_BOARD, Board
from crossbuild.core.errors import BoardError, ConfigurationError
from crossbuild.progress.console import Console, Step
from crossbuild.verify import smoke
from crossbuild.verify.smoke import ScriptResult
from crossbuild.verify.suite_jobs import SuiteJob
from crossbuild.verify.suite_results import SliceResult, SuiteResult, TestResult

#: Seconds that all tests of a folder may take together.
_LIMIT = 6 * 3600.0

#: How many tests of one folder may end the interpreter before it is given up.
_RESTARTS = 25

#: The name of the record behind the last test, and pytest's exit statuses where none ran.
_FINISHED = ""
_NO_RUN = frozenset({2, 3, 4})

_TAIL = 30
#: How Python's faulthandler begins when a test crashed, or took too long.
_TRACE = re.compile(r"Fatal Python error|(Current t|T)hread 0x")
_PROGRESS = re.compile(r"\[ *\d+%\]")


def run(
    job: SuiteJob,
    board: Board,
    console: Console,
    *,
    log: Path,
    keep: Callable[[SuiteResult], None] = lambda _: None,
) -> SuiteResult:
    """Run a suite to its end, whatever its tests do.

    :param log: file that gets all that pytest prints
    :param keep: gets the results so far after each slice, should the board be lost
    :raises BoardError: pytest does not run, or the board fails
    :raises ConfigurationError: a slice that was asked for has no tests
    """
    board.push(ON_BOARD / "suite.py", _program(board))
    test_files = _test_files(job, board)
    _require_slices(job, test_files)
    result = SuiteResult(job.package, job.version, job.kind, board.name, ())
    for name, group in groupby(_chosen(job, test_files), key=_slice_of):
        with console.step(f"tests of {name} on {board.name}") as step:
            part = _run_slice(job, name, list(group), board, step, log)
            step.outcome = ", ".join(f"{n} {how}" for how, n in sorted(part.counts.items()))
        result = replace(result, slices=(*result.slices, part))
        keep(result)
    return result


def _program(board: Board) -> str:
    return f"{board.scratch}/suite/suite.py"


def _test_files(job: SuiteJob, board: Board) -> list[str]:
    """The files with tests that came with the installed package, less the excluded ones."""
    listed = board.run([*board.python, _program(board), job.suite.module], check=False)
    try:
        paths = json.loads(listed.output.strip().splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise BoardError(
            f"the tests of {job.package} cannot be found on {board.name}",
            evidence=listed.output[-2000:],
            cure="see what its Python says above",
        ) from error
    return [file for file in paths if not any(_below(file, path) for path in job.suite.exclude)]


def _require_slices(job: SuiteJob, test_files: Sequence[str]) -> None:
    folders = sorted({_slice_of(file) for file in test_files})
    for wanted in job.slices:
        if not any(_below(file, wanted) for file in test_files):
            raise ConfigurationError(
                f"{job.package} {job.version} has no tests in {wanted}",
                evidence=f"it has tests in {', '.join(folders) or 'no folder at all'}",
                cure="name one of these folders, or a file below one of them",
            )


def _chosen(job: SuiteJob, test_files: Sequence[str]) -> list[str]:
    return [
        file for file in test_files if not job.slices or any(_below(file, s) for s in job.slices)
    ]


def _below(file: str, path: str) -> bool:
    return file == path or file.startswith(f"{path.rstrip('/')}/")


def _slice_of(file: str) -> str:
    """The folder whose tests these are: ``numpy/linalg`` for ``numpy/linalg/tests/test_x.py``."""
    return str(Path(file).parent).removesuffix("/tests")


def _run_slice(
    job: SuiteJob, name: str, test_files: Sequence[str], board: Board, step: Step, log: Path
) -> SliceResult:
    records = f"{board.scratch}/suite/{name.replace('/', '.')}-{secrets.token_hex(4)}.records"
    seconds = str(job.suite.test_seconds)
    arguments = [_program(board), job.suite.module, records, seconds, job.markers, *test_files]
    results: dict[str, TestResult] = {}
    deaths: dict[str, TestResult] = {}
    took, peak = 0.0, 0
    for _ in range(_RESTARTS):
        ended = smoke.run_measured(
            board, name, arguments, log=log, timeout=_LIMIT, on_line=lambda line: _show(line, step)
        )
        took, peak = took + ended.seconds, max(peak, ended.peak_memory)
        results = _recorded(board, records, ended, log)
        if _FINISHED in results and ended.status not in _NO_RUN:
            break
        running = {name for name, test in results.items() if test.outcome == "started"} - {*deaths}
        test = next(iter(running), name)
        deaths[test] = _death(test, ended)
        if not running:
            break
    else:
        deaths[name] = TestResult(name, "error", text=f"given up after {_RESTARTS} interpreters")
    results.pop(_FINISHED, None)
    return SliceResult(name, tuple({**results, **deaths}.values()), took, peak)


def _recorded(board: Board, records: str, ended: ScriptResult, log: Path) -> dict[str, TestResult]:
    """The last word on each test that the board recorded.

    :raises BoardError: nothing is recorded, as pytest itself did not start
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "records"
        try:
            board.pull(records, copy)
        except BoardError as error:
            if ended.passed:
                raise
            raise smoke.failure(f"pytest does not run on {board.name}", ended, log) from error
        lines = copy.read_text(encoding="utf-8").splitlines()
    tests = (TestResult(**json.loads(line)) for line in lines)
    return {test.test: test for test in tests}


def _death(test: str, ended: ScriptResult) -> TestResult:
    """What became of the test during which an interpreter ended."""
    trace = _TRACE.search(ended.output)
    tail = "\n".join(ended.output.splitlines()[-_TAIL:])
    how = f"ended by signal {-ended.status}" if ended.status < 0 else f"status {ended.status}"
    hung = ended.status == -signal.SIGALRM
    outcome = "hung" if hung else "crashed" if ended.status < 0 else "error"
    said = ended.output[trace.start() :] if trace else tail
    return TestResult(test, outcome, text=f"{said}\nthe interpreter's end: {how}")


def _show(line: str, step: Step) -> None:
    step.line(line)
    if percent := _PROGRESS.search(line):
        step.progress(percent[0])
