"""The wheelhouse proven on a board: installed, computing, and tested by the packages' own tests."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from crossbuild.board.protocol import Board
from crossbuild.core import files
from crossbuild.packages import recipe
from crossbuild.packages.recipe import Recipe
from crossbuild.packages.wanted import requirement
from crossbuild.progress.console import Console
from crossbuild.verify import (
    known_failures,
    project_tests,
    smoke,
    suite_jobs,
    suite_results,
    suites,
)
from crossbuild.verify.known_failures import Verdict
from crossbuild.verify.open_board import open_board
from crossbuild.verify.question import SMOKE, Question
from crossbuild.verify.smoke import SmokeReport
from crossbuild.verify.suite_jobs import SuiteJob
from crossbuild.verify.suite_results import SuiteResult


@dataclass(frozen=True)
class Proof:
    """What the smoke scripts said, and the packages' own suites."""

    report: SmokeReport
    suites: tuple[SuiteResult, ...]


def prove(question: Question, console: Console) -> Proof:
    """Install the packages from the wheelhouse on the board, and run all that proves them.

    :raises BoardError: the board cannot be had, or a wheel does not install or compute
    :raises SuiteError: tests of a suite failed that are not known to fail
    """
    recipes = recipes_of(question.requirements)
    with open_board(question, console) as board:
        report = smoke.verify(
            question.wheelhouse,
            board,
            question.requirements,
            {name: known.smoke_script for name, known in recipes.items()},
            console,
            log=question.work / "verify.log",
            report_file=question.work / "verify.json",
        )
        _run_tests(question, board, report, console)
        results = _run_suites(question, recipes.values(), board, report, console)
    return Proof(report, results)


def recipes_of(requirements: Sequence[str]) -> dict[str, Recipe]:
    """The recipes of those packages that have one, by name.

    :raises ConfigurationError: a requirement is none
    """
    names = dict.fromkeys(canonicalize_name(requirement(text).name) for text in requirements)
    return {name: recipe.load(name) for name in names if name in recipe.names()}


def _run_tests(question: Question, board: Board, report: SmokeReport, console: Console) -> None:
    python = report.facts.python_version
    for tests in project_tests.on(question.tests, python):
        wheels = project_tests.required_wheels(
            tests.requires,
            python,
            question.wheelhouse,
            question.work / "locks",
            question.cache,
        )
        project_tests.run(tests, board, wheels, console, log=question.work / "verify.log")


def _run_suites(
    question: Question,
    recipes: Iterable[Recipe],
    board: Board,
    report: SmokeReport,
    console: Console,
) -> tuple[SuiteResult, ...]:
    if question.suite == SMOKE:
        return ()
    jobs = suite_jobs.jobs(recipes, report.installed, question.suite, question.slices)
    if not jobs:
        console.note(f"no suite is known of {' '.join(question.requirements)}")
        return ()
    python = report.facts.python_version
    wheels = suite_jobs.publish_requirements(jobs, python, question.wheelhouse, question.cache)
    log = question.work / "verify.log"
    suite_jobs.equip(board, jobs, wheels, console, log=log)
    judged = [_run_suite(job, question, board, console) for job in jobs]
    known_failures.require_none_new(judged, question.work)
    return tuple(result for result, _ in judged)


def _run_suite(
    job: SuiteJob, question: Question, board: Board, console: Console
) -> tuple[SuiteResult, Verdict]:
    """Run a suite, and keep and show its results."""
    path = question.work / f"suite-{job.package}"
    junit = path.with_suffix(".xml")
    result = suites.run(
        job,
        board,
        console,
        log=path.with_suffix(".log"),
        keep=lambda so_far: suite_results.write_junit(so_far, junit),
    )
    known = known_failures.load(job.package)
    verdict = known_failures.judge(result, known, question.board_kind)
    document = {**suite_results.as_json(result), **verdict.as_json()}
    files.write_text(path.with_suffix(".json"), json.dumps(document, indent=2) + "\n")
    console.table(suite_results.table(result))
    for line in verdict.lines():
        console.say(line)
    return result, verdict
