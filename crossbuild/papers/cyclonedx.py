"""The bill of materials of a whole wheelhouse, in CycloneDX."""

from collections.abc import Sequence

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from packageurl import PackageURL

from crossbuild.core import files
from crossbuild.papers import inventory, sbom
from crossbuild.papers.inventory import Entry, Part
from crossbuild.papers.sbom import Role

#: What is in a wheel, or is needed to run it.
_NEEDED = (Role.SOURCE, Role.WHEEL, Role.LIBRARY)


def text(entries: Sequence[Entry]) -> str:
    """The bill; equal bytes for equal wheels."""
    head = sbom.own_tool()
    house = files.content_key([entry.sha256 for entry in entries])
    head.component = Component(
        type=ComponentType.PLATFORM, name="wheelhouse", version=house, bom_ref=f"wheelhouse:{house}"
    )
    components = {ref: _part(part) for ref, part in inventory.parts(entries).items()}
    bom = Bom(metadata=head, components=components.values())
    bom.register_dependency(head.component, [components[entry.purl] for entry in entries])
    for entry in entries:
        needed = [ref for role in _NEEDED for ref in inventory.refs(entry, entries, role)]
        bom.register_dependency(components[entry.purl], [components[ref] for ref in needed])
    return sbom.deterministic(bom)


def _part(part: Part) -> Component:
    built_with = part.role in (Role.BUILD, Role.TOOLCHAIN)
    return Component(
        type=part.type,
        name=part.name,
        version=part.version or None,
        description=part.description or None,
        purl=PackageURL.from_string(part.purl) if part.purl else None,
        bom_ref=part.ref,
        scope=ComponentScope.EXCLUDED if built_with else ComponentScope.REQUIRED,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=part.sha256)] if part.sha256 else (),
        licenses=sbom.licences(part.licence),
        properties=[Property(name=one.name, value=one.value) for one in part.properties],
    )
