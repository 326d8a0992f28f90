"""Proof: wheels from the wheelhouse, installed and run on a board.

One way for every kind of board: copy the wheels that fit its Python, install them with
its own pip and no index, run each smoke script, and report what was measured.
"""

import json
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version
from rich.table import Table

from crossbuild.board.diagnosis import diagnose
from crossbuild.board.protocol import ON_BOARD, Board, BoardFacts, facts
from crossbuild.core import files
from crossbuild.core.command import Completed, command_line
from crossbuild.core.errors import BoardError, CommandError
from crossbuild.packages import recipe
from crossbuild.packages.wanted import requirement
from crossbuild.progress.console import Console
from crossbuild.verify import imports, selection

#: Seconds that an installation or a smoke script may take on an emulated board.
TIMEOUT = 1800.0

_MARK = "crossbuild-measured "
_TAIL = 30

#: Python, for a board need not have ``rm``.
_REMOVE = "import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)"


#: What import_modules.py says of modules: that it tries one, that one was not imported, and why.
_TRIED = re.compile(r"^import (\S+)$", re.MULTILINE)
_NOT_IMPORTED = re.compile(r"^(?:gave up|failed): (\S+): (.+)$", re.MULTILINE)
_TO_THE_END = re.compile(r"^all were tried$", re.MULTILINE)


@dataclass(frozen=True)
class ScriptResult:
    """How a script ended on the board; *peak_memory* in bytes, *status* < 0 for a signal.

    :ivar imported: the modules that were imported, where the package has no smoke script
    :ivar not_imported: why those were not that should have been, by name
    """

    package: str
    passed: bool
    status: int
    seconds: float
    peak_memory: int
    output: str
    imported: tuple[str, ...] = ()
    not_imported: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """How it ended, in words."""
        if not self.passed:
            return "FAILED"
        if not self.imported and not self.not_imported:
            return "passed"
        others = f", {len(self.not_imported)} not" if self.not_imported else ""
        return f"{len(self.imported)} imported{others}"


@dataclass(frozen=True)
class SmokeReport:
    """All that a verification found."""

    board: str
    facts: BoardFacts
    notes: tuple[str, ...]
    installed: Mapping[str, str]
    install_seconds: float
    hashes_checked: bool
    scripts: tuple[ScriptResult, ...]

    @property
    def passed(self) -> bool:
        """Whether every script passed."""
        return all(result.passed for result in self.scripts)


def verify(
    wheelhouse: Path,
    board: Board,
    packages: Sequence[str],
    smoke_scripts: Mapping[str, Path],
    console: Console,
    *,
    log: Path,
    report_file: Path | None = None,
) -> SmokeReport:
    """Install *packages* from *wheelhouse* on *board* and run their smoke scripts.

    Of a package without one every top-level module and every extension module is imported.

    :param smoke_scripts: package name to script; each runs in a Python of its own
    :param log: file that gets all output of the board
    :param report_file: where the report goes as JSON, also when a script fails
    :raises BoardError: a wheel does not install, or a script fails
    """
    about = facts(board)
    for note in board.notes:
        console.note(f"{note}")
    wheels = selection.select(wheelhouse, packages, about)
    selection.require_pip(wheels, pip_version(board), board.name)
    selection.require_space(wheels, about, board.name)
    with console.step(f"copy {len(wheels)} wheels to {board.name}"):
        folder = push_wheels(wheels, board)
    with console.step(f"install {' '.join(packages)} on {board.name}") as step:
        checked = _check_hashes(board, wheels, about, log)
        seconds = install(board, folder, packages, log=log)
        installed = installed_on(board)
        step.outcome = f"{len(installed)} packages"
    results = []
    for package, script in smoke_scripts.items():
        with console.step(f"smoke test of {package} on {board.name}") as step:
            results.append(run_script(board, package, script, log=log))
            step.outcome = results[-1].verdict
    for package, modules in _without_scripts(packages, smoke_scripts, wheels).items():
        with console.step(f"import modules of {package} on {board.name}") as step:
            results.append(import_modules(board, package, modules, log=log))
            step.outcome = results[-1].verdict
            not_imported = results[-1].not_imported
            step.notes += [f"not imported: {name}: {why}" for name, why in not_imported.items()]
    report = SmokeReport(
        board.name, about, board.notes, installed, seconds, checked, tuple(results)
    )
    if report_file is not None:
        files.write_text(report_file, json.dumps(asdict(report), indent=2) + "\n")
    _require_passed(report, log)
    return report


