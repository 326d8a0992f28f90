"""From requirements to the wheels that satisfy them, with all that those need.

uv finds the versions; the files are then chosen here: one wheel each that the
build machine's Python can install.  A recipe's are never built from an sdist; what a
package without a recipe requires, and has no wheel, comes as one.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from uv import find_uv_bin

from crossbuild.core import files
from crossbuild.core.command import Completed, clean_environment, try_run
from crossbuild.core.errors import (
    ConfigurationError,
    CrossbuildError,
    IndexUnreachableError,
    LockError,
)
from crossbuild.core.python_version import PythonVersion
from crossbuild.index import download
from crossbuild.index.artifact import Artifact
from crossbuild.index.pip_settings import PipSettings
from crossbuild.index.session import CURE, NEWEST_BUILD_GLIBC
from crossbuild.wheel import pack as wheel

#: uv knows no Python before 3.6.
_OLDEST_OF_UV = 6
_UNSOLVABLE = "No solution found"
_NO_WHEEL = re.compile(r"Wheels are required for `([^`]+)`")
_UNREACHABLE = re.compile(r"Failed to fetch|error sending request|dns error|Network connectivity")


def wheels(requires: Sequence[str], python: str, settings: PipSettings) -> list[Artifact]:
    """The closure of requirements as wheels for the build machine's Python, sorted by name.

    :raises LockError: they contradict each other, or no wheel satisfies one
    :raises IndexUnreachableError: no index can be reached
    """
    if not knows(python):
        return sorted(_greedy(requires, python, settings).values())
    pins = _pins(_uv(requires, python, settings), requires, python)
    return sorted(download.find_wheels(pins, python, settings=settings))


def files_of(requires: Sequence[str], python: str, settings: PipSettings) -> list[Artifact]:
    """:func:`wheels`, and a source distribution of each that has no wheel, sorted by name.

    :raises LockError: they contradict each other, or nothing satisfies one
    :raises IndexUnreachableError: no index can be reached
    """
    if not knows(python):
        return wheels(requires, python, settings)
    sources = set[str]()
    finished = _uv(requires, python, settings)
    while lacking := set(_NO_WHEEL.findall(finished.output)) - sources:
        sources |= lacking
        finished = _uv(requires, python, settings, sources)
    pins = [Requirement(text) for text in _pins(finished, requires, python)]
    compiled = [str(pin) for pin in pins if pin.name not in sources]
    return sorted(
        [
            *download.find_wheels(compiled, python, settings=settings),
            *(
                download.find_sdist(pin.name, str(pin.specifier), python, settings=settings)
                for pin in pins
                if pin.name in sources
            ),
        ]
    )


def _greedy(requires: Sequence[str], python: str, settings: PipSettings) -> dict[str, Artifact]:
    """The newest wheel of each name that satisfies all that was asked of it so far.

    Enough for the Pythons that uv does not know: their packages are finished, and need little.
    """
    pending = [Requirement(text) for text in requires]
    asked: dict[str, SpecifierSet] = {}
    chosen: dict[str, Artifact] = {}
    with tempfile.TemporaryDirectory() as folder:
        while pending:
            requirement = pending.pop(0)
            name = canonicalize_name(requirement.name)
            asked[name] = asked.get(name, SpecifierSet()) & requirement.specifier
            if name not in chosen or not asked[name].contains(chosen[name].version):
                text = f"{name}{asked[name]}"
                chosen[name] = download.find_wheels([text], python, settings=settings)[0]
                path = download.fetch(chosen[name], Path(folder), settings=settings)
                pending += _needs(path, requirement.extras, python)
    return chosen


def _needs(path: Path, extras: set[str], python: str) -> list[Requirement]:
    """What a wheel's metadata requires on that Python of the build machine."""
    with wheel.opened(path) as archive:
        texts = archive.metadata.get_all("Requires-Dist", [])
    machine = {"python_version": python, "python_full_version": f"{python}.0"}
    return [
        requirement
        for requirement in map(Requirement, texts)
        if requirement.marker is None
        or any(
            requirement.marker.evaluate({**machine, "extra": extra}) for extra in (extras or {""})
        )
    ]


def knows(python: str) -> bool:
    """Whether uv resolves for a Python."""
    return PythonVersion(python).minor >= _OLDEST_OF_UV


