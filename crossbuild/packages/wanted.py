"""What users name: packages in pip's words, and source folders or archives of their own."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidSdistFilename, parse_sdist_filename
from packaging.version import InvalidVersion

from crossbuild.core import abi
from crossbuild.core.errors import ConfigurationError
from crossbuild.packages.project import pyproject


@dataclass(frozen=True)
class SourceFolder:
    """A folder with the source of a package, as the user wrote it."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def path(self) -> Path:
        """The folder, without links."""
        return Path(self.text).expanduser().resolve()

    @property
    def name(self) -> str:
        """The name of the package in it: its metadata's, else the folder's."""
        return pyproject.stated(self.path).project.name or self.path.name


@dataclass(frozen=True)
class SourceArchive:
    """A source distribution that lies on this machine, as the user wrote it."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.text).expanduser().resolve()

    @property
    def name(self) -> str:
        """The canonical name of the package in it.

        :raises ConfigurationError: the file's name does not tell
        """
        return self.named[0]

    @property
    def named(self) -> tuple[str, str]:
        """The canonical name and the version of the package in it.

        :raises ConfigurationError: the file's name does not tell
        """
        try:
            name, version = parse_sdist_filename(self.path.name)
        except (InvalidSdistFilename, InvalidVersion) as error:
            raise ConfigurationError(
                f"{self.path.name} is not called as a source distribution is",
                evidence=str(error),
                cure="NAME-VERSION.tar.gz is; unpack any other archive, and give the folder",
            ) from error
        return name, str(version)


Wanted = Requirement | SourceFolder | SourceArchive

#: Suffixes of source distributions (PEP 625, and what old ones have).
_ARCHIVES = (".tar.gz", ".zip")


def parse(text: str) -> Wanted:
    """What a text names; a path has a slash, begins with a point or ends as an archive does.

    :raises ConfigurationError: it is neither a path nor a requirement
    """
    if text.endswith(_ARCHIVES) and not Path(text).expanduser().is_dir():
        return SourceArchive(text)
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


def applies(wanted: Wanted, python: str) -> bool:
    """Whether its marker holds on the board.

    :param python: the full version of the board's Python
    """
    marker = wanted.marker if isinstance(wanted, Requirement) else None
    return marker is None or marker.evaluate(abi.marker_environment(python))


def is_bare(wanted: Wanted) -> bool:
    """Whether it is a name alone, which any version of the package satisfies."""
    return isinstance(wanted, Requirement) and str(wanted) == wanted.name


def versions(chosen: Iterable[Wanted]) -> tuple[str, ...]:
    """The versions that requirements ask for, without the names alone."""
    return tuple(
        f"{one.name}{one.specifier}"
        for one in chosen
        if isinstance(one, Requirement) and one.specifier
    )


def installed_as(wanted: Wanted) -> Requirement:
    """What pip installs of it from a wheelhouse."""
    if isinstance(wanted, SourceArchive):
        return Requirement("==".join(wanted.named))
    return Requirement(wanted.name) if isinstance(wanted, SourceFolder) else wanted
