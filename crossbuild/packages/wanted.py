"""What users name: packages in pip's words, and source folders of their own."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from crossbuild.core.errors import ConfigurationError
from crossbuild.packages import pyproject


@dataclass(frozen=True)
class SourceFolder:
    """A folder with the source of a package, as the user wrote it."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self.text).expanduser().absolute()

    @property
    def name(self) -> str:
        """The name of the package in it: its metadata's, else the folder's."""
        return pyproject.stated(self.path).project.name or self.path.name


Wanted = Requirement | SourceFolder


def parse(text: str) -> Wanted:
    """What a text names; a path has a slash or begins with a point.

    :raises ConfigurationError: it is neither a folder nor a requirement
    """
    is_folder = text.startswith(".") or "/" in text
    return SourceFolder(text) if is_folder else requirement(text)


def requirement(text: str) -> Requirement:
    """The requirement that a text says, in pip's words.

    :raises ConfigurationError: it is none
    """
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise ConfigurationError(
            f"{text!r} is neither a package nor a folder",
            evidence=str(error),
            cure="name packages as pip does (numpy, numpy==1.26.4), or give a path "
            "that begins with ./",
        ) from error


def parse_all(texts: Iterable[str]) -> tuple[Wanted, ...]:
    """:func:`parse` for several."""
    return tuple(parse(text) for text in texts)


def is_bare(wanted: Wanted) -> bool:
    """Whether it is a name alone, which any version of the package satisfies."""
    return isinstance(wanted, Requirement) and str(wanted) == wanted.name


def installed_as(wanted: Wanted) -> Requirement:
    """What pip installs of it from a wheelhouse."""
    return Requirement(wanted.name) if isinstance(wanted, SourceFolder) else wanted