def pip_version(board: Board) -> str:
    """The version of the board's pip.

    :raises BoardError: it has none
    """
    answer = board.run([*board.pip, "--version"], check=False, timeout=120)
    match = re.search(r"^pip (\d[\d.]*)", answer.output, re.MULTILINE)
    if match is None:
        raise BoardError(
            f"{board.name} has no pip",
            evidence=answer.output[-1000:],
            cure="install it there: python3-pip of the distribution, or `python3 -m ensurepip`",
        )
    return match.group(1)


def push_wheels(wheels: Sequence[Path], board: Board) -> str:
    """Copy wheels to the board, and return their folder there."""
    folder = f"{board.scratch}/wheelhouse"
    for wheel in wheels:
        board.push(wheel, f"{folder}/{wheel.name}")
    return folder


def install(board: Board, folder: str, packages: Sequence[str], *, log: Path) -> float:
    """Install with the board's pip from its folder of wheels; return the seconds it took.

    :raises BoardError: pip failed
    """
    argv = [*board.pip, "install", "--no-index", "-f", folder, *board.install_options, *packages]
    result = run_timed(board, argv, log)
    if result.status != 0:
        raise failure(f"{' '.join(packages)} cannot be installed on {board.name}", result, log)
    return result.seconds


def run_script(board: Board, package: str, script: Path, *, log: Path) -> ScriptResult:
    """Run a script on the board in a Python of its own and measure it."""
    # Not under its own name: a script numpy.py would hide the package from itself.
    target = f"{board.scratch}/smoke/smoke_test_of_{package.replace('-', '_')}.py"
    board.push(script, target)
    board.push(recipe.SMOKE_CHECKS, f"{board.scratch}/smoke/{recipe.SMOKE_CHECKS.name}")
    return run_measured(board, package, [target], log=log)


def import_modules(
    board: Board, package: str, modules: Sequence[str], *, log: Path
) -> ScriptResult:
    """Import modules on the board, in one Python of its own, and measure it."""
    folder = f"{board.scratch}/smoke"
    for name in ("import_modules.py", "standard_modules.txt"):
        board.push(ON_BOARD / name, f"{folder}/{name}")
    result = run_measured(board, package, [f"{folder}/import_modules.py", *modules], log=log)
    not_imported = _not_imported(modules, result.output)
    imported = tuple(name for name in modules if name not in not_imported)
    # A module may end Python with any status, before others are tried.
    passed = result.passed and _TO_THE_END.search(result.output) is not None
    return replace(result, passed=passed, imported=imported, not_imported=not_imported)


def _not_imported(modules: Sequence[str], output: str) -> dict[str, str]:
    """Why modules were not imported, by what import_modules.py said of them."""
    told = {name: why for name, why in _NOT_IMPORTED.findall(output) if name in modules}
    if _TO_THE_END.search(output):
        return told
    # Python ended in the last that was tried, and came to none after it.
    tried = [name for name in _TRIED.findall(output) if name in modules]
    last = modules.index(tried[-1]) if tried else 0
    return {**told, **dict.fromkeys(modules[last:], "Python ended before it was imported")}


def _without_scripts(
    packages: Sequence[str], scripts: Mapping[str, Path], wheels: Sequence[Path]
) -> dict[str, tuple[str, ...]]:
    """The modules to import of each package that has no smoke script, by its name."""
    newest: dict[str, tuple[Version, Path]] = {}
    for path in wheels:
        name, version, *_ = parse_wheel_filename(path.name)
        newest[name] = max(newest.get(name, (version, path)), (version, path))
    wanted = dict.fromkeys(canonicalize_name(requirement(text).name) for text in packages)
    return {
        name: imports.modules(newest[name][1])
        for name in wanted
        if name not in scripts and name in newest
    }


def run_measured(
    board: Board,
    name: str,
    arguments: Sequence[str],
    *,
    log: Path,
    timeout: float = TIMEOUT,
    on_line: Callable[[str], None] | None = None,
) -> ScriptResult:
    """Run a script that is on the board, with its arguments, and measure it.

    :param timeout: seconds that it may take
    :raises BoardError: it did not end in time
    """
    board.push(ON_BOARD / "measure.py", f"{board.scratch}/measure.py")
    argv = [*board.python, f"{board.scratch}/measure.py", _MARK, *arguments]
    return _result(name, _run(board, argv, log, timeout, on_line))


