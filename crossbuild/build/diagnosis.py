"""Why a build failed, from what its back end printed.

The knowledge is data: ``diagnoses.toml`` has what words of compilers, configure scripts, CMake,
Meson, cargo and setuptools mean, ``sdk/library_packages.toml`` which package has a library.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from crossbuild.core import diagnosis, documents
from crossbuild.core.diagnosis import Cause, Match
from crossbuild.sdk import library_packages
from crossbuild.sdk.model import Sdk

_HERE = Path(__file__).parent

#: How many lines around an error belong to it, and are shown with it.
_BEFORE, _AFTER = 3, 6

#: Of longer lines, such as a linker's call with hundreds of files, both ends are shown.
_END = 100

#: What CMake says of a program that it makes; which ones were made, the table may ask.
_LINKED = re.compile(r"Linking \w+ executable ")
_NINJA_FAILED = re.compile(r"^FAILED: ")
NINJA_PROGRESS = re.compile(r"^\[\d+/\d+\]")
_NO_PYTHON = re.compile(r"(Syntax|Indentation|Tab)Error: ")
_PLACE = re.compile(r' *File "[^"]+", line \d+$')
_CHAINED = ("During handling of the above", "The above exception was the direct cause")
_COMMAND_FAILED = re.compile(
    r"""^error: [Cc]ommand ['"](?:\S*/)?([^\s'"/]+)['"\s].* (?:failed|returned)"""
)


#: What is to be said of an error that the table does not know.
UNKNOWN = Cause(
    "",
    "the error is the package's own, and its log is kept. A newer or older version may build "
    "(NAME==VERSION); docs/own-packages.md tells what a build finds here",
)


@dataclass(frozen=True)
class Failure:
    """A failed build.

    :ivar error: its first error, some lines of the log; of a traceback the last line alone
    """

    error: str
    cause: Cause


def explain(output: str, ended: str, sdk: Sdk) -> Failure:
    """What the output of a failed back end says.

    :param ended: how it ended, in a sentence
    :param sdk: whose libraries the build was to find
    """
    lines = [line for line in _without_tracebacks(output.splitlines()) if line.strip()]
    made = [line for line in lines if _LINKED.search(line)]
    lines = lines[_start(lines) :]
    windows = [*_errors(lines), "\n".join([*lines[-_AFTER:], ended])]
    for window in windows:
        found = diagnosis.match("\n".join([*made, window]), _knowledge()["diagnosis"])
        if found:
            return Failure(_shown(window), _of_library(found, sdk) or found.cause)
    return Failure(_shown(windows[0]), UNKNOWN)


def _without_tracebacks(lines: Sequence[str]) -> Iterator[str]:
    """The lines without the calls that led to an exception, which itself stays.

    Of what is no Python the place stays as well: the exception does not tell it.
    """
    inside, place = False, ""
    for line in lines:
        if line.lstrip(" |+-").startswith("Traceback (most recent call last)"):
            inside = True
        elif not inside or line[:1] not in {" ", "\t", ""}:
            inside = line.startswith(_CHAINED)
            if _NO_PYTHON.match(line) and place:
                yield place
            if not inside:
                yield line
            place = ""
        elif _PLACE.match(line):
            place = line.strip()


def _start(lines: Sequence[str]) -> int:
    """Where the command begins that failed: what failed before, the build has got over."""
    begun = None
    for number, line in enumerate(lines):
        if NINJA_PROGRESS.match(line):
            begun = number + 1
        elif _NINJA_FAILED.match(line):
            # What has the console to itself prints before ninja says that it failed.
            return number if begun is None else begun
    told = next((match for line in reversed(lines) if (match := _COMMAND_FAILED.match(line))), None)
    if told is None:
        return 0
    call = re.compile(rf"^(\S*/)?{re.escape(told[1])}\b")
    calls = [number for number, line in enumerate(lines) if call.match(line)]
    return calls[-1] if calls else 0


def _errors(lines: Sequence[str]) -> Iterator[str]:
    """Each error with the lines around it."""
    known = _knowledge()["errors"]
    tells, tries = re.compile(known["tells"]), re.compile(known["tries"])
    for number, line in enumerate(lines):
        if tells.search(line) and not tries.search(line):
            yield "\n".join(lines[max(0, number - _BEFORE) : number + _AFTER])


def _shown(window: str) -> str:
    lines = window.splitlines()
    cut = (f"{line[:_END]} … {line[-_END:]}" for line in lines)
    return "\n".join(
        short if len(short) < len(line) else line for line, short in zip(lines, cut, strict=True)
    )


def _of_library(found: Match, sdk: Sdk) -> Cause | None:
    """What is to be said of a library that was not found, where it is known at all."""
    column, texts = found.entry.get("names"), _knowledge()["library"]
    if column is None:
        return None
    if there := _elsewhere(column, found.first, sdk):
        return there
    causes = []
    for name in re.split(r",? and |, ", found.first):
        if package := library_packages.providing(column, name):
            fields = {"library": f"{package.recipe} ({name})", **asdict(package)}
            causes.append(_filled(texts["lacking"], texts["cure"], fields))
    if not causes:
        return None
    # Which of several it is, the build did not say.
    return Cause(", or ".join(one.what for one in causes), "\n".join(one.cure for one in causes))


def _elsewhere(column: str, name: str, sdk: Sdk) -> Cause | None:
    """That the sysroot has the header or the library all the same, where nobody looks."""
    files = {"headers": f"**/include/**/{name}", "libraries": f"**/lib/**/lib{name}.so"}
    if column not in files or not re.fullmatch(r"[\w+-][\w.+/-]*", name):
        return None
    usual = {*sdk.include_dirs, *sdk.library_dirs}
    depth = name.count("/") if column == "headers" else 0
    for path in sorted(sdk.target_sysroot.glob(files[column])):
        folder = path.parents[depth]
        if folder not in usual:
            texts, fields = _knowledge()["library"], {"path": str(path), "folder": str(folder)}
            return _filled(texts["off-path"], texts["off-path-cure"], fields)
    return None


def _filled(what: str, cure: str, fields: Mapping[str, Any]) -> Cause:
    return Cause(what.format_map(fields), cure.format_map(fields))


@cache
def _knowledge() -> Mapping[str, Any]:
    return documents.read_toml(_HERE / "diagnoses.toml")
