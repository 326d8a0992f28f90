"""Our wheels beside a native build: the same tests, on the same emulated board.

What fails on both is the package's own business, or the board's.  What fails on ours alone
is a wheel that is not right.
"""

import functools
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from crossbuild.board.debian_rootfs import native_root
from crossbuild.board.emulated import emulated_board
from crossbuild.board.protocol import Board
from crossbuild.core import files
from crossbuild.core.errors import ConfigurationError, SuiteError
from crossbuild.packages import recipe
from crossbuild.packages.recipe import Recipe
from crossbuild.progress import workers
from crossbuild.progress.console import Console
from crossbuild.sdk.reference.definition import Definition
from crossbuild.verify import prove, smoke, suite_jobs, suite_results, suites
from crossbuild.verify.open_board import user_land
from crossbuild.verify.question import Question
from crossbuild.verify.suite_jobs import SuiteJob
from crossbuild.verify.suite_results import SliceResult, SuiteResult, TestResult

_SHOWN = 20


@dataclass(frozen=True)
class Side:
    """One build on its board: the results, and what the build says of itself."""

    result: SuiteResult
    about: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """One package's tests on both boards."""

    ours: Side
    theirs: Side

    @property
    def _bad(self) -> tuple[set[str], set[str]]:
        ours, theirs = self.ours.result.bad, self.theirs.result.bad
        return {test.test for test in ours}, {test.test for test in theirs}

    @property
    def both(self) -> list[str]:
        """Tests that failed on both."""
        ours, theirs = self._bad
        return sorted(ours & theirs)

    @property
    def ours_alone(self) -> list[str]:
        """Tests that failed on ours, and ran on theirs without failing, or not at all."""
        ours, theirs = self._bad
        return sorted(ours - theirs)

    @property
    def theirs_alone(self) -> list[str]:
        """Tests that failed on theirs alone."""
        ours, theirs = self._bad
        return sorted(theirs - ours)

    @property
    def differences(self) -> list[str]:
        """What the builds say differently of themselves: ``-`` theirs, ``+`` ours."""
        ours, theirs = self.ours.about, self.theirs.about
        gone = [f"- {line}" for line in theirs if line not in ours]
        return list(dict.fromkeys(gone + [f"+ {line}" for line in ours if line not in theirs]))

    def as_json(self) -> dict[str, object]:
        """All of it, with both sides' counts, seconds and peak memory of each slice."""
        return {
            "ours": suite_results.as_json(self.ours.result),
            "theirs": suite_results.as_json(self.theirs.result),
            "failed on both": self.both,
            "failed on ours alone": self.ours_alone,
            "failed on theirs alone": self.theirs_alone,
            "builds differ in": self.differences,
        }


def compare(
    question: Question, definition: Definition, console: Console, *, at_once: int
) -> list[Comparison]:
    """Run the packages' suites with our wheels and with Debian's, and compare.

    :param question: its SDK is the reference SDK that *definition* makes
    :param at_once: whether both boards run side by side (2 or more), or one after the other
    :raises ConfigurationError: the distribution has none of the packages
    :raises SuiteError: tests failed on ours alone
    """
    log = question.work / "parity.log"
    recipes = prove.recipes_of(question.requirements)
    native = [
        known.suite.native for known in recipes.values() if known.suite and known.suite.native
    ]
    if not native:
        raise ConfigurationError(
            f"no native build is known of {' '.join(map(str, question.packages))}",
            evidence="none has a recipe whose [suite] says 'native'",
            cure="compare a package that Debian has, e.g. `crossbuild parity numpy`",
        )
    base, python = user_land(question, console)
    with console.step(f"board with Debian's {' '.join(native)}"):
        root = native_root(base, definition, native, question.cache, log)
        with _board(root, python, question) as board:
            versions = smoke.installed_on(board)
    jobs = suite_jobs.jobs(recipes.values(), versions, question.suite, question.slices)
    wheels = suite_jobs.publish_requirements(jobs, python, question.wheelhouse, question.cache)

    def ours(console: Console) -> list[Side]:
        wanted = [f"{job.package}=={job.version}" for job in jobs]
        with _board(base, python, question) as board:
            smoke.verify(question.wheelhouse, board, wanted, {}, console, log=log)
            return _run("ours", question, jobs, wheels, board, console)

    def theirs(console: Console) -> list[Side]:
        with _board(root, python, question) as board:
            return _run("debian", question, jobs, wheels, board, console)

    sides = workers.run({"ours": ours, "Debian's": theirs}, console, at_once)
    comparisons = [Comparison(*pair) for pair in zip(*sides, strict=True)]
    for known in comparisons:
        _show(known, question.work, console)
    require_none_alone(comparisons, question.work)
    return comparisons


