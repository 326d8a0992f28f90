"""Where a wheel came from: a SLSA statement in in-toto's form, beside the wheel.

https://in-toto.io/Statement/v1 with https://slsa.dev/provenance/v1.  It has no time: the same build
gives the same statement.  It names no folder of the build machine, and no password of an index.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from packaging.utils import canonicalize_name
from pydantic import AliasGenerator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

import crossbuild
from crossbuild.core import documents, files
from crossbuild.core.documents import DocumentError, Problem
from crossbuild.core.errors import ConfigurationError
from crossbuild.index.artifact import Artifact
from crossbuild.packages.lock import Lock
from crossbuild.papers import about
from crossbuild.sdk.model import Sdk

#: What a wheel's name is followed by.
SUFFIX = ".provenance.json"
#: What the parameters of a build mean: docs/papers.md.
BUILD_TYPE: Final = "https://pypi.org/project/crossbuild/#wheel-v1"
#: What the SDK is called among what went into a build.
SDK = "sdk"
_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "https://slsa.dev/provenance/v1"
#: Whether a source is an index's, or a folder or an archive of the user's own.
Origin = Literal["index", "folder", "archive"]
_BUILDER = "https://pypi.org/project/crossbuild/"


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        alias_generator=AliasGenerator(alias=to_camel),
    )


class Parameters(_Model):
    """What the user asked for.

    :ivar package: as pip has it; a source folder's or archive's own name and version
    :ivar python: the target's Python
    """

    package: str
    origin: Origin
    python: str
    patch_version: str | None = None
    shared_libpython: bool | None = None
    blas: str
    bundle: str
    slim: bool = False
    keep_debug: bool = False
    accept: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}
    config_settings: Mapping[str, tuple[str, ...]] = {}
    before_build: str = ""
    optional_modules: tuple[str, ...] = ()
    unconfined: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    fortran: bool = True


class LockedFile(_Model):
    """A file of an index; without an address where it lay on the build machine."""

    name: str
    version: str
    filename: str
    sha256: str
    url: str | None = None
    roles: tuple[str, ...]


class Locked(_Model):
    """The lock by which the wheel was built."""

    cell: str
    requires: Mapping[str, tuple[str, ...]]
    files: tuple[LockedFile, ...]


class Internal(_Model):
    """What crossbuild added of its own.

    :ivar key: the content key: of all that decides the wheel
    :ivar recipe: as the build took it
    """

    key: str
    recipe: Mapping[str, Any]
    lock: Locked


class Resource(_Model):
    """What went into a build (in-toto's ResourceDescriptor)."""

    name: str
    uri: str | None = None
    digest: Mapping[str, str]
    annotations: Mapping[str, str] | None = None


class Definition(_Model):
    """How a wheel was built."""

    build_type: Literal["https://pypi.org/project/crossbuild/#wheel-v1"] = BUILD_TYPE
    external_parameters: Parameters
    internal_parameters: Internal
    resolved_dependencies: tuple[Resource, ...]


class _Builder(_Model):
    id: str = _BUILDER
    version: Mapping[str, str]


class _Details(_Model):
    builder: _Builder


class _Predicate(_Model):
    build_definition: Definition
    run_details: _Details


class Statement(_Model):
    """The statement on a wheel."""

    type: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: tuple[Resource, ...]
    predicate_type: Literal["https://slsa.dev/provenance/v1"] = _PREDICATE
    predicate: _Predicate

    @property
    def definition(self) -> Definition:
        """How the wheel was built."""
        return self.predicate.build_definition

    @property
    def parameters(self) -> Parameters:
        """What the user asked for."""
        return self.definition.external_parameters

    @property
    def builder(self) -> str:
        """The version of crossbuild."""
        return self.predicate.run_details.builder.version.get("crossbuild", "")

    @property
    def sdk(self) -> Resource | None:
        """The SDK."""
        found = (one for one in self.definition.resolved_dependencies if one.name == SDK)
        return next(found, None)


def path_of(wheel: Path) -> Path:
    """Where a wheel's statement lies."""
    return wheel.with_name(wheel.name + SUFFIX)


def is_current(wheel: Path, sha256: str, key: str | None = None) -> bool:
    """Whether a wheel's statement is that of these bytes.

    :param key: the content key that it must name, if any
    """
    record = documents.read_record(path_of(wheel))
    try:
        internal = record["predicate"]["buildDefinition"]["internalParameters"]
        stated = record["subject"][0]["digest"]["sha256"]
        return bool(stated == sha256 and key in (None, internal["key"]))
    except (KeyError, IndexError, TypeError):
        return False


def write(wheel: Path, sha256: str, definition: Definition) -> None:
    """Write the statement of a wheel beside it."""
    details = _Details(builder=_Builder(version={"crossbuild": crossbuild.__version__}))
    statement = Statement(
        _type=_STATEMENT,
        subject=(Resource(name=wheel.name, digest={"sha256": sha256}),),
        predicate=_Predicate(build_definition=definition, run_details=details),
    )
    document = statement.model_dump(mode="json", by_alias=True, exclude_none=True)
    files.write_text(path_of(wheel), json.dumps(document, indent=1, sort_keys=True) + "\n")


def read(path: Path) -> Statement:
    """A statement.

    :raises ConfigurationError: there is none, or it is none of crossbuild's
    """
    with documents.refused_as(
        ConfigurationError,
        "the statement of where the wheel came from cannot be read",
        path,
        cure="it lies beside the wheel in the wheelhouse of whoever built it, as "
        f"NAME.whl{SUFFIX}: copy both, or give it by --statement",
    ):
        return documents.validated(Statement, _document(path))


def _document(path: Path) -> dict[str, Any]:
    try:
        return documents.json_object(path.read_bytes())
    except OSError as error:
        raise DocumentError(Problem(str(error))) from error


def locked(lock: Lock) -> Locked:
    """A lock as statements have it."""
    roles = ("source", "build", "runtime", "board")
    return Locked(
        cell=lock.cell,
        requires=lock.requires,
        files=tuple(
            LockedFile(
                name=one.name,
                version=one.version,
                filename=one.filename,
                sha256=one.sha256,
                url=_public(one.url),
                roles=tuple(role for role in roles if one in getattr(lock, role)),
            )
            for one in lock.artifacts
        ),
    )


def unlocked(stated: Locked, python: str, archive: Path | None = None) -> Lock:
    """The lock that a statement has.

    :param archive: the source, where that is no index's
    :raises ConfigurationError: a file that is needed has no address
    """
    by_role: dict[str, list[Artifact]] = defaultdict(list)
    for one in stated.files:
        url = one.url or (archive.as_uri() if archive and "source" in one.roles else None)
        if url is None:
            raise ConfigurationError(
                f"the statement does not say where {one.filename} can be had",
                evidence=f"it lay on the machine that built the wheel; SHA-256 {one.sha256}",
                cure="get it from whoever built the wheel, and give it by --source",
            )
        for role in one.roles:
            file = Artifact(one.name, one.version, one.filename, one.sha256, url)
            by_role[role].append(file)
    fields = {role: tuple(found) for role, found in by_role.items()}
    return Lock(python, stated.cell, stated.requires, **fields)


def resources(lock: Lock, sdk: Sdk, tree: str = "") -> tuple[Resource, ...]:
    """What a build took: files of the index, the SDK, and the user's own source.

    :param tree: the digest of a source folder
    """
    found = [
        Resource(
            name=one.filename,
            uri=f"pkg:pypi/{canonicalize_name(one.name)}@{quote(one.version)}"
            f"?file_name={quote(one.filename)}",
            digest={"sha256": one.sha256},
        )
        for one in sorted({*lock.source, *lock.build})
    ]
    if tree:
        found.append(Resource(name="source", digest={"crossbuildSourceTree": tree}))
    annotations = {name: value for name, value in about.sdk(sdk).items() if value}
    own = Resource(name=SDK, digest={"crossbuildSdk": sdk.content_id}, annotations=annotations)
    return (*found, own)


def _public(url: str) -> str | None:
    """An address without what is nobody's business: passwords, and folders of this machine."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return None
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=place, query="", fragment=""))