def universal(
    arguments: Sequence[str],
    texts: Sequence[str],
    constraints: Iterable[Sequence[str]],
    python: str,
    settings: PipSettings,
) -> list[Requirement]:
    """One version of each package for every machine, with the marker under which it is needed.

    :param arguments: uv's: requirements files, ``--constraints``, ``--group``, ``--extra``; ``-``
        for what stands in no file
    :param texts: that
    :param constraints: further constraints to try, one set after the other
    :param python: ``"3.11"``
    :raises ConfigurationError: a file cannot be read
    :raises LockError: the requirements exclude each other under all of the constraints
    :raises IndexUnreachableError: no index can be reached
    """
    if not knows(python):
        raise ConfigurationError(
            f"requirements files are not resolved for Python {python}",
            evidence="uv, which resolves them, knows no Python before 3.6",
            cure="name the packages with their versions: crossbuild wheels NAME==VERSION",
        )
    output = ""
    for versions in constraints:
        with tempfile.NamedTemporaryFile("w", prefix="constraints-", suffix=".txt") as file:
            file.write("".join(f"{text}\n" for text in versions))
            file.flush()
            words = ["--universal", "--python-version", python, "--constraints", file.name]
            lines = "".join(f"{text}\n" for text in texts)
            finished = _run_uv([*arguments, *words], settings, stdin=lines)
        if finished.status == 0:
            found = (line.strip() for line in finished.output.splitlines())
            return [Requirement(line) for line in found if line and line[0] not in "#-"]
        output = finished.output.strip()
        if _UNSOLVABLE not in output:
            break
    raise _unresolved_files(arguments, python, output)


def _uv(
    requires: Sequence[str], python: str, settings: PipSettings, sources: Iterable[str] = ()
) -> Completed:
    """The closure's versions as ``name==version``, by ``uv pip compile``.

    :param sources: names of those that come as sources; uv asks them what they require
    """
    words = [
        "-",
        *("--python-version", python),
        *("--python-platform", f"x86_64-manylinux_2_{NEWEST_BUILD_GLIBC}"),
        *("--only-binary", ":all:"),
        *(word for name in sorted(sources) for word in ("--no-binary", name)),
    ]
    return _run_uv(words, settings, stdin="\n".join(requires) + "\n")


def _run_uv(words: Sequence[str], settings: PipSettings, stdin: str = "") -> Completed:
    """``uv pip compile`` with pip's settings, and none of its own."""
    argv = [
        *(find_uv_bin(), "pip", "compile", *words, "--no-config", "--quiet"),
        *("--python", sys.executable, "--index-strategy", "unsafe-best-match"),
        *("--no-header", "--no-annotate", *(() if settings.index_urls else ("--no-index",))),
        *(word for host in settings.trusted_hosts for word in ("--allow-insecure-host", host)),
    ]
    if not files.is_writable(Path(os.environ.get("HOME") or "/nonexistent")):
        argv.append("--no-cache")
    environment = clean_environment(UV_HTTP_RETRIES="1", **_uv_places(settings))
    if settings.cert:
        variable = "SSL_CERT_DIR" if Path(settings.cert).is_dir() else "SSL_CERT_FILE"
        environment[variable] = settings.cert
    finished = try_run(argv, env=environment, stdin=stdin)
    return replace(finished, output=settings.redacted(finished.output))


def _pins(finished: Completed, requires: Sequence[str], python: str) -> list[str]:
    """What uv printed.

    :raises LockError: it found no versions
    :raises IndexUnreachableError: it reached no index
    """
    if finished.status != 0:
        raise _unresolved(requires, python, finished.output)
    return [line.strip() for line in finished.output.splitlines() if "==" in line]


def _uv_places(settings: PipSettings) -> dict[str, str]:
    """Where uv looks: in variables, since other users see a command line, and passwords in it."""
    default, *extra = settings.index_urls or ("",)
    places = {
        "UV_DEFAULT_INDEX": default,
        "UV_INDEX": " ".join(extra),
        "UV_FIND_LINKS": ",".join(settings.find_links),
    }
    return {name: value for name, value in places.items() if value}


def _unresolved_files(arguments: Sequence[str], python: str, output: str) -> CrossbuildError:
    if _UNREACHABLE.search(output):
        return IndexUnreachableError(
            "the package index cannot be reached", evidence=output, cure=CURE
        )
    if _UNSOLVABLE in output:
        return LockError(
            f"the requirements for Python {python} exclude each other, or no index has them",
            evidence=f"{' '.join(arguments)}\n{output}",
            cure="loosen one that is named; `pip index versions NAME` lists what there is",
        )
    return ConfigurationError(
        "the requirements cannot be read",
        evidence=_with_line(output),
        cure="write them as pip's documentation says (Requirements File Format)",
    )


def _with_line(output: str) -> str:
    """The message of uv, which counts characters, with the line that it means.

    Of an included file it names the file that includes it first.
    """
    places = list(re.finditer(r"`([^`]+)` at position (\d+)", output))
    if not places or not Path(places[-1][1]).is_file():
        return output
    at = places[-1]
    before = Path(at[1]).read_text(encoding="utf-8")[: int(at[2])]
    return f"{at[1]}, line {before.count(chr(10)) + 1}:\n{output}"


def _unresolved(requires: Sequence[str], python: str, output: str) -> CrossbuildError:
    if _UNREACHABLE.search(output):
        return IndexUnreachableError(
            "the package index cannot be reached", evidence=output.strip(), cure=CURE
        )
    return LockError(
        f"build requirements for Python {python} cannot be satisfied",
        evidence=f"{', '.join(requires)}\n{output.strip()}",
        cure="change them in the recipe, or in the package's pyproject.toml",
    )
