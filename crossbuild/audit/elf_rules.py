"""Rules on modules and libraries: machine, instructions, libraries, symbols, search paths."""

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from crossbuild.audit.facts import ElfFacts, FileFacts, WheelFacts
from crossbuild.audit.policy import policy
from crossbuild.audit.profile import BoardProfile
from crossbuild.audit.report import Violation
from crossbuild.elf.file import from_origin

_SHOWN = 3


def findings(
    wheel: WheelFacts, profile: BoardProfile, available: Sequence[WheelFacts]
) -> Iterator[Violation]:
    """What is wrong with a wheel's files.

    :param available: wheels that may be installed beside it
    """
    neighbours = Neighbours(wheel, available)
    for file in wheel.files:
        for rule, fact in _file_facts(file, profile, neighbours):
            yield Violation.of(rule, wheel.file, file.name, fact)


class Neighbours:
    """What is in site-packages when a wheel is imported: its files, and its requirements'."""

    def __init__(self, wheel: WheelFacts, available: Sequence[WheelFacts]) -> None:
        self.files: dict[str, FileFacts] = {}
        pending, seen = [wheel], {wheel.name}
        while pending:
            current = pending.pop()
            for file in current.files:
                if file.installed is not None:
                    self.files.setdefault(file.installed, file)
            for requirement in _requirements(current):
                name = canonicalize_name(requirement.name)
                fitting = [other for other in available if _satisfies(other, requirement)]
                if fitting and name not in seen:
                    seen.add(name)
                    pending.append(max(fitting, key=lambda other: other.version))

    def library(self, soname: str, folders: Sequence[str]) -> FileFacts | None:
        """The file that the loader finds for a name in folders of site-packages."""
        paths = (posixpath.normpath(posixpath.join(folder, soname)) for folder in folders)
        return next((self.files[path] for path in paths if path in self.files), None)

    def inherited(self, file: FileFacts) -> list[str]:
        """Folders that a library without RUNPATH has from the files that need it (DT_RPATH)."""
        folders, pending, seen = list[str](), [file], {file.name}
        while pending:
            current = pending.pop()
            if current.elf is None or set(current.elf.search_path) - set(current.elf.rpath):
                continue  # it has RUNPATH
            for parent in self.needing(current):
                if parent.elf is not None and parent.name not in seen:
                    seen.add(parent.name)
                    pending.append(parent)
                    folders += _origin_folders(parent, parent.elf.rpath)
        return folders

    def ancestors(self, file: FileFacts) -> list[FileFacts]:
        """The files that need a library, in any depth."""
        found, pending = dict[str, FileFacts](), [file]
        while pending:
            fresh = [one for one in self.needing(pending.pop()) if one.name not in found]
            found |= {one.name: one for one in fresh}
            pending += fresh
        return list(found.values())

    def closure(self, file: FileFacts) -> Iterator[tuple[FileFacts, set[str]]]:
        """A file and the shipped ones that it needs, in any depth, each with what others have."""
        pending, seen = [file], {file.name}
        while pending:
            current = pending.pop()
            if current.elf is None:
                continue
            folders = [
                *_origin_folders(current, current.elf.search_path),
                *self.inherited(current),
            ]
            there = {soname: self.library(soname, folders) for soname in current.elf.needed}
            shipped = [one for one in there.values() if one is not None and one.name not in seen]
            seen |= {one.name for one in shipped}
            pending += shipped
            yield current, {soname for soname, one in there.items() if one is None}

    def needing(self, file: FileFacts) -> list[FileFacts]:
        """The files that need a library by its file's name."""
        base = posixpath.basename(file.name)
        return [one for one in self.files.values() if one.elf and base in one.elf.needed]

    def anywhere(self, soname: str) -> str:
        """Where a library of that name lies, reachable or not; empty where nowhere."""
        return next((path for path in self.files if posixpath.basename(path) == soname), "")


def _requirements(wheel: WheelFacts) -> Iterator[Requirement]:
    for text in wheel.requires:
        try:
            yield Requirement(text)
        except InvalidRequirement:
            continue


def _satisfies(wheel: WheelFacts, requirement: Requirement) -> bool:
    """Whether pip would take the wheel: a wheelhouse may hold several versions."""
    return wheel.name == canonicalize_name(requirement.name) and requirement.specifier.contains(
        wheel.version, prereleases=True
    )


