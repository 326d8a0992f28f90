"""Whether a wheel has the extension modules that its project meant to compile.

Some projects go on without them where a compiler fails (``optional=True``, a ``build_ext`` of
their own that catches errors): the wheel then lacks what it was built here for, and says nothing.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from crossbuild.build import diagnosis
from crossbuild.build.job import BuildJob
from crossbuild.core import documents
from crossbuild.core.errors import BuildError
from crossbuild.wheel import pack

#: What distutils and setuptools say before they compile a module.
_ATTEMPT = re.compile(r"^building '([\w.]+)' extension$", re.MULTILINE)
_FAILED = "cure what kept them from being compiled: `crossbuild doctor` tells what the SDK lacks"
_UNTRIED = (
    "the back end did not try: a package that compiles on demand is told so by a variable of its "
    'own (CROSSBUILD_ENVIRONMENT="NAME=1"), others look for a build requirement (Cython)'
)
_LIBRARY = re.compile(r"\.so(\.\d+)*$")


def require_there(wheel: Path, job: BuildJob) -> None:
    """Hold a wheel against what its build began to compile, and against what its project names.

    :raises BuildError: a module is missing, and the user has not said that it may
    """
    if job.package.name in job.options.optional_modules:
        return
    log = job.workspace.log.read_text(errors="replace") if job.workspace.log.exists() else ""
    with pack.opened(wheel) as archive:
        compiled = [Path(name).name for name in archive.members if _LIBRARY.search(name)]
    lost = [name for name in dict.fromkeys(_ATTEMPT.findall(log)) if not _has(name, compiled)]
    if lost:
        failure = diagnosis.explain(log, "", job.workspace.sdk)
        why = f"the build began with {', '.join(lost)}\n{failure.error}"
        raise _lacking(wheel, job, why, failure.cause.cure if failure.cause.what else _FAILED)
    if not compiled and (named := next(_named(job.source), "")):
        raise _lacking(wheel, job, named, _UNTRIED)


def _lacking(wheel: Path, job: BuildJob, why: str, cure: str) -> BuildError:
    name = job.package.name
    return BuildError(
        f"{wheel.name} lacks extension modules",
        evidence=f"{why}\nfull log: {job.workspace.log}",
        cure=f"{cure}. Where the package may do without: CROSSBUILD_OPTIONAL_MODULES="
        f'{name}, or optional-modules = ["{name}"] under [tool.crossbuild]',
    )


def _has(module: str, compiled: list[str]) -> bool:
    """Whether a file has the module's name; a ``build_ext`` of a project's own may add to it."""
    return any(module.rpartition(".")[2] in name for name in compiled)


def _named(source: Path) -> Iterator[str]:
    """Where a project that has sources to compile names extension modules."""
    table = _table()
    if not any(path.suffix in table["suffixes"] for path in source.rglob("*")):
        return
    for glob, pattern in table["named"].items():
        for path in sorted(source.glob(glob)):
            text = path.read_text(encoding="utf-8", errors="replace")
            if match := re.search(pattern, text):
                line = text.count("\n", 0, match.start()) + 1
                yield f"{path.relative_to(source)}:{line}: {text.splitlines()[line - 1].strip()}"


@cache
def _table() -> dict[str, Any]:
    return documents.read_toml(Path(__file__).with_suffix(".toml"))
