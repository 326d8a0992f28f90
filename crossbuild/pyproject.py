"""A project's pyproject.toml, and whether a wheel is what it says."""

from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from crossbuild import files
from crossbuild.errors import BuildError, ConfigurationError

#: The name that setuptools gives to a project without one, in its releases' spellings.
_NAMELESS = "unknown"


def read(folder: Path) -> dict[str, Any]:
    """The document, empty where the folder has none.

    :raises ConfigurationError: it is no TOML
    """
    path = folder / "pyproject.toml"
    try:
        return files.read_toml(path) if path.is_file() else {}
    except files.TomlError as error:
        raise ConfigurationError(
            "pyproject.toml is malformed", evidence=f"{path}: {error}", cure="correct that line"
        ) from error


def require_stated(wheel: Path, source: Path) -> None:
    """Hold a built wheel's name and version against those under ``[project]``.

    Back ends of the time of Python 3.6 and before do not read that table, and say nothing.

    :raises BuildError: they differ, or the wheel has no name at all
    """
    project = read(source).get("project", {})
    stated = {key: project[key] for key in ("name", "version") if key in project}
    made = dict(zip(("name", "version"), wheel.name.split("-"), strict=False))
    named = stated or made["name"].lower() != _NAMELESS
    if named and all(_same(key, text, made[key]) for key, text in stated.items()):
        return
    said = " ".join(stated.values()) or "nothing"
    raise BuildError(
        f"{wheel.name} is not what the project says of itself",
        evidence=f"its pyproject.toml says under [project]: {said}",
        cure="the newest back end for this Python does not read that table (setuptools does "
        "from 61 on, which needs Python 3.7): state name, version and dependencies in "
        "setup.cfg or setup.py as well",
    )


def _same(key: str, one: str, other: str) -> bool:
    if key == "name":
        return canonicalize_name(one) == canonicalize_name(other)
    return Version(one) == Version(other.replace("_", "-"))
