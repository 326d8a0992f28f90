"""A wheel's own bill of materials: CycloneDX in ``.dist-info/sboms`` (PEP 770).

It names what the wheel was made of, each file by its hash, and what it brings along.  Its bytes
follow from that alone: no time, no random number, no folder of the build machine.
"""

import email
import enum
import uuid
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import crossbuild
from crossbuild.core import files
from crossbuild.index.artifact import Artifact
from crossbuild.packages.package import Package
from crossbuild.papers import about, licence
from crossbuild.papers.libraries import Library
from crossbuild.sdk.model import Sdk

#: Beside others in a wheel's ``.dist-info/sboms``, such as auditwheel's.
NAME = "crossbuild.cdx.json"

#: Of serial numbers, which are digests of what a bill says.
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "pkg:pypi/crossbuild")


class Role(enum.Enum):
    """What a component is to the wheel whose bill names it."""

    SOURCE = "source"  #: what it was compiled from
    BUILD = "build"  #: what its build required
    WHEEL = "wheel"  #: another wheel, which it is compiled against or loads libraries from
    LIBRARY = "library"  #: a shared library in it
    TOOLCHAIN = "toolchain"  #: what compiled it


def add(tree: Path, materials: Sequence[Component], libraries: Iterable[Library] = ()) -> None:
    """Write the bill of an unpacked wheel into it, beside bills that it has already.

    :param materials: what it was made of
    :param libraries: shared libraries that it brings along
    """
    [info] = tree.glob("*.dist-info")
    headers = (info / "METADATA").read_bytes()
    files.write_text(
        info / "sboms" / NAME, text(headers, _content(tree, info), materials, libraries)
    )


def text(
    metadata: bytes,
    content: Collection[str],
    materials: Sequence[Component] = (),
    libraries: Iterable[Library] = (),
) -> str:
    """The bill of a wheel.

    :param metadata: its METADATA
    :param content: its files but those of its ``.dist-info``
    """
    headers = email.message_from_bytes(metadata)
    name, version = canonicalize_name(str(headers["Name"])), str(headers["Version"])
    head = own_tool()
    head.component = Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=version,
        purl=_purl(name, version),
        bom_ref=str(_purl(name, version)),
        licenses=licences(licence.expression(name, headers, content)),
    )
    components = [*materials, *map(library, libraries)]
    bom = Bom(metadata=head, components=components)
    needed = [one for one in components if one.scope is ComponentScope.REQUIRED]
    bom.register_dependency(head.component, needed)
    return deterministic(bom)


def materials(package: Package, sdk: Sdk, beside: Iterable[str] = ()) -> list[Component]:
    """What a package's wheel is made of: its source, what was needed to build it, the SDK.

    :param beside: requirements on wheels of ours that it loads libraries from
    """
    lock = package.lock
    required = [*package.recipe.target_requires, *beside]
    return [
        *(_artifact(one, Role.SOURCE) for one in lock.source),
        *([_tree(package)] if package.tree else []),
        *(_artifact(one, Role.BUILD) for one in sorted({*lock.build} - {*lock.source})),
        *map(_pinned, required),
        *_toolchain(sdk),
    ]


def library(one: Library) -> Component:
    """A shared library in a wheel."""
    return Component(
        type=ComponentType.LIBRARY,
        name=one.name,
        version=one.version or None,
        bom_ref=f"library:{one.sha256[:16]}:{one.file}",
        scope=ComponentScope.REQUIRED,
        hashes=[_sha256(one.sha256)],
        licenses=licences(one.licence),
        properties=[
            _property("role", Role.LIBRARY.value),
            _property("file", one.file),
            _property("origin", one.origin),
            _property("licence-texts", " ".join(sorted(one.texts))),
        ],
    )


def licences(expression: str) -> list[LicenseExpression]:
    """An SPDX expression as CycloneDX has it; nothing of an empty one."""
    return [LicenseExpression(expression)] if expression else []


