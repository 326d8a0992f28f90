"""From requirements to the wheels that satisfy them, with all that those need.

uv finds the versions; the files are then chosen here: one wheel each that the
build machine's Python can install, so that nothing is ever built from an sdist
while an environment is filled.
"""

import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from uv import find_uv_bin

from crossbuild.core import files
from crossbuild.core.command import clean_environment, try_run
from crossbuild.core.errors import CrossbuildError, IndexUnreachableError, LockError
from crossbuild.core.python_version import PythonVersion
from crossbuild.index import download
from crossbuild.index.artifact import Artifact
from crossbuild.index.pip_settings import PipSettings
from crossbuild.index.session import CURE, NEWEST_BUILD_GLIBC
from crossbuild.wheel import pack as wheel

#: uv knows no Python before 3.6.
_OLDEST_OF_UV = 6
_UNREACHABLE = re.compile(r"Failed to fetch|error sending request|dns error|Network connectivity")


def wheels(requires: Sequence[str], python: str, settings: PipSettings) -> list[Artifact]:
    """The closure of requirements as wheels for the build machine's Python, sorted by name.

    :raises LockError: they contradict each other, or no wheel satisfies one
    :raises IndexUnreachableError: no index can be reached
    """
    if PythonVersion(python).minor < _OLDEST_OF_UV:
        return sorted(_greedy(requires, python, settings).values())
    return sorted(download.find_wheels(_uv(requires, python, settings), python, settings=settings))


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


def _uv(requires: Sequence[str], python: str, settings: PipSettings) -> list[str]:
    """The closure's versions as ``name==version``, by ``uv pip compile``."""
    argv = [
        find_uv_bin(), "pip", "compile", "-", "--no-config", "--quiet",
        "--python", sys.executable,
        "--python-version", python,
        "--python-platform", f"x86_64-manylinux_2_{NEWEST_BUILD_GLIBC}",
        "--only-binary", ":all:",
        "--index-strategy", "unsafe-best-match",
        "--no-header", "--no-annotate",
        *_uv_indexes(settings),
    ]  # fmt: skip
    if not files.is_writable(Path(os.environ.get("HOME") or "/nonexistent")):
        argv.append("--no-cache")
    environment = clean_environment(UV_HTTP_RETRIES="1")
    if settings.cert:
        variable = "SSL_CERT_DIR" if Path(settings.cert).is_dir() else "SSL_CERT_FILE"
        environment[variable] = settings.cert
    finished = try_run(argv, env=environment, stdin="\n".join(requires) + "\n")
    if finished.status != 0:
        raise _unresolved(requires, python, finished.output)
    return [line.strip() for line in finished.output.splitlines() if "==" in line]


def _uv_indexes(settings: PipSettings) -> list[str]:
    links = [word for location in settings.find_links for word in ("--find-links", location)]
    hosts = [word for host in settings.trusted_hosts for word in ("--allow-insecure-host", host)]
    if not settings.index_urls:
        return ["--no-index", *links, *hosts]
    default, *extra = settings.index_urls
    indexes = [word for url in extra for word in ("--index", url)]
    return ["--default-index", default, *indexes, *links, *hosts]


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