def _file_facts(
    file: FileFacts, profile: BoardProfile, neighbours: Neighbours
) -> Iterator[tuple[str, str]]:
    if file.fault:
        yield "elf", file.fault
    for text in file.objects:
        yield "static-library", text
    for path in file.build_paths:
        yield "build-path", f"it names {path}"
    for path in file.home_paths:
        yield "home-path", f"it names {path}"
    if file.interpreter and posixpath.dirname(file.interpreter) not in policy().script_folders:
        yield "script", f"it runs with {file.interpreter}, which pip does not replace"
    if file.elf is None:
        return
    if file.elf.machine != "Arm":
        yield "machine", f"it is for {file.elf.machine}, the board is Arm (32 bit)"
        return
    yield from _abi_facts(file.elf)
    yield from _cpu_facts(file.elf, profile)
    yield from _loader_facts(file, file.elf, profile)
    if file.elf.alignment < profile.page_size:
        fact = f"its segments are aligned to {file.elf.alignment} bytes"
        yield "alignment", f"{fact}, the board's pages may have {profile.page_size}"
    yield from _library_facts(file, file.elf, profile, neighbours)


def _abi_facts(elf: ElfFacts) -> Iterator[tuple[str, str]]:
    if elf.eabi_version != 5:
        yield "eabi", f"its EABI version is {elf.eabi_version}"
    if elf.float_abi == "soft":
        yield "float-abi", "it passes floating-point arguments in core registers (soft, softfp)"


# -- the CPU -------------------------------------------------------------------


def _cpu_facts(elf: ElfFacts, profile: BoardProfile) -> Iterator[tuple[str, str]]:
    plain = elf.instructions.plain
    for family in dict.fromkeys(excess.family for excess in plain):
        excesses = [excess for excess in plain if excess.family == family]
        places = [
            f"{excess.instruction} in {excess.function or 'a function'} at {excess.address:#x}"
            for excess in excesses[:_SHOWN]
        ]
        more = f" and {len(excesses) - _SHOWN} more" if len(excesses) > _SHOWN else ""
        yield "instruction", f"{family.name}, which {profile.cpu} lacks: {'; '.join(places)}{more}"
    dispatched = elf.instructions.dispatched
    if dispatched:
        names = ", ".join(dict.fromkeys(excess.family.name for excess in dispatched))
        yield "dispatch", f"{len(dispatched)} instructions ({names}) run only after a CPU test"
    if not plain and not dispatched:
        yield from _attribute_facts(elf, profile)


def _attribute_facts(elf: ElfFacts, profile: BoardProfile) -> Iterator[tuple[str, str]]:
    """Attributes above the CPU; dispatched code raises them, and then they say nothing."""
    above = dict[str, str]()
    for number, least, feature in policy().attributes:
        value = elf.attributes.get(number, 0)
        if isinstance(value, int) and value >= least and feature not in profile.features:
            above.setdefault(feature, f"{feature} (attribute {number} is {value})")
    if above:
        yield "attributes", f"it claims {', '.join(above.values())}, which {profile.cpu} lacks"


# -- the loader ----------------------------------------------------------------


def _loader_facts(
    file: FileFacts, elf: ElfFacts, profile: BoardProfile
) -> Iterator[tuple[str, str]]:
    if elf.text_relocations:
        yield "text-relocation", "it has relocations against its code (DT_TEXTREL)"
    if elf.executable_stack:
        yield "executable-stack", "PT_GNU_STACK is executable or missing"
    for entry in elf.search_path:
        folder = _origin_folder(file, entry)
        if posixpath.normpath(entry) in profile.folders:
            continue
        if folder is None:
            yield "rpath-absolute", f"its search path has {entry or 'the current folder'!r}"
        elif folder == ".." or folder.startswith("../"):
            yield "rpath-escape", f"its search path {entry!r} leads to site-packages/{folder}"


def _origin_folder(file: FileFacts, entry: str) -> str | None:
    """The folder that a search path entry names, from site-packages; None for absolute ones."""
    rest = from_origin(entry)
    if rest is None:
        return None
    here = posixpath.dirname(file.installed or file.name)
    return posixpath.normpath(posixpath.join(here, rest))