def deterministic(bom: Bom) -> str:
    """A bill's text, whose serial number is a digest of the rest and which has no time."""
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the format allows none
    bom.serial_number = _NAMESPACE
    bom.serial_number = uuid.uuid5(_NAMESPACE, JsonV1Dot6(bom).output_as_string())
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"


def own_tool() -> BomMetaData:
    """The head of a bill that crossbuild writes."""
    version = crossbuild.__version__
    tool = Component(
        type=ComponentType.APPLICATION,
        name="crossbuild",
        version=version,
        bom_ref=f"crossbuild@{version}",
    )
    return BomMetaData(tools=ToolRepository(components=[tool]))


def _content(tree: Path, info: Path) -> list[str]:
    """The wheel's files but those of its ``.dist-info``."""
    return [
        path.relative_to(tree).as_posix()
        for path in tree.rglob("*")
        if path.is_file() and not path.is_relative_to(info)
    ]


def _artifact(artifact: Artifact, role: Role) -> Component:
    name = canonicalize_name(artifact.name)
    purl = _purl(name, artifact.version, file_name=artifact.filename)
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=artifact.version,
        purl=purl,
        bom_ref=str(purl),
        scope=_scope(role),
        hashes=[_sha256(artifact.sha256)],
        properties=[_property("role", role.value), _property("file", artifact.filename)],
    )


def _tree(package: Package) -> Component:
    """A source folder of the user's own, which no index has."""
    assert package.tree is not None
    return Component(
        type=ComponentType.LIBRARY,
        name=f"source of {package.name}",
        bom_ref=f"source:{package.tree.digest[:16]}:{package.name}",
        scope=ComponentScope.REQUIRED,
        properties=[
            _property("role", Role.SOURCE.value),
            _property("source-tree", package.tree.digest),
        ],
    )


def _pinned(text: str) -> Component:
    """Another wheel, by the requirement that names its very version."""
    requirement = Requirement(text)
    [specifier] = requirement.specifier
    name = canonicalize_name(requirement.name)
    purl = _purl(name, specifier.version)
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=specifier.version,
        purl=purl,
        bom_ref=str(purl),
        scope=ComponentScope.REQUIRED,
        properties=[_property("role", Role.WHEEL.value)],
    )


def _toolchain(sdk: Sdk) -> list[Component]:
    """The SDK with its compiler; what was brought along for it as well."""
    facts = {"role": Role.TOOLCHAIN.value, **about.sdk(sdk)}
    compiler = Component(
        type=ComponentType.APPLICATION,
        name="gcc",
        version=sdk.gcc_version,
        bom_ref=f"compiler:{sdk.content_id}",
        scope=ComponentScope.EXCLUDED,
        properties=[_property("role", Role.TOOLCHAIN.value), _property("target", sdk.triple)],
    )
    platform = Component(
        type=ComponentType.PLATFORM,
        name=sdk.name,
        version=sdk.content_id,
        bom_ref=f"sdk:{sdk.content_id}",
        scope=ComponentScope.EXCLUDED,
        properties=[_property(name, value) for name, value in facts.items() if value],
    )
    brought = [
        Component(
            type=ComponentType.PLATFORM,
            name=one.name,
            version=one.key,
            description=one.title,
            bom_ref=f"brought:{one.key}:{one.name}",
            scope=ComponentScope.EXCLUDED,
            properties=[_property("role", Role.TOOLCHAIN.value)],
        )
        for one in sdk.brought
    ]
    return [compiler, platform, *brought]


def _purl(name: str, version: str, **qualifiers: str) -> PackageURL:
    return PackageURL("pypi", None, name, version, qualifiers)


def _scope(role: Role) -> ComponentScope:
    return ComponentScope.EXCLUDED if role is Role.BUILD else ComponentScope.REQUIRED


def _sha256(value: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=value)


def _property(name: str, value: str) -> Property:
    return Property(name=f"crossbuild:{name}", value=value)
