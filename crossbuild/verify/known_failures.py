"""Which failures of a package's own tests are known, and why: ``recipes/known/<name>.toml``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from crossbuild.board.diagnosis import diagnose
from crossbuild.core import documents
from crossbuild.core.errors import RecipeError, SuiteError
from crossbuild.packages.recipe import RECIPES
from crossbuild.packages.recipe_fields import SpecifierText, as_list
from crossbuild.verify.suite_results import SuiteResult, TestResult

KNOWN = RECIPES / "known"
_SHOWN = 20


class Known(BaseModel):
    """Tests that fail for a reason that is not the build's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: pytest's names of tests; ``*`` stands for anything.
    tests: Annotated[tuple[str, ...], BeforeValidator(as_list), Field(min_length=1)]
    reason: str = Field(min_length=1)
    link: str = Field(pattern="^https?://")
    #: The kinds of boards on which they fail; none for all.
    boards: tuple[str, ...] = ()
    #: The package's versions that have it.
    version: SpecifierText = ""

    def applies(self, version: str, board: str) -> bool:
        """Whether the tests of that version fail on that kind of board."""
        fits = SpecifierSet(self.version).contains(version, prereleases=True)
        return fits and (not self.boards or board in self.boards)

    def covers(self, test: str) -> bool:
        """Whether this is about that test."""
        patterns = (re.escape(pattern).replace(r"\*", ".*") for pattern in self.tests)
        return any(re.fullmatch(pattern, test) for pattern in patterns)


class _File(BaseModel):
    known: tuple[Known, ...]


@dataclass(frozen=True)
class Verdict:
    """What the failures of a suite mean.

    :ivar new: failures that nobody knew
    :ivar known: failures with their entry
    :ivar boards: failures that are the board's, with what it lacks
    :ivar vanished: entries whose tests ran, and none failed
    """

    new: tuple[TestResult, ...]
    known: tuple[tuple[TestResult, Known], ...]
    boards: tuple[tuple[TestResult, str], ...]
    vanished: tuple[Known, ...]

    def lines(self) -> list[str]:
        """What is to be told of it, a line each."""
        return [
            *(f"known: {test.test}: {entry.reason} ({entry.link})" for test, entry in self.known),
            *(f"the board's, not the wheel's: {test.test}: {why}" for test, why in self.boards),
            *(f"no longer fails: {' '.join(e.tests)} ({e.reason})" for e in self.vanished),
        ]

    def as_json(self) -> dict[str, object]:
        """The names of the tests and entries of each kind."""
        return {
            "new": [test.test for test in self.new],
            "known": {test.test: entry.reason for test, entry in self.known},
            "boards": {test.test: why for test, why in self.boards},
            "vanished": [" ".join(entry.tests) for entry in self.vanished],
        }


def load(package: str, *, folder: Path = KNOWN) -> tuple[Known, ...]:
    """The known failures of a package's tests; none where it has no file.

    :raises RecipeError: the file is malformed
    """
    path = folder / f"{canonicalize_name(package)}.toml"
    if not path.is_file():
        return ()
    what = f"the list of known failures {path.name} is malformed"
    cure = "each [[known]] has tests, reason and link; docs/suites.md explains the keys"
    with documents.refused_as(RecipeError, what, path, cure=cure):
        return documents.validated(_File, documents.read_toml(path)).known


def judge(result: SuiteResult, known: Sequence[Known], board: str) -> Verdict:
    """Tell new failures from known ones and from the board's own.

    :param board: the kind of board: ``emulated``, ``sabrelite`` or ``ssh``
    """
    entries = [entry for entry in known if entry.applies(result.version, board)]
    new, expected, boards = [], [], []
    for test in result.bad:
        entry = next((entry for entry in entries if entry.covers(test.test)), None)
        cause = diagnose(test.text, about="board").what
        if entry:
            expected.append((test, entry))
        elif cause:
            boards.append((test, cause))
        else:
            new.append(test)
    failing = {id(entry) for _, entry in expected}
    passed = [test.test for test in result.tests if test.outcome == "passed"]
    vanished = [e for e in entries if id(e) not in failing and any(map(e.covers, passed))]
    return Verdict(tuple(new), tuple(expected), tuple(boards), tuple(vanished))


def require_none_new(judged: Sequence[tuple[SuiteResult, Verdict]], folder: Path) -> None:
    """Refuse failures that nobody knew.

    :param folder: where the results were written
    :raises SuiteError: there are some; the evidence names them
    """
    new = [test for _, verdict in judged for test in verdict.new]
    if not new:
        return
    lines = [f"{test.test} {test.outcome}: {_last(test.text)}" for test in new[:_SHOWN]]
    if len(new) > _SHOWN:
        lines.append(f"… and {len(new) - _SHOWN} more")
    titles = [f"{result.package} {result.version}" for result, verdict in judged if verdict.new]
    raise SuiteError(
        f"{len(new)} tests of {', '.join(titles)} failed on {judged[0][0].board}",
        evidence="\n".join([*lines, f"all results: {folder}/suite-*.xml"]),
        cure="`crossbuild parity` tells whether a native build fails there as well; a failure "
        "that is not the build's goes into recipes/known/<package>.toml",
    )


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""
