"""What a wheelhouse holds: its wheels, and what their bills of materials name."""

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cyclonedx.model.component import ComponentType
from packageurl import PackageURL
from pydantic import BaseModel, ConfigDict, Field

from crossbuild.core import documents, files
from crossbuild.core.documents import DocumentError
from crossbuild.core.errors import ConfigurationError
from crossbuild.papers import licence, sbom
from crossbuild.papers.sbom import Role
from crossbuild.wheel import wheelhouse
from crossbuild.wheel.archive import Wheel, WheelError, opened


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Named(_Read):
    name: str
    value: str


class _Hash(_Read):
    alg: str
    content: str


class _Licence(_Read):
    expression: str


class Part(_Read):
    """A component of a wheel's bill, or a wheel as one of its wheelhouse."""

    ref: str = Field(alias="bom-ref")
    name: str
    version: str = ""
    purl: str = ""
    description: str = ""
    type: ComponentType
    hashes: tuple[_Hash, ...] = ()
    licences: tuple[_Licence, ...] = Field(default=(), alias="licenses")
    properties: tuple[_Named, ...] = ()

    @property
    def facts(self) -> Mapping[str, str]:
        """Its properties of ours, by name."""
        return {one.name.removeprefix("crossbuild:"): one.value for one in self.properties}

    @property
    def role(self) -> Role:
        """What it is to the wheel."""
        return Role(self.facts["role"])

    @property
    def licence(self) -> str:
        """An SPDX expression; empty where the bill has none."""
        return self.licences[0].expression if self.licences else ""

    @property
    def sha256(self) -> str:
        """Of its file; empty where the bill has none."""
        return next((one.content for one in self.hashes if one.alg == "SHA-256"), "")


class _Bill(_Read):
    components: tuple[Part, ...]


@dataclass(frozen=True)
class Entry:
    """A wheel in a wheelhouse.

    :ivar licence: an SPDX expression; empty where nobody can name it
    :ivar texts: the members that have the licences' texts
    :ivar bill: what crossbuild's own bill names; empty for a wheel that was not built here
    :ivar bills: members that are bills of others
    :ivar interpreters: those of its tags
    :ivar newest: when its newest file was made, as a zip archive writes it
    """

    path: Path
    name: str
    version: str
    sha256: str
    licence: str
    texts: tuple[str, ...]
    bill: tuple[Part, ...]
    bills: tuple[str, ...]
    interpreters: frozenset[str]
    newest: tuple[int, int, int, int, int, int]

    @property
    def purl(self) -> str:
        """What names this very file among wheels of the same version."""
        file = {"file_name": self.path.name}
        return str(PackageURL("pypi", None, self.name, self.version, file))

    @property
    def part(self) -> Part:
        """The wheel itself as a component."""
        told = [("role", Role.WHEEL.value), ("file", self.path.name)]
        told += [("other-bill", name) for name in self.bills]
        return Part.model_validate(
            {
                "bom-ref": self.purl,
                "name": self.name,
                "version": self.version,
                "purl": self.purl,
                "type": ComponentType.LIBRARY,
                "hashes": [{"alg": "SHA-256", "content": self.sha256}],
                "licenses": [{"expression": self.licence}] if self.licence else [],
                "properties": [{"name": f"crossbuild:{name}", "value": v} for name, v in told],
            }
        )

    def parts(self, role: Role) -> tuple[Part, ...]:
        """The components of its bill in one role."""
        return tuple(part for part in self.bill if part.role is role)


def wheels_at(path: Path) -> list[Path]:
    """The wheel, or the wheels of a folder.

    :raises ConfigurationError: there is none
    """
    found = wheelhouse.contents(path) if path.is_dir() else [path]
    if not found or not found[0].is_file():
        raise ConfigurationError(
            f"there is no wheel at {path}",
            evidence="the folder holds no *.whl" if path.is_dir() else "no such file",
            cure="give a wheelhouse, or wheels: crossbuild wheels NAME makes some",
        )
    return found


def read(paths: Iterable[Path], named: Mapping[str, str] | None = None) -> tuple[Entry, ...]:
    """The wheels at some paths, sorted by their files' names.

    :param named: licences by distribution that the user named
    :raises ConfigurationError: there is no wheel at one of them
    :raises WheelError: one is unsafe or damaged, or its bill cannot be read
    """
    wheels = {wheel.name: wheel for path in paths for wheel in wheels_at(path)}
    return tuple(_entry(wheels[name], named) for name in sorted(wheels))


def _entry(path: Path, named: Mapping[str, str] | None) -> Entry:
    with opened(path) as wheel:
        folder = f"{wheel.dist_info}/sboms/"
        bills = [name for name in wheel.members if name.startswith(folder)]
        own = f"{folder}{sbom.NAME}"
        return Entry(
            path=path,
            name=wheel.name,
            version=str(wheel.version),
            sha256=files.sha256(path),
            licence=licence.of_wheel(wheel, named),
            texts=_texts(wheel),
            bill=_bill(wheel, own) if own in bills else (),
            bills=tuple(name for name in bills if name != own),
            interpreters=frozenset(tag.interpreter for tag in wheel.tags),
            newest=max(info.date_time for info in zipfile.ZipFile(path).infolist()),
        )


def _texts(wheel: Wheel) -> tuple[str, ...]:
    folder = f"{wheel.dist_info}/licenses/"
    added = [name for name in wheel.members if name.startswith(folder)]
    return tuple(sorted({*licence.files_of(wheel), *added} - {f"{wheel.dist_info}/METADATA"}))


def _bill(wheel: Wheel, member: str) -> tuple[Part, ...]:
    try:
        document = documents.json_object(wheel.data(member))
        bill = documents.validated(_Bill, document)
        for part in bill.components:
            _require_ours(part)
    except (DocumentError, KeyError, ValueError) as error:
        raise WheelError(
            f"the bill of materials in {wheel.path.name} cannot be read",
            evidence=f"{member}: {error}",
            cure="the wheel was changed, or made by another crossbuild: build it again",
        ) from error
    return bill.components


def _require_ours(part: Part) -> None:
    """Check what a model does not.

    :raises KeyError: it has no role
    :raises ValueError: that is no role, or its purl is none
    """
    Role(part.facts["role"])
    if part.purl:
        PackageURL.from_string(part.purl)


def parts(entries: Sequence[Entry]) -> dict[str, Part]:
    """The wheels, and what their bills name beside one another: each once, by its reference."""
    named = {
        part.ref: part
        for entry in entries
        for part in entry.bill
        if not (part.role is Role.WHEEL and _there(part, entry, entries))
    }
    return {**named, **{entry.purl: entry.part for entry in entries}}


def refs(entry: Entry, entries: Sequence[Entry], role: Role) -> list[str]:
    """What an entry's bill names in one role: wheels of the wheelhouse by their own names there."""
    found: list[str] = []
    for part in entry.parts(role):
        there = _there(part, entry, entries) if role is Role.WHEEL else []
        found += there or [part.ref]
    return found


def _there(part: Part, entry: Entry, entries: Sequence[Entry]) -> list[str]:
    """The wheels of the wheelhouse that a component of an entry's bill stands for."""
    return [
        one.purl
        for one in entries
        if (one.name, one.version) == (part.name, part.version)
        and (one.interpreters & entry.interpreters or "py3" in one.interpreters)
    ]