def failure(what: str, result: ScriptResult, log: Path) -> BoardError:
    """The error for a program that failed on a board, with the cause where it is known."""
    ended = f"ended by signal {-result.status}" if result.status < 0 else f"{result.status}"
    tail = "\n".join(result.output.splitlines()[-_TAIL:])
    cause = diagnose(f"{result.output}\n{ended}")
    return BoardError(
        f"{what}: {cause.what}" if cause.what else what,
        evidence=f"exit status: {ended}\n{tail}\nfull log: {log}",
        cure=cause.cure,
    )


def summary(report: SmokeReport) -> Table:
    """The report as a table."""
    about = report.facts
    table = Table(title=f"{report.board}: {about.machine} {about.cpu}, Python {about.python}")
    for column in ("package", "version", "smoke test", "seconds", "peak memory"):
        table.add_column(column)
    by_package = {result.package: result for result in report.scripts}
    for package, version in report.installed.items():
        result = by_package.get(package)
        if result is None:
            table.add_row(package, version, "installed", "", "")
            continue
        memory = files.size_text(result.peak_memory)
        table.add_row(package, version, result.verdict, f"{result.seconds:.1f}", memory)
    return table


def _run(
    board: Board,
    argv: Sequence[str],
    log: Path,
    timeout: float = TIMEOUT,
    on_line: Callable[[str], None] | None = None,
) -> Completed:
    """Run on the board; a timeout is the board's failure, not the program's.

    :raises BoardError: it did not end in time
    """
    try:
        return board.run(argv, log=log, check=False, timeout=timeout, on_line=on_line)
    except CommandError as error:
        raise BoardError(
            f"{command_line(argv)} on {board.name} did not end within {timeout:.0f} s",
            evidence=error.evidence,
            cure=f"see where it stopped in {log}; a slow machine needs more time",
        ) from error


def run_timed(board: Board, argv: Sequence[str], log: Path) -> ScriptResult:
    """Run a command of the board that measures nothing itself.

    :raises BoardError: it did not end in time
    """
    start = time.monotonic()
    ended = _run(board, argv, log)
    seconds = time.monotonic() - start
    return ScriptResult(argv[0], ended.status == 0, ended.status, seconds, 0, ended.output)


def _result(package: str, ended: Completed) -> ScriptResult:
    """Split off the line of measure.py; without one the interpreter itself died."""
    output, mark, line = ended.output.rpartition(f"\n{_MARK}")
    if not mark:
        return ScriptResult(package, False, ended.status or 1, 0.0, 0, ended.output)
    measured = json.loads(line.splitlines()[0])
    return ScriptResult(
        package,
        measured["status"] == 0,
        measured["status"],
        measured["seconds"],
        measured["peak_memory"],
        output,
    )


def _check_hashes(board: Board, wheels: Sequence[Path], about: BoardFacts, log: Path) -> bool:
    """Let the board's pip compare the wheels with the requirements file, where there is one.

    :raises BoardError: a hash differs
    """
    requirements = wheels[0].parent / f"requirements-{about.python_tag}.txt" if wheels else None
    if requirements is None or not requirements.is_file():
        return False
    target = f"{board.scratch}/{requirements.name}"
    with tempfile.TemporaryDirectory() as folder:
        pinned = Path(folder) / requirements.name
        pinned.write_text(selection.pins(requirements, wheels), encoding="utf-8")
        board.push(pinned, target)
    copies = f"{board.scratch}/checked"
    where = ["--no-index", "-f", f"{board.scratch}/wheelhouse", "-d", copies]
    argv = [*board.pip, "download", "--no-deps", *where, "--require-hashes", "-r", target]
    result = run_timed(board, argv, log)
    board.run([*board.python, "-c", _REMOVE, copies])  # the installation needs their room
    if not result.passed:
        raise failure(f"{requirements.name} does not fit the wheels", result, log)
    return True


def installed_on(board: Board) -> dict[str, str]:
    """Name and version of what pip sees on the board."""
    listed = board.run([*board.pip, "list", "--format=freeze"], check=False).output
    pairs = (line.split("==") for line in listed.splitlines() if line.count("==") == 1)
    return {name: version for name, version in pairs if " " not in name}


def _require_passed(report: SmokeReport, log: Path) -> None:
    failed = [result for result in report.scripts if not result.passed]
    if failed:
        names = ", ".join(result.package for result in failed)
        what = "import" if failed[0].not_imported else "smoke test"
        raise failure(f"the {what} of {names} failed on {report.board}", failed[0], log)
