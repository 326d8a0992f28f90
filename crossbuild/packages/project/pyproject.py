"""A project's pyproject.toml, and whether a wheel is what it says."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from pydantic import AfterValidator, BaseModel, ConfigDict

from crossbuild.core import documents
from crossbuild.core.errors import BuildError, ConfigurationError
from crossbuild.packages.recipe_fields import RequirementText
from crossbuild.packages.source import archive

_NAME = "pyproject.toml"

#: The name that setuptools gives to a project without one, in its releases' spellings.
_NAMELESS = "unknown"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=lambda name: name.replace("_", "-"))


class Project(_Table):
    """``[project]``, as far as it is read here; empty is what is not stated."""

    name: str = ""
    version: str = ""
    requires_python: Annotated[str, AfterValidator(lambda text: str(SpecifierSet(text)))] = ""


class BuildSystem(_Table):
    """``[build-system]``; PEP 518 says what a source without it requires."""

    requires: tuple[RequirementText, ...] = ("setuptools>=40.8", "wheel")
    backend_path: tuple[str, ...] = ()


class Metadata(_Table):
    """What a project states of itself."""

    project: Project = Project()
    build_system: BuildSystem = BuildSystem()


def parse(data: bytes, path: Path) -> Metadata:
    """What a file's bytes state of a project; *path* tells where they were read.

    :raises ConfigurationError: they are no TOML, or a value is not as PEP 518 and 621 say
    """
    with _refused(path):
        return documents.validated(Metadata, documents.toml(data))


def stated(folder: Path) -> Metadata:
    """What the project in a folder states of itself, all defaults where it has no such file.

    :raises ConfigurationError: its pyproject.toml is malformed
    """
    with _refused(folder / _NAME):
        return documents.validated(Metadata, read(folder))


def of_archive(sdist: Path) -> Metadata:
    """What the project in a source distribution states of itself, as :func:`stated` does.

    :raises ConfigurationError: its pyproject.toml is malformed
    :raises BuildError: the archive is damaged
    """
    return parse(archive.member(sdist, _NAME), sdist / _NAME)


def read(folder: Path) -> dict[str, Any]:
    """The document, empty where the folder has none.

    :raises ConfigurationError: it is no TOML
    """
    path = folder / _NAME
    with _refused(path):
        return documents.read_toml(path) if path.is_file() else {}


def _refused(path: Path) -> AbstractContextManager[None]:
    return documents.refused_as(
        ConfigurationError, f"{_NAME} is malformed", path, cure="correct that line"
    )


def require_stated(wheel: Path, source: Path) -> None:
    """Hold a built wheel's name and version against those under ``[project]``.

    Back ends of the time of Python 3.6 and before do not read that table, and say nothing.

    :raises BuildError: they differ, or the wheel has no name at all
    """
    project = stated(source).project
    said = project.model_dump(include={"name", "version"}, exclude_defaults=True)
    made = dict(zip(("name", "version"), wheel.name.split("-"), strict=False))
    named = said or made["name"].lower() != _NAMELESS
    if named and all(_same(key, text, made[key]) for key, text in said.items()):
        return
    if not said:
        raise BuildError(
            "the project has no name",
            evidence=f"its back end made {wheel.name}",
            cure="state name and version under [project] in its pyproject.toml, or in setup.py",
        )
    raise BuildError(
        f"{wheel.name} is not what the project says of itself",
        evidence=f"its pyproject.toml says under [project]: {' '.join(said.values())}",
        cure="the newest back end for this Python does not read that table (setuptools does "
        "from 61 on, which needs Python 3.7): state name, version and dependencies in "
        "setup.cfg or setup.py as well",
    )


def _same(key: str, text: str, other: str) -> bool:
    if key == "name":
        return canonicalize_name(text) == canonicalize_name(other)
    return Version(text) == Version(other.replace("_", "-"))
