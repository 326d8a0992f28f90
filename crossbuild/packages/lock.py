"""Lock files (PEP 751): every file that a build takes from an index, with its sha256.

A *cell* is one version of a package on one Python; each has its own lock, since
packages of one Python may need different versions of the same build requirement.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w
from packaging.pylock import (
    Package,
    PackageSdist,
    PackageWheel,
    Pylock,
    PylockUnsupportedVersionError,
    PylockValidationError,
)
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from crossbuild.core import documents, files
from crossbuild.core.documents import DocumentError
from crossbuild.core.errors import LockError
from crossbuild.core.python_version import PythonVersion
from crossbuild.index.artifact import Artifact
from crossbuild.packages.recipe import RecipeVersion, admits

LOCKS = Path(__file__).parents[1] / "locks"
ENVIRONMENTS = LOCKS / "environments.toml"
_HEADER = "# Made by `crossbuild lock`, which renews it: not written by hand.\n\n"
#: Build requirements run on the build machine, whatever the target is.
_BUILD_MACHINE = "platform_machine == 'x86_64' and sys_platform == 'linux'"
_PYTHON = re.compile(r"3\.\d+", re.ASCII)
_ROLES = ("source", "build", "runtime", "board")


@dataclass(frozen=True)
class Lock:
    """The files of one cell, by what they are for."""

    python: str
    #: ``name==version``; empty where a lock was made for requirements alone.
    cell: str
    #: The requirements from which it was made, by role: a recipe that changes makes it stale.
    requires: Mapping[str, tuple[str, ...]]
    #: The package's sdist (one), or nothing.
    source: tuple[Artifact, ...] = ()
    #: Wheels for the build environment: requirements with all they need, pip, crossenv.
    build: tuple[Artifact, ...] = ()
    #: Pure wheels that the package needs on the board.
    runtime: tuple[Artifact, ...] = ()
    #: Wheels that fill a board without pip.
    board: tuple[Artifact, ...] = ()

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """Every file, once, sorted."""
        return tuple(sorted({file for role in _ROLES for file in getattr(self, role)}))


def load(version: RecipeVersion, python: str, *, folder: Path = LOCKS) -> Lock:
    """The lock of a cell: this version of a recipe on this Python.

    :raises LockError: it is missing, malformed, or was made from another recipe
    """
    path = path_of(version.package, version.version, python, folder=folder)
    lock = read(path)
    _check_fresh(lock, requirements(version, python), path)
    return lock


def path_of(package: str, version: str, python: str, *, folder: Path = LOCKS) -> Path:
    """Where the lock of a cell lies (PEP 751 allows no further dot in the name)."""
    cell = f"{PythonVersion(python).tag}-{canonicalize_name(package)}"
    return folder / f"pylock.{cell}-{version.replace('.', '_')}.toml"


def path_of_tests(requires: Sequence[str], python: str, *, folder: Path = LOCKS) -> Path:
    """Where the lock of what tests require beside the package lies."""
    return folder / f"pylock.{PythonVersion(python).tag}-tests-{files.content_key(requires)}.toml"


def requirements(version: RecipeVersion, python: str) -> dict[str, tuple[str, ...]]:
    """What a cell's lock must hold, by role: the recipe's and the environment's.

    :raises LockError: nothing says what an environment of that Python holds
    """
    environment = environment_requirements(python)
    return {
        "source": (f"{version.package}=={version.version}",),
        "build": (*environment["build"], *version.build_requires),
        "runtime": version.pure_requires,
        "board": environment["board"],
    }


def environment_requirements(python: str) -> dict[str, tuple[str, ...]]:
    """What every environment of a Python holds, for ``build`` and for ``board``.

    :raises LockError: that Python is not in ``environments.toml``
    """
    document = documents.read_toml(ENVIRONMENTS)
    for entry in document["environment"]:
        if admits(entry["python"], python):
            return {"build": tuple(entry["build"]), "board": tuple(entry["board"])}
    raise LockError(
        f"no environment is known for Python {python}",
        evidence=f"none of {ENVIRONMENTS.name} admits it",
        cure="Python 3.5 and later can be built for",
    )


def read(path: Path) -> Lock:
    """Read a lock file.

    :raises LockError: it is missing or malformed, with the file and the key's path
    """
    if not path.exists():
        raise LockError(
            "there is no lock for this package and Python",
            evidence=f"{path} does not exist",
            cure="make it with `crossbuild lock`",
        )
    try:
        return _from_pylock(Pylock.from_dict(documents.read_toml(path)))
    except (
        DocumentError,
        PylockValidationError,
        PylockUnsupportedVersionError,
        _BadLockError,
    ) as error:
        raise LockError(
            "a lock file is malformed",
            evidence=f"{path}: {error}",
            cure="restore it from version control, or renew it with `crossbuild lock`",
        ) from error


def write(lock: Lock, path: Path) -> None:
    """Write a lock file, equal bytes for equal content."""
    pylock = Pylock(
        lock_version=Version("1.0"),
        environments=None,
        requires_python=SpecifierSet(f"=={lock.python}.*"),
        created_by="crossbuild",
        packages=[_package(artifact, roles) for artifact, roles in _with_roles(lock)],
        tool={
            "crossbuild": {
                "python": lock.python,
                "cell": lock.cell,
                "build-machine": _BUILD_MACHINE,
                "requires": {role: list(texts) for role, texts in sorted(lock.requires.items())},
            }
        },
    )
    files.write_text(path, _HEADER + tomli_w.dumps(pylock.to_dict(), multiline_strings=False))


def _check_fresh(lock: Lock, requires: Mapping[str, tuple[str, ...]], path: Path) -> None:
    """Refuse a lock that was made from other requirements than the recipe has now."""
    wanted = {f"{role}: {text}" for role, texts in requires.items() for text in texts}
    locked = {f"{role}: {text}" for role, texts in lock.requires.items() for text in texts}
    if wanted != locked:
        raise LockError(
            f"the lock of {lock.cell} for Python {lock.python} does not belong to its recipe",
            evidence=f"{path}: {'; '.join(sorted(wanted ^ locked))}",
            cure="renew it with `crossbuild lock`",
        )


class _BadLockError(Exception):
    """PEP 751 is content, crossbuild is not."""


def _with_roles(lock: Lock) -> Iterable[tuple[Artifact, list[str]]]:
    for artifact in lock.artifacts:
        yield artifact, [role for role in _ROLES if artifact in getattr(lock, role)]


def _package(artifact: Artifact, roles: list[str]) -> Package:
    hashes = {"sha256": artifact.sha256}
    file: dict[str, Any] = {"name": artifact.filename, "url": artifact.url, "hashes": hashes}
    return Package(
        name=canonicalize_name(artifact.name),
        version=Version(artifact.version),
        wheels=[PackageWheel(**file)] if artifact.is_wheel else None,
        sdist=None if artifact.is_wheel else PackageSdist(**file),
        tool={"crossbuild": {"roles": roles}},
    )


def _from_pylock(pylock: Pylock) -> Lock:
    about = _ours(pylock.tool)
    python, cell = about.get("python"), about.get("cell", "")
    if not isinstance(python, str) or not _PYTHON.fullmatch(python) or not isinstance(cell, str):
        raise _BadLockError(
            "no table 'tool.crossbuild' with 'python': not one of crossbuild's locks"
        )
    by_role: dict[str, list[Artifact]] = {role: [] for role in _ROLES}
    for number, package in enumerate(pylock.packages):
        where = f"packages[{number}].tool.crossbuild"
        roles = _texts(_ours(package.tool).get("roles"), f"{where}.roles")
        if not roles or not set(roles) <= set(_ROLES):
            raise _BadLockError(f"roles {list(roles)} in '{where}'")
        artifact = _artifact(package, number)
        for role in roles:
            by_role[role].append(artifact)
    requires = about.get("requires", {})
    if not isinstance(requires, Mapping):
        raise _BadLockError("no table 'tool.crossbuild.requires'")
    return Lock(
        python,
        cell,
        {
            role: _texts(texts, f"tool.crossbuild.requires.{role}")
            for role, texts in requires.items()
        },
        **{role: tuple(found) for role, found in by_role.items()},
    )


def _ours(tool: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Crossbuild's table among those of all tools; empty where there is none."""
    table = (tool or {}).get("crossbuild")
    return table if isinstance(table, Mapping) else {}


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise _BadLockError(f"no list of texts in '{where}'")
    return tuple(value)


def _artifact(package: Package, number: int) -> Artifact:
    found: list[PackageSdist | PackageWheel] = list(package.wheels or [])
    if package.sdist:
        found.append(package.sdist)
    if len(found) != 1:
        raise _BadLockError(f"{len(found)} files where one is wanted in 'packages[{number}]'")
    file = found[0]
    if "sha256" not in file.hashes or not file.url:
        raise _BadLockError(f"no sha256 or no url in 'packages[{number}]'")
    return Artifact(
        package.name, str(package.version), file.filename, file.hashes["sha256"], file.url
    )
