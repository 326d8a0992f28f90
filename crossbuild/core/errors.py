"""Every failure a user can meet: what failed, the evidence, and what to try.

Each class has its own exit code (listed in docs/commands.md), so that scripts can
tell a bad SDK from a failed download without reading text.
"""

from typing import ClassVar


class CrossbuildError(Exception):
    """Root of all errors meant for the user.

    :param what: one sentence: what failed
    :param evidence: the path, the log line, the compiler's words that show it
    :param cure: what to try, ready to paste where that is possible
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, evidence: str = "", cure: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.evidence = evidence
        self.cure = cure

    def __str__(self) -> str:
        parts = [self.what]
        if self.evidence:
            parts.append(f"  evidence: {self.evidence}")
        if self.cure:
            parts.append(f"  try: {self.cure}")
        return "\n".join(parts)


class ConfigurationError(CrossbuildError):
    """An option, ``pyproject.toml`` or a definition file has an invalid value."""

    exit_code = 3


class ToolMissingError(CrossbuildError):
    """A program of the build machine is missing."""

    exit_code = 4


class CommandError(CrossbuildError):
    """A program that was run ended with a failure.

    :param output: all that it printed
    """

    exit_code = 5

    def __init__(self, what: str, *, evidence: str = "", cure: str = "", output: str = "") -> None:
        super().__init__(what, evidence=evidence, cure=cure)
        self.output = output


NO_SPACE_CURE = (
    "free some space, or put the work elsewhere with --work-dir; "
    "then run the same command again: it goes on where it stopped"
)


class DiskError(CrossbuildError):
    """The disk is full or a folder cannot be written."""

    exit_code = 6


class SdkError(CrossbuildError):
    """The SDK is missing, is no SDK, or cannot build for the board."""

    exit_code = 10


class TargetPythonError(CrossbuildError):
    """The target's Python (headers, sysconfigdata) is missing or contradicts itself."""

    exit_code = 11


class BuildPythonError(CrossbuildError):
    """No usable Python of the target's X.Y on the build machine."""

    exit_code = 12


class RecipeError(CrossbuildError):
    """A recipe is malformed, or has no version for this Python."""

    exit_code = 13


class LockError(CrossbuildError):
    """A lock file is malformed, lacks a package, or a download has another hash."""

    exit_code = 14


class IndexUnreachableError(CrossbuildError):
    """The package index cannot be reached, or does not have a file."""

    exit_code = 15


class CrossEnvError(CrossbuildError):
    """The cross environment could not be made."""

    exit_code = 16


class BuildError(CrossbuildError):
    """A package did not build."""

    exit_code = 17


class RepairError(CrossbuildError):
    """A built wheel could not be made ready for the board."""

    exit_code = 18


class AuditError(CrossbuildError):
    """A wheel does not fit the board."""

    exit_code = 19


class BoardError(CrossbuildError):
    """The board could not be started, or a wheel failed on it."""

    exit_code = 20


class MatrixError(CrossbuildError):
    """Cells of the matrix failed, while others may have been built."""

    exit_code = 21


class SuiteError(CrossbuildError):
    """Tests of a package's own suite failed that are not listed as known failures."""

    exit_code = 22


class ReproducibilityError(CrossbuildError):
    """A wheel that was built again has other bytes."""

    exit_code = 23


class ExportError(CrossbuildError):
    """Wheels cannot become recipes or packages, or a file that the user changed is in the way."""

    exit_code = 24


class SignatureError(CrossbuildError):
    """A wheelhouse cannot be signed, or is not what someone trusted signed."""

    exit_code = 25