def _board(root: Path, python: str, question: Question) -> AbstractContextManager[Board]:
    return emulated_board(root, python, work=question.work / "boards")


def _run(
    whose: str,
    question: Question,
    jobs: Sequence[SuiteJob],
    wheels: Sequence[Path],
    board: Board,
    console: Console,
) -> list[Side]:
    """Run the jobs on one side's board; what they found is kept as JUnit XML as they go."""
    log = question.work / f"parity-{whose}.log"
    suite_jobs.equip(board, jobs, wheels, console, log=log)
    sides = []
    for job in jobs:
        kept = question.work / f"parity-{job.package}-{whose}.xml"
        keep = functools.partial(suite_results.write_junit, path=kept)
        result = suites.run(job, board, console, log=log, keep=keep)
        sides.append(Side(result, _about(recipe.load(job.package), board, log)))
    return sides


def _about(recipe: Recipe, board: Board, log: Path) -> tuple[str, ...]:
    """What the installed build says of itself, by the recipe's script."""
    if recipe.about_script is None:
        return ()
    result = smoke.run_script(board, f"{recipe.name}-about", recipe.about_script, log=log)
    if not result.passed:
        raise smoke.failure(f"{recipe.about_script.name} failed on {board.name}", result, log)
    return tuple(result.output.splitlines())


def table(comparison: Comparison) -> Table:
    """Both sides by slice: tests, failures on both and on one alone, seconds."""
    result = comparison.ours.result
    shown = Table(title=f"{result.package} {result.version}: ours beside Debian's own build")
    shown.add_column("slice", no_wrap=True)
    columns = ("tests ours", "theirs", "failed on both", "ours alone", "theirs alone")
    for column in (*columns, "seconds ours", "theirs"):
        shown.add_column(column, justify="right")
    theirs = {of_slice.name: of_slice for of_slice in comparison.theirs.result.slices}
    for ours in result.slices:
        shown.add_row(ours.name, *_row(ours, theirs.get(ours.name)))
    return shown


def _row(ours: SliceResult, theirs: SliceResult | None) -> list[str]:
    theirs = theirs or SliceResult(ours.name, (), 0.0, 0)
    bad, their_bad = _names(ours.tests), _names(theirs.tests)
    counts = [len(ours.tests), len(theirs.tests)]
    counts += [len(bad & their_bad), len(bad - their_bad), len(their_bad - bad)]
    return [*map(str, counts), f"{ours.seconds:.1f}", f"{theirs.seconds:.1f}"]


def _names(tests: Sequence[TestResult]) -> set[str]:
    return {test.test for test in tests if test.bad}


def _show(comparison: Comparison, work: Path, console: Console) -> None:
    console.table(table(comparison))
    for line in comparison.differences:
        console.say(line)
    path = work / f"parity-{comparison.ours.result.package}.json"
    files.write_text(path, json.dumps(comparison.as_json(), indent=2) + "\n")


def require_none_alone(comparisons: Sequence[Comparison], work: Path) -> None:
    """Refuse wheels on which tests fail that pass on the native build.

    :raises SuiteError: there are some
    """
    alone = [test for comparison in comparisons for test in comparison.ours_alone]
    if alone:
        raise SuiteError(
            f"{len(alone)} tests failed on our wheels alone, and not on Debian's own build",
            evidence="\n".join([*alone[:_SHOWN], f"all results: {work}/parity-*.json"]),
            cure="compare the compiler's flags and the libraries: build.log, and the lines "
            "with + (ours) and - (theirs) above",
        )