def _origin_folders(file: FileFacts, entries: Iterable[str]) -> list[str]:
    """The folders of a search path, from site-packages; without those elsewhere."""
    folders = (_origin_folder(file, entry) for entry in entries)
    return [folder for folder in folders if folder is not None]


def _library_facts(
    file: FileFacts, elf: ElfFacts, profile: BoardProfile, neighbours: Neighbours
) -> Iterator[tuple[str, str]]:
    folders = [*_origin_folders(file, elf.search_path), *neighbours.inherited(file)]
    users = neighbours.needing(file)
    if users and elf.soname is None:
        yield "soname", f"it has no DT_SONAME, and {users[0].name} needs it"
    there = {**_by_search_path(elf, profile), **profile.libraries}
    offered: dict[str, frozenset[str]] = {}
    symbols = set[str]()
    for soname in elf.needed:
        shipped = neighbours.library(soname, folders)
        if fnmatchcase(soname, policy().python_library):
            yield "needs-libpython", f"it needs {soname}"
        elif shipped is not None and shipped.elf is not None:
            offered[soname] = shipped.elf.versions_defined
            symbols |= shipped.elf.defined
        elif soname in there:
            offered[soname] = there[soname]
        elif any(fnmatchcase(soname, pattern) for pattern in policy().other_libcs):
            yield "libc", f"it needs {soname}, the board has glibc {profile.glibc}"
        elif profile.libraries:
            yield "needed", _missing_fact(soname, profile, neighbours)
    versions = [*_version_facts(elf, offered)]
    yield from versions
    missing = sorted(_python_names(elf.undefined) - profile.python.symbols - symbols)
    if missing and profile.python.symbols:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        version = profile.python.full_version
        yield "python-symbol", f"Python {version} lacks {', '.join(missing[:_SHOWN])}{more}"
    undefined = sorted(_undefined(file, elf, profile, neighbours))
    if undefined and not versions:  # a newer library has both
        more = f" and {len(undefined) - _SHOWN} more" if len(undefined) > _SHOWN else ""
        yield "undefined-symbol", f"it needs {', '.join(undefined[:_SHOWN])}{more}"


def _undefined(
    file: FileFacts, elf: ElfFacts, profile: BoardProfile, neighbours: Neighbours
) -> set[str]:
    """What nothing defines that is loaded with a file; nothing where a library is not known.

    The loader looks through all that a module needs, in any depth, for each library of it.
    """
    missing = set(elf.undefined - _python_names(elf.undefined))
    names = set(policy().always_loaded) & profile.files.keys()
    for one in (file, *neighbours.ancestors(file)):
        for shipped, needed in neighbours.closure(one):
            missing -= shipped.elf.defined if shipped.elf else frozenset()
            names |= needed
    seen = set[str]()
    while missing and (pending := names - seen):
        for soname in pending:
            exports = profile.exports(soname)
            if exports is None:
                return set()
            missing -= exports.symbols
            names |= set(exports.needed)
        seen |= pending
    return missing if profile.files else set()


def _by_search_path(elf: ElfFacts, profile: BoardProfile) -> dict[str, frozenset[str]]:
    """The board's libraries that a search path leads to, beside those that the loader finds."""
    folders = [profile.folders.get(posixpath.normpath(entry), {}) for entry in elf.search_path]
    return {name: versions for folder in reversed(folders) for name, versions in folder.items()}


def _missing_fact(soname: str, profile: BoardProfile, neighbours: Neighbours) -> str:
    there = neighbours.anywhere(soname)
    if there:
        return f"it needs {soname}, which is at {there}, where its search path does not lead"
    return f"it needs {soname}, which is neither on {profile.name} nor in the wheels"


def _version_facts(elf: ElfFacts, offered: dict[str, frozenset[str]]) -> Iterator[tuple[str, str]]:
    for soname, version in elf.versions_needed:
        has = offered.get(soname, frozenset())
        if not has or version in has:
            continue
        family = version.partition("_")[0]
        known = [name for name in has if name.partition("_")[0] == family]
        newest = max(known, key=_version_key, default="none")
        yield "symbol-version", f"it needs {version} of {soname}, the newest there is {newest}"


def _version_key(name: str) -> tuple[int, ...]:
    parts = name.rpartition("_")[2].split(".")
    return tuple(int(part) if part.isdecimal() else -1 for part in parts)


def _python_names(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in names if name.startswith(("Py", "_Py")))
