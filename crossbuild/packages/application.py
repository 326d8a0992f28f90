"""What an application needs: requirements files, groups of a project, and lock files.

uv resolves all of it at once, for every machine; the markers are then those of the target.  What
comes out names one version of each package, so the board can have no other.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import InvalidMarker, Marker
from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crossbuild.core import documents, files
from crossbuild.core.documents import DocumentError
from crossbuild.core.errors import ConfigurationError, LockError
from crossbuild.index.pip_settings import PipSettings, redacted
from crossbuild.packages import recipe
from crossbuild.packages.recipe import Recipe

_PROJECT = Path("pyproject.toml")
_HASH = re.compile(r"--hash[= ]\s*sha256:([0-9a-f]{64})")
_PIN = re.compile(r"^\s*([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*==")
#: A URL, a folder or a file, by itself or after ``NAME @``.
_ADDRESS = re.compile(
    r"(?:-e|--editable)\b|[\w.+-]+://|file:|\.{0,2}/|[\w.-]+\s*(?:\[[^\]]*\])?\s*@"
    r"|\S+\.(?:whl|zip|tar\.\w+)\b"
)
_INCLUDED = re.compile(r"^\s*(?:-r|--requirement|-c|--constraint)[= ]?\s*(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Application:
    """The files in which an application says what it needs.

    :ivar files: requirements files, ``pyproject.toml`` files, and ``pylock.*.toml`` (PEP 751)
    :ivar constraints: versions of packages, should they be needed
    :ivar groups: dependency groups (PEP 735) of the current folder's ``pyproject.toml``
    :ivar extras: extras of the projects whose ``pyproject.toml`` is among the files
    :ivar texts: requirements that stand in no file
    :ivar chosen: versions that the run has for another reason, as requirements; what is needed
        of these is not needed in another version
    """

    files: tuple[Path, ...] = ()
    constraints: tuple[Path, ...] = ()
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not self.files and not self.groups and not self.texts

    def digest(self) -> str:
        """A digest of all that the files say, those that they include as well.

        :raises ConfigurationError: one cannot be read
        """
        texts = [_text(path) for path in self._all_files()]
        return files.content_key(texts, self.groups, self.extras, self.texts, self.chosen)

    def hashes(self) -> dict[str, frozenset[str]]:
        """The sha256s that the files allow, by package, where they name any."""
        allowed: dict[str, set[str]] = defaultdict(set)
        for path in self._all_files():
            if _is_pylock(path):
                for package in _pylock(path).packages:
                    wheels = [wheel.hashes.get("sha256", "") for wheel in package.wheels or ()]
                    sdist = [package.sdist.hashes.get("sha256", "")] if package.sdist else []
                    allowed[package.name].update([*wheels, *sdist])
            elif _is_requirements(path):
                for line in _text(path).replace("\\\n", " ").splitlines():
                    if (pin := _PIN.match(line)) and (found := _HASH.findall(line)):
                        allowed[canonicalize_name(pin[1])].update(found)
        return {name: frozenset(sha256s) for name, sha256s in allowed.items()}

    def require_no_address(self, environment: Mapping[str, str]) -> None:
        """Hold the requirements files against what no index is asked for.

        Before anything is resolved: the resolver would fetch it, and run its build here.

        :param environment: the values of environment markers on the target
        :raises ConfigurationError: a line names a URL, a folder or a file
        """
        for path in filter(_is_requirements, self._all_files()):
            for number, line in enumerate(_text(path).splitlines(), 1):
                text, _, marker = re.split(r"\s#", line.strip())[0].partition(" ;")
                if _ADDRESS.match(text) and _applies(marker, environment):
                    raise _by_address(text, f"{path}, line {number}: {line.strip()}")

    def _all_files(self) -> list[Path]:
        projects = [_PROJECT] if self.groups else []
        waiting, seen = [*self.files, *self.constraints, *projects], list[Path]()
        while waiting:
            path = waiting.pop(0)
            if path in seen:
                continue
            seen.append(path)
            if _is_requirements(path):
                waiting += [path.parent / name for name in _INCLUDED.findall(_text(path))]
        return seen


NO_APPLICATION = Application()


def resolve(
    application: Application, python: str, environment: Mapping[str, str], settings: PipSettings
) -> list[Requirement]:
    """One version of each package that the application needs on the target.

    :param python: the target's, e.g. ``"3.11"``
    :param environment: the values of environment markers on the target
    :raises ConfigurationError: a file cannot be read, or asks for what no index can give
    :raises LockError: requirements exclude each other, as the resolver explains it
    """
    application.require_no_address(environment)
    locked = [path for path in application.files if _is_pylock(path)]
    pins = [pin for path in locked for pin in _of_pylock(path)]
    others = [path for path in application.files if path not in locked]
    if others or application.groups or application.texts:
        from crossbuild.index import resolver

        arguments = [
            *map(str, others),
            *(["-"] if application.texts else []),
            *(word for path in application.constraints for word in ("--constraints", str(path))),
            *(word for name in application.groups for word in ("--group", name)),
            *(word for name in application.extras for word in ("--extra", name)),
        ]
        constraints = _versions_of_recipes(python, application.chosen, settings)
        pins += resolver.universal(arguments, application.texts, constraints, python, settings)
    applying = [pin for pin in pins if not pin.marker or pin.marker.evaluate(dict(environment))]
    for pin in applying:
        if pin.url:
            raise _by_address(pin.name, str(pin))
    return applying


def _applies(marker: str, environment: Mapping[str, str]) -> bool:
    try:
        return not marker.strip() or Marker(marker).evaluate(dict(environment))
    except InvalidMarker:
        return True


def _by_address(what: str, evidence: str) -> ConfigurationError:
    return ConfigurationError(
        f"{redacted(what)} is asked for by its address",
        evidence=redacted(evidence),
        cure="name its version instead (NAME==VERSION); what no index has can be built from its "
        "source folder, beside the rest: crossbuild wheels ./FOLDER -r FILE",
    )


def _versions_of_recipes(
    python: str, chosen: Sequence[str], settings: PipSettings
) -> Iterator[list[str]]:
    """Constraints to try: the versions that recipes prefer, any that they have, any they cover.

    :param chosen: requirements that hold in each case
    """
    wanted = {canonicalize_name(one.name): one for one in map(Requirement, chosen)}
    known = [
        one
        for one in map(recipe.load, recipe.names())
        if one.for_python_all(python) or one.ranges(python)
    ]
    asked = [(one, wanted.get(canonicalize_name(one.name), Requirement(one.name))) for one in known]
    first = [one.version_for(requirement, python) for one, requirement in asked]
    yield [*chosen, *(f"{one.package}=={one.version}" for one in first if one)]

    from crossbuild.index import download

    there = [(one, download.versions(one.name, settings=settings)) for one in known]
    for admitted in (_is_own, Recipe.at):
        yield [
            *chosen,
            *(f"{one.name}!={v}" for one, vs in there for v in vs if not admitted(one, v, python)),
        ]


def _is_own(known: Recipe, version: str, python: str) -> bool:
    return version in {one.version for one in known.for_python_all(python)}


def _is_pylock(path: Path) -> bool:
    return path.name.startswith("pylock.")


def _pylock(path: Path) -> Pylock:
    """A lock file, read.

    :raises LockError: it is malformed
    :raises ConfigurationError: it cannot be read
    """
    try:
        return Pylock.from_dict(documents.read_toml(path))
    except (DocumentError, PylockValidationError, PylockUnsupportedVersionError) as error:
        raise LockError(
            f"{path.name} is no lock file",
            evidence=f"{path}: {error}",
            cure="export it anew: uv export --format pylock.toml, or pip lock",
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _of_pylock(path: Path) -> list[Requirement]:
    """The packages of a lock file, each with the marker under which it is installed."""
    pins = []
    for package in _pylock(path).packages:
        pin = Requirement(f"{package.name}=={package.version}" if package.version else package.name)
        pin.marker = package.marker
        pins.append(pin)
    return pins


def _is_requirements(path: Path) -> bool:
    return path.suffix != ".toml"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> ConfigurationError:
    cure = "save it as UTF-8" if isinstance(error, UnicodeError) else "name a file that exists"
    return ConfigurationError(f"{path.name} cannot be read", evidence=f"{path}: {error}", cure=cure)
