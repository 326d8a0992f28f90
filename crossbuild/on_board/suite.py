"""Run a package's own tests with pytest, and record each result at once.

    suite.py MODULE                                 print the test files as a line of JSON
    suite.py MODULE RECORDS SECONDS MARKERS FILE... run the tests in them

RECORDS gets a line of JSON when a test starts and when it ends, so that a crash loses
nothing.  Tests that it names already are left out: the same command goes on behind the
test that ended the interpreter.  A test that takes more than SECONDS does that.  Names are
relative to the folder that holds MODULE.  Python 3.5 and later, pytest 5.4 and later.
"""

import faulthandler
import importlib.util
import json
import os
import signal
import sys
import time
from pathlib import Path

_LONGEST = 4000  # characters of a failure's text
_BETWEEN = 1800.0  # seconds for what is no test: collecting them all, the report at the end


def _place(module: str) -> Path:
    """The folder that holds the module's folder, without importing it."""
    found = importlib.util.find_spec(module)
    if found is None or not found.submodule_search_locations:
        sys.exit("there is no package " + module)
    return Path(next(iter(found.submodule_search_locations))).parent


def _test_files(module: str) -> "list[str]":
    place = _place(module)
    found = [*(place / module).rglob("test_*.py"), *(place / module).rglob("*_test.py")]
    return sorted({path.relative_to(place).as_posix() for path in found})


class Recorder:
    """A plugin of pytest."""

    def __init__(self, records: Path, seconds: float) -> None:
        lines = records.read_text(encoding="utf-8").splitlines() if records.exists() else []
        self._known = {json.loads(line)["test"] for line in lines}
        self._records = records.open("a", encoding="utf-8")
        self._seconds = seconds
        # pytest takes standard error away while a test runs.
        self._stderr = os.fdopen(os.dup(2), "w")
        self._reports = []  # those of the running test
        self._started = 0.0
        # Not faulthandler's own timer: that is a thread for each test, and QEMU 7.2 never
        # gives back the 0.6 MB that it needs for one.  Chained: the signal ends the interpreter.
        faulthandler.register(signal.SIGALRM, file=self._stderr, chain=True)
        self._limit(_BETWEEN)

    def tell(self, test: str, outcome: str, seconds: float = 0.0, text: str = "") -> None:
        """Record a result."""
        line = {"test": test, "outcome": outcome, "seconds": seconds, "text": text[-_LONGEST:]}
        self._records.write(json.dumps(line) + "\n")
        self._records.flush()

    def _limit(self, seconds: float) -> None:
        """End the interpreter, with a traceback, where it hangs in C code as well."""
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def pytest_collection_modifyitems(self, items: list) -> None:
        items[:] = [item for item in items if item.nodeid not in self._known]

    def pytest_collectreport(self, report: object) -> None:
        if report.outcome != "passed" and report.nodeid not in self._known:
            outcome = "error" if report.failed else "skipped"
            self.tell(report.nodeid, outcome, text=_text(report))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._reports, self._started = [], time.monotonic()
        self.tell(nodeid, "started")
        self._limit(self._seconds)

    def pytest_runtest_logreport(self, report: object) -> None:
        self._reports.append(report)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._limit(_BETWEEN)
        failed = [report for report in self._reports if report.failed]
        skipped = [report for report in self._reports if report.skipped]
        told = (failed or skipped or [None])[0]
        outcome = "skipped" if skipped else "passed"
        if failed:
            outcome = "failed" if told.when == "call" else "error"
        seconds = round(time.monotonic() - self._started, 3)
        self.tell(nodeid, outcome, seconds, _text(told) if told else "")


def _text(report: object) -> str:
    """Why a test failed or was skipped (then: file, line, reason)."""
    why = report.longrepr
    return str(why[-1] if isinstance(why, tuple) else why)


def main() -> None:
    """List the tests, or run them."""
    module, arguments = sys.argv[1], sys.argv[2:]
    if not arguments:
        print(json.dumps(_test_files(module)))
        return
    import pytest

    records, seconds, markers, files = arguments[0], arguments[1], arguments[2], arguments[3:]
    place = _place(module)
    folder = Path(records).parent / "tests"  # where tests may write
    folder.mkdir(exist_ok=True)
    os.chdir(str(folder))
    own = ["--rootdir", str(place), "--confcutdir", str(place), "-c", os.devnull]
    quiet = ["-q", "--tb=short", "--disable-warnings", "-p", "no:cacheprovider"]
    quiet.append("--continue-on-collection-errors")
    recorder = Recorder(Path(records), float(seconds))
    names = [str(place / name) for name in files]
    status = pytest.main([*own, *quiet, "-m", markers, *names], plugins=[recorder])
    recorder.tell("", "finished")
    signal.setitimer(signal.ITIMER_REAL, 0)
    sys.exit(int(status))


main()
