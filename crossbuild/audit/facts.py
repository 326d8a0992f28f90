"""Facts of a wheel: each file is read once, and only what rules ask for is kept."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from packaging.tags import Tag
from packaging.version import Version

from crossbuild.audit.policy import policy
from crossbuild.elf import ar
from crossbuild.elf import file as elf
from crossbuild.elf.file import Elf, ElfError
from crossbuild.elf.headers import malformed
from crossbuild.isa import scan
from crossbuild.isa.scan import Instructions
from crossbuild.wheel import pack as wheel
from crossbuild.wheel.pack import Wheel, WheelError
from crossbuild.wheel.record import RecordFault, digest

_SHARED_OBJECT = re.compile(r"\.so(\.[\w.]+)?$")


@dataclass(frozen=True)
class ElfFacts:
    """What rules ask of a module or library; its bytes are no longer held.

    :ivar rpath: the part of its search path that its libraries inherit
    """

    machine: str
    eabi_version: int
    float_abi: str
    soname: str | None
    needed: tuple[str, ...]
    search_path: tuple[str, ...]
    rpath: tuple[str, ...]
    versions_needed: tuple[tuple[str, str], ...]
    versions_defined: frozenset[str]
    undefined: frozenset[str]
    defined: frozenset[str]
    text_relocations: bool
    executable_stack: bool
    alignment: int
    attributes: dict[int, int | str]
    instructions: Instructions


@dataclass(frozen=True)
class FileFacts:
    """A file of a wheel.

    :ivar installed: where it lands, relative to site-packages; None for other places
    :ivar elf: of a module or library
    :ivar fault: why it could not be read as the ELF file that it claims to be
    :ivar objects: members of a static library, or the object file itself, that are not Arm's
    :ivar build_paths: folders of the build machine that it, or its name, names
    :ivar home_paths: folders of some user that a binary names
    :ivar interpreter: the program that a script begins with, where pip does not replace it
    """

    name: str
    installed: str | None
    digest: str
    elf: ElfFacts | None = None
    fault: str = ""
    objects: tuple[str, ...] = ()
    build_paths: tuple[str, ...] = ()
    home_paths: tuple[str, ...] = ()
    interpreter: str = ""


@dataclass(frozen=True)
class Unreadable:
    """An archive that is no wheel, damaged or unsafe, and why."""

    file: str
    fact: str


@dataclass(frozen=True)
class WheelFacts:
    """A wheel: what its file name, METADATA, WHEEL and RECORD say, and its files.

    :ivar file: its file name; name, version and tags are read from it
    :ivar record_faults: where RECORD and the files disagree
    """

    file: str
    name: str
    version: Version
    tags: frozenset[Tag]
    dist_info: str
    metadata_name: str
    metadata_version: str
    wheel_version: str
    wheel_tags: tuple[str, ...]
    requires_python: str
    requires: tuple[str, ...]
    record_faults: tuple[RecordFault, ...]
    files: tuple[FileFacts, ...]


class Gatherer:
    """Reads wheels.

    :param features: what the board's CPU has; instructions beyond are looked for
    :param build_paths: folders of the build machine to look for in each file
    """

    def __init__(self, features: frozenset[str], build_paths: Sequence[str]) -> None:
        self._features = features
        self._build_paths = [(path, path.encode()) for path in build_paths if path.strip("/")]
        self._home = re.compile("|".join(policy().home_paths).encode())

    def wheel(self, path: Path, built: Wheel | None = None) -> WheelFacts | Unreadable:
        """All facts of a wheel.

        :param built: the wheel as its back end made it, whose files have their symbols still
        """
        try:
            with wheel.opened(path) as archive:
                files = tuple(self._file(archive, member, built) for member in archive.members)
                contents = {file.name: file.digest for file in files}
                faults = wheel.record_faults(archive, contents)
                return _facts(archive, files, faults)
        except WheelError as error:
            return Unreadable(path.name, f"{error.what}: {error.evidence}")

    def brief(self, path: Path) -> WheelFacts | Unreadable:
        """Facts of a wheel that others may depend on: its metadata and its libraries."""
        try:
            with wheel.opened(path) as archive:
                return _facts(archive, tuple(self._brief_files(archive)), ())
        except WheelError as error:
            return Unreadable(path.name, f"{error.what}: {error.evidence}")

    def _brief_files(self, archive: Wheel) -> Iterator[FileFacts]:
        for member in archive.members:
            base = PurePosixPath(member).name
            if base.startswith("lib") and _SHARED_OBJECT.search(base):
                yield self._file(archive, member, brief=True)
            else:
                yield FileFacts(member, installed_path(member), "")

    def _file(
        self, archive: Wheel, member: str, built: Wheel | None = None, *, brief: bool = False
    ) -> FileFacts:
        data = archive.data(member)
        facts, fault = _elf_facts(data, member, None if brief else self._features, built)
        return FileFacts(
            name=member,
            installed=installed_path(member),
            digest=digest(data),
            elf=facts,
            fault=fault,
            objects=() if facts or fault else _foreign_objects(data, member),
            build_paths=tuple(
                path for path, raw in self._build_paths if raw in data or path.strip("/") in member
            ),
            home_paths=self._home_paths(data) if facts else (),
            interpreter=_interpreter(data, member),
        )

    def _home_paths(self, data: bytes) -> tuple[str, ...]:
        paths = {match[0].decode("utf-8", "replace") for match in self._home.finditer(data)}
        return tuple(sorted(paths))


def installed_path(member: str) -> str | None:
    """Where a member lands, relative to site-packages; None for scripts, headers and data."""
    top, _, rest = member.partition("/")
    if not top.endswith(".data"):
        return member
    scheme, _, path = rest.partition("/")
    return path if scheme in ("purelib", "platlib") else None


def _interpreter(data: bytes, member: str) -> str:
    """What a script runs with; pip replaces ``#!python`` by the board's Python."""
    if not fnmatchcase(member, "*.data/scripts/*") or not data.startswith(b"#!"):
        return ""
    arguments = data[2:].split(b"\n", 1)[0].decode("utf-8", "replace").split()
    return arguments[0] if arguments and not arguments[0].startswith("python") else ""


