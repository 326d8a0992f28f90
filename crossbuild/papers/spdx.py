"""The bill of materials of a whole wheelhouse, in SPDX 2.3: the format of Yocto's own."""

import io
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime

from license_expression import ExpressionError, LicenseExpression, get_spdx_licensing
from spdx_tools.spdx.model import (
    Actor,
    ActorType,
    Checksum,
    ChecksumAlgorithm,
    CreationInfo,
    Document,
    ExternalPackageRef,
    ExternalPackageRefCategory,
    Package,
    PackagePurpose,
    Relationship,
    RelationshipType,
    SpdxNoAssertion,
)
from spdx_tools.spdx.writer.json import json_writer

import crossbuild
from crossbuild.core import files
from crossbuild.papers import inventory
from crossbuild.papers.inventory import Entry, Part
from crossbuild.papers.sbom import Role

_DOCUMENT = "SPDXRef-DOCUMENT"
_NAMESPACE = "https://spdx.org/spdxdocs/crossbuild-wheelhouse"
_LICENSING = get_spdx_licensing()

#: What a component is to a wheel; of those that are marked, the component is the subject.
_RELATIONS = {
    Role.SOURCE: (RelationshipType.GENERATED_FROM, False),
    Role.WHEEL: (RelationshipType.DEPENDS_ON, False),
    Role.LIBRARY: (RelationshipType.CONTAINS, False),
    Role.BUILD: (RelationshipType.BUILD_DEPENDENCY_OF, True),
    Role.TOOLCHAIN: (RelationshipType.BUILD_TOOL_OF, True),
}


def text(entries: Sequence[Entry]) -> str:
    """The bill; equal bytes for equal wheels.

    SPDX demands a time: it is that of the newest file in a wheel.
    """
    packages = [_package(part) for _, part in sorted(inventory.parts(entries).items())]
    document = Document(_head(entries), packages, relationships=[*_relations(entries)])
    sink = io.StringIO()
    # That writer's own check takes more than all else; tests have it for what is written here.
    json_writer.write_document_to_stream(document, sink, validate=False)
    return sink.getvalue() + "\n"


def _head(entries: Sequence[Entry]) -> CreationInfo:
    digest = files.content_key([entry.sha256 for entry in entries], crossbuild.__version__)
    return CreationInfo(
        spdx_version="SPDX-2.3",
        spdx_id=_DOCUMENT,
        name="wheelhouse",
        document_namespace=f"{_NAMESPACE}-{uuid.uuid5(uuid.NAMESPACE_URL, digest)}",
        creators=[Actor(ActorType.TOOL, f"crossbuild-{crossbuild.__version__}")],
        created=datetime(*max(entry.newest for entry in entries)),
    )


def _id(ref: str) -> str:
    """An identifier for what CycloneDX refers to by a text with other letters."""
    return f"SPDXRef-{files.content_key(ref)}"


def _package(part: Part) -> Package:
    tool = part.role is Role.TOOLCHAIN
    said = {key: value for key, value in part.facts.items() if key not in ("file", "role")}
    told = [part.description, *(f"{key}: {value}" for key, value in said.items())]
    declared = _declared(part.licence)
    unlisted = part.licence and isinstance(declared, SpdxNoAssertion)
    return Package(
        spdx_id=_id(part.ref),
        name=part.name,
        version=part.version or None,
        file_name=part.facts.get("file"),
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
        checksums=[Checksum(ChecksumAlgorithm.SHA256, part.sha256)] if part.sha256 else [],
        license_declared=declared,
        license_concluded=SpdxNoAssertion(),
        license_comment=f"declared as {part.licence}" if unlisted else None,
        copyright_text=SpdxNoAssertion(),
        external_references=[_purl(part.purl)] if part.purl else [],
        comment="; ".join(filter(None, told)) or None,
        primary_package_purpose=PackagePurpose.APPLICATION if tool else PackagePurpose.LIBRARY,
    )


def _declared(expression: str) -> LicenseExpression | SpdxNoAssertion:
    """The licence, where SPDX's list has all of it."""
    if not expression:
        return SpdxNoAssertion()
    try:
        return _LICENSING.parse(expression, validate=True)
    except ExpressionError:
        return SpdxNoAssertion()


def _purl(text: str) -> ExternalPackageRef:
    return ExternalPackageRef(ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", text)


def _relations(entries: Sequence[Entry]) -> Iterator[Relationship]:
    for entry in entries:
        own = _id(entry.purl)
        yield Relationship(_DOCUMENT, RelationshipType.DESCRIBES, own)
        for role, (relation, is_subject) in _RELATIONS.items():
            for ref in inventory.refs(entry, entries, role):
                first, second = (_id(ref), own) if is_subject else (own, _id(ref))
                yield Relationship(first, relation, second)