def _facts(
    archive: Wheel, files: tuple[FileFacts, ...], faults: tuple[RecordFault, ...]
) -> WheelFacts:
    metadata, headers = archive.metadata, archive.wheel_headers
    return WheelFacts(
        file=archive.path.name,
        name=archive.name,
        version=archive.version,
        tags=archive.tags,
        dist_info=archive.dist_info,
        metadata_name=str(metadata.get("Name", "")).strip(),
        metadata_version=str(metadata.get("Version", "")).strip(),
        wheel_version=str(headers.get("Wheel-Version", "")).strip(),
        wheel_tags=tuple(str(tag).strip() for tag in headers.get_all("Tag", [])),
        requires_python=str(metadata.get("Requires-Python", "")).strip(),
        requires=tuple(str(text).strip() for text in metadata.get_all("Requires-Dist", [])),
        record_faults=faults,
        files=files,
    )


def _elf_facts(
    data: bytes, member: str, features: frozenset[str] | None, built: Wheel | None
) -> tuple[ElfFacts | None, str]:
    if not elf.is_elf(data):
        claims = _SHARED_OBJECT.search(PurePosixPath(member).name)
        return None, "is no ELF file although its name says so" if claims else ""
    try:
        file = elf.read(data, name=member)
        if file.kind == "ET_REL":
            return None, ""
        return _loaded_facts(file, _with_symbols(file, built), features), ""
    except ElfError as error:
        return None, error.evidence


def _with_symbols(file: Elf, built: Wheel | None) -> Elf:
    """The file as it was before it was stripped, where that is there and has the same code."""
    if built is None or file.name not in built.members:
        return file
    whole = elf.read(built.data(file.name), name=file.name)
    return whole if _code(whole) == _code(file) else file


def _code(file: Elf) -> list[tuple[int, bytes]]:
    return [(section.address, file.content(section)) for section in file.code()]


def _loaded_facts(file: Elf, whole: Elf, features: frozenset[str] | None) -> ElfFacts:
    """The facts of a module or library.

    :param whole: the same, with its symbols where these are to be had
    :raises ElfError: it is malformed, or cannot be judged
    """
    arm = file.machine == "Arm" and file.order == "<" and not file.is_64_bit
    if arm and not file.sections:
        raise malformed(file.name, ValueError("it has no section table, so nothing tells its code"))
    instructions = Instructions((), ())
    if arm and features is not None:
        instructions = scan.above(whole, features, policy().dispatch_symbols)
    return ElfFacts(
        machine=file.machine if file.order == "<" else f"big-endian {file.machine}",
        eabi_version=file.eabi_version,
        float_abi=file.float_abi,
        soname=file.soname,
        needed=file.needed,
        search_path=file.search_path,
        rpath=file.rpath,
        versions_needed=file.versions_needed,
        versions_defined=frozenset(file.versions_defined),
        undefined=file.undefined,
        defined=file.defined,
        text_relocations=file.text_relocations,
        executable_stack=file.executable_stack,
        alignment=file.alignment,
        attributes=dict(file.attributes) if arm else {},
        instructions=instructions,
    )


def _foreign_objects(data: bytes, member: str) -> tuple[str, ...]:
    """Object files, in a static library or on their own, that are not hard-float Arm."""
    if data.startswith(ar.THIN_MAGIC):
        return (f"{member} is a thin archive: its objects stayed on the build machine",)
    foreign = []
    for name, content in ar.objects(data, member):
        try:
            file = elf.read(content, name=name)
            if file.kind != "ET_REL":
                continue
            if file.machine != "Arm" or file.float_abi == "soft":
                foreign.append(f"{name} is {file.machine}, float ABI {file.float_abi}")
        except ElfError as error:
            foreign.append(f"{name}: {error.evidence}")
    return tuple(foreign)
